"""The true MTD, its ties and the rule about them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseesc.truth.mtd import TIES, right_levels, tied_levels, true_mtd


@pytest.mark.parametrize(
    ("p", "level"),
    [
        ([0.10, 0.25, 0.45], 2),
        ([0.20, 0.30, 0.50], 1),  # a tie between different doses goes to the lower
        ([0.15, 0.35], 1),  # also where the distances differ in the last bit only
        ([0.05, 0.20, 0.20], 3),  # a plateau below the target: its highest dose
        ([0.10, 0.10, 0.10], 3),
        ([0.30, 0.30, 0.30], 1),  # a plateau above the target: its lowest dose
        ([0.20, 0.20, 0.30, 0.30], 2),
        ([0.34, 0.60], 1),
        ([0.35, 0.60], 1),  # exactly target + margin is not yet too toxic
        ([0.36, 0.60], 0),
        ([0.02, 0.03, 0.50], 2),
    ],
)
def test_true_mtd_nearest(p, level):
    assert true_mtd(p, 0.25) == level


@pytest.mark.parametrize(
    ("p", "level"), [([0.10, 0.25, 0.35], 3), ([0.10, 0.25, 0.36], 2), ([0.36, 0.6, 0.7], 0), ([0.1, 0.1, 0.1], 3)]
)
def test_true_mtd_highest_below(p, level):
    assert true_mtd(p, 0.25, rule="highest_below", margin=0.1) == level


def test_true_mtd_of_many_curves_and_unknown_rule():
    curves = np.array([[[0.1, 0.25], [0.5, 0.6]], [[0.0, 0.1], [0.25, 0.3]]])
    assert true_mtd(curves, 0.25).tolist() == [[2, 0], [2, 1]]
    with pytest.raises(ValueError, match="rule must be"):
        true_mtd([0.1], 0.25, rule="best")  # type: ignore[arg-type]


def marked(p, **more):
    return np.flatnonzero(right_levels(p, 0.25, **more)).tolist()


@pytest.mark.parametrize(
    ("p", "by_ties"),
    [
        ([0.10, 0.10, 0.10], {"highest_below": [3], "highest": [3], "lowest": [1], "any": [1, 2, 3]}),
        ([0.05, 0.20, 0.20], {"highest_below": [3], "highest": [3], "lowest": [2], "any": [2, 3]}),
        ([0.30, 0.30, 0.50], {"highest_below": [1], "highest": [2], "lowest": [1], "any": [1, 2]}),
        ([0.20, 0.30, 0.50], {"highest_below": [1], "highest": [2], "lowest": [1], "any": [1, 2]}),
        ([0.20, 0.20, 0.30, 0.30], {"highest_below": [2], "highest": [4], "lowest": [1], "any": [1, 2, 3, 4]}),
        ([0.20, 0.05, 0.20], {"highest_below": [3], "highest": [3], "lowest": [1], "any": [1, 3]}),
        ([0.10, 0.24, 0.45], {ties: [2] for ties in TIES}),
        ([0.40, 0.40, 0.60], {ties: [0] for ties in TIES}),
    ],
)
def test_ties_of_the_nearest(p, by_ties):
    assert {ties: marked(p, ties=ties) for ties in TIES} == by_ties


@pytest.mark.parametrize(
    ("p", "by_ties"),
    [
        ([0.10, 0.30, 0.30], {"highest_below": [3], "highest": [3], "lowest": [2], "any": [2, 3]}),
        ([0.20, 0.30, 0.40], {ties: [2] for ties in TIES}),
        ([0.40, 0.50, 0.60], {ties: [0] for ties in TIES}),
    ],
)
def test_ties_of_the_highest_below(p, by_ties):
    assert {ties: marked(p, rule="highest_below", ties=ties) for ties in TIES} == by_ties


@given(
    st.lists(st.sampled_from([0.05, 0.15, 0.2, 0.25, 0.3, 0.35, 0.5]), min_size=1, max_size=6),
    st.sampled_from(["nearest", "highest_below"]),
)
def test_one_level_or_none_is_right_and_any_is_every_tied_one(p, rule):
    tied = tied_levels(p, 0.25, rule)
    for ties in TIES:
        right = right_levels(p, 0.25, rule, ties=ties)
        assert right[0] == (not tied.any())
        assert right.sum() == (max(tied.sum(), 1) if ties == "any" else 1)
        assert not (right[1:] & ~tied).any()
        assert true_mtd(p, 0.25, rule, ties=ties) == np.flatnonzero(right).max()


def test_unknown_ties():
    with pytest.raises(ValueError, match="ties must be"):
        true_mtd([0.1], 0.25, ties="both")  # type: ignore[arg-type]
