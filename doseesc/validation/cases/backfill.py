"""Trials with backfill, patient by patient and simulated, against another program and published examples."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from designs import BOIN, Complete, Weighted
from doseesc.engines import (
    DAILY,
    Backfill,
    Calendar,
    CalendarTrial,
    GivenBackfill,
    GivenPatients,
    calendar_trials,
    simulate_calendar,
)
from doseesc.truth import DAYS_PER_MONTH, Accrual, LateWeibull
from doseesc.validation.cases.calendar import DAYS, padded
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden

DATA = "backfill.json"
TRIALS = 1500
PUBLISHED_TRIALS = 5000  # the paper does not say; of so many its shares are no worse than to 0.7 points
_IMPUTED = Weighted(suspend_above=0.49, minimum_followed=0.25)


def rules_of(kind: str, item: Item, doses: int) -> Backfill:
    """Return the rules of backfill of an item, ``"bf"`` or ``"be"``."""
    rules = Backfill.named("BF-BOIN" if kind == "bf" else "BE-BOIN")
    return replace(
        rules,
        cap_per_dose=item.get("n_cap", 12),
        priority=item.get("backfill_dose", "highest"),
        conflict=item.get("conflict_dose", rules.conflict),
        response_probabilities=(0.3,) * doses,
    )


def _design_of(item: Item, kind: str, doses: int) -> BOIN:
    return BOIN(
        target=item["target"],
        n_doses=doses,
        max_n=item["n_cohort"] * item["cohort_size"],
        cohort_size=item["cohort_size"],
        stop_at_n=item["n_earlystop"],
        stay_at_one_of_three=bool(item.get("stay_1_of_3") or item.get("stay_on_1_of_3")),
        pending=Complete() if kind == "bf" else _IMPUTED,
    )


def _played(
    design: BOIN, rules: Backfill, window: float, patients: list[Any], gaps: Any, accrual: Accrual
) -> CalendarTrial:
    """Play a trial of patients (dlt, days to the DLT, days to the response, backfilled) in the order of first doses."""
    parts = []
    for backfilled, size in ((False, design.max_n), (True, rules.most(design))):
        some = [each for each in patients if bool(each[3]) == backfilled]
        latent, after, response = ([each[column] for each in some] for column in range(3))
        parts.append(
            [padded([1 - dlt for dlt in latent], size, 1), padded(after, size, 0), padded(response, size, np.inf)]
        )
    escalation, others = parts
    given = GivenBackfill(
        escalation=GivenPatients(latent=escalation[0], dlt_day=escalation[1], gaps=gaps),
        latent=others[0],
        dlt_day=others[1],
        response_day=np.concatenate([escalation[2], others[2]], axis=1),
    )
    # The probabilities lie between the latent numbers of who has a DLT, 0, and of who has none, 1.
    truth, calendar = [0.5] * design.n_doses, Calendar(accrual=accrual, backfill=rules)
    (trial,) = calendar_trials(design, truth, window_days=window, calendar=calendar, patients=given.patients())
    return trial


def trials() -> Comparison:
    """Compare doses, who is backfilled, days, suspensions and MTD with trials by simFastBOIN's rules."""
    seen = Differences()
    for item in golden(DATA, "trials"):
        doses, kind, where = len(item["p_true"]), item["design_kind"], f"{item['id']} {item['name']}"
        response = [
            np.inf if at is None else at - entry for at, entry in zip(item["response_at"], item["entry"], strict=True)
        ]
        after = [each or 0 for each in item["dlt_after"]]
        patients = list(zip(item["dlt"], after, response, item["backfilled"], strict=True))
        gaps = padded([0, *item["gaps"]], len(item["gaps"]) + 40, 1e9)
        away = Accrual(per_month=DAILY.per_month, arrivals_while_waiting="turn_away")
        accrual = away if item.get("no_slot") == "leave" else DAILY
        rules = rules_of(kind, item, doses)
        trial = _played(_design_of(item, kind, doses), rules, item["window"], patients, gaps, accrual)
        waited = sum(end - start for start, end in trial.suspensions)
        seen.equal(f"{where}, doses", trial.level, item["dose"])
        seen.equal(f"{where}, backfilled", trial.backfilled, item["backfilled"])
        seen.close(f"{where}, entries", trial.entered, item["entry"], within=DAYS)
        seen.equal(f"{where}, MTD", trial.selected, item["mtd"] or 0)
        seen.close(f"{where}, duration", trial.duration_days, item["duration"], within=DAYS)
        seen.equal(f"{where}, turned away", trial.turned_away, item["turned_away"])
        seen.equal(f"{where}, suspensions", len(trial.suspensions), item["suspensions"])
        seen.close(f"{where}, days suspended", waited, item["time_suspended"], within=DAYS)
    return seen.result


