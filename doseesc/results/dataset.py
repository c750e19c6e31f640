"""``results.json`` as an xarray Dataset, and back: dimensions scenario, design, level; units, provenance as attributes.

Every figure has its best value, exact where it was computed exactly, under its own name, with ``NAME_sd`` (from trial
to trial) and ``NAME_mcse`` (Monte Carlo standard error) beside it; where a run has both, the simulated ones are there
as ``simulated_NAME`` too.  Level 0 is "no dose": it can be selected, and is NaN where only a dose has a value.

What comes besides: ``patients_distribution`` and ``dlts_distribution`` over ``number``, ``selected_and_patients``,
``selected_and_untried`` over ``untried_level``, ``ends`` over ``reason``, the truth ``dlt_probability``, the
``benchmark``, paired differences ``difference_NAME`` between ``design`` and ``other``, the analysis of the Phase 2
arms (:mod:`doseesc.results.dataset_arms`), and of a study with a calendar how long trials take
(:mod:`doseesc.results.dataset_time`). The study, the notes and the comparison of observation models stand as JSON in
``study``, ``notes`` and ``policies``, the study's file in ``scenario_text``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from types import MappingProxyType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines import BY_LEVEL, DISTRIBUTIONS, FURTHER, METRICS
from doseesc.results.cells import Cell, Difference
from doseesc.results.dataset_arms import arm_analysis_part, arm_variables
from doseesc.results.dataset_time import time_part, time_variables
from doseesc.results.digest import DIGEST, check_digest, digest
from doseesc.results.plain import figures_of
from doseesc.results.versions import FORMAT, NEW_METRICS, check_format

if TYPE_CHECKING:
    import xarray as xr

_SIMULATED = "simulated_"
_BASE = ("scenario", "design")
_UNITS = MappingProxyType(
    dict.fromkeys(("patients", "total_patients", "patients_above_mtd"), "patients")
    | dict.fromkeys(("dlts", "total_dlts"), "DLTs")
)
_RUN = ("finished", "elapsed_seconds")
_AS_JSON = ("study", "notes", "policies")
_PROVENANCE = ("doseesc", "python", "packages", "scenario_file", "scenario_sha256", "method", "trials", "seed")


def dataset_of(document: Mapping[str, Any]) -> xr.Dataset:
    """Return ``results.json`` as a Dataset; see the module's text."""
    import xarray as xr

    study = document["study"]
    truths = {row["scenario"]: row for row in document["truths"]}
    found = [(row["scenario"], row["design"], Cell(row["simulated"], row["exact"])) for row in document["cells"]]
    rows = {(scenario, design): cell.map(figures_of) for scenario, design, cell in found}
    scenarios, designs = list(truths), list(dict.fromkeys(design for _, design in rows))
    cells = [[rows[scenario, design] for design in designs] for scenario in scenarios]
    reasons = sorted({name for row in cells for cell in row for name in vars(cell.best.reasons)})
    numbers = max(len(cell.best.patients_distribution) for row in cells for cell in row)
    variables = _figures([[cell.best for cell in row] for row in cells], numbers, reasons)
    second = [[None if cell.exact is None else cell.simulated for cell in row] for row in cells]
    if any(each is not None for row in second for each in row):
        variables |= {_SIMULATED + name: each for name, each in _figures(second, numbers, reasons).items()}
    labels, amounts = study["doses"]["labels"], study["doses"]["amounts"]
    no_dose = np.full((len(scenarios), 1), np.nan)
    truth = np.array([row["probabilities"] for row in truths.values()])
    nothing = [np.nan] * (len(labels) + 1)
    benchmark = np.array([row["benchmark"] or nothing for row in truths.values()])
    by_dose = ("scenario", "level")
    observed = np.array([row["benchmark_observed"] or nothing for row in truths.values()])
    variables |= {
        "method": (_BASE, [[cell.best.method for cell in row] for row in cells]),
        "dlt_probability": (by_dose, np.hstack([no_dose, truth]), {"long_name": "true DLT probability", "units": "1"}),
        "true_mtd": (
            "scenario",
            [row["true_mtd"] for row in truths.values()],
            {"long_name": "level of the true MTD, of several the highest"},
        ),
        "right": (
            by_dose,
            [np.isin(range(len(labels) + 1), row["right"]).astype(np.int8) for row in truths.values()],
            {"long_name": "1 where the level is right to select"},
        ),
        "benchmark": (
            by_dose,
            benchmark,
            {"long_name": "selected by the nonparametric optimal benchmark", "units": "1"},
        ),
        "benchmark_observed": (
            by_dose,
            observed,
            {"long_name": "selected by the nonparametric optimal benchmark from the DLTs observed", "units": "1"},
        ),
        **{name: ((), _text(document.get(name))) for name in _AS_JSON},
        "scenario_text": ((), document["scenario_text"] or ""),
        **_differences(document["differences"], scenarios, designs),
    }
    coordinates = {
        "scenario": scenarios,
        "design": designs,
        "level": np.arange(len(labels) + 1),
        "number": np.arange(numbers),
        "untried_level": np.arange(1, len(labels) + 1),
        "reason": reasons,
        "label": ("level", ["none", *labels]),
        "amount": ("level", np.array([np.nan, *map(float, amounts)]), {"units": study["doses"]["unit"]}),
    }
    if document["differences"]:
        coordinates["other"] = designs
    analysis = document["phase2"]["analysis"]
    if analysis is not None:
        of_arms, axes = arm_variables(analysis["figures"], scenarios, designs, len(labels) + 1)
        variables, coordinates = variables | of_arms, coordinates | axes
    if document.get("time"):
        of_time, axes = time_variables(document["time"], scenarios, designs)
        variables, coordinates = variables | of_time, coordinates | axes
    attributes = {
        "title": study["study"]["title"],
        "format": FORMAT,
        **document["run"],
    }
    dataset = xr.Dataset(variables, coordinates, attributes | _attributes(document["provenance"]))
    dataset.attrs[DIGEST] = digest(_document(dataset))
    return dataset


