"""Played one after the other in one place, trials end as they do side by side, decided in batches."""

import numpy as np
import pytest

from designs import BOIN, CCD, CRM, RollingSix, Settled, ThreePlusThree, Weighted
from doseesc.engines import Calendar, Stagger
from doseesc.engines.clock_batches import PlayInBatches
from doseesc.engines.clock_compiled import PlayCompiled
from doseesc.engines.clock_followed import Followed, followed_up
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_play import play_trials, player_of, setting_of
from doseesc.truth import Accrual

TRUTH = np.array([0.10, 0.25, 0.45])
TITE = {"target": 0.25, "max_n": 12, "pending": Weighted()}
DAILY = 365.25 / 12 / 2
"""Patients every other day: whole days of follow-up come to a limit exactly, and the design itself is asked."""
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3),
    "3+3 settled": ThreePlusThree(n_doses=3, pending=Settled()),
    "rolling six": RollingSix(n_doses=3),
    "TITE-CRM": CRM(skeleton=(0.1, 0.25, 0.45), cohort_size=1, **TITE),
    "TITE-BOIN": BOIN(n_doses=3, **TITE),
    "CCD": CCD(
        target=0.25, delta=0.05, n_doses=3, max_n=18, cohort_size=1, pending=Weighted(estimate="ess", minimum_known=0)
    ),
}


@pytest.mark.parametrize("how", ["wait", "queue"])
@pytest.mark.parametrize("name", DESIGNS)
def test_trials_end_as_those_of_the_design(name, how):
    design, size = DESIGNS[name], 700
    calendar = Calendar(
        accrual=Accrual(per_month=DAILY, process="fixed", arrivals_while_waiting=how),
        stagger=Stagger(days_after_first=1.5),
        max_days=150,
    )
    setting = setting_of(design, TRUTH, 10.0, calendar)

    def patients():
        return DrawnPatients(calendar, TRUTH, 10.0, patients=design.max_n, trials=size, seed=3, index=0)

    player = player_of(design)
    assert isinstance(player, PlayCompiled)
    assert player.can_follow(setting)
    expected = followed_up(play_trials(PlayInBatches(design), patients(), setting), True)
    for _ in range(2):  # the second time with what has been learned
        found = player.follow(patients(), setting)
        for part in set(Followed._fields) - {"counts"}:
            np.testing.assert_array_equal(getattr(found, part), getattr(expected, part), err_msg=part)
        np.testing.assert_array_equal(found.counts[:, :-1], expected.counts[:, :-1])
    assert len(np.unique(expected.end)) > 20


def test_where_patients_are_turned_away_trials_are_played_side_by_side():
    design = DESIGNS["rolling six"]
    calendar = Calendar(accrual=Accrual(per_month=9, arrivals_while_waiting="turn_away"))
    assert not player_of(design).can_follow(setting_of(design, TRUTH, 14.0, calendar))
