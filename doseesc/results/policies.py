"""Observation models compared: what each makes of every design under every scenario."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import METRICS
from doseesc.engines.observed import OBSERVED_METRICS, Observed, ObservedCell

if TYPE_CHECKING:
    from doseesc.results.results import Cell

DRUG_ALONE = "the drug alone"
"""The name of the trial in which every patient is evaluable and only the drug causes DLTs."""

ATTRIBUTION_COLUMNS = ("policy", "scenario", "design", "method", "metric", "level", "value", "mcse")
"""Columns of the tidy table."""

_RARE = 1e-9  # rarer numbers of patients at the end of a distribution are not written down


@dataclass(frozen=True)
class PolicyComparison:
    """Every design under every scenario, as each policy observes it.

    Attributes
    ----------
    policies : tuple of str
        In the order of the file; the first is the study's own.
    ideal : dict of (scenario, design) to Cell
        Characteristics where every patient is evaluable and only the drug causes DLTs.
    cells : dict of (policy, scenario, design) to Cell
        Characteristics as observed: DLTs are those counted, patients those evaluable.  The true MTD is that of the
        drug's own curve.
    observed : dict of (policy, scenario, design) to ObservedCell
        What comes besides: patients enrolled, deaths, the share of DLTs that the drug did not cause.
    """

    policies: tuple[str, ...]
    ideal: dict[tuple[str, str], Cell]
    cells: dict[tuple[str, str, str], Cell]
    observed: dict[tuple[str, str, str], ObservedCell]

    def below_because(self, policy: str, scenario: str, design: str) -> float:
        """Return by how much the policy raises the chance of selecting a dose below the true MTD; NaN where none is."""
        ideal = self.ideal[scenario, design].best
        without = float(ideal.selected[1 : max(int(ideal.true_mtd), 1)].sum())
        return self.observed[policy, scenario, design].best.below_mtd - without

    def rows(self) -> Iterator[tuple[str, str, str, str, str, int | None, float, float]]:
        """Yield the rows of the tidy table, of :data:`ATTRIBUTION_COLUMNS`; the drug alone comes first."""
        for (scenario, design), cell in self.ideal.items():
            for found in (cell.simulated, cell.exact):
                if found is not None:
                    for row in _characteristics(found):
                        yield (DRUG_ALONE, scenario, design, found.method, *row)
        for (policy, scenario, design), cell in self.cells.items():
            observed = self.observed[policy, scenario, design]
            for found, more in ((cell.simulated, observed.simulated), (cell.exact, observed.exact)):
                if found is not None and more is not None:
                    for row in (*_characteristics(found), *_observed(more)):
                        yield (policy, scenario, design, found.method, *row)

    def document(self) -> dict[str, Any]:
        """Return everything as mappings and lists, for JSON."""
        return {
            "policies": self.policies,
            "drug_alone": [
                {
                    "scenario": scenario,
                    "design": design,
                    "simulated": _brief(cell.simulated),
                    "exact": _brief(cell.exact),
                }
                for (scenario, design), cell in self.ideal.items()
            ],
            "cells": [
                {
                    "policy": policy,
                    "scenario": scenario,
                    "design": design,
                    "simulated": _joined(self.cells[policy, scenario, design].simulated, each.simulated),
                    "exact": _joined(self.cells[policy, scenario, design].exact, each.exact),
                }
                for (policy, scenario, design), each in self.observed.items()
            ],
        }


def _brief(found: OperatingCharacteristics | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {metric: getattr(found, metric) for metric in METRICS} | {
        "mcse": {metric: getattr(found.mcse, metric) for metric in METRICS}
    }


def _joined(found: OperatingCharacteristics | None, more: Observed | None) -> dict[str, Any] | None:
    brief = _brief(found)
    if brief is None or more is None:
        return None
    errors = brief.pop("mcse") | vars(more.mcse)
    law = {name: getattr(more.law, name) for name in ("observed_dlt", "evaluable", "not_caused", "drug_dlt", "death")}
    figures = {metric: getattr(more, metric) for metric in OBSERVED_METRICS}
    common = int(np.flatnonzero(more.enrolled_distribution >= _RARE)[-1]) + 1
    enrolled = {"enrolled_distribution": more.enrolled_distribution[:common]}
    return brief | figures | enrolled | {"per_patient": law, "mcse": errors}


def _characteristics(found: OperatingCharacteristics) -> Iterator[tuple[str, int | None, float, float]]:
    for metric in METRICS:
        value, error = getattr(found, metric), getattr(found.mcse, metric)
        if np.ndim(value) == 0:
            yield metric, None, float(value), float(error)
        else:
            first = 0 if metric == "selected" else 1
            for place, (each, its_error) in enumerate(zip(value, error, strict=True), start=first):
                yield metric, place, float(each), float(its_error)


def _observed(found: Observed) -> Iterator[tuple[str, int | None, float, float]]:
    for metric in OBSERVED_METRICS:
        yield metric, None, float(getattr(found, metric)), float(getattr(found.mcse, metric))
    for level, value in enumerate(found.law.observed_dlt, start=1):
        yield "observed_dlt", level, float(value), 0.0
    for level, value in enumerate(found.law.evaluable, start=1):
        yield "evaluable", level, float(value), 0.0
