"""Trials on the calendar against simulations of other programs, within their Monte Carlo error and ours.

Selection, patients, DLTs, durations, suspensions and waits.  The data say what each program does; what our parameters
call by another name:

* TITEgBOIN and TITE-MAD look again when the next patient comes, who is then treated: ``turn_away``.  Their trials last
  to a window after the last entry, and so do dfcrm's: ``enrolment_days`` + W.  dfcrm's begin before the first arrival:
  ``first_gap``.
* TITE-MAD escalates on three known patients, TITEgBOIN on any number: ``minimum_known``.
* At the lowest dose both wait for patients pending where the data call for a lower one, TITE-MAD only where no pending
  outcome can change that (read in its code): ``hold_at_lowest``, ``hold_sure_at_lowest``.

What we do not offer: TITEgBOIN's BOIN without pending patients waits, from each cohort's last entry, the longest time
that any patient at the dose has taken, which is longer than any outcome takes; escalation's ``phase1_tite_sim`` decides
as soon as a cohort has come, and leaves unused what is seen of it until the next patient comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from designs import BOIN, Design, Keyboard, RollingSix, ThreePlusThree, Weighted
from doseesc.engines import simulate_calendar
from doseesc.truth import DAYS_PER_MONTH, Accrual, LateWeibull
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden
from doseesc.validation.other_programs import by_id, tite_boin_of, titecrm_of
from doseesc.validation.simulations import Simulated

TRIALS = 2500
DATA = "clock_sims.json"
_PROCESS: Mapping[str, str] = MappingProxyType({"exponential": "poisson"})
_MODES: Mapping[str, str] = MappingProxyType({"away": "turn_away", "pause": "wait", "queue": "queue"})
_VARIANTS: Mapping[str, str] = MappingProxyType({"rolling_six": "protocol", "rolling_six_eager": "eager"})


def _simulated(
    design: Design,
    truth: Any,
    window: float,
    *,
    per_day: float,
    process: str = "poisson",
    how: str = "wait",
    dlt_times: Any = None,
    first_gap: bool = False,
) -> Any:
    accrual = Accrual(per_month=per_day * DAYS_PER_MONTH, process=process, arrivals_while_waiting=how)
    return simulate_calendar(
        design,
        truth,
        window_days=window,
        accrual=accrual,
        dlt_times=dlt_times,
        first_gap=first_gap,
        n_trials=TRIALS,
        seed=2,
    )


def _compare_patients(beside: Simulated, item: Item, largest: float) -> None:
    beside.mean("patients", item["mean_patients_per_dose"], largest)
    beside.mean("dlts", item["mean_dlts_per_dose"], largest)


def _compare_turned_away(seen: Differences, design: Design, item: Item) -> None:
    """Compare a design with programs in which who meets a wait is turned away, and that end with the last window."""
    beside = Simulated(seen, by_id(item), simulated_boin(design, item, "turn_away"), TRIALS, item["nsim"])
    _compare_boin(beside, item)
    beside.mean("enrolment_days", item["mean_duration"], more=item["window"])


def _compare_boin(beside: Simulated, item: Item) -> None:
    most = item["n_cohort"] * item["cohort_size"]
    selected = np.array([item["percent_none"], *item["selection_percent"]]) / 100
    beside.shares("selected", beside.ours.selected, selected)
    _compare_patients(beside, item, most)
    beside.mean("total_patients", item["mean_patients"], most)


def simulated_boin(design: Design, item: Item, how: str = "wait") -> Any:
    """Simulate an item of TITE-BOIN or its kin."""
    even = item.get("dlt_time") == "uniform"
    process = item.get("accrual", "exponential")
    return _simulated(
        design,
        item["p_true"],
        item["window"],
        per_day=item["accrual_rate"],
        process=_PROCESS.get(process, process),
        how=how,
        dlt_times=None if even else LateWeibull(late_share=item.get("late_fraction", 0.5)),
    )


def tite_boin() -> Comparison:
    """Compare TITE-BOIN with simFastBOIN's."""
    seen = Differences()
    for item in golden(DATA, "tite_boin"):
        ours, where = simulated_boin(tite_boin_of(item), item), by_id(item)
        beside = Simulated(seen, where, ours, TRIALS, item["nsim"])
        _compare_boin(beside, item)
        beside.mean("duration_days", item["mean_duration"])
        seen.relative(f"{where} sd of the duration", ours.sd.duration_days, item["sd_duration"], within=0.1)
        beside.quantiles(item["duration_quantiles"])
        beside.mean("suspensions", item["mean_suspensions"])
        beside.mean("days_suspended", item["mean_time_suspended"])
        toxic = sum(share for why, share in item["percent_stop"].items() if why.startswith("lowest_dose")) / 100
        beside.shares("stopped for toxicity", ours.reasons.get("NO_SAFE_DOSE", 0.0), toxic)
    return seen.result


