"""Patients pending: what is known of each on a day, the safe answer, until when to wait, and what outcomes change."""

import datetime
import itertools
from dataclasses import replace

import pytest
from dated_patients import DAY, HEAD, table
from hypothesis import given
from hypothesis import strategies as st

import doseesc
from designs import (
    BLRM,
    BOIN,
    CRM,
    MTPI2,
    CohortSizeByLevel,
    Complete,
    Reason,
    RollingSix,
    Settled,
    ThreePlusThree,
    Weighted,
)
from doseesc.conduct.follow_up import Exits, Known, Patient, known_on
from doseesc.conduct.record import read_record
from doseesc.conduct.standing import advise
from doseesc.conduct.trial import trial_of
from doseesc.conduct.watch import Watch
from doseesc.conduct.words import outcome_table

SKELETON = (0.16, 0.25, 0.35)

DESIGNS = {
    "3+3": lambda policy: ThreePlusThree(n_doses=3, pending=policy),
    "CRM": lambda policy: CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3, pending=policy),
    "BOIN": lambda policy: BOIN(target=0.25, n_doses=3, max_n=18, pending=policy),
    "BLRM": lambda policy: BLRM(target=0.25, doses=(2, 8, 16), max_n=18, cohort_size=3, pending=policy),
    "mTPI-2": lambda policy: MTPI2(target=0.25, n_doses=3, max_n=18, pending=policy),
}


def asked(design, *rows, exits=None):
    trial = trial_of(design, window_days=14)
    trial = trial if exits is None else replace(trial, exits=exits)
    record = read_record(trial, table(*rows), DAY)
    return record.now, advise(design, record.now)


# What is known of a patient on a day

FIRST = datetime.date(2026, 11, 1)


def patient(dlt, seen=None, status="", dlt_day=None):
    last = None if seen is None else FIRST + datetime.timedelta(days=seen)
    return Patient("007", 2, dlt, FIRST, None, 2, dlt_day, last, status)


@pytest.mark.parametrize(
    ("who", "day", "known"),
    [
        (patient(None), 9, Known(None, 9, 5)),
        (patient(None), 13, Known(None, 13, 1)),
        (patient(None), 14, Known(None, 0, 0)),  # overdue: nobody has said how long the patient was followed
        (patient(None, seen=12), 20, Known(None, 12, 0)),
        (patient(None, seen=5), 9, Known(None, 5, 5)),
        (patient(False), 13, Known(None, 13, 1)),  # not final
        (patient(False), 14, Known(False)),
        (patient(False, seen=14), 20, Known(False)),
        (patient(False, seen=9), 20, Known(None, 9, 0)),  # a "no" that nobody has followed to the end
        (patient(True, dlt_day=5), 4, Known(None, 4, 10)),
        (patient(True, dlt_day=5), 5, Known(True)),
        (patient(True), 3, Known(True)),
        (patient(False, seen=6, status="died"), 5, Known(None, 5, 9)),
        (patient(False, seen=6, status="died"), 6, Known(None, 6, None, evaluable=False)),
        (patient(None, seen=6, status="lost"), 20, Known(None, 6, None, evaluable=False)),
        (patient(False, seen=14, status="died"), 20, Known(False)),
        (patient(True, seen=6, status="died", dlt_day=5), 20, Known(True)),
    ],
)
def test_known_on_a_day(who, day, known):
    assert known_on(who, FIRST + datetime.timedelta(days=day), 14, Exits()) == known


@pytest.mark.parametrize(
    ("exits", "status", "dlt", "weighs", "known"),
    [
        (Exits(deaths="all_count"), "died", False, False, Known(True)),
        (Exits(deaths="all_count"), "lost", False, False, Known(None, 6, None, evaluable=False)),
        (Exits(deaths="dlt_free"), "died", None, False, Known(False)),
        (Exits(losses="dlt_free"), "withdrawn", None, False, Known(False)),
        (Exits(deaths="fraction"), "died", None, False, Known(None, 6, 0.0)),
        (Exits(deaths="fraction"), "died", False, False, Known(False)),
        (Exits(deaths="fraction", unattributed="replaced"), "died", False, False, Known(None, 6, None, False)),
        (Exits(deaths="weight_frozen"), "died", None, True, Known(None, 6, None)),
        (Exits(deaths="weight_frozen"), "died", None, False, Known(None, 6, None, evaluable=False)),
    ],
)
def test_what_becomes_of_those_who_leave(exits, status, dlt, weighs, known):
    who = patient(dlt, seen=6, status=status)
    assert known_on(who, FIRST + datetime.timedelta(days=20), 14, exits, weighs=weighs) == known


