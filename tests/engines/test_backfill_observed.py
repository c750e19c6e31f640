"""Backfill with an observation model: nobody who leaves holds the escalation up, counts, or opens a dose."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import BOIN, CRM, Pending, Reason, RollingSix, Settled, Tally, ThreePlusThree, Weighted
from doseesc.engines import (
    DAILY,
    Backfill,
    Calendar,
    GivenPatients,
    calendar_trials,
    simulate_calendar,
)
from doseesc.engines.backfill_patients import BackfillPatients, patients_of
from doseesc.engines.backfill_responses import Responses
from doseesc.engines.clock_arrays import Fates
from doseesc.engines.patients_at_risk import DEAD, DRUG_COUNTED, DRUG_DLT, UNUSABLE
from doseesc.engines.watched_patients import DIED, LOST
from doseesc.truth import Accrual, EarlyTimes, ObservationModel

TRUTH = np.array([0.05, 0.12, 0.25, 0.45])
WINDOW = 28.0
FAST = Accrual(per_month=9)
COMMON = {"target": 0.25, "max_n": 24}
WEIGHING = Weighted(suspend_above=0.49, minimum_followed=0.25)
SKELETON = (0.06, 0.14, 0.25, 0.38)
DESIGNS = {
    "BOIN": BOIN(**COMMON, n_doses=4, stop_at_n=12),
    "BOIN settled": BOIN(**COMMON, n_doses=4, pending=Settled()),
    "TITE-BOIN": BOIN(**COMMON, n_doses=4, pending=WEIGHING),
    "CRM": CRM(**COMMON, skeleton=SKELETON),
    "TITE-CRM": CRM(**COMMON, skeleton=SKELETON, pending=Weighted(weights="adaptive", minimum_followed=0.5)),
    "3+3": ThreePlusThree(n_doses=4),
    "rolling six": RollingSix(n_doses=4),
}
BF_BOIN = replace(Backfill.named("BF-BOIN"), response_probabilities=(0.2, 0.3, 0.4, 0.5))
HARMLESS = ObservationModel(window=WINDOW, dlt_times=EarlyTimes(within=4, share=0.5))
REPLACED = ObservationModel(window=WINDOW, background=0.05, death=0.25, loss=0.15, death_relative_risk=1.6)
FROZEN = ObservationModel(window=WINDOW, death=0.25, deaths="weight_frozen", loss=0.2, losses="weight_frozen")


def trials_of(design, rules, model, accrual=FAST, n_trials=50, seed=1, **calendar):
    times = HARMLESS.dlt_times if model is None else None
    return calendar_trials(
        design,
        TRUTH,
        window_days=WINDOW,
        calendar=Calendar(accrual=accrual, backfill=rules, dlt_times=times, **calendar),
        n_trials=n_trials,
        seed=seed,
        observation=model,
    )


def patients_in(trial, chosen):
    names = ("level", "arrived", "entered", "assessed", "has_dlt", "replaced", "died", "lost")
    return [getattr(trial, name)[chosen].tolist() for name in names]


def story_of(trial):
    return patients_in(trial, np.arange(trial.size)), trial.backfilled.tolist(), trial.decisions, trial.suspensions


def end_of(trial):
    return trial.selected, trial.reason, trial.duration_days, trial.turned_away


def counts(trial, chosen):
    return (trial.level[chosen][:, None] == np.arange(1, len(TRUTH) + 1)).sum(axis=0)


@pytest.mark.parametrize("how", ["wait", "queue"])
@pytest.mark.parametrize("name", DESIGNS)
def test_where_nobody_is_lost_trials_are_those_of_backfill_alone(name, how):
    accrual = replace(FAST, arrivals_while_waiting=how)
    one, other = (trials_of(DESIGNS[name], BF_BOIN, model, accrual) for model in (HARMLESS, None))
    assert sum(trial.backfilled.sum() for trial in one) > 30
    for observed, alone in zip(one, other, strict=True):
        assert story_of(observed) == story_of(alone)
        assert end_of(observed) == end_of(alone)


@pytest.mark.parametrize("name", DESIGNS)
def test_where_nobody_waits_trials_are_those_of_the_observation_alone(name):
    design = DESIGNS[name]
    model = FROZEN if isinstance(design.pending, Weighted) else REPLACED
    slow = Accrual(per_month=0.8, process="fixed")
    one, other = (trials_of(design, rules, model, slow) for rules in (BF_BOIN, None))
    assert sum(trial.died.sum() for trial in one) > 15
    for with_backfill, without in zip(one, other, strict=True):
        assert not with_backfill.backfilled.any()
        assert story_of(with_backfill) == story_of(without)
        assert end_of(with_backfill) == end_of(without)


@pytest.mark.parametrize(
    ("name", "model"),
    [*((name, REPLACED) for name in ("BOIN", "CRM", "3+3", "TITE-BOIN")), ("TITE-BOIN", FROZEN), ("TITE-CRM", FROZEN)],
)
def test_backfilled_patients_who_leave_never_hold_the_escalation_up(name, model):
    # Turned away or backfilled, whoever meets a wait leaves the escalation as it was: patients, days and replacements.
    design, accrual = DESIGNS[name], replace(FAST, arrivals_while_waiting="turn_away")
    rules = Backfill(cap_per_dose=10, count_in_decisions=False, count_in_mtd=False)
    one, other = (trials_of(design, each, model, accrual) for each in (rules, None))
    left = sum((trial.backfilled & (trial.died | trial.lost)).sum() for trial in one)
    assert left > 25
    for with_backfill, without in zip(one, other, strict=True):
        escalated = ~with_backfill.backfilled
        assert patients_in(with_backfill, escalated) == patients_in(without, np.arange(without.size))
        assert (with_backfill.selected, with_backfill.reason) == (without.selected, without.reason)
        assert with_backfill.turned_away + with_backfill.backfilled.sum() == without.turned_away


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("deaths", ["replaced", "all_count", "dlt_free"])
@pytest.mark.parametrize("name", ["BOIN", "CRM", "3+3"])
def test_a_design_that_waits_goes_up_only_once_the_outcomes_of_the_escalation_are_known(name, deaths, again):
    model = ObservationModel(window=WINDOW, background=0.05, death=0.1, deaths=deaths, loss=0.15)
    rules = replace(BF_BOIN, replace_unevaluable=again)
    ups, meanwhile = 0, 0
    for trial in trials_of(DESIGNS[name], rules, model, n_trials=30):
        own = np.flatnonzero(~trial.backfilled)
        own = own[np.argsort(trial.entered[own], kind="stable")]
        for before, after in pairwise(own):
            if trial.level[after] > trial.level[before]:
                day = trial.entered[after]
                earlier = trial.entered < day
                assert (trial.assessed[earlier & ~trial.backfilled] <= day).all()
                meanwhile += (earlier & trial.backfilled & (trial.assessed > day)).sum()
                ups += 1
    assert ups > 20
    assert meanwhile > 0


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(sorted(DESIGNS)),
    per_month=st.floats(1, 40),
    how=st.sampled_from(["wait", "turn_away", "queue"]),
    deaths=st.sampled_from(["replaced", "all_count", "dlt_free", "weight_frozen"]),
    death=st.floats(0, 0.6),
    loss=st.floats(0, 0.4),
    cap=st.integers(1, 12),
    again=st.booleans(),
    seed=st.integers(0, 50),
)
def test_places_are_kept_to_and_counts_add_up(name, per_month, how, deaths, death, loss, cap, again, seed):
    design = DESIGNS[name]
    if deaths == "weight_frozen" and not isinstance(design.pending, Weighted):
        deaths = "replaced"
    model = ObservationModel(window=WINDOW, death=death, deaths=deaths, loss=loss, background=0.05)
    rules = replace(BF_BOIN, closes="eliminated", conflict=None, cap_per_dose=cap, replace_unevaluable=again)
    accrual = Accrual(per_month=per_month, arrivals_while_waiting=how)
    for trial in trials_of(design, rules, model, accrual, n_trials=4, seed=seed):
        evaluable, dlts = counts(trial, ~trial.replaced), counts(trial, trial.has_dlt)
        assert evaluable.sum() + trial.replaced.sum() == trial.size
        assert (dlts <= evaluable).all()
        assert not (trial.replaced & trial.has_dlt).any()
        assert (~trial.backfilled & ~trial.replaced).sum() <= design.max_n
        assert trial.duration_days == trial.assessed.max()
        for place in np.flatnonzero(trial.backfilled):
            now, level, before = trial.entered[place], trial.level[place], np.arange(trial.size) < place
            left = before & trial.replaced & (trial.assessed <= now)
            # The dose of the escalation's last patient who is still in: a cohort that has left is forgotten.
            assert level < trial.level[before & ~left & ~trial.backfilled][-1]
            taken = before & ~left if again else before & ~(left & ~trial.backfilled)
            assert (taken & (trial.level == level)).sum() < cap
            if name == "BOIN":  # what is known by now leaves the dose open
                known = before & ~trial.replaced & (trial.assessed <= now)
                tally = Tally(n=[counts(trial, known)], dlt=[counts(trial, known & trial.has_dlt)], level=[level])
                assert design.ceiling(tally)[0] >= level


class Handmade:
    """The escalation's patients, and those to be backfilled, as made by hand for one trial of two doses."""

    def __init__(self, first, replacements, others, responses, gone, gaps):
        self._first, self._others = [*first, *replacements], others
        given = GivenPatients(latent=[[0.5] * len(first)], dlt_day=[[1.0] * len(first)], gaps=[gaps])
        self.latent, self.dlt_day, self.numbers = given.latent, given.dlt_day, given.numbers
        day, gone = (self._days(each, [*self._first, *others]) for each in (responses, gone))
        latent = np.where(np.isfinite(day[:, 0]), 0.0, 1.0)
        self.responses = Responses(latent, day, np.ones(2), np.zeros(latent.shape), gone)

    @staticmethod
    def _days(by_place, patients):
        days = np.full((1, 2, len(patients)), np.inf)
        for place, day in by_place.items():
            days[:, :, place] = day
        return days

    @staticmethod
    def _table(patients):
        bits, days = (np.array([[each] * 2]) for each in zip(*patients, strict=True))
        return bits.astype(np.uint8), days.astype(float)

    def fates(self, more=False):
        return Fates(*self._table(self._first))

    def beside(self, escalation, more=False):
        both = (np.concatenate(pair, axis=2) for pair in zip(escalation[:2], self._table(self._others), strict=True))
        return Fates(*both, len(self._others))


