"""EWOC against integration by other means and its own definition."""

import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit, logit
from support import passes

from designs import EWOC, Reason, StopWhenPrecise, Tally, ewoc, ewoc_grid
from doseesc.validation.cases.ewoc import DOSES, ewoc_density, posteriors, random_tallies


def test_quadrature():
    passes(posteriors)


def test_ewoc_agrees_with_scipy():
    design = EWOC(target=0.33, doses=(10, 20, 30, 40), max_n=30)
    tally = Tally.parse("1NNN 2NNN 3NNT", n_doses=4)
    low, high, _, density = ewoc_density(design, tally)

    def limit(gamma):
        """Below the third dose its DLT probability exceeds 0.4 for rho up to this: there the curve is steep."""
        share = (30 - low) / (gamma - low)
        return design.target if share <= 1 else expit((logit(0.4) - share * logit(design.target)) / (1 - share))

    def mass(begin, end, up_to):
        options = {"epsabs": 1e-7, "epsrel": 1e-7}
        return dblquad(lambda rho, gamma: density(gamma, rho), begin, end, 0, up_to, **options)[0]

    below, beyond = mass(low, 30.0, design.target), mass(30.0, high, design.target)
    posterior = design.posterior(tally)
    assert posterior.overdose_probability[0, 2] == pytest.approx(below / (below + beyond), abs=1e-6)
    above = mass(low, 30.0, lambda gamma: min(limit(gamma), design.target))
    assert design.probability_above(tally, 3, 0.4)[0] == pytest.approx(above / (below + beyond), abs=1e-6)


def test_ewoc_tails_are_those_of_a_finer_grid(monkeypatch):
    tallies = random_tallies(20, max_n=30, seed=7)
    limits = (0.1, 0.25, 0.3, 0.33, 0.5)
    coarse = [EWOC(target=0.3, doses=DOSES, max_n=30).probability_above(tallies, 3, limit) for limit in limits]
    monkeypatch.setattr(ewoc, "TAIL_PANEL_NODES", 160)
    monkeypatch.setattr(ewoc_grid, "_STEP", 0.25)
    fine = [EWOC(target=0.3, doses=DOSES, max_n=31).probability_above(tallies, 3, limit) for limit in limits]
    np.testing.assert_allclose(coarse, fine, rtol=0, atol=1e-6)


def test_ewoc_gives_the_highest_allowed_level():
    design = EWOC(target=0.3, doses=DOSES, max_n=30, rules=())
    tallies = random_tallies(100)
    overdose = design.posterior(tallies).overdose_probability
    expected = (overdose <= 0.25).sum(axis=1)
    decision = design.decide(tallies)
    np.testing.assert_array_equal(decision.level, expected)
    np.testing.assert_array_equal(design.select(tallies), expected)
    assert set(expected) >= {1, 2, 3, 4}
    held = (decision.level == tallies.level) & (decision.level < 5)
    assert (decision.reason_code[held] == Reason.TOO_TOXIC_ABOVE).all()


def test_dlts_at_the_lowest_end_of_the_range_tell_nothing_about_the_mtd():
    """So by default the range begins below the lowest dose."""
    tallies = Tally.parse(["1NNN", "1TTT"], n_doses=5)
    blind = EWOC(target=0.3, doses=DOSES, max_n=30, minimum=DOSES[0], rules=())
    none, all_three = blind.posterior(tallies).overdose_probability
    np.testing.assert_allclose(none, all_three, rtol=0, atol=1e-9)
    assert EWOC(target=0.3, doses=DOSES, max_n=30).decide(tallies).reason[1] is Reason.NO_SAFE_DOSE


def test_ewoc_does_not_escalate_after_a_toxic_cohort():
    tally = Tally.parse("1NTT", n_doses=5)
    options = {"target": 0.25, "doses": (1, 2, 4, 8, 16), "max_n": 30}
    assert EWOC(**options, rules=()).decide(tally).level[0] > 1
    decision = EWOC(**options).decide(tally)
    assert (decision.level[0], decision.reason[0]) == (1, Reason.NOT_COHERENT)


