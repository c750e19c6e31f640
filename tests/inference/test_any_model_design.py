"""A PyMC model as a design: decides as the built-in designs on every reachable tally; and what goes wrong."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pymc as pm
import pytest
from joblib import Parallel, delayed
from pymc_models import DOSES, SKELETON, empiric, logistic
from support import passes

import doseesc
from designs import BLRM, CRM, StopAtDose, StopTooToxic, Tally
from doseesc.conduct.rule_effects import rule_effects
from doseesc.engines.exact import enumerate_paths
from doseesc.inference.any_model.design import PymcDesign
from doseesc.inference.any_model.from_pymc import design_from_pymc
from doseesc.named_doses import Doses
from doseesc.validation.cases import pymc_model

TRUTHS = [[0.05, 0.12, 0.25, 0.40, 0.55], [0.25, 0.35, 0.45, 0.55, 0.65]]


@pytest.fixture(scope="module")
def one():
    return design_from_pymc(empiric(), target=0.25, max_n=30, selection="plug_in", feasibility_bound=None)


@pytest.fixture(scope="module")
def two():
    return design_from_pymc(logistic(), target=0.3, max_n=18)


def assert_same(design, built_in):
    """Every reachable tally is reached by both, decided alike, and so are all exact characteristics."""
    ours, theirs = enumerate_paths(design), enumerate_paths(built_in)
    assert ours.n_states == theirs.n_states
    assert ours.n_paths == theirs.n_paths
    a, b = ours.characteristics(TRUTHS), theirs.characteristics(TRUTHS)
    for name in ("selected", "patients", "dlts", "total_patients", "stopped_early"):
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0, atol=1e-9, err_msg=name)


def test_the_validation_compares_a_crm_in_pymc():
    passes(pymc_model.crm_in_pymc)


@pytest.mark.parametrize("mtd", ["model", "next_level"])
def test_a_crm_written_in_pymc_is_the_crm(one, mtd):
    crm = CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3, selection=mtd)
    assert_same(replace(one, mtd=mtd), crm)


def test_a_crm_by_posterior_means_is_too(one):
    crm = CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3, estimate="posterior_mean")
    assert_same(replace(one, selection="nearest_mean"), crm)


def test_rules_ask_the_model(one):
    """The tail probability of a rule comes from the model, as the CRM's does."""
    rules = (StopTooToxic(confidence=0.8), StopAtDose(12))
    crm = CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3, rules=rules)
    assert_same(replace(one, rules=rules), crm)


@pytest.mark.parametrize("selection", ["target_probability", "loss", "nearest_mean"])
def test_a_blrm_written_in_pymc_is_the_blrm(two, selection):
    assert_same(replace(two, selection=selection), BLRM(target=0.3, doses=DOSES, max_n=18, selection=selection))


def test_overdose_control_is_the_blrms(two):
    options = {"overdose_above": 0.33, "feasibility_bound": 0.4, "intervals": (0.16, 0.33, 0.5)}
    assert_same(replace(two, **options), BLRM(target=0.3, doses=DOSES, max_n=18, **options))


def test_posterior_and_intervals_are_the_blrms(two):
    blrm = BLRM(target=0.3, doses=DOSES, max_n=18)
    tally = Tally.parse(["1NNN 2NNT", "1NTT", "1NNN 2NNN 3NNN 4NTT 3NNT"], n_doses=5)
    for ours, theirs in zip(two.posterior(tally), blrm.posterior(tally), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-7)
    ends = zip(two.credible_interval(tally, tally.level), blrm.credible_interval(tally, tally.level), strict=True)
    for ours, theirs in ends:
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
    np.testing.assert_allclose(two.probability_above(tally, 2, 0.25), blrm.probability_above(tally, 2, 0.25), atol=1e-7)


def test_it_travels_to_other_processes(two):
    tally = Tally.parse(["1NNN 2NNT", "1NTT"], n_doses=5)
    expected = two.decide(tally).level
    for plain in (pickle.loads(pickle.dumps(two)), replace(two, fitted=str(two.fitted))):
        np.testing.assert_array_equal(plain.decide(tally).level, expected)
    (there,) = Parallel(n_jobs=2)(delayed(two.decide)(tally) for _ in range(1))
    np.testing.assert_array_equal(there.level, expected)


def test_simulated_and_exact_agree(two):
    simulated = doseesc.simulate(two, TRUTHS[0], n_trials=4000, seed=1)
    exact = enumerate_paths(two).characteristics(TRUTHS[0])
    error = np.sqrt(exact.selected * (1 - exact.selected) / 4000)
    assert (np.abs(simulated.selected - exact.selected) <= 4 * error + 1e-12).all()


