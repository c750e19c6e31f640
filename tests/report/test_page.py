"""The report as a page: what is on it, that it stands alone, and that people who cannot see it can use it."""

import copy
import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import jsonschema
import numpy as np
import pytest
from matplotlib.lines import Line2D
from support import THREE_DESIGNS, THREE_DOSES

from doseesc.cli import main
from doseesc.engines.pathways import pathways
from doseesc.files import OutputError
from doseesc.report.charts.palette import DARK_DESIGN_COLOURS, DESIGN_COLOURS, dose_colour, ink_for, relative_luminance
from doseesc.report.figures.pathways import pathways_figure
from doseesc.report.figures.style import design_style, figure_bytes, legend_below, panels
from doseesc.report.page.design_charts import _ranges, as_counted
from doseesc.report.page.figure_plans import figure_plans
from doseesc.report.tables.characteristics import selection_table
from doseesc.report.words.recommendation import recommendation
from doseesc.results.document_models import results_schema
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load

STUDY = (
    """\
study: {title: A <small> study & its report, registry_id: NCT04602104, assumptions: ["doses: assumed"]}
"""
    + THREE_DOSES
    + THREE_DESIGNS
    + """\
observation:
  - {name: deaths replaced, background: 0.05, mortality_28_days: 0.3, deaths: replaced}
phase2_arms:
  - {name: control, control: true}
  - {name: quarter, fraction: 0.25}
  - {name: full, fraction: 1}
simulation: {trials: 500, seed: 7, method: both}
"""
)
VOID = {"meta", "link", "img", "br", "input", "hr"}


