"""Blocks of trials on the calendar, played again one by one: those of a run, for questions about single trials."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from designs import Design
from designs.arrays import FloatArray
from doseesc.engines.clock import CalendarSetting
from doseesc.engines.clock_complete import CompleteClock, complete_clock, complete_graph, waits_for_all
from doseesc.engines.clock_complete_observed import ObservedClock
from doseesc.engines.decision_graph import DecisionGraph

if TYPE_CHECKING:
    from doseesc.engines.clock_ended import Ended
    from doseesc.engines.clock_play import Player


class CalendarBlocks:
    """Plays the trials of one design under one truth.

    Parameters
    ----------
    design : Design
    truth : array, shape (J,)
    setting : CalendarSetting
    seed : int
    """

    def __init__(self, design: Design, truth: FloatArray, setting: CalendarSetting, seed: int) -> None:
        self._design, self._truth, self._setting, self._seed = design, truth, setting, seed
        self._waits = waits_for_all(design, setting.calendar)

    @cached_property
    def _complete(self) -> tuple[CompleteClock | ObservedClock, DecisionGraph]:
        setting = self._setting
        how = setting.calendar, setting.window_days, setting.observation
        clock = complete_clock(*how, patients=self._design.max_n, seed=self._seed)
        return clock, complete_graph(self._design)

    @cached_property
    def _player(self) -> Player:
        from doseesc.engines.clock_play import player_of  # compiles

        return player_of(self._design)

    def days(self, index: int, trials: int) -> FloatArray:
        """Return the figures about time of the trials of block ``index``, (S, C) of ``COLUMNS``."""
        if not self._waits:
            return self.play(index, trials)[1]
        clock, graph = self._complete
        clock.begin(index, trials, self._truth[None])
        return clock.play(graph)[0]

    def play(self, index: int, trials: int) -> tuple[Ended, FloatArray]:
        """Return how the trials of block ``index`` ended, and their figures about time."""
        from doseesc.engines.clock_play import draw_block, play_block  # compiles

        setting = self._setting
        of_all = self._design, self._truth, setting.window_days, setting.calendar
        patients = draw_block(*of_all, self._seed, index, trials, setting.observation)
        played = play_block(self._player, *of_all, patients, setting.observation)
        return played.ended, played.figures
