"""Interval designs: published tables and characteristics, exclusion, selection, both engines, arguments."""

import numpy as np
import pytest
from interval_designs import ALL, class_name
from scipy.stats import beta as beta_distribution

from designs import CCD, MTPI, MTPI2, TPI, I3Plus3, Keyboard, Reason, Tally, design_class
from designs.isotonic import isotonic_rates
from doseesc.testing import DesignTests


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_decision_table_has_a_letter_for_every_outcome(design):
    table = design(target=0.3, n_doses=5, max_n=30).decision_table()
    assert [len(row) for row in table] == [0, *range(2, 32)]
    assert set("".join(table)) <= set("ESDU")
    for row in table[1:]:
        assert "".join(sorted(row, key="ESDU".index)) == row  # more DLTs never mean a higher dose


@pytest.mark.parametrize("target", [0.1, 0.2, 0.25, 0.3, 0.4])
def test_keyboard_can_eliminate_below_three_patients_as_the_package_prints(target):
    """get.boundary.kb of R's Keyboard 0.1.3 has no least number of patients: 1 - pbeta(target, 1 + y, 1 + n - y)."""
    shared = {"target": target, "n_doses": 5, "max_n": 12}
    table, own = Keyboard(**shared, exclusion_min_n=1).decision_table(), Keyboard(**shared).decision_table()
    for n in range(1, 13):
        eliminated = [beta_distribution.sf(target, 1 + y, 1 + n - y) > 0.95 for y in range(n + 1)]
        assert [letter == "U" for letter in table[n]] == eliminated
    assert ("U" in table[1] + table[2]) == (target <= 0.3)
    assert "U" not in own[1] + own[2]
    assert own[3:] == table[3:]


@pytest.mark.parametrize("target", [0.1, 0.15, 0.2, 0.25, 0.3, 1 / 3, 0.4])
def test_keyboard_with_scaled_end_keys_decides_as_mtpi2(target):
    shared = {"target": target, "n_doses": 5, "max_n": 40, "epsilon1": 0.04, "epsilon2": 0.06}
    assert Keyboard(**shared).decision_table() == MTPI2(**shared).decision_table()


def test_keyboard_with_plain_end_keys_differs_at_low_targets():
    """The lowest key of target 0.1 is [0, 0.05]: taken as it is, it loses to the target key even at 0 of 6."""
    shared = {"target": 0.1, "n_doses": 5, "max_n": 30}
    assert Keyboard(**shared).decision_table()[6][0] == "E"
    assert Keyboard(**shared, end_keys="plain").decision_table()[6][0] == "S"


# Exclusion, reasons, edges


def test_reasons_and_edges():
    design = MTPI(target=0.3, n_doses=3, max_n=30)
    cases = {
        "": (1, Reason.START),
        "1NNN": (2, Reason.ESCALATE),
        "1NNT": (1, Reason.STAY),
        "1NTT": (1, Reason.STAY),  # de-escalate, but there is no lower level
        "1TTT": (0, Reason.NO_SAFE_DOSE),
        "1NNN 2NTT": (1, Reason.DEESCALATE),
        "1NNN 2NNN 3NNN": (3, Reason.STAY),  # escalate, but there is no higher level
        "1NNN 2NNN 3TTT": (2, Reason.DEESCALATE),
        "1NNN 2TTT 1NNN": (1, Reason.TOO_TOXIC_ABOVE),
        "1NNN 2TTT 1TTT 1TTT": (0, Reason.NO_SAFE_DOSE),
    }
    decision = design.decide(Tally.parse(list(cases), n_doses=3))
    assert list(zip(decision.level.tolist(), decision.reason, strict=True)) == list(cases.values())


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_excluded_levels_are_not_selected_nor_those_above(design):
    tally = Tally(n=[[3, 9, 3], [6, 0, 0], [3, 3, 3]], dlt=[[0, 9, 1], [6, 0, 0], [0, 0, 1]], level=[1, 1, 3])
    chosen = design(target=0.3, n_doses=3, max_n=30, exclusion_certainty=0.95).select(tally)
    np.testing.assert_array_equal(chosen, [1, 0, 3])