def test_hurdle_and_emax_models_make_designs():
    """Curves no built-in design has: no effect below a threshold, and a ceiling below 1."""
    with pm.Model() as hurdle:
        safe = pm.Beta("share_susceptible", 2, 2)
        slope = pm.HalfNormal("slope", 1.0)
        pm.Deterministic("p", safe * (1 - pm.math.exp(-slope * np.array(DOSES[:3]) / 4)))
    with pm.Model() as emax:
        d50 = pm.LogNormal("d50", np.log(6), 1)
        most = pm.Beta("most", 4, 2)
        pm.Deterministic("p", most * np.array(DOSES[:3]) / (np.array(DOSES[:3]) + d50))
    for model in (hurdle, emax):
        design = design_from_pymc(model, target=0.25, max_n=9, tolerance=1e-2)
        found = enumerate_paths(design).characteristics([0.1, 0.25, 0.45])
        assert found.selected.sum() == pytest.approx(1)
        toxic = design.decide(Tally.parse("1TTT 1TTT", n_doses=3))
        assert toxic.level[0] == 0
        calm = design.decide(Tally.parse("1NNN 1NNN", n_doses=3))
        assert calm.level[0] == 2


def test_it_says_what_it_is(one, two):
    assert "The prior is b ~ Normal(0, 1.16); posteriors are found by quadrature on" in one.describe()
    assert "nearest the target 25 % at the posterior mean of the parameter" in one.describe()
    assert "log_alpha ~ Normal(-0.693, 2), log_beta ~ Normal(0, 1)" in two.describe()
    assert "exceeds 35 % with posterior probability above 25 %" in two.describe()
    assert len(repr(two)) < 1000


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"selection": "plug_in"}, "selection must not be plug_in with a model of several parameters"),
        ({"selection": "best"}, "selection must be one of"),
        ({"max_n": 60}, "max_n must be at most 18, what the model was laid out for"),
        ({"intervals": (0.3, 0.2, 0.6)}, "intervals must begin at three increasing"),
        ({"feasibility_bound": 1.5}, "feasibility_bound must lie between 0 and 1"),
        ({"mtd": "highest"}, "mtd must be one of model, next_level"),
        ({"fitted": ""}, r"module is read where a scenario file is loaded; in Python use .*design_from_pymc"),
        ({"fitted": "doseesc grid 1\n{}\nAAAA"}, "fitted is damaged"),
    ],
)
def test_wrong_options_are_named(two, changed, message):
    with pytest.raises(ValueError, match=message):
        replace(two, **changed)


OTHERS = (None, -1, 0, 1.5, 1e300, "x", [], {}, True, [[]], "\ud800", "9" * 50)


def test_a_text_of_a_posterior_is_not_believed(two):
    """Every part in turn replaced by something else: refused by name, or the same kind of thing as before."""
    facts, packed = str(two.fitted).removeprefix("doseesc grid 1\n").split("\n", 1)
    known = json.loads(facts)
    texts = [f"doseesc grid 1\n{json.dumps(known | {name: value})}\n{packed}" for name in known for value in OTHERS]
    texts += [f"doseesc grid 1\n{facts}\n{packed[:place]}{packed[place + 4 :]}" for place in range(0, len(packed), 997)]
    texts += ["doseesc grid 1\n" + "[" * 100_000 + "\n" + packed, "doseesc grid 1\n[]\n" + packed]
    nuts = {"key": "0" * 32, "cache": "c", "prior": "p", "n_doses": 5, "patients": 18, "backend": "pymc"}
    nuts["sampler"] = [4, 1, 1, 1]
    texts += [f"doseesc nuts 1\n{json.dumps(nuts | {name: value})}" for name in nuts for value in OTHERS]
    texts += [f"doseesc nuts 1\n{json.dumps(nuts | {'sampler': [each]})}" for each in OTHERS]
    texts += ["doseesc nuts 1\n" + "[" * 100_000, "doseesc nuts 1\n[]", "doseesc nuts 1\n{}"]
    said = []
    for text in texts:
        try:
            assert replace(two, fitted=text).describe()
        except ValueError as error:
            said.append(str(error))
    assert {each.split(" ")[0] for each in said} == {"fitted", "max_n"}
    assert len(said) > len(texts) / 2


def test_what_it_excludes_is_told_by_its_name_in_scenario_files(two):
    doses = Doses(tuple(map(str, DOSES)))
    (effect,) = rule_effects(two, Tally.parse("1NNN 2NTT", n_doses=5), doses)[:1]
    assert effect.meaning == "pymc excludes doses that are too toxic."


def test_it_is_a_frozen_design(one):
    assert isinstance(one, PymcDesign)
    assert one.n_doses == 5
    assert one.cohort_size == 3
