"""The TITE-CRM against dfcrm 0.2.2.1, escalation 0.2.3 and published examples."""

from __future__ import annotations

from typing import Any

import numpy as np

from designs import CRM, CRMMLE, NoSkipping, Pending, Tally, Weighted, follow_up_weights
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden
from doseesc.validation.other_programs import at_arrival, by_id, entered, titecrm_of

_INTEGRAL, _MAXIMUM = 5e-6, 1e-4  # how good dfcrm's integrate() and optimize() are


def _of_method(method: str) -> list[Item]:
    return [item for item in golden("titecrm.json", "titecrm") if item["method"] == method]


def _fit_of(item: Item) -> tuple[Any, Tally, Pending]:
    """Return the design of a titecrm call, and its known and pending patients."""
    given = item["how"] == "weights"
    followup, window = (item["weights"], 1) if given else (item["followup"], item["obswin"])
    design = titecrm_of(item | {"scheme": "adaptive" if item["how"] == "adaptive" else "linear"})
    return design, *entered(item["level"], item["tox"], followup, window, design.n_doses)


def posteriors() -> Comparison:
    """Compare the parameter's mean and variance, the plug-in curve and the dose with titecrm's."""
    seen = Differences()
    for item in _of_method("bayes"):
        design, tally, pending = _fit_of(item)
        posterior, where = design.posterior(tally, pending), by_id(item)
        mean = posterior.mean[0]
        seen.close(f"{where} mean", mean, item["tight"]["mean"], within=1e-10)
        seen.close(f"{where} variance", posterior.variance[0], item["tight"]["var"], within=1e-10)
        seen.close(f"{where} dfcrm's estimate", mean, item["estimate"], within=_INTEGRAL)
        seen.close(f"{where} curve", posterior.dlt_probability, design.curve(posterior.mean), within=1e-15)
        seen.equal(f"{where} model", design.model_dose(design.seen(tally, pending))[0], item["mtd"])
        seen.equal(f"{where} dose", design.decide(tally, pending).level[0], item["mtd"])
    return seen.result


def maxima_of_the_likelihood() -> Comparison:
    """Compare the maximum of the weighted likelihood and the dose with titecrm's.

    Item 52 has DLTs and so little other follow-up that the maximum lies at the lower limit.
    """
    seen = Differences()
    for item in _of_method("mle"):
        design, tally, pending = _fit_of(item)
        estimate = design.estimate(tally, pending)[0]
        seen.close(f"{by_id(item)} estimate", estimate, item["tight"]["mean"], within=1e-6)
        seen.close(f"{by_id(item)} dfcrm's estimate", estimate, item["estimate"], within=_MAXIMUM)
        seen.equal(f"{by_id(item)} dose", design.decide(tally, pending).level[0], item["mtd"])
    return seen.result


def adaptive_weights() -> Comparison:
    """Compare the weights of patients pending with titecrm's adaptive ones."""
    seen = Differences()
    for item in _of_method("bayes"):
        if item["how"] != "adaptive":
            continue
        design, _, pending = _fit_of(item)
        theirs = [
            weight
            for weight, dlt, days in zip(item["weights"], item["tox"], item["followup"], strict=True)
            if not dlt and days < item["obswin"]
        ]
        seen.close(by_id(item), follow_up_weights(pending, design.pending.weights)[0], theirs, within=1e-13)
    return seen.result


def trials() -> Comparison:
    """Follow trials of titesim decision by decision, one stage or two, posterior or maximum of the likelihood."""
    seen = Differences()
    for item in golden("titecrm.json", "trials"):
        _follow(seen, by_id(item), titecrm_of(item), item)
    return seen.result


def _follow(seen: Differences, where: str, design: CRM | CRMMLE, item: Item) -> None:
    """Compare every decision of one trial."""
    within = _INTEGRAL if item["method"] == "bayes" else _MAXIMUM
    levels, sizes = [], []
    for patient in range(1, item["n"]):
        tally, pending = at_arrival(item, patient)
        decision = design.decide(tally, pending)
        levels.append(int(decision.level[0]))
        sizes.append(int(decision.cohort_size[0]))
        theirs, label = item["estimate"][patient - 1], f"{where}, patient {patient + 1}"
        if theirs is None:
            continue
        known = design.seen(tally, pending)
        if isinstance(design, CRMMLE):
            estimate, dose = design.estimate(known), design.pick(known)
        else:
            estimate, dose = design.posterior(known).mean, design.model_dose(known)
        seen.close(f"{label}, estimate", estimate[0], theirs, within=within)
        seen.equal(f"{label}, model's dose", dose[0], item["model_dose"][patient - 1])
        if item["scheme"] == "adaptive":
            weight = follow_up_weights(pending, "adaptive")[0]
            seen.close(f"{label}, weights", weight, item["weights"][patient - 1], within=1e-9)
    seen.equal(f"{where}, doses", levels, item["dose"][1:])
    seen.equal(f"{where}, one patient at a time", sizes, [1] * (item["n"] - 1))
    dlt = [days is not None for days in item["dlt_after"]]
    window = item["obswin"]
    complete, nobody = entered(item["dose"], dlt, np.full(item["n"], window), window, design.n_doses)
    seen.equal(f"{where}, nobody is pending at the end", nobody.total[0], 0)
    seen.equal(f"{where}, MTD", design.select(complete)[0], item["mtd"])


def escalation_decisions() -> Comparison:
    """Compare curves and doses with escalation's; without any follow-up it recommends dose 1 whatever its model is."""
    seen = Differences()
    for item in golden("titecrm.json", "escalation_trials"):
        rules = (NoSkipping(reference="highest_tried"),) if item["no_skip"] else ()
        design = CRM(target=item["target"], skeleton=item["skeleton"], max_n=60, rules=rules, pending=Weighted())
        for number, look in enumerate(item["decisions"], start=1):
            tally, pending = entered(look["dose"], look["dlt"], look["weights"], 1, design.n_doses)
            curve = design.posterior(tally, pending).dlt_probability[0]
            where = f"{by_id(item)}, look {number}"
            seen.close(f"{where}, curve", curve, look["ptox"], within=_INTEGRAL)
            if max(look["weights"]) > 0:
                seen.equal(f"{where}, dose", design.decide(tally, pending).level[0], look["recommended"])
    return seen.result


def published_decisions() -> Comparison:
    """Compare with the examples of dfcrm's manual and of Cheung's book."""
    seen = Differences()
    for item in golden("titecrm.json", "published"):
        design = titecrm_of(item, rules=(NoSkipping(),))
        tally, pending = entered(item["level"], item["dlt"], item["followup"], item["obswin"], design.n_doses)
        if isinstance(design, CRMMLE):  # none of the printed ones
            continue
        posterior, where, within = design.posterior(tally, pending), item["what"], item["printed_to"]
        if "estimate" in item:
            seen.close(f"{where}, estimate", posterior.mean[0], item["estimate"], within=within)
        seen.close(f"{where}, curve", posterior.dlt_probability[0], item["ptox"], within=within)
        seen.equal(f"{where}, next dose", design.decide(tally, pending).level[0], item["next_dose"])
    return seen.result
