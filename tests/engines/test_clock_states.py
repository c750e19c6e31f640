"""Played by states, trials on the calendar are the same as played in batches, patient by patient."""

from dataclasses import replace

import numpy as np
import pytest

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
from doseesc.engines import Calendar, Stagger
from doseesc.engines.clock_batches import PlayInBatches
from doseesc.engines.clock_mechanics import Trials
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_play import play_trials, player_of, setting_of
from doseesc.engines.clock_states import PlayByStates
from doseesc.truth import Accrual

TRUTH = np.array([0.10, 0.25, 0.45])
RULES = (NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9), StopAtRecommended(n=9))
DESIGNS = {
    "CRM": CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=20, cohort_size=3, rules=RULES),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=14, cohort_size=1, rules=(AcceleratedTitration(),)),
    "3+3": ThreePlusThree(n_doses=3),
}


def played(player, design, calendar, trials=300):
    patients = DrawnPatients(calendar, TRUTH, 14.0, patients=design.max_n, trials=trials, seed=2, index=0)
    return play_trials(player, patients, setting_of(design, TRUTH, 14.0, calendar))


def assert_same_trials(one: Trials, other: Trials):
    for name in Trials._fields:
        if name not in ("number", "place"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
@pytest.mark.parametrize("policy", [Complete(), Settled()])
@pytest.mark.parametrize("name", DESIGNS)
def test_both_ways_play_the_same_trials(name, policy, how):
    design = replace(DESIGNS[name], pending=policy)
    calendar = Calendar(
        accrual=Accrual(per_month=8, arrivals_while_waiting=how), stagger=Stagger(days_after_first=3), max_days=200
    )
    fast = player_of(design)
    assert isinstance(fast, PlayByStates)
    first = played(fast, design, calendar)
    assert_same_trials(first, played(PlayInBatches(design), design, calendar))
    assert_same_trials(first, played(fast, design, calendar))  # now from memory alone
