"""The page and the figure of a sweep, and its charts: what stands in them is what the table says."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import html5lib
import pytest
from support import THREE_DOSES

import doseesc
from doseesc.report.charts import Spot, front_plot, heat_map
from doseesc.report.figures import sweep_figure
from doseesc.report.page.sweep_charts import sweep_charts
from doseesc.report.page.sweep_page import sweep_page
from doseesc.results import SweepResults

STUDY = f"""\
study: {{title: "T <b>& co</b>"}}
{THREE_DOSES}\
designs:
  - {{name: BOIN, type: BOIN}}
  - {{name: Keyboard, type: Keyboard}}
scenarios: [{{name: middle, dlt: [0.1, 0.25, 0.45]}}, {{name: top, dlt: [0.02, 0.1, 0.25]}}]
simulation: {{method: exact}}
"""
AXES = {"max_n": [6, 9, 12], "designs.BOIN.elimination_cutoff": [0.9, 0.95]}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    path = tmp_path_factory.mktemp("sweep") / "study.yaml"
    path.write_text(STUDY)
    return SweepResults.from_frame(doseesc.sweep(doseesc.load(path), AXES))


def test_the_page_says_what_the_table_says(found):
    page = sweep_page(found)
    parsed = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    summary = found.summary()
    assert len(summary) == 9
    best = summary.loc[summary["score"].idxmax()]
    headline = "".join(parsed.find(".//p[@class='headline']").itertext())
    assert f"selects the true MTD in {100 * best['correct_selection']:.1f} % of trials" in headline
    assert parsed.find(".//h1").text == "T <b>& co</b>"
    rows = parsed.findall(".//table[@id='t-cells']/tbody/tr")
    assert len(rows) == 9
    assert [float(row[3].text) for row in rows] == sorted((float(row[3].text) for row in rows), reverse=True)
    assert found.digest in page
    assert not re.search(r"(href|src)=.https?:", page)


def test_the_charts_are_those_of_the_axes(found):
    summary = found.summary()
    charts = {chart.name: chart for chart in sweep_charts(found, summary)}
    best = summary.loc[summary["score"].idxmax(), "design"]
    heat = ["heat"] if best == "BOIN" else []  # the other has one axis
    assert list(charts) == ["front", *heat, "by-1", "by-2"]
    for chart in charts.values():
        for svg in (chart.wide, chart.narrow):
            ElementTree.fromstring(svg)
    marks = [
        each for each in ElementTree.fromstring(charts["front"].wide).iter("path") if each.find("title") is not None
    ]
    assert len(marks) == len(summary)
    front = [each for each in marks if each.get("class", "").startswith("mark")]
    assert len(front) == summary["pareto"].sum()
    curves = [each.get("class") for each in ElementTree.fromstring(charts["by-2"].wide).iter("path")]
    assert [each for each in curves if each and each.startswith("curve")] == [
        "curve c0"
    ]  # BOIN, also where it is alone


def test_a_heat_map_shows_each_value_and_frames_one():
    values = [[0.1, 0.2, math.nan], [0.3, 0.4, 0.555]]
    drawn = ElementTree.fromstring(
        heat_map(("n", ["6", "9", "12"]), ("p", ["0.1", "0.2"]), values, width=400, alt="A & B", framed=(1, 2))
    )
    texts = [each.text for each in drawn.iter("text")]
    assert texts[:2] == ["n", "p"]
    assert [each for each in texts if "." in each and len(each) == 4] == ["10.0", "20.0", "30.0", "40.0", "55.5"]
    tips = [each.find("title").text for each in drawn.iter("rect") if each.find("title") is not None]
    assert tips[-1] == "p 0.2, n 12: 55.5 %"
    assert len(tips) == 5
    (frame,) = [each for each in drawn.iter("rect") if each.get("class") == "right"]
    fields = [each for each in drawn.iter("rect") if each.get("fill")]
    assert (frame.get("x"), frame.get("y")) == (fields[-1].get("x"), fields[-1].get("y"))
    assert fields[0].get("fill") != fields[-1].get("fill")


def test_the_front_is_joined_from_left_to_right():
    spots = [Spot(0.5, 0.2, 0, "a", True), Spot(0.3, 0.1, 1, "b", True), Spot(0.3, 0.25, 0, "c")]
    drawn = ElementTree.fromstring(front_plot(spots, good="right", bad="above", names=["A", "B"], width=500, alt="x"))
    (joined,) = [each for each in drawn.iter("path") if each.get("class") == "limit"]
    places = [tuple(map(float, each.split())) for each in joined.get("d").removeprefix("M").split("L")]
    assert places[0][0] < places[1][0]
    assert places[0][1] > places[1][1]  # less above, and less right


def test_the_figure_has_a_panel_for_the_front_and_each_axis(found):
    figure = sweep_figure(found)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "selects a dose above the true MTD, %",
        "max_n",
        "elimination_cutoff",
    ]
    drawn = figure.axes[0].collections[1].get_offsets()
    own = found.summary().query("design == 'Keyboard'")
    assert len(drawn) == len(own)
    assert sorted(drawn[:, 1]) == pytest.approx(sorted(100 * own["correct_selection"]))


def test_report_and_figure_of_a_sweep_are_written(cli):
    Path("study.yaml").write_text(STUDY)
    Path("sweep.yaml").write_text("study: study.yaml\ndesigns: [BOIN]\naxes: {max_n: [6, 9]}\n")
    code, _, err = cli("sweep", "sweep.yaml", "--out", "out", "--figure", "s.svg", "--quiet")
    assert (code, err) == (0, "")
    assert Path("s.svg").read_bytes().startswith(b"<?xml")
    assert cli("report", "out")[:2] == (0, "written to out/report.html\n")
    assert "<h1>T &lt;b&gt;&amp; co&lt;/b&gt;</h1>" in Path("out/report.html").read_text()
    assert Path("out/figures/sweep.png").stat().st_size > 1000
    assert cli("report", "out")[0] == 2  # exists already
    code, _, err = cli("sweep", "sweep.yaml", "--out", "out", "--figure", "s.svg")
    assert (code, err) == (2, "s.svg exists already\n  replace it with  --force,  or move it away\n")


def test_the_legend_of_the_figure_leaves_the_axes_their_names(found):
    figure = sweep_figure(found)
    figure.canvas.draw()
    (legend,) = figure.legends
    for axes in figure.axes:
        assert not legend.get_window_extent().overlaps(axes.xaxis.label.get_window_extent())
