"""The clock: trials on the calendar, in which patients arrive, wait, are observed and decided upon.

A trial here is the trial of :mod:`doseesc.engines.montecarlo`, with days: the same latent number per patient says who
has a DLT, and further streams, independent of it, say when patients arrive and when a DLT comes.  So where accrual is
so slow that nobody is ever pending, every trial is the one that engine plays; an A+B design alone looks at every
patient, and does not complete a group that known DLTs already condemn.

The mechanics are in :mod:`doseesc.engines.clock_mechanics`.  A day counts from the first patient's first dose.  The
duration of a trial ends with the last assessment; everybody entered is followed to the end, and the MTD is selected
then.  Trials that a decision ended as too toxic select none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from designs import Design
from designs.arrays import BoolArray, FloatArray
from designs.checks import require_positive, require_whole
from doseesc.engines.characteristics import check_probabilities, marks_of_right
from doseesc.engines.clock_durations import Durations
from doseesc.engines.clock_ends import BlockEnds, EndCounts, calendar_characteristics
from doseesc.engines.clock_figures import CalendarCharacteristics
from doseesc.engines.enrolment import Calendar, Stagger
from doseesc.engines.montecarlo import BLOCK
from doseesc.engines.trial_ends import TrialEnds
from doseesc.parallel import Blocks, over_blocks
from doseesc.truth import Accrual, DltTimes

Part = tuple[EndCounts, list[BlockEnds], Durations]


def simulate_calendar(
    design: Design,
    probabilities: Any,
    *,
    window_days: float,
    accrual: Accrual,
    n_trials: int = 10_000,
    seed: int = 1,
    dlt_times: DltTimes | None = None,
    stagger: Stagger | None = None,
    max_days: float | None = None,
    first_gap: bool = False,
    target: float | None = None,
    true_mtd: Any = None,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CalendarCharacteristics:
    """Simulate trials of a design on the calendar, under one truth.

    Parameters
    ----------
    design : Design
        What it does about patients still under observation is its ``pending``.
    probabilities : array, shape (J,)
        True probability of a DLT within the window at each level.
    window_days : float
        The DLT window.
    accrual : Accrual
        How patients arrive, and what becomes of who arrives while the design waits.
    n_trials : int
    seed : int
        Same seed, same answer, for any ``jobs``; and the same patients as in :func:`doseesc.engines.simulate`.
    dlt_times : law of event times, optional
        When DLTs come; by default evenly over the window.
    stagger : Stagger, optional
        Days between patients.
    max_days : float, optional
        Day, from the first patient's first dose, after which nobody is entered.
    first_gap : bool
        Whether the duration counts the days from the opening to the first patient.
    target, true_mtd, jobs, progress
        As for :func:`doseesc.engines.simulate`.

    Raises
    ------
    ValueError
        If an argument is out of range; the message begins with its name.

    Examples
    --------
    >>> from designs import BOIN, Settled
    >>> from doseesc.truth import Accrual
    >>> design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Settled())
    >>> oc = simulate_calendar(design, [0.10, 0.25, 0.45], window_days=14, accrual=Accrual(per_month=2), n_trials=500)
    >>> oc.duration_quantiles.shape, bool(200 < oc.duration_days < 400)
    ((5,), True)
    """
    truth = check_probabilities(probabilities, design.n_doses)
    if truth.ndim != 1:
        raise ValueError("probabilities must be those of one truth, shape (J,)")
    require_positive("window_days", window_days)
    require_whole("n_trials", n_trials, 1)
    require_whole("seed", seed, 0)
    require_whole("jobs", jobs, 1)
    calendar = Calendar(accrual=accrual, dlt_times=dlt_times, stagger=stagger, max_days=max_days, first_gap=first_gap)
    target = design.target if target is None else target
    right = marks_of_right(truth[None], target, true_mtd)
    setting = CalendarSetting(float(window_days), calendar, target, right)
    return play_calendar(design, truth, setting, int(n_trials), seed, jobs=jobs, progress=progress).characteristics


@dataclass(frozen=True)
class CalendarSetting:
    """What trials of all designs under a truth have in common: window, calendar, target, levels right to select."""

    window_days: float
    calendar: Calendar
    target: float | None
    right: BoolArray | None


@dataclass(frozen=True)
class CalendarRun:
    """What trials on the calendar gave: the characteristics, how trials ended, and how many ended so."""

    characteristics: CalendarCharacteristics
    ends: TrialEnds
    count: FloatArray


def play_calendar(
    design: Design,
    truth: FloatArray,
    setting: CalendarSetting,
    n_trials: int,
    seed: int,
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> CalendarRun:
    """Play trials for :func:`simulate_calendar`, whose arguments these are, checked; and keep how they ended."""
    alone = jobs == 1 or n_trials <= BLOCK  # other processes cannot tell how far they are
    watch = None if progress is None or not alone else lambda done: progress(done, n_trials)
    play = partial(_play_part, design, truth, setting.window_days, setting.calendar, seed, watch)
    parts = over_blocks(play, n_trials, BLOCK, jobs)
    if progress is not None and not alone:
        progress(n_trials, n_trials)
    counts = EndCounts.merged([ends for ends, _, _ in parts])
    ends, count = counts.terminal(design.max_n)
    found = calendar_characteristics(
        ends,
        count,
        [block for _, blocks, _ in parts for block in blocks],
        Durations.merged([durations for _, _, durations in parts]),
        truth=truth,
        target=setting.target,
        right=setting.right,
        window_days=setting.window_days,
    )
    return CalendarRun(found, ends, count)


def _play_part(
    design: Design,
    truth: FloatArray,
    window_days: float,
    calendar: Calendar,
    seed: int,
    watch: Callable[[int], None] | None,
    blocks: Blocks,
) -> Part:
    from doseesc.engines.clock_play import play_block, player_of  # compiles

    met: list[EndCounts] = []
    sums: list[BlockEnds] = []
    durations: list[Durations] = []
    done, player = 0, player_of(design)
    for index, trials in blocks:
        ends, figures = play_block(player, design, truth, window_days, calendar, seed, index, trials)
        met.append(ends)
        sums.append(BlockEnds.of(index, figures))
        durations.append(Durations.of(figures[:, 0]))
        if len(met) > 1 and sum(len(part.count) for part in met[1:]) > len(met[0].count):
            met = [EndCounts.merged(met)]  # few in number however many trials are played
            durations = [Durations.merged(durations)]
        done += trials
        if watch is not None:
            watch(done)
    return EndCounts.merged(met), sums, Durations.merged(durations)