FINE, DLT = 0, DRUG_COUNTED | DRUG_DLT
GONE = UNUSABLE | LOST, UNUSABLE | DEAD | DIED


@pytest.mark.parametrize("again", [True, False])
def test_a_trial_by_hand(again):
    # Arrivals every four days; who cannot be treated goes away.  Dose 1: patients of days 0, 4 and 8.  The second is
    # lost on day 10 and replaced on day 12; who replaces him is known on day 40, and from day 16 on nobody is treated.
    # Dose 2 is given on days 40, 44 and 48; who dies there on day 66 is replaced on day 68, and that patient is known
    # on day 96: then the seventh and last is treated, at dose 2, the highest.
    first = [(FINE, 28), (GONE[0], 6), (FINE, 28), (FINE, 28), (GONE[1], 22), (FINE, 28), (FINE, 28)]
    replacements = [(FINE, 28), (FINE, 28), (FINE, 28)]
    # The first patient responds on day 54, so that on day 52 dose 1 is still closed: the second would have responded on
    # day 12, but had been lost by then.  Backfilled on days 56 and 60, which fills dose 1 up to five: none on day 64.
    # The first of them dies on day 66: another takes the place on day 72, or nobody does.
    others = [(GONE[1], 10), (DLT, 7), (FINE, 28), (FINE, 28)]
    responses, gone = {0: 54.0, 1: 8.0}, {1: 6.0, 4: 22.0, 10: 10.0}
    patients = Handmade(first, replacements, others, responses, gone, [0.0] + [4.0] * 40)
    rules = Backfill(
        cap_per_dose=5,
        min_responses=1,
        response_probabilities=(1.0, 1.0),
        responses_at="dose",
        replace_unevaluable=again,
    )
    [trial] = calendar_trials(
        BOIN(target=0.25, n_doses=2, max_n=7),
        [0.1, 0.2],
        window_days=WINDOW,
        calendar=Calendar(accrual=replace(DAILY, arrivals_while_waiting="turn_away"), backfill=rules),
        patients=BackfillPatients.watched(patients, patients),
        observation=ObservationModel(window=WINDOW),
    )
    third = [72] if again else []
    assert trial.entered.tolist() == [0, 4, 8, 12, 40, 44, 48, 56, 60, 68, *third, 96]
    assert trial.level.tolist() == [1, 1, 1, 1, 2, 2, 2, 1, 1, 2, *(1 for _ in third), 2]
    assert trial.entered[trial.backfilled].tolist() == [56, 60, *third]
    assert trial.entered[trial.replaced].tolist() == [4, 44, 56]
    assert trial.assessed[trial.replaced].tolist() == [10, 66, 66]
    assert trial.entered[trial.has_dlt].tolist() == [60]
    turned_away = [*range(16, 40, 4), 52, 64, *([] if again else [72]), *range(76, 96, 4)]
    assert trial.turned_away == len(turned_away)
    assert (trial.duration_days, trial.selected) == (124.0, 2)
    assert [(each.day, each.level) for each in trial.decisions if each.cohort_size] == [(0, 1), (40, 2), (96, 2)]


