"""Patients pending: what is known of each on a day, the safe answer, until when to wait, and what outcomes change."""

import datetime
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import doseesc
from designs import BLRM, BOIN, CRM, MTPI2, Complete, Reason, RollingSix, Settled, ThreePlusThree, Weighted
from doseesc.conduct.follow_up import Exits, Known, Patient, known_on
from doseesc.conduct.known_outcomes import known_outcomes
from doseesc.conduct.record import read_record
from doseesc.conduct.standing import advise
from doseesc.conduct.trial import trial_of
from doseesc.conduct.watch import Watch
from doseesc.conduct.words import outcome_table
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

DAY = datetime.date(2026, 11, 29)
SKELETON = (0.16, 0.25, 0.35)
HEAD = "id,date,dose,dlt,dlt_day,last_seen,status\n"
ISSUE = """\
id,date,dose,dlt
001,2026-09-01,low,no
002,2026-09-03,low,no
003,2026-09-03,low,no
005,2026-10-25,medium,no
006,2026-11-10,medium,no
007,2026-11-20,medium,
"""


@pytest.fixture(scope="module")
def study():
    return load(shipped_scenarios()["nct04602104"])


DESIGNS = {
    "3+3": lambda policy: ThreePlusThree(n_doses=3, pending=policy),
    "CRM": lambda policy: CRM(target=0.25, skeleton=SKELETON, max_n=18, cohort_size=3, pending=policy),
    "BOIN": lambda policy: BOIN(target=0.25, n_doses=3, max_n=18, pending=policy),
    "BLRM": lambda policy: BLRM(target=0.25, doses=(2, 8, 16), max_n=18, cohort_size=3, pending=policy),
    "mTPI-2": lambda policy: MTPI2(target=0.25, n_doses=3, max_n=18, pending=policy),
}


def table(*rows):
    """Patients of one file: (id, days before the data, level, dlt, days until last seen, status)."""
    lines = []
    for identity, ago, level, dlt, seen, status in rows:
        first = DAY - datetime.timedelta(days=ago)
        last = None if seen is None else first + datetime.timedelta(days=seen)
        lines.append((identity, first, level, dlt, last, status))
    return pd.DataFrame(lines, columns=["id", "date", "dose", "dlt", "last_seen", "status"])


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
    with pytest.raises(ValueError, match="outcomes do not say on which day a DLT came"):
        doseesc.recommend(ADAPTIVE, "1T 1P9", window_days=14)
    assert doseesc.recommend(ADAPTIVE, "1T 1N", window_days=14).level == 1


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


# Outcome strings


def test_outcomes_with_patients_pending(study):
    found = doseesc.recommend(study, "1NNN 2NP7P", design="BOIN", date="2026-11-29")
    assert [(each.id, each.days, each.remaining) for each in found.watch.patients] == [("5", 7, 7), ("6", 0, 14)]
    assert found.tally.n.tolist() == [[3, 1, 0]]
    assert found.waits
    assert found.sentence == (
        "Wait for patients 5 and 6 until 13 December at the latest; if no DLT by 13 December: high; with DLTs: low"
    )
    in_days = doseesc.recommend(study, "1NNN 2NNP9", design="BOIN").sentence
    assert in_days == "Wait for patient 6, followed 9 of 14 days; if no DLT in 5 more days: high; with a DLT: low"
    known = doseesc.recommend(study, "1NNN 2NNT", design="BOIN")
    assert not known.waits
    assert known.watch is None
    assert known.to_dict()["pending"] == []


def test_a_pending_patient_in_the_last_cohort_leaves_it_open(study):
    found = doseesc.recommend(study, "1NNN 2NP", design="BOIN")
    assert found.sentence == "Treat the next patient at medium (8 x 1e8 particles per day), to complete the cohort of 3"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ("1NNP14", "followed for 14 days, P14, which is the whole window of 14 days"),
        ("1NP72NN", r"part cohorts by a blank"),
        ("1NQ", "P for one who is pending, P7 after 7 days"),
    ],
)
def test_outcomes_that_cannot_be(study, outcomes, message):
    with pytest.raises(ValueError, match=message):
        doseesc.recommend(study, outcomes, design="BOIN")


