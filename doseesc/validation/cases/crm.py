"""The CRM, its skeletons and its maximum of the likelihood against dfcrm 0.2.2.1 and the published examples."""

from __future__ import annotations

import numpy as np
from scipy.special import logit

from designs import CRM, CRMMLE, CoherentEscalation, NoSkipping, Reason, Tally, indifference_intervals, skeleton
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden, reference
from doseesc.validation.other_programs import by_id, crm_of, one_tally, tally_of


def skeletons() -> Comparison:
    """Compare skeletons with getprior's, and with those printed by Lee and Cheung."""
    seen, printed = Differences(), reference("published.yaml")["skeletons"]
    for item in golden("dfcrm.json", "getprior"):
        ours = skeleton(
            target=item["target"],
            halfwidth=item["halfwidth"],
            prior_mtd=item["nu"],
            n_doses=item["nlevel"],
            model=item["model"],
            intercept=item["intcpt"],
        )
        seen.close(by_id(item), ours, item["skeleton"], within=1e-9)
    for item in printed["items"]:
        arguments = {name: item[name] for name in ("target", "halfwidth", "prior_mtd", "model")}
        ours = skeleton(n_doses=len(item["skeleton"]), **arguments)
        seen.close(f"printed, half-width {item['halfwidth']}", ours, item["skeleton"], within=printed["within"])
    return seen.result


def indifference() -> Comparison:
    """Compare indifference intervals with crmsens', whose bisection ends within 1e-6 of twice the target."""
    seen = Differences()
    for item in golden("dfcrm.json", "crmsens"):
        ours = indifference_intervals(item["prior"], item["target"], item["model"], item["intcpt"])
        lower = [low for low, _ in item["Hset"][1:]]
        seen.close(f"{by_id(item)} parameter", ours.parameter[1:, 0], lower, within=5e-6)
        seen.equal(f"{by_id(item)} edges", ours.parameter[1:, 0], ours.parameter[:-1, 1])
        theirs = np.array([[np.nan if end is None else end for end in pair] for pair in item["iint"]])
        known = ~np.isnan(theirs)
        seen.equal(f"{by_id(item)} ends", np.isnan(ours.dlt_probability), ~known)
        seen.close(f"{by_id(item)} probability", ours.dlt_probability[known], theirs[known], within=1.1e-6)
    return seen.result


def _of_method(method: str) -> list[Item]:
    return [item for item in golden("dfcrm.json", "crm") if item["method"] == method]


def posteriors() -> Comparison:
    """Compare mean and variance of the parameter, the plug-in curve and the dose with crm's.

    dfcrm integrates on (-10, 10); with a prior of standard deviation 2 that cuts the prior's tail, and the tolerance
    is 1e-4 instead of 1e-6.
    """
    seen = Differences()
    for item in _of_method("bayes"):
        design = crm_of(item)
        tally = tally_of(item["level"], item["tox"], design.n_doses)
        posterior = design.posterior(tally)
        within = 1e-4 if item["scale"] == 2 else 1e-6
        seen.close(f"{by_id(item)} mean", posterior.mean[0], item["tight"]["mean"], within=within)
        seen.close(f"{by_id(item)} variance", posterior.variance[0], item["tight"]["var"], within=within)
        seen.close(f"{by_id(item)} plug-in", posterior.dlt_probability, design.curve(posterior.mean), within=1e-15)
        curve = posterior.dlt_probability[0]
        seen.close(f"{by_id(item)} curve", curve, item["result"]["ptox"], within=max(within, 2e-6))
        seen.equal(f"{by_id(item)} dose", design.select(tally)[0], item["result"]["mtd"])
    return seen.result