def test_the_mtd_is_selected_on_all_who_stayed_and_on_what_is_known_of_the_others():
    design, apart = DESIGNS["TITE-BOIN"], Backfill(cap_per_dose=8, count_in_decisions=False, count_in_mtd=False)
    for rules in (Backfill(cap_per_dose=8), apart):
        frozen_backfilled = 0
        for trial in trials_of(design, rules, FROZEN):
            counted = np.full(trial.size, fill_value=True) if rules.count_in_mtd else ~trial.backfilled
            frozen = (trial.died | trial.lost) & counted
            frozen_backfilled += (frozen & trial.backfilled).sum()
            known = counted & ~frozen
            tally = Tally(n=[counts(trial, known)], dlt=[counts(trial, known & trial.has_dlt)], level=[1])
            days = trial.assessed - trial.entered
            pending = Pending(level=[trial.level[frozen]], days=[days[frozen]], window_days=WINDOW, n_doses=4)
            if trial.reason not in (Reason.NO_SAFE_DOSE, Reason.LEVEL_TOO_TOXIC):
                assert trial.selected == design.select(design.seen(tally, pending))[0]
        assert (frozen_backfilled > 20) == rules.count_in_mtd


def test_a_response_is_seen_of_the_living_only():
    design = DESIGNS["BOIN"]
    rules = Backfill(min_responses=1, response_probabilities=(1.0,) * 4, response_days="window_end")
    dying = ObservationModel(window=WINDOW, death=1.0, deaths="dlt_free")
    harmless = ObservationModel(window=WINDOW)
    lost = ObservationModel(window=WINDOW, loss=1.0, losses="dlt_free")
    found = {
        name: sum(trial.backfilled.sum() for trial in trials_of(design, each, model, n_trials=40))
        for name, each, model in (
            ("all live", rules, harmless),
            ("all die before", rules, dying),
            ("all are lost before", rules, lost),
            ("some respond before", replace(rules, response_days="uniform"), lost),
        )
    }
    assert found["all die before"] == found["all are lost before"] == 0
    assert found["all live"] > 50
    assert found["some respond before"] > 50


