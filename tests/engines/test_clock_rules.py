"""Compiled decisions decline what they have not heard of."""

import numpy as np
import pytest
from same_trials import played

from designs import BOIN, CRM, Weighted
from doseesc.engines import Calendar, clock_compiled, clock_rules
from doseesc.engines.clock_arrays import Setting
from doseesc.engines.clock_play import player_of, setting_of
from doseesc.truth import Accrual

TITE = {"target": 0.25, "max_n": 6, "pending": Weighted()}
DESIGNS = {
    "TITE-CRM": CRM(skeleton=(0.1, 0.25, 0.4), **TITE),
    "TITE-BOIN": BOIN(n_doses=3, **TITE),
}
CALENDAR = Calendar(accrual=Accrual(per_month=6))


def test_all_parts_of_a_setting_that_compiled_decisions_go_by_are_known():
    design = DESIGNS["TITE-BOIN"]
    assert clock_rules.knows_setting(setting_of(design, np.array([0.1, 0.2, 0.3]), 14.0, CALENDAR))
    assert set(Setting._fields) >= clock_rules._SETTING


@pytest.mark.parametrize("name", DESIGNS)
def test_a_setting_with_something_else_going_on_is_left_to_the_design(name, monkeypatch):
    asked = []

    class Told(clock_compiled.PlayInBatches):
        def play(self, *given):
            asked.append(self)
            return super().play(*given)

    monkeypatch.setattr(clock_compiled, "PlayInBatches", Told)
    design = DESIGNS[name]
    ordinary = played(player_of(design), design, CALENDAR, [0.1, 0.2, 0.3])
    assert not asked
    monkeypatch.setattr(clock_rules, "_SETTING", clock_rules._SETTING - {"window"})
    np.testing.assert_array_equal(
        played(player_of(design), design, CALENDAR, [0.1, 0.2, 0.3]).entered, ordinary.entered
    )
    assert asked


@pytest.mark.parametrize("part", ["observed", "backfills"])
def test_patients_who_are_watched_or_backfilled_are_left_to_the_design(part):
    setting = setting_of(DESIGNS["TITE-CRM"], np.array([0.1, 0.2, 0.3]), 14.0, CALENDAR)
    assert not clock_rules.knows_setting(setting._replace(**{part: True}))
