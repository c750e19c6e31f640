"""The BLRM against Neuenschwander et al. (2008), integration by other means, and its own definition."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, log_expit, logit
from support import data, name_of, passes

from designs import BLRM, NoSkipping, Reason, StopTooToxic, Tally, design_class, target_cut_points
from designs import grid as grids
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.montecarlo import simulate
from doseesc.validation.cases import quadrature
from doseesc.validation.cases.quadrature import neuenschwander_design as trial_design
from doseesc.validation.cases.quadrature import neuenschwander_tally

PUBLISHED = data("model_designs.yaml")
TRIAL = PUBLISHED["neuenschwander"]
TWO = PUBLISHED["neuenschwander_two_parameters"]
DOSES = np.array(TRIAL["doses"])
FIVE = (1.0, 2.0, 4.0, 8.0, 16.0)

PRIORS = {
    "weakly informative": {"reference": 4.0},
    "at the highest dose": {"prior_mean": (-1.1, 0.0)},
    "correlated": {"prior_mean": (-1.5, 0.2), "prior_sd": (1.5, 0.9), "prior_correlation": -0.7},
    "far reference": {"reference": 80.0, "prior_mean": (2.15, 0.52), "prior_sd": (0.84, 0.8), "prior_correlation": 0.2},
    "narrow": {"reference": 8.0, "prior_mean": (-1.0, 0.2), "prior_sd": (0.8, 0.4), "prior_correlation": -0.3},
    "wide": {"reference": 4.0, "prior_sd": (3.0, 1.5), "prior_correlation": 0.3},
}


def trial_tally(n=None):
    return neuenschwander_tally() if n is None else Tally(n=[n], dlt=[TRIAL["dlt"]], level=[7])


def random_tallies(size, n_doses=5, max_n=30, seed=1):
    """Draw tallies of all kinds: spread, at one level, climbing; with DLTs that need not fit the model."""
    rng = np.random.default_rng(seed)
    n = np.zeros((size, n_doses), dtype=int)
    for row in range(size):
        total = int(rng.integers(1, max_n + 1))
        if row % 3 == 0:
            n[row] = rng.multinomial(total, rng.dirichlet(np.full(n_doses, 0.5)))
        elif row % 3 == 1:
            n[row, rng.integers(n_doses)] = total
        else:
            tried = int(rng.integers(1, n_doses + 1))
            n[row, :tried] = rng.multinomial(total, np.full(tried, 1 / tried))
    dlt = rng.binomial(n, np.sort(rng.beta(0.5, 0.8, (size, n_doses)), axis=1))
    return Tally(n=n, dlt=dlt, level=np.argmax(n > 0, axis=1) + 1)


def dense_posterior(design, tally, cuts, levels):
    """Integrate one tally: trapezoidal rule over log_beta, Gauss-Legendre in log_alpha from each cut point on.

    Returns means (J,) and the probabilities of lying above the cuts at the given levels, (levels, cuts).
    """
    (mean_a, mean_b), (sd_a, sd_b), rho = design.prior_mean, design.prior_sd, design.prior_correlation
    reference = design.reference or design.doses[-1]
    x = np.log(np.array(design.doses) / reference)
    z = np.linspace(-8.0, 8.0, 241)[:, None]
    slope = np.exp(mean_b + sd_b * z)
    centre, sd = mean_a + rho * sd_a * z, sd_a * np.sqrt(1 - rho**2)
    nodes, weights = np.polynomial.legendre.leggauss(220)
    low, high = centre - 8 * sd, centre + 8 * sd
    n, y = tally.n[0], tally.dlt[0]

    def mass(begin, function=None):
        half = (high - begin) / 2
        a = begin + half * (1 + nodes)
        logit_p = a[..., None] + slope[..., None] * x
        log_likelihood = (y * log_expit(logit_p) + (n - y) * log_expit(-logit_p)).sum(axis=-1)
        density = np.exp(log_likelihood - 0.5 * ((a - centre) / sd) ** 2 - 0.5 * z**2 + 20)
        if function is None:
            return (half * density * weights).sum()
        return ((half * density * weights)[..., None] * function(logit_p)).sum(axis=(0, 1))

    total = mass(low)
    tails = [[mass(np.clip(logit(cut) - slope * at, low, high)) / total for cut in cuts] for at in x[levels - 1]]
    return mass(low, expit) / total, np.array(tails)


# The published trial


@pytest.mark.parametrize("case", [quadrature.neuenschwander, quadrature.blrm], ids=name_of)
def test_published_trial(case):
    passes(case)


def test_interval_probabilities_sum_to_one_and_the_ceiling_is_the_dose():
    posterior = trial_design(intervals=TWO["intervals"]).posterior(trial_tally())
    assert posterior.interval_probability.shape == (1, 15, 4)
    np.testing.assert_allclose(posterior.interval_probability.sum(axis=2), 1.0, rtol=0, atol=1e-12)
    design = trial_design(selection="nearest_mean")
    assert design.ceiling(trial_tally()) == design.decide(trial_tally()).level
    free = trial_design(selection="nearest_mean", feasibility_bound=None)
    assert free.decide(trial_tally()).reason[0] is Reason.STAY


def test_seventeen_patients_are_another_trial():
    wrong = TWO["seventeen_patients_independent_prior"]
    n = [wrong["n_at_5"] if dose == 5 else count for dose, count in zip(TRIAL["doses"], TRIAL["n"], strict=True)]
    independent = trial_design(prior_correlation=0.0).ceiling(trial_tally(n))
    correlated = trial_design().ceiling(trial_tally(n))
    assert DOSES[independent[0] - 1] == wrong["highest_safe_amount"]
    assert DOSES[correlated[0] - 1] == wrong["highest_safe_amount_with_correlation"]


def test_prior_spread_is_a_standard_deviation():
    """With the variance put in its place the means move by more than their digits."""
    squared = trial_design(prior_sd=tuple(sd**2 for sd in TRIAL["prior"]["sd"]), prior_correlation=0.2)
    mean = squared.posterior(trial_tally()).dlt_probability[0]
    assert np.abs(mean - TWO["mean"]).max() > 0.01


# Quadrature


@pytest.mark.parametrize("name", PRIORS)
@pytest.mark.parametrize("max_n", [12, 30])
def test_quadrature_is_good_to_1e_6(name, max_n):
    design = BLRM(target=0.25, doses=FIVE, max_n=max_n, **PRIORS[name])
    tallies = random_tallies(6, max_n=max_n, seed=max_n)
    posterior = design.posterior(tallies)
    above = 1 - np.cumsum(posterior.interval_probability, axis=2)[:, :, :3]
    for row in range(tallies.size):
        levels = np.array([row % 5 + 1, (row + 2) % 5 + 1])
        mean, tails = dense_posterior(design, tallies.take(np.array([row])), design.cut_points, levels)
        np.testing.assert_allclose(posterior.dlt_probability[row], mean, rtol=0, atol=1e-7)
        np.testing.assert_allclose(above[row][levels - 1], tails, rtol=0, atol=1e-6)


def test_standard_deviation_is_that_of_the_tails():
    design = BLRM(target=0.25, doses=FIVE, max_n=30)
    tallies = random_tallies(6)
    posterior = design.posterior(tallies)
    c, weight = np.polynomial.legendre.leggauss(60)
    tails = [design.probability_above(tallies, 3, float(limit)) for limit in (c + 1) / 2]
    square = np.tensordot(weight * (c + 1) / 2, np.array(tails), axes=1)
    expected = np.sqrt(square - posterior.dlt_probability[:, 2] ** 2)
    np.testing.assert_allclose(posterior.dlt_sd[:, 2], expected, rtol=0, atol=1e-4)


def test_shared_likelihoods_change_nothing(monkeypatch):
    """Putting likelihoods together from parts that many tallies share is the same sum."""
    design = BLRM(target=0.25, doses=FIVE, max_n=30)
    tallies = random_tallies(1500, max_n=12)
    shared = design.posterior(tallies)
    monkeypatch.setattr(grids, "_SHARED_FROM", 10**9)
    for one, other in zip(shared, design.posterior(tallies), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-10)


def test_batch_is_its_singles():
    design = BLRM(target=0.25, doses=FIVE, max_n=30)
    tallies = random_tallies(800, max_n=30)
    batch, chosen = design.posterior(tallies), design.decide(tallies)
    for row in range(0, 800, 40):
        single = tallies.take(np.array([row]))
        for whole, one in zip(batch, design.posterior(single), strict=True):
            np.testing.assert_allclose(whole[row], one[0], rtol=0, atol=1e-10)
        decision = design.decide(single)
        assert (chosen.level[row], chosen.reason_code[row]) == (decision.level[0], decision.reason_code[0])


def test_more_patients_than_planned_still_integrate():
    small, large = (BLRM(target=0.25, doses=FIVE, max_n=max_n) for max_n in (6, 30))
    tally = random_tallies(5, max_n=30)
    np.testing.assert_allclose(
        small.posterior(tally).interval_probability, large.posterior(tally).interval_probability, rtol=0, atol=2e-6
    )


def test_credible_interval_inverts_the_tails():
    design = BLRM(target=0.25, doses=FIVE, max_n=30)
    tally = random_tallies(20, seed=4)
    level = np.arange(20) % 5 + 1
    for ends, tail in zip(design.credible_interval(tally, level, 0.8), (0.9, 0.1), strict=True):
        for row, end in enumerate(ends):
            above = partial(design.probability_above, tally.take(np.array([row])), int(level[row]))
            assert end <= 1e-4 or above(end - 1e-4)[0] >= tail - 1e-6
            assert end + 1e-4 >= 1 or above(end + 1e-4)[0] <= tail + 1e-6


# Decisions


def brute_decision(design, tally):
    """Return the level by the definition, from the posterior of one tally."""
    posterior = design.posterior(tally)
    p = posterior.interval_probability[0]
    score = {
        "target_probability": p[:, 1],
        "loss": -(p * np.array(design.loss)).sum(axis=1),
        "nearest_mean": -np.abs(posterior.dlt_probability[0] - design.target),
    }[design.selection]
    bound = 1.0 if design.feasibility_bound is None else design.feasibility_bound
    safe = np.flatnonzero(posterior.overdose_probability[0] <= bound)
    return 0 if safe.size == 0 else int(safe[np.argmax(score[safe])]) + 1


@pytest.mark.parametrize("selection", ["target_probability", "loss", "nearest_mean"])
@pytest.mark.parametrize("bound", [0.25, 0.5, None])
def test_decision_is_the_best_safe_level(selection, bound):
    design = BLRM(target=0.25, doses=FIVE, max_n=60, selection=selection, feasibility_bound=bound, rules=())
    tallies = random_tallies(60, seed=3)
    decision = design.decide(tallies)
    expected = [brute_decision(design, tallies.take(np.array([row]))) for row in range(60)]
    np.testing.assert_array_equal(decision.level, expected)
    np.testing.assert_array_equal(design.select(tallies), expected)
    assert len(set(expected)) >= 4
    stopped = decision.level == 0
    assert (decision.reason_code[stopped] == Reason.NO_SAFE_DOSE).all()


def test_reason_when_overdose_control_holds_back():
    design = BLRM(target=0.3, doses=FIVE, max_n=30)
    free = BLRM(target=0.3, doses=FIVE, max_n=30, feasibility_bound=None)
    tally = Tally.parse("1NNN 2NNN 3NNT", n_doses=5)
    assert free.decide(tally).level[0] > design.decide(tally).level[0] == 3
    assert design.decide(tally).reason[0] is Reason.TOO_TOXIC_ABOVE


def test_a_limit_cannot_lift_the_level_above_overdose_control():
    """No skipping on the way down asks for level 4 at least; the safe levels end below."""
    design = BLRM(target=0.25, doses=FIVE, max_n=30, reference=4.0, rules=(NoSkipping(down=True),))
    tally = Tally.parse("1NNN 2NNN 3NNN 4NNN 5TTT", n_doses=5)
    tally = tally.after(np.array([5]), np.array([3]), np.array([3]))
    assert design.ceiling(tally)[0] < 4
    assert design.decide(tally).level[0] == design.ceiling(tally)[0]


def test_selection_where_no_level_can_be_in_the_target_interval():
    design = BLRM(target=0.25, doses=FIVE, max_n=400, prior_sd=(1.0, 0.5), feasibility_bound=None, rules=())
    toxic = Tally(n=[[80] * 5], dlt=[[80] * 5], level=[1])
    safe = Tally(n=[[80] * 5], dlt=[[0] * 5], level=[5])
    for tally in (toxic, safe):
        assert design.posterior(tally).interval_probability[0, :, 1].max() < 1e-6
    assert design.select(toxic)[0] == 1
    assert design.select(safe)[0] == 5


def test_stop_too_toxic_uses_the_model():
    rule = StopTooToxic(level=1, above=0.3, confidence=0.9)
    design = BLRM(target=0.3, doses=FIVE, max_n=31, reference=1.0, feasibility_bound=None, rules=(rule,))
    tallies = random_tallies(60, seed=9)
    expected = design.probability_above(tallies, 1, 0.3) >= 0.9
    assert expected.any()
    stopped = design.decide(tallies).reason_code == Reason.LEVEL_TOO_TOXIC
    np.testing.assert_array_equal(stopped, expected)


def test_exact_and_simulated_characteristics_agree():
    design = BLRM(target=0.25, doses=FIVE, max_n=18)
    truth = [0.05, 0.12, 0.25, 0.40, 0.55]
    exact = enumerate_paths(design).characteristics(truth)
    simulated = simulate(design, truth, n_trials=4000, seed=3)
    for metric in ("selected", "patients", "dlts", "total_patients"):
        error = np.abs(np.subtract(getattr(simulated, metric), getattr(exact, metric)))
        assert (error <= 4 * getattr(exact.sd, metric) / 4000**0.5 + 1e-9).all(), metric


def test_walk_does_not_depend_on_merging():
    design = BLRM(target=0.25, doses=(1, 2, 4), max_n=12)
    truth = [0.1, 0.25, 0.45]
    merged, apart = (enumerate_paths(design, merge=merge).characteristics(truth) for merge in (True, False))
    np.testing.assert_allclose(merged.selected, apart.selected, rtol=0, atol=1e-12)


# Arguments


# The target and its interval


@pytest.mark.parametrize("target", [0.25, 0.26, 0.275, 0.30])
def test_for_the_published_targets_the_published_intervals_stand(target):
    assert BLRM(target=target, doses=FIVE, max_n=30).cut_points == (0.20, 0.35, 0.60)


@given(st.floats(0.001, 0.999))
def test_the_target_lies_in_its_interval_and_every_cut_point_keeps_its_odds_ratio_to_it(target):
    cuts = target_cut_points(target)
    assert 0 < cuts[0] < target < cuts[1] < cuts[2] < 1
    anchor = min(max(target, 0.25), 0.30)
    odds = [p / (1 - p) for p in (*cuts, target, 0.20, 0.35, 0.60, anchor)]
    np.testing.assert_allclose(np.array(odds[:3]) / odds[3], np.array(odds[4:7]) / odds[7], rtol=1e-9)


def test_the_target_decides_and_given_intervals_stand():
    """What was met: the exact selection was the same bit for bit at 20 and at 30 %."""
    low, high = (BLRM(target=target, doses=FIVE, max_n=12) for target in (0.20, 0.30))
    truth = [0.05, 0.12, 0.25, 0.40, 0.55]
    selected = [enumerate_paths(design).characteristics(truth).selected for design in (low, high)]
    assert selected[0][1:] @ range(5) < selected[1][1:] @ range(5) - 0.1
    assert "below 15.79 % is under-dosing" in low.describe()
    given = replace(low, intervals=(0.16, 0.33, 0.60))
    assert given.cut_points == (0.16, 0.33, 0.60)
    assert given.overdose_limit == 0.33
    assert replace(low, target=0.30) == high


def test_a_target_at_an_end_of_its_interval_is_in_it():
    design = BLRM(target=0.33, doses=FIVE, max_n=12, intervals=(0.16, 0.33, 0.60), overdose_above=0.33)
    assert design.cut_points == (0.16, 0.33, 0.60)


def test_registered():
    assert design_class("blrm") is BLRM


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"target": 1.0}, "target"),
        ({"doses": ()}, "doses"),
        ({"doses": (1, 1)}, "doses"),
        ({"doses": (0, 1)}, "doses"),
        ({"doses": "low"}, "doses"),
        ({"doses": (1, "high")}, "doses"),
        ({"reference": 0}, "reference"),
        ({"reference": "top"}, "reference"),
        ({"prior_mean": 0.5}, "prior_mean"),
        ({"prior_mean": (1, 2, 3)}, "prior_mean"),
        ({"prior_sd": (1, 0)}, "prior_sd"),
        ({"prior_sd": (1, None)}, "prior_sd"),
        ({"prior_correlation": 1}, "prior_correlation"),
        ({"intervals": (0.2, 0.2, 0.6)}, "intervals"),
        ({"intervals": (0.2, 0.35)}, "intervals"),
        ({"intervals": (0.2, 0.35, 1.0)}, "intervals"),
        ({"intervals": (0.26, 0.35, 0.6)}, "intervals"),
        ({"intervals": (0.1, 0.24, 0.6)}, "intervals"),
        ({"overdose_above": 0.24}, "overdose_above"),
        ({"selection": "best"}, "selection"),
        ({"loss": (1, 0, 1)}, "loss"),
        ({"overdose_above": 0}, "overdose_above"),
        ({"feasibility_bound": 1.5}, "feasibility_bound"),
        ({"max_n": 0}, "max_n"),
    ],
)
def test_wrong_argument_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        BLRM(**({"target": 0.25, "doses": FIVE, "max_n": 30} | wrong))
