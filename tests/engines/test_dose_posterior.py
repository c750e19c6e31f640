import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.special import expit, logit

from designs import BLRM, Tally
from doseesc.engines.dose_posterior import DoseModel

DOSES = (2.0, 8.0, 16.0)
PRIOR = {"mean": (-0.7, 0.1), "sd": (1.6, 0.8), "correlation": 0.3}


def density(model, n, dlt):
    """Prior times likelihood of (log_alpha, log_beta), written down afresh."""
    covariance = np.outer(model.sd, model.sd) * np.array([[1, model.correlation], [model.correlation, 1]])
    precision = np.linalg.inv(covariance)
    distance = np.log(np.array(model.doses) / model.reference)
    n, dlt = np.array(n), np.array(dlt)

    def at(alpha, beta):
        off = np.array([alpha, beta]) - model.mean
        p = expit(alpha + np.exp(beta) * distance)
        seen = 1 - (1 - model.floor) * (1 - p)
        return np.exp(-off @ precision @ off / 2) * np.prod(seen**dlt * (1 - seen) ** (n - dlt))

    return at


def integral(model, function, lowest):
    """Integrate over log_beta and over log_alpha from ``lowest(beta)`` on."""
    sides = [(m - 7 * s, m + 7 * s) for m, s in zip(model.mean, model.sd, strict=True)]
    (first, last), (low, high) = sides
    return dblquad(function, low, high, lambda b: np.clip(lowest(b), first, last), last, epsabs=1e-9, epsrel=1e-7)[0]


@pytest.mark.parametrize(
    ("n", "dlt", "floor", "amount"),
    [
        ([3, 3, 6], [0, 0, 1], 0.0, 4.0),  # a quarter of the highest dose
        ([3, 3, 0], [0, 2, 0], 0.0, 0.5),  # below the ladder
        ([3, 3, 0], [0, 1, 0], 0.1, 8.0),
    ],
)
def test_against_adaptive_integration(n, dlt, floor, amount):
    model = DoseModel(doses=DOSES, reference=16.0, floor=floor, **PRIOR)
    tally = Tally(n=[n], dlt=[dlt], level=[1])
    found = model.posterior(tally, [amount], above=0.35, credibility=0.9)
    joint = density(model, n, dlt)
    distance = np.log(amount / model.reference)

    def mean(alpha, beta):
        return expit(alpha + np.exp(beta) * distance) * joint(alpha, beta)

    def above(limit):
        return integral(model, joint, lambda beta: logit(limit) - np.exp(beta) * distance) / whole

    whole = integral(model, joint, lambda _: -np.inf)
    assert found.mean[0, 0] == pytest.approx(integral(model, mean, lambda _: -np.inf) / whole, abs=2e-6)
    assert found.above[0, 0] == pytest.approx(above(0.35), abs=1e-5)
    for end, tail in ((found.lower[0, 0], 0.95), (found.upper[0, 0], 0.05)):
        assert above(end + 1e-4) < tail < above(max(end - 1e-4, 1e-300))


def test_agrees_with_the_blrm_at_tested_doses():
    rng = np.random.default_rng(7)
    n = rng.integers(0, 7, (40, 3))
    tally = Tally(n=n, dlt=rng.binomial(n, [0.1, 0.2, 0.4]), level=np.ones(40, dtype=int))
    design = BLRM(target=0.25, doses=DOSES, max_n=18)
    model = DoseModel(doses=DOSES, reference=16.0, mean=design.prior_mean, sd=design.prior_sd)
    found = model.posterior(tally, DOSES, above=0.35, credibility=0.8)
    assert np.allclose(found.mean, design.posterior(tally).dlt_probability, rtol=0, atol=1e-7)
    for level in (1, 2, 3):
        lower, upper = design.credible_interval(tally, level, 0.8)
        assert np.allclose(found.above[:, level - 1], design.probability_above(tally, level, 0.35), rtol=0, atol=2e-6)
        assert np.allclose(found.lower[:, level - 1], lower, rtol=0, atol=1e-4)
        assert np.allclose(found.upper[:, level - 1], upper, rtol=0, atol=1e-4)


def test_ends_of_intervals_of_many_patients():
    model = DoseModel(doses=DOSES, reference=16.0, mean=(-0.7, 0.0), sd=(2.0, 1.0))
    tally = Tally(n=[[60, 60, 60]], dlt=[[4, 12, 22]], level=[3])
    found = model.posterior(tally, [4.0, 16.0], above=0.35, credibility=0.9)
    for place, amount in enumerate((4.0, 16.0)):
        for end, tail in ((found.lower[0, place], 0.95), (found.upper[0, place], 0.05)):
            again = model.posterior(tally, [amount], above=float(end), credibility=0.9)
            assert again.above[0, 0] == pytest.approx(tail, abs=1e-3)