def test_a_design_alone_needs_a_window():
    design = BOIN(target=0.25, n_doses=3, max_n=18)
    with pytest.raises(ValueError, match="no DLT window is known; give a study"):
        doseesc.recommend(design, "1NNP")
    assert doseesc.recommend(design, "1NNP", window_days=28).waits
    with pytest.raises(ValueError, match="window_days must be above 0"):
        doseesc.recommend(design, "1NNP", window_days=0)


def test_a_study_has_its_own_window(study):
    with pytest.raises(ValueError, match="window_days must be left out"):
        doseesc.recommend(study, "1NNP", design="BOIN", window_days=28)
    with pytest.raises(ValueError, match="date must be year-month-day"):
        doseesc.recommend(study, "1NNP", design="BOIN", date="29.11.2026")


# The end of a trial


def test_the_mtd_hangs_on_patients_pending():
    design = BOIN(target=0.25, n_doses=3, max_n=6)
    found = doseesc.recommend(design, "1NNN 2NNP", window_days=14)
    assert found.sentence == "Stop the trial: the MTD is level 2"  # a DLT would not change it
    found = doseesc.recommend(design, "1NNN 2NTP", window_days=14)
    assert found.sentence == "Treat nobody else; the MTD hangs on patient 6, still pending"
    assert (found.level, found.reason) == (0, Reason.MAX_N)
    toxic = doseesc.recommend(replace(design, pending=Settled()), "1TTTP", window_days=14)
    assert toxic.sentence == "Stop the trial: no dose can be recommended"


def test_rolling_six_one_by_one():
    rows = [(str(place), 30 - place, 1, "no", None, "") for place in range(3)]
    rows += [("x", 9, 2, None, None, ""), ("y", 5, 2, None, None, "")]
    assert asked(RollingSix(n_doses=3), *rows)[1] == (2, 1, Reason.STAY)


# What is analysed


