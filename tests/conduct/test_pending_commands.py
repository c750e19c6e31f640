"""What the commands say where patients are pending: the next dose, until when to wait, and the days of a replay."""

import datetime
import json
from pathlib import Path

import pandas as pd
import pytest
from dated_patients import DAY, HEAD, ISSUE, table

import doseesc
from designs import BOIN
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios


@pytest.fixture(scope="module")
def study():
    return load(shipped_scenarios()["nct04602104"])


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
