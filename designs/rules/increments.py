"""The largest increment: by how many times the dose amount may rise.

The modified Fibonacci idea in its usual protocol form ("at most double; at most 1.5 times after a DLT; from 100 mg on
at most 1.33 times").  It is crmPack's ``IncrementsRelative`` (by the current amount), ``IncrementsRelativeDLT`` (by the
DLTs of the trial) and ``IncrementsRelativeDLTCurrent`` (by those of the last cohort); an increment of 0.5 there is 1.5
times here, and what crmPack joins by ``IncrementsMin`` is one rule here, of which the smallest factor holds.  crmPack's
``IncrementsRelativeParts`` belongs to a trial whose first part climbs a ladder of single patients; here that part is
:class:`designs.AcceleratedTitration`, which ends at the first DLT with the rest of a cohort at the same level
(``dlt_start = 0``), and increments are limited on the ladder, too.

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
from designs.checks import require_amounts, require_choice, require_number, require_positive, require_whole
from designs.decision import Reason
from designs.rational import rational
from designs.rules.base import LimitRule, RuledDesign
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

    @property
    def needed_memory(self) -> tuple[str, ...]:
        """See :attr:`Rule.needed_memory`."""
        return ("last_dlt",) if self.after_dlts and self.dlts_of == "last_cohort" else ()

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless every level has its amount."""
        if len(self.amounts) != design.n_doses:
            raise ValueError(f"amounts must be {design.n_doses}, one for each level, not {len(self.amounts)}")

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        dlts = tally.recall("last_dlt") if self.needed_memory else tally.total_dlt
        stage = np.searchsorted([k for k, _ in self.after_dlts], dlts, "right")
        return np.ones(tally.size, dtype=np.int64), self.reachable()[stage, tally.level - 1]

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
        return f"The dose amount is raised to at most {self.times:g} times the current one{higher}{later}."


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
        require_whole(name, dlts, 0)
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
        raise ValueError(f"{name} must be a list of pairs ({first}, value), not {values!r}")
    for pair in values:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise ValueError(f"{name} must hold pairs ({first}, value), not {pair!r}")
    return tuple((pair[0], pair[1]) for pair in values)


def _require_increasing(name: str, what: str, pairs: tuple[tuple[Any, Any], ...]) -> None:
    if any(high[0] <= low[0] for low, high in pairwise(pairs)):
        raise ValueError(f"{name} must go by increasing {what}, not {pairs!r}")


def _require_above_one(name: str, value: object) -> None:
    if require_number(name, value) <= 1:
        raise ValueError(f"{name} must exceed 1, not {value!r}")
