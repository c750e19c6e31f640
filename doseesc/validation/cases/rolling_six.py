"""Rolling six in its variants, and 3+3 on the calendar, against published tables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from designs import Complete, Pending, Reason, RollingSix, Settled, Tally, ThreePlusThree
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden
from doseesc.validation.other_programs import one_tally

VARIANTS = ("protocol", "eager", "iq")
COLUMNS = ("enrolled", "dlts", "pending", *VARIANTS, "three_plus_three")
PLACES = ((1, 0), (2, 3), (2, 6))
"""Levels at which the tables are asked, with how many patients without a DLT at each lower one."""

State = tuple[int, int, int, str]
"""Enrolled, DLTs and pending at one dose, and the decision as tables write it."""


def states_of(column: str) -> list[State]:
    """Return the states of one dose in the golden table, with the decision of one design."""
    items: list[Any] = [dict(zip(COLUMNS, row, strict=True)) for row in golden("rolling_six.json", "decision_table")]
    return [(each["enrolled"], each["dlts"], each["pending"], each[column]) for each in items if each[column]]


def published(column: str) -> Iterator[State]:
    """Yield the states of one dose in the published table, with the decision of one design."""
    rows: Any = golden("rolling_six.json", "published_table")
    for _, *bounds, dlts, iq, protocol in rows:
        least, most, least_known, most_known = bounds
        said = {"iq": iq, "protocol": protocol}[column]
        largest = {"iq": 8, "protocol": 6}[column]
        for enrolled, known in itertools.product(range(least, most + 1), range(least_known, most_known + 1)):
            if said and known <= enrolled <= largest:
                yield enrolled, dlts, enrolled - known, said


def state(entered: Sequence[int], dlt: Any, pending: Any, level: int) -> tuple[Tally, Pending | None]:
    """Return known and pending patients from counts per dose: all entered, those with a DLT, those pending."""
    known = one_tally(np.array(entered) - np.array(pending), dlt, level)
    places = [dose for dose, count in enumerate(pending, start=1) for _ in range(count)]
    return known, pending_at(places, len(entered))


def pending_at(places: Sequence[int], n_doses: int) -> Pending | None:
    """Return one trial's patients pending at the given doses, each for 3 of 28 days; None where there are none."""
    return Pending(np.array([places]), np.full((1, len(places)), 3.0), 28, n_doses=n_doses) if places else None


def decided(design: Any, enrolled: int, dlts: int, pending: int, level: int, below: int) -> str:
    """Return the decision with these patients at a level and ``below`` without DLT at each lower one, as tables do."""
    if enrolled == 0:
        return "S" if design.decide(Tally.empty(design.n_doses)).level[0] == design.start_level else "?"
    n = [below] * (level - 1) + [enrolled] + [0] * (design.n_doses - level)
    at_level = np.arange(1, design.n_doses + 1) == level
    known, still = state(n, dlts * at_level, pending * at_level, level)
    decision = design.decide(known, still)
    to, reason = int(decision.level[0]), decision.reason[0]
    if reason is Reason.MTD_FOUND:
        return "MTD" if design.select(known)[0] == level else "D"
    return "SUS" if decision.waits[0] else "E" if to > level else "S" if to == level else "D"


def _compare(seen: Differences, name: str, design: Any, states: Sequence[State]) -> None:
    for level, below in PLACES:
        ours = [decided(design, *at[:3], level, below) for at in states]
        seen.equal(f"{name}, level {level} above {below}", ours, [at[3] for at in states])


def decision_tables() -> Comparison:
    """Compare each variant with its look-up table."""
    seen = Differences()
    for variant in VARIANTS:
        _compare(seen, variant, RollingSix(n_doses=3, variant=variant), states_of(variant))
    return seen.result


def published_table() -> Comparison:
    """Compare with Frankel et al. (2020), Table 2, row by row."""
    seen = Differences()
    for variant in ("protocol", "iq"):
        _compare(seen, variant, RollingSix(n_doses=3, variant=variant), list(published(variant)))
    return seen.result


def three_plus_three_on_the_calendar() -> Comparison:
    """Compare 3+3 with the table, settled but for six patients of whom five are known without a DLT.

    At most one of six will have one: the answer is settled, and the table waits there.  No 3+3 trial comes to that
    state with a level left above: six are treated at a level after a DLT among the first three, or when the level above
    is too toxic.
    """
    seen, states = Differences(), states_of("three_plus_three")
    _compare(seen, "complete", ThreePlusThree(n_doses=3, pending=Complete()), states)
    settled = [(*at[:3], "E" if at[:3] == (6, 0, 1) else at[3]) for at in states]
    _compare(seen, "settled", ThreePlusThree(n_doses=3, pending=Settled()), settled)
    return seen.result
