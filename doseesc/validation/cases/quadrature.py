"""Posteriors by quadrature on fixed grids against adaptive integration by scipy, and against printed figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.integrate import dblquad, quad, quad_vec
from scipy.special import expit, log_expit, logit

from designs import BLRM, BMACRM, CRM, Tally
from doseesc.inference import ToxicityData, grids
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import reference
from doseesc.validation.other_programs import one_tally

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


# One parameter


def crm_log_posterior(design: CRM, tally: Tally, b: Any) -> Any:
    """Return the unnormalised log posterior at parameter values ``b``, straight from the definition."""
    n, y = tally.n[0], tally.dlt[0]
    prior, b = np.asarray(design.skeleton), np.asarray(b)[..., None]
    if design.model == "empiric":
        log_p = np.exp(b) * np.log(prior)
        with np.errstate(divide="ignore"):
            log_q = np.log(-np.expm1(log_p))
    else:
        x = design.intercept + np.exp(b) * (logit(prior) - design.intercept)
        log_p, log_q = log_expit(x), log_expit(-x)
    log_likelihood = np.where(y > 0, y * log_p, 0.0) + np.where(n > y, (n - y) * log_q, 0.0)
    return log_likelihood.sum(axis=-1) - 0.5 * (b[..., 0] / design.prior_sd) ** 2


def crm_shape(design: CRM, tally: Tally) -> tuple[float, float, float, float]:
    """Return the mode, its height, and an interval outside which the density is below e^-60 of the mode's."""
    reach = 12 * design.prior_sd
    grid = np.linspace(-reach, reach, 4001)
    heights = crm_log_posterior(design, tally, grid)
    inside = grid[heights > heights.max() - 60]
    return float(grid[np.argmax(heights)]), float(heights.max()), inside.min() - 0.05, inside.max() + 0.05


def crm_expectations(design: CRM, tally: Tally, functions: Sequence[Callable[[Any], Any]], cut: float = np.inf) -> Any:
    """Return posterior expectations of functions of the parameter by adaptive integration.

    With ``cut`` the numerators are integrated over (-cut, cut) alone and the denominator over the line, as dfcrm
    does with 10.
    """
    mode, top, low, high = crm_shape(design, tally)

    def integrand(b: Any) -> Any:
        values = [function(b) for function in functions]
        return np.array([1.0, *values]) * np.exp(crm_log_posterior(design, tally, b) - top)

    def integral(low: float, high: float) -> Any:
        edges = np.unique(np.clip([low, *np.linspace(mode - 0.5, mode + 0.5, 5), high], low, high))
        return sum(quad_vec(integrand, a, c, epsabs=1e-14, epsrel=1e-12)[0] for a, c in pairwise(edges))

    total = integral(low, high)
    numerators = total if cut == np.inf else integral(max(low, -cut), min(high, cut))
    return numerators[1:] / total[0]


def crm_moments(design: CRM, tally: Tally, cut: float = np.inf) -> tuple[float, float]:
    """Return the posterior mean and variance by adaptive integration."""
    first, second = crm_expectations(design, tally, [lambda b: b, lambda b: b * b], cut)
    return first, second - first**2


def crm_probability(design: CRM, level: int, parameter: Any) -> Any:
    """Return the DLT probability of a level, straight from the model's formula."""
    prior = design.skeleton[level - 1]
    if design.model == "empiric":
        return prior ** np.exp(parameter)
    return expit(design.intercept + np.exp(parameter) * (logit(prior) - design.intercept))


def random_tally(rng: np.random.Generator, n_doses: int, patients: int) -> Tally:
    """Return one trial's tally of so many patients, under a rising truth."""
    truth = np.sort(rng.uniform(0.02, 0.8, n_doses))
    n = rng.multinomial(patients, rng.dirichlet(np.ones(n_doses)))
    return one_tally(n, rng.binomial(n, truth), int(np.argmax(n)) + 1)


def crm() -> Comparison:
    """Compare mean, variance and posterior curve of the CRM, both models, three priors, up to 200 patients."""
    seen = Differences()
    for model in ("empiric", "logistic"):
        for prior_sd in (0.4, 1.34**0.5, 2.0):
            for patients in (1, 12, 48, 200):
                rng = np.random.default_rng([patients, int(10 * prior_sd), len(model)])
                options: dict[str, Any] = {"model": model, "prior_sd": prior_sd, "max_n": patients, "cohort_size": 1}
                design = CRM(target=0.25, skeleton=SKELETON, estimate="posterior_mean", rules=(), **options)
                for draw in range(2):
                    where = f"{model}, prior sd {prior_sd:.3g}, {patients} patients, {draw + 1}"
                    _compare_crm(seen, where, design, random_tally(rng, 5, patients))
    return seen.result


