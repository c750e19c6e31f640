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
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from designs import Design, Weighted
from designs.arrays import BoolArray, FloatArray
from designs.checks import require_positive, require_whole
from doseesc.engines.backfill_rules import Backfill
from doseesc.engines.characteristics import check_probabilities, marks_of_right
from doseesc.engines.clock_durations import Durations
from doseesc.engines.clock_ends import BlockEnds, EndCounts, calendar_characteristics
from doseesc.engines.clock_figures import CalendarCharacteristics
from doseesc.engines.enrolment import Calendar, Stagger
from doseesc.engines.montecarlo import BLOCK
from doseesc.engines.observed import SeenSums
from doseesc.engines.trial_ends import TrialEnds
from doseesc.finite import finite_numbers
from doseesc.pieces import Blocks, one_ahead, over_blocks
from doseesc.truth import Accrual, DltTimes, ObservationModel

if TYPE_CHECKING:
    from doseesc.engines.backfill_patients import BackfillPatients
    from doseesc.engines.clock_ended import Ended
    from doseesc.engines.clock_patients import DrawnPatients
    from doseesc.engines.clock_play import Player


class _Part(NamedTuple):
    ends: EndCounts
    blocks: list[BlockEnds]
    durations: Durations
    seen: SeenSums | None


EachBlock = Callable[[int, "Ended", FloatArray], None]
"""Is told of each block of trials: its number, how its trials ended, and their figures (S, C) of ``COLUMNS``."""


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
    backfill: Backfill | None = None,
    max_days: float | None = None,
    first_gap: bool = False,
    observation: ObservationModel | None = None,
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
    backfill : Backfill, optional
        Which lower doses are given to patients who arrive while the escalation waits.  They count in the number of
        patients treated, and the trial lasts until they have been assessed.  With an observation model they die, are
        lost and leave as any others, and never hold the escalation up by it.
    max_days : float, optional
        Day, from the first patient's first dose, after which nobody is entered.
    first_gap : bool
        Whether the duration counts the days from the opening to the first patient.
    observation : ObservationModel, optional
        What happens to patients besides the drug, and what is made of it; by default nothing does.  Patients are then
        watched for its ``window``, and its ``dlt_times`` take the place of ``dlt_times``.
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
    if observation is not None:
        require_observable(design, observation, float(window_days), dlt_times)
    calendar = Calendar(
        accrual=accrual,
        dlt_times=dlt_times,
        stagger=stagger,
        backfill=backfill,
        max_days=max_days,
        first_gap=first_gap,
    )
    if backfill is not None:
        backfill.check(design.n_doses)
    target = design.target if target is None else target
    right = marks_of_right(truth[None], target, true_mtd)
    setting = CalendarSetting(float(window_days), calendar, target, right, observation)
    return play_calendar(design, truth, setting, int(n_trials), seed, jobs=jobs, progress=progress).characteristics


@dataclass(frozen=True)
class CalendarSetting:
    """What trials of all designs under a truth have in common: window, calendar, target, levels right to select.

    The window is that to which DLT probabilities refer; an observation model has its own.
    """

    window_days: float
    calendar: Calendar
    target: float | None
    right: BoolArray | None
    observation: ObservationModel | None = None


@dataclass(frozen=True)
class CalendarRun:
    """What trials on the calendar gave: the characteristics, how trials ended, and how many ended so."""

    characteristics: CalendarCharacteristics
    ends: TrialEnds
    count: FloatArray


class Players:
    """Who plays trials of designs: kept from truth to truth, since what they have learned of decisions serves all."""

    def __init__(self) -> None:
        self._known: list[tuple[Design, Player]] = []

    def of(self, design: Design) -> Player:
        """Return who plays trials of a design, the same for the same object."""
        from doseesc.engines.clock_play import player_of  # compiles

        for known, player in self._known:
            if known is design:
                return player
        self._known.append((design, player_of(design)))
        return self._known[-1][1]