# The safe answer: known, pending, lost and died patients under every design

STATES = {
    "no DLT": (30, "no", None, ""),
    "DLT": (30, "yes", None, ""),
    "pending": (9, None, None, ""),
    "no DLT so far": (9, "no", None, ""),
    "overdue": (30, None, None, ""),
    "died": (30, "no", 5, "died"),
    "lost": (30, None, 5, "lost"),
}


@pytest.mark.parametrize("policy", [Complete(), Settled()], ids=["complete", "settled"])
@pytest.mark.parametrize("name", DESIGNS)
def test_never_higher_on_what_is_not_known(name, policy):
    design = DESIGNS[name](policy)
    unknown = 0
    for states in itertools.combinations_with_replacement(STATES, 3):
        rows = [(str(place), *_at(state, 1)) for place, state in enumerate(states)]
        rows = sorted(rows, key=lambda row: -row[1])  # in the order of treatment
        standing, advice = asked(design, *rows)
        assert len(standing.patients) == sum(state not in ("died", "lost") for state in states)
        assert len(standing.waiting_for) == sum(state in ("pending", "no DLT so far", "overdue") for state in states)
        if advice.cohort_size == 0 or not standing.waiting_for:
            continue
        unknown += 1
        if isinstance(policy, Complete):  # goes on only with the cohort that has begun
            assert (advice.level, advice.reason) == (1, Reason.COMPLETE_COHORT)
        for dlts in itertools.product((False, True), repeat=len(standing.waiting_for)):
            told = standing.as_if(dlts, standing.waiting_for)
            after = advise(design, replace(told, asked=None))
            assert advice.level <= 1 or advice[:2] == after[:2], (states, dlts)
    assert unknown > 0


def _at(state, level):
    ago, dlt, seen, status = STATES[state]
    return ago, level, dlt, seen, status


def test_weighted_is_the_designs_own_decision():
    design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Weighted())
    rows = [(str(place), 60, 1, "no", None, "") for place in range(3)]
    rows += [("a", 25, 2, "no", None, ""), ("b", 9, 2, None, None, ""), ("c", 6, 2, None, None, "")]
    standing, advice = asked(design, *rows)
    decision = design.decide(standing.known, standing.pending)
    assert standing.pending.days.tolist() == [[9, 6]]
    assert advice == (decision.level[0], decision.cohort_size[0], Reason.TOO_MANY_PENDING)
    on_frozen, _ = asked(design, *rows[:-1], ("c", 9, 2, None, 6, "died"), exits=Exits(deaths="weight_frozen"))
    assert sorted(on_frozen.pending.days[0].tolist()) == [6, 9]
    assert [each.remaining for each in on_frozen.waiting_for if each.id == "c"] == [None]
    ended = Watch(trial_of(design, window_days=14), on_frozen, advice, DAY)
    assert [each.id for each in ended.open] == ["b"]


@pytest.mark.parametrize("name", ["CRM", "BLRM", "BOIN", "mTPI-2"])
def test_weighted_answers_and_estimates_are_the_designs_own(name):
    design = DESIGNS[name](Weighted())
    low = [(str(place), 60, 1, "no", None, "") for place in range(3)]
    for states in itertools.combinations_with_replacement(("no DLT", "DLT", "pending", "overdue", "died"), 3):
        rows = sorted((str(place + 3), *_at(state, 2)) for place, state in enumerate(states))
        rows.sort(key=lambda row: -row[1])
        people = table(*low, *rows)
        found = doseesc.recommend(design, people, date=DAY, window_days=14)
        now = found.record.record.now
        if found.reason is Reason.COMPLETE_COHORT:
            assert now.missing > 0
            assert found.level == 2
            continue
        decision = design.decide(now.known, now.pending)
        assert (found.level, found.cohort_size) == (decision.level[0], decision.cohort_size[0])
        assert found.waits == decision.waits[0]
        if name in ("CRM", "BLRM"):
            posterior = design.posterior(now.known, now.pending) if now.pending else design.posterior(now.known)
            assert found.estimates.mean == pytest.approx(posterior.dlt_probability[0])


def test_an_answer_by_follow_up_says_until_when_it_holds():
    design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Weighted())
    found = doseesc.recommend(design, "1NNT 1PPP", date=DAY, window_days=14)
    first = found.watch.earliest
    assert found.level == 1
    for days in range(1, first.days):
        assert advise(design, found.watch.standing.later(days))[:2] == (1, 3)
    assert advise(design, found.watch.standing.later(first.days))[:2] != (1, 3)
    assert any(f"at the latest on {first.date.day} December 2026" in note for note in found.notes)


