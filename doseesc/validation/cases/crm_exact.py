"""Exact characteristics of the CRM against escalation, dfcrm and published numbers."""

from __future__ import annotations

import numpy as np

from designs import CRM, NoSkipping, StopAtDose, StopTooToxic, Tally
from doseesc.engines import enumerate_paths
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden, reference
from doseesc.validation.other_programs import NormalTailCRM, by_id, crm_of_crmsim, crm_of_escalation
from doseesc.validation.walks import WITHIN, Walks, compare_enumerated, enumerated_by_escalation, label


def escalation_trials() -> Comparison:
    """Compare paths and characteristics with escalation's, whose rule on toxicity takes the posterior for normal."""
    seen, walks = Differences(), Walks()
    for item in enumerated_by_escalation("CRM"):
        paths = walks.of(crm_of_escalation(item, NormalTailCRM))
        seen.equal(f"{label(item)} paths", paths.n_paths, item["terminal_paths"])
        compare_enumerated(seen, label(item), paths.characteristics(item["true_prob_tox"]), item)
    return seen.result


def exact_tails() -> Comparison:
    """Compare with escalation by the exact tail, but where it stops in another state than the normal approximation.

    There the paths must differ, too, which happens in trials of full size only.
    """
    seen, walks = Differences(), Walks()
    full = [item["id"] for item in golden("escalation_full.json", "full_size")]
    for item in enumerated_by_escalation("CRM"):
        paths = walks.of(crm_of_escalation(item))
        if decided_otherwise(walks, item).size == 0:
            seen.equal(f"{label(item)} paths", paths.n_paths, item["terminal_paths"])
            compare_enumerated(seen, label(item), paths.characteristics(item["true_prob_tox"]), item)
        else:
            seen.holds(f"{label(item)} is of full size", item["id"] in full)
            seen.holds(f"{label(item)} has other paths", paths.n_paths != item["terminal_paths"])
    return seen.result


def decided_otherwise(walks: Walks, item: Item) -> Tally:
    """Return the terminal tallies of both walks where the exact tail and the normal one decide differently."""
    designs = crm_of_escalation(item), crm_of_escalation(item, NormalTailCRM)
    stop = next((rule for rule in designs[0].rules if isinstance(rule, StopTooToxic)), None)
    if stop is None or stop.above is None:
        return Tally.empty(designs[0].n_doses).take(np.array([False]))
    tally = Tally.concatenate(walks.of(design).tally for design in designs)
    stops = [design.probability_above(tally, stop.level, stop.above) >= stop.confidence for design in designs]
    return tally.take(stops[0] != stops[1])


def crmsim() -> Comparison:
    """Compare with the trial rules of crmsim, enumerated."""
    seen, walks = Differences(), Walks()
    for item in golden("exact.json", "crmsim_rules"):
        ours, theirs = walks.of(crm_of_crmsim(item)).characteristics(item["PI"]), item["exact"]
        selected = [0.0, *theirs["selection_prob"]]
        seen.close(f"{by_id(item)} selected", ours.selected, selected, within=WITHIN)
        seen.close(f"{by_id(item)} patients", ours.patients, theirs["mean_patients_per_dose"], within=WITHIN)
        seen.close(f"{by_id(item)} DLTs", ours.dlts, theirs["mean_dlts_per_dose"], within=WITHIN)
        seen.close(f"{by_id(item)} all patients", ours.total_patients, item["n"], within=WITHIN)
    return seen.result


def published_dose_paths() -> Comparison:
    """Compare all digits that escalation's vignette prints, by the exact tail and by the normal approximation."""
    seen, case = Differences(), reference("published.yaml")["crm_dose_paths"]
    for kind in (CRM, NormalTailCRM):
        design = kind(
            target=case["target"],
            skeleton=case["skeleton"],
            cohort_size=3,
            max_n=12,
            selection="next_level",
            rules=(StopTooToxic(level=1, above=0.35, confidence=0.9),),
        )
        paths, where = enumerate_paths(design), kind.__name__
        seen.equal(f"{where}, paths", paths.n_paths, case["terminal"])
        seen.equal(f"{where}, nodes", enumerate_paths(design, merge=False).n_states, case["nodes"])
        exact = paths.characteristics(case["skeleton"])
        seen.close(f"{where}, selected", exact.selected, case["selected"], within=case["selected_within"])
        seen.close(f"{where}, patients", exact.total_patients, case["total_patients"], within=5e-6)
        seen.close(f"{where}, DLTs", exact.total_dlts, case["total_dlts"], within=5e-7)
    return seen.result


def published_characteristics() -> Comparison:
    """Compare with exact characteristics recomputed from the published definition."""
    seen, case = Differences(), reference("published.yaml")["crm_exact"]
    design = CRM(target=case["target"], skeleton=case["skeleton"], cohort_size=3, max_n=30, rules=(NoSkipping(),))
    exact = enumerate_paths(design).characteristics(case["skeleton"])
    seen.close("selected", 100 * exact.selected, [0.0, *case["selected_percent"]], within=5e-4)
    seen.close("patients", exact.patients, case["patients"], within=5e-4)
    return seen.result


def published_path_counts() -> Comparison:
    """Compare numbers of paths with those of precautionary, after Braun."""
    seen, case = Differences(), reference("published.yaml")["crm_path_counts"]
    for cohorts, paths in zip(case["cohorts"], case["paths"], strict=True):
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
        seen.equal(f"{cohorts} cohorts", enumerate_paths(design).n_paths, paths)
    return seen.result