class Page(HTMLParser):
    """A page as a list of elements with their texts; complains about wrong nesting."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.stack = [], []
        self.feed(text)
        assert not self.stack, "all elements are closed"

    def handle_starttag(self, tag, attrs):
        element = {"tag": tag, "text": "", "inside": [each["tag"] for each in self.stack], **dict(attrs)}
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag):
        assert self.stack.pop()["tag"] == tag

    def handle_data(self, data):
        for each in self.stack:
            each["text"] += data

    def all(self, *tags):
        return [each for each in self.elements if each["tag"] in tags]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    (folder / "study.yaml").write_text(STUDY)
    made = write_results(run(load(folder / "study.yaml")), folder / "out")
    with pytest.raises(SystemExit) as ended:
        main(["report", str(made)])
    assert not ended.value.code
    return read_results(made), made


@pytest.fixture(scope="module")
def text(saved):
    return (saved[1] / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_results_are_read_back_as_they_were(saved):
    read, folder = saved
    assert read.results.to_document() == json.loads((folder / "results.json").read_text())


def test_page_has_the_sections_and_each_holds_something(page):
    headings = [re.sub(r"^\d+\. ", "", each["text"]) for each in page.all("h2")]
    assert headings == [
        *("Verdict", "The design", "What happens in the scenarios", "Phase 2", "Attribution", "Assumptions"),
        "Provenance",
    ]
    assert len([each for each in page.all("a") if "nav" in each["inside"]]) == len(headings) <= 8
    for section in page.all("section"):
        assert len(section["text"].split()) > 15, section["aria-labelledby"]


def test_the_verdict_comes_first_with_all_that_is_said_of_it(page, saved):
    first = page.all("section")[0]
    found = recommendation(saved[0].results)
    for sentence in (found.headline, found.criterion, *found.price, *found.flips, *found.cautions):
        assert sentence in first["text"]


def test_the_design_shown_first_leads_and_its_worst_scenario_is_named(saved):
    results = saved[0].results
    found = recommendation(results)
    assert found.design in results.verdict.leaders.designs
    worst = min(float(results.cells[each, found.design].best.correct_selection) for each in results.study.truths)
    assert any(f"{100 * worst:.1f} %" in each for each in found.cautions)


def test_page_needs_no_network(page, text):
    for each in page.elements:
        assert each["tag"] not in ("img", "iframe", "object", "video")
        for name in ("src", "href", "srcset", "action", "data"):
            address = each.get(name) or ""
            assert address.startswith(("data:", "#")) or not address, address
    assert "default-src 'none'" in next(each["content"] for each in page.all("meta") if "http-equiv" in each)
    assert not re.search(r"@import|url\((?!#)|fetch\(|XMLHttpRequest|https?://(?!www\.w3)", text.replace(STUDY, ""))


def test_identities_are_unique_and_links_lead_somewhere(page):
    ids = [each["id"] for each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))
    assert {each["href"][1:] for each in page.all("a")} <= set(ids)
    assert {each["aria-labelledby"] for each in page.elements if "aria-labelledby" in each} <= set(ids)
    assert {each["data-for"] for each in page.elements if "data-for" in each} <= set(ids)


def test_pathways_have_the_probabilities_of_what_the_trial_counts(saved):
    results = saved[0].results
    truth = results.study.truths["middle"]
    counted = as_counted(results, truth)
    assert counted == pytest.approx(results.study.observations["deaths replaced"].law(truth).observed_dlt)
    assert (counted > truth).all()
    plan = next(each for each in figure_plans(saved[0], "middle") if each.name == "pathways_2")
    paths = pathways(results.study.designs["CRM"], 3)
    tree = pathways_figure(paths, {"middle": counted}, results.study.dose_labels)
    assert figure_bytes(plan.draw(), "svg") == figure_bytes(tree, "svg")


def test_page_speaks_of_methods_and_rules_in_words(text):
    assert "exact enumeration and simulation" in text
    assert "An arm gets its fraction of the MTD, whether that dose was tested or not." in text
    assert "method both" not in text
    assert "rule is exact" not in text
    assert "CRM decides from more than patients and DLTs at the current dose" in text


def test_headings_never_skip_a_level(page):
    levels = [int(each["tag"][1]) for each in page.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert max(np.diff(levels)) <= 1


def test_charts_are_said_in_words_and_told_as_findings(page):
    charts = [each for each in page.all("svg") if "chart" in each.get("class", "")]
    assert len(charts) > 20
    for each in charts:
        assert each["role"] == "img"
        assert len(each["aria-label"].split()) >= 4
        assert re.search(r"\d|most|none", each["aria-label"]), "a finding, not a topic"
    bold = [each for each in page.all("b") if each["inside"][-1] == "figcaption"]
    titles = [each["text"] for each in bold]
    assert any(each.startswith("What is assumed: the right dose is") for each in titles)
    assert any("most often selects the right dose in" in each for each in titles)
    assert any("of the 3 patients at the current dose, 0 DLT: escalate; " in each for each in titles)


def test_a_single_patient_is_told_as_one():
    table, _ = _ranges({1: ("E", "D"), 2: ("E", "S", "D")}, "BOIN", 1, 1)
    assert table.caption == "BOIN: of the 1 patient at the current dose, 0 DLT: escalate; 1 DLT: de-escalate"


def test_figures_for_slides_are_saved(saved):
    names = {path.stem for path in (saved[1] / "figures").glob("*.svg")}
    assert {"truths", "selection", "safety", "efficiency", "distribution", "arms", "observation"} <= names
    assert {"decisions_1", "decisions_3", "pathways_1", "pathways_2", "pathways_3"} <= names
    assert ">expected patients per trial<" in (saved[1] / "figures/safety.svg").read_text(), "words are words"


def test_figures_are_saved_as_svg_and_png(saved):
    for path in (saved[1] / "figures").glob("*.svg"):
        assert ElementTree.fromstring(path.read_bytes()).tag.endswith("svg")
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_every_long_table_is_folded_and_can_be_sorted_copied_and_understood(page):
    framed = [each for each in page.all("table") if each.get("id")]
    assert len(framed) == len([each for each in page.all("button") if each.get("class") == "copy js"]) > 8
    heads = [each for each in page.all("th") if "thead" in each["inside"]]
    sorted_by = [each for each in heads if "aria-sort" in each]
    assert all(each["scope"] == "col" for each in heads)
    assert len([each for each in page.all("button") if "thead" in each["inside"]]) == len(sorted_by)
    assert all(each.get("tabindex") == "0" for each in page.all("div") if each.get("class") == "scroll")
    for place, each in enumerate(page.elements):
        if each["tag"] == "table":
            own = page.elements[place + 1 :]
            rows = 0
            for inner in own:
                if "table" not in inner["inside"]:
                    break
                rows += inner["tag"] == "tr" and inner["inside"][-1] == "tbody"
            assert rows <= 12 or "details" in each["inside"]


def test_tables_hold_the_exact_values_and_the_simulated_ones_with_their_errors(saved):
    results = saved[0].results
    table = selection_table(results)
    row = next(each for each in table.rows if (each[0].text, each[1].text) == ("middle", "BOIN"))
    cell = results.cells["middle", "BOIN"]
    medium = row[2 + 2]
    assert medium.text == f"★ {100 * cell.exact.selected[2]:.1f}"
    simulated, error = 100 * cell.simulated.selected[2], 100 * cell.simulated.mcse.selected[2]
    assert medium.small == f"{simulated:.1f} ± {error:.1f}"


def test_provenance_ends_with_the_scenario_verbatim(page, saved):
    assert page.all("pre")[-1]["text"] == STUDY
    last = page.all("section")[-1]["text"]
    for word in (saved[0].results.provenance_now()["scenario_sha256"], "500", "7"):
        assert word in last
    assert "doses: assumed" in page.all("section")[-2]["text"]


def ground(text):
    """Return the variables of the style sheet, by day and in the dark."""
    blocks = re.findall(r":root\{color-scheme[^}]*\}|dark\)\{:root\{--bg[^}]*\}", text)
    found = [dict(re.findall(r"--(\w+):#([0-9a-f]{3,6})", block)) for block in blocks]
    return [
        {name: f"#{each if len(each) == 6 else ''.join(2 * c for c in each)}" for name, each in own.items()}
        for own in found
    ]


def contrast(one, other):
    high, low = sorted((relative_luminance(one), relative_luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_colours_of_the_page_can_be_read_by_day_and_in_the_dark(text):
    by_day, in_the_dark = ground(text)
    for colours, designs in ((by_day, DESIGN_COLOURS), (in_the_dark, DARK_DESIGN_COLOURS)):
        for paper in ("bg", "panel"):
            for ink in (colours["ink"], colours["soft"], colours["link"], *designs):
                assert contrast(colours[paper], ink) >= 4.5, (paper, ink)
        for paper in "ESDU":
            assert contrast(colours[paper], colours["ink"]) >= 4.5
        assert contrast(colours["warn"], colours["warnink"]) >= 4.5


def test_doses_and_designs_differ_in_grey():
    shades = [relative_luminance(dose_colour(level, 5)) for level in range(1, 6)]
    assert max(np.diff(shades)) < -0.02
    assert len({design_style(place)[1:] for place in range(8)}) == 8
    assert len({design_style(place) for place in range(24)}) == 24
    for level in range(6):
        assert contrast(dose_colour(level, 5), ink_for(dose_colour(level, 5))) >= 4.5


def test_a_long_legend_lies_within_its_figure_and_below_the_panels():
    figure, axes = panels(2, columns=2, height=1.7)
    legend_below(figure, [Line2D([], [], label=f"design number {each}") for each in range(17)], 17)
    figure.canvas.draw()
    legend, whole = figure.legends[0].get_window_extent(), figure.bbox
    assert legend.x0 >= 0
    assert legend.x1 <= whole.width
    assert legend.y1 <= min(each.get_tightbbox().y0 for each in axes)
    assert max(each.get_tightbbox().y1 for each in axes) <= whole.height


def test_figures_are_the_same_bytes_each_time(saved):
    from doseesc.report.figures.characteristics import efficiency_figure

    results = saved[0].results
    assert figure_bytes(efficiency_figure(results), "svg") == figure_bytes(efficiency_figure(results), "svg")


def test_report_is_the_same_each_time_and_by_the_library(saved, cli):
    before = (saved[1] / "report.html").read_bytes()
    (saved[1] / "report.html").unlink()
    exec(cli("report", str(saved[1]), "--force", "--show-code")[1], {})
    assert (saved[1] / "report.html").read_bytes() == before


def test_report_is_not_replaced_unless_forced(saved, cli):
    code, _, errors = cli("report", str(saved[1]))
    assert code == 2
    assert "report.html exists already" in errors
    assert "--force" in errors


@pytest.mark.parametrize("content", [None, "{", '{"format": "another"}', '{"format": "doseesc results 1"}'])
def test_folder_without_results_is_refused(content, tmp_path, cli):
    if content is not None:
        (tmp_path / "results.json").write_text(content)
    for command in ("report", "protocol"):
        code, _, errors = cli(command, str(tmp_path))
        assert code == 2
        assert "results.json" in errors
        assert "doseesc run FILE" in errors
    with pytest.raises(OutputError, match=r"results\.json"):
        read_results(tmp_path)


def test_run_writes_a_report_of_a_plain_study(scenario_file, small_scenario, cli, tmp_path):
    scenario_file(small_scenario)
    code, out, _ = cli("run", "mine.yaml", "--trials", "50", "--method", "monte_carlo", "--report")
    assert code == 0
    assert "open results/mine/report.html" in out
    page = Page((tmp_path / "results/mine/report.html").read_text(encoding="utf-8"))
    headings = " ".join(each["text"] for each in page.all("h2"))
    for absent in ("Phase 2", "Data", "Attribution"):
        assert absent not in headings
    assert "±" in next(each for each in page.all("table") if each.get("id") == "t-selection")["text"]
    code, out, _ = cli("run", "mine.yaml", "--report", "--show-code")
    assert "report_files(read_results('results/mine'))" in out


def test_results_schema_describes_what_is_written(saved, cli):
    document, schema = saved[0].results.to_document(), results_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(document, schema)
    assert json.loads(cli("schema", "--results")[1]) == schema
    for part in ("cells", "provenance"):
        wrong = copy.deepcopy(document)
        del wrong[part]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
    wrong = copy.deepcopy(document)
    wrong["cells"][0]["exact"]["selected"][0] = 1.5
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)
