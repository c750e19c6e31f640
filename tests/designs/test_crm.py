"""The CRM against dfcrm 0.2.2.1 and the published examples; test_crm_quadrature.py has the integration."""

import numpy as np
import pytest
from from_r import by_id, crm_of, tally_of
from scipy.special import logit
from support import data

from designs import CRM, CoherentEscalation, NoSkipping, Reason, StopTooToxic, Tally

GOLDEN = data("dfcrm.json")
PUBLISHED = data("published.yaml")
BAYES = [item for item in GOLDEN["crm"]["items"] if item["method"] == "bayes"]
SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


def by_name(item):
    return item["name"]


@pytest.mark.parametrize("item", BAYES, ids=by_id)
def test_posterior_is_that_of_dfcrm(item):
    design = crm_of(item)
    tally = tally_of(item["level"], item["tox"], design.n_doses)
    posterior = design.posterior(tally)
    # dfcrm integrates on (-10, 10); with prior sd 2 that cuts the prior's tail, see test_crm_quadrature.py.
    within = 1e-4 if item["scale"] == 2 else 1e-6
    assert posterior.mean[0] == pytest.approx(item["tight"]["mean"], abs=within)
    assert posterior.variance[0] == pytest.approx(item["tight"]["var"], abs=within)
    # Plug-in: the curve at the posterior mean, to the precision of dfcrm's own estimate.
    np.testing.assert_allclose(posterior.dlt_probability, design.curve(posterior.mean), rtol=0, atol=1e-15)
    np.testing.assert_allclose(posterior.dlt_probability[0], item["result"]["ptox"], rtol=0, atol=max(within, 2e-6))
    assert design.select(tally)[0] == item["result"]["mtd"]


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


# dfcrm's crmsim, one trial at a time


@pytest.mark.parametrize("item", GOLDEN["trial_paths"]["items"], ids=by_id)
def test_every_decision_of_a_trial(item):
    """NoSkipping with CoherentEscalation is dfcrm's restrict."""
    assert item["method"] == "bayes"
    rules = (NoSkipping(), CoherentEscalation()) if item["restrict"] else ()
    size = item["mcohort"]
    design = crm_of(item, max_n=item["n"], cohort_size=size, start_level=item["x0"], rules=rules)
    tally = Tally.empty(design.n_doses)
    for first in range(0, item["n"], size):
        decision = design.decide(tally)
        assert decision.level[0] == item["level"][first], f"patient {first + 1}"
        assert decision.cohort_size[0] == size
        assert design.posterior(tally).mean[0] == pytest.approx(item["beta_hat_before_patient"][first], abs=5e-6)
        assert set(item["level"][first : first + size]) == {item["level"][first]}
        dlts = sum(item["tox"][first : first + size])
        tally = tally.after(decision.level, np.array([size]), np.array([dlts]))
    last = design.decide(tally)
    assert (last.level[0], last.cohort_size[0], last.reason[0]) == (0, 0, Reason.MAX_N)
    assert design.select(tally)[0] == item["mtd"]
    posterior = design.posterior(tally)
    assert posterior.mean[0] == pytest.approx(item["final_est"], abs=5e-6)
    assert posterior.variance[0] == pytest.approx(item["final_post_var"], abs=5e-6)
    np.testing.assert_allclose(posterior.dlt_probability[0], item["ptox"], rtol=0, atol=5e-6)


# Published examples


