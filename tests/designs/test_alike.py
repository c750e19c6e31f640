"""Counts of the same kinds are decided alike, whatever else is true of them."""

from dataclasses import replace

import numpy as np
import pytest

from designs import APlusB, MinimumAtMTD, Pending, RollingSix, Settled, ThreePlusThree
from designs.alike import kinds_of
from designs.tally import Tally

DESIGNS = {
    **{f"3+3, {variant}": ThreePlusThree(n_doses=4, variant=variant) for variant in ("six_at_mtd", "deescalation")},
    "3+3, up only": ThreePlusThree(n_doses=4, variant="escalation_only"),
    "3+3, cut short": ThreePlusThree(n_doses=4, max_n=14),
    "2+4": APlusB(n_doses=3, a=2, b=4, c=1, d=1, e=2),
    **{f"rolling six, {variant}": RollingSix(n_doses=4, variant=variant) for variant in ("protocol", "eager", "iq")},
    "rolling six, cut short": RollingSix(n_doses=4, max_n=12),
}


def any_states(design, most, size):
    """Return states that may be told apart by little, reached by a trial or not."""
    random = np.random.default_rng(1)
    shape = (size, design.n_doses)
    n = np.minimum(random.choice([0, 1, 2, 3, 3, 3, 4, 5, 6, 6, 7, 8], shape), most)
    dlt = np.minimum(n, random.choice([0, 0, 0, 1, 1, 2, 3], shape))
    pending = np.minimum(n - dlt, random.choice([0, 0, 0, 0, 1, 2, 6], shape))
    level = random.integers(1, design.n_doses + 1, size)
    fits = (n.sum(axis=1) <= design.max_n) & (n[np.arange(size), level - 1] > 0)
    return n[fits], dlt[fits], pending[fits], level[fits]


@pytest.mark.parametrize("name", DESIGNS)
def test_states_of_the_same_kinds_are_decided_alike(name):
    design = DESIGNS[name]
    kinds = kinds_of(design)
    most = 8 if "iq" in name else 6
    n, dlt, pending, level = any_states(design, most, 40_000)
    doses = np.arange(1, design.n_doses + 1)
    where = np.clip(doses - level[:, None], -2, 2) + 2
    left = np.minimum(design.max_n - n.sum(axis=1), kinds.largest_cohort)
    key = np.column_stack([kinds.kind[where, n, dlt, pending], level, left])

    places = np.repeat(np.broadcast_to(doses, n.shape).ravel(), pending.ravel())
    row = np.repeat(np.arange(len(n)), pending.sum(axis=1))
    at = np.zeros((len(n), pending.sum(axis=1).max()), dtype=np.int64)
    at[row, np.arange(len(row)) - np.searchsorted(row, row)] = places
    decided = design.decide(
        Tally(n=n - pending, dlt=dlt, level=level), Pending(level=at, days=np.zeros(at.shape), window_days=28)
    )
    answer = np.column_stack([decided.level, decided.cohort_size, decided.reason_code])
    assert len(np.unique(np.column_stack([key, answer]), axis=0)) == len(np.unique(key, axis=0))
    counts = np.column_stack([n, dlt, pending, level])
    assert len(np.unique(key, axis=0)) < 0.9 * len(np.unique(counts, axis=0))
    assert len(np.unique(answer, axis=0)) > 8


def test_nothing_is_said_of_designs_whose_decisions_may_go_by_more():
    class Another(ThreePlusThree):
        """May decide in any way."""

    assert kinds_of(ThreePlusThree(n_doses=3)) is not None
    assert kinds_of(Another(n_doses=3)) is None
    assert kinds_of(replace(ThreePlusThree(n_doses=3), pending=Settled())) is None
    assert kinds_of(replace(RollingSix(n_doses=3), rules=(MinimumAtMTD(n=3),))) is None
    assert kinds_of(APlusB(n_doses=2, a=9, b=9, c=1, d=8, e=17)) is None
