"""What decides in an interval design that weighs follow-up, as tables for compiled code; and which designs are such.

With :class:`designs.Weighted` such a design asks one thing of the follow-up of pending patients: what its table
(:func:`designs.follow_up_table`) makes of it.  The rest of a decision depends on the numbers of patients and DLTs.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from designs import BOIN, CCD, MTPI, MTPI2, Design, Keyboard, StopTooToxic, Tally, Weighted, follow_up_table
from designs.arrays import BoolArray, FloatArray
from designs.follow_up import FollowUpDesign
from doseesc.engines.clock_rules import Rules, knows_rules, rule_of, rules_of

_DESIGNS = (BOIN, CCD, Keyboard, MTPI, MTPI2)


class Table(NamedTuple):
    """What decides in an interval design.

    Attributes
    ----------
    up_from, down_to : array, shape (N, N, N)
        Days of follow-up of the c patients pending at the current level from which on the design goes up, and up to
        which it goes down, by [n, y, c]: n patients entered there, y of them with a known DLT.
    too_many, too_few : array of bool, shape (N, N, N)
        Where it waits: in any case, and instead of going up.
    step : array of int, shape (N, N)
        Where nobody is pending: +1, 0 or -1 by [n, y].
    excluded : array of bool, shape (J, N, N)
        Where a level, and all above it, may not be given, by [level - 1, n, y].
    safety_level : int
        Level whose data may end the trial, 0 = none;
    stops : array of bool, shape (N, N)
        where they do, by [n, y].
    shares : array
        Of the DLTs in equal parts of the window; a single one is linear weights.
    minimum_days : float
        Of follow-up without which the design waits instead of going up.
    start_level, cohort_size : int
    rules : Rules
    """

    up_from: FloatArray
    down_to: FloatArray
    too_many: BoolArray
    too_few: BoolArray
    step: npt.NDArray[np.int8]
    excluded: BoolArray
    safety_level: int
    stops: BoolArray
    shares: FloatArray
    minimum_days: float
    start_level: int
    cohort_size: int
    rules: Rules


def decides_by_follow_up(design: Design) -> bool:
    """Say whether the design is an interval design that weighs follow-up and all its rules are known here."""
    policy = design.pending
    return (
        type(design) in _DESIGNS
        and knows_rules(design)
        and isinstance(policy, Weighted)
        and policy.weights != "adaptive"
        and not (policy.hold_at_lowest or policy.hold_sure_at_lowest)
        and not design.own_follow_up_marks()
    )


def table_of(design: Design, window_days: float) -> Table:
    """Return what decides in a design that :func:`decides_by_follow_up`."""
    policy = design.pending
    assert isinstance(policy, Weighted)
    assert isinstance(design, _DESIGNS)
    weighing: FollowUpDesign = design
    limits = follow_up_table(weighing)
    size = int(design.max_n) + 1
    safety = rule_of(design, StopTooToxic)
    level = 0 if safety is None else int(safety.level)
    stops = np.zeros((size, size), dtype=np.bool_)
    if safety is not None:
        tally = _all_at(design, level, elsewhere=1)
        stops = safety.stops(design, tally, np.full(tally.size, level)).reshape(size, size)
    # A copy that can be written, and floats: what is compiled is compiled for the types of what it is given.
    return Table(
        up_from=limits.escalate_from * window_days,
        down_to=limits.deescalate_to * window_days,
        too_many=limits.too_many_pending,
        too_few=limits.too_few_known,
        step=np.array(weighing.complete_steps(size - 1)[:size, :size], order="C"),
        excluded=exclusions(design),
        safety_level=level,
        stops=stops,
        shares=np.ones(1) if isinstance(policy.weights, str) else np.array(policy.weights, dtype=np.float64),
        minimum_days=float(policy.minimum_followed * window_days),
        start_level=int(design.start_level),
        cohort_size=int(design.cohort_size),
        rules=rules_of(design),
    )


def exclusions(design: Design) -> BoolArray:
    """Return by [level - 1, n, y] where a level is excluded on its own data; a design excludes on nothing else.

    Examples
    --------
    >>> excluded = exclusions(BOIN(target=0.3, n_doses=2, max_n=6, extra_safe=True))
    >>> excluded[:, 3, 2], excluded[:, 3, 3]
    (array([ True, False]), array([ True,  True]))
    """
    size = int(design.max_n) + 1
    excluded = np.zeros((design.n_doses, size, size), dtype=np.bool_)
    for level in range(1, design.n_doses + 1):
        ceiling = design.ceiling(_all_at(design, level))
        if ceiling is not None:
            excluded[level - 1] = (ceiling < level).reshape(size, size)
    return excluded


def _all_at(design: Design, level: int, elsewhere: int = 0) -> Tally:
    """Return the tallies of n patients at one level, y of them with a DLT, by n and then y, and some at all others.

    Where y is above n it stands for n, and means nothing.
    """
    size = int(design.max_n) + 1
    n, y = (each.ravel() for each in np.mgrid[:size, :size])
    entered, dlt = np.full((size * size, design.n_doses), elsewhere), np.zeros((size * size, design.n_doses), np.int64)
    entered[:, level - 1], dlt[:, level - 1] = n, np.minimum(y, n)
    there = np.where(n > 0, level, 0) if elsewhere == 0 else np.full(len(n), level)
    return Tally._trusted(entered, dlt, there, dict.fromkeys(design.needed_memory, n))