def trials() -> Comparison:
    """Follow trials of crmsim decision by decision; NoSkipping with CoherentEscalation is dfcrm's restrict."""
    seen = Differences()
    for item in golden("dfcrm.json", "trial_paths"):
        where, size = by_id(item), item["mcohort"]
        rules = (NoSkipping(), CoherentEscalation()) if item["restrict"] else ()
        design = crm_of(item, max_n=item["n"], cohort_size=size, start_level=item["x0"], rules=rules)
        tally, levels, sizes, means = Tally.empty(design.n_doses), [], [], []
        starts = range(0, item["n"], size)
        for first in starts:
            decision = design.decide(tally)
            levels += [int(decision.level[0])] * size
            sizes.append(int(decision.cohort_size[0]))
            means.append(float(design.posterior(tally).mean[0]))
            dlts = sum(item["tox"][first : first + size])
            tally = tally.after(np.array([item["level"][first]]), np.array([size]), np.array([dlts]))
        last = design.decide(tally)
        seen.equal(f"{where} levels", levels, item["level"])
        seen.equal(f"{where} cohorts", sizes, [size] * len(starts))
        theirs = [item["beta_hat_before_patient"][first] for first in starts]
        seen.close(f"{where} estimates", means, theirs, within=5e-6)
        seen.equal(f"{where} end", [last.level[0], last.cohort_size[0]], [0, 0])
        seen.holds(f"{where} reason of the end", last.reason[0] == Reason.MAX_N)
        seen.equal(f"{where} MTD", design.select(tally)[0], item["mtd"])
        posterior = design.posterior(tally)
        seen.close(f"{where} last mean", posterior.mean[0], item["final_est"], within=5e-6)
        seen.close(f"{where} last variance", posterior.variance[0], item["final_post_var"], within=5e-6)
        seen.close(f"{where} last curve", posterior.dlt_probability[0], item["ptox"], within=5e-6)
    return seen.result


def published_posteriors() -> Comparison:
    """Compare posteriors and next doses with the examples of Cheung's book, dfcrm's manual and clintrials."""
    seen = Differences()
    for item in reference("published.yaml")["crm_posteriors"]["items"]:
        options = {name: item[name] for name in ("target", "skeleton", "model")}
        design = CRM(max_n=30, rules=(), **options)
        tally = Tally.parse(item["outcomes"], n_doses=design.n_doses)
        posterior = design.posterior(tally)
        digits = 5e-6 if item["name"] == "dfcrm manual" else 5e-5 if "next_level" in item else 5e-4
        where = item["name"]
        seen.close(f"{where}, plug-in", posterior.dlt_probability[0], item["plug_in"], within=digits + 1e-9)
        if "mean" in item:
            seen.close(f"{where}, mean", posterior.mean[0], item["mean"], within=1e-6)
        if "variance" in item:
            seen.close(f"{where}, variance", posterior.variance[0], item["variance"], within=5e-6)
        if "labels" in item:
            seen.close(f"{where}, labels", logit(np.array(item["skeleton"])) - 3, item["labels"], within=5e-3)
        if "next_level" in item:
            seen.equal(f"{where}, next dose", design.decide(tally).level[0], item["next_level"])
        if "posterior_mean" in item:
            full = CRM(max_n=30, rules=(), estimate="posterior_mean", **options)
            curve, within = full.posterior(tally).dlt_probability[0], item["posterior_mean_within"]
            seen.close(f"{where}, posterior mean", curve, item["posterior_mean"], within=within)
            seen.equal(f"{where}, next dose by the mean", full.decide(tally).level[0], item["next_level"])
    return seen.result


def published_trial() -> Comparison:
    """Follow the book's trial of twenty patients, decisions and estimates, from the patients' tolerances."""
    seen, case = Differences(), reference("published.yaml")["cheung_table_3_2"]
    options = {name: case[name] for name in ("target", "skeleton", "model", "start_level")}
    design = CRM(max_n=20, rules=(), **options)
    tally, levels, means, toxic = Tally.empty(5), [], [], []
    for patient, tolerance in enumerate(case["tolerances"], start=1):
        level = design.decide(tally).level
        dlt = int(tolerance <= case["truth"][level[0] - 1])
        tally = tally.after(level, np.array([1]), np.array([dlt]))
        levels.append(int(level[0]))
        means.append(float(design.posterior(tally).mean[0]))
        toxic += [patient] if dlt else []
    seen.equal("levels", levels, case["levels"])
    seen.equal("patients with a DLT", toxic, case["dlt_patients"])
    seen.close("estimates", means, case["means"], within=5e-3 + 1e-9)
    return seen.result


