"""The shipped scenario files: read, run by both engines and on two processes, written and read back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from doseesc.results import characteristics_csv, read_results, write_results
from doseesc.runs import run
from doseesc.study import load, shipped_scenarios
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.own_study import compare_engines

TRIALS = 300


def shipped_studies() -> Comparison:
    """Compare the engines where both can say, the bytes of two runs on one process and two, and what is read back."""
    seen = Differences()
    for name, path in shipped_scenarios().items():
        study = load(path)
        results = run(study, method="both", trials=TRIALS)
        for design in study.names:
            compared, _ = compare_engines(results, design)
            if compared.comparisons:
                seen.include(f"{name}, {design}", compared)
        text = characteristics_csv(results)
        seen.holds(
            f"{name}, on two processes", text == characteristics_csv(run(study, method="both", trials=TRIALS, jobs=2))
        )
        with tempfile.TemporaryDirectory() as folder:
            write_results(results, Path(folder) / "results")
            again = read_results(Path(folder) / "results").results
        seen.holds(f"{name}, read back", text == characteristics_csv(again))
    return seen.result
