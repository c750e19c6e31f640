"""The best possible design, against every history of a small trial followed one patient's outcome after another."""

from __future__ import annotations

import tempfile
from math import comb
from pathlib import Path
from typing import Any

import numpy as np

from doseesc.planning import optimal_design
from doseesc.study import load
from doseesc.validation.comparing import Comparison, Differences

_TRUTHS = {"low": [0.25, 0.45, 0.6], "middle": [0.1, 0.25, 0.45], "high": [0.02, 0.08, 0.25], "none": [0.5, 0.6, 0.7]}
_RIGHT = [1, 2, 3, 0]
_SIZE, _MOST = 2, 6
_PRICES = {"per_patient": 0.002, "per_patient_above_mtd": 0.02, "per_dlt": 0.01}
_STUDY = """\
study: {{title: small}}
doses: {{labels: [a, b, c], amounts: [2, 8, 16], unit: mg}}
target: 0.25
dlt_window_days: 14
cohort_size: {size}
max_n: {most}
designs: [{{name: BOIN, type: BOIN}}]
scenarios:
{scenarios}
optimal:
  prior: {{type: scenarios}}
  utility: {{gain: correct{prices}}}
  constraints: [{{type: NoSkipping}}]
"""


def every_history() -> Comparison:
    """Compare what the optimum is worth, free of charge and at prices, with the best of all histories' choices."""
    seen = Differences()
    for prices in ({}, _PRICES):
        where = "at prices" if prices else "free"
        found = _solved(prices)
        seen.close(f"{where}, worth", found.value, _best(prices), within=1e-12)
        for name, worth in found.rivals.items():
            seen.holds(f"{where}, {name} is worth no more", worth.value <= found.value + 1e-12)
    return seen.result


def _solved(prices: dict[str, float]) -> Any:
    text = _STUDY.format(
        size=_SIZE,
        most=_MOST,
        scenarios="\n".join(f"  - {{name: {name}, dlt: {truth}}}" for name, truth in _TRUTHS.items()),
        prices="".join(f", {name}: {price}" for name, price in prices.items()),
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.yaml"
        file.write_text(text, encoding="utf-8")
        return optimal_design(load(file))


def _best(prices: dict[str, float]) -> float:
    """Return the largest expected worth over all that may be done after every history, levels and outcomes in order."""
    truths, right = np.array(list(_TRUTHS.values())), np.array(_RIGHT)
    above = np.arange(1, 4)[None] > right[:, None]
    price = prices.get("per_patient", 0.0) + prices.get("per_patient_above_mtd", 0.0) * above

    def worth(chance: Any, paid: Any, level: int, patients: int) -> float:
        """Go on from a history that has this chance under each truth, and has cost so much."""
        choices = [float((chance * ((right == selected) - paid)).sum()) for selected in range(4)]
        if patients < _MOST:
            choices += [go_on(chance, paid, to, patients) for to in range(1, min(level + 1, 3) + 1)]
        return max(choices)

    def go_on(chance: Any, paid: Any, level: int, patients: int) -> float:
        p, total = truths[:, level - 1], 0.0
        for dlts in range(_SIZE + 1):
            happens = chance * comb(_SIZE, dlts) * p**dlts * (1 - p) ** (_SIZE - dlts)
            cost = paid + _SIZE * price[:, level - 1] + dlts * prices.get("per_dlt", 0.0)
            total += worth(happens, cost, level, patients + _SIZE)
        return total

    return go_on(np.full(len(truths), 1 / len(truths)), np.zeros(len(truths)), 1, 0)
