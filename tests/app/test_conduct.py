"""The page Conduct: what it says of running trials is what the command line says, and nothing of patients is kept."""

import builtins
import html
import json
import os
import re

import pytest
from starlette.testclient import TestClient
from support import ROOT, THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.app import Settings, Trusted, application
from doseesc.conduct import read_log
from doseesc.conduct.patient_rows import PatientsError

TEXT = f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}"
HERE = "http://127.0.0.1:8000"
REPLAYS = ("levy2006", "boin_manual", "cheung_p21", "must_ards")
PENDING = "id,dose,dlt,date\na1,low,no,2026-09-01\na2,low,,2026-09-04\na3,low,yes,2026-09-05\n"


@pytest.fixture(scope="module")
def app():
    settings = Settings(name="mine.yaml", text=TEXT, trusted=Trusted(), command=str, python=str)
    with TestClient(application(settings), base_url=HERE) as client:
        yield client


def ask(app, text=TEXT, **more):
    answer = app.post("/conduct", json={"name": "mine.yaml", "text": text, **more}, headers={"Origin": HERE})
    assert answer.status_code == 200, answer.text
    return answer.json()


def words(markup):
    """The text of an answer as one reads it."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", markup)))


def told(cli, *arguments):
    """What the command line says."""
    code, printed, errors = cli("next", *arguments, "--format", "json")
    assert code in (0, 3), errors
    return json.loads(printed)


def agree(said, found):
    """Hold an answer of the page against that of the command line."""
    text = words(said["answer"])
    assert said["sentence"] == found["recommendation"]
    expected = [found["recommendation"], f"{found['design']}: {found['why']}", *found["notes"]]
    for each in (*expected, *(f"{rule['rule']} {rule['effect']}." for rule in found["rules"])):
        assert " ".join(each.split()) in text
    for dose in found["doses"]:
        if dose["estimate"] is not None:
            assert f"{100 * dose['estimate']:.1f}" in text


def until(lines, cohorts):
    """The lines of a file of patients up to a cohort."""
    head, *rows = lines
    place = head.split(",").index("cohort")
    return "\n".join([head, *(row for row in rows if int(row.split(",")[place]) <= cohorts)]) + "\n"


@pytest.mark.parametrize("name", REPLAYS)
def test_shipped_trials_are_advised_as_by_the_command_line(app, cli, name, tmp_path):
    file = ROOT / f"scenarios/replay/{name}.yaml"
    lines = file.with_suffix(".csv").read_text().splitlines()
    last = max(int(each.split(",")[lines[0].split(",").index("cohort")]) for each in lines[1:])
    text, names = file.read_text(), doseesc.load(file).names
    design = "CRM" if "CRM" in names else names[0]
    cohorts = range(1, last + 1) if name == "levy2006" else [last]
    for count in cohorts:
        (tmp_path / "part.csv").write_text(until(lines, count))
        found = told(cli, str(file), "--design", design, "--data", "part.csv")
        agree(ask(app, text, design=design, patients=until(lines, count)), found)


@pytest.mark.parametrize(
    ("design", "outcomes"),
    [
        *(("BOIN", each) for each in ("", "1NNN 2NNT", "1TTT", "1NNN 2NP7P")),
        *(("CRM", each) for each in ("1NNN 2NNT", "1NNN 2NNN 3NNN 3NNN")),
        ("3+3", "1NNN 2NNT"),
    ],
)
def test_outcomes_are_advised_as_by_the_command_line(app, cli, scenario_file, design, outcomes):
    found = told(cli, scenario_file(TEXT), "--design", design, "--outcomes", outcomes)
    said = ask(app, design=design, outcomes=outcomes)
    agree(said, found)
    text = words(said["answer"])
    ended = "If the trial ended now, " in text
    assert ended == (bool(outcomes) and found["next"]["level"] != 0)
    if found["mtd_if_stopped_now"] and ended:
        label = ("low", "medium", "high")[found["mtd_if_stopped_now"] - 1]
        assert f"the MTD would be {label}" in text


def test_what_each_pending_outcome_would_change_is_said(app, cli, scenario_file, tmp_path):
    file = scenario_file(TEXT)
    (tmp_path / "p.csv").write_text(PENDING)
    arguments = (file, "--design", "BOIN", "--data", "p.csv", "--date", "2026-09-10")
    found = told(cli, *arguments)
    said = ask(app, design="BOIN", patients=PENDING, date="2026-09-10")
    agree(said, found)
    assert found["waits"] == ('class="lead wait"' in said["answer"]) is True
    text = words(said["answer"])
    _, printed, _ = cli("next", *arguments)
    begins = printed.index("When their outcomes are known")
    for line in printed[begins:].split("\n\n")[0].splitlines():
        assert " ".join(line.split()) in text
    for pending in found["pending"]:
        assert f"{pending['id']} low {pending['days_followed']:g} of 14" in text


def test_the_log_is_verified_by_the_command_line(app, cli, scenario_file, tmp_path):
    file = scenario_file(TEXT)
    log, cohort = "", "id,dose,dlt\n"
    for count, (dose, outcomes) in enumerate([("low", "nnn"), ("medium", "nny"), ("low", "nnn")], 1):
        said = ask(app, design="BOIN", patients=cohort if count > 1 else "", log=log)
        log = said["log"]
        assert said["decisions"] == count
        cohort += "".join(
            f"{dose[0]}{count}{k},{dose},{'yes' if each == 'y' else 'no'}\n" for k, each in enumerate(outcomes)
        )
    (tmp_path / "decisions.jsonl").write_text(log)
    (tmp_path / "patients.csv").write_text(cohort)
    entries = read_log(tmp_path / "decisions.jsonl")
    assert [each.entered for each in entries] == [0, 3, 6]
    verify = ("replay", file, "--design", "BOIN", "--data", "patients.csv", "--log", "decisions.jsonl")
    code, printed, errors = cli(*verify, "--format", "json")
    assert code == 0, errors
    found = json.loads(printed)
    assert found["log_is_whole"]
    assert [each["outcome"] for each in found["decisions"]] == ["followed"] * 3
    assert not any(each["differences"] for each in found["decisions"])
    changed = log.replace("Treat the next 3 patients at medium", "Treat the next 3 patients at high")
    assert changed != log
    (tmp_path / "decisions.jsonl").write_text(changed)
    assert cli(*verify)[0] == 3
    # The same in the page.
    checked = ask(app, patients=cohort, log=log, verify=True)
    assert checked["decisions"] == 3
    assert "log" not in checked
    assert checked["checked_sentence"] == "The log of 3 decisions is whole, nothing in it was changed; 3 were followed."
    for each in found["decisions"]:
        assert each["recommendation"] in words(checked["checked"])
    assert words(checked["checked"]).strip().startswith(checked["checked_sentence"])
    without = ask(app, patients="", log=log, verify=True)
    assert "2 cannot be told from these data" in without["checked_sentence"]
    spoilt = ask(app, patients=cohort, log=changed, verify=True)
    assert "was changed after it was written, at entry 2" in spoilt["checked_sentence"]
    assert "what it says is not what its sha256 is of" in words(spoilt["checked"])
    assert "is no JSON" in ask(app, log="nonsense", verify=True)["wrong"]
    refused = ask(app, design="BOIN", patients=cohort, log=changed)
    assert "log" not in refused
    assert refused["wrong"].startswith("decisions.jsonl: entry 2 was changed after it was written")
    assert "is no JSON" in ask(app, log="nonsense")["wrong"]


def test_what_is_wrong_is_said_in_the_words_of_the_command_line(app, tmp_path, monkeypatch, scenario_file):
    study = doseesc.load(scenario_file(TEXT))
    wrong = "id,dose,dlt,date\na1,lowest,no,2026-09-01\na1,low,maybe,2026-13-01\n"
    (tmp_path / "patients.csv").write_text(wrong)
    with pytest.raises(PatientsError) as caught:
        doseesc.recommend(study, "patients.csv", "BOIN")
    said = ask(app, design="BOIN", patients=wrong)
    assert said["wrong"] == str(caught.value)
    assert "line 2" in said["wrong"]
    assert "answer" not in said
    assert "year-month-day" in ask(app, date="tomorrow")["wrong"]
    with pytest.raises(ValueError, match=r".") as caught:
        doseesc.recommend(study, "1NNX", "BOIN")
    assert ask(app, outcomes="1NNX", design="BOIN")["wrong"] == str(caught.value)
    assert "max_n" in ask(app, text=TEXT.replace("max_n: 12", "max_n: none"))["wrong"]
    posted = {"name": "a", "text": TEXT, "patients": "x" * 500_000}
    assert app.post("/conduct", json=posted, headers={"Origin": HERE}).status_code == 400
    assert app.post("/conduct", json={"name": "a", "text": TEXT}).status_code == 403
    many = "id,dose,dlt\n" + "".join(f"{k},low,no\n" for k in range(1001))
    for data in ({"patients": many}, {"outcomes": "1NNN " * 334}):
        assert "here at most 1,000 are read" in ask(app, **data)["wrong"]


def test_a_design_that_the_study_has_not_got_is_replaced_by_its_first(app):
    said = ask(app, design="gone")
    assert (said["design"], said["designs"]) == ("3+3", ["3+3", "CRM", "BOIN"])
    assert [each["label"] for each in said["doses"]] == ["low", "medium", "high"]


def test_no_patient_is_written_anywhere(app, monkeypatch, tmp_path):
    ask(app, patients=PENDING)  # what is loaded at first is loaded
    opened = []
    whole, low = builtins.open, os.open

    def seen(file, mode="r", *rest, **more):
        opened.append((str(file), mode))
        return whole(file, mode, *rest, **more)

    def seen_low(path, flags, *rest, **more):
        opened.append((str(path), "w" if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) else "r"))
        return low(path, flags, *rest, **more)

    monkeypatch.setattr(builtins, "open", seen)
    monkeypatch.setattr(os, "open", seen_low)
    monkeypatch.chdir(tmp_path)
    said = ask(app, patients=PENDING.replace("a2", "Jane Doe"), date="2026-09-10", log="")
    assert "Jane Doe" in said["answer"]
    assert [each for each in opened if set(each[1]) & set("wax+")] == []
    assert list(tmp_path.iterdir()) == []
    # Another page is told nothing of her.
    assert "Jane Doe" not in json.dumps(ask(app)) + app.get("/").text


def test_names_of_patients_are_shown_as_they_stand(app):
    said = ask(app, patients=PENDING.replace("a2", "<img src=x onerror=alert(1)>"), date="2026-09-10")
    assert "<img" not in said["answer"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in said["answer"]