def document_of(dataset: xr.Dataset) -> dict[str, Any]:
    """Return what of ``results.json`` results are made of, from a Dataset of :func:`dataset_of`.

    Raises
    ------
    ValueError
        If it is no such Dataset, or was changed since.
    KeyError, AttributeError
        If it lacks something.
    """
    if "format" not in dataset.attrs:
        raise ValueError(f"the dataset is not in the format {FORMAT!r}: it has no such attribute  format")
    check_format(dataset.attrs["format"])
    document = _document(dataset)
    if document["format"] == FORMAT:
        check_digest(
            document | {name: dataset.attrs[name] for name in (DIGEST,) if name in dataset.attrs}, "the dataset"
        )
    return document


def _document(dataset: xr.Dataset) -> dict[str, Any]:
    kept = {name: json.loads(str(dataset[name].item())) for name in _AS_JSON}
    scenarios, designs = ([str(name) for name in dataset[axis].values] for axis in _BASE)
    truths = [_truth(dataset.sel(scenario=scenario), scenario) for scenario in scenarios]
    cells = []
    for scenario in scenarios:
        for design in designs:
            at = dataset.sel(scenario=scenario, design=design)
            cell: dict[str, Any] = {"scenario": scenario, "design": design, "simulated": None, "exact": None}
            method = str(at["method"].item())
            kind = "exact" if method == "exact" else "simulated"
            cell[kind] = _characteristics(at, "", method, kept["study"]["target"])
            if f"{_SIMULATED}selected" in at and not np.isnan(at[f"{_SIMULATED}selected"].values).all():
                cell["simulated"] = _characteristics(at, _SIMULATED, "monte_carlo", kept["study"]["target"])
            cells.append(cell)
    return {
        "format": dataset.attrs["format"],
        **kept,
        "scenario_text": str(dataset["scenario_text"].item()),
        "provenance": _provenance(dataset),
        "truths": truths,
        "cells": cells,
        "differences": _listed_differences(dataset, scenarios, designs),
        "phase2": {"analysis": arm_analysis_part(dataset)},
        "time": time_part(dataset),
        "run": {name: dataset.attrs[name] for name in _RUN},
    }


def _truth(at: xr.Dataset, scenario: str) -> dict[str, Any]:
    """Return a row of ``truths``; earlier data sets have no ``right``, and no value of the benchmark for no dose."""
    benchmark = at["benchmark"].values
    row = {
        "scenario": scenario,
        "probabilities": at["dlt_probability"].values[1:].tolist(),
        "true_mtd": int(at["true_mtd"]),
        "benchmark": _all_or_none(benchmark[1:] if np.isnan(benchmark[0]) else benchmark),
    }
    if "benchmark_observed" in at:
        row["benchmark_observed"] = _all_or_none(at["benchmark_observed"].values)
    return row | {"right": np.flatnonzero(at["right"].values).tolist()} if "right" in at else row


def _provenance(dataset: xr.Dataset) -> dict[str, Any]:
    """Return the provenance as ``results.json`` has it."""
    found = {name: dataset.attrs.get(name) for name in _PROVENANCE}
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in found.items()}
    return plain | {"packages": json.loads(str(plain["packages"] or "{}"))}


