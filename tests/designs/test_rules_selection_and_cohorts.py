"""Rules on which level may be the MTD, how many patients a cohort has, and fixed paths."""

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from ruled import boin, crm, decided, exact, selected, sizes

from designs import (
    CohortSizeByDLTs,
    CohortSizeByLevel,
    FollowPath,
    MinimumAtMTD,
    NoSkipping,
    SelectTried,
    SentinelAtNewDose,
    ThreePlusThree,
)

# Selection


def test_select_tried():
    assert selected(crm(), "1NNN 2NNN") == [5]
    assert selected(crm(SelectTried()), "1NNN 2NNN", "2NNN 4NNN", "") == [2, 4, 0]


def test_minimum_at_the_mtd():
    history = "1NNNNNN 2NNNNN 3N"
    assert selected(crm(), history) == [5]
    assert [selected(crm(MinimumAtMTD(n)), history)[0] for n in (1, 2, 5, 6, 7)] == [3, 2, 2, 1, 0]
    assert selected(boin(), history), selected(boin(MinimumAtMTD(6)), history) == ([3], [1])


def test_selection_rules_must_all_be_met_by_the_same_level():
    """Taken one after the other they would name a level that one of them forbids."""

    @dataclass(frozen=True)
    class Odd(SelectTried):
        def selectable(self, design, tally):
            return np.broadcast_to(np.arange(design.n_doses) % 2 == 0, tally.n.shape)

    history = "1NNNNNN 2NNNNNN 3NNN"
    for rules in permutations((Odd(), MinimumAtMTD(6))):
        assert selected(crm(*rules), history) == [1]


# Cohort sizes


def test_cohort_size_by_level():
    rule = CohortSizeByLevel((1, 1, 3, 3, 6))
    history = "", "1N", "1N 2N", "1NNN 2NNN 3NNN 4NNN", "1N 2T"
    assert sizes(boin(), *history) == [(1, 3), (2, 3), (3, 3), (5, 3), (1, 3)]
    assert sizes(boin(rule), *history) == [(1, 1), (2, 1), (3, 3), (5, 6), (1, 1)]
    assert sizes(boin(rule, max_n=15), "1NNN 2NNN 3NNN 4NNN") == [(5, 3)]  # no more than max_n


def test_cohort_size_by_dlts():
    rule = CohortSizeByDLTs(((0, 1), (1, 3), (4, 4)))
    history = "", "1N", "1T", "1N 2N 3T", "1NNT 2TTT"
    assert sizes(boin(rule), *history) == [(1, 1), (2, 1), (1, 3), (2, 3), (1, 4)]


def test_cohort_sizes_of_several_rules_the_smallest():
    rules = CohortSizeByLevel((2, 3, 3, 4, 6)), CohortSizeByDLTs(((0, 1), (1, 4)))
    for order in permutations(rules):
        assert sizes(boin(*order), "", "1T", "1N 2N 3NNNNNT") == [(1, 1), (1, 2), (4, 4)]


def test_a_design_gets_no_more_patients_than_it_asks_for():
    """BOIN in titration treats one at a time, then completes the cohort."""
    design = boin(CohortSizeByLevel((4,) * 5), titration=True)
    assert sizes(design, "", "1N", "1N 2T", "1N 2T 2NN") == [
        (1, 1),
        (2, 1),
        (2, 2),
        (sizes(boin(), "1N 2TNN")[0][0], 4),
    ]


def test_sentinel_at_a_new_dose():
    """One patient, then the other two, then the decision of the full cohort."""
    design = boin(SentinelAtNewDose(1))
    assert sizes(boin(), "", "1N", "1NNN") == [(1, 3), (2, 3), (2, 3)]
    assert sizes(design, "", "1N", "1NNN", "1NNN 2N", "1NNN 2NNN") == [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1)]
    assert decided(design, "1N", "1NNN") == [(1, "COMPLETE_COHORT"), (2, "ESCALATE")]
    # A DLT in the sentinel may still call for the lower dose, and a level tried before gets a full cohort.
    assert sizes(design, "1NNN 2T") == [(1, 3)]
    assert sizes(boin(SentinelAtNewDose(2), cohort_size=6), "1NNNNNN 2NN", "1NNNNNN 2NNN") == [(2, 4), (2, 3)]


def test_sentinel_in_a_3_plus_3():
    """The design fills its groups of three, so only the splitting is new: same selection for any truth."""
    plain = ThreePlusThree(n_doses=3)
    split = ThreePlusThree(n_doses=3, rules=(SentinelAtNewDose(1),))
    assert sizes(split, "", "1N", "1NNN") == [(1, 1), (1, 2), (2, 1)]
    np.testing.assert_allclose(exact(split, (0.1, 0.2, 0.3)), exact(plain, (0.1, 0.2, 0.3)), atol=1e-12)


def test_sentinel_with_cohort_sizes_by_level():
    design = boin(CohortSizeByLevel((1, 3, 6, 6, 6)), SentinelAtNewDose(1))
    history = "", "1N", "1N 2N", "1N 2NNN", "1N 2NNN 3N"
    assert sizes(design, *history) == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 5)]


# A fixed path


def test_follow_path_of_single_patients():
    design = boin(FollowPath("1N 2N 3N"))
    assert sizes(design, "", "1N", "1N 2N", "1N 2N 3N", "1N 2N 3T") == [(1, 1), (2, 1), (3, 1), (4, 3), (2, 3)]
    assert decided(design, "", "1N", "1N 2T") == [(1, "START"), (2, "FIXED_PATH"), (1, "DEESCALATE")]
    # Once departed, the path is left for good.
    assert decided(design, "1NN", "1N 3N") == [(2, "ESCALATE"), (4, "ESCALATE")]


def test_follow_path_of_levels_takes_full_cohorts():
    design = crm(FollowPath((1, 3, 2)), NoSkipping(reference="current"), start_level=1)
    assert decided(crm(FollowPath((1, 3, 2))), "1NNN", "1NNN 3NNN") == [(3, "FIXED_PATH"), (2, "FIXED_PATH")]
    assert decided(design, "1NNN") == [(2, "SKIPPING_FORBIDDEN")]
    assert sizes(crm(FollowPath([1, 2])), "", "1NNN") == [(1, 3), (2, 3)]
    varied = boin(FollowPath((1, 2, 3)), CohortSizeByLevel((1, 1, 2, 3, 3)))
    assert sizes(varied, "", "1N", "1N 2N", "1N 2N 3NN") == [(1, 1), (2, 1), (3, 2), (4, 3)]


def test_follow_path_emulates_titration_in_boin():
    """BOIN's own titration completes the cohort where the path ends; up to there both are the same."""
    own, path = boin(titration=True), boin(FollowPath("1N 2N 3N 4N 5N"))
    history = "", "1N", "1N 2N", "1N 2N 3N"
    assert sizes(own, *history) == sizes(path, *history)
