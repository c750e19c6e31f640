"""The batch of trial states: what it holds, reads, remembers and refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import Tally
from designs.outcomes import parse_cohorts
from designs.tally import MEMORY

COHORTS = st.lists(st.tuples(st.integers(1, 6), st.text("NT", min_size=1, max_size=5)), max_size=12)


def fields(tally):
    return [tally.n, tally.dlt, tally.level, *(tally.memory[name] for name in sorted(tally.memory))]


def test_counts_shapes_and_totals():
    tally = Tally(n=[[3, 6, 0], [3, 0, 0]], dlt=[[0, 2, 0], [1, 0, 0]], level=[2, 1])
    assert (tally.size, tally.n_doses) == (2, 3)
    np.testing.assert_array_equal(tally.total_n, [9, 3])
    np.testing.assert_array_equal(tally.total_dlt, [2, 1])
    np.testing.assert_array_equal(tally.at(tally.n), [6, 3])
    np.testing.assert_array_equal(tally.at(tally.dlt, np.array([0, 1])), [0, 1])


def test_parse_counts_by_level():
    tally = Tally.parse("1NNN 2NNT 2TT 1N", n_doses=3)
    np.testing.assert_array_equal(tally.n, [[4, 5, 0]])
    np.testing.assert_array_equal(tally.dlt, [[0, 3, 0]])
    np.testing.assert_array_equal(tally.level, [1])


@pytest.mark.parametrize("same", ["1NNN2NNT", "1nnn 2nnt", " 1NNN  2NNT ", "1N NN 2NNT", "1NNN\n2NNT"])
def test_parse_is_lenient_about_case_and_spaces(same):
    for ours, theirs in zip(
        fields(Tally.parse(same, n_doses=3)), fields(Tally.parse("1NNN 2NNT", n_doses=3)), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_parse_many_trials_and_none():
    tally = Tally.parse(["1NNN", "", "1NNN 2NTT"], n_doses=2)
    np.testing.assert_array_equal(tally.n, [[3, 0], [0, 0], [3, 3]])
    np.testing.assert_array_equal(tally.level, [1, 0, 2])
    assert Tally.parse([], n_doses=2).size == 0
    np.testing.assert_array_equal(Tally.parse("", n_doses=2).level, [0])


def test_levels_of_two_digits():
    np.testing.assert_array_equal(Tally.parse("12NT", n_doses=12).n[0, -1], 2)
    assert parse_cohorts("10N 2T", n_doses=10) == [(10, 1, 0), (2, 1, 1)]


@given(COHORTS)
def test_parse_round_trip(cohorts):
    text = " ".join(f"{level}{patients}" for level, patients in cohorts)
    expected = [(level, len(patients), patients.count("T")) for level, patients in cohorts]
    assert parse_cohorts(text, n_doses=6) == expected
    tally = Tally.parse(text, n_doses=6)
    n, dlt = np.zeros(6, dtype=int), np.zeros(6, dtype=int)
    for level, patients, toxic in expected:
        n[level - 1] += patients
        dlt[level - 1] += toxic
    np.testing.assert_array_equal(tally.n[0], n)
    np.testing.assert_array_equal(tally.dlt[0], dlt)
    assert tally.level[0] == (expected[-1][0] if expected else 0)
    assert tally.recall("last_n")[0] == (expected[-1][1] if expected else 0)
    assert tally.recall("last_dlt")[0] == (expected[-1][2] if expected else 0)
    assert tally.recall("cohorts")[0] == len(cohorts)
    levels = [level for level, _ in cohorts]
    run = next((k for k, level in enumerate(reversed(levels)) if level != levels[-1]), len(levels))
    assert tally.recall("cohorts_in_a_row")[0] == run


@settings(max_examples=30)
@given(st.lists(COHORTS, min_size=1, max_size=5))
def test_a_batch_holds_its_members_side_by_side(trials):
    texts = [" ".join(f"{level}{patients}" for level, patients in cohorts) for cohorts in trials]
    batch = Tally.parse(texts, n_doses=6)
    assert batch.size == len(texts)
    for row, text in enumerate(texts):
        for ours, theirs in zip(fields(batch.take(np.array([row]))), fields(Tally.parse(text, n_doses=6)), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_after_adds_one_cohort_to_each_trial():
    before = Tally.parse(["1NNN", "1NNT 1NNN"], n_doses=3)
    after = before.after(np.array([2, 1]), np.array([3, 2]), np.array([1, 2]))
    expected = Tally.parse(["1NNN 2NNT", "1NNT 1NNN 1TT"], n_doses=3)
    for ours, theirs in zip(fields(after), fields(expected), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(before.n, [[3, 0, 0], [6, 0, 0]])  # the old one is untouched


def test_memory():
    tally = Tally.parse("1NNN 2NT 2NNTT", n_doses=3)
    assert {name: int(values[0]) for name, values in tally.memory.items()} == {
        "last_n": 4,
        "last_dlt": 2,
        "cohorts": 3,
        "cohorts_in_a_row": 2,
    }
    assert set(Tally.empty(3).memory) == set(MEMORY)
    bare = Tally(n=[[3, 0]], dlt=[[1, 0]], level=[1])
    with pytest.raises(ValueError, match=r"^memory 'last_dlt' is needed"):
        bare.recall("last_dlt")
    given_by_hand = Tally(n=[[3, 0]], dlt=[[1, 0]], level=[1], memory={"last_dlt": [1]})
    assert given_by_hand.recall("last_dlt")[0] == 1


def test_take_by_mask_and_by_index_and_concatenate():
    tally = Tally.parse(["1N", "1T", "2NN"], n_doses=2)
    np.testing.assert_array_equal(tally.take(np.array([True, False, True])).n, [[1, 0], [0, 2]])
    np.testing.assert_array_equal(tally.take(np.array([2, 2, 0])).level, [2, 2, 1])
    joined = Tally.concatenate([tally, Tally(n=[[1, 1]], dlt=[[0, 0]], level=[2], memory={"last_n": [1]})])
    assert joined.size == 4
    assert set(joined.memory) == {"last_n"}  # what all of them have


def test_empty():
    tally = Tally.empty(4, size=3)
    assert (tally.size, tally.n_doses, int(tally.total_n.sum()), set(tally.level.tolist())) == (3, 4, 0, {0})
    assert Tally.empty(4).size == 1


def test_whole_floats_are_taken_as_counts():
    tally = Tally(n=[[3.0, 0.0]], dlt=[[1.0, 0.0]], level=[1.0])
    assert np.issubdtype(tally.n.dtype, np.integer)
    assert np.issubdtype(Tally(n=np.array([[3, 0]], dtype=np.uint8), dlt=[[0, 0]], level=[1]).n.dtype, np.signedinteger)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"n": [3, 0]}, "n"),
        ({"n": 3}, "n"),
        ({"n": [[[3, 0]]]}, "n"),
        ({"n": [[]]}, "n"),
        ({"n": "three"}, "n"),
        ({"n": None}, "n"),
        ({"n": [[3.5, 0]]}, "n"),
        ({"n": [[float("nan"), 0]]}, "n"),
        ({"n": [[float("inf"), 0]]}, "n"),
        ({"n": [[-1, 0]]}, "n"),
        ({"n": [[3, 0], [1]]}, "n"),
        ({"dlt": [[0, 0, 0]]}, "dlt"),
        ({"dlt": [[4, 0]]}, "dlt"),
        ({"dlt": [[0, 1]]}, "dlt"),
        ({"dlt": [[-1, 0]]}, "dlt"),
        ({"dlt": [[0.5, 0]]}, "dlt"),
        ({"level": 1}, "level"),
        ({"level": [1, 1]}, "level"),
        ({"level": [3]}, "level"),
        ({"level": [-1]}, "level"),
        ({"level": ["low"]}, "level"),
        ({"memory": {"first_dlt": [0]}}, "memory"),
        ({"memory": {"last_dlt": [0, 0]}}, "memory"),
        ({"memory": {"last_dlt": [-1]}}, "memory"),
        ({"memory": ["last_dlt"]}, "memory"),
    ],
)
def test_wrong_argument_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        Tally(**({"n": [[3, 0]], "dlt": [[0, 0]], "level": [1]} | wrong))


@pytest.mark.parametrize("text", ["NNN", "1", "1X", "1NNN 2", "1NN? 2NNN", "-1NNN", "1.5N", "0N", "4N", "1N 9T", "a1N"])
def test_unreadable_outcomes(text):
    with pytest.raises(ValueError, match=r"^outcomes\b"):
        Tally.parse(text, n_doses=3)


def test_unreadable_outcomes_are_shown_with_the_remedy():
    with pytest.raises(ValueError, match=r"'X' in '1NNN 2NNX'; write the level and N .* or T .* '1NNN 2NNT'"):
        Tally.parse("1NNN 2NNX", n_doses=3)
    with pytest.raises(ValueError, match=r"level 4 in '1NNN 4N'; the levels are 1 to 3"):
        Tally.parse("1NNN 4N", n_doses=3)


@pytest.mark.parametrize("outcomes", [5, None, ["1N", None], [1, 2]])
def test_outcomes_of_a_wrong_type(outcomes):
    with pytest.raises(ValueError, match=r"^outcomes\b"):
        Tally.parse(outcomes, n_doses=3)


@pytest.mark.parametrize("n_doses", [0, -1, 2.5, None, "3"])
def test_wrong_number_of_doses(n_doses):
    with pytest.raises(ValueError, match=r"^n_doses\b"):
        Tally.empty(n_doses)
    with pytest.raises(ValueError, match=r"^n_doses\b"):
        Tally.parse("1N", n_doses=n_doses)
