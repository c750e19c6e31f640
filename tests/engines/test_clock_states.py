"""Played by states, trials on the calendar are the same as played in batches, patient by patient."""

from dataclasses import replace

import numpy as np
import pytest
from same_trials import assert_played_as_in_batches

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    CoherentEscalation,
    Complete,
    NoSkipping,
    Settled,
    StopAtRecommended,
    StopTooToxic,
    ThreePlusThree,
)
from doseesc.engines import Calendar, CalendarSetting, Players, Stagger, play_calendar
from doseesc.engines.clock_answers import distinct
from doseesc.engines.clock_play import player_of
from doseesc.engines.clock_states import StateDecisions
from doseesc.truth import Accrual

TRUTH = [0.10, 0.25, 0.45]
RULES = (NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9), StopAtRecommended(n=9))
DESIGNS = {
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=20, cohort_size=3, rules=RULES),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=14, cohort_size=1, rules=(AcceleratedTitration(),)),
    "3+3": ThreePlusThree(n_doses=3),
}


def test_states_are_told_apart_by_all_of_their_words_in_the_order_in_which_they_come():
    keys = np.array([[7, -1], [-1, -1], [7, -1], [7, 0], [-1, -1]])
    first, which = distinct(keys)
    assert (first.tolist(), which.tolist()) == ([0, 1, 3], [0, 1, 0, 2, 1])
    many = np.random.default_rng(1).integers(-3, 3, (500, 3))
    first, which = distinct(many)
    assert (many[first][which] == many).all()
    assert len(first) == len(np.unique(many, axis=0))
    assert (np.diff(first) > 0).all()


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
@pytest.mark.parametrize("policy", [Complete(), Settled()])
@pytest.mark.parametrize("name", DESIGNS)
def test_both_ways_play_the_same_trials(name, policy, how):
    design = replace(DESIGNS[name], pending=policy)
    calendar = Calendar(
        accrual=Accrual(per_month=8, arrivals_while_waiting=how), stagger=Stagger(days_after_first=3), max_days=200
    )
    fast = player_of(design)
    assert isinstance(fast.decisions, StateDecisions)
    assert_played_as_in_batches(fast, design, calendar, TRUTH)


def test_what_is_learned_under_one_truth_serves_under_another(monkeypatch):
    design, calendar = DESIGNS["3+3"], Calendar(accrual=Accrual(per_month=8))
    players = Players()

    def played(truth, players=None):
        setting = CalendarSetting(28.0, calendar, 0.25, None)
        return play_calendar(design, np.array(truth), setting, 600, 1, players=players)

    learned = []
    learn = StateDecisions._add
    monkeypatch.setattr(
        StateDecisions, "_add", lambda self, keys, decision: learned.append(len(keys)) or learn(self, keys, decision)
    )
    played(TRUTH, players)
    first = sum(learned)
    again = played(TRUTH[::-1], players)
    with_known = sum(learned) - first
    alone = played(TRUTH[::-1])
    assert with_known < sum(learned) - first - with_known
    assert again.characteristics.duration_days == alone.characteristics.duration_days
    assert again.characteristics.selected.tolist() == alone.characteristics.selected.tolist()
