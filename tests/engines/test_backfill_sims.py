"""Simulated trials with backfill against another program's, and against the table of the paper on BF-BOIN."""

from dataclasses import replace

import numpy as np
import pytest
from support import golden

from designs import BOIN, Complete, Weighted
from doseesc.engines import Backfill, simulate_calendar
from doseesc.truth import DAYS_PER_MONTH, Accrual, LateWeibull

SIMS = golden("backfill.json", "sims")
TABLE = golden("backfill.json", "published_table4")
TRIALS = 1500
PUBLISHED_TRIALS = 5000  # the paper does not say; of so many its shares are no worse than to 0.7 points


def simulated(item, kind, window, accrual, response):
    design = BOIN(
        target=item.get("target", 0.25),
        n_doses=5,
        max_n=30,
        stop_at_n=9,
        stay_at_one_of_three=item.get("stay_1_of_3", False),
        pending=Complete() if kind == "bf" else Weighted(suspend_above=0.49, minimum_followed=0.25),
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


def near(value, expected, sd, other_trials):
    error = np.asarray(sd) * np.sqrt(1 / TRIALS + 1 / other_trials)
    assert (np.abs(np.asarray(value) - np.asarray(expected)) <= 4 * error + 1e-9).all(), (value, expected, error)


@pytest.mark.parametrize("item", SIMS, ids=lambda item: f"{item['id']} {item['name']}")
def test_another_program(item):
    accrual = Accrual(
        per_month=item["accrual_rate"] * DAYS_PER_MONTH,  # its unit of time is a day here
        process={"uniform": "uniform"}.get(item.get("accrual"), "poisson"),
        arrivals_while_waiting="turn_away" if item.get("no_slot") == "leave" else "wait",
    )
    oc = simulated(item, item["design"], item["window"], accrual, item["p_resp"])
    other = item["nsim"]
    share = np.array([item["percent_none"], *item["selection_percent"]]) / 100
    seldom = 3 / other  # a share of which none was met may be so large
    near(oc.selected, share, np.sqrt(np.maximum(share * (1 - share), seldom)), other)
    few = np.sqrt(3 * seldom)  # a dose hardly ever reached takes three patients at once
    near(oc.patients, item["mean_patients_per_dose"], np.maximum(oc.sd.patients, 3 * few), other)
    near(oc.dlts, item["mean_dlts_per_dose"], np.maximum(oc.sd.dlts, few), other)
    near(oc.total_patients, item["mean_patients"], oc.sd.total_patients, other)
    near(oc.duration_days, item["mean_duration"], item["sd_duration"], other)
    near(oc.backfilled, sum(item["mean_backfilled_per_dose"]), oc.sd.backfilled, other)
    near(oc.suspensions, item["mean_suspensions"], oc.sd.suspensions, other)
    near(oc.days_suspended, item["mean_time_suspended"], oc.sd.days_suspended, other)
    near(oc.turned_away, item["mean_turned_away"], oc.sd.turned_away, other)
    at_most = item["percent_stop"]["max_sample_size"] / 100
    near(oc.stopped_early, 1 - at_most, oc.sd.stopped_early, other)


@pytest.mark.parametrize("item", TABLE, ids=lambda item: f"scenario {item['scenario']}, {item['method']}")
def test_table_4_of_zhao_2024(item):
    """Within 4 standard errors and rounding, with uniform gaps and patients turned away, as its durations tell."""
    accrual = Accrual(per_month=3, process="uniform", arrivals_while_waiting="turn_away")
    oc = simulated(item | {"stay_1_of_3": True}, "bf", DAYS_PER_MONTH, accrual, item["p_response"])
    mtd = item["p_true"].index(0.25) + 1
    sd = oc.sd
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
            assert value == pytest.approx(item[name], abs=4 * error + 0.05), name
