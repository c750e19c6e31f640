"""Exact characteristics beside those of R's enumerations."""

from __future__ import annotations

import numpy as np

from designs import Design
from doseesc.engines import OperatingCharacteristics, Paths, enumerate_paths
from doseesc.validation.comparing import Differences
from doseesc.validation.golden_numbers import Item, golden

WITHIN = 1e-9
"""What exact characteristics may differ by."""


class Walks:
    """Walks each design once, for all the truths that are asked of it."""

    def __init__(self) -> None:
        self._walks: dict[Design, Paths] = {}

    def of(self, design: Design) -> Paths:
        """Return a design's terminal tallies."""
        if design not in self._walks:
            self._walks[design] = enumerate_paths(design)
        return self._walks[design]


def enumerated_by_escalation(*kinds: str) -> list[Item]:
    """Return what escalation has enumerated of designs whose names begin so, small trials before those of full size."""
    items = [
        *golden("escalation.json", "model_and_interval_designs"),
        *golden("escalation_full.json", "full_size"),
    ]
    return [item for item in items if item["design"].replace(",", " ").split()[0] in kinds]


def label(item: Item) -> str:
    """Return an enumeration's name in lists."""
    return f"{item['design']} id{item['id']}, {sum(item['cohort_sizes'])} patients"


def compare_enumerated(seen: Differences, where: str, exact: OperatingCharacteristics, item: Item) -> None:
    """Compare characteristics with an item of escalation's or bcrm's exact enumeration."""
    seen.close(f"{where} selected", exact.selected, [item["prob_none"], *item["prob_select"]], within=WITHIN)
    compare_course(seen, where, exact, item)


def compare_course(seen: Differences, where: str, exact: OperatingCharacteristics, item: Item) -> None:
    """Compare patients and DLTs with an item of escalation's or bcrm's exact enumeration."""
    seen.close(f"{where} patients", exact.patients, item["expected_n_per_dose"], within=WITHIN)
    seen.close(f"{where} DLTs", exact.dlts, item["expected_dlts_per_dose"], within=WITHIN)
    seen.close(f"{where} all patients", exact.total_patients, item["expected_n"], within=WITHIN)
    if "expected_dlts" in item:
        seen.close(f"{where} all DLTs", exact.total_dlts, item["expected_dlts"], within=WITHIN)
    if "var_n" in item:
        counts = np.arange(len(exact.patients_distribution))
        variance = exact.patients_distribution @ (counts - exact.total_patients) ** 2
        seen.close(f"{where} variance of patients", variance, item["var_n"], within=WITHIN)
