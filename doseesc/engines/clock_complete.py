"""Trials on the calendar that wait for every outcome, in plain NumPy: nothing to compile, and quick for many designs.

A design that waits (:class:`designs.Complete`) plays the trial of :mod:`doseesc.engines.montecarlo`, and the calendar
only adds days: a cohort opens when its first patient has come and everybody before is known.  So all trials enter
their i-th patient together.  The patients are those of :mod:`doseesc.engines.clock`, and so are the answers, trial by
trial.

An A+B design is the exception there as here: it looks at every patient, and leaves a level as soon as known DLTs
condemn it, whoever else is pending there.  Further DLTs at that level change nothing; that is why they are not looked
at here, and why this is for A+B designs without rules around them only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from designs import APlusB, Complete, Design
from designs.arrays import FloatArray
from doseesc.engines.clock_complete_observed import ObservedClock
from doseesc.engines.clock_complete_trials import PatientRows, TrialsUnderWay
from doseesc.engines.clock_durations import Durations
from doseesc.engines.clock_ends import COLUMNS, BlockEnds, time_figures
from doseesc.engines.clock_groups import GroupGraph
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.enrolment import Calendar
from doseesc.engines.montecarlo import BLOCK
from doseesc.engines.time_figures import TimeFigures
from doseesc.pieces import block_sizes
from doseesc.truth import LateWeibull, ObservationModel, day_gap

_COLUMN = {name: place for place, name in enumerate(COLUMNS)}


def waits_for_all(design: Design, calendar: Calendar) -> bool:
    """Tell whether a design can be played here: it alone, waiting for every outcome, keeps patients waiting."""
    plain = calendar.stagger is None and calendar.max_days is None and calendar.backfill is None
    if not plain or calendar.accrual.arrivals_while_waiting == "turn_away" or type(design.pending) is not Complete:
        return False
    return not design.fixed_cohorts or (isinstance(design, APlusB) and not design.rules)


def complete_times(
    designs: Mapping[str, Design],
    truths: Mapping[str, FloatArray],
    *,
    calendar: Calendar,
    window_days: float,
    n_trials: int,
    seed: int,
    watch: Callable[[int], None] | None = None,
    graphs: Mapping[str, DecisionGraph] | None = None,
    each_block: Callable[[tuple[str, str], int, FloatArray], None] | None = None,
    observation: ObservationModel | None = None,
) -> dict[tuple[str, str], TimeFigures]:
    """Return the figures about time of designs for which :func:`waits_for_all` holds, by truth and design.

    Parameters
    ----------
    designs, truths : mapping
        By name.
    calendar, window_days, n_trials, seed
        As for :func:`doseesc.engines.simulate_calendar`, whose figures these are.
    watch : callable, optional
        Told how many trials more have been played of one truth.
    graphs : mapping, optional
        Decisions of designs that are known already.
    each_block : callable, optional
        Told of every block of trials: truth and design, its number, and its trials' figures (S, C) of ``COLUMNS``.
    observation : ObservationModel, optional
        What else happens to patients.
    """
    known = graphs or {}
    own = {
        name: known[name] if name in known and not design.fixed_cohorts else complete_graph(design)
        for name, design in designs.items()
    }
    most = max(design.max_n for design in designs.values())
    watched_days = window_days if observation is None else float(observation.window)
    clock = complete_clock(calendar, window_days, observation, patients=most, seed=seed)
    sums: dict[tuple[str, str], list[BlockEnds]] = {(truth, name): [] for truth in truths for name in designs}
    durations: dict[tuple[str, str], list[Durations]] = {key: [] for key in sums}
    for index, trials in enumerate(block_sizes(n_trials, BLOCK)):
        for first in range(0, len(truths), clock.most_truths):
            some = list(truths.items())[first : first + clock.most_truths]
            clock.begin(index, trials, np.array([probabilities for _, probabilities in some]))
            for name, graph in own.items():
                for (truth, _), figures in zip(some, clock.play(graph), strict=True):
                    if each_block is not None:
                        each_block((truth, name), index, figures)
                    sums[truth, name].append(BlockEnds.of(index, figures))
                    durations[truth, name].append(Durations.of(figures[:, _COLUMN["duration_days"]]))
            if watch is not None:
                for _ in some:
                    watch(trials)
    return {key: time_figures(sums[key], Durations.merged(durations[key]), watched_days) for key in sums}


def complete_clock(
    calendar: Calendar, window_days: float, observation: ObservationModel | None, *, patients: int, seed: int
) -> CompleteClock | ObservedClock:
    """Return what plays designs for which :func:`waits_for_all` holds, watched or not."""
    if observation is None:
        return CompleteClock(calendar, window_days, patients=patients, seed=seed)
    return ObservedClock(calendar, observation, patients=patients, seed=seed)


def complete_graph(design: Design) -> DecisionGraph:
    """Return the decisions that :class:`CompleteClock` plays."""
    return GroupGraph(design) if design.fixed_cohorts else DecisionGraph(design)


class CompleteClock:
    """Plays designs for which :func:`waits_for_all` holds, on the same patients.

    Parameters
    ----------
    calendar : Calendar
    window_days : float
    patients : int
        Most patients per trial, of any design.
    seed : int
    """

    most_truths = 1
    """How many truths :meth:`begin` takes at once."""

    def __init__(self, calendar: Calendar, window_days: float, *, patients: int, seed: int) -> None:
        self._calendar, self._window, self._seed, self._most = calendar, window_days, seed, patients
        self._have: tuple[object, ...] = ()
        self._patients = PatientRows(*(np.empty((0, 0)) for _ in range(4)))
        self._truth = np.empty(0)

    def begin(self, index: int, trials: int, truths: FloatArray) -> None:
        """Have the patients of a block of trials come, under one truth (1, J), on which times of DLTs may depend."""
        (truth,) = truths
        self._truth = truth
        wanted = (index, trials, truth.tobytes() if isinstance(self._calendar.times, LateWeibull) else b"")
        if self._have == wanted:
            return
        drawn = DrawnPatients(
            self._calendar, truth, self._window, patients=self._most, trials=trials, seed=self._seed, index=index
        )
        number, table = np.ascontiguousarray(drawn.numbers().T), self._calendar.accrual.table
        latent, dlt_day = np.ascontiguousarray(drawn.latent.T), np.ascontiguousarray(np.moveaxis(drawn.dlt_day, 0, -1))
        if len(dlt_day) == 1:
            # What would come after the window is no DLT, whatever its probability.
            latent = np.where(dlt_day[0] <= self._window, latent, 1.0)
        # At a steady rate days are numbers over the rate, whatever the day.
        gap = day_gap(table, 0.0, number) if len(table) == 1 else None
        self._patients = PatientRows(latent, dlt_day, number, gap)
        self._have = wanted

    def play(self, graph: DecisionGraph) -> list[FloatArray]:
        """Play the block's trials of one design; return, for the truth, the figures of each, (S, C), of ``COLUMNS``.

        The graph is that of :func:`complete_graph`.
        """
        trials = TrialsUnderWay(graph, self._truth, self._calendar, self._window, self._patients)
        for patient in range(graph.design.max_n):
            if patient:
                trials.arrive(patient)
            trials.treat(patient)
        return [trials.finish()]