def test_ewoc_bound_rises_with_cohorts():
    design = EWOC(target=0.3, doses=DOSES, max_n=30, cohort_size=3, bound_step=0.1, bound_limit=0.5)
    tallies = Tally.parse(["1NNN", "1NNN 1NNN", "1NNN 1NNN 1NNN", "1NNN" * 4, "1NNN" * 9], n_doses=5)
    np.testing.assert_allclose(design.bound(tallies), [0.25, 0.35, 0.45, 0.5, 0.5], rtol=0, atol=1e-12)
    fixed = EWOC(target=0.3, doses=DOSES, max_n=30, cohort_size=3)
    np.testing.assert_array_equal(fixed.bound(tallies), 0.25)
    many = random_tallies(200, max_n=30, seed=6)
    assert (design.ceiling(many) >= fixed.ceiling(many)).all()
    assert (design.ceiling(many) > fixed.ceiling(many)).any()


def feasibility(alpha, rate):
    """The "increasing" strategy of the R package ewoc 0.3.0, R/utils.R: the bound of the next dose from the last."""
    return 0.5 if round(alpha, 3) >= 0.5 else round(alpha + rate, 3)


@pytest.mark.parametrize(("starts", "waiting"), [(2, 0), (3, 1), (5, 3)])
def test_ewoc_bound_rises_from_a_stated_cohort_on(starts, waiting):
    """ewoc's simulation raises the bound before it doses the second patient; each later start waits one cohort more."""
    design = EWOC(target=0.3, doses=DOSES, max_n=30, cohort_size=1, bound_step=0.05, bound_starts=starts)
    expected = [0.25] * waiting
    while len(expected) < 12:
        expected.append(feasibility(expected[-1] if len(expected) > waiting else 0.25, 0.05))
    tallies = Tally.parse(["1" + "N" * n for n in range(1, 13)], n_doses=5)
    np.testing.assert_allclose(design.bound(tallies), expected, rtol=0, atol=1e-12)


def test_a_rising_bound_would_escalate_after_a_dlt_and_the_default_rules_do_not_let_it():
    options = {"target": 0.3, "doses": DOSES, "max_n": 30, "cohort_size": 1, "bound_step": 0.25, "bound_starts": 2}
    tally = Tally.parse("1N 2T", n_doses=5)
    free = EWOC(**options, rules=()).decide(tally)
    kept = EWOC(**options).decide(tally)
    assert (free.level[0], kept.level[0], kept.reason[0]) == (3, 2, Reason.NOT_COHERENT)


def test_ewoc_can_reach_the_top_only_if_the_mtd_can_lie_beyond():
    quiet = Tally(n=[[6] * 5], dlt=[[0] * 5], level=[5])
    assert EWOC(target=0.3, doses=DOSES, max_n=60).ceiling(quiet)[0] == 5
    assert EWOC(target=0.3, doses=DOSES, max_n=60, maximum=DOSES[-1]).ceiling(quiet)[0] == 4


def test_ewoc_reaches_the_top_of_geometric_doses_without_dlts():
    design = EWOC(target=0.25, doses=(1, 2, 4, 8, 16), max_n=30)
    tally = Tally.parse("1NNN 2NNN 3NNN 4NNN", n_doses=5)
    assert design.decide(tally).level[0] == 5


def test_ewoc_stops_where_even_the_lowest_dose_may_exceed_the_mtd():
    design = EWOC(target=0.3, doses=DOSES, max_n=30, minimum=1.0)
    decision = design.decide(Tally.parse("1TTT 1TTT", n_doses=5))
    assert (decision.level[0], decision.reason[0]) == (0, Reason.NO_SAFE_DOSE)


def test_ewoc_stops_when_the_mtd_is_precise():
    plain = EWOC(target=0.3, doses=DOSES, max_n=30)
    design = EWOC(target=0.3, doses=DOSES, max_n=30, rules=(StopWhenPrecise(cv=0.3),))
    tallies = random_tallies(100, max_n=30)
    spread = plain.mtd_cv(tallies)
    precise = spread <= 0.3
    assert 0 < precise.sum() < 100
    safe = plain.ceiling(tallies) > 0
    np.testing.assert_array_equal((design.decide(tallies).reason_code == Reason.PRECISE)[safe], precise[safe])
    low, high = 0.0, 4 * plain.doses[-1] - 3 * plain.doses[-2]
    uniform = (high - low) / np.sqrt(12) / ((high + low) / 2)
    assert plain.mtd_cv(Tally.empty(5))[0] == pytest.approx(uniform, abs=1e-6)
