"""Exact characteristics of 3+3 and CRM against escalation, bcrm, dfcrm and published numbers."""

from dataclasses import dataclass

import numpy as np
import pytest
from from_r import ESCALATION, FULL, agrees, by_id, close, crm_of_crmsim, walked
from scipy.integrate import quad
from scipy.special import logit, ndtr
from support import data, golden

from designs import CRM, NoSkipping, StopAtDose, StopAtRecommended, StopTooToxic, Tally, ThreePlusThree
from doseesc.engines.exact import enumerate_paths

PUBLISHED = data("published.yaml")


# 3+3


@pytest.mark.parametrize("item", golden("escalation.json", "three_plus_three"), ids=by_id)
def test_three_plus_three_of_escalation(item):
    variant = "deescalation" if item["allow_deescalate"] else "escalation_only"
    paths = walked(ThreePlusThree(n_doses=item["num_doses"], variant=variant))
    assert paths.n_paths == item["terminal_paths"]
    agrees(paths.characteristics(item["true_prob_tox"]), item)


@pytest.mark.parametrize("item", golden("escalation.json", "bcrm_threep3"), ids=by_id)
def test_three_plus_three_of_bcrm(item):
    variant = "escalation_only" if item["esc_only"] else "deescalation"
    paths = walked(ThreePlusThree(n_doses=item["num_doses"], variant=variant))
    assert paths.n_paths == item["paths"]
    exact = paths.characteristics(item["true_prob_tox"])
    agrees(exact, item)
    close(exact.selected.sum(), item["total_prob"])
    # Mean over trials of the share of patients at each dose: from the terminal tallies themselves.
    n, dlt, p = paths.tally.n, paths.tally.dlt, np.array(item["true_prob_tox"])
    weight = np.exp(paths.log_coefficient) * np.prod(p**dlt * (1 - p) ** (n - dlt), axis=1)
    close(weight @ (n / n.sum(axis=1, keepdims=True)), item["experimentation"])


# CRM


@dataclass(frozen=True, kw_only=True)
class NormalTailCRM(CRM):
    """A CRM whose stopping rule takes the posterior of the parameter for normal, as escalation does with dfcrm."""

    def probability_above(self, tally, level, above):
        prior = self.skeleton[level - 1]
        if self.model == "empiric":
            limit = np.log(np.log(above) / np.log(prior))
        else:
            limit = np.log((logit(above) - self.intercept) / (logit(prior) - self.intercept))
        posterior = self.posterior(tally)
        return ndtr((limit - posterior.mean) / np.sqrt(posterior.variance))


def crm_of(item, kind=CRM):
    """Build our design from a chain of escalation's selectors."""
    config = item["config"]
    rules = []
    if config.get("no_skip_up"):
        rules.append(NoSkipping(down=config.get("no_skip_down", False)))
    toxic = config.get("stop_too_toxic", [])
    for stop in toxic if isinstance(toxic, list) else [toxic]:
        rules.append(StopTooToxic(level=stop["dose"], above=stop["tox_threshold"], confidence=stop["confidence"]))
    if "stop_n_at_recommended" in config:
        rules.append(StopAtRecommended(config["stop_n_at_recommended"]))
    if "stop_n_at_any" in config:
        rules.append(StopAtDose(config["stop_n_at_any"]))
    return kind(
        target=config["target"],
        skeleton=config["skeleton"],
        model=config["model"],
        intercept=config.get("intcpt", 3.0),
        prior_sd=config["scale"],
        cohort_size=item["cohort_sizes"][0],
        max_n=sum(item["cohort_sizes"]),
        start_level=config.get("start_dose", 1),
        selection="next_level",
        rules=tuple(rules),
    )


CRM_ITEMS = [pytest.param(item, id=f"part-{by_id(item)}") for item in ESCALATION if item["design"].startswith("CRM")]
CRM_ITEMS += [pytest.param(item, id=f"full-{by_id(item)}") for item in FULL if item["design"].startswith("CRM")]


@pytest.mark.parametrize("item", CRM_ITEMS)
def test_crm_of_escalation(item):
    paths = walked(crm_of(item, NormalTailCRM))
    assert paths.n_paths == item["terminal_paths"]
    agrees(paths.characteristics(item["true_prob_tox"]), item)


def stop_of(design):
    """Return the design's rule for a too toxic dose, or None."""
    return next((rule for rule in design.rules if isinstance(rule, StopTooToxic)), None)


def tallies_decided_otherwise(item):
    """Return the terminal tallies of both walks where the exact tail and the normal one decide differently."""
    designs = crm_of(item), crm_of(item, NormalTailCRM)
    stop = stop_of(designs[0])
    tally = Tally.concatenate(walked(design).tally for design in designs)
    stops = [design.probability_above(tally, stop.level, stop.above) >= stop.confidence for design in designs]
    return tally.take(stops[0] != stops[1])


