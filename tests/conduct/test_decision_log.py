"""The log of decisions: what an entry says, what shows when it is changed, and which recommendations were followed."""

import json
import re
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import doseesc
from designs import Tally
from doseesc.cli import main
from doseesc.conduct import (
    append_decision,
    check_log,
    lengthened,
    log_in,
    patients_in,
    read_log,
    read_patients,
    recommend,
    replay,
)
from doseesc.conduct import decision_log as log_module
from doseesc.conduct.decision_log import log_entry
from doseesc.conduct.patient_rows import PatientsError
from doseesc.files import OutputError
from doseesc.study import shipped_scenarios

HEAD = "id,dose,dlt,date\n"
FIRST = "a1,low,no,2026-09-01\na2,low,no,2026-09-01\na3,low,no,2026-09-02\n"
SECOND = "b1,medium,no,2026-09-21\nb2,medium,no,2026-09-21\nb3,medium,yes,2026-09-22\n"
STUDY = ("nct04602104", "--design", "BOIN")


@pytest.fixture(scope="module")
def study():
    return doseesc.load(shipped_scenarios()["nct04602104"])


@pytest.fixture
def trial(tmp_path, monkeypatch, study):
    """A trial with three decisions in its log: wait; medium; and, after a DLT there, low."""
    monkeypatch.chdir(tmp_path)
    for text, day in ((FIRST, "2026-09-10"), (FIRST, "2026-09-20"), (FIRST + SECOND, "2026-10-10")):
        (tmp_path / "p.csv").write_text(HEAD + text)
        append_decision("log.jsonl", recommend(study, "p.csv", "BOIN", date=day), study)
    return tmp_path


def checked(study, date="2026-10-12", design="BOIN"):
    return check_log(read_log("log.jsonl"), replay(study, "p.csv", design, date=date), study)


def entries(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, arguments)])
    return ended.value.code or 0


def test_an_entry_says_when_of_what_by_what_and_why(trial, study):
    first, second, third = entries(trial)
    assert first["format"] == "doseesc decision 1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", first["written"])
    assert first["study"] == {"file": "nct04602104.yaml", "sha256": study.source_sha256}
    assert (first["design"], first["reason"], first["next"]["waits"]) == ("BOIN", "WAIT", True)
    assert first["data"]["at_doses"] == [{"label": "low", "n": 3, "dlt": 0, "pending": 3}]
    assert (second["data"]["date"], second["data"]["patients"], second["data"]["source"]) == ("2026-09-20", 3, "p.csv")
    assert second["recommendation"].startswith("Treat the next 3 patients at medium")
    assert (second["next"]["level"], second["next"]["patients"], second["reason"]) == (2, 3, "ESCALATE")
    assert third["data"]["at_doses"][1] == {"label": "medium", "n": 3, "dlt": 1, "pending": 0}
    assert set(third["versions"]) == {"doseesc", "python", "numpy", "scipy"}
    assert (first["previous"], second["previous"], third["previous"]) == (None, first["sha256"], second["sha256"])


def test_what_was_followed(trial, study):
    found = checked(study).decisions
    assert [each.outcome for each in found] == ["followed", "followed", "open"]
    assert [each.how for each in found] == ["nobody was entered", "3 at medium", ""]
    assert [each.same_file for each in found] == [False, False, True]
    assert [each.differences for each in found] == [(), (), ()]
    assert not checked(study).damaged


def at_low(count):
    return "".join(f"c{each},low,no,2026-10-11\n" for each in range(count))


@pytest.mark.parametrize(
    ("more", "outcome", "how"),
    [
        (at_low(1), "followed", "1 at low so far"),
        (at_low(3), "followed", "3 at low"),
        (at_low(4), "followed", "3 at low; 1 patient more since, without an entry"),
        ("c1,high,no,2026-10-11\n", "not followed", "entered: 1 at high"),
        (at_low(1) + "c9,medium,no,2026-10-11\n", "not followed", "entered: 1 at low and 1 at medium"),
    ],
)
def test_who_was_entered_after_the_last_decision(trial, study, more, outcome, how):
    (trial / "p.csv").write_text(HEAD + FIRST + SECOND + more)
    last = checked(study).decisions[-1]
    assert (last.outcome, last.how) == (outcome, how)