def test_exclusion_needs_enough_patients():
    """One DLT in the first patient stops no trial, unlike in escalation (target 0.2: P = 0.96)."""
    tally = Tally.parse(["1T", "1TT", "1TTT"], n_doses=3)
    for fewest, expected in ((1, [0, 0, 0]), (2, [1, 0, 0]), (3, [1, 1, 0])):
        design = MTPI(target=0.2, n_doses=3, max_n=30, cohort_size=1, exclusion_min_n=fewest)
        np.testing.assert_array_equal(design.decide(tally).level, expected)
        np.testing.assert_array_equal(design.select(tally), expected)
    default = MTPI(target=0.2, n_doses=3, max_n=30, cohort_size=1)
    assert default.decide(tally).level[0] == 1


def test_ccd_excludes_only_when_told():
    tally = Tally.parse(["1TTT", "1NNN 2TTT"], n_doses=3)
    np.testing.assert_array_equal(CCD(target=0.3, n_doses=3, max_n=30).decide(tally).level, [1, 1])
    np.testing.assert_array_equal(CCD(target=0.3, n_doses=3, max_n=30).select(tally), [1, 1])
    safe = CCD(target=0.3, n_doses=3, max_n=30, exclusion_certainty=0.95)
    np.testing.assert_array_equal(safe.decide(tally).level, [0, 1])
    np.testing.assert_array_equal(safe.select(tally), [0, 1])


def test_tpi_exclusion_has_its_own_prior():
    published = TPI(target=0.3, n_doses=3, max_n=30)
    as_decisions = TPI(target=0.3, n_doses=3, max_n=30, exclusion_alpha=0.005, exclusion_beta=0.005)
    assert (published.decision_table()[9][5], as_decisions.decision_table()[9][5]) == ("U", "D")


@pytest.mark.parametrize("design", ALL, ids=class_name)
def test_more_patients_than_planned_are_decided_too(design):
    small, large = (design(target=0.3, n_doses=2, max_n=most) for most in (6, 60))
    tally = Tally(n=[[3, 40], [3, 40]], dlt=[[0, 2], [0, 30]], level=[2, 2])
    np.testing.assert_array_equal(small.next_level(tally), large.next_level(tally))
    np.testing.assert_array_equal(small.select(tally), large.select(tally))


# Selection of the MTD


def test_tied_estimates():
    raw = CCD(target=0.3, n_doses=3, max_n=60)  # observed rates
    tally = Tally(
        n=[[10, 10, 10], [10, 10, 10], [10, 10, 0], [10, 10, 10]],
        dlt=[[1, 1, 1], [5, 5, 5], [2, 4, 0], [2, 4, 4]],
        level=[1, 1, 1, 1],
    )
    # All below the target: the highest; all above: the lowest; one below and others above: the one below.
    np.testing.assert_array_equal(raw.select(tally), [3, 1, 1, 1])


def test_doses_that_tie_above_the_target_still_give_an_mtd():
    """There escalation's mTPI selector answers minus infinity."""
    tally = Tally(n=[[6, 12, 0, 0, 0]], dlt=[[3, 6, 0, 0, 0]], level=[2])
    options = {"target": 0.3, "n_doses": 5, "max_n": 18, "mtd_alpha": 1, "mtd_beta": 1}
    assert MTPI(**options, mtd_fit="all").select(tally)[0] == 1
    assert MTPI(**options).select(tally)[0] == 1


def test_levels_of_the_isotonic_fit():
    def chosen(n, dlt):
        options = {"target": 0.3, "n_doses": 4, "max_n": 60, "mtd_alpha": 1, "mtd_beta": 1}
        tally = Tally(n=[n], dlt=[dlt], level=[1])
        return [int(MTPI(**options, mtd_fit=fit).select(tally)[0]) for fit in ("admissible", "tested", "all")]

    # 1/11 is farther from 0.3 than the prior mean 1/2 of the untreated levels.
    assert chosen([9, 0, 0, 0], [0, 0, 0, 0]) == [1, 1, 2]
    # Level 3 is excluded.  Pooled with it, level 2 falls from 4/8 to 0.46, nearer to 0.3 than the 1/8 of level 1.
    assert chosen([6, 6, 40, 0], [0, 3, 18, 0]) == [1, 2, 2]