@pytest.mark.parametrize("item", PUBLISHED["crm_posteriors"]["items"], ids=by_name)
def test_published_posteriors(item):
    design = CRM(target=item["target"], skeleton=item["skeleton"], model=item["model"], max_n=30, rules=())
    tally = Tally.parse(item["outcomes"], n_doses=design.n_doses)
    posterior = design.posterior(tally)
    digits = 5e-6 if item["name"] == "dfcrm manual" else 5e-5 if "next_level" in item else 5e-4
    np.testing.assert_allclose(posterior.dlt_probability[0], item["plug_in"], rtol=0, atol=digits + 1e-9)
    if "mean" in item:
        assert posterior.mean[0] == pytest.approx(item["mean"], abs=1e-6)
    if "variance" in item:
        assert posterior.variance[0] == pytest.approx(item["variance"], abs=5e-6)
    if "labels" in item:
        np.testing.assert_allclose(logit(np.array(item["skeleton"])) - 3, item["labels"], rtol=0, atol=5e-3)
    if "next_level" in item:
        assert design.decide(tally).level[0] == item["next_level"]
    if "posterior_mean" in item:
        full = CRM(
            target=item["target"],
            skeleton=item["skeleton"],
            model=item["model"],
            max_n=30,
            rules=(),
            estimate="posterior_mean",
        )
        curve = full.posterior(tally).dlt_probability[0]
        np.testing.assert_allclose(curve, item["posterior_mean"], rtol=0, atol=item["posterior_mean_within"])
        assert full.decide(tally).level[0] == item["next_level"]


def test_cheung_table_3_2():
    """The book's trial of twenty patients, decisions and estimates, from the patients' tolerances."""
    case = PUBLISHED["cheung_table_3_2"]
    design = CRM(
        target=case["target"],
        skeleton=case["skeleton"],
        model=case["model"],
        start_level=case["start_level"],
        max_n=20,
        rules=(),
    )
    tally, levels, means, toxic = Tally.empty(5), [], [], []
    for patient, tolerance in enumerate(case["tolerances"], start=1):
        level = design.decide(tally).level
        dlt = int(tolerance <= case["truth"][level[0] - 1])
        tally = tally.after(level, np.array([1]), np.array([dlt]))
        levels.append(int(level[0]))
        means.append(float(design.posterior(tally).mean[0]))
        toxic += [patient] if dlt else []
    assert levels == case["levels"]
    assert toxic == case["dlt_patients"]
    np.testing.assert_allclose(means, case["means"], rtol=0, atol=5e-3 + 1e-9)


def test_escalation_after_two_of_two_dlts_with_the_one_parameter_model():
    case = PUBLISHED["one_parameter_bcrm"]
    tally = Tally(n=[case["n"]], dlt=[case["dlt"]], level=[7])
    options = {"target": case["target"], "skeleton": case["skeleton"], "prior_sd": case["prior_sd"], "max_n": 60}
    full = CRM(rules=(), estimate="posterior_mean", **options)
    posterior = full.posterior(tally)
    np.testing.assert_allclose(posterior.dlt_probability[0], case["posterior_mean"], rtol=0, atol=5e-5 + 1e-9)
    assert posterior.mean[0] == pytest.approx(case["mean"], abs=1e-6)
    assert full.decide(tally).level[0] == case["level"]
    assert case["doses"][case["level"] - 1] == 40
    assert CRM(rules=(), **options).decide(tally).level[0] == case["level"]
    # The default rule lets it go up, after 2 of 2 DLTs, by one level; coherence forbids that.
    assert CRM(**options).decide(tally).level[0] == 8
    assert CRM(rules=(NoSkipping(), CoherentEscalation(target=0.3)), **options).decide(
        Tally.parse("1NNN 2NNNN 3NNNNN 4NNNN 7TT", n_doses=15)
    ).level[0] == 7  # fmt: skip


def test_levy_2006_replay():
    case = PUBLISHED["levy_2006"]
    design = CRM(target=case["target"], skeleton=case["skeleton"], max_n=30, rules=())
    histories = [" ".join(case["cohorts"][: k + 1]) for k in range(6)]
    tally = Tally.parse(histories, n_doses=5)
    curve = design.posterior(tally).dlt_probability
    np.testing.assert_allclose(curve[:, 3], case["dose_4"], rtol=0, atol=5e-5 + 1e-9)
    np.testing.assert_array_equal(design.select(tally), case["mtd"])
    np.testing.assert_allclose(curve[1:], case["published"], rtol=0, atol=case["published_within"])


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