def test_patients_entered_while_told_to_wait(trial, study):
    (trial / "p.csv").write_text(HEAD + FIRST)
    append_decision("early.jsonl", recommend(study, "p.csv", "BOIN", date="2026-09-10"), study)
    (trial / "p.csv").write_text(HEAD + FIRST + "b0,medium,no,2026-09-11\n")
    (found,) = check_log(read_log("early.jsonl"), replay(study, "p.csv", "BOIN", date="2026-09-12"), study).decisions
    assert (found.outcome, found.how) == ("not followed", "1 patient entered: 1 at medium")


def test_data_corrected_since_are_named_with_what_the_answer_would_be(trial, study):
    (trial / "p.csv").write_text(HEAD + FIRST.replace("a2,low,no", "a2,low,yes") + SECOND)
    first, second, third = checked(study).decisions
    assert second.differences == (
        "the data were 3 patients with 0 DLTs at low; of that day this record says 3 patients with 1 DLT at low",
        "on what this record says of that day the answer is now: 3 patients at low",
    )
    assert "2 pending at low" in first.differences[0]
    assert len(third.differences) == 1
    assert not any(each.same_file or each.damage for each in (first, second, third))


def test_patients_taken_out_since(trial, study):
    (trial / "p.csv").write_text(HEAD + FIRST)
    last = checked(study).decisions[-1]
    assert (last.outcome, last.how) == ("not known", "the record has 3 of the 6 patients there were then")
    assert last.differences == ("what was known then cannot be told from this record",)


def test_another_scenario_file_design_or_version_is_named(trial, study, monkeypatch):
    other = trial / "mine.yaml"
    other.write_text(shipped_scenarios()["nct04602104"].read_text() + "\n# changed\n")
    monkeypatch.setattr(log_module, "__version__", "9.9")
    found = checked(doseesc.load(other), design="CRM").decisions[1]
    assert found.differences == (
        "it was asked of BOIN, not of CRM",
        "the scenario file was another, or has been changed since",
        f"other versions: doseesc {doseesc.__version__}, now 9.9",
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [("next 3 patients", "next 6 patients"), ('"patients": 3}', '"patients": 6}'), ("2026-09-20", "2026-09-19")],
)
def test_a_change_of_any_part_shows(trial, study, old, new):
    first, second, third = (trial / "log.jsonl").read_text().splitlines()
    assert old in second
    (trial / "log.jsonl").write_text("\n".join([first, second.replace(old, new), third]))
    found = checked(study)
    assert found.damaged
    assert [bool(each.damage) for each in found.decisions] == [False, True, False]
    assert found.decisions[1].damage.startswith("was changed after it was written")


@pytest.mark.parametrize("kept", [(0, 2), (1, 2), (2, 1, 0), (0, 1, 1, 2)])
def test_entries_taken_out_moved_or_doubled_show(trial, kept):
    lines = (trial / "log.jsonl").read_text().splitlines()
    (trial / "log.jsonl").write_text("\n".join(lines[place] for place in kept) + "\n")
    damages = [each.damage for each in read_log("log.jsonl")]
    assert any(damage.startswith("does not follow the entry before it") for damage in damages)


def test_a_log_written_again_by_another_program_is_the_same(trial):
    (trial / "log.jsonl").write_text("\n".join(json.dumps(entry, sort_keys=True) for entry in entries(trial)))
    assert [each.damage for each in read_log("log.jsonl")] == ["", "", ""]


