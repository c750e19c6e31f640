"""BOIN against the R package BOIN 2.7.2 and the published tables."""

import json
from collections import defaultdict

import numpy as np
import pytest
from scipy.stats import beta
from support import cases_in, golden, name_of, passes

from designs import BOIN, Reason, StopAtDose, StopAtRecommended, Tally
from doseesc.validation.cases import boin
from doseesc.validation.other_programs import boin_of_get_boundary

ITEM_SPECIFIC = {"id", "npts", "ntox", "mtd", "mtd_raw", "phat_2dp", "p_overdose_2dp"}


# The package, and published tables


@pytest.mark.parametrize("case", cases_in(boin), ids=name_of)
def test_published_and_golden_numbers(case):
    passes(case)


def test_one_dlt_in_three_may_mean_to_stay():
    plain, stays = (BOIN(target=0.25, n_doses=3, max_n=18, stay_at_one_of_three=each) for each in (False, True))
    ours, changed = (np.array(design.boundaries().deescalate_if_ge) for design in (plain, stays))
    assert np.flatnonzero(ours != changed).tolist() == [2]  # with three patients alone
    assert (ours[2], changed[2]) == (1, 2)
    tally = Tally.parse(["1NNN 2NNT", "1NNN 2NTT", "1NNN 2NNTNNT"], n_doses=3)
    assert plain.decide(tally).level.tolist() == [1, 1, 1]
    assert stays.decide(tally).level.tolist() == [2, 1, 1]
    assert "but not with one DLT among three patients" in stays.describe()
    with pytest.raises(ValueError, match=r"^stay_at_one_of_three must be true or false"):
        BOIN(target=0.25, n_doses=3, max_n=18, stay_at_one_of_three=1)


def test_extra_safe_concerns_the_lowest_level_alone():
    tallies = Tally.parse(["1NTT", "1NNN 2NTT", "1NNN 2NNN 3NTT"], n_doses=3)
    plain = BOIN(target=0.3, n_doses=3, max_n=30).decide(tallies).level
    strict = BOIN(target=0.3, n_doses=3, max_n=30, extra_safe=True, offset=0.05)
    np.testing.assert_array_equal(plain, [1, 1, 2])
    # 2 of 3: P(p > 0.3) = 0.916 lies between 0.90 and 0.95.
    np.testing.assert_array_equal(strict.decide(tallies).level, [0, 1, 2])
    np.testing.assert_array_equal(strict.select(tallies) == 0, [True, False, False])


def test_extra_safe_needs_an_elimination_boundary_at_that_n():
    """3 of 3: P(p > 0.4) = 0.974 is over 0.99 - 0.05, but three patients can never reach 0.99."""
    design = BOIN(target=0.4, n_doses=2, max_n=30, elimination_cutoff=0.99, extra_safe=True, offset=0.05)
    assert design.boundaries().eliminate_if_ge[2] == 4
    assert design.decide(Tally.parse("1TTT", n_doses=2)).level[0] == 1
    assert design.select(Tally.parse("1TTT", n_doses=2))[0] == 0  # select.mtd asks for no such boundary


# Selection


def test_mtds_of_one_design_in_one_batch():
    """A batch is decided like its members: items of the same arguments, side by side."""
    groups = defaultdict(list)
    for item in golden("boin.json", "select_mtd"):
        arguments = {name: value for name, value in item.items() if name not in ITEM_SPECIFIC}
        groups[len(item["npts"]), json.dumps(arguments, sort_keys=True)].append(item)
    batches = [items for items in groups.values() if len(items) > 1]
    assert len(batches) > 5
    for items in batches:
        n, y = np.array([i["npts"] for i in items]), np.array([i["ntox"] for i in items])
        design = boin_of_get_boundary(items[0], n_doses=n.shape[1], max_n=200, bound_mtd=items[0]["boundMTD"])
        level = ((n > 0) * np.arange(1, n.shape[1] + 1)).max(axis=1)
        np.testing.assert_array_equal(design.select(Tally(n=n, dlt=y, level=level)), [i["mtd"] or 0 for i in items])


# Traps