def test_who_dies_after_a_dlt_is_seen_to_respond_until_then():
    # Everybody has a DLT within a day, which ends the assessment, and dies at some time in the window.
    model = ObservationModel(window=WINDOW, death=1.0, deaths="all_count", dlt_times=EarlyTimes(within=1, share=1.0))
    rules = replace(BF_BOIN, response_probabilities=(1.0,) * 4, response_days="uniform")
    patients = patients_of(
        DESIGNS["CRM"],
        np.ones(4),
        WINDOW,
        Calendar(accrual=FAST, backfill=rules),
        trials=200,
        seed=1,
        index=0,
        model=model,
    )
    fates, gone = patients.fates(), patients.responses.gone
    assert (fates.fate_day <= 1).all()
    assert gone.shape == fates.fate.shape
    assert 0.2 < (gone > 1).mean() <= 1
    assert (gone <= WINDOW).all()


def test_a_place_is_given_again_or_not():
    design = replace(DESIGNS["BOIN"], stop_at_n=None)
    for again in (True, False):
        found = trials_of(design, Backfill(max_backfilled=5, replace_unevaluable=again), REPLACED, n_trials=60)
        treated = np.array([trial.backfilled.sum() for trial in found])
        evaluable = np.array([(trial.backfilled & ~trial.replaced).sum() for trial in found])
        assert evaluable.max() <= 5
        assert (treated.max() > 5) == again
        assert (evaluable == 5).mean() > 0.5 if again else (evaluable == 5).mean() < 0.5
    quota = [
        [trial.backfilled.sum() for trial in trials_of(design, Backfill(ratio=1.0, replace_unevaluable=each), REPLACED)]
        for each in (True, False)
    ]
    assert np.mean(quota[0]) > np.mean(quota[1])


