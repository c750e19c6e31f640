"""The same figure is the same number wherever it stands: terminal, page, protocol, JSON, CSV, frame and data set.

Read as a reader does: from the columns of printed tables, by their heads.
"""

import csv
import json
import re
from html.parser import HTMLParser

import pytest

from doseesc.planning import answer, power_curves
from doseesc.report.page.figures import Drawn
from doseesc.report.page.page import page_html
from doseesc.report.page.phase2_charts import power_charts
from doseesc.report.protocol.protocol import protocol_files
from doseesc.report.terminal import run_lines
from doseesc.report.words import programme_words
from doseesc.results import read_results, write_results
from doseesc.runs import run, typical_scenario
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

# What is enumerated at once is; the others are simulated in few trials, since only the agreement is looked at.
METHODS = dict.fromkeys(("nct04602104", "nct04602104_attribution", "nct04602104_borrowing"), "both")
FIGURES = {"correct, %": ("correct_selection", 100, 1), "above the MTD, %": ("overdose_selection", 100, 1)}


@pytest.fixture(scope="module", params=sorted(shipped_scenarios()))
def saved(request, tmp_path_factory):
    study = load(shipped_scenarios()[request.param])
    results = run(study, method=METHODS.get(request.param, "monte_carlo"), trials=60)
    return read_results(write_results(results, tmp_path_factory.mktemp(request.param) / "out")), request.param


@pytest.fixture(scope="module")
def known(saved):
    """Every figure of every design in every scenario, as JSON has it."""
    document = json.loads(json.dumps(saved[0].results.to_document()))
    return {(row["scenario"], row["design"]): row["exact"] or row["simulated"] for row in document["cells"]}


def attained(results):
    """Return how much of the attainable each design reaches, as JSON has it; empty where that is not known."""
    found = json.loads(json.dumps(results.to_document())).get("attainable", {"designs": {}})
    return {name: shown(each["of_attainable"], digits=0) for name, each in found["designs"].items()}


def told_of_attainable(tables):
    """Return the same as tables tell it that have a design in a row."""
    return {row[0]: row[heads.index(ATTAINABLE)] for heads, rows in tables if ATTAINABLE in heads for row in rows}


def shown(value, scale=100, digits=1):
    return f"{scale * value:.{digits}f}"


def test_csv_frame_and_data_set(saved, known, tmp_path):
    results = saved[0].results
    frame, dataset = results.to_frame(), results.to_xarray()
    folder = write_results(results, tmp_path / "again")
    with (folder / "characteristics.csv").open() as stream:
        rows = {
            (row["scenario"], row["design"], row["method"], row["metric"]): float(row["value"])
            for row in csv.DictReader(stream)
            if not row["level"]
        }
    tidy = {tuple(row): value for *row, value in frame[frame["level"].isna()][[*KEYS, "value"]].itertuples(index=False)}
    for (scenario, design), figures in known.items():
        for metric in ("correct_selection", "overdose_selection", "total_patients", "untried_selection"):
            place = (scenario, design, figures["method"], metric)
            assert rows[place] == tidy[place] == figures[metric], place
            assert float(dataset[metric].sel(scenario=scenario, design=design)) == figures[metric], place
    if attained(results):
        with (folder / "attainable.csv").open() as stream:
            told = {row["design"]: shown(float(row["of_attainable"]), digits=0) for row in csv.DictReader(stream)}
        assert told == attained(results)
    assert bool(attained(results)) == (results.study.n_doses == 3)


ATTAINABLE = "of the attainable, %"
KEYS = ["scenario", "design", "method", "metric"]