def titegboin() -> Comparison:
    """Compare TITE-BOIN with TITEgBOIN's."""
    seen = Differences()
    for item in golden(DATA, "titegboin"):
        design = BOIN(
            target=item["target"],
            n_doses=len(item["p_true"]),
            max_n=item["n_cohort"] * item["cohort_size"],
            cohort_size=item["cohort_size"],
            stop_at_n=item["n_earlystop"],
            pending=Weighted(
                estimate="ess",
                suspend_above=item["max_pending"],
                suspend_first=True,
                minimum_known=0,
                hold_at_lowest=True,
            ),
        )
        _compare_turned_away(seen, design, item)
    return seen.result


def tite_keyboard() -> Comparison:
    """Compare TITE-Keyboard with TITE-MAD's."""
    seen = Differences()
    for item in golden(DATA, "tite_mad"):
        width = item["half_width"]
        design = Keyboard(
            target=item["target"],
            n_doses=len(item["p_true"]),
            max_n=item["n_cohort"] * item["cohort_size"],
            cohort_size=item["cohort_size"],
            epsilon1=width,
            epsilon2=width,
            pending=Weighted(minimum_known=3, hold_sure_at_lowest=True),
        )
        _compare_turned_away(seen, design, item)
    return seen.result


def rolling_six() -> Comparison:
    """Compare rolling six and 3+3, with patients turned away, waiting, or waiting in turn."""
    seen = Differences()
    for item in golden(DATA, "rolling_six"):
        doses = len(item["p_true"])
        design: Design = ThreePlusThree(n_doses=doses)
        if item["design"] in _VARIANTS:
            design = RollingSix(n_doses=doses, variant=_VARIANTS[item["design"]])
        how = _MODES[item["mode"]]
        ours = _simulated(design, item["p_true"], item["window"], per_day=1 / item["mean_gap"], how=how)
        beside = Simulated(seen, f"{by_id(item)} {item['design']}", ours, TRIALS, item["nsim"])
        beside.shares("selected", ours.selected, np.array(item["selection_percent_none_then_doses"]) / 100)
        beside.mean("total_patients", item["mean_patients"])
        beside.mean("total_dlts", item["mean_dlts"])
        beside.mean("duration_days", item["mean_duration"])
        beside.quantiles(item["duration_quantiles"])
        beside.mean("days_waited", item["mean_wait_total"])
        beside.mean("turned_away", item["mean_turned_away"])
    return seen.result


def titesim() -> Comparison:
    """Compare the TITE-CRM of one stage and two with dfcrm's titesim, and with its rules in another program."""
    seen = Differences()
    for item in golden(DATA, "titecrm"):
        ours = _simulated_titesim(item)
        for source in ("dfcrm", "fast"):
            theirs = item[source]
            trials = theirs.get("nsim", theirs.get("trials"))
            _compare_titesim(Simulated(seen, f"{by_id(item)} {source}", ours, TRIALS, trials), item, theirs)
    for item in golden(DATA, "titesim"):
        beside = Simulated(seen, f"titesim {by_id(item)}", _simulated_titesim(item), TRIALS, item["nsim"])
        _compare_titesim(beside, item, item)
    return seen.result


def _simulated_titesim(item: Item) -> Any:
    window = item["obswin"]
    rate = item["rate"] / window
    design, process = titecrm_of(item), item["accrual"]
    return _simulated(design, item["PI"], window, per_day=rate, process=process, how="turn_away", first_gap=True)


def _compare_titesim(beside: Simulated, item: Item, theirs: Item) -> None:
    ours, seen, window = beside.ours, beside.seen, item["obswin"]
    beside.shares("selected", ours.selected, [0.0, *theirs["selection_prob"]])
    _compare_patients(beside, theirs, item["n"])
    seen.close(f"{beside.where} all patients", ours.total_patients, item["n"], within=1e-6 * item["n"])
    beside.mean("enrolment_days", theirs["mean_duration"], more=window)
    sd, within = theirs["sd_duration"], max(0.15 * theirs["sd_duration"], 1e-9)
    seen.close(f"{beside.where} sd of the enrolment", ours.sd.enrolment_days, sd, within=within)
    if "mean_turned_away" in theirs:
        beside.mean("turned_away", theirs["mean_turned_away"])
