"""What must hold in the figures of one cell of ``results.json``; see :mod:`doseesc.results.consistency`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from designs import Reason
from doseesc.engines import METRICS
from doseesc.results.versions import NEW_METRICS
from doseesc.wording import shorten

_MAY_BE_MISSING = ("bias_at_mtd", "not_caused_share", "safe_stopped", "below_mtd", *NEW_METRICS)
NEAR = 1e-6  # sums of probabilities, and of patients in proportion to their number


class _WrongError(ValueError):
    """What does not hold, with its place."""


@dataclass(frozen=True)
class Sizes:
    """How long lists are: levels, and patients at most."""

    levels: int
    most: int


def check_main(part: Mapping[str, Any], right: Sequence[int], sizes: Sizes, where: str) -> None:
    """Check the figures that every design has under every scenario, however it was observed."""
    selected, patients, dlts = (part[name] for name in ("selected", "patients", "dlts"))
    lengths = len(selected), len(patients), len(dlts)
    require(lengths == (sizes.levels + 1, sizes.levels, sizes.levels), where, "figures for another number of doses")
    near(sum(selected), 1, f"{where}.selected", "probabilities that do not sum to 1")
    near(sum(patients), part["total_patients"], f"{where}.patients", "patients that do not sum to the total")
    near(sum(dlts), part["total_dlts"], f"{where}.dlts", "DLTs that do not sum to the total")
    require(part["total_patients"] <= sizes.most * (1 + NEAR), where, "more patients than the design allows")
    for level, (treated, toxic) in enumerate(zip(patients, dlts, strict=True), start=1):
        require(toxic <= treated + NEAR, where, f"more DLTs than patients at level {level}")
    mtd = max(right)
    for name, value in (
        ("correct_selection", sum(selected[level] for level in right)),
        ("overdose_selection", sum(selected[mtd + 1 :])),
        ("patients_above_mtd", sum(patients[mtd:])),
    ):
        require(part[name] is not None, f"{where}.{name}", "nothing")
        near(part[name], value, f"{where}.{name}", "another value than the figures by level")
    for name in ("sd", "mcse"):
        if name in part:
            most = 0 if name == "mcse" and where.endswith(".exact") else max(1, sizes.most)
            _check_spread(part[name], sizes.levels, most, f"{where}.{name}")


def _check_spread(part: Mapping[str, Any], levels: int, most: int, where: str) -> None:
    """Check standard deviations or errors, which no figure of so many patients at most can exceed."""
    lengths = {"selected": levels + 1, "patients": levels, "dlts": levels}
    for name, value in part.items():
        listed = value if isinstance(value, list) else [value]
        require(len(listed) == lengths.get(name, 1), f"{where}.{name}", "errors for another number of doses")
        for each in listed:
            missing = each is None and name not in _MAY_BE_MISSING
            require(not missing, f"{where}.{name}", "nothing")
            require(each is None or each >= 0, f"{where}.{name}", "a negative error")
            if each is not None and name in METRICS:  # more patients may be enrolled than are evaluable
                largest = most if "patients" in name or "dlts" in name else min(most, 1)
                require(each <= largest + NEAR, f"{where}.{name}", "an error that is too large")


def check_distributions(part: Mapping[str, Any], sizes: Sizes, where: str) -> None:
    """Check distributions against the figures that follow from them."""
    joint = part["selected_and_patients"]
    length = sizes.most + 1
    right = len(joint) == sizes.levels + 1 and {len(row) for row in joint} == {length}
    require(right, f"{where}.selected_and_patients", "a table of another size")
    table = np.array(joint)
    _near_all(table.sum(axis=1), part["selected"], f"{where}.selected_and_patients")
    _check_untried(part, sizes, where)
    for name, total in (("patients_distribution", "total_patients"), ("dlts_distribution", "total_dlts")):
        shares = part[name]
        require(len(shares) == length, f"{where}.{name}", "numbers up to another than the design allows")
        near(sum(shares), 1, f"{where}.{name}", "probabilities that do not sum to 1")
        mean = float(np.dot(shares, np.arange(length)))
        near(mean, part[total], f"{where}.{name}", f"another mean than {total}")
    _near_all(table.sum(axis=0), part["patients_distribution"], f"{where}.patients_distribution")
    reasons = part["reasons"]
    known = {reason.name.lower() for reason in Reason} | {reason.name for reason in Reason}
    unknown = sorted(set(reasons) - known)
    require(not unknown, f"{where}.reasons", f"a reason that is none: {shorten(''.join(unknown[:1]))}")
    near(sum(reasons.values()), 1, f"{where}.reasons", "probabilities that do not sum to 1")
    near(part["highest_tested"], part["selected"][-1], f"{where}.highest_tested", "another value than selected")
    bounded = part["unbounded"] is not None and part["unbounded"] <= part["highest_tested"] + NEAR
    require(bounded, f"{where}.unbounded", "no value, or more than highest_tested")


def _check_untried(part: Mapping[str, Any], sizes: Sizes, where: str) -> None:
    """Check how often nobody was treated at a level; all of it is null in results of before that was looked at."""
    at, untried = f"{where}.selected_and_untried", part["selected_and_untried"]
    size = len(untried) == sizes.levels + 1 and {len(row) for row in untried} == {sizes.levels}
    require(size, at, "a table of another size")
    chances = np.array(untried, dtype=np.float64)
    if part["untried_selection"] is None:
        require(np.isnan(chances).all(), at, f"figures without {where}.untried_selection")
        return
    possible = (chances <= np.array(part["selected"])[:, None] + NEAR).all()  # false where one is missing
    require(possible, at, "nothing, or more than selected")
    name = "untried_selection"
    near(float(np.trace(chances[1:])), part[name], f"{where}.{name}", "another value than selected_and_untried")


def check_enrolled(part: Mapping[str, Any], where: str) -> None:
    """Check the figures of those enrolled; what is rarer than one in a thousand million is not written down."""
    shares, enrolled = part["enrolled_distribution"], part["enrolled"]
    near(sum(shares), 1, f"{where}.enrolled_distribution", "probabilities that do not sum to 1")
    mean = float(np.dot(shares, np.arange(len(shares))))
    near(mean, enrolled, f"{where}.enrolled_distribution", "another mean than enrolled")
    near(part["total_patients"] + part["replaced"], enrolled, f"{where}.replaced", "another number than were enrolled")
    for name in ("deaths", "drug_dlts"):
        require(part[name] <= enrolled + NEAR, f"{where}.{name}", "more patients than were enrolled")


def _near_all(values: Any, others: Any, where: str) -> None:
    for value, other in zip(values, others, strict=True):
        near(float(value), other, where, "sums that are not those of the figures by level")


def near(value: float, other: float, where: str, what: str) -> None:
    """Require two figures to be the same up to rounding."""
    require(abs(value - other) <= NEAR * max(1.0, abs(other)), where, what)


def require(holds: object, where: str, what: str) -> None:
    """Raise ValueError unless it holds, saying where what stands instead."""
    if not holds:
        raise _WrongError(f"{shorten(where, 150)} holds {what}")
