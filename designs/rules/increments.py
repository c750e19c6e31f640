"""The largest increment: by how many times the dose amount may rise.

The modified Fibonacci idea in its usual protocol form ("at most double; at most 1.5 times after a DLT; from 100 mg on
at most 1.33 times").  It is crmPack's ``IncrementsRelative`` (by the current amount), ``IncrementsRelativeDLT`` (by the
DLTs of the trial) and ``IncrementsRelativeDLTCurrent`` (by those of the last cohort); an increment of 0.5 there is 1.5
times here, and what crmPack joins by ``IncrementsMin`` is one rule here, of which the smallest factor holds.  crmPack's
``IncrementsRelativeParts``, of a trial whose first part climbs a ladder of single patients, is this rule with
``dlt_start`` and ``clean_start`` behind :class:`designs.AcceleratedTitration` with ``completes: false``.

Amounts are compared exactly: a step from 0.1 to 0.3 is three times, and from 30 to 39.9 it is 1.33 times.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from designs.arrays import IntArray
from designs.checks import (
    MOST_PATIENTS,
    require_amounts,
    require_choice,
    require_number,
    require_positive,
    require_whole,
    shown,
)
from designs.decision import Reason
from designs.rational import rational
from designs.rules.base import LimitRule, RuledDesign
from designs.rules.titration import AcceleratedTitration
from designs.tally import Tally

DLTS_OF = ("trial", "last_cohort")


@dataclass(frozen=True)
class MaximumIncrement(LimitRule):
    """Raise the dose amount to at most so many times the current one, fewer at high amounts or once DLTs are seen.

    Parameters
    ----------
    amounts : sequence of float, length J
        Dose amounts of the levels, strictly increasing.
    times : float
        The next amount is at most this many times the current one.
    by_amount : sequence of (float, float)
        ``(amount, times)``: from this current amount on, at most ``times``, in place of the factor before; the amounts
        must increase.
    after_dlts : sequence of (int, float)
        ``(k, times)``: from k DLTs on, at most ``times``; of several that apply the last, so the numbers of DLTs must
        increase.  Where the factor by amount is smaller, that holds.
    dlts_of : {"trial", "last_cohort"}
        Which DLTs ``after_dlts`` counts: all of the trial, or those of the last cohort.
    dlt_start : int, optional
        Behind :class:`AcceleratedTitration` that does not complete its last cohort, and with ``clean_start``: once the
        titration has ended with a DLT, the first cohort after it gets at most the dose so many steps of the ladder from
        the highest given (0: the same, -1: one below).  Steps beyond an end of the ladder lead to it, where crmPack
        stops with an error.  On the ladder itself no increment is limited.
    clean_start : int, optional
        The same where it has ended without a DLT, at least ``dlt_start``; above 0 the factors hold instead.

    Examples
    --------
    At most double, at most 1.5 times after the first DLT:

    >>> from designs import BOIN, Tally
    >>> rule = MaximumIncrement(amounts=(1, 2, 3, 4.5, 6.75), after_dlts=((1, 1.5),))
    >>> design = BOIN(target=0.3, n_doses=5, max_n=30, rules=(rule,))
    >>> design.decide(Tally.parse(["1NNN", "1NNNNNT"], n_doses=5)).level
    array([2, 1])

    At most double, from 3 on at most 1.5 times:

    >>> MaximumIncrement(amounts=(1, 2, 3, 4.5, 6.75), by_amount=((3, 1.5),)).reachable()
    array([[2, 3, 4, 5, 5]])
    """

    amounts: tuple[float, ...]
    times: float = 2.0
    by_amount: tuple[tuple[float, float], ...] = ()
    after_dlts: tuple[tuple[int, float], ...] = ()
    dlts_of: str = "trial"
    dlt_start: int | None = None
    clean_start: int | None = None

    reason = Reason.INCREMENT_LIMITED

    def __post_init__(self) -> None:
        object.__setattr__(self, "amounts", require_amounts("amounts", self.amounts))
        _require_above_one("times", self.times)
        object.__setattr__(self, "by_amount", steps_by_amount("by_amount", self.by_amount))
        object.__setattr__(self, "after_dlts", steps_by_dlts("after_dlts", self.after_dlts))
        for _, times in self.by_amount:
            _require_above_one("by_amount", times)
        for dlts, times in self.after_dlts:
            require_whole("after_dlts", dlts, 1)
            _require_above_one("after_dlts", times)
        require_choice("dlts_of", self.dlts_of, DLTS_OF)
        if (self.dlt_start is None) != (self.clean_start is None):
            given, missing = ("dlt_start", "clean_start") if self.clean_start is None else ("clean_start", "dlt_start")
            raise ValueError(f"{missing} must be given with {given}")
        if self.dlt_start is not None and self.clean_start is not None:
            require_whole("dlt_start", self.dlt_start, -MOST_PATIENTS)
            require_whole("clean_start", self.clean_start, self.dlt_start)

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """See :attr:`Rule.needed_memory`."""
        return ("last_dlt",) if self.after_dlts and self.dlts_of == "last_cohort" else ()

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless every level has its amount."""
        if len(self.amounts) != design.n_doses:
            raise ValueError(f"amounts must be {design.n_doses}, one for each level, not {len(self.amounts)}")
        if self.dlt_start is not None and (_titration(design) is None):
            raise ValueError("dlt_start must be given with the rule AcceleratedTitration with completes: false only")

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        dlts = tally.recall("last_dlt") if self.needed_memory else tally.total_dlt
        stage = np.searchsorted([k for k, _ in self.after_dlts], dlts, "right")
        highest = self.reachable()[stage, tally.level - 1]
        titration = _titration(design)
        if titration is not None and self.dlt_start is not None and self.clean_start is not None:
            rungs = titration.rungs(design)
            steps = np.where(tally.total_dlt > 0, self.dlt_start, self.clean_start)
            place = np.searchsorted(rungs, _highest_tried(tally)) + steps
            on_ladder = rungs[np.clip(place, 0, len(rungs) - 1)]
            begins = titration.has_ended(design, tally) & ((tally.total_dlt > 0) | (self.clean_start <= 0))
            highest = np.where(begins, on_ladder, highest)
            highest = np.where(titration.climbs(design, tally), design.n_doses, highest)
        return np.ones(tally.size, dtype=np.int64), highest

    def factors(self) -> tuple[tuple[float, ...], ...]:
        """Return the factor at each level, a row of J at first, then one after each change by DLTs."""
        at_first = [
            ([self.times] + [times for least, times in self.by_amount if rational(least) <= rational(amount)])[-1]
            for amount in self.amounts
        ]
        after = [tuple(min(factor, times) for factor in at_first) for _, times in self.after_dlts]
        return (tuple(at_first), *after)

    def reachable(self) -> IntArray:
        """Return the highest level allowed from each, (1 + changes, J): row 0 at first, then after each change."""
        return _reachable(self)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        higher = "".join(f", from an amount of {amount:g} on {times:g} times" for amount, times in self.by_amount)
        where = "" if self.dlts_of == "trial" else " in the last cohort"
        later = "".join(
            f", {'and in any case at most ' if self.by_amount else ''}{times:g} times once {dlts} "
            f"DLT{'s have' if dlts > 1 else ' has'} been seen{where}"
            for dlts, times in self.after_dlts
        )
        parts = ""
        if self.dlt_start is not None and self.clean_start is not None:
            clean = _steps_words(self.clean_start) if self.clean_start <= 0 else "as high as that"
            parts = (
                " This holds after the titration only; the first cohort after it is treated at most "
                f"{_steps_words(self.dlt_start)} if the titration has ended with a DLT, else at most {clean}."
            )
        return f"The dose amount is raised to at most {self.times:g} times the current one{higher}{later}.{parts}"


