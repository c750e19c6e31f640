"""Exact characteristics of BOIN against escalation, BOIN and published numbers."""

from dataclasses import dataclass

import numpy as np
import pytest
from from_r import ESCALATION, FULL, agrees, boin_of_get_oc, by_id, close, walked
from support import data, golden

from designs import BOIN, Reason, StopAtDose, StopAtRecommended
from doseesc.engines.exact import enumerate_paths

PUBLISHED = data("published.yaml")


# BOIN


@dataclass(frozen=True, kw_only=True)
class NextDoseBOIN(BOIN):
    """BOIN without its final isotonic choice: the recommended dose is the one the next cohort would get."""

    def pick(self, tally):
        return self.next_level(tally)


def boin_of(item):
    config = item["config"]
    rules = []
    if "stop_n_at_recommended" in config:
        rules.append(StopAtRecommended(config["stop_n_at_recommended"]))
    if "stop_n_at_any" in config:
        rules.append(StopAtDose(config["stop_n_at_any"]))
    kind = BOIN if "final" in config else NextDoseBOIN
    return kind(
        target=config["target"],
        n_doses=item["num_doses"],
        elimination_cutoff=config["cutoff.eli"],
        cohort_size=item["cohort_sizes"][0],
        max_n=sum(item["cohort_sizes"]),
        start_level=config.get("start_dose", 1),
        rules=tuple(rules),
    )


BOIN_ITEMS = [pytest.param(item, id=f"part-{by_id(item)}") for item in ESCALATION if item["design"].startswith("BOIN")]
BOIN_ITEMS += [pytest.param(item, id=f"full-{by_id(item)}") for item in FULL if item["design"].startswith("BOIN")]


@pytest.mark.parametrize("item", BOIN_ITEMS)
def test_boin_of_escalation(item):
    paths = walked(boin_of(item))
    assert paths.n_paths == item["terminal_paths"]
    assert item["prob_returned_99"] == 0
    agrees(paths.characteristics(item["true_prob_tox"]), item)


@pytest.mark.parametrize("item", golden("exact.json", "get_oc_rules"), ids=by_id)
def test_get_oc_of_boin(item):
    design = boin_of_get_oc(item)
    max_n = design.max_n
    paths = walked(design)
    ours, theirs = paths.characteristics(item["p.true"]), item["exact"]
    close(100 * ours.selected, [theirs["percentstop"], *theirs["selpercent"]])
    close(ours.patients, theirs["npatients"])
    close(ours.dlts, theirs["ntox"])
    close(ours.total_patients, theirs["totaln"])
    close(ours.total_dlts, theirs["totaltox"])
    if theirs.get("overdose60") is not None:
        # Share of trials with more than 60 (80) percent of the planned patients above the target.
        p = np.array(item["p.true"])
        n, dlt = paths.tally.n, paths.tally.dlt
        weight = np.exp(paths.log_coefficient) * np.prod(p**dlt * (1 - p) ** (n - dlt), axis=1)
        above = n[:, p > item["target"]].sum(axis=1)
        for percent in (60, 80):
            close(100 * weight[above > percent / 100 * max_n].sum(), theirs[f"overdose{percent}"])


@pytest.mark.parametrize("item", PUBLISHED["boin_exact"]["items"], ids=lambda item: f"{item['stop_at_n']}")
def test_exact_characteristics_of_boin(item):
    case = PUBLISHED["boin_exact"]
    design = BOIN(target=item["target"], n_doses=5, max_n=30, stop_at_n=item["stop_at_n"])
    exact = walked(design).characteristics(item["p"])
    close(100 * exact.selected, item["selected"], case["within_percent"] + 1e-9)
    close(exact.patients, item["patients"], case["within_mean"] + 1e-9)
    close(exact.total_patients, item["total_patients"], case["within_mean"] + 1e-9)
    close(exact.total_dlts, item["total_dlts"], case["within_mean"] + 1e-9)


def test_published_simulation_of_boin_lies_around_the_exact_figures():
    case = PUBLISHED["boin_simulated"]
    design = BOIN(target=case["target"], n_doses=5, max_n=30, stop_at_n=case["stop_at_n"])
    exact = walked(design).characteristics(case["p"])
    se = 100 * np.sqrt(exact.selected * (1 - exact.selected) / case["trials"])
    assert (np.abs(100 * exact.selected - case["selected"]) <= 4 * se + 0.05).all()
    sd = np.sqrt(exact.patients_distribution @ (np.arange(31) - exact.total_patients) ** 2)
    assert abs(exact.total_patients - case["total_patients"]) <= 4 * sd / np.sqrt(case["trials"]) + 0.05


def test_boin_stop_at_n_is_not_a_stop_at_any_dose():
    """escalation's stop_when_n_at_dose and BOIN's n.earlystop are two rules, and give two designs."""
    truth = [0.10, 0.25, 0.5]
    figures = {
        name: enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18, **options)).characteristics(truth).total_patients
        for name, options in {
            "stay": {"stop_at_n": 9},
            "recommended": {"rules": (StopAtRecommended(9),)},
            "any": {"rules": (StopAtDose(9),)},
        }.items()
    }
    assert figures["stay"] > figures["recommended"] > figures["any"]


@dataclass(frozen=True, kw_only=True)
class LeavesLowestDose(BOIN):
    """BOIN that ends where the lowest dose calls for de-escalation, as the enumeration in precautionary does."""

    def finished(self, tally):
        n, dlt = tally.n[:, 0], tally.dlt[:, 0]
        boundary = self.boundaries().deescalate_if_ge[np.maximum(n, 1) - 1]
        too_toxic = (tally.level == 1) & (dlt >= boundary)
        return np.where(too_toxic, np.int8(Reason.NO_SAFE_DOSE), np.int8(0))


@pytest.mark.parametrize(
    "item", PUBLISHED["boin_path_counts"]["items"], ids=lambda item: f"{item['n_doses']}x{item['per_dose']}"
)
def test_published_path_counts_of_boin(item):
    case = PUBLISHED["boin_path_counts"]
    design = LeavesLowestDose(
        target=case["target"],
        n_doses=item["n_doses"],
        cohort_size=1,
        max_n=case["max_n"],
        rules=(StopAtRecommended(item["per_dose"]),),
    )
    assert enumerate_paths(design).n_paths == item["paths"]
