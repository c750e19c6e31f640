"""The largest increment of the dose amount, against crmPack's rules written out, and exactly at its boundaries."""

from bisect import bisect_right
from fractions import Fraction

import numpy as np
import pytest
from ruled import AMOUNTS, boin, crm, decided

from designs import BOIN, MaximumIncrement, Tally
from doseesc.engines.exact import enumerate_paths


def test_at_most_so_many_times_the_current_amount():
    calm = "1NNN 2NNN"
    assert decided(crm(), calm) == [(5, "ESCALATE")]
    # From 2, at most double is 4, and the levels are 3 and 4.5.
    assert decided(crm(MaximumIncrement(amounts=AMOUNTS)), calm) == [(3, "INCREMENT_LIMITED")]
    assert decided(crm(MaximumIncrement(amounts=AMOUNTS, times=3)), calm) == [(4, "INCREMENT_LIMITED")]
    assert decided(crm(MaximumIncrement(amounts=AMOUNTS, times=3.375)), calm) == [(5, "ESCALATE")]


def test_fewer_times_after_dlts_of_the_trial():
    """1.5 times after the first DLT, 1.2 times after the third, wherever the DLTs were."""
    rule = MaximumIncrement(amounts=(1, 1.5, 3, 4.5, 5.4), times=3, after_dlts=((1, 1.5), (3, 1.2)))
    design = boin(rule, elimination_cutoff=0.999)
    calm, one, three = "1NNN 2NNN 3NNNNNN", "1NNN 2NNT 3NNNNNN", "1NNT 2NTT 3NNNNNN"
    assert decided(boin(), calm, one, three) == [(4, "ESCALATE")] * 3
    assert decided(design, calm, one, three) == [(4, "ESCALATE"), (4, "ESCALATE"), (3, "INCREMENT_LIMITED")]
    assert decided(design, "2NNN", "1NNT 2NNN") == [(3, "ESCALATE"), (2, "INCREMENT_LIMITED")]


def test_exact_multiples_are_allowed():
    """0.1 x 3 is not 0.3 in floating point; the step from 0.1 to 0.3 is three times all the same."""
    amounts = (0.1, 0.3, 0.9)
    design = BOIN(target=0.3, n_doses=3, max_n=30, rules=(MaximumIncrement(amounts=amounts, times=3),))
    assert decided(design, "1NNN", "1NNN 2NNN") == [(2, "ESCALATE"), (3, "ESCALATE")]


@pytest.mark.parametrize(("high", "allowed"), [(115, 2), (115.00000005, 1)])
def test_a_step_is_compared_as_written(high, allowed):
    """In floating point 1.15 x 100 is less than 115; and what is more than 1.15 times, if only a little, is more."""
    assert 1.15 * 100 < 115
    rule = MaximumIncrement(amounts=(100, high, 300), times=1.15)
    assert rule.reachable()[0, 0] == allowed
    assert MaximumIncrement(amounts=(30, 40, 80), times=4 / 3).reachable()[0, 0] == 2


def max_dose(amounts, intervals, increments, value, dose):
    """crmPack's maxDose methods: findInterval(value, intervals), then (1 + increment) times the last dose."""
    place = bisect_right(intervals, value)
    assert place > 0
    return (1 + increments[place - 1]) * dose


@pytest.mark.parametrize("dlts_of", ["trial", "last_cohort"])
def test_by_amount_and_by_dlts_as_crmpack(dlts_of):
    """IncrementsRelative with IncrementsRelativeDLT or IncrementsRelativeDLTCurrent, joined by IncrementsMin."""
    amounts = (5, 10, 15, 20, 30, 40, 50, 66, 80)
    by_amount = ((20, "0.5"), (40, "0.33"))
    after_dlts = ((1, "0.5"), (3, "0.2"))
    rule = MaximumIncrement(
        amounts=amounts,
        times=2,
        by_amount=tuple((amount, 1 + float(more)) for amount, more in by_amount),
        after_dlts=tuple((k, 1 + float(more)) for k, more in after_dlts),
        dlts_of=dlts_of,
    )
    rng = np.random.default_rng(5)
    last_n = np.full(400, 3)
    level = rng.integers(1, 10, 400)
    last_dlt = rng.integers(0, 4, 400)
    before = rng.integers(0, 3, 400)
    n, dlt = np.zeros((400, 9), dtype=int), np.zeros((400, 9), dtype=int)
    n[:, 0] += 3
    dlt[:, 0] += before
    n[np.arange(400), level - 1] += 3
    dlt[np.arange(400), level - 1] += last_dlt
    tally = Tally(n=n, dlt=dlt, level=level, memory={"last_n": last_n, "last_dlt": last_dlt})
    design = BOIN(target=0.3, n_doses=9, max_n=60, rules=(rule,))
    assert ("last_dlt" in design.needed_memory) == (dlts_of == "last_cohort")
    expected = []
    for row in range(400):
        dose = Fraction(amounts[level[row] - 1])
        counted = int(dlt[row].sum() if dlts_of == "trial" else last_dlt[row])
        relative = max_dose(amounts, [0, 20, 40], [Fraction(1), Fraction("0.5"), Fraction("0.33")], dose, dose)
        dlts = max_dose(amounts, [0, 1, 3], [Fraction(1), Fraction("0.5"), Fraction("0.2")], counted, dose)
        expected.append(sum(amount <= min(relative, dlts) for amount in amounts))
    np.testing.assert_array_equal(rule.bounds(design, tally)[1], expected)
    assert set(expected) == set(range(1, 10))


def test_dlts_of_the_last_cohort_are_forgotten_after_the_next():
    rule = MaximumIncrement(amounts=(1, 2, 4, 8, 16), after_dlts=((1, 1.5),))
    current = MaximumIncrement(amounts=(1, 2, 4, 8, 16), after_dlts=((1, 1.5),), dlts_of="last_cohort")
    history = "1NNNNNT", "1NNNNNT 1NNN", "1NNN 2NNNNNT 2NNN"
    assert [level for level, _ in decided(boin(rule), *history)] == [1, 1, 2]
    assert [level for level, _ in decided(boin(current), *history)] == [1, 2, 3]
    design = boin(current, n_doses=5, max_n=12)
    oc = enumerate_paths(design).characteristics(np.array([0.05, 0.1, 0.3, 0.5, 0.6]))
    free = enumerate_paths(boin(n_doses=5, max_n=12)).characteristics(np.array([0.05, 0.1, 0.3, 0.5, 0.6]))
    assert oc.patients[1:].sum() < free.patients[1:].sum()


def test_increments_by_amount_in_a_file(study_with):
    """The doses are 2, 8 and 16 mg; a pair is a list of two numbers."""
    rule = "{type: MaximumIncrement, times: 4, by_amount: [[8, 1.5]], after_dlts: [[1, 2]], dlts_of: last_cohort}"
    study = study_with("{name: B, type: BOIN}", f"{{name: B, type: BOIN, rules: [{rule}]}}")
    assert study.designs["B"].rules[0].reachable().tolist() == [[2, 2, 3], [1, 2, 3]]
