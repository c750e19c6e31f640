"""Patients under observation: what is refused, how they are counted, and the tally of everybody entered."""

import numpy as np
import pytest

from designs import BOIN, CoherentEscalation, EnteredTally, Pending, Tally, follow_up_weights

WINDOW = 14


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"days": [[7.0, 14.0, 0.0]]}, "days must lie from 0 to below the window of 14 days"),
        ({"days": [[7.0, -1.0, 0.0]]}, "days must lie from 0"),
        ({"days": [[7.0, 1.0]]}, "days must have the shape of level"),
        ({"days": [[7.0, np.nan, 0.0]]}, "days must hold numbers"),
        ({"level": [2, 2, 0]}, "level must have two axes"),
        ({"level": [[2.5, 2, 0]]}, "level must hold whole numbers"),
        ({"level": [[-1, 2, 0]]}, "level must lie between 0"),
        ({"n_doses": 1}, "level must lie between 0 and 1"),
        ({"window_days": 0}, "window_days must be above 0"),
        ({"dlt_days": [[15.0]]}, "dlt_days must lie from 0 to the window"),
        ({"dlt_days": [[1.0], [2.0]]}, "dlt_days must have 1 rows"),
        ({"last_cohort": [3]}, "last_cohort must lie between 0 and the number"),
        ({"last_cohort": [[1]]}, "last_cohort must be whole numbers of shape"),
    ],
)
def test_wrong_values_are_refused_by_name(changed, message):
    values = {"level": [[2, 2, 0]], "days": [[7.0, 1.5, 0.0]], "window_days": WINDOW}
    with pytest.raises(ValueError, match=f"^{message}"):
        Pending(**(values | changed))


def test_days_in_empty_places_are_of_no_account():
    pending = Pending(level=[[2, 0]], days=[[7.0, 99.0]], window_days=WINDOW)
    assert pending.days.tolist() == [[7.0, 0.0]]
    assert pending.count.tolist() == [[0, 1]]
    assert pending.followed_at(np.array([2])).tolist() == [7.0]
    assert pending.followed_at(np.array([1])).tolist() == [np.inf]


def test_pending_patients_must_fit_the_tally():
    design = BOIN(target=0.25, n_doses=3, max_n=18)
    pending = Pending(level=[[2]], days=[[7.0]], window_days=WINDOW)
    with pytest.raises(ValueError, match=r"^pending must have 2 rows"):
        design.decide(Tally.empty(3, 2), pending)
    with pytest.raises(ValueError, match=r"^level of the tally must be that of the last cohort"):
        design.decide(Tally.empty(3), pending)
    with pytest.raises(ValueError, match=r"^level must lie between 0 and 1"):
        BOIN(target=0.25, n_doses=1, max_n=18).decide(Tally(n=[[3]], dlt=[[0]], level=[1]), pending)


def test_everybody_entered_counts_and_keeps_who_is_known():
    known = Tally.parse(["1NNN 2N", "1NNN"], n_doses=3)
    entered = Pending(level=[[2, 2], [1, 0]], days=[[7.0, 1.5], [3.0, 0.0]], window_days=WINDOW).entered(known)
    assert entered.n.tolist() == [[3, 3, 0], [4, 0, 0]]
    assert entered.dlt.tolist() == [[0, 0, 0], [0, 0, 0]]
    assert entered.recall("last_n").tolist() == [3, 4]
    second = entered.take(np.array([1]))
    assert isinstance(second, EnteredTally)
    assert second.n.tolist() == [[4, 0, 0]]
    assert second.known.n.tolist() == [[3, 0, 0]]
    assert second.pending.days.tolist() == [[3.0, 0.0]]


def test_the_last_cohort_can_be_told_from_earlier_ones_at_its_level():
    known = Tally(n=[[3, 0, 0]], dlt=[[0, 0, 0]], level=[1], memory={"last_n": [1], "last_dlt": [0]})
    pending = Pending(level=[[1, 1, 1]], days=[[9.0, 1.0, 1.0]], window_days=WINDOW, last_cohort=[2])
    assert pending.entered(known).recall("last_n").tolist() == [3]
    assert pending.in_last_cohort(known).tolist() == [2]