def test_whole_number_priors_do_not_overflow_narrow_counts():
    n, dlt = np.array([[18, 60, 0]], dtype=np.int16), np.array([[2, 20, 0]], dtype=np.int16)
    wide = Tally(n=n.astype(np.int64), dlt=dlt.astype(np.int64), level=[2])
    narrow = Tally(n=n, dlt=dlt, level=[2])
    for design in ALL:
        made = design(target=0.3, n_doses=3, max_n=90, mtd_alpha=1, mtd_beta=1, alpha=1, beta=1)
        assert made.select(narrow)[0] == made.select(wide)[0] == 2
        assert made.next_level(narrow)[0] == made.next_level(wide)[0]
    mask = np.array([[True, True, False]])
    np.testing.assert_array_equal(isotonic_rates(n, dlt, mask, 1, 1), isotonic_rates(wide.n, wide.dlt, mask, 1.0, 1.0))


class TestConformance(DesignTests):
    """The two engines, batches, admissibility, rules and words."""

    truths = ((0.15, 0.3, 0.55),)

    @pytest.fixture(autouse=True, params=ALL, ids=class_name)
    def _each(self, request):
        self.design = request.param(target=0.3, n_doses=3, max_n=12)


# Names and arguments


@pytest.mark.parametrize(
    ("name", "design"),
    [("mTPI", MTPI), ("mtpi-2", MTPI2), ("KEYBOARD", Keyboard), ("tpi", TPI), ("CCD", CCD), ("I3+3", I3Plus3)],
)
def test_designs_are_registered(name, design):
    assert design_class(name) is design


def test_designs_of_equal_parameters_do_not_share_a_table():
    shared = {"target": 0.3, "n_doses": 3, "max_n": 18}
    assert MTPI(**shared) != MTPI2(**shared)
    assert MTPI(**shared).decision_table() != MTPI2(**shared).decision_table()
    assert MTPI(**shared) == MTPI(**shared)


@pytest.mark.parametrize(
    ("design", "wrong", "name"),
    [
        (MTPI, {"target": 0}, "target"),
        (MTPI, {"target": None}, "target"),
        (MTPI, {"alpha": 0}, "alpha"),
        (MTPI, {"beta": -1}, "beta"),
        (MTPI, {"beta": "flat"}, "beta"),
        (MTPI, {"exclusion_certainty": 1.5}, "exclusion_certainty"),
        (MTPI, {"exclusion_certainty": "high"}, "exclusion_certainty"),
        (MTPI, {"exclusion_min_n": 0}, "exclusion_min_n"),
        (MTPI, {"mtd_alpha": 0}, "mtd_alpha"),
        (MTPI, {"mtd_beta": None}, "mtd_beta"),
        (MTPI, {"mtd_fit": "everything"}, "mtd_fit"),
        (MTPI, {"mtd_fit": "all", "mtd_alpha": 0, "mtd_beta": 0}, "mtd_fit"),
        (MTPI, {"epsilon1": 0.3}, "epsilon1"),
        (MTPI, {"epsilon1": -0.01}, "epsilon1"),
        (MTPI2, {"epsilon2": 0.7}, "epsilon2"),
        (MTPI2, {"epsilon2": True}, "epsilon2"),
        (Keyboard, {"epsilon1": 0, "epsilon2": 0}, "epsilon1"),
        (Keyboard, {"end_keys": "dropped"}, "end_keys"),
        (TPI, {"k1": 0}, "k1"),
        (TPI, {"k2": "wide"}, "k2"),
        (TPI, {"exclusion_alpha": 0}, "exclusion_alpha"),
        (TPI, {"exclusion_beta": None}, "exclusion_beta"),
        (CCD, {"delta": 0}, "delta"),
        (CCD, {"delta": 0.3}, "delta"),
        (CCD, {"delta": "small"}, "delta"),
        (CCD, {"target": 0.08}, "delta"),  # the default is 0.09
        (I3Plus3, {"epsilon1": 0.4}, "epsilon1"),
        (I3Plus3, {"n_doses": 0}, "n_doses"),
        (I3Plus3, {"max_n": 2}, "max_n"),
    ],
)
def test_wrong_argument_is_named(design, wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        design(**({"target": 0.3, "n_doses": 3, "max_n": 18} | wrong))
