"""Differences gathered: what is told, and that nothing wrong passes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseesc.validation import Comparison, Differences, is_case

NUMBERS = st.floats(-1e6, 1e6)


@given(st.lists(st.tuples(NUMBERS, NUMBERS, st.sampled_from([0.0, 1e-9, 0.5, 1e5])), min_size=1, max_size=8))
def test_it_passes_exactly_where_every_difference_is_within_its_tolerance(rows):
    seen = Differences()
    for ours, theirs, within in rows:
        seen.close("each", ours, theirs, within=within)
    assert seen.result.passed == all(abs(ours - theirs) <= within for ours, theirs, within in rows)
    assert seen.result.comparisons == len(rows)


def test_the_difference_nearest_to_its_tolerance_is_told():
    seen = Differences()
    seen.close("large but allowed", 10.0, 0.0, within=100.0)
    seen.close("small but near", [0.0, 0.9], [0.0, 0.0], within=1.0)
    assert seen.result == Comparison(largest=0.9, tolerance=1.0, comparisons=3, where="small but near")
    seen.equal("a letter", list("ESD"), list("ESU"))
    assert (seen.result.largest, seen.result.where) == (1.0, "a letter")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(np.nan, 1.0), (1.0, np.nan), (np.nan, np.nan), ([1.0], [1.0, 2.0]), ([[1.0, 2.0]], [1.0, 2.0]), (np.inf, 1.0)],
)
def test_what_is_no_number_or_of_another_shape_fails(ours, theirs):
    for compare in (
        lambda seen: seen.close("it", ours, theirs, within=1e300),
        lambda seen: seen.equal("it", ours, theirs),
        lambda seen: seen.errors("it", ours, theirs, 1e300),
        lambda seen: seen.relative("it", ours, theirs, within=1e300),
    ):
        seen = Differences()
        compare(seen)
        assert not seen.result.passed


def test_nothing_compared_is_no_success():
    assert not Differences().result.passed
    seen = Differences()
    seen.equal("nobody", [], [])
    assert not seen.result.passed
    other = Differences()
    other.include("a part", seen.result)
    assert not other.result.passed


def test_standard_errors():
    seen = Differences()
    seen.errors("share", [0.5, 0.2], [0.46, 0.2], 0.01)
    assert seen.result.largest == pytest.approx(4.0)
    seen.errors("printed to two places", 0.5, 0.455, 0.01, slack=0.005)
    assert seen.result.unit == "standard errors"
    seen.errors("no error at all", 0.5, 0.4, 0.0)
    assert not seen.result.passed


def test_letters_count_one_by_one():
    seen = Differences()
    seen.equal("row", list("ESDU"), list("ESDD"))
    assert seen.result == Comparison(largest=1.0, tolerance=0.0, comparisons=4, where="row")


def test_comparisons_are_known_by_what_they_give():
    def with_an_argument(item: int) -> Comparison:
        raise NotImplementedError

    assert not is_case(with_an_argument)