def crm_with_extreme_data() -> Comparison:
    """Compare mean and variance after 200 DLTs at the lowest dose, none at the highest, and both."""
    seen = Differences()
    for outcomes in ("1" + "T" * 200, "5" + "N" * 200, "1" + "N" * 100 + "5" + "T" * 100):
        for model in ("empiric", "logistic"):
            design = CRM(target=0.25, skeleton=SKELETON, model=model, max_n=200, rules=())
            tally = Tally.parse(outcomes, n_doses=5)
            mean, variance = crm_moments(design, tally)
            posterior = design.posterior(tally)
            where = f"{model}, {outcomes[:2]}..."
            seen.close(f"{where} mean", posterior.mean[0], mean, within=1e-8)
            seen.close(f"{where} variance", posterior.variance[0], variance, within=1e-8)
    return seen.result


def _compare_crm(seen: Differences, where: str, design: CRM, tally: Tally) -> None:
    posterior, levels = design.posterior(tally), (1, 3, 5)
    moments: list[Callable[[Any], Any]] = [lambda b: b, lambda b: b * b]
    probabilities = [partial(crm_probability, design, level) for level in levels]
    mean, second, *curve = crm_expectations(design, tally, [*moments, *probabilities])
    seen.close(f"{where}, mean", posterior.mean[0], mean, within=1e-8)
    seen.close(f"{where}, variance", posterior.variance[0], second - mean**2, within=1e-8)
    ours = posterior.dlt_probability[0, [level - 1 for level in levels]]
    seen.close(f"{where}, curve", ours, curve, within=1e-8)


# Several skeletons


def bma_crm() -> Comparison:
    """Compare the weights of three skeletons and the averaged curve with integration skeleton by skeleton."""
    seen = Differences()
    skeletons = (SKELETON, (0.01, 0.03, 0.08, 0.25, 0.45), (0.25, 0.40, 0.52, 0.63, 0.72))
    prior = (0.5, 0.3, 0.2)
    design = BMACRM(target=0.25, skeletons=skeletons, max_n=30, model_prior=prior)
    rng = np.random.default_rng(3)
    for draw in range(3):
        tally = random_tally(rng, 5, 12)
        posterior = design.posterior(tally)
        parts = [_evidence(one, tally, design.prior_sd) for one in skeletons]
        weight = np.array(prior) * [evidence for evidence, _ in parts]
        weight /= weight.sum()
        seen.close(f"weights, {draw + 1}", posterior.model_probability[0], weight, within=1e-8)
        curve = weight @ np.array([curve for _, curve in parts])
        seen.close(f"curve, {draw + 1}", posterior.dlt_probability[0], curve, within=1e-8)
    return seen.result


def _evidence(skeleton: Sequence[float], tally: Tally, prior_sd: float) -> tuple[float, Any]:
    """Return the marginal likelihood and the posterior mean curve of one empiric CRM."""
    s, n, y = np.array(skeleton), tally.n[0], tally.dlt[0]

    def value(b: float, function: Callable[[Any], Any] = lambda p: 1.0) -> Any:
        p = s ** np.exp(b)
        likelihood = np.prod(p**y * (-np.expm1(np.log(s) * np.exp(b))) ** (n - y))
        return function(p) * likelihood * np.exp(-0.5 * (b / prior_sd) ** 2) / (prior_sd * np.sqrt(2 * np.pi))

    options: dict[str, Any] = {"epsabs": 1e-14, "epsrel": 1e-10, "points": [-2, -1, 0, 1, 2], "limit": 200}
    total = quad(value, -12, 8, **options)[0]
    curve = [quad(lambda b, j=j: value(b, lambda p: p[j]), -12, 8, **options)[0] / total for j in range(len(s))]
    return total, np.array(curve)


# Two parameters


def neuenschwander_design(**more: Any) -> BLRM:
    """Return the design of Neuenschwander, Branson and Gsponer (2008)."""
    trial = reference("model_designs.yaml")["neuenschwander"]
    prior = trial["prior"]
    options = {
        "target": trial["target"],
        "doses": trial["doses"],
        "reference": trial["reference"],
        "max_n": 60,
        "prior_mean": prior["mean"],
        "prior_sd": prior["sd"],
        "prior_correlation": prior["covariance"] / np.prod(prior["sd"]),
        "rules": (),
    }
    return BLRM(**(options | more))


def neuenschwander_tally() -> Tally:
    """Return the data of their trial: eighteen patients, the last two with DLTs at 25 mg."""
    trial = reference("model_designs.yaml")["neuenschwander"]
    return one_tally(trial["n"], trial["dlt"], 7)