def play_calendar(
    design: Design,
    truth: FloatArray,
    setting: CalendarSetting,
    n_trials: int,
    seed: int,
    *,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
    each_block: EachBlock | None = None,
    players: Players | None = None,
) -> CalendarRun:
    """Play trials for :func:`simulate_calendar`, whose arguments these are, checked; and keep how they ended.

    ``each_block`` is told of every block, and ``players`` learn, where there is one job.
    """
    assert (each_block is None and players is None) or jobs == 1, "other processes tell nothing"
    alone = jobs == 1 or n_trials <= BLOCK  # other processes cannot tell how far they are
    watch = None if progress is None or not alone else lambda done: progress(done, n_trials)
    play = partial(_play_part, design, truth, setting, seed, watch, each_block, players)
    parts = over_blocks(play, n_trials, BLOCK, jobs)
    if progress is not None and not alone:
        progress(n_trials, n_trials)
    counts = EndCounts.merged([part.ends for part in parts])
    rules = setting.calendar.backfill
    ends, count = counts.terminal(design.max_n, 0 if rules is None else rules.most(design))
    found = calendar_characteristics(
        ends,
        count,
        [block for part in parts for block in part.blocks],
        Durations.merged([part.durations for part in parts]),
        truth=truth,
        target=setting.target,
        right=setting.right,
        window_days=setting.window_days if setting.observation is None else float(setting.observation.window),
    )
    if setting.observation is not None:
        seen = SeenSums.merged([part.seen for part in parts if part.seen is not None])
        found = replace(found, observed=seen.observed(found, ends, count, setting.observation.law(truth)))
    return CalendarRun(found, ends, count)


def require_observable(
    design: Design, observation: ObservationModel, window_days: float, dlt_times: DltTimes | None = None
) -> None:
    """Raise ValueError unless trials of a design on a calendar can be observed so."""
    if window_days != observation.horizon:
        raise ValueError(
            f"window_days must be the days that the probabilities refer to, {observation.horizon:g} in the observation "
            f"model, not {window_days:g}"
        )
    if dlt_times is not None and dlt_times != observation.dlt_times:
        raise ValueError("dlt_times must be left out where an observation model is given, which has its own")
    if observation.freezes and not isinstance(design.pending, Weighted):
        raise ValueError(
            f"observation freezes the weight of patients who leave, but {type(design).__name__} with pending "
            f"{type(design.pending).__name__} weighs nobody; only designs with pending Weighted do"
        )


@finite_numbers()
def _play_part(
    design: Design,
    truth: FloatArray,
    setting: CalendarSetting,
    seed: int,
    watch: Callable[[int], None] | None,
    each_block: EachBlock | None,
    players: Players | None,
    blocks: Blocks,
) -> _Part:
    from doseesc.engines.clock_play import draw_block, play_block  # compiles

    met: list[EndCounts] = []
    sums: list[BlockEnds] = []
    durations: list[Durations] = []
    seen: list[SeenSums] = []
    done, player = 0, (players or Players()).of(design)
    of_all = design, truth, setting.window_days, setting.calendar

    @finite_numbers()  # of the thread that draws, too
    def draw(block: tuple[int, int]) -> DrawnPatients | BackfillPatients:
        return draw_block(*of_all, seed, *block, setting.observation)

    for (index, trials), patients in one_ahead(draw, list(blocks)):
        played = play_block(player, *of_all, patients, setting.observation)
        if each_block is not None:
            each_block(index, played.ended, played.figures)
        met.append(played.ended.counts())
        sums.append(BlockEnds.of(index, played.figures))
        durations.append(Durations.of(played.figures[:, 0]))
        if played.seen is not None:
            seen = [SeenSums.merged([*seen, played.seen])]
        if len(met) > 1 and sum(len(part.count) for part in met[1:]) > len(met[0].count):
            met = [EndCounts.merged(met)]  # few in number however many trials are played
            durations = [Durations.merged(durations)]
        done += trials
        if watch is not None:
            watch(done)
    return _Part(EndCounts.merged(met), sums, Durations.merged(durations), seen[0] if seen else None)
