"""Observation models compared: what each makes of every design under every scenario."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from types import SimpleNamespace
from typing import Any, NamedTuple, Self

import numpy as np

from designs.arrays import BoolArray, FloatArray
from doseesc.engines import METRICS, OBSERVED_METRICS, Observed, OperatingCharacteristics, TidyRow, tidy_rows
from doseesc.results.cells import Cell
from doseesc.results.plain import figures_of, number_of
from doseesc.truth import PatientLaw, highest_right

DRUG_ALONE = "the drug alone"
"""The name of the trial in which every patient is evaluable and only the drug causes DLTs."""

ATTRIBUTION_COLUMNS = ("policy", "scenario", "design", "method", "metric", "level", "value", "mcse")
"""Columns of the tidy table."""

_RARE = 1e-9  # rarer numbers of patients at the end of a distribution are not written down
_PER_PATIENT = ("observed_dlt", "evaluable", "not_caused", "drug_dlt", "death")


@dataclass(frozen=True)
class PolicyFigures:
    """The main figures of a design under a scenario as one policy shows the trial, by one engine.

    Attributes
    ----------
    method : {"monte_carlo", "exact"}
    right : array of bool, shape (J + 1,)
        The levels right to select by the drug's own curve, index 0 being "none".
    mcse : namespace
        Monte Carlo standard errors; zeros where exact.

    All others are those of :class:`doseesc.engines.OperatingCharacteristics`.
    """

    method: str
    right: BoolArray
    selected: FloatArray
    patients: FloatArray
    dlts: FloatArray
    total_patients: float
    total_dlts: float
    stopped_early: float
    untried_selection: float
    correct_selection: float
    overdose_selection: float
    patients_above_mtd: float
    mcse: SimpleNamespace

    @property
    def true_mtd(self) -> int:
        """Level of the true MTD, 0 = none; of several equally right ones the highest."""
        return int(highest_right(self.right))

    @classmethod
    def of(cls, characteristics: OperatingCharacteristics) -> Self:
        """Take the main figures of operating characteristics."""
        main = {metric: getattr(characteristics, metric) for metric in METRICS}
        errors = SimpleNamespace(**{metric: getattr(characteristics.mcse, metric) for metric in METRICS})
        return cls(method=characteristics.method, right=characteristics.right, mcse=errors, **main)


class Price(NamedTuple):
    """What is left of a design as a policy observes it: means over scenarios.

    ``correct`` and ``overdose`` are selections of the true MTD and above it; ``stopped`` is how often no dose is
    selected although one is right, over the scenarios where one is (NaN without such): a safe product stopped;
    ``enrolled``, ``evaluable`` and ``dlts`` are numbers per trial, and ``correct_error`` and ``stopped_error`` Monte
    Carlo standard errors at most, 0 where exact.
    """

    correct: float
    overdose: float
    stopped: float
    correct_error: float
    stopped_error: float
    enrolled: float
    evaluable: float
    dlts: float


@dataclass(frozen=True)
class PolicyComparison:
    """Every design under every scenario, as each policy observes it.

    Attributes
    ----------
    policies : tuple of str
        In the order of the file; the first is the study's own.
    ideal : mapping of (scenario, design) to Cell of PolicyFigures
        Where every patient is evaluable and only the drug causes DLTs.
    cells : mapping of (policy, scenario, design) to Cell of PolicyFigures
        As observed: DLTs are those counted, patients those evaluable.
    observed : mapping of (policy, scenario, design) to Cell of Observed
        What comes besides: patients enrolled, deaths, the share of DLTs that the drug did not cause.
    """

    policies: tuple[str, ...]
    ideal: Mapping[tuple[str, str], Cell[PolicyFigures]]
    cells: Mapping[tuple[str, str, str], Cell[PolicyFigures]]
    observed: Mapping[tuple[str, str, str], Cell[Observed]]

    def below_because(self, policy: str, scenario: str, design: str) -> float:
        """Return by how much the policy raises the chance of selecting a dose below the true MTD; NaN where none is."""
        ideal = self.ideal[scenario, design].best
        without = float(ideal.selected[1 : max(int(np.argmax(ideal.right)), 1)].sum())
        return self.observed[policy, scenario, design].best.below_mtd - without

    def price(self, policy: str, design: str, scenarios: Sequence[str] | None = None) -> Price:
        """Return what a policy, or the drug alone, makes of a design: means over scenarios, by default over all.

        What every output means by the price of attribution.
        """
        among = [scenario for scenario, its in self.ideal if its == design and scenario in (scenarios or [scenario])]
        if policy == DRUG_ALONE:
            found = [self.ideal[scenario, design].best for scenario in among]
            enrolled = [each.total_patients for each in found]
        else:
            found = [self.cells[policy, scenario, design].best for scenario in among]
            enrolled = [self.observed[policy, scenario, design].best.enrolled for scenario in among]
        safe = [each for each in found if not each.right[0]]
        return Price(
            correct=fmean(each.correct_selection for each in found),
            overdose=fmean(each.overdose_selection for each in found),
            stopped=fmean(float(each.selected[0]) for each in safe) if safe else float("nan"),
            # Scenarios share their patients, so that errors add up at most like this.
            correct_error=fmean(float(each.mcse.correct_selection) for each in found),
            stopped_error=fmean(float(each.mcse.selected[0]) for each in safe) if safe else float("nan"),
            enrolled=fmean(enrolled),
            evaluable=fmean(each.total_patients for each in found),
            dlts=fmean(each.total_dlts for each in found),
        )

    def groups(self) -> dict[tuple[str, str], list[PolicyFigures]]:
        """Return the best figures in all scenarios by policy and design, the drug alone first."""
        found: dict[tuple[str, str], list[PolicyFigures]] = {}
        for (_, design), cell in self.ideal.items():
            found.setdefault((DRUG_ALONE, design), []).append(cell.best)
        for (policy, _, design), cell in self.cells.items():
            found.setdefault((policy, design), []).append(cell.best)
        return found

    def rows(self) -> Iterator[tuple[str, str, str, str, str, int | None, float, float]]:
        """Yield the rows of the tidy table, of :data:`ATTRIBUTION_COLUMNS`; the drug alone comes first."""
        for (scenario, design), cell in self.ideal.items():
            for found in cell.parts:
                for row in tidy_rows(found):
                    yield (DRUG_ALONE, scenario, design, found.method, *row)
        for (policy, scenario, design), cell in self.cells.items():
            for found, more in zip(cell.parts, self.observed[policy, scenario, design].parts, strict=True):
                for row in (*tidy_rows(found), *_observed_rows(more)):
                    yield (policy, scenario, design, found.method, *row)


def policies_part(comparison: PolicyComparison) -> dict[str, Any]:
    """Return a comparison as the part ``policies`` of ``results.json``."""
    return {
        "policies": comparison.policies,
        "drug_alone": [
            {"scenario": scenario, "design": design, **vars(cell.map(_main))}
            for (scenario, design), cell in comparison.ideal.items()
        ],
        "cells": [
            {
                "policy": policy,
                "scenario": scenario,
                "design": design,
                "simulated": _joined(comparison.cells[policy, scenario, design].simulated, each.simulated),
                "exact": _joined(comparison.cells[policy, scenario, design].exact, each.exact),
            }
            for (policy, scenario, design), each in comparison.observed.items()
        ],
    }


def policies_from(part: Mapping[str, Any], right: Mapping[str, Sequence[int]]) -> PolicyComparison:
    """Return the comparison that the part ``policies`` of ``results.json`` holds.

    Parameters
    ----------
    part : mapping
    right : mapping of str to list of int
        The levels right to select, by scenario.
    """

    def main(row: Mapping[str, Any]) -> Cell[PolicyFigures]:
        levels = right[row["scenario"]]
        return Cell(_figures(row["simulated"], "monte_carlo", levels), _figures(row["exact"], "exact", levels))

    rows = {(row["policy"], row["scenario"], row["design"]): row for row in part["cells"]}
    return PolicyComparison(
        tuple(part["policies"]),
        ideal={(row["scenario"], row["design"]): main(row) for row in part["drug_alone"]},
        cells={key: main(row) for key, row in rows.items()},
        observed={key: Cell(row["simulated"], row["exact"]).map(_observed) for key, row in rows.items()},
    )


def _main(figures: PolicyFigures) -> dict[str, Any]:
    return {metric: getattr(figures, metric) for metric in METRICS} | {"mcse": vars(figures.mcse)}


def _joined(figures: PolicyFigures | None, more: Observed | None) -> dict[str, Any] | None:
    if figures is None or more is None:
        return None
    main = _main(figures)
    errors = main.pop("mcse") | vars(more.mcse)
    law = {name: getattr(more.law, name) for name in _PER_PATIENT}
    added = {metric: getattr(more, metric) for metric in OBSERVED_METRICS}
    common = int(np.flatnonzero(more.enrolled_distribution >= _RARE)[-1]) + 1
    enrolled = {"enrolled_distribution": more.enrolled_distribution[:common]}
    return main | added | enrolled | {"per_patient": law, "mcse": errors}


def _figures(row: Mapping[str, Any] | None, method: str, right: Sequence[int]) -> PolicyFigures | None:
    if row is None:
        return None
    marks = np.isin(np.arange(len(row["selected"])), right)
    return PolicyFigures(method, marks, **vars(_of(row, METRICS)), mcse=_of(row["mcse"], METRICS))


def _observed(row: Mapping[str, Any]) -> Observed:
    law = vars(_of(row["per_patient"], _PER_PATIENT))
    return Observed(
        law=PatientLaw(counted=law["observed_dlt"] * law["evaluable"], **law),
        enrolled_distribution=number_of(row["enrolled_distribution"]),
        **vars(_of(row, OBSERVED_METRICS)),
        mcse=_of(row["mcse"], OBSERVED_METRICS),
    )


def _of(row: Mapping[str, Any], names: Sequence[str]) -> SimpleNamespace:
    return figures_of({name: row[name] for name in names})


def _observed_rows(observed: Observed) -> Iterator[TidyRow]:
    for metric in OBSERVED_METRICS:
        yield TidyRow(metric, None, float(getattr(observed, metric)), float(getattr(observed.mcse, metric)))
    for name in ("observed_dlt", "evaluable"):
        for level, value in enumerate(getattr(observed.law, name), start=1):
            yield TidyRow(name, level, float(value), 0.0)
