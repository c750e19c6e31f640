"""Model-based designs that know the background: against integrals taken another way."""

import numpy as np
import pytest
from scipy.integrate import quad, simpson
from scipy.stats import beta, norm

from designs import BLRM, BOIN, CRM, Tally, target_above_floor
from doseesc.engines.exact import enumerate_paths

SKELETON = (0.1, 0.25, 0.45)
TALLY = Tally.parse("1NNN 2NNT 3NTT 2NNT", n_doses=3)


def crm(**more):
    return CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3, **more)


def likelihood(b, floor):
    p = np.array(SKELETON) ** np.exp(b)
    seen = 1 - (1 - floor) * (1 - p)
    n, dlt = TALLY.n[0], TALLY.dlt[0]
    return np.prod(seen**dlt * (1 - seen) ** (n - dlt)) * norm.pdf(b, scale=1.34**0.5)


def test_known_floor_against_quad():
    posterior = crm(floor=0.1, estimate="posterior_mean").posterior(TALLY)
    whole = quad(likelihood, -10, 10, args=(0.1,), points=[-1, 0, 1], epsabs=1e-14)[0]
    mean = quad(lambda b: b * likelihood(b, 0.1), -10, 10, points=[-1, 0, 1], epsabs=1e-14)[0] / whole
    curve = quad(lambda b: 0.25 ** np.exp(b) * likelihood(b, 0.1), -10, 10, points=[-1, 0, 1], epsabs=1e-14)[0] / whole
    assert posterior.mean[0] == pytest.approx(mean, abs=1e-9)
    assert posterior.dlt_probability[0, 1] == pytest.approx(curve, abs=1e-9)


def test_unknown_floor_against_a_double_integral():
    design = crm(floor_prior=(2, 18), estimate="posterior_mean")

    def integral(function, start=-10.0):
        """Simpson's rule on a fine mesh of the parameter and the floor."""
        b, floor = np.linspace(start, 10, 1601), np.linspace(0, 1, 1601)
        p = np.array(SKELETON) ** np.exp(b)[:, None]
        weight = norm.pdf(b, scale=1.34**0.5)[:, None] * beta.pdf(floor, 2, 18)
        for level in range(3):
            seen = 1 - (1 - floor) * (1 - p[:, level, None])
            n, dlt = TALLY.n[0, level], TALLY.dlt[0, level]
            weight = weight * seen**dlt * (1 - seen) ** (n - dlt)
        return simpson(function(b) * simpson(weight, x=floor), x=b)

    whole = integral(np.ones_like)
    curve = integral(lambda b: 0.25 ** np.exp(b)) / whole
    assert design.posterior(TALLY).dlt_probability[0, 1] == pytest.approx(curve, abs=1e-7)
    assert design.log_evidence(TALLY)[0] == pytest.approx(np.log(whole), abs=1e-7)
    below = integral(np.ones_like, start=np.log(np.log(0.3) / np.log(0.25))) / whole
    assert design.probability_above(TALLY, 2, 0.3)[0] == pytest.approx(1 - below, abs=1e-6)
    low, high = design.credible_interval(TALLY, 2, 0.9)
    assert design.probability_above(TALLY, 2, float(low[0]))[0] == pytest.approx(0.95, abs=1e-5)
    assert design.probability_above(TALLY, 2, float(high[0]))[0] == pytest.approx(0.05, abs=1e-5)


@pytest.mark.parametrize("make", ["CRM", "BLRM"])
def test_a_floor_prior_with_nearly_no_spread_is_a_known_floor(make):
    make = {"CRM": crm, "BLRM": blrm}[make]
    known, sharp = make(floor=0.1), make(floor_prior=(1e5, 9e5))
    np.testing.assert_allclose(
        known.posterior(TALLY).dlt_probability, sharp.posterior(TALLY).dlt_probability, atol=1e-5
    )
    np.testing.assert_array_equal(make().decide(TALLY).level, make(floor=0.0).decide(TALLY).level)


def blrm(**more):
    return BLRM(target=0.25, doses=(2, 8, 16), max_n=18, cohort_size=3, prior_sd=(1.0, 0.5), **more)


def test_without_a_floor_nothing_changes():
    np.testing.assert_array_equal(crm().posterior(TALLY).mean, crm(floor=0.0).posterior(TALLY).mean)
    assert type(crm()._grid(TALLY, 0.6)[1]).__name__ == "GridModel"
    without, with_floor = blrm().posterior(TALLY), blrm(floor=0.15).posterior(TALLY)
    assert (with_floor.dlt_probability < without.dlt_probability).all()


def test_a_floor_finds_the_mtd_under_background():
    truth, floor = np.array([0.05, 0.25, 0.45]), 0.2
    observed = 1 - (1 - floor) * (1 - truth)
    found = {
        name: enumerate_paths(design).characteristics(observed, target=0.25, true_mtd=2).correct_selection
        for name, design in {
            "CRM": crm(),
            "CRM floor": crm(floor=floor),
            "CRM prior": crm(floor_prior=(4, 16)),
            "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
            "BOIN excess": BOIN(target=target_above_floor(0.25, floor), n_doses=3, max_n=18),
        }.items()
    }
    assert found["CRM floor"] > found["CRM"] + 0.1
    assert found["CRM prior"] > found["CRM"] + 0.1
    assert found["BOIN excess"] > found["BOIN"] + 0.1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"floor": 1.0}, "^floor must be at least 0"),
        ({"floor": -0.1}, "^floor must be at least 0"),
        ({"floor": 0.1, "floor_prior": (1, 9)}, "^floor_prior must not"),
        ({"floor_prior": (0, 9)}, "^floor_prior must hold two positive"),
        ({"floor_prior": (1,)}, "^floor_prior must"),
    ],
)
def test_wrong_floors_are_refused(arguments, message):
    for make in (crm, blrm):
        with pytest.raises(ValueError, match=message):
            make(**arguments)