def published_examples() -> Comparison:
    """Compare with the examples that the papers tell patient by patient."""
    seen = Differences()
    for item in golden(DATA, "published_examples"):
        kind, where = item["design"], item["what"][:40]
        response = [day or np.inf for day in item["response_day"]]
        dlt = [day > 0 for day in item["dlt_day"]]
        patients = list(zip(dlt, item["dlt_day"], response, item["backfilled"], strict=True))
        arrivals = [*item["arrival"], *([item["next_arrival"]] if "next_arrival" in item else [])]
        gaps = padded(np.diff(arrivals, prepend=0), len(arrivals) + 10, 1e9)
        queue = Accrual(per_month=DAILY.per_month, arrivals_while_waiting="queue")
        rules = rules_of(kind, item, 5)
        trial = _played(_design_of(item, kind, 5), rules, item["window"], patients, gaps, queue)
        later = {int(number) - 1: day for number, day in item.get("enrolled_later", {}).items()}
        entries = [later.get(place, day) for place, day in enumerate(item["arrival"])]
        seen.equal(f"{where}, doses", trial.level, item["dose"])
        seen.equal(f"{where}, backfilled", trial.backfilled, [bool(each) for each in item["backfilled"]])
        seen.equal(f"{where}, entries", trial.entered, entries)
        seen.equal(f"{where}, MTD", trial.selected, item["mtd"])
    return seen.result


def _simulated(item: Item, kind: str, window: float, accrual: Accrual, response: Any) -> Any:
    design = BOIN(
        target=item.get("target", 0.25),
        n_doses=5,
        max_n=30,
        stop_at_n=9,
        stay_at_one_of_three=item.get("stay_1_of_3", False),
        pending=Complete() if kind == "bf" else _IMPUTED,
    )
    rules = replace(
        Backfill.named("BF-BOIN" if kind == "bf" else "BE-BOIN"),
        cap_per_dose=item.get("n_cap", 12),
        priority=item.get("backfill_dose", "highest"),
        response_probabilities=tuple(float(each) for each in response),
        response_days="as_dlts",
    )
    return simulate_calendar(
        design,
        item["p_true"],
        window_days=window,
        accrual=accrual,
        dlt_times=LateWeibull(late_share=0.5),
        backfill=rules,
        n_trials=TRIALS,
        seed=11,
    )


def simulations() -> Comparison:
    """Compare selections, patients, durations and backfill with another program's simulations."""
    seen = Differences()
    for item in golden(DATA, "sims"):
        accrual = Accrual(
            per_month=item["accrual_rate"] * DAYS_PER_MONTH,  # its unit of time is a day here
            process="uniform" if item.get("accrual") == "uniform" else "poisson",
            arrivals_while_waiting="turn_away" if item.get("no_slot") == "leave" else "wait",
        )
        oc = _simulated(item, item["design"], item["window"], accrual, item["p_resp"])
        other = item["nsim"]
        scale = np.sqrt(1 / TRIALS + 1 / other)
        share = np.array([item["percent_none"], *item["selection_percent"]]) / 100
        seldom = 3 / other  # a share of which none was met may be so large
        few = np.sqrt(3 * seldom)  # a dose hardly ever reached takes three patients at once
        where, sd = f"{item['id']} {item['name']}", oc.sd
        at_most = item["percent_stop"]["max_sample_size"] / 100
        for name, theirs, spread in (
            ("selected", share, np.sqrt(np.maximum(share * (1 - share), seldom))),
            ("patients", item["mean_patients_per_dose"], np.maximum(sd.patients, 3 * few)),
            ("dlts", item["mean_dlts_per_dose"], np.maximum(sd.dlts, few)),
            ("total_patients", item["mean_patients"], sd.total_patients),
            ("duration_days", item["mean_duration"], item["sd_duration"]),
            ("backfilled", sum(item["mean_backfilled_per_dose"]), sd.backfilled),
            ("suspensions", item["mean_suspensions"], sd.suspensions),
            ("days_suspended", item["mean_time_suspended"], sd.days_suspended),
            ("turned_away", item["mean_turned_away"], sd.turned_away),
            ("stopped_early", 1 - at_most, sd.stopped_early),
        ):
            error = np.asarray(spread) * scale
            seen.errors(f"{where}, {name}", getattr(oc, name), theirs, error, slack=1e-9)
    return seen.result


def published_table() -> Comparison:
    """Compare with Table 4 of Zhao et al. (2024), with uniform gaps and patients turned away, as its durations tell."""
    seen = Differences()
    accrual = Accrual(per_month=3, process="uniform", arrivals_while_waiting="turn_away")
    for item in golden(DATA, "published_table4"):
        oc = _simulated(item | {"stay_1_of_3": True}, "bf", DAYS_PER_MONTH, accrual, item["p_response"])
        mtd, sd = item["p_true"].index(0.25) + 1, oc.sd
        for name, value, spread in (
            ("percent_correct", 100 * oc.selected[mtd], 100 * sd.selected[mtd]),
            ("percent_above", 100 * oc.selected[mtd + 1 :].sum(), 100 * sd.overdose_selection),
            ("n_below", oc.patients[: mtd - 1].sum(), np.sqrt((sd.patients[: mtd - 1] ** 2).sum())),
            ("n_at", oc.patients[mtd - 1], sd.patients[mtd - 1]),
            ("n_above", oc.patients[mtd:].sum(), np.sqrt((sd.patients[mtd:] ** 2).sum())),
            ("n_total", oc.total_patients, sd.total_patients),
            ("months", oc.duration_days / DAYS_PER_MONTH, sd.duration_days / DAYS_PER_MONTH),
        ):
            if item[name] is not None:
                error = spread * np.sqrt(1 / TRIALS + 1 / PUBLISHED_TRIALS)
                where = f"scenario {item['scenario']}, {item['method']}, {name}"
                seen.errors(where, value, item[name], error, slack=0.05)
    return seen.result
