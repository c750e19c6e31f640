"""Trials on the calendar take the memory of the block played and of those drawn ahead, however many there are."""

import tracemalloc

import pytest

from designs import BOIN, CRM, RollingSix, ThreePlusThree, Weighted
from doseesc.engines import BLOCK, simulate_calendar
from doseesc.truth import Accrual

TRUTH = [0.1, 0.25, 0.4]
COMMON = {"target": 0.25, "max_n": 18, "cohort_size": 1, "pending": Weighted()}
DESIGNS = {
    "TITE-CRM": CRM(skeleton=(0.1, 0.25, 0.4), **COMMON),
    "TITE-BOIN": BOIN(n_doses=3, **COMMON),
    "rolling six": RollingSix(n_doses=3),
    "3+3": ThreePlusThree(n_doses=3),
}


def most_memory(design, blocks):
    """Return the most bytes that a simulation holds at any time."""
    tracemalloc.start()
    try:
        simulate_calendar(design, TRUTH, window_days=28, accrual=Accrual(per_month=6), n_trials=blocks * BLOCK)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", DESIGNS)
def test_memory_does_not_grow_with_trials(name):
    simulate_calendar(DESIGNS[name], TRUTH, window_days=28, accrual=Accrual(per_month=6), n_trials=100)
    few = most_memory(DESIGNS[name], 3)
    assert few > BLOCK * 8 * 18, "less than one number per patient: not measured"
    assert most_memory(DESIGNS[name], 8) < 1.2 * few
