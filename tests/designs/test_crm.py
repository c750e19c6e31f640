"""The CRM against dfcrm 0.2.2.1 and the published examples; test_crm_quadrature.py has the integration."""

import numpy as np
import pytest
from support import cases_in, data, golden, name_of, passes

from designs import CRM, CoherentEscalation, NoSkipping, Reason, StopTooToxic, Tally
from doseesc.validation.cases import crm
from doseesc.validation.other_programs import crm_of, tally_of

PUBLISHED = data("published.yaml")
BAYES = [item for item in golden("dfcrm.json", "crm") if item["method"] == "bayes"]
SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


@pytest.mark.parametrize("case", cases_in(crm), ids=name_of)
def test_golden_and_published_numbers(case):
    passes(case)


def test_posteriors_of_a_batch_are_those_of_its_members():
    items = [item for item in BAYES if len(item["prior"]) == 5 and item["model"] == "empiric"]
    design = crm_of(items[0])
    tallies = [tally_of(item["level"], item["tox"], 5) for item in items]
    together = design.posterior(Tally.concatenate(tallies))
    for row, tally in enumerate(tallies):
        alone = design.posterior(tally)
        assert together.mean[row] == pytest.approx(alone.mean[0], abs=1e-12)
        assert together.variance[row] == pytest.approx(alone.variance[0], abs=1e-12)
        np.testing.assert_allclose(together.dlt_probability[row], alone.dlt_probability[0], rtol=0, atol=1e-12)


# Published examples


def test_escalation_after_two_of_two_dlts_with_the_one_parameter_model():
    case = PUBLISHED["one_parameter_bcrm"]
    tally = Tally(n=[case["n"]], dlt=[case["dlt"]], level=[7])
    options = {"target": case["target"], "skeleton": case["skeleton"], "prior_sd": case["prior_sd"], "max_n": 60}
    assert case["doses"][case["level"] - 1] == 40
    # The default rule lets it go up, after 2 of 2 DLTs, by one level; coherence forbids that.
    assert CRM(**options).decide(tally).level[0] == 8
    assert CRM(rules=(NoSkipping(), CoherentEscalation(target=0.3)), **options).decide(
        Tally.parse("1NNN 2NNNN 3NNNNN 4NNNN 7TT", n_doses=15)
    ).level[0] == 7  # fmt: skip


# Traps in other packages


def test_prior_sd_is_a_standard_deviation():
    """A table made with variance 1.34 is not met with sd 1.34, the slip of a peer's test."""
    case = PUBLISHED["one_parameter_table"]
    item = case["items"][0]
    tally = Tally(n=[case["n"]], dlt=[case["dlt"]], level=[7])
    options = {"target": 0.3, "skeleton": item["skeleton"], "max_n": 60, "rules": (), "estimate": "posterior_mean"}
    right = CRM(prior_sd=1.34**0.5, **options).posterior(tally).dlt_probability[0]
    slip = CRM(prior_sd=1.34, **options).posterior(tally).dlt_probability[0]
    np.testing.assert_allclose(right, item["posterior_mean"], rtol=0, atol=1e-3)
    np.testing.assert_allclose(slip[:3], [0.070, 0.087, 0.101], rtol=0, atol=5e-4)
    assert np.abs(slip - item["posterior_mean"]).max() > 1e-3
    assert CRM(target=0.3, skeleton=item["skeleton"], max_n=9).prior_sd == pytest.approx(1.34**0.5)
    empty = Tally.empty(10)
    assert CRM(prior_sd=1.34, **options).posterior(empty).variance[0] == pytest.approx(1.34**2, abs=1e-9)


def test_eighteen_patients_not_seventeen():
    """A peer's outcome string for Neuenschwander's data leaves out one of the five patients at 5 mg."""
    case = PUBLISHED["one_parameter_table"]
    item = case["items"][0]
    design = CRM(target=0.3, skeleton=item["skeleton"], max_n=60, rules=(), estimate="posterior_mean")
    both = Tally.parse(["1NNN 2NNNN 3NNNNN 4NNNN 7TT", "1NNN 2NNNN 3NNNN 4NNNN 7TT"], n_doses=10)
    np.testing.assert_array_equal(both.total_n, [18, 17])
    np.testing.assert_array_equal(both.n[0], case["n"])
    right, slip = design.posterior(both).dlt_probability
    np.testing.assert_allclose(right, item["posterior_mean"], rtol=0, atol=1e-3)
    assert np.abs(slip - item["posterior_mean"]).max() > 1e-3


