"""Exact characteristics of BOIN against escalation, BOIN and published numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designs import BOIN, Reason, StopAtRecommended, Tally
from doseesc.engines import enumerate_paths
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden, reference
from doseesc.validation.other_programs import boin_of_escalation, boin_of_get_oc, by_id
from doseesc.validation.walks import WITHIN, Walks, compare_enumerated, enumerated_by_escalation, label


def escalation_trials() -> Comparison:
    """Compare paths and characteristics with escalation's enumeration."""
    seen, walks = Differences(), Walks()
    for item in enumerated_by_escalation("BOIN"):
        paths = walks.of(boin_of_escalation(item))
        seen.equal(f"{label(item)} paths", paths.n_paths, item["terminal_paths"])
        seen.equal(f"{label(item)} returned 99", item["prob_returned_99"], 0)
        compare_enumerated(seen, label(item), paths.characteristics(item["true_prob_tox"]), item)
    return seen.result


def get_oc() -> Comparison:
    """Compare with the trial rules of get.oc, enumerated, the share of trials with too many patients overdosed too."""
    seen, walks = Differences(), Walks()
    for item in golden("exact.json", "get_oc_rules"):
        design = boin_of_get_oc(item)
        paths = walks.of(design)
        ours, theirs = paths.characteristics(item["p.true"]), item["exact"]
        for name, one, other in (
            ("selected", 100 * ours.selected, [theirs["percentstop"], *theirs["selpercent"]]),
            ("patients", ours.patients, theirs["npatients"]),
            ("DLTs", ours.dlts, theirs["ntox"]),
            ("all patients", ours.total_patients, theirs["totaln"]),
            ("all DLTs", ours.total_dlts, theirs["totaltox"]),
        ):
            seen.close(f"{by_id(item)} {name}", one, other, within=WITHIN)
        if theirs.get("overdose60") is None:
            continue
        # Share of trials with more than 60 (80) percent of the planned patients above the target.
        p = np.array(item["p.true"])
        n, dlt = paths.tally.n, paths.tally.dlt
        weight = np.exp(paths.log_coefficient) * np.prod(p**dlt * (1 - p) ** (n - dlt), axis=1)
        above = n[:, p > item["target"]].sum(axis=1)
        for percent in (60, 80):
            share = 100 * weight[above > percent / 100 * design.max_n].sum()
            seen.close(f"{by_id(item)} over {percent} %", share, theirs[f"overdose{percent}"], within=WITHIN)
    return seen.result


def published_characteristics() -> Comparison:
    """Compare with figures recomputed from the published definition, and with a vignette's simulation."""
    seen, walks, published = Differences(), Walks(), reference("published.yaml")
    case = published["boin_exact"]
    for item in case["items"]:
        exact = walks.of(BOIN(target=item["target"], n_doses=5, max_n=30, stop_at_n=item["stop_at_n"])).characteristics(
            item["p"]
        )
        where, within = f"stop at {item['stop_at_n']}", case["within_mean"] + 1e-9
        seen.close(f"{where} selected", 100 * exact.selected, item["selected"], within=case["within_percent"] + 1e-9)
        for name in ("patients", "total_patients", "total_dlts"):
            seen.close(f"{where} {name}", getattr(exact, name), item[name], within=within)
    case = published["boin_simulated"]
    exact = walks.of(BOIN(target=case["target"], n_doses=5, max_n=30, stop_at_n=case["stop_at_n"])).characteristics(
        case["p"]
    )
    share = np.sqrt(exact.selected * (1 - exact.selected) / case["trials"])
    seen.errors("simulated, selected", 100 * exact.selected, case["selected"], 100 * share, slack=0.05)
    sd = np.sqrt(exact.patients_distribution @ (np.arange(31) - exact.total_patients) ** 2)
    error = sd / np.sqrt(case["trials"])
    seen.errors("simulated, patients", exact.total_patients, case["total_patients"], error, slack=0.05)
    return seen.result


@dataclass(frozen=True, kw_only=True)
class _LeavesLowestDose(BOIN):
    """BOIN that ends where the lowest dose calls for de-escalation, as the enumeration in precautionary does."""

    def finished(self, tally: Tally) -> Any:
        n, dlt = tally.n[:, 0], tally.dlt[:, 0]
        boundary = self.boundaries().deescalate_if_ge[np.maximum(n, 1) - 1]
        too_toxic = (tally.level == 1) & (dlt >= boundary)
        return np.where(too_toxic, np.int8(Reason.NO_SAFE_DOSE), np.int8(0))


def published_path_counts() -> Comparison:
    """Compare numbers of paths with precautionary's tables."""
    seen, case = Differences(), reference("published.yaml")["boin_path_counts"]
    for item in case["items"]:
        design = _LeavesLowestDose(
            target=case["target"],
            n_doses=item["n_doses"],
            cohort_size=1,
            max_n=case["max_n"],
            rules=(StopAtRecommended(item["per_dose"]),),
        )
        where = f"{item['n_doses']} doses, {item['per_dose']} patients each"
        seen.equal(where, enumerate_paths(design).n_paths, item["paths"])
    return seen.result