def test_a_changed_log_is_not_added_to(trial, study):
    before = (trial / "log.jsonl").read_text().replace("Treat the next 3 patients at medium", "Stop")
    (trial / "log.jsonl").write_text(before)
    with pytest.raises(OutputError, match=r"entry 2 was changed after it was written.*\n  begin another log"):
        append_decision("log.jsonl", recommend(study, "p.csv", "BOIN", date="2026-10-12"), study)
    assert (trial / "log.jsonl").read_text() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("not json\n", "line 1 is no JSON"),
        ('{"format": "doseesc decision 7"}\n', "no decision in the format 'doseesc decision 1'"),
        ("[1]\n", "no decision in the format"),
        ('{"format": "doseesc decision 1"}\n', "lacks written"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_log_is_refused(tmp_path, text, words):
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(OutputError, match=re.escape(words)):
        read_log(tmp_path / "log.jsonl")


KINDS = st.sampled_from([None, 3, "x", [], {}, {"a": 1}, True, [{}], {"date": "x"}])


@pytest.mark.parametrize("at_doses", [[{}], ["x"], [{"label": "low", "n": 3, "dlt": None, "pending": 0}]])
def test_what_was_known_at_the_doses_has_its_form(tmp_path, study, at_doses):
    entry = log_entry(recommend(study, "1NNN", "BOIN"), study)
    entry["data"]["at_doses"] = at_doses
    (tmp_path / "log.jsonl").write_text(json.dumps(entry))
    with pytest.raises(OutputError, match="lacks what a decision holds"):
        read_log(tmp_path / "log.jsonl")


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_entries_of_wrong_kinds_are_refused_or_seen_and_never_crash(study, data):
    entry = log_entry(recommend(study, "1NNN", "BOIN"), study)
    part = data.draw(st.sampled_from(sorted(entry)))
    before = entry[part]
    if isinstance(before, dict) and data.draw(st.booleans()):
        entry[part] = {**before, data.draw(st.sampled_from(sorted(before))): data.draw(KINDS)}
    else:
        entry[part] = data.draw(KINDS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log.jsonl"
        path.write_text(json.dumps(entry))
        try:
            log = read_log(path)
        except OutputError:
            return
    assert bool(log[0].damage) == (entry[part] != before)
    check_log(log, replay(study, "1NNN 2NNN", "BOIN"), study)


def test_records_without_days(tmp_path, monkeypatch, study):
    monkeypatch.chdir(tmp_path)
    for outcomes in ("", "1NNN", "1NNN 2NNT"):
        append_decision("log.jsonl", recommend(study, outcomes, "BOIN"), study)
    found = check_log(read_log("log.jsonl"), replay(study, "1NNN 2NNT 1NN", "BOIN"), study).decisions
    assert [(each.patients, each.date, each.outcome) for each in found] == [
        (0, "", "followed"),
        (3, "", "followed"),
        (6, "", "followed"),
    ]
    assert [each.differences for each in found] == [(), (), ()]
    corrected = check_log(read_log("log.jsonl"), replay(study, "1NNT 2NNT 1NN", "BOIN"), study).decisions
    assert corrected[1].differences == (
        "the data were 3 patients with 0 DLTs at low; of that day this record says 3 patients with 1 DLT at low",
        "on what this record says of that day the answer is now: 3 patients at low",
    )


def test_pending_patients_without_days_cannot_be_looked_back_at(tmp_path, monkeypatch, study):
    monkeypatch.chdir(tmp_path)
    append_decision("log.jsonl", recommend(study, "1NNN 2NNP9", "BOIN", date="2026-11-29"), study)
    (found,) = check_log(read_log("log.jsonl"), replay(study, "1NNN 2NNN", "BOIN"), study).decisions
    assert (found.date, found.outcome) == ("2026-11-29", "followed")
    assert found.differences == ("what was known then cannot be told from this record",)


def test_a_bare_tally_is_not_logged_and_a_table_has_no_file(study, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="a bare tally cannot be logged"):
        log_entry(recommend(study, Tally.empty(3), "BOIN"), study)
    frame = pd.DataFrame({"id": ["a"], "dose": ["low"], "dlt": ["no"]})
    assert log_entry(recommend(study, frame, "BOIN"), study)["data"]["sha256"] is None
    append_decision("log.jsonl", recommend(study, frame, "BOIN"), study)
    assert not check_log(read_log("log.jsonl"), replay(study, frame, "BOIN"), study).decisions[0].same_file


def test_commands_write_and_verify(trial, capsys):
    (trial / "p.csv").write_text(HEAD + FIRST + SECOND + at_low(1))
    asked = (*STUDY, "--data", "p.csv", "--date", "2026-10-12")
    assert run("next", *asked, "--out", "log.jsonl") == 0
    assert capsys.readouterr().out.endswith("decision 4 of the log log.jsonl\n")
    assert run("replay", *asked, "--log", "log.jsonl") == 0
    shown = " ".join(capsys.readouterr().out.split())  # however wide the terminal is
    assert shown.startswith(
        "The log of 4 decisions is whole, nothing in it was changed; 3 were followed and 1 is still open."
    )
    assert "data of 2026-10-10, 6 patients entered" in shown
    assert run("replay", *asked, "--log", "log.jsonl", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["log_is_whole"], len(told["decisions"]), told["design"]) == (True, 4, "BOIN")
    assert run("replay", *asked, "--log", "log.jsonl", "--format", "csv") == 0
    assert capsys.readouterr().out.startswith("number,written,date,patients,recommendation,outcome")
    text = (trial / "log.jsonl").read_text()
    (trial / "log.jsonl").write_text(text.replace("next 3 patients at medium", "next 3 patients at high"))
    assert run("replay", *asked, "--log", "log.jsonl") == 3
    assert capsys.readouterr().out.startswith("The log of 4 decisions was changed after it was written, at entry ")


def test_commands_refuse_other_names_and_show_their_code(trial, capsys):
    assert run("next", *STUDY, "--outcomes", "1NNN", "--out", "p.csv") == 2
    assert ".jsonl" in capsys.readouterr().err
    assert (trial / "p.csv").read_text() == HEAD + FIRST + SECOND
    assert run("replay", *STUDY, "--outcomes", "1NNN", "--log", "absent.jsonl") == 2
    assert "absent.jsonl cannot be read" in capsys.readouterr().err
    assert run("next", *STUDY, "--outcomes", "1NNN", "--out", "log.jsonl", "--show-code") == 0
    shown = capsys.readouterr().out
    compile(shown, "shown", "exec")
    assert "append_decision('log.jsonl', recommendation, study)" in " ".join(shown.split())
    assert run("replay", *STUDY, "--outcomes", "1NNN", "--log", "log.jsonl", "--show-code") == 0
    shown = capsys.readouterr().out
    compile(shown, "shown", "exec")
    assert "check_log(read_log('log.jsonl'), found, study)" in " ".join(shown.split())


def test_content_that_lies_in_no_file_is_read_checked_and_logged_alike(trial, study):
    content, log = (trial / "p.csv").read_bytes(), (trial / "log.jsonl").read_bytes()
    doses, window = study.named_doses, 14.0
    people = patients_in(content, "p.csv", doses, window_days=window, date="2026-10-10")
    assert people == read_patients("p.csv", doses, window_days=window, date="2026-10-10")
    again = log_in(log, "log")
    assert again == read_log("log.jsonl")
    found = recommend(study, people, "BOIN")
    assert append_decision("log.jsonl", found, study) == 4
    text = lengthened(again, "log", found, study)
    for ours, theirs in zip(text.splitlines(), (trial / "log.jsonl").read_text().splitlines(), strict=True):
        assert {**json.loads(ours), "written": "", "sha256": ""} == {**json.loads(theirs), "written": "", "sha256": ""}
    assert not any(each.damage for each in log_in(text.encode(), "log"))
    with pytest.raises(OutputError, match="log: entry 1 was changed after it was written"):
        lengthened(log_in(log.replace(b'"BOIN"', b'"CRM"'), "log"), "log", found, study)
    with pytest.raises(PatientsError, match=r"mine\n  is not UTF-8 text"):
        patients_in(b"\xff", "mine", doses)
    with pytest.raises(OutputError, match="mine cannot be read"):
        log_in(b"\xff", "mine")