@pytest.mark.parametrize("item", CRM_ITEMS)
def test_crm_with_the_exact_tail(item):
    """Ours gives the same figures, unless the exact tail stops in another state than the normal approximation."""
    paths = walked(crm_of(item))
    if stop_of(paths.design) is None or tallies_decided_otherwise(item).size == 0:
        assert paths.n_paths == item["terminal_paths"]
        agrees(paths.characteristics(item["true_prob_tox"]), item)
    else:
        assert item in FULL
        assert paths.n_paths != item["terminal_paths"]


@pytest.mark.parametrize(
    "item", [item for item in FULL if "stop_too_toxic" in item["config"] and len(item["cohort_sizes"]) == 10], ids=by_id
)
def test_where_the_normal_approximation_decides_otherwise(item):
    """The exact tail, by adaptive integration, is on our side of the confidence in each of those states."""
    design, normal = crm_of(item), crm_of(item, NormalTailCRM)
    stop = stop_of(design)
    tally = tallies_decided_otherwise(item)
    assert tally.size
    limit = np.log(np.log(stop.above) / np.log(design.skeleton[stop.level - 1]))
    ours = design.probability_above(tally, stop.level, stop.above)
    theirs = normal.probability_above(tally, stop.level, stop.above)
    for row in range(tally.size):
        n, y = tally.n[row], tally.dlt[row]

        def density(b, n=n, y=y):
            log_p = np.exp(b) * np.log(design.skeleton)
            log_q = np.where(n > y, (n - y) * np.log(-np.expm1(log_p)), 0.0)
            return np.exp(np.sum(y * log_p + log_q) - 0.5 * (b / design.prior_sd) ** 2)

        scale = 1 / density(design.posterior(tally).mean[row])
        below, above = (
            quad(lambda b, density=density, scale=scale: scale * density(b), low, high, epsabs=1e-12)[0]
            for low, high in ((-6, limit), (limit, 4))
        )
        exact = below / (below + above)
        assert ours[row] == pytest.approx(exact, abs=1e-8)
        assert (exact >= stop.confidence) != (theirs[row] >= stop.confidence)
        assert abs(theirs[row] - exact) > 1e-4
    # What it changes: by the approximation, escalation stops fewer trials than its own rule asks for.
    figures = [walked(d).characteristics(item["true_prob_tox"]) for d in (design, normal)]
    difference = figures[0].reasons["LEVEL_TOO_TOXIC"] - figures[1].reasons["LEVEL_TOO_TOXIC"]
    assert 0 < difference < 2e-3


@pytest.mark.parametrize("item", golden("exact.json", "crmsim_rules"), ids=by_id)
def test_crmsim_of_dfcrm(item):
    design = crm_of_crmsim(item)
    ours, theirs = walked(design).characteristics(item["PI"]), item["exact"]
    close(ours.selected, [0.0, *theirs["selection_prob"]])
    close(ours.patients, theirs["mean_patients_per_dose"])
    close(ours.dlts, theirs["mean_dlts_per_dose"])
    close(ours.total_patients, item["n"])


def test_published_dose_paths():
    """All digits that escalation's vignette prints, by the exact tail and by the normal approximation."""
    case = PUBLISHED["crm_dose_paths"]
    for kind in (CRM, NormalTailCRM):
        design = kind(
            target=case["target"],
            skeleton=case["skeleton"],
            cohort_size=3,
            max_n=12,
            selection="next_level",
            rules=(StopTooToxic(level=1, above=0.35, confidence=0.9),),
        )
        paths = enumerate_paths(design)
        assert paths.n_paths == case["terminal"]
        assert enumerate_paths(design, merge=False).n_states == case["nodes"]
        exact = paths.characteristics(case["skeleton"])
        close(exact.selected, case["selected"], case["selected_within"])
        assert exact.total_patients == pytest.approx(case["total_patients"], abs=5e-6)
        assert exact.total_dlts == pytest.approx(case["total_dlts"], abs=5e-7)


def test_exact_characteristics_of_the_crm():
    case = PUBLISHED["crm_exact"]
    design = CRM(target=case["target"], skeleton=case["skeleton"], cohort_size=3, max_n=30, rules=(NoSkipping(),))
    exact = walked(design).characteristics(case["skeleton"])
    close(100 * exact.selected, [0.0, *case["selected_percent"]], 5e-4)
    close(exact.patients, case["patients"], 5e-4)


@pytest.mark.parametrize("cohorts", PUBLISHED["crm_path_counts"]["cohorts"])
def test_published_path_counts_of_the_crm(cohorts):
    case = PUBLISHED["crm_path_counts"]
    design = CRM(
        target=case["target"],
        skeleton=case["skeleton"],
        prior_sd=case["prior_sd"],
        cohort_size=case["cohort_size"],
        max_n=cohorts * case["cohort_size"],
        rules=(
            NoSkipping(),
            StopAtDose(case["stop_at_dose_1"], level=1),
            StopAtDose(case["stop_anywhere"]),
        ),
    )
    assert enumerate_paths(design).n_paths == case["paths"][case["cohorts"].index(cohorts)]