def test_model_dose_at_the_ends_and_in_ties():
    """All at or under the target: the top; all at or over it: the lowest; ties of distance: the lower."""
    low = CRM(target=0.5, skeleton=(0.1, 0.2, 0.3), max_n=30, rules=())
    assert low.decide(Tally.parse("1NNN", n_doses=3)).level[0] == 3
    high = CRM(target=0.05, skeleton=(0.1, 0.2, 0.3), max_n=30, rules=())
    assert high.decide(Tally.parse("1TTT", n_doses=3)).level[0] == 1
    # With no data the plug-in curve is the skeleton itself.
    tie = CRM(target=0.25, skeleton=(0.125, 0.375, 0.5), max_n=30, rules=())
    assert tie.model_dose(Tally.empty(3))[0] == 1
    # Sixty patients without a DLT push every estimate below what can be told apart.
    many = CRM(target=0.25, skeleton=SKELETON, prior_sd=50.0, max_n=60, rules=())
    assert many.decide(Tally.parse("5" + "N" * 59, n_doses=5)).level[0] == 5


# Selection and stopping


def test_selection_by_model_or_by_next_level():
    """After 1NNN the model would go to the top; the next cohort may only go to level 2."""
    tally = Tally.parse("1NNN", n_doses=5)
    options = {"target": 0.25, "skeleton": SKELETON, "max_n": 30, "cohort_size": 3}
    model, following = CRM(**options), CRM(selection="next_level", **options)
    assert model.decide(tally).level[0] == following.decide(tally).level[0] == 2
    assert model.decide(tally).reason[0] == Reason.SKIPPING_FORBIDDEN
    assert model.select(tally)[0] == model.model_dose(tally)[0] > 2
    assert following.select(tally)[0] == 2


def test_nothing_is_selected_where_the_lowest_level_is_too_toxic():
    rule = StopTooToxic(level=1, above=0.35, confidence=0.9)
    design = CRM(target=0.25, skeleton=SKELETON, max_n=30, cohort_size=3, rules=(NoSkipping(), rule))
    tally = Tally.parse(["1TTT", "1NNN"], n_doses=5)
    assert design.probability_above(tally, 1, 0.35)[0] >= 0.9
    np.testing.assert_array_equal(design.decide(tally).level, [0, 2])
    assert design.decide(tally).reason[0] == Reason.LEVEL_TOO_TOXIC
    np.testing.assert_array_equal(design.select(tally) == 0, [True, False])


# Arguments


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"target": 0}, "target"),
        ({"target": "a"}, "target"),
        ({"skeleton": (0.1, 0.1, 0.2)}, "skeleton"),
        ({"skeleton": (0.3, 0.2, 0.1)}, "skeleton"),
        ({"skeleton": (0.0, 0.2, 0.3)}, "skeleton"),
        ({"skeleton": (0.1, 0.2, 1.0)}, "skeleton"),
        ({"skeleton": (0.1, 0.2, float("nan"))}, "skeleton"),
        ({"skeleton": ()}, "skeleton"),
        ({"skeleton": 0.2}, "skeleton"),
        ({"skeleton": None}, "skeleton"),
        ({"skeleton": "abc"}, "skeleton"),
        ({"skeleton": [[0.1, 0.2]]}, "skeleton"),
        ({"model": "probit"}, "model"),
        ({"model": None}, "model"),
        ({"estimate": "median"}, "estimate"),
        ({"selection": "best"}, "selection"),
        ({"prior_sd": 0}, "prior_sd"),
        ({"prior_sd": -1.0}, "prior_sd"),
        ({"prior_sd": float("inf")}, "prior_sd"),
        ({"prior_sd": "wide"}, "prior_sd"),
        ({"model": "logistic", "intercept": -2.0}, "intercept"),
        ({"intercept": float("nan")}, "intercept"),
        ({"max_n": 0}, "max_n"),
        ({"cohort_size": 2.5}, "cohort_size"),
        ({"start_level": 4}, "start_level"),
        ({"rules": (NoSkipping,)}, "rules"),
        ({"rules": NoSkipping()}, "rules"),
        ({"rules": (StopTooToxic(level=9),)}, "level"),
    ],
)
def test_wrong_argument_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        CRM(**({"target": 0.25, "skeleton": (0.1, 0.25, 0.4), "max_n": 18} | wrong))


def test_skeleton_message_says_what_was_given():
    with pytest.raises(ValueError, match=r"skeleton must be strictly increasing, not \[0.1, 0.1, 0.2\]"):
        CRM(target=0.25, skeleton=[0.1, 0.1, 0.2], max_n=18)