def test_an_open_cohort_is_completed_unless_known_dlts_forbid():
    design = BOIN(target=0.25, n_doses=3, max_n=18)
    low = [(str(place), 60, 1, "no", None, "") for place in range(3)]
    for first, answer in [
        ((30, 2, "no", None, ""), (2, 2, Reason.COMPLETE_COHORT)),
        ((9, 2, None, None, ""), (2, 2, Reason.COMPLETE_COHORT)),
        ((30, 2, "yes", None, ""), (1, 3, Reason.DEESCALATE)),  # 1 of 3 would be too many, too
        ((30, 2, None, 5, "died"), (2, 3, Reason.COMPLETE_COHORT)),  # replaced
    ]:
        assert asked(design, *low, ("x", *first))[1] == answer
    both = [("x", 30, 2, "yes", None, ""), ("y", 9, 2, None, None, "")]
    assert asked(design, *low, *both)[1].waits
    tolerant = BOIN(target=0.33, n_doses=3, max_n=18)
    assert asked(tolerant, *low, *both)[1] == (2, 1, Reason.COMPLETE_COHORT)


def test_the_dose_is_not_raised_on_a_part_of_a_cohort_that_began_too_early():
    """Whatever comes of the patient who was to be waited for: one patient at the next dose is not enough."""
    design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Settled())
    low = [("a", 40, 1, "no", None, ""), ("b", 30, 1, "no", None, ""), ("c", 25, 1, None, 5, "")]
    standing, advice = asked(design, *low, ("d", 20, 2, "no", None, ""))
    assert advice == (2, 2, Reason.COMPLETE_COHORT)
    for dlt in (False, True):
        assert advise(design, standing.as_if([dlt], standing.waiting_for)) == advice
    all_known = [*low[:2], ("c", 25, 1, "no", None, ""), ("d", 20, 1, "no", None, "")]  # the fourth at the lowest dose
    assert asked(design, *all_known)[1] == (2, 3, Reason.ESCALATE)


def test_a_cohort_that_began_too_early_is_a_full_one_of_its_own_dose_before_the_dose_is_raised():
    """However few patients are left to be entered, and however few are asked for at the next dose."""
    low = [("a", 40, 1, "no", None, ""), ("b", 30, 1, "no", None, ""), ("c", 25, 1, None, 5, "")]
    early = [(name, 20, 1, "no", None, "") for name in ("d", "e")]
    last_place = BOIN(target=0.3, n_doses=3, max_n=6, pending=Settled())
    assert asked(last_place, *low, *early)[1] == (1, 1, Reason.COMPLETE_COHORT)
    single_above = BOIN(target=0.3, n_doses=3, max_n=18, pending=Settled(), rules=(CohortSizeByLevel(sizes=(3, 1, 1)),))
    assert asked(single_above, *low, *early)[1] == (1, 1, Reason.COMPLETE_COHORT)


ADAPTIVE = CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=1, pending=Weighted(weights="adaptive"))


def test_adaptive_weights_take_a_death_that_counts_as_a_dlt_on_its_day():
    rows = [("a", 60, 1, "no", None, ""), ("b", 40, 1, None, 5, "died"), ("c", 9, 1, None, None, "")]
    standing, _ = asked(ADAPTIVE, *rows, exits=Exits("all_count"))
    assert standing.pending.dlt_days.tolist() == [[5.0]]


def test_adaptive_weights_tell_what_comes_after_a_dlt_while_somebody_stays_pending_for_good():
    rows = [("a", 30, 1, None, 5, "died"), ("b", 9, 1, None, None, "")]
    standing, advice = asked(ADAPTIVE, *rows, exits=Exits("weight_frozen"))
    found = Watch(trial_of(ADAPTIVE, window_days=14), standing, advice, DAY).outcomes
    assert [each.dlts for each in found] == [(0,), (1,)]
    assert standing.as_if([True], [standing.patients[1]]).pending.dlt_days.tolist() == [[9.0]]


