"""The parts of ``results.json`` made from what a run found, and back.

Their form is that of :mod:`doseesc.results.document_models`.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

import numpy as np

from doseesc._version import __version__
from doseesc.engines import DISTRIBUTIONS, FURTHER, METRICS, OperatingCharacteristics
from doseesc.results.arm_figures import ArmFigures
from doseesc.results.cells import Cell
from doseesc.results.plain import figures_of
from doseesc.study import Source, Study

_PACKAGES = ("numpy", "scipy", "pydantic", "ruamel.yaml", "pandas", "pymc", "arviz")
_OWN = ("target", "true_mtd", "method", "n_trials")
_OF_THE_TRUTH = ("probabilities", "right")  # which a document says once for each scenario
_FIGURES = (*METRICS, *FURTHER, *DISTRIBUTIONS, "selected_and_patients", "selected_and_untried")


def study_part(study: Study) -> dict[str, Any]:
    """Return the study as plain values, from which it can be made again.

    What its section on Phase 2 leaves to this project's assumptions is left out, so that it stays known as assumed.
    """
    document = study.model_dump(mode="json", by_alias=True)
    if study.phase2 is not None:
        document["phase2"] = study.phase2.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return document


def study_from(document: Mapping[str, Any]) -> Study:
    """Return the study of a document, with the text of its file where that is kept.

    Raises
    ------
    KeyError, ValueError
        If the document lacks it, or it is none.
    """
    study = Study.model_validate(document["study"])
    provenance = document["provenance"]
    if document["scenario_text"]:
        # The text and its name; the file itself may have changed since.
        text, sha256 = document["scenario_text"], provenance["scenario_sha256"]
        return study.read_from(Source(provenance["scenario_file"], text, sha256, None, {}))
    return study


def provenance_part(study: Study, method: str, trials: int, seed: int) -> dict[str, Any]:
    """Return what the figures of a run in this process depend on."""
    return {
        "doseesc": __version__,
        "python": platform.python_version(),
        "packages": _package_versions(),
        "scenario_file": study.source.name if study.source else None,
        "scenario_sha256": study.source_sha256 or None,
        "method": method,
        "trials": trials,
        "seed": seed,
    }


def cell_part(cell: Cell[OperatingCharacteristics]) -> dict[str, Any]:
    """Return both engines' characteristics of a design under a scenario."""
    return vars(cell.map(_characteristics_part))


def cell_from(row: Mapping[str, Any], truth: Mapping[str, Any]) -> Cell[OperatingCharacteristics]:
    """Return the cell that a row of ``cells`` holds, under the scenario that a row of ``truths`` holds."""
    return Cell(row["simulated"], row["exact"]).map(partial(_characteristics_from, truth=truth))


def arm_analysis_part(study: Study, figures: Sequence[ArmFigures]) -> dict[str, Any] | None:
    """Return the analysis of the arms; None where there is none."""
    if not figures:
        return None
    rule = {name: getattr(study.arm_analysis, name) for name in ("credibility", "unsafe_confidence")}
    return {
        "model": asdict(study.arm_analysis.model(study.doses.amounts)),
        **rule,
        "unsafe_above": study.unsafe_above,
        "assumed": study.arm_analysis.assumed,
        "figures": [vars(each) for each in figures],
    }


def arm_figures_from(part: Mapping[str, Any] | None) -> tuple[ArmFigures, ...]:
    """Return the figures that the part ``phase2.analysis`` holds."""
    return () if part is None else tuple(ArmFigures(**vars(figures_of(row))) for row in part["figures"])


def _characteristics_part(characteristics: OperatingCharacteristics) -> dict[str, Any]:
    quantiles = {f"{what}_quantiles_5_50_95": characteristics.quantiles(what) for what in ("patients", "dlts")}
    return {name: value for name, value in vars(characteristics).items() if name not in _OF_THE_TRUTH} | quantiles


def _characteristics_from(row: Mapping[str, Any], truth: Mapping[str, Any]) -> OperatingCharacteristics:
    own = {name: row[name] for name in (*_OWN, "reasons")}
    figures = vars(figures_of({name: row[name] for name in (*_FIGURES, "sd", "mcse")}))
    p = np.array(truth["probabilities"], dtype=np.float64)
    right = np.isin(np.arange(len(p) + 1), truth["right"])
    return OperatingCharacteristics(probabilities=p, right=right, **own, **figures)


def _package_versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = _version(name)
        except PackageNotFoundError:
            continue  # an environment may leave out what this run did not need
    return found


def _version(name: str) -> str:
    """Return an installed package's version from the first lines of its metadata, which may go on for a book."""
    found = distribution(name)
    head, *_ = (found.read_text("METADATA") or "").partition("\n\n")
    lines = [line for line in head.splitlines() if line.startswith("Version:")]
    return lines[0].removeprefix("Version:").strip() if lines else found.version
