"""Trials on the calendar against simulations of other programs, within their Monte Carlo error and ours.

Selection, patients, DLTs, durations, suspensions and waits.  The test data say what each program does; what our
parameters call by another name:

* TITEgBOIN and TITE-MAD look again when the next patient comes, who is then treated: ``turn_away``.  Their trials last
  to a window after the last entry, and so do dfcrm's: ``enrolment_days`` + W.  dfcrm's begin before the first arrival:
  ``first_gap``.
* TITE-MAD escalates on three known patients, TITEgBOIN on any number: ``minimum_known``.

What we do not offer: TITEgBOIN's BOIN without pending patients waits, from each cohort's last entry, the longest time
that any patient at the dose has taken, which is longer than any outcome takes; escalation's ``phase1_tite_sim`` decides
as soon as a cohort has come, and leaves unused what is seen of it until the next patient comes.
"""

import numpy as np
import pytest
from from_r import agree, agree_in_shares, by_id
from support import golden
from tite import tite_boin_of, titecrm_of

from designs import BOIN, Keyboard, RollingSix, ThreePlusThree, Weighted
from doseesc.engines import simulate_calendar
from doseesc.truth import DAYS_PER_MONTH, Accrual, LateWeibull

TRIALS = 2500
DATA = "clock_sims.json"
PROCESS = {"exponential": "poisson"}
MODES = {"away": "turn_away", "pause": "wait", "queue": "queue"}
VARIANTS = {"rolling_six": "protocol", "rolling_six_eager": "eager"}
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


def simulated(design, truth, window, *, per_day, process="poisson", how="wait", **options):
    accrual = Accrual(per_month=per_day * DAYS_PER_MONTH, process=process, arrivals_while_waiting=how)
    return simulate_calendar(design, truth, window_days=window, accrual=accrual, n_trials=TRIALS, seed=2, **options)


def same_mean(ours, name, theirs, trials, largest=1):
    agree(getattr(ours, name), getattr(ours.mcse, name), TRIALS, theirs, trials, largest)


def same_patients(ours, item, trials, largest):
    same_mean(ours, "patients", item["mean_patients_per_dose"], trials, largest)
    same_mean(ours, "dlts", item["mean_dlts_per_dose"], trials, largest)


def same_quantiles(ours, item):
    """As many of our trials as should have ended by their quantiles; some durations are shared by many trials."""
    share = np.array(QUANTILES)
    error = 4 * np.sqrt(share * (1 - share) * (1 / TRIALS + 1 / item["nsim"])) + 0.005  # our curve's steps
    for days, wanted, within in zip(item["duration_quantiles"], QUANTILES, error, strict=True):
        assert ours.duration_at_most(days * 0.999) <= wanted + within
        assert ours.duration_at_most(days * 1.001) >= wanted - within


def boin_figures(ours, item):
    trials, most = item["nsim"], item.get("n_cohort") * item["cohort_size"]
    selected = np.array([item["percent_none"], *item["selection_percent"]]) / 100
    agree_in_shares(ours.selected, TRIALS, selected, trials)
    same_patients(ours, item, trials, most)
    same_mean(ours, "total_patients", item["mean_patients"], trials, most)


def simulated_boin(design, item, **options):
    even = item.get("dlt_time") == "uniform"
    return simulated(
        design,
        item["p_true"],
        item["window"],
        per_day=item["accrual_rate"],
        process=PROCESS.get(how := item.get("accrual", "exponential"), how),
        dlt_times=None if even else LateWeibull(late_share=item.get("late_fraction", 0.5)),
        **options,
    )


@pytest.mark.parametrize("item", golden(DATA, "tite_boin"), ids=by_id)
def test_tite_boin_of_simfastboin(item):
    ours = simulated_boin(tite_boin_of(item), item)
    trials = item["nsim"]
    boin_figures(ours, item)
    same_mean(ours, "duration_days", item["mean_duration"], trials)
    assert ours.sd.duration_days == pytest.approx(item["sd_duration"], rel=0.1)
    same_quantiles(ours, item)
    same_mean(ours, "suspensions", item["mean_suspensions"], trials)
    same_mean(ours, "days_suspended", item["mean_time_suspended"], trials)
    toxic = sum(share for why, share in item["percent_stop"].items() if why.startswith("lowest_dose")) / 100
    agree_in_shares(ours.reasons.get("NO_SAFE_DOSE", 0.0), TRIALS, toxic, trials)