@pytest.mark.parametrize("weights", ["linear", "adaptive", (0.2, 0.3, 0.5)])
def test_weights_grow_from_nothing_to_one(weights):
    days = np.linspace(0, WINDOW - 1e-9, 500)[None]
    pending = Pending(np.ones(days.shape), days, WINDOW, dlt_days=[[2.0, 2.0, 9.0, np.nan]])
    weight = follow_up_weights(pending, weights)[0]
    assert weight[0] == 0
    assert weight[-1] == pytest.approx(1, abs=1e-8)
    assert (np.diff(weight) >= 0).all()


def test_adaptive_weights_by_hand():
    """Two DLTs at day 2 and one at 9 of 14: an eighth of the way from 9 to 14 is (3 + 1/8) / 4."""
    pending = Pending([[1, 1, 1]], [[1.0, 2.0, 9.625]], WINDOW, dlt_days=[[9.0, 2.0, np.nan, 2.0]])
    assert follow_up_weights(pending, "adaptive")[0] == pytest.approx([0.125, 0.5, (3 + 0.125) / 4], abs=1e-15)
    none = Pending([[1]], [[7.0]], WINDOW, dlt_days=[[np.nan]])
    assert follow_up_weights(none, "adaptive").tolist() == follow_up_weights(none).tolist()
    with pytest.raises(ValueError, match=r"^dlt_days must be given with adaptive weights"):
        follow_up_weights(Pending([[1]], [[7.0]], WINDOW), "adaptive")


def test_coherence_counts_the_pending_of_the_last_cohort():
    """One DLT among three entered is above the target; of the one known alone it would be too, of five it is not."""
    rule = CoherentEscalation()
    design = BOIN(target=0.25, n_doses=3, max_n=18, rules=(rule,))
    known = Tally(n=[[1, 0, 0]] * 2, dlt=[[1, 0, 0]] * 2, level=[1, 1], memory={"last_n": [1, 1], "last_dlt": [1, 1]})
    level = np.array([[1, 1, 0, 0], [1, 1, 1, 1]])
    entered = Pending(level, np.ones(level.shape), WINDOW, n_doses=3).entered(known)
    assert rule.bounds(design, entered)[1].tolist() == [1, 3]


def test_outcome_strings_with_patients_pending():
    known, pending = Pending.parse(["1NNN 2TP7P", "1NP3.5 1NPN", "", "1NNT"], n_doses=3, window_days=14)
    np.testing.assert_array_equal(known.n, [[3, 1, 0], [3, 0, 0], [0, 0, 0], [3, 0, 0]])
    np.testing.assert_array_equal(known.dlt[:, :2], [[0, 1], [0, 0], [0, 0], [1, 0]])
    np.testing.assert_array_equal(known.level, [2, 1, 0, 1])
    np.testing.assert_array_equal(known.recall("last_n"), [1, 2, 0, 3])
    np.testing.assert_array_equal(pending.level, [[2, 2], [1, 1], [0, 0], [0, 0]])
    np.testing.assert_array_equal(pending.days, [[7, 0], [3.5, 0], [0, 0], [0, 0]])
    np.testing.assert_array_equal(pending.last_cohort, [2, 1, 0, 0])
    np.testing.assert_array_equal(pending.entered(known).n, [[3, 3, 0], [5, 0, 0], [0, 0, 0], [3, 0, 0]])
    assert Pending.parse("1nn p7 2 N", 3, 14)[1].days.tolist() == [[7.0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1NNP14", "followed for 14 days, P14, which is the whole window"),
        ("1NNP72NNN", "part cohorts by a blank"),
        ("4P", "outcomes name level 4"),
        ("1N X", "outcomes cannot be read at 'X'"),
    ],
)
def test_outcome_strings_that_cannot_be(text, message):
    with pytest.raises(ValueError, match=message):
        Pending.parse(text, n_doses=3, window_days=14)


def test_a_tally_alone_knows_every_outcome():
    with pytest.raises(ValueError, match=r"hold a patient pending, P7, .*Pending.parse"):
        Tally.parse("1NNN 2NP7", n_doses=3)
