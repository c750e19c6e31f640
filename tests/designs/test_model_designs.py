"""EWOC, BMA-CRM, CRM-MLE and indifference intervals against integration and maximisation by other means."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import expit, log_expit
from support import passes

from designs import (
    BMACRM,
    CRM,
    CRMMLE,
    EWOC,
    NoSkipping,
    Reason,
    StopTooToxic,
    Tally,
    design_class,
    indifference_intervals,
)
from designs.grid import GridModel
from designs.nodes import thinned_axis
from doseesc.testing import DesignTests
from doseesc.validation.cases import quadrature, sas

TRUTH = [0.05, 0.12, 0.25, 0.40, 0.55]
FIVE = (10.0, 20.0, 30.0, 45.0, 60.0)
SKELETONS = ((0.05, 0.12, 0.25, 0.40, 0.55), (0.01, 0.03, 0.08, 0.25, 0.45), (0.25, 0.40, 0.52, 0.63, 0.72))

DESIGNS = {
    "EWOC": EWOC(target=0.3, doses=FIVE, max_n=18, rules=(NoSkipping(),)),
    "EWOC rising": EWOC(target=0.3, doses=FIVE, max_n=18, bound_step=0.05, minimum=5.0, prior_mtd=(2.0, 1.5), rules=()),
    "BMA-CRM": BMACRM(target=0.25, skeletons=SKELETONS, max_n=18),
    "BMA-CRM most probable": BMACRM(target=0.25, skeletons=SKELETONS, max_n=18, averaging="most_probable"),
    "CRM-MLE": CRMMLE(target=0.25, skeleton=SKELETONS[0], max_n=18, cohort_size=3),
    "CRM-MLE logistic": CRMMLE(target=0.25, skeleton=SKELETONS[0], max_n=14, cohort_size=2, model="logistic"),
}
every_design = pytest.mark.parametrize("design", DESIGNS.values(), ids=list(DESIGNS))


def random_tallies(size, n_doses=5, max_n=18, seed=1):
    rng = np.random.default_rng(seed)
    n = np.array([rng.multinomial(rng.integers(1, max_n), rng.dirichlet(np.full(n_doses, 0.7))) for _ in range(size)])
    dlt = rng.binomial(n, np.sort(rng.beta(0.6, 1.0, (size, n_doses)), axis=1))
    return Tally(n=n, dlt=dlt, level=np.argmax(n > 0, axis=1) + 1)


# All of them


class TestConformance(DesignTests):
    """The two engines, batches, admissibility, rules and words, in trials of nine patients."""

    truths = (TRUTH,)

    @pytest.fixture(autouse=True, params=DESIGNS.values(), ids=list(DESIGNS))
    def _each(self, request):
        self.design = replace(request.param, max_n=9)


@every_design
def test_first_cohort_is_at_the_start_level(design):
    decision = design.decide(Tally.empty(5))
    assert (decision.level[0], decision.reason[0]) == (1, Reason.START)


@pytest.mark.parametrize("name", ["EWOC", "BMA-CRM", "CRM-MLE"])
def test_registered(name):
    assert isinstance(DESIGNS[name], design_class(name))


@pytest.mark.parametrize("name", ["EWOC", "EWOC rising", "BMA-CRM", "BMA-CRM most probable"])
def test_credible_interval_inverts_the_tails(name):
    design = DESIGNS[name]
    tallies = random_tallies(15, seed=4)
    level = np.arange(15) % 4 + 2
    within = 1e-3 if isinstance(design, EWOC) else 1e-4  # EWOC has an unbounded density at the target
    for ends, tail in zip(design.credible_interval(tallies, level, 0.8), (0.9, 0.1), strict=True):
        for row, end in enumerate(ends):
            above = partial(design.probability_above, tallies.take(np.array([row])), int(level[row]))
            assert end <= within or above(end - within)[0] >= tail - 1e-6
            assert end + within >= 1 or above(end + within)[0] <= tail + 1e-6


@pytest.mark.parametrize("name", ["EWOC rising", "BMA-CRM"])
def test_stop_too_toxic_uses_the_model(name):
    base = DESIGNS[name]
    tallies = random_tallies(80, seed=8)
    rule = StopTooToxic(level=2, above=0.35, confidence=0.5)
    design = type(base)(**{"target": base.target, "max_n": 18, "rules": (rule,)} | extra_arguments(base))
    expected = base.probability_above(tallies, 2, 0.35) >= 0.5
    assert expected.any()
    decision = design.decide(tallies)
    np.testing.assert_array_equal(decision.level[expected], 0)
    np.testing.assert_array_equal(design.select(tallies)[expected], 0)


def extra_arguments(design):
    names = ("doses", "bound_step", "minimum", "prior_mtd") if isinstance(design, EWOC) else ("skeletons",)
    return {name: getattr(design, name) for name in names}


# The grid


def test_evidence_is_the_marginal_likelihood():
    """One dose, p = expit(b), b standard normal."""
    axis = thinned_axis(reach=9.0, step=0.2)
    log_weight = axis.log_weight - axis.nodes**2 / 2
    model = GridModel(log_weight, log_expit(axis.nodes)[None], log_expit(-axis.nodes)[None])
    ours = model.log_evidence(Tally(n=[[7], [0]], dlt=[[2], [0]], level=[1, 0]))
    density = partial(np.prod, axis=0)
    value = quad(lambda b: density([expit(b) ** 2, expit(-b) ** 5, np.exp(-b * b / 2)]) / np.sqrt(2 * np.pi), -12, 12)[
        0
    ]
    np.testing.assert_allclose(ours, [np.log(value), 0.0], rtol=0, atol=1e-8)


# BMA-CRM


def test_bma_agrees_with_scipy():
    passes(quadrature.bma_crm)


def test_one_skeleton_is_the_crm():
    tallies = random_tallies(50)
    averaged = BMACRM(target=0.25, skeletons=SKELETONS[:1], max_n=18, rules=())
    single = CRM(target=0.25, skeleton=SKELETONS[0], max_n=18, cohort_size=3, estimate="posterior_mean", rules=())
    np.testing.assert_array_equal(averaged.decide(tallies).level, single.decide(tallies).level)
    np.testing.assert_allclose(
        averaged.probability_above(tallies, 2, 0.3), single.probability_above(tallies, 2, 0.3), rtol=0, atol=1e-12
    )


def test_the_most_probable_skeleton_decides():
    design = BMACRM(target=0.25, skeletons=SKELETONS, max_n=30, averaging="most_probable", rules=())
    tallies = random_tallies(60, max_n=30)
    posterior = design.posterior(tallies)
    best = np.argmax(posterior.model_probability, axis=1)
    assert len(set(best)) == 3
    members = [
        CRM(target=0.25, skeleton=one, max_n=30, cohort_size=3, estimate="posterior_mean", rules=())
        for one in SKELETONS
    ]
    curves = np.stack([member.posterior(tallies).dlt_probability for member in members])
    np.testing.assert_allclose(posterior.dlt_probability, curves[best, np.arange(60)], rtol=0, atol=1e-14)
    levels = np.stack([member.decide(tallies).level for member in members])
    np.testing.assert_array_equal(design.decide(tallies).level, levels[best, np.arange(60)])


def test_model_prior_counts():
    sure = BMACRM(target=0.25, skeletons=SKELETONS, max_n=18, model_prior=(1.0, 1e-9, 1e-9))
    tallies = random_tallies(20)
    single = CRM(target=0.25, skeleton=SKELETONS[0], max_n=18, estimate="posterior_mean")
    np.testing.assert_allclose(
        sure.posterior(tallies).dlt_probability, single.posterior(tallies).dlt_probability, rtol=0, atol=1e-5
    )


# CRM-MLE


@pytest.mark.parametrize("model", ["empiric", "logistic"])
def test_estimate_maximises_the_likelihood(model):
    design = CRMMLE(target=0.25, skeleton=SKELETONS[0], max_n=40, model=model)
    tallies = random_tallies(300, max_n=40, seed=11)
    tallies = tallies.take((tallies.total_dlt > 0) & (tallies.total_dlt < tallies.total_n))
    estimate = design.estimate(tallies)

    def log_likelihood(b, row):
        with np.errstate(divide="ignore"):
            p = design.curve(np.array([b]))[0]
            y, q = tallies.dlt[row], tallies.n[row] - tallies.dlt[row]
            return (y * np.log(p) + np.where(q > 0, q * np.log1p(-np.minimum(p, 1 - 1e-16)), 0.0)).sum()

    for row in range(0, tallies.size, 7):
        found = minimize_scalar(lambda b, row=row: -log_likelihood(b, row), bounds=(-9.9, 5.0), method="bounded")
        assert log_likelihood(estimate[row], row) >= -found.fun - 1e-9


def test_without_a_maximum_the_parameter_is_at_its_limit():
    design = CRMMLE(target=0.25, skeleton=SKELETONS[0], max_n=20, rules=())
    tallies = Tally.parse(["1TT", "1N 2N"], n_doses=5)
    np.testing.assert_allclose(np.abs(design.estimate(tallies)), 10.0, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(design.decide(tallies.take(np.array([0]))).level, 1)
    np.testing.assert_array_equal(design.select(tallies), [1, 5])


def test_initial_sequence_goes_on_until_the_first_dlt():
    design = CRMMLE(
        target=0.25, skeleton=SKELETONS[0], max_n=24, cohort_size=2, initial_levels=(1, 2, 2, 3), rules=(NoSkipping(),)
    )
    histories = ["1NN", "1NN 2NN", "1NN 2NN 2NN", "1NN 2NN 2NN 3NN", "1NN 2NN 2NN 3NN 3NN"]
    decision = design.decide(Tally.parse(histories, n_doses=5))
    np.testing.assert_array_equal(decision.level, [2, 2, 3, 3, 3])
    assert (decision.reason_code == Reason.FIXED_PATH).all()
    after = design.decide(Tally.parse("1NN 2NT", n_doses=5))
    assert after.reason[0] is not Reason.FIXED_PATH


def test_default_sequence_climbs_from_the_start_level():
    design = CRMMLE(target=0.25, skeleton=SKELETONS[0], max_n=24, cohort_size=1, start_level=2)
    decision = design.decide(Tally.parse(["2N", "2N 3N", "2N 3N 4N", "2N 3N 4N 5N", "2N 3N 4N 5N 5N"], n_doses=5))
    np.testing.assert_array_equal(decision.level, [3, 4, 5, 5, 5])


# Indifference intervals


@pytest.mark.parametrize("model", ["empiric", "logistic"])
def test_neighbours_tie_at_the_ends_exactly(model):
    intervals = indifference_intervals(SKELETONS[0], 0.25, model)
    lower, upper = intervals.dlt_probability[1:, 0], intervals.dlt_probability[:-1, 1]
    np.testing.assert_allclose(lower + upper, 0.5, rtol=0, atol=1e-13)
    design = CRM(target=0.25, skeleton=SKELETONS[0], model=model, max_n=10, rules=())
    curve = design.curve(intervals.parameter[1:, 0])
    rows = np.arange(4)
    np.testing.assert_allclose(curve[rows, rows], lower, rtol=0, atol=1e-12)
    np.testing.assert_allclose(curve[rows, rows + 1], upper, rtol=0, atol=1e-12)


# Arguments

SHARED = {"target": 0.25, "max_n": 18}
WRONG = [
    (EWOC, {"doses": (20, 10)}, "doses"),
    (EWOC, {"feasibility_bound": 0.0}, "feasibility_bound"),
    (EWOC, {"bound_step": -0.1}, "bound_step"),
    (EWOC, {"bound_step": 0.1, "bound_limit": 0.2}, "bound_limit"),
    (EWOC, {"bound_starts": 1}, "bound_starts"),
    (EWOC, {"minimum": 11}, "minimum"),
    (EWOC, {"maximum": 50}, "maximum"),
    (EWOC, {"prior_rho": (0, 1)}, "prior_rho"),
    (EWOC, {"prior_mtd": 1}, "prior_mtd"),
    (BMACRM, {"skeletons": ()}, "skeletons"),
    (BMACRM, {"skeletons": 3}, "skeletons"),
    (BMACRM, {"skeletons": [(0.1, 0.2), (0.1, 0.2, 0.3)]}, "skeletons"),
    (BMACRM, {"skeletons": [(0.2, 0.1)]}, "skeletons"),
    (BMACRM, {"model_prior": (1, 1)}, "model_prior"),
    (BMACRM, {"model_prior": (1, 1, 0)}, "model_prior"),
    (BMACRM, {"averaging": "both"}, "averaging"),
    (BMACRM, {"model": "probit"}, "model"),
    (BMACRM, {"prior_sd": 0}, "prior_sd"),
    (BMACRM, {"estimate": "median"}, "estimate"),
    (BMACRM, {"target": 0}, "target"),
    (CRMMLE, {"skeleton": (0.3, 0.2)}, "skeleton"),
    (CRMMLE, {"model": "probit"}, "model"),
    (CRMMLE, {"model": "logistic", "intercept": 0.1}, "intercept"),
    (CRMMLE, {"initial_levels": ()}, "initial_levels"),
    (CRMMLE, {"initial_levels": 1}, "initial_levels"),
    (CRMMLE, {"initial_levels": (1, 6)}, "initial_levels"),
    (CRMMLE, {"initial_levels": (1, 1.5)}, "initial_levels"),
    (CRMMLE, {"initial_levels": (2, 3)}, "initial_levels"),
]
OWN = {EWOC: {"doses": FIVE}, BMACRM: {"skeletons": SKELETONS}, CRMMLE: {"skeleton": SKELETONS[0]}}


@pytest.mark.parametrize(("design", "wrong", "name"), WRONG, ids=lambda value: None if isinstance(value, dict) else "")
def test_wrong_argument_is_named(design, wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        design(**(SHARED | OWN[design] | wrong))


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"skeleton": (0.3, 0.2)}, "skeleton"),
        ({"target": 1.0}, "target"),
        ({"model": "probit"}, "model"),
        ({"model": "logistic", "intercept": 0.0}, "intercept"),
    ],
)
def test_wrong_argument_of_indifference_intervals_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        indifference_intervals(**({"skeleton": SKELETONS[0], "target": 0.25} | wrong))


def test_blrm_has_the_posteriors_and_doses_of_sas():
    passes(sas.blrm)
