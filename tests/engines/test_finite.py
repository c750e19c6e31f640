"""A number that is not finite ends the computation, in every engine: no answer rather than a wrong one."""

from dataclasses import dataclass

import numpy as np
import pytest

import doseesc
from designs import BOIN, Tally
from doseesc.engines.montecarlo import BLOCK
from doseesc.errors import NotFinite


@dataclass(frozen=True, kw_only=True)
class Dividing(BOIN):
    """A design that divides by zero on its way, once a DLT has been seen, and decides nevertheless."""

    def propose(self, tally):
        total = np.array(tally.total_dlt, dtype=float)
        assert np.log(1 / np.where(total > 0, 0.0, 1.0)).shape == total.shape
        return super().propose(tally)


DESIGN = Dividing(target=0.3, n_doses=3, max_n=9)
TRUTH = [0.1, 0.3, 0.5]


def enumerate_it(design):
    return doseesc.enumerate_paths(design)


def simulate_it(design):
    return doseesc.simulate(design, TRUTH, n_trials=50)


def simulate_in_two(design):
    return doseesc.simulate(design, TRUTH, n_trials=5000, jobs=2)


def on_the_calendar(design):
    return doseesc.simulate_calendar(design, TRUTH, window_days=28, accrual=doseesc.Accrual(per_month=2), n_trials=50)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("engine", [enumerate_it, simulate_it, simulate_in_two, on_the_calendar])
def test_an_engine_refuses_what_numpy_only_warns_of(engine):
    with pytest.raises(NotFinite, match="divide by zero"):
        engine(DESIGN)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_patients_that_are_drawn_in_a_thread_beside_are_refused_so_too(monkeypatch):
    monkeypatch.setattr("doseesc.engines.clock_play.draw_block", lambda *_: np.log(np.zeros(1)))
    design, accrual = BOIN(target=0.3, n_doses=3, max_n=9), doseesc.Accrual(per_month=2)
    with pytest.raises(NotFinite, match="divide by zero"):
        doseesc.simulate_calendar(design, TRUTH, window_days=28, accrual=accrual, n_trials=2 * BLOCK)


def test_what_is_computed_without_it_is_answered():
    assert enumerate_it(BOIN(target=0.3, n_doses=3, max_n=9)).n_paths > 0
    assert DESIGN.decide(Tally.parse("1NNN", n_doses=3)).level == [2]
