"""Every output says the same of time: duration, waits, patients lost and pending, decisions changed, and the pace."""

import csv
import io
import json
import re
from html import unescape

import pytest

import doseesc
from doseesc.engines import DURATION_LEVELS
from doseesc.files import json_text
from doseesc.report.page import report_files
from doseesc.report.protocol import protocol_files
from doseesc.report.terminal.time import time_lines
from doseesc.results import REPORT_FILE, read_results, write_results
from doseesc.runs import compare

MONTH = 365.25 / 12
FIGURES = (
    "duration_days",
    *(f"duration_days_p{round(100 * level):02d}" for level in DURATION_LEVELS),
    "suspensions",
    "days_suspended",
    "turned_away",
    "pending_at_decision",
    "changed_decisions",
    "patients_per_month",
)


@pytest.fixture(scope="module")
def saved(tmp_path_factory, small_scenario):
    """A run in which all of these figures differ from nothing."""
    folder = tmp_path_factory.mktemp("everywhere")
    text = small_scenario.replace("type: BOIN}", "type: TITE-BOIN}")
    (folder / "mine.yaml").write_text(f"{text}\naccrual: {{per_month: 6, arrivals_while_waiting: turn_away}}\n")
    found = doseesc.run(doseesc.load(folder / "mine.yaml"), trials=150)
    return read_results(write_results(found, folder / "out"))


@pytest.fixture(scope="module")
def figures(saved):
    found = {row.metric: row.value for row in saved.results.times["S", "B"].rows()}
    assert all(found[name] > 0 for name in FIGURES)
    return found


def near(text, value, within):
    return abs(float(text) - value) <= within


def cells_of(columns, row):
    return dict(zip(columns, row, strict=True))


def in_table(cells, figures):
    """Check the cells of the table of time, by column."""
    low, lower, middle, upper, high = (figures[name] / MONTH for name in FIGURES[1:6])
    numbers = {column: [float(each) for each in re.findall(r"[\d.]+", text)] for column, text in cells.items()}
    assert numbers["median, months"][0] == pytest.approx(middle, abs=0.06)
    assert numbers["5 to 95 %"] == pytest.approx([low, high], abs=0.06)
    assert numbers["25 to 75 %"] == pytest.approx([lower, upper], abs=0.06)
    assert numbers["mean"][0] == pytest.approx(figures["duration_days"] / MONTH, abs=0.06)
    assert numbers["times it waited"] == pytest.approx([figures["suspensions"]], abs=0.06)
    assert numbers["days it waited"] == pytest.approx([figures["days_suspended"]], abs=0.6)
    assert numbers["turned away"] == pytest.approx([figures["turned_away"]], abs=0.06)
    assert numbers["pending at a decision"] == pytest.approx([figures["pending_at_decision"]], abs=0.006)
    assert numbers["decisions changed, %"][0] == pytest.approx(100 * figures["changed_decisions"], abs=0.06)
    assert numbers["patients a month"] == pytest.approx([figures["patients_per_month"]], abs=0.006)


def test_terminal(saved, figures):
    lines = [line.plain for line in time_lines(saved.results)]
    heads = [line for line in lines if line.split()[:1] in (["median"], ["months"])]
    first, second = (lines[lines.index(head) + 1].split() for head in heads)
    assert near(second[1], figures["duration_days"] / MONTH, 0.06)
    for text, name in zip(second[2:7], FIGURES[1:6], strict=True):
        assert near(text, figures[name] / MONTH, 0.06), name
    assert near(second[7], figures["suspensions"], 0.06)
    assert near(second[8], figures["patients_per_month"], 0.006)
    assert heads[0].split()[-4:] == ["waiting", "lost", "pending", "changed"]
    assert near(first[-5], figures["days_suspended"], 0.6)
    assert first[-4] == "days"
    for text, name, scale in zip(first[-3:], FIGURES[8:11], (1, 1, 100), strict=True):
        assert near(text, scale * figures[name], 0.06), name


def test_page(saved, figures):
    page = report_files(saved)[REPORT_FILE].decode()
    table = page[page.index("How long trials take, in months") :]
    table = table[: table.index("</table>")]
    head, row = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)[:2]
    columns, cells = (
        [unescape(re.sub("<[^>]*>", " ", each)).strip() for each in re.findall("<t[dh][^>]*>(.*?)</t[dh]>", part)]
        for part in (head, row)
    )
    in_table(cells_of(columns, cells), figures)


def test_protocol(saved, figures):
    text = protocol_files(saved, "B")["protocol.md"].decode()
    columns, cells = [], []
    for caption in ("How long trials take, in months, B", "What trials wait for, B"):
        lines = text[text.index(caption) :].splitlines()
        for whole, start in ((columns, "| scenario"), (cells, "| S ")):
            line = next(each for each in lines if each.startswith(start))
            whole += [each.strip().replace("\\", "") for each in line.strip("|").split("|")]
    in_table(cells_of(columns, cells), figures)
    assert "95 % of trials. For" in text  # of one scenario, which is no mean over several


def test_table_and_csv(saved, figures):
    frame = saved.results.to_frame()
    rows = frame[frame["method"] == "calendar"].set_index("metric")
    written = {
        row["metric"]: float(row["value"])
        for row in csv.DictReader(io.StringIO(frame.to_csv(index=False)))
        if row["method"] == "calendar" and not row["level"]
    }
    for name in FIGURES:
        assert rows.loc[name, "value"] == figures[name]
        assert written[name] == pytest.approx(figures[name], rel=1e-12)


def test_json(saved, figures):
    (row,) = json.loads(json_text(saved.results.to_document()))["time"]
    for name in FIGURES:
        if "_p" not in name.removeprefix("patients_per"):
            assert row[name] == figures[name]
    assert row["duration_quantiles"] == [figures[name] for name in FIGURES[1:6]]


def test_data_set(saved, figures):
    at = saved.results.to_xarray().sel(scenario="S", design="B")
    for name in (*FIGURES[:1], *FIGURES[6:]):
        assert at[name].item() == figures[name]
    assert at["duration_quantiles"].values.tolist() == [figures[name] for name in FIGURES[1:6]]


def test_compare(saved, figures):
    found = {each.metric: each for each in compare(saved, saved).figures if each.level is None}
    for name in FIGURES:
        assert found[name].first == found[name].second == figures[name]