def test_stop_at_n_needs_a_decision_to_stay():
    """BOIN's n.earlystop stops only on "stay"; a rule on the recommended level or any level stops on moves too."""
    outcomes = [
        "1NNN 2NNN 2NNT 2NTT",  # 3 of 9 at level 2: stay
        "1NNN 2NNN 2NNN 2NNT",  # 1 of 9 at level 2: escalate
        "1NNN 2NNN 2NTT 2NTT",  # 4 of 9 at level 2: de-escalate
    ]
    tally = Tally.parse(outcomes, n_doses=3)
    own = BOIN(target=0.3, n_doses=3, max_n=30, stop_at_n=9).decide(tally)
    np.testing.assert_array_equal(own.level, [0, 3, 1])
    assert own.reason[0] == Reason.STAYING_AT_DOSE
    anywhere = BOIN(target=0.3, n_doses=3, max_n=30, rules=(StopAtDose(9),)).decide(tally)
    np.testing.assert_array_equal(anywhere.level, [0, 0, 0])
    back = Tally.parse("1NNN 2NNN 2NNN 2NNT 3NTT", n_doses=3)  # would return to level 2, where 9 were treated
    assert BOIN(target=0.3, n_doses=3, max_n=30, stop_at_n=9).decide(back).level[0] == 2
    assert BOIN(target=0.3, n_doses=3, max_n=30, rules=(StopAtRecommended(9),)).decide(back).level[0] == 0


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        ("1NNN 1NTT 1NNN", "de-escalate at the lowest level"),
        ("1NNN 2NNN 3NNN 3NNN 3NNN", "escalate at the top"),
        ("1NNN 1NNN 2TTT 1NNN", "escalate below an eliminated level"),
    ],
)
def test_stop_at_n_counts_a_blocked_move_as_staying(outcomes, why):
    tally = Tally.parse(outcomes, n_doses=3)
    n = int(tally.n[0, tally.level[0] - 1])
    target = 0.15 if why.startswith("de-escalate") else 0.3
    assert BOIN(target=target, n_doses=3, max_n=30).decide(tally).level[0] == tally.level[0], why
    stopped = BOIN(target=target, n_doses=3, max_n=30, stop_at_n=n).decide(tally)
    assert stopped.level[0] == 0
    assert BOIN(target=target, n_doses=3, max_n=30, stop_at_n=n + 1).decide(tally).level[0] == tally.level[0]


def test_boundary_that_is_a_whole_number_of_patients():
    """With p_toxic = 1 - target, lambda_d is one half: 2 of 4 is a tie, and the package then asks for 3."""
    design = BOIN(target=0.3, p_toxic=0.7, n_doses=3, max_n=30, elimination_cutoff=0.999)
    assert design.lambda_d == pytest.approx(0.5, abs=1e-15)
    table = design.boundaries()
    np.testing.assert_array_equal(table.deescalate_if_ge[[1, 3, 5, 7]], [2, 3, 4, 5])
    np.testing.assert_array_equal(table.deescalate_if_ge[[2, 4, 6]], [2, 3, 4])


@pytest.mark.parametrize("target", [0.55, 0.6, 0.7, 0.75, 0.8])
def test_escalation_boundary_that_is_a_whole_number_of_patients(target):
    """With p_safe = 1 - target, lambda_e is one half: 1 of 2 is at the boundary and so escalates."""
    design = BOIN(target=target, p_safe=1 - target, p_toxic=0.95, n_doses=3, max_n=8)
    assert design.lambda_e == pytest.approx(0.5, abs=1e-15)
    np.testing.assert_array_equal(design.boundaries().escalate_if_le, [0, 1, 1, 2, 2, 3, 3, 4])


def test_elimination_is_strictly_above_the_cutoff_and_from_three_patients():
    design = BOIN(target=0.2, n_doses=3, max_n=12)
    table = design.boundaries()
    for n in range(1, 13):
        above = beta.sf(0.2, 1 + np.arange(n + 1), 1 + n - np.arange(n + 1))
        first = np.flatnonzero(above > 0.95)
        assert table.eliminate_if_ge[n - 1] == (first[0] if n >= 3 and first.size else n + 1)
    # 2 of 2 is P = 0.992, but two patients are too few.
    assert design.decide(Tally.parse("1TT", n_doses=3)).level[0] == 1
    assert design.decide(Tally.parse("1TTN", n_doses=3)).level[0] == 0


def test_eliminated_levels_stay_out_and_take_those_above_with_them():
    design = BOIN(target=0.3, n_doses=4, max_n=60)
    tally = Tally(n=[[6, 3, 3, 0]], dlt=[[0, 3, 0, 0]], level=[1])
    assert design.decide(tally).level[0] == 1
    assert design.decide(tally).reason[0] == Reason.TOO_TOXIC_ABOVE
    assert design.select(tally)[0] == 1  # level 3, with no DLT in three patients, lies above the eliminated one