def test_room_for_patients_changes_nothing(monkeypatch):
    rules = replace(BF_BOIN, response_days="as_dlts")

    def run():
        return trials_of(DESIGNS["TITE-BOIN"], replace(rules, max_backfilled=3), REPLACED)

    monkeypatch.setattr("doseesc.engines.clock_patients._room_for_replacements", lambda patients, evaluable: 1)
    monkeypatch.setattr("doseesc.engines.backfill_observed._AT_ONCE", 2)
    few = run()
    monkeypatch.undo()
    roomy = run()
    assert [story_of(trial) for trial in few] == [story_of(trial) for trial in roomy]
    assert max(trial.backfilled.sum() for trial in few) > 5


def test_backfilled_patients_are_nobody_elses_numbers():
    calendar = Calendar(accrual=FAST, backfill=Backfill(max_backfilled=20))
    how = {"trials": 2000, "seed": 3, "index": 0}
    model = ObservationModel(window=WINDOW, loss=0.3)
    patients = patients_of(DESIGNS["CRM"], TRUTH, WINDOW, calendar, model=model, **how)
    fates = patients.fates()
    first, others = DESIGNS["CRM"].max_n, fates.fate.shape[2] - fates.backfilled
    replacement, other = (fates.fate[:, 3, place : place + 5] for place in (first, others))
    early = (replacement & DRUG_COUNTED > 0) & (fates.fate_day[:, 3, first : first + 5] < 0.45 * WINDOW)
    assert (other[early] & DRUG_COUNTED > 0).mean() < 0.6  # with one stream for both it would be nearly all
    without = patients_of(DESIGNS["CRM"], TRUTH, WINDOW, replace(calendar, backfill=None), model=model, **how).fates()
    np.testing.assert_array_equal(fates.fate[:, :, :others], without.fate)
    np.testing.assert_array_equal(fates.fate_day[:, :, :others], without.fate_day)


def test_figures_are_those_of_the_trials_and_fit_the_model():
    few, many = (
        simulate_calendar(
            *(DESIGNS["BOIN"], TRUTH),
            window_days=WINDOW,
            accrual=FAST,
            backfill=BF_BOIN,
            observation=REPLACED,
            n_trials=trials,
            seed=3,
        )
        for trials in (150, 3000)
    )
    found = trials_of(DESIGNS["BOIN"], BF_BOIN, REPLACED, n_trials=150, seed=3)
    mean = {
        "backfilled": [(trial.backfilled & ~trial.replaced).sum() for trial in found],
        "total_patients": [(~trial.replaced).sum() for trial in found],
        "total_dlts": [trial.has_dlt.sum() for trial in found],
        "duration_days": [trial.duration_days for trial in found],
        "turned_away": [trial.turned_away for trial in found],
        "stopped_early": [(~trial.backfilled & ~trial.replaced).sum() < 24 for trial in found],
    }
    assert {name: pytest.approx(np.mean(each)) for name, each in mean.items()} == {
        name: getattr(few, name) for name in mean
    }
    assert few.observed.replaced == pytest.approx(np.mean([trial.replaced.sum() for trial in found]))
    assert few.observed.enrolled == pytest.approx(np.mean([trial.size for trial in found]))
    assert few.observed.replaced > 5
    # Among all who are enrolled at a dose, as many are not evaluable as the model says, backfilled or not.
    expected = many.patients @ (1 / many.observed.law.evaluable - 1)
    assert many.observed.replaced == pytest.approx(expected, rel=0.03)