def test_fit_leaves_pending_patients_out(study, tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(ISSUE)
    tally, notes = known_outcomes(study, file, "2026-11-29")
    assert tally.n.tolist() == [[3, 2, 0]]
    assert notes == ("1 patient pending left out: patient 007",)
    tally, notes = known_outcomes(study, "1NNN 2TP7P")
    assert (tally.n.tolist(), tally.dlt.tolist()) == ([[3, 1, 0]], [[0, 1, 0]])
    assert notes == ("2 patients pending left out: patients 5 and 6",)


# The commands


@pytest.fixture
def next_dose(cli, monkeypatch):
    """Return a function that asks for the next dose on 2026-11-29 in a terminal of some columns."""

    def ask(text, *arguments, columns=100, design="BOIN", command="next"):
        Path("p.csv").write_text(text)
        monkeypatch.setenv("COLUMNS", str(columns))
        return cli(command, "nct04602104", "--design", design, "--data", "p.csv", "--date", "2026-11-29", *arguments)

    return ask


def test_command_waits(next_dose):
    code, out, err = next_dose(ISSUE)
    lines = out.splitlines()
    assert (code, err) == (3, "")
    assert lines[0] == "Wait for patient 007, followed 9 of 14 days; if no DLT by 4 December: high; with a DLT: low"
    assert "  007       medium   9 of 14   4 December 2026" in lines
    assert "  0 DLTs   escalate to high, 3 patients" in lines
    assert "  1 DLT    de-escalate to low, 3 patients" in lines
    code, out, _ = next_dose(ISSUE, "--format", "json")
    found = json.loads(out)
    assert code == 3
    assert found["waits"] is True
    assert found["next"]["level"] is None
    assert found["next"]["patients"] == 0
    assert found["until"] == {"days": 5, "date": "2026-12-04"}
    assert found["pending"][0]["id"] == "007"
    assert [each["next_level"] for each in found["outcomes"]] == [3, 1]
    assert next_dose(ISSUE, "--format", "csv")[0] == 3


def test_a_no_of_yesterday_is_not_final(next_dose):
    text = ISSUE.replace("medium,\n", "medium,no\n")
    code, out, _ = next_dose(text)
    assert code == 3
    assert out.startswith("Wait for patient 007")
    assert "note: no DLT is not final within the window of 14 days: patient 007 pending" in out


def test_columns_that_are_not_read_are_named(next_dose):
    code, out, _ = next_dose(ISSUE.replace("dlt\n", "dlt,site\n", 1))
    assert code == 3
    assert "note: column not read: site" in out
    code, out, err = next_dose(ISSUE.replace("dlt\n", "dlt,evaluable\n", 1))
    assert (code, out) == (2, "")
    assert "p.csv:1  evaluable\n  is no column that is read" in err


def test_who_left_is_named_with_the_policy(next_dose):
    text = HEAD + "1,2026-09-01,low,no,,,\n2,2026-09-01,low,no,,2026-09-06,died\n3,2026-09-02,low,,,2026-09-05,lost\n"
    code, out, _ = next_dose(text)
    assert code == 0
    assert out.startswith("Treat the next 2 patients at low (2 x 1e8 particles per day), to complete the cohort of 3")
    said = " ".join(out.split())
    assert "patient 2 died on day 5 of 14 without a DLT: not evaluable, to be replaced (the study's deaths: " in said
    assert "patient 3 was lost on day 3 of 14 without a DLT: not evaluable, to be replaced (the study's losses" in said


def test_overdue_outcomes_are_asked_for(next_dose):
    code, out, _ = next_dose(ISSUE.replace("2026-11-20", "2026-11-11"))
    assert code == 3
    assert out.startswith("Wait for the overdue outcome of patient 007; without a DLT: high; with one: low")
    assert "note: the window of patient 007 is over and the outcome is overdue" in out


def test_a_file_with_backfill_is_answered_with_what_is_left_aside():
    study = load(shipped_scenarios()["tite_backfill"])
    told = {
        name: any("everybody listed is taken" in note for note in doseesc.recommend(study, "1NNN", design=name).notes)
        for name in study.designs
    }
    assert told == {name: study.calendar_for(name).backfill is not None for name in study.designs}
    assert set(told.values()) == {True, False}


def test_a_column_that_says_who_was_backfilled_is_refused(next_dose):
    code, _, err = next_dose("id,date,dose,dlt,backfilled\n001,2026-09-01,low,no,no\n")
    assert code == 2
    assert "backfilled\n  is no column that is read\n  everybody listed is taken for a patient of the escalation" in err


def test_who_was_seen_after_the_window_without_an_outcome_is_named(next_dose):
    text = HEAD + "001,2026-11-01,low,,,2026-11-20,\n"
    said = " ".join(next_dose(text)[1].split())
    assert "patient 001 was seen after the DLT window, but dlt is empty: counts as not followed until it says" in said
    assert "beyond last_seen" not in said


def test_the_reason_fits_the_dlt_rate_of_everybody_entered():
    """One DLT in five entered is below 30 %, though it is the only outcome known."""
    said = doseesc.recommend(load(shipped_scenarios()["tite"]), "1N 1N 1N 2P89 2P81 2P55 2T 2P35", design="TITE-CRM")
    assert (said.level, said.why) == (3, "The data support the next higher level.")


FILES = {
    "issue": ISSUE,
    "several": ISSUE + "008,2026-11-21,low,\n009,2026-11-28,medium,no\n",
    "left": HEAD + "A-0001,2026-11-20,low,no,,2026-11-25,died\nA-0002,2026-11-21,low,,,,\n",
    "done": "\n".join(ISSUE.splitlines()[:4]) + "\n",
    "nobody": HEAD,
}


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("design", ["3+3", "CRM", "BOIN"])
@pytest.mark.parametrize("name", FILES)
def test_screens_fit_the_terminal(next_dose, name, design, columns):
    for command in ("next", "replay"):
        code, out, err = next_dose(FILES[name], columns=columns, design=design, command=command)
        assert code in (0, 3)
        assert err == ""
        assert max(map(len, out.splitlines())) <= columns


def test_replay_walks_days(next_dose, cli):
    text = (
        "id,date,dose,dlt,dlt_date\n1,2026-09-01,low,no,\n2,2026-09-02,low,no,\n3,2026-09-03,low,no,\n"
        "4,2026-09-10,medium,no,\n5,2026-10-01,medium,yes,2026-10-03\n6,2026-10-02,medium,no,\n"
    )
    code, out, _ = next_dose(text, command="replay")
    assert code == 0
    assert "2026-09-01  low, 3 patients" in out
    assert "2026-09-02  low, 2 patients      1        low      2" in out
    assert "departure: the design said to wait for patients 1, 2 and 3" in out
    assert "2026-11-29  low, 3 patients" in out
    assert "2026-10-01  medium, 2 patients            medium   5" in out  # asked for since what it waited for is known
    frame = doseesc.replay(load(shipped_scenarios()["nct04602104"]), "p.csv", "BOIN", date="2026-11-29").to_frame()
    assert frame["waited"].tolist() == [False, False, False, True, False, False]
    assert frame["pending_then"].tolist() == [0, 1, 2, 3, 0, 1]
    assert frame["departure"].map(bool).tolist() == [False, False, False, True, False, False]


def test_replay_knows_a_dlt_from_its_day():
    design = BOIN(target=0.33, n_doses=3, max_n=18)
    rows = [(str(place), 60, 1, "no", None, "") for place in range(3)]
    people = table(*rows, ("4", 30, 2, "yes", None, ""), ("5", 28, 2, "no", None, ""), ("6", 20, 2, "no", None, ""))
    people["dlt_day"] = [None, None, None, 5, None, None]
    found = doseesc.replay(design, people, date=DAY, window_days=14)
    assert [len(each.before.waiting_for) for each in found.record.steps] == [0, 0, 1, 1]
    assert [int(each.before.known.total_dlt[0]) for each in found.record.steps] == [0, 0, 0, 1]
    assert found.departures == ("", "", "", "")
    assert found.warnings == ()
    undated = doseesc.replay(design, people.drop(columns="dlt_day"), date=DAY, window_days=14)
    assert "the day of the DLT of patient 4 is not given" in undated.warnings[0]


def test_replay_of_outcomes_with_somebody_pending(study):
    found = doseesc.replay(study, "1NNN 2NNP7 3NNN", "BOIN")
    assert found.departures == ("", "", "the design said to wait for patient 6")
    assert [str(each) for each in found.cohorts] == ["1NNN", "2NNP", "3NNN"]
    assert "pending" in found.to_frame()
    assert "pending" not in doseesc.replay(study, "1NNN", "BOIN").to_frame()


def test_replay_flags_a_selected_dose_that_nobody_was_given(cli):
    text = shipped_scenarios()["nct04602104"].read_text()
    rule = next(line for line in text.splitlines(keepends=True) if "- {type: SelectTried}" in line)
    Path("mine.yaml").write_text(text.replace(rule, ""))
    code, out, _ = cli("replay", "mine.yaml", "--design", "CRM", "--outcomes", "1NNN")
    assert code == 0
    assert "nobody has been treated at high, which the design names as the MTD" in out
    assert "high *" in out
    ruled = cli("replay", "nct04602104", "--design", "CRM", "--outcomes", "1NNN")[1]
    assert "nobody has been treated" not in ruled


def test_shown_code_says_the_date(cli, capsys, next_dose):
    _, code, _ = next_dose(ISSUE, "--show-code")
    exec(code, {})
    assert capsys.readouterr().out.startswith("Wait for patient 007, followed 9 of 14 days;")


UNDATED = "id,dose,dlt\n1,low,no\n2,low,no\n3,low,no\n"


def test_a_no_without_a_date_is_taken_as_final_and_the_answer_says_so(next_dose):
    code, out, _ = next_dose(UNDATED)
    said = " ".join(out.split())
    assert code == 0
    assert "no dates of first doses are given, so every no is taken as final" in said
    assert "give the column date" in said


def test_a_study_without_a_window_takes_every_no_as_final_and_says_so():
    people = pd.DataFrame({"id": [1, 2, 3], "date": [DAY] * 3, "dose": [1] * 3, "dlt": ["no"] * 3})
    notes = doseesc.recommend(BOIN(target=0.25, n_doses=3, max_n=18), people, date=DAY).notes
    assert any("the DLT window is not known, so every  no  is taken as final" in each for each in notes)


def test_dates_or_dlts_alone_leave_nothing_to_say(study):
    known = pd.DataFrame({"id": [1, 2], "dose": ["low"] * 2, "dlt": ["yes"] * 2})
    assert not any("final" in each for each in doseesc.recommend(study, known, design="BOIN").notes)
    old = pd.DataFrame({"id": [1], "date": [datetime.date(2026, 1, 1)], "dose": ["low"], "dlt": ["no"]})
    assert not any("final" in each for each in doseesc.recommend(study, old, design="BOIN", date=DAY).notes)


def test_one_day_is_one_day(cli):
    _, out, _ = cli("next", "nct04602104", "--design", "BOIN", "--outcomes", "1NNN 2NNP13")
    assert "13 of 14   in 1 day\n" in out