def test_terminal(saved, known):
    results = saved[0].results
    lines = [line.plain for line in run_lines(results, 160)]
    heads = next(line for line in lines if line.startswith("Correct selection, %"))
    start = lines.index(heads) + 1
    names = [name for name in results.study.names if re.search(rf"\s{re.escape(name)}(\s|$)", heads)]
    assert names
    more = "benchmark" in heads
    for scenario, line in zip(results.study.truths, lines[start:], strict=False):
        told = line.split()[-len(names) - more : -1 if more else None]
        assert told == [shown(known[scenario, name]["correct_selection"]) for name in names], scenario
    own = results.verdict.standing
    rows = {name: line for name in names for line in lines if line.startswith(f"  {name}  ")}
    assert len(rows) >= min(len(names), 3)  # the others have given way to the screen
    assert results.verdict.leaders.by_score[0] in rows
    for name, row in rows.items():
        row = re.split(r"\s{2,}", row.removeprefix(f"  {name}").strip())
        weights = dict(zip(own.scenarios, own.weights, strict=True))
        shares = attained(results)
        assert not shares or row[1] == shares[name]
        for metric, place in (("correct_selection", 0), ("overdose_selection", 3 if shares else 2)):
            mean = sum(weight * known[scenario, name][metric] for scenario, weight in weights.items())
            assert row[place] == shown(mean), (name, metric)


def test_protocol(saved, known):
    document, _ = saved
    design = document.results.study.names[0]
    text = protocol_files(document, design)["protocol.md"].decode()
    found = 0
    for heads, rows in markdown_tables(text):
        for head, (metric, scale, digits) in FIGURES.items():
            if head in heads and heads[0] == "scenario":
                for row in rows:
                    assert row[heads.index(head)].split()[0] == shown(known[row[0], design][metric], scale, digits), row
                    found += 1
    assert found >= 2 * len(document.results.study.truths)
    assert told_of_attainable(markdown_tables(text)) == attained(document.results)


def test_the_page_tells_one_type_i_error_of_phase_2():
    answers = answer(load(shipped_scenarios()["nct04602104"]), totals=False, trials=200)
    curves = power_curves(answers.plan, trials=50, seed=3)
    told = shown(float(answers.null.share("any_ttci")))
    assert told != shown(float(curves.by_effect[0][1].share("any_ttci")))
    assert power_charts(curves, answers)[1].title.startswith(f"A drug that does nothing is taken to work in {told} %")


def test_page(saved, known):
    document, name = saved
    if name == "design_comparison":
        pytest.skip("the prior of EWOC takes long, and the others hold all kinds of tables")
    results = document.results
    text = page_html(document, Drawn({}, None, []), typical_scenario(results))
    found = 0
    for heads, rows in page_tables(text):
        for head, (metric, scale, digits) in FIGURES.items():
            if head in heads and heads[:2] == ["scenario", "design"]:
                for row in rows:
                    assert row[heads.index(head)].split()[0] == shown(known[row[0], row[1]][metric], scale, digits), row
                    found += 1
    assert found >= 2 * len(known)
    assert told_of_attainable(page_tables(text)) == attained(results)
    own, best = results.verdict.standing, results.verdict.safest_leader
    cards = re.findall(r'<div class="card"><b>([^<]*)</b>', text)
    weights = dict(zip(own.scenarios, own.weights, strict=True))
    mean = sum(weight * known[scenario, best]["correct_selection"] for scenario, weight in weights.items())
    worst = max(known[scenario, best]["overdose_selection"] for scenario in own.scenarios)
    assert cards[:2] == [f"{shown(mean)} %", f"{shown(worst)} %"]
    programme = programme_words(results)
    assert not programme or f"{best} {cards[2]}" in programme


def markdown_tables(text):
    """Yield the heads and rows of each table."""
    table = []
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
        elif table:
            heads, _, *rows = table
            yield heads, rows
            table = []


class Tables(HTMLParser):
    """The tables of a page as lists of rows of texts, a cell's parts with blanks between."""

    def __init__(self):
        super().__init__()
        self.tables, self.cell = [], None

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self.cell = []

    def handle_data(self, data):
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag):
        if tag in ("td", "th") and self.cell is not None:
            self.tables[-1][-1].append(" ".join(" ".join(self.cell).split()))
            self.cell = None


def page_tables(text):
    parser = Tables()
    parser.feed(text)
    for table in parser.tables:
        if table:
            yield table[0], table[1:]