def neuenschwander() -> Comparison:
    """Compare means, interval probabilities and next doses of the published trial with independent quadrature.

    The paper's figure, read off, and bcrm's MCMC agree within their own error.
    """
    seen, published = Differences(), reference("model_designs.yaml")
    trial, two = published["neuenschwander"], published["neuenschwander_two_parameters"]
    tally, amounts = neuenschwander_tally(), trial["doses"]
    posterior = neuenschwander_design(intervals=two["intervals"]).posterior(tally)
    mean = posterior.dlt_probability[0]
    seen.close("means", mean, two["mean"], within=two["mean_within"])
    seen.close("means of bcrm", mean, two["mcmc"]["mean"], within=two["mcmc"]["within"])
    seen.close("means of the figure", mean, two["figure"]["mean"], within=two["figure"]["within"])
    for amount, printed in two["interval_probability"].items():
        ours = posterior.interval_probability[0, amounts.index(amount)]
        seen.close(f"intervals at {amount} mg", ours, printed, within=two["interval_within"])
    for above, by_amount in two["overdose"].items():
        design = neuenschwander_design(overdose_above=above, selection="nearest_mean")
        overdose = design.posterior(tally).overdose_probability[0]
        for amount, printed in by_amount.items():
            where = f"P(p > {above}) at {amount} mg"
            seen.close(where, overdose[amounts.index(amount)], printed, within=two["overdose_within"])
        dose = amounts[design.decide(tally).level[0] - 1]
        seen.equal(f"next dose with overdose above {above}", dose, two["highest_safe_amount"][above])
    free = neuenschwander_design(selection="nearest_mean", feasibility_bound=None)
    seen.equal("next dose without control", amounts[free.decide(tally).level[0] - 1], two["nearest_mean_amount"])
    return seen.result


def blrm() -> Comparison:
    """Compare the probability of an overdose in the published trial with scipy's double integral."""
    seen, design, tally = Differences(), neuenschwander_design(), neuenschwander_tally()
    (mean_a, mean_b), (sd_a, sd_b), rho = design.prior_mean, design.prior_sd, design.prior_correlation
    x = np.log(np.array(design.doses) / (design.reference or design.doses[-1]))
    n, y = tally.n[0], tally.dlt[0]

    def density(a: float, b: float) -> float:
        logit_p = a + np.exp(b) * x
        u, v = (a - mean_a) / sd_a, (b - mean_b) / sd_b
        prior = -(u**2 - 2 * rho * u * v + v**2) / (2 * (1 - rho**2))
        return float(np.exp((y * log_expit(logit_p) + (n - y) * log_expit(-logit_p)).sum() + prior + 5))

    low, high, reach = mean_b - 6 * sd_b, mean_b + 6 * sd_b, 6 * sd_a
    total = dblquad(density, low, high, mean_a - reach, mean_a + reach, epsabs=1e-8, epsrel=1e-8)[0]

    def begin(b: float) -> float:
        return float(min(logit(0.35) - np.exp(b) * x[5], mean_a + reach))

    part = dblquad(density, low, high, begin, mean_a + reach, epsabs=1e-8, epsrel=1e-8)[0]
    seen.close("P(p > 0.35) at 20 mg", design.probability_above(tally, 6, 0.35)[0], part / total, within=1e-6)
    return seen.result


# The models of  fit


def fitted_models() -> Comparison:
    """Compare posterior means and deviations of the models of ``fit`` with those printed in papers and by packages."""
    seen = Differences()
    for name, case in reference("inference.yaml").items():
        rows = case["data"]
        data = ToxicityData(study=("trial",) * len(rows["n"]), **rows)
        posterior = getattr(grids, case["model"])(data, **case["arguments"])
        mean = posterior.mean()[: len(case["mean"])]
        seen.close(f"{name}, means", mean, case["mean"], within=case["within"])
        if "sd" in case:
            sd = posterior.sd()[: len(case["sd"])]
            seen.close(f"{name}, standard deviations", sd, case["sd"], within=case["sd_within"])
    return seen.result


def fit_against_designs() -> Comparison:
    """Compare the posteriors of ``fit`` with those that CRM and BLRM decide by."""
    seen, levels, skeleton = Differences(), (2.0, 8.0, 16.0), (0.16, 0.25, 0.35)
    for outcomes in ("", "1NNN", "1NNN 2NNT 3TTN", "1NTT 1NNN"):
        data, tally = ToxicityData.from_outcomes(outcomes, levels), Tally.parse(outcomes, n_doses=3)
        for name, model in (("crm_power", "empiric"), ("crm_logistic", "logistic")):
            found = getattr(grids, name)(data, levels=levels, skeleton=skeleton)
            design = CRM(target=0.25, skeleton=skeleton, max_n=18, model=model, estimate="posterior_mean")
            where, curve = f"{name}, {outcomes or 'nobody'}", design.posterior(tally).dlt_probability[0]
            seen.close(where, found.mean(), curve, within=1e-8)
        logistic = grids.two_parameter_logistic(data, levels=levels, prior_correlation=-0.3)
        curve = BLRM(target=0.25, doses=levels, max_n=18, prior_correlation=-0.3).posterior(tally).dlt_probability[0]
        seen.close(f"two parameters, {outcomes or 'nobody'}", logistic.mean(), curve, within=1e-7)
    return seen.result