def test_adaptive_weights_ask_for_the_day_of_every_dlt(tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(HEAD + "a,2026-11-01,1,yes,,,\nb,2026-11-20,1,,,,\n")
    with pytest.raises(ValueError, match=r"p.csv:2  dlt_day\n  is empty, and adaptive weights ask for the day"):
        doseesc.recommend(ADAPTIVE, file, date=DAY, window_days=14)
    file.write_text(HEAD + "a,2026-11-01,1,yes,,,\nb,2026-11-02,1,yes,,,\n")
    with pytest.raises(ValueError, match=r"the day of every DLT; the same on line 3\n"):
        doseesc.recommend(ADAPTIVE, file, date=DAY, window_days=14)
    with pytest.raises(ValueError, match="outcomes do not say on which day a DLT came"):
        doseesc.recommend(ADAPTIVE, "1T 1P9", window_days=14)
    assert doseesc.recommend(ADAPTIVE, "1T 1N", window_days=14).level == 1


def test_rolling_six_one_by_one():
    rows = [(str(place), 30 - place, 1, "no", None, "") for place in range(3)]
    rows += [("x", 9, 2, None, None, ""), ("y", 5, 2, None, None, "")]
    assert asked(RollingSix(n_doses=3), *rows)[1] == (2, 1, Reason.STAY)


# Properties

rows_of_patients = st.lists(
    st.tuples(st.sampled_from([30, 20, 13, 9, 3, 0]), st.sampled_from(["no", "yes", None])), min_size=1, max_size=6
)


def _record(drawn):
    ordered = sorted(drawn, key=lambda each: -each[0])
    return [(f"P{place}", ago, 1 + (place >= 3), dlt, None, "") for place, (ago, dlt) in enumerate(ordered)]


@pytest.mark.parametrize("name", ["3+3", "BOIN", "CRM"])
@given(drawn=rows_of_patients)
def test_more_known_never_contradicts_settled(name, drawn):
    design = DESIGNS[name](Settled())
    standing, advice = asked(design, *_record(drawn))
    if advice.waits or advice.reason in (Reason.COMPLETE_COHORT, Reason.MAX_N):
        return
    for dlts in itertools.product((False, True), repeat=len(standing.waiting_for)):
        known = replace(standing.as_if(dlts, standing.waiting_for), asked=None, early=0)
        assert advise(design, known)[:2] == advice[:2]


@given(drawn=rows_of_patients, names=st.permutations(["a", "b", "c", "d", "e", "f"]))
def test_names_of_patients_change_nothing(drawn, names):
    design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Settled())
    rows = _record(drawn)
    renamed = [(names[place], *row[1:]) for place, row in enumerate(rows)]
    told = [doseesc.recommend(design, table(*each), date=DAY, window_days=14) for each in (rows, renamed)]
    assert told[0].level == told[1].level
    assert told[0].cohort_size == told[1].cohort_size
    assert told[0].to_dict()["until"] == told[1].to_dict()["until"]


@given(drawn=rows_of_patients)
def test_waiting_ends_by_the_last_day_named_in_any_course_of_events(drawn):
    design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Settled())
    standing, advice = asked(design, *_record(drawn))
    if not advice.waits:
        return
    watch = Watch(trial_of(design, window_days=14), standing, advice, DAY)
    for dlts in itertools.product((False, True), repeat=len(watch.open)):
        with_dlt = [each for each, dlt in zip(watch.open, dlts, strict=True) if dlt]
        told = standing.as_if([True] * len(with_dlt), with_dlt)
        assert not advise(design, told.later(watch.latest.days)).waits
    if watch.earliest is not None:
        assert watch.earliest.days <= watch.latest.days
        assert advise(design, standing.later(watch.earliest.days))[:2] == watch.earliest.then[:2]


def test_every_outcome_told_is_what_would_be_said_then():
    for name, designed in DESIGNS.items():
        design = designed(Settled())
        found = doseesc.recommend(design, "1NNP3 2NNP9", window_days=14)
        for outcome in found.watch.outcomes:
            told = f"1NN{'NT'[outcome.dlts[0]]} 2NN{'NT'[outcome.dlts[1]]}"
            after = doseesc.recommend(design, told)
            assert (after.level, after.cohort_size, after.mtd) == (*outcome.then[:2], outcome.mtd), (name, told)


def test_outcomes_that_change_nothing_are_told_together():
    heads, rows = outcome_table(doseesc.recommend(DESIGNS["BOIN"](Complete()), "1NNP 2NP7 3P", window_days=14).watch)
    assert heads == ["DLTs at level 1", "level 2", "level 3"]
    assert rows == [
        (("any", "any", "0"), "stay at level 3, 3 patients"),
        (("any", "any", "1"), "de-escalate to level 2, 3 patients"),
    ]
    heads, rows = outcome_table(doseesc.recommend(DESIGNS["3+3"](Complete()), "1NNN 2PPP", window_days=14).watch)
    assert heads == []
    assert [numbers for numbers, _ in rows] == [("0 DLTs",), ("1 DLT",), ("2–3 DLTs",)]
