"""Every output of a run with backfill and observation says how many are backfilled, and what becomes of who leaves."""

import csv
import io
import json
import re
from html import unescape

import pytest

import doseesc
from doseesc.report.page import report_files
from doseesc.report.page.first_screen import cards
from doseesc.report.page.look import Look
from doseesc.report.protocol import protocol_files
from doseesc.report.terminal.observation_policies import attribution_words
from doseesc.report.terminal.time import time_lines
from doseesc.report.words import rules_of_backfill
from doseesc.results import REPORT_FILE, on_calendar, read_results, write_results
from doseesc.runs import timed_trials

MORE = """
accrual: {per_month: 12}
observation: {name: deaths replaced, death_in_window: 0.25, loss: 0.1}
backfill: {type: BF-BOIN, designs: [B]}
"""
LEAVES = "Who is not evaluable leaves, and another may take the place while the dose is open; the escalation goes on."
UNSEEN = "Who dies or is lost before the day of a response counts as a patient without one."


@pytest.fixture(scope="module")
def folder(tmp_path_factory, small_scenario):
    folder = tmp_path_factory.mktemp("backfilled")
    text = small_scenario.replace("type: BOIN}", "type: BOIN}\n  - {name: alone, type: BOIN}")
    text = text.replace("dlt: [0.1, 0.2, 0.3]", "dlt: [0.1, 0.2, 0.3], response: [0.4, 0.4, 0.4]")
    (folder / "mine.yaml").write_text(text + MORE)
    found = doseesc.run(doseesc.load(folder / "mine.yaml"), trials=200)
    return write_results(found, folder / "out")


@pytest.fixture(scope="module")
def saved(folder):
    return read_results(folder)


@pytest.fixture(scope="module")
def figures(saved):
    """Of the design with backfill: how many are backfilled, and how many leave."""
    results = saved.results
    assert on_calendar(results.study)[:1] == ["B"]
    own, alone = (results.times["S", name].backfilled for name in ("B", "alone"))
    left = results.policies.observed["deaths replaced", "S", "B"].best.replaced
    assert own > 1
    assert alone == 0
    assert left > 1
    return own, left


def plain(html):
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", html)))


def test_example_trial(saved, figures):
    [trial] = timed_trials(saved.results, ["B"], "S")
    assert trial.trial.backfilled.any()
    assert trial.trial.replaced.any()


def test_terminal(saved, figures):
    text = re.sub(r"\s+", " ", " ".join(line.plain for line in time_lines(saved.results)))
    assert f"{LEAVES} {UNSEEN}" in text
    assert "backfilled: evaluable patients given a lower dose meanwhile" in text
    assert f"{figures[0]:.1f} patients are backfilled with B" in text
    assert "Of the DLTs counted, 0 % are not caused by the drug." in attribution_words(saved.results)


def test_page(saved, figures):
    text = plain(report_files(saved)[REPORT_FILE].decode())
    assert f"{LEAVES} {UNSEEN}" in text
    assert "backfilled are evaluable patients given a lower dose meanwhile" in text
    assert f"{figures[0]:.1f} patients are backfilled with B" in text


def test_protocol(saved, figures):
    text = re.sub(r"\s+", " ", protocol_files(saved, "B")["protocol.md"].decode())
    assert f"{LEAVES} {UNSEEN}" in text
    assert f"{figures[0]:.1f} patients are given a lower dose meanwhile" in text
    assert rules_of_backfill(saved.results, "alone") == ""


def test_files_and_tables(saved, folder, figures):
    own, left = figures
    rows = list(csv.DictReader(io.StringIO((folder / "characteristics.csv").read_text())))
    [backfilled] = [row for row in rows if (row["design"], row["metric"]) == ("B", "backfilled")]
    assert float(backfilled["value"]) == pytest.approx(own)
    document = json.loads((folder / "results.json").read_text())
    [row] = [each for each in document["time"] if each["design"] == "B"]
    assert row["backfilled"] == own
    frame = saved.results.to_frame()
    [value] = frame.loc[(frame.design == "B") & (frame.metric == "backfilled"), "value"]
    assert value == pytest.approx(own)
    there = saved.results.to_xarray()["backfilled"].sel(scenario="S", design="B")
    assert float(there) == pytest.approx(own)
    policies = list(csv.DictReader(io.StringIO((folder / "attribution.csv").read_text())))
    replaced = [float(row["value"]) for row in policies if (row["design"], row["metric"]) == ("B", "replaced")]
    assert max(replaced) == pytest.approx(left)


def test_the_first_screen_names_no_bound_that_backfilled_patients_exceed(saved):
    results = saved.results
    shown = {name: Look(results, name, (), results.study.named_doses) for name in ("B", "alone")}
    said = {name: cards(look)[-1].words for name, look in shown.items()}
    assert said["B"].startswith("patients on average, backfilled ones among them; ")
    assert said["alone"].startswith("patients on average, of at most ")