def test_nothing_is_decided_after_the_last_cohort():
    design = BOIN(target=0.3, n_doses=3, max_n=9, stop_at_n=9)
    last = design.decide(Tally.parse(["1NNN 1NNT 1NNT", "1NNT 1NNT 1TTT"], n_doses=3))
    np.testing.assert_array_equal(last.level, [0, 0])
    assert list(last.reason) == [Reason.MAX_N, Reason.MAX_N]


def test_bound_mtd_drops_estimates_above_lambda_d():
    tally = Tally(n=[[9, 9]], dlt=[[0, 4]], level=[2])  # estimates about 0.005 and 0.445, lambda_d = 0.359
    assert BOIN(target=0.3, n_doses=2, max_n=18).select(tally)[0] == 2
    assert BOIN(target=0.3, n_doses=2, max_n=18, bound_mtd=True).select(tally)[0] == 1
    nothing = Tally(n=[[9, 0]], dlt=[[4, 0]], level=[1])
    assert BOIN(target=0.3, n_doses=2, max_n=18).select(nothing)[0] == 1
    assert BOIN(target=0.3, n_doses=2, max_n=18, bound_mtd=True).select(nothing)[0] == 0


def test_titration_climbs_by_single_patients_and_then_completes_the_cohort():
    design = BOIN(target=0.3, n_doses=4, max_n=30, titration=True)
    steps = {
        "": (1, 1, Reason.START),
        "1N": (2, 1, Reason.TITRATE),
        "1N 2N": (3, 1, Reason.TITRATE),
        "1N 2T": (2, 2, Reason.COMPLETE_COHORT),
        "1T": (1, 2, Reason.COMPLETE_COHORT),
        "1N 2N 3N 4N": (4, 2, Reason.COMPLETE_COHORT),
        "1N 2T 2NN": (2, 3, Reason.STAY),
        "1N 2T 2NT": (1, 3, Reason.DEESCALATE),
        "1N 2N 3N 4N 4NN": (4, 3, Reason.STAY),
        "1N 2T 2NT 1NNN": (2, 3, Reason.ESCALATE),
    }
    decision = design.decide(Tally.parse(list(steps), n_doses=4))
    found = list(zip(decision.level.tolist(), decision.cohort_size.tolist(), decision.reason, strict=True))
    assert found == list(steps.values())
    plain = BOIN(target=0.3, n_doses=4, max_n=30).decide(Tally.empty(4))
    assert (plain.level[0], plain.cohort_size[0]) == (1, 3)


def test_titration_never_treats_more_than_max_n():
    design = BOIN(target=0.3, n_doses=3, max_n=4, titration=True)
    decision = design.decide(Tally.parse(["1N 2N 3N", "1N 2N 3T"], n_doses=3))
    np.testing.assert_array_equal(decision.cohort_size, [1, 1])


# Arguments


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"target": 0}, "target"),
        ({"target": 1.0}, "target"),
        ({"target": "0.3"}, "target"),
        ({"target": float("nan")}, "target"),
        ({"target": None}, "target"),
        ({"target": 0.8}, "p_toxic"),  # 1.4 times the target exceeds 1
        ({"p_safe": 0.3}, "p_safe"),
        ({"p_safe": 0.4}, "p_safe"),
        ({"p_safe": "low"}, "p_safe"),
        ({"p_toxic": 0.3}, "p_toxic"),
        ({"p_toxic": 0.2}, "p_toxic"),
        ({"p_toxic": 1.0}, "p_toxic"),
        ({"elimination_cutoff": 1.5}, "elimination_cutoff"),
        ({"elimination_cutoff": 0}, "elimination_cutoff"),
        ({"extra_safe": "yes"}, "extra_safe"),
        ({"offset": -0.1}, "offset"),
        ({"offset": 2}, "offset"),
        ({"stop_at_n": 0}, "stop_at_n"),
        ({"stop_at_n": 2.5}, "stop_at_n"),
        ({"titration": 1}, "titration"),
        ({"bound_mtd": None}, "bound_mtd"),
        ({"n_doses": 0}, "n_doses"),
        ({"n_doses": 2.5}, "n_doses"),
        ({"max_n": 0}, "max_n"),
        ({"max_n": 2}, "max_n"),  # smaller than the cohort
        ({"cohort_size": 0}, "cohort_size"),
        ({"cohort_size": True}, "cohort_size"),
        ({"start_level": 0}, "start_level"),
        ({"start_level": 4}, "start_level"),
        ({"rules": ("NoSkipping",)}, "rules"),
        ({"rules": 3}, "rules"),
    ],
)
def test_wrong_argument_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        BOIN(**({"target": 0.3, "n_doses": 3, "max_n": 18} | wrong))