def _titration(design: RuledDesign) -> AcceleratedTitration | None:
    """Return the titration after which the design decides at once, if the design has one."""
    rules = (*design.own_rules(), *design.rules)
    return next((rule for rule in rules if isinstance(rule, AcceleratedTitration) and not rule.completes), None)


def _highest_tried(tally: Tally) -> IntArray:
    highest: IntArray = ((tally.n > 0) * np.arange(1, tally.n_doses + 1)).max(axis=1)
    return highest


def _steps_words(steps: int) -> str:
    if steps == 0:
        return "at the highest dose of the titration"
    side = "above" if steps > 0 else "below"
    return f"{abs(steps)} step{'s' if abs(steps) > 1 else ''} of the ladder {side} the highest dose of the titration"


@lru_cache(maxsize=256)
def _reachable(rule: MaximumIncrement) -> IntArray:
    amounts = [rational(amount) for amount in rule.amounts]
    rows = [
        [_levels_up_to(rational(factor) * amount, amounts) for factor, amount in zip(row, amounts, strict=True)]
        for row in rule.factors()
    ]
    table = np.array(rows, dtype=np.int64)
    table.setflags(write=False)
    return table


def _levels_up_to(largest: Fraction, amounts: list[Fraction]) -> int:
    return sum(amount <= largest for amount in amounts)


def steps_by_dlts(name: str, values: object) -> tuple[tuple[int, float], ...]:
    """Return pairs (DLTs, value) as tuples; raise ValueError unless the numbers of DLTs increase."""
    pairs = _pairs(name, "DLTs", values)
    for dlts, _ in pairs:
        require_whole(name, dlts, 0, MOST_PATIENTS)
    _require_increasing(name, "numbers of DLTs", pairs)
    return pairs


def steps_by_amount(name: str, values: object) -> tuple[tuple[float, float], ...]:
    """Return pairs (amount, value) as tuples; raise ValueError unless the amounts are above 0 and increase."""
    pairs = _pairs(name, "amount", values)
    for amount, _ in pairs:
        require_positive(name, amount)
    _require_increasing(name, "amounts", pairs)
    return pairs


def _pairs(name: str, first: str, values: object) -> tuple[tuple[Any, Any], ...]:
    if not isinstance(values, list | tuple):
        raise ValueError(f"{name} must be a list of pairs ({first}, value), not {shown(values)}")
    for pair in values:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{name} must hold pairs ({first}, value), not {shown(pair)}")
    return tuple((pair[0], pair[1]) for pair in values)


def _require_increasing(name: str, what: str, pairs: tuple[tuple[Any, Any], ...]) -> None:
    if any(high[0] <= low[0] for low, high in pairwise(pairs)):
        raise ValueError(f"{name} must go by increasing {what}, not {shown(pairs)}")


def _require_above_one(name: str, value: object) -> None:
    if require_number(name, value) <= 1:
        raise ValueError(f"{name} must exceed 1, not {shown(value)}")
