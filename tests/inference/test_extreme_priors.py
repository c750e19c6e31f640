"""Priors of the analysis from narrow to wide: right answers or a refusal by name, within bounded memory."""

import numpy as np
import pytest
from extremes import NUMBERS, bounded

from designs import BLRM, CRM, Tally
from doseesc.inference import grids
from doseesc.inference.data import ToxicityData

LEVELS = [2.0, 8.0, 16.0]
GUESSES = [0.1, 0.25, 0.45]
OUTCOMES = "1NNN 2NTT 3NT"


@pytest.fixture(scope="module")
def observed():
    return ToxicityData.from_outcomes(OUTCOMES, amounts=LEVELS)


@pytest.mark.parametrize("sd", [1e-3, 0.1, 10.0, 84.0])
def test_the_crm_is_that_of_the_designs(observed, sd):
    design = CRM(target=0.25, skeleton=tuple(GUESSES), max_n=18, prior_sd=sd, estimate="posterior_mean")
    wanted = design.posterior(Tally.parse(OUTCOMES, n_doses=3)).dlt_probability[0]
    found = grids.crm_power(observed, levels=LEVELS, skeleton=GUESSES, prior_sd=sd).mean()
    assert found == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("sd", [(0.01, 0.01), (2.0, 1.0), (5.0, 4.0), (10.0, 6.0)])
def test_the_blrm_is_that_of_the_designs(observed, sd):
    design = BLRM(target=0.25, doses=tuple(LEVELS), max_n=18, prior_sd=sd)
    wanted = design.posterior(Tally.parse(OUTCOMES, n_doses=3)).dlt_probability[0]
    found = grids.two_parameter_logistic(observed, levels=LEVELS, prior_sd=sd).mean()
    assert found == pytest.approx(wanted, abs=1e-4)


@pytest.mark.parametrize("concentration", [1000.0, 10_000.0])
def test_a_sharp_monotone_prior_stays_where_it_is(observed, concentration):
    found = grids.monotone(observed, levels=LEVELS, prior_mean=GUESSES, concentration=concentration).mean()
    assert found == pytest.approx(GUESSES, abs=10 / concentration)


PRIORS = [
    *((grids.crm_power, "prior_sd", number) for number in NUMBERS),
    *((grids.crm_logistic, "prior_sd", number) for number in NUMBERS),
    *((grids.crm_logistic, "intercept", number) for number in NUMBERS),
    *(
        (grids.two_parameter_logistic, "prior_sd", pair)
        for number in NUMBERS
        for pair in ((number, 1.0), (2.0, number))
    ),
    *((grids.two_parameter_logistic, "prior_mean", pair) for number in NUMBERS for pair in ((number, 0), (0, number))),
    *((grids.monotone, "concentration", number) for number in NUMBERS),
]


def test_extremes_are_refused_by_name_or_finite(observed):
    counts = {"refused": 0, "answered": 0}
    for model, name, value in PRIORS:
        given = {"crm_power": {"skeleton": GUESSES}, "crm_logistic": {"skeleton": GUESSES}}.get(model.__name__, {})
        given = {"prior_mean": GUESSES} if model is grids.monotone else given
        with bounded(seconds=60, megabytes=1_500):
            try:
                posterior = model(observed, levels=LEVELS, **given, **{name: value})
            except ValueError as error:
                said = str(error)
            else:
                said = ""
                assert np.isfinite(posterior.mean()).all(), (name, value)
                assert np.isfinite(posterior.above(0.3)).all(), (name, value)
        assert said.startswith((name, "intercept")) or not said, (model.__name__, value, said)
        counts["refused" if said else "answered"] += 1
    print(counts)
    assert counts["refused"] > 50
    assert counts["answered"] > 20
