"""The TITE-CRM against dfcrm 0.2.2.1, escalation 0.2.3 and published examples."""

import numpy as np
import pytest
from from_r import by_id
from support import data
from tite import at_arrival, entered, titecrm_of

from designs import CRM, NoSkipping, Pending, Tally, Weighted, follow_up_weights

GOLDEN = data("titecrm.json")
DFCRM_INTEGRAL, DFCRM_MAXIMUM = 5e-6, 1e-4  # how good dfcrm's integrate() and optimize() are


def of_method(method):
    return [item for item in GOLDEN["titecrm"]["items"] if item["method"] == method]


def fit_of(item):
    """Return the design of a titecrm call, and its known and pending patients."""
    given = item["how"] == "weights"
    followup, window = (item["weights"], 1) if given else (item["followup"], item["obswin"])
    design = titecrm_of(item | {"scheme": "adaptive" if item["how"] == "adaptive" else "linear"})
    return design, *entered(item["level"], item["tox"], followup, window, design.n_doses)


@pytest.mark.parametrize("item", of_method("bayes"), ids=by_id)
def test_posterior_is_that_of_titecrm(item):
    design, tally, pending = fit_of(item)
    posterior = design.posterior(tally, pending)
    assert posterior.mean[0] == pytest.approx(item["tight"]["mean"], abs=1e-10)
    assert posterior.variance[0] == pytest.approx(item["tight"]["var"], abs=1e-10)
    assert posterior.mean[0] == pytest.approx(item["estimate"], abs=DFCRM_INTEGRAL)
    np.testing.assert_allclose(posterior.dlt_probability, design.curve(posterior.mean), rtol=0, atol=1e-15)
    assert design.model_dose(design.seen(tally, pending))[0] == item["mtd"]
    assert design.decide(tally, pending).level[0] == item["mtd"]


@pytest.mark.parametrize("item", of_method("mle"), ids=by_id)
def test_maximum_of_the_weighted_likelihood_is_that_of_titecrm(item):
    """Item 52 has DLTs and so little other follow-up that the maximum lies at the lower limit."""
    design, tally, pending = fit_of(item)
    estimate = design.estimate(tally, pending)[0]
    assert estimate == pytest.approx(item["tight"]["mean"], abs=1e-6)
    assert estimate == pytest.approx(item["estimate"], abs=DFCRM_MAXIMUM)
    assert design.decide(tally, pending).level[0] == item["mtd"]


@pytest.mark.parametrize("item", [item for item in of_method("bayes") if item["how"] == "adaptive"], ids=by_id)
def test_adaptive_weights_are_those_of_titecrm(item):
    design, _, pending = fit_of(item)
    theirs = [
        weight
        for weight, dlt, days in zip(item["weights"], item["tox"], item["followup"], strict=True)
        if not dlt and days < item["obswin"]
    ]
    np.testing.assert_allclose(follow_up_weights(pending, design.pending.weights)[0], theirs, rtol=0, atol=1e-13)


# titesim, one trial at a time


@pytest.mark.parametrize("item", GOLDEN["trials"]["items"], ids=by_id)
def test_every_decision_of_titesim(item):
    design = titecrm_of(item)
    within = DFCRM_INTEGRAL if item["method"] == "bayes" else DFCRM_MAXIMUM
    for patient in range(1, item["n"]):
        tally, pending = at_arrival(item, patient)
        decision = design.decide(tally, pending)
        assert (decision.level[0], decision.cohort_size[0]) == (item["dose"][patient], 1), f"patient {patient + 1}"
        if item["estimate"][patient - 1] is None:
            continue
        seen = design.seen(tally, pending)
        mle = item["method"] == "mle"
        estimate = design.estimate(seen) if mle else design.posterior(seen).mean
        assert estimate[0] == pytest.approx(item["estimate"][patient - 1], abs=within)
        assert (design.pick(seen) if mle else design.model_dose(seen))[0] == item["model_dose"][patient - 1]
        if item["scheme"] == "adaptive":
            weight = follow_up_weights(pending, "adaptive")[0]
            np.testing.assert_allclose(weight, item["weights"][patient - 1], rtol=0, atol=1e-9)
    dlt = [days is not None for days in item["dlt_after"]]
    complete, nobody = entered(item["dose"], dlt, np.full(item["n"], item["obswin"]), item["obswin"], design.n_doses)
    assert nobody.total[0] == 0
    assert design.select(complete)[0] == item["mtd"]


@pytest.mark.parametrize("name", sorted({item["name"] for item in GOLDEN["trials"]["items"]}))
def test_trials_decided_together_are_decided_as_alone(name):
    items = [item for item in GOLDEN["trials"]["items"] if item["name"] == name]
    design = titecrm_of(items[0])
    looks = [at_arrival(item, patient) for item in items for patient in range(1, item["n"])]
    places = max(pending.level.shape[1] for _, pending in looks)
    dlts = max(pending.dlt_days.shape[1] for _, pending in looks)

    def padded(values, width, empty):
        return np.pad(values[0], (0, width - values.shape[1]), constant_values=empty)

    together = Pending(
        level=[padded(pending.level, places, 0) for _, pending in looks],
        days=[padded(pending.days, places, 0) for _, pending in looks],
        dlt_days=[padded(pending.dlt_days, dlts, np.nan) for _, pending in looks],
        window_days=items[0]["obswin"],
    )
    decision = design.decide(Tally.concatenate(tally for tally, _ in looks), together)
    assert decision.level.tolist() == [dose for item in items for dose in item["dose"][1:]]


# escalation


@pytest.mark.parametrize("item", GOLDEN["escalation_trials"]["items"], ids=by_id)
def test_decisions_of_escalation(item):
    rules = (NoSkipping(reference="highest_tried"),) if item["no_skip"] else ()
    design = CRM(target=item["target"], skeleton=item["skeleton"], max_n=60, rules=rules, pending=Weighted())
    for look in item["decisions"]:
        tally, pending = entered(look["dose"], look["dlt"], look["weights"], 1, design.n_doses)
        curve = design.posterior(tally, pending).dlt_probability[0]
        np.testing.assert_allclose(curve, look["ptox"], rtol=0, atol=DFCRM_INTEGRAL)
        if max(look["weights"]) > 0:  # without any follow-up escalation recommends dose 1 whatever its model says
            assert design.decide(tally, pending).level[0] == look["recommended"]


# Published


@pytest.mark.parametrize("item", GOLDEN["published"]["items"], ids=lambda item: item["what"])
def test_published_decisions(item):
    design = titecrm_of(item, rules=(NoSkipping(),))
    tally, pending = entered(item["level"], item["dlt"], item["followup"], item["obswin"], design.n_doses)
    posterior = design.posterior(tally, pending)
    if "estimate" in item:
        assert posterior.mean[0] == pytest.approx(item["estimate"], abs=item["printed_to"])
    np.testing.assert_allclose(posterior.dlt_probability[0], item["ptox"], rtol=0, atol=item["printed_to"])
    assert design.decide(tally, pending).level[0] == item["next_dose"]