@pytest.mark.parametrize("item", golden(DATA, "titegboin"), ids=by_id)
def test_tite_boin_of_titegboin(item):
    ours = simulated_boin(titegboin_of(item), item, how="turn_away")
    boin_figures(ours, item)
    agree(ours.enrolment_days + item["window"], ours.mcse.enrolment_days, TRIALS, item["mean_duration"], item["nsim"])


def titegboin_of(item):
    return BOIN(
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


@pytest.mark.parametrize("item", golden(DATA, "tite_mad"), ids=by_id)
def test_tite_keyboard_of_tite_mad(item):
    width = item["half_width"]
    design = Keyboard(
        target=item["target"],
        n_doses=len(item["p_true"]),
        max_n=item["n_cohort"] * item["cohort_size"],
        cohort_size=item["cohort_size"],
        epsilon1=width,
        epsilon2=width,
        pending=Weighted(minimum_known=3),
    )
    ours = simulated_boin(design, item, how="turn_away")
    boin_figures(ours, item)
    agree(ours.enrolment_days + item["window"], ours.mcse.enrolment_days, TRIALS, item["mean_duration"], item["nsim"])


@pytest.mark.parametrize("item", golden(DATA, "rolling_six"), ids=lambda item: f"{by_id(item)} {item['design']}")
def test_rolling_six_and_three_plus_three(item):
    doses, trials = len(item["p_true"]), item["nsim"]
    if item["design"] in VARIANTS:
        design = RollingSix(n_doses=doses, variant=VARIANTS[item["design"]])
    else:
        design = ThreePlusThree(n_doses=doses)
    ours = simulated(design, item["p_true"], item["window"], per_day=1 / item["mean_gap"], how=MODES[item["mode"]])
    selected = np.array(item["selection_percent_none_then_doses"]) / 100
    agree_in_shares(ours.selected, TRIALS, selected, trials)
    same_mean(ours, "total_patients", item["mean_patients"], trials)
    same_mean(ours, "total_dlts", item["mean_dlts"], trials)
    same_mean(ours, "duration_days", item["mean_duration"], trials)
    same_quantiles(ours, item)
    same_mean(ours, "days_waited", item["mean_wait_total"], trials)
    same_mean(ours, "turned_away", item["mean_turned_away"], trials)


@pytest.mark.parametrize("source", ["dfcrm", "fast"])
@pytest.mark.parametrize("item", golden(DATA, "titecrm"), ids=by_id)
def test_titesim_of_dfcrm_one_stage_and_two(item, source):
    theirs = item[source]
    titesim_figures(item, theirs, theirs.get("nsim", theirs.get("trials")))


@pytest.mark.parametrize("item", golden(DATA, "titesim"), ids=by_id)
def test_titesim_of_dfcrm(item):
    titesim_figures(item, item, item["nsim"])


_played = {}


def titesim_figures(item, theirs, trials):
    window, name = item["obswin"], item["name"]
    if name not in _played:
        _played[name] = simulated(
            titecrm_of(item),
            item["PI"],
            window,
            per_day=item["rate"] / window,
            process=item["accrual"],
            how="turn_away",
            first_gap=True,
        )
    ours = _played[name]
    agree_in_shares(ours.selected, TRIALS, [0.0, *theirs["selection_prob"]], trials)
    same_patients(ours, theirs, trials, item["n"])
    assert ours.total_patients == pytest.approx(item["n"])
    agree(ours.enrolment_days + window, ours.mcse.enrolment_days, TRIALS, theirs["mean_duration"], trials)
    assert ours.sd.enrolment_days == pytest.approx(theirs["sd_duration"], rel=0.15, abs=1e-9)
    if "mean_turned_away" in theirs:
        same_mean(ours, "turned_away", theirs["mean_turned_away"], trials)


def test_the_margin_is_no_wider_than_it_says():
    """A design that differs in one rule is told apart, and so is another way with arrivals."""
    item = golden(DATA, "tite_boin")[0]
    other = simulated_boin(tite_boin_of(item | {"max_pending": 0.49}), item)
    with pytest.raises(AssertionError):
        same_mean(other, "duration_days", item["mean_duration"], item["nsim"])
    away = simulated_boin(tite_boin_of(item), item, how="turn_away")
    with pytest.raises(AssertionError):
        same_mean(away, "duration_days", item["mean_duration"], item["nsim"])
