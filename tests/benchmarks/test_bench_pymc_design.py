"""Designs written in PyMC: the first call, exact characteristics against the built-in BLRM, and fits by NUTS."""

import numpy as np
import pymc as pm
import pytest

from designs import BLRM
from doseesc.engines.exact import enumerate_paths
from doseesc.inference.any_model.design import PymcDesign
from doseesc.inference.any_model.from_pymc import design_from_pymc
from doseesc.inference.any_model.posterior import PosteriorText, posterior_of_model

DOSES = (1.0, 2.0, 4.0, 8.0, 12.0)
TRUTH = [0.05, 0.15, 0.30, 0.45, 0.60]


def logistic():
    with pm.Model() as model:
        log_alpha, log_beta = pm.Normal("log_alpha", np.log(0.5), 2), pm.Normal("log_beta", 0, 1)
        pm.Deterministic("p", pm.math.invlogit(log_alpha + pm.math.exp(log_beta) * np.log(np.array(DOSES) / 12)))
    return model


def monotone():
    """Three doses, four parameters: ordered increments above a background."""
    with pm.Model() as model:
        first, rise = pm.Normal("first", -2.5, 1), pm.Normal("rise", 0, 0.7, shape=2)
        background = pm.Beta("background", 1, 30)
        steps = pm.math.concatenate([[0.0], pm.math.exp(rise).cumsum()])
        pm.Deterministic("p", background + (1 - background) * pm.math.invlogit(first + steps))
    return model


def test_first_call(benchmark):
    benchmark.group = "PyMC design, two parameters"
    made = benchmark.pedantic(lambda: design_from_pymc(logistic(), target=0.3, max_n=30), rounds=3)
    assert made.n_doses == 5


@pytest.mark.parametrize("selection", ["target_probability", "nearest_mean"])
@pytest.mark.parametrize("name", ["PyMC", "baseline: built-in BLRM"])
def test_exact_characteristics(benchmark, name, selection):
    benchmark.group = f"exact, 5 doses, 10 cohorts of 3, {selection}"
    design = BLRM(target=0.3, doses=DOSES, max_n=30, selection=selection)
    if name == "PyMC":
        design = design_from_pymc(logistic(), target=0.3, max_n=30, selection=selection)
    found = benchmark.pedantic(lambda: enumerate_paths(design).characteristics(TRUTH), rounds=5, warmup_rounds=1)
    assert abs(found.selected.sum() - 1) < 1e-9


def test_every_tally_of_a_small_trial_by_nuts(benchmark, tmp_path):
    benchmark.group = "PyMC design, four parameters, 3 doses, 18 patients"
    posterior = posterior_of_model(monotone(), max_n=18, cache=str(tmp_path))
    design = PymcDesign(target=0.25, max_n=18, feasibility_bound=0.4, fitted=PosteriorText.of(posterior))
    paths = benchmark.pedantic(lambda: enumerate_paths(design), rounds=1)
    assert paths.n_states > 100
    print(*design.notes(), sep="\n")
