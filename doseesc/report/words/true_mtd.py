"""What the true MTD of a scenario is, and which doses count where several are equally near the target."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from doseesc.truth import tied_levels
from doseesc.wording import in_a_row, plain_words

if TYPE_CHECKING:
    from doseesc.study import Study

_COUNTS = MappingProxyType(
    {
        "highest": "the highest of them counts as the true MTD, and selecting another as wrong",
        "lowest": "the lowest of them counts as the true MTD, and selecting another as wrong",
        "any": "selecting any of them counts as correct",
    }
)
_BELOW = (
    "the highest of them at or below {limit}, else the lowest, counts as the true MTD, and selecting another as wrong"
)


def mtd_definition(study: Study) -> str:
    """Say what the true MTD of a scenario is."""
    rule, limit = study.true_mtd_rule, 100 * (study.target + study.true_mtd_rule.margin)
    if rule.rule == "nearest":
        nearest = f"the dose whose DLT probability is nearest {100 * study.target:.3g} %"
        return f"{nearest}, or none where even the lowest exceeds {limit:.3g} %"
    return f"the highest dose whose DLT probability is at most {limit:.3g} %, or none"


def ties_words(study: Study) -> str:
    r"""Say in which scenarios several doses are equally near, and which of them counts; nothing where that never is.

    Examples
    --------
    >>> from doseesc.study import load, shipped_scenarios
    >>> words = ties_words(load(shipped_scenarios()["nct04602104"]))
    >>> print(words.replace(": ", ":\n", 1).replace("else ", "else\n"))
    equally near are low, medium and high in S6, medium and high in S7:
    the highest of them at or below the target, else
    the lowest, counts as the true MTD, and selecting another as wrong
    """
    rule = study.true_mtd_rule
    tied = []
    for scenario, truth in study.truths.items():
        found = np.flatnonzero(tied_levels(truth, study.target, rule.rule, rule.margin))
        if len(found) > 1:
            labels = in_a_row([plain_words(study.dose_labels[place]) for place in found])
            tied.append(f"{labels} in {plain_words(scenario)}")
    if not tied:
        return ""
    limit = "the target" if rule.rule == "nearest" else "the target plus margin"
    counts = _COUNTS.get(rule.ties, _BELOW.format(limit=limit))
    return f"equally near are {', '.join(tied)}: {counts}"


def true_mtd_words(study: Study, truth: FloatArray) -> str:
    """Name the dose that is right to select, or the doses where each of several is."""
    labels = ("none", *study.dose_labels)
    return " or ".join(labels[level] for level in np.flatnonzero(study.right_levels(truth)))
