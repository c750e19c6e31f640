"""Results as text: the JSON document with its provenance, and the tidy CSV tables."""

from __future__ import annotations

import csv
import io
import json
import math
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc import __version__
from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import METRICS
from doseesc.results.arm_figures import ARM_ANALYSIS_COLUMNS, arm_analysis_rows
from doseesc.results.arms import PHASE2_COLUMNS, phase2_rows, summarise_phase2
from doseesc.results.policies import ATTRIBUTION_COLUMNS, PolicyComparison
from doseesc.runs.arm_analysis import unsafe_limit

if TYPE_CHECKING:
    from doseesc.results.results import Cell, Results
    from doseesc.study.study import Study

FORMAT = "doseesc results 1"
CHARACTERISTICS_COLUMNS = ("scenario", "design", "method", "metric", "level", "value", "mcse")
_PACKAGES = ("numpy", "scipy", "pydantic", "ruamel.yaml", "pandas", "pymc", "arviz")


def results_json(results: Results) -> str:
    """Return everything as JSON text: the same for the same run but for its ``run`` section (time and duration)."""
    return _json_text(results_document(results)) + "\n"


def results_document(results: Results) -> dict[str, Any]:
    """Return everything with its provenance as plain values: no NaN, no arrays."""
    study = results.study
    document = {
        "format": FORMAT,
        "provenance": provenance_of(results),
        "run": {
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "elapsed_seconds": round(results.elapsed, 3),
        },
        "study": study_document(study),
        "truths": [
            {
                "scenario": name,
                "probabilities": truth,
                "true_mtd": study.true_mtd(truth),
                "benchmark": results.benchmark.get(name),
            }
            for name, truth in study.truths.items()
        ],
        "cells": [_cell(results, *key, cell) for key, cell in results.cells.items()],
        "differences": [asdict(difference) for difference in results.differences],
        "agreement": _agreement(results),
        "notes": list(results.notes),
        "phase2": {
            "margin": study.true_mtd_rule.margin,
            "arms": list(phase2_rows(results)),
            "summary": [asdict(summary) for summary in summarise_phase2(results)],
            "analysis": _arm_analysis(results),
        },
        "scenario_text": study.text or None,
    }
    if results.policies is not None:
        document["policies"] = results.policies.document()
    plain: dict[str, Any] = plain_values(document)
    return plain


def study_document(study: Study) -> dict[str, Any]:
    """Return the study as plain values, from which it can be made again.

    What its section on Phase 2 leaves to this project's assumptions is left out, so that it stays known as assumed.
    """
    document = study.model_dump(mode="json", by_alias=True)
    if study.phase2 is not None:
        document["phase2"] = study.phase2.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return document


def provenance_of(results: Results) -> dict[str, Any]:
    """Return what the figures depend on: this process, or what it was when results that were read back were made."""
    if results.provenance is not None:
        return dict(results.provenance)
    study = results.study
    return {
        "doseesc": __version__,
        "python": platform.python_version(),
        "packages": _package_versions(),
        "scenario_file": study.source.name if study.source else None,
        "scenario_sha256": study.source_sha256 or None,
        "method": results.method,
        "trials": results.n_trials,
        "seed": results.seed,
    }


def characteristics_csv(results: Results) -> str:
    """Return the tidy table of :meth:`Results.to_frame` as CSV, without needing pandas."""
    rows = []
    for (scenario, design), cell in results.cells.items():
        for found in (cell.simulated, cell.exact):
            if found is not None:
                rows += [(scenario, design, found.method, *row) for row in _tidy(found)]
    return _csv_text(CHARACTERISTICS_COLUMNS, rows)


def phase2_csv(results: Results) -> str:
    """Return the table of :func:`doseesc.results.arms.phase2_arms` as CSV; only its header without Phase 2 arms."""
    return _csv_text(PHASE2_COLUMNS, (list(row.values()) for row in phase2_rows(results)))


def arm_analysis_csv(results: Results) -> str:
    """Return the tidy table of ``results.arm_analysis`` as CSV; only its header without active arms."""
    return _csv_text(ARM_ANALYSIS_COLUMNS, arm_analysis_rows(results.arm_analysis, results.study.dose_labels))


def attribution_csv(comparison: PolicyComparison) -> str:
    """Return the tidy table of all observation models as CSV."""
    return _csv_text(ATTRIBUTION_COLUMNS, comparison.rows())


def _tidy(found: OperatingCharacteristics) -> list[tuple[str, int | None, float, float]]:
    rows: list[tuple[str, int | None, float, float]] = []
    for metric in METRICS:
        value, error = getattr(found, metric), getattr(found.mcse, metric)
        if np.ndim(value) == 0:
            rows.append((metric, None, float(value), float(error)))
            continue
        first = 0 if metric == "selected" else 1
        rows += [(metric, first + i, float(v), float(e)) for i, (v, e) in enumerate(zip(value, error, strict=True))]
    return rows


def _csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(["" if _is_nan(item) else item for item in row] for row in rows)
    return stream.getvalue()


def _is_nan(item: object) -> bool:
    return isinstance(item, float) and math.isnan(item)


def _cell(results: Results, scenario: str, design: str, cell: Cell) -> dict[str, Any]:
    return {
        "scenario": scenario,
        "design": design,
        "efficiency": results.efficiency(scenario, design),
        "simulated": _characteristics(cell.simulated),
        "exact": _characteristics(cell.exact),
    }


def _arm_analysis(results: Results) -> dict[str, Any] | None:
    if not results.arm_analysis:
        return None
    study = results.study
    model = asdict(study.arm_analysis.model(study.doses.amounts))
    rule = {name: getattr(study.arm_analysis, name) for name in ("credibility", "unsafe_confidence")}
    return {
        "model": model,
        **rule,
        "unsafe_above": unsafe_limit(study),
        "assumed": study.arm_analysis.assumed,
        "figures": [vars(each) for each in results.arm_analysis],
    }


def _characteristics(found: OperatingCharacteristics | None) -> dict[str, Any] | None:
    if found is None:
        return None
    quantiles = {f"{what}_quantiles_5_50_95": found.quantiles(what) for what in ("patients", "dlts")}
    return {name: value for name, value in vars(found).items() if name != "probabilities"} | quantiles


def _agreement(results: Results) -> dict[str, int] | None:
    counts = results.agreement
    return None if counts is None else dict(zip(("figures", "within_2_se", "within_4_se"), counts, strict=True))


def _package_versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # an environment may leave out what this run did not need
    return found


def plain_values(value: Any) -> Any:
    """Turn arrays, mappings and namespaces into what JSON knows; NaN and infinities into null."""
    if isinstance(value, SimpleNamespace):
        value = vars(value)
    if isinstance(value, Mapping):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _json_text(value: Any, indent: str = "") -> str:
    """Write JSON with one line per key and lists of plain values on one line, so that people can read it too."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        items = [f"{json.dumps(key, ensure_ascii=False)}: {_json_text(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + item for item in items) + "\n" + indent + "}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + _json_text(item, inner) for item in value) + "\n" + indent + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