def published_one_parameter_curves() -> Comparison:
    """Compare posterior mean curves with Neuenschwander's Table I, bcrm's stored values and Levy's trial."""
    seen, published = Differences(), reference("published.yaml")
    case = published["one_parameter_table"]
    tally = one_tally(case["n"], case["dlt"], 7)
    for item in case["items"]:
        design = CRM(target=case["target"], skeleton=item["skeleton"], max_n=60, rules=(), estimate="posterior_mean")
        curve = design.posterior(tally).dlt_probability[0]
        seen.close(f"Table I, {item['name']}", curve, item["posterior_mean"], within=case["within"])
    case = published["one_parameter_bcrm"]
    tally = one_tally(case["n"], case["dlt"], 7)
    options = {name: case[name] for name in ("target", "skeleton", "prior_sd")}
    full = CRM(rules=(), estimate="posterior_mean", max_n=60, **options)
    posterior = full.posterior(tally)
    seen.close("bcrm", posterior.dlt_probability[0], case["posterior_mean"], within=5e-5 + 1e-9)
    seen.close("bcrm, parameter", posterior.mean[0], case["mean"], within=1e-6)
    seen.equal("bcrm, dose", full.decide(tally).level[0], case["level"])
    seen.equal("bcrm, dose by plug-in", CRM(rules=(), max_n=60, **options).decide(tally).level[0], case["level"])
    case = published["levy_2006"]
    design = CRM(target=case["target"], skeleton=case["skeleton"], max_n=30, rules=())
    tally = Tally.parse([" ".join(case["cohorts"][: k + 1]) for k in range(6)], n_doses=5)
    curves = design.posterior(tally).dlt_probability
    seen.close("Levy, dose 4", curves[:, 3], case["dose_4"], within=5e-5 + 1e-9)
    seen.equal("Levy, MTD", design.select(tally), case["mtd"])
    seen.close("Levy, the trialists' own", curves[1:], case["published"], within=case["published_within"])
    return seen.result


def published_one_parameter_tables() -> Comparison:
    """Compare means and standard deviations at ten doses, and the next dose, with the table of Neuenschwander et al."""
    seen, published = Differences(), reference("model_designs.yaml")
    table, trial = published["neuenschwander_one_parameter"], published["neuenschwander"]
    tally = one_tally(trial["n"], trial["dlt"], 7)
    nodes, weight = np.polynomial.legendre.leggauss(200)
    limit = (nodes + 1) / 2
    for item in table["items"]:
        design = CRM(
            target=trial["target"],
            skeleton=item["skeleton"],
            max_n=60,
            prior_sd=table["prior_variance"] ** 0.5,
            estimate="posterior_mean",
            rules=(),
        )
        mean = design.posterior(tally).dlt_probability[0, :10]
        seen.close(f"table {item['name']}, means", mean, item["mean"], within=table["mean_within"])
        # E p^2 is the integral of 2 c P(p > c).
        square = [(weight * limit * design.tails(tally, level, limit)[0]).sum() for level in range(1, 11)]
        sd = np.sqrt(square - mean**2)
        seen.close(f"table {item['name']}, standard deviations", sd, item["sd"], within=table["sd_within"])
        if "next_amount" in item:
            amount = trial["doses"][design.decide(tally).level[0] - 1]
            seen.equal(f"table {item['name']}, next dose", amount, item["next_amount"])
    return seen.result


def maxima_of_the_likelihood() -> Comparison:
    """Compare the estimate, the curve and the dose of CRM-MLE with crm's, whose maxima are good to 7e-5."""
    seen = Differences()
    for item in _of_method("mle"):
        options = {"target": item["target"], "skeleton": item["prior"], "model": item["model"]}
        design = CRMMLE(max_n=60, intercept=item["intcpt"], rules=(), **options)
        tally = tally_of(item["level"], item["tox"], design.n_doses)
        estimate = design.estimate(tally)
        seen.close(f"{by_id(item)} estimate", estimate[0], item["tight"]["mean"], within=1e-7)
        seen.close(f"{by_id(item)} dfcrm's estimate", estimate[0], item["result"]["estimate"], within=7e-5)
        seen.close(f"{by_id(item)} curve", design.curve(estimate)[0], item["result"]["ptox"], within=5e-5)
        seen.equal(f"{by_id(item)} dose", design.select(tally)[0], item["result"]["mtd"])
    return seen.result


def published_maxima() -> Comparison:
    """Follow clintrials' sequence of doses and estimates by maximum likelihood."""
    seen, case = Differences(), reference("model_designs.yaml")["mle_sequence"]
    levels, dlts = case["level"], case["dlt"]
    options = {name: case[name] for name in ("target", "skeleton", "model")}
    design = CRMMLE(max_n=20, start_level=3, initial_levels=(3, 3), rules=(), **options)
    tallies = [tally_of(levels[:patients], dlts[:patients], 5) for patients in range(1, len(levels))]
    seen.equal("doses", [design.decide(tally).level[0] for tally in tallies], levels[1:])
    estimates = [design.estimate(tally)[0] for tally in tallies[1:]]
    seen.close("estimates", estimates, case["estimate_from_third"], within=case["within"])
    return seen.result
