"""Results read back from ``results.json``, as if they had just been computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from pydantic import ValidationError

from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import DISTRIBUTIONS, FURTHER, METRICS
from doseesc.files import OutputError
from doseesc.results.arm_figures import ARM_METRICS, ArmFigures
from doseesc.results.document import FORMAT
from doseesc.results.fit import SavedFit, read_fit
from doseesc.results.folder import FIT_FILE, RESULTS_FILE
from doseesc.results.results import Cell, Difference, Results
from doseesc.study.study import Study
from doseesc.study.yaml_source import Source

RESULTS_SCHEMA = Path(__file__).with_name("results.schema.json")
"""The JSON Schema of ``results.json``."""

_PER_TRIAL = ("sd", "mcse")
_OWN = ("target", "true_mtd", "method", "n_trials")
_FIGURES = (*METRICS, *FURTHER, *DISTRIBUTIONS)


@dataclass(frozen=True)
class SavedRun:
    """A run as it was written.

    Attributes
    ----------
    results : Results
        Without the comparison of observation models, which only ``document`` holds.
    document : dict
        ``results.json`` as plain values.
    fit : SavedFit or None
        A Bayesian analysis that lies beside the results.
    """

    results: Results
    document: dict[str, Any]
    fit: SavedFit | None = None


def read_results(folder: str | Path) -> SavedRun:
    """Read a results folder.

    Raises
    ------
    OutputError
        If the folder holds no results, or not such as this version writes, or a fit that cannot be read.
    """
    path = Path(folder) / RESULTS_FILE
    run_first = "write results with  doseesc run FILE --out DIR"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror or error}\n  {run_first}") from error
    except ValueError as error:
        raise OutputError(f"{path} is not JSON: {error}\n  {run_first}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise OutputError(f"{path} is not in the format {FORMAT!r}\n  {run_first}")
    try:
        results = results_from_document(document)
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise OutputError(f"{path} is incomplete or from another version: {error}\n  {run_first}") from error
    fit = read_fit(folder)
    if fit is not None and not _is_of(fit, results.study):
        left_out = f"{FIT_FILE} beside these results is of other doses or another target, and is left out"
        return SavedRun(replace(results, notes=[*results.notes, left_out]), document, None)
    return SavedRun(results, document, fit)


def _is_of(fit: SavedFit, study: Study) -> bool:
    """Return whether an analysis is of the study's doses and target."""
    levels = {(dose.label, dose.amount) for dose in fit.doses if dose.kind == "level"}
    own = set(zip(study.dose_labels, study.dose_amounts, strict=True))
    return levels <= own and (fit.unit, fit.target) == (study.doses.unit, study.target)


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``results.json``."""
    schema: dict[str, Any] = json.loads(RESULTS_SCHEMA.read_text(encoding="utf-8"))
    return schema


def results_from_document(document: Mapping[str, Any]) -> Results:
    """Return the results that ``results.json`` holds, without the comparison of observation models.

    Raises
    ------
    KeyError, TypeError, ValueError
        If the document is incomplete.
    """
    study = Study.model_validate(document["study"])
    provenance = document["provenance"]
    if document["scenario_text"]:
        # The text and its name; the file itself may have changed since.
        study._origin = Source(
            provenance["scenario_file"], document["scenario_text"], provenance["scenario_sha256"], None, {}
        )
    truths = {row["scenario"]: np.array(row["probabilities"], dtype=np.float64) for row in document["truths"]}
    cells = {
        (row["scenario"], row["design"]): Cell(
            _characteristics(row["simulated"], truths[row["scenario"]]),
            _characteristics(row["exact"], truths[row["scenario"]]),
        )
        for row in document["cells"]
    }
    benchmark = {row["scenario"]: np.array(row["benchmark"]) for row in document["truths"] if row["benchmark"]}
    return Results(
        study=study,
        method=provenance["method"],
        n_trials=provenance["trials"],
        seed=provenance["seed"],
        cells=cells,
        benchmark=benchmark,
        differences=[Difference(**row) for row in document["differences"]],
        notes=document["notes"],
        elapsed=document["run"]["elapsed_seconds"],
        provenance=dict(provenance),
        arm_analysis=_arm_analysis(document["phase2"].get("analysis")),
    )


def _characteristics(row: dict[str, Any] | None, truth: Any) -> OperatingCharacteristics | None:
    if row is None:
        return None
    spread: dict[str, Any] = {
        name: SimpleNamespace(**{key: _number(value) for key, value in row[name].items()}) for name in _PER_TRIAL
    }
    figures = {name: _number(row[name]) for name in (*_FIGURES, "selected_and_patients")}
    own = {name: row[name] for name in _OWN}
    return OperatingCharacteristics(probabilities=truth, reasons=row["reasons"], **own, **figures, **spread)


def _arm_analysis(section: dict[str, Any] | None) -> tuple[ArmFigures, ...]:
    if section is None:
        return ()
    return tuple(
        ArmFigures(
            **{name: row[name] for name in ("scenario", "design", "method", "arm", "n_trials")},
            **{name: _number(row[name]) for name in ARM_METRICS},
            mcse=SimpleNamespace(**{name: _number(row["mcse"][name]) for name in ARM_METRICS}),
        )
        for row in section["figures"]
    )


def _number(value: Any) -> Any:
    """Turn lists into arrays, and null, which stands for what is not defined, into NaN."""
    if isinstance(value, list):
        return np.array(value, dtype=np.float64)
    return float("nan") if value is None else value