def _figures(
    characteristics: Sequence[Sequence[SimpleNamespace | None]],
    numbers: int,
    reasons: list[str],
) -> dict[str, Any]:
    """Return the variables of one characteristics per scenario and design; NaN where there is none."""
    variables: dict[str, Any] = {}

    def add(name: str, dimensions: Iterable[str], values: Any, words: str, units: str) -> None:
        shape = max((np.shape(each) for row in values for each in row), key=len)
        full = [[np.full(shape, np.nan) if each is None else each for each in row] for row in values]
        attributes = {"long_name": words, "units": units}
        variables[name] = ((*_BASE, *dimensions), np.array(full, dtype=np.float64), attributes)

    def each_of(get: Any) -> list[list[Any]]:
        return [[None if one is None else get(one) for one in row] for row in characteristics]

    for name in METRICS:
        dimensions = ("level",) if name in BY_LEVEL else ()
        kinds = (("", "expected"), ("_sd", "standard deviation of"), ("_mcse", "Monte Carlo standard error of"))
        for ending, kind in kinds:
            part = ending.removeprefix("_")
            values = each_of(lambda one, part=part, name=name: _levels(getattr(one, part) if part else one, name))
            add(name + ending, dimensions, values, f"{kind} {name.replace('_', ' ')}", _UNITS.get(name, "1"))
    for name in FURTHER:
        add(name, (), each_of(lambda one, name=name: getattr(one, name)), name.replace("_", " "), "1")
    for name in DISTRIBUTIONS:
        values = each_of(lambda one, name=name: _padded(getattr(one, name), numbers))
        add(name, ("number",), values, f"probability of each number of {name.split('_')[0]}", "1")
    joint = each_of(lambda one: _padded(one.selected_and_patients, numbers))
    add("selected_and_patients", ("level", "number"), joint, "probability of level selected and patients", "1")
    untried = each_of(lambda one: one.selected_and_untried)
    words = "probability of level selected and that nobody was treated at untried_level"
    add("selected_and_untried", ("level", "untried_level"), untried, words, "1")
    ends = each_of(lambda one: np.array([getattr(one.reasons, reason, np.nan) for reason in reasons]))
    add("ends", ("reason",), ends, "probability that trials end for the reason", "1")
    return variables


def _levels(holder: Any, name: str) -> Any:
    value = getattr(holder, name)
    return np.concatenate([[np.nan], value]) if name in BY_LEVEL and name != "selected" else value


def _padded(values: FloatArray, size: int) -> FloatArray:
    width = [(0, 0)] * (values.ndim - 1) + [(0, size - values.shape[-1])]
    return np.pad(values, width, constant_values=np.nan)


def _differences(rows: Sequence[Mapping[str, Any]], scenarios: list[str], designs: list[str]) -> dict[str, Any]:
    """Return the paired differences, ``design`` minus ``other``, and their standard errors."""
    variables: dict[str, Any] = {}
    for row in rows:
        place = scenarios.index(row["scenario"]), designs.index(row["design_a"]), designs.index(row["design_b"])
        for ending, value in (("", row["difference"]), ("_mcse", row["mcse"])):
            name = f"difference_{row['metric']}{ending}"
            if name not in variables:
                shape = len(scenarios), len(designs), len(designs)
                attributes = {"long_name": f"design minus other, same patients: {row['metric']}"}
                variables[name] = ((*_BASE, "other"), np.full(shape, np.nan), attributes)
            variables[name][1][place] = value
    return variables


def _attributes(provenance: Mapping[str, Any]) -> dict[str, Any]:
    plain = {name: provenance.get(name) for name in _PROVENANCE}
    plain["packages"] = json.dumps(plain["packages"] or {})
    return {name: value for name, value in plain.items() if value is not None}


def _characteristics(at: xr.Dataset, prefix: str, method: str, target: float) -> dict[str, Any]:
    def value(name: str) -> Any:
        found = at[prefix + name].values
        return float(found) if found.ndim == 0 else found

    def of_levels(name: str, ending: str = "") -> Any:
        found = value(name + ending)
        return found[1:] if name in BY_LEVEL and name != "selected" else found

    known = tuple(name for name in METRICS if prefix + name in at or name not in NEW_METRICS)
    row: dict[str, Any] = {name: of_levels(name) for name in known}
    row |= {part: {name: of_levels(name, f"_{part}") for name in known} for part in ("sd", "mcse")}
    row |= {name: value(name) for name in FURTHER}
    for name in (*DISTRIBUTIONS, "selected_and_patients"):
        found = value(name)
        row[name] = found[..., ~np.isnan(found.reshape(-1, found.shape[-1])).all(axis=0)]
    if f"{prefix}selected_and_untried" in at:
        row["selected_and_untried"] = value("selected_and_untried")
    ends = zip(at["reason"].values, value("ends"), strict=True)
    row["reasons"] = {str(reason): float(share) for reason, share in ends if not np.isnan(share)}
    trials = 0 if method == "exact" else int(at.attrs["trials"])
    return row | {"target": target, "true_mtd": int(at["true_mtd"]), "method": method, "n_trials": trials}


def _listed_differences(dataset: xr.Dataset, scenarios: list[str], designs: list[str]) -> list[dict[str, Any]]:
    names = [str(name) for name in dataset.data_vars if str(name).startswith("difference_")]
    metrics = [name.removeprefix("difference_") for name in names if not name.endswith("_mcse")]
    found = []
    for (s, a, b), metric in product(np.ndindex(len(scenarios), len(designs), len(designs)), metrics):
        difference, error = (float(dataset[f"difference_{metric}{end}"].values[s, a, b]) for end in ("", "_mcse"))
        if not np.isnan(difference):
            found.append(vars(Difference(scenarios[s], designs[a], designs[b], metric, difference, error)))
    return found


def _text(part: Any) -> str:
    return json.dumps(part, ensure_ascii=False)


def _all_or_none(values: FloatArray) -> list[float] | None:
    return None if np.isnan(values).any() else values.tolist()
