"""The panel "drag the truth": its figures and words are those of a run, and whoever cannot drag can use it."""

from functools import partial

import numpy as np
import pytest
from support import ROOT, THREE_DESIGNS, THREE_DOSES

from designs import BOIN
from doseesc.engines import TooManyStates, enumerate_paths
from doseesc.report.page import PANEL_SCRIPTS, PANEL_STYLE, truth_panel_data
from doseesc.report.page.figures import Drawn
from doseesc.report.page.page import page_html
from doseesc.report.words.verdict import _flips, _headline, _price
from doseesc.results import SavedRun
from doseesc.results.verdict import verdict_of
from doseesc.runs import run, typical_scenario
from doseesc.study import Comparison, load


@pytest.fixture(scope="module")
def results():
    return run(load(ROOT / "scenarios/nct04602104.yaml"), method="exact", trials=50)


@pytest.fixture(scope="module")
def tab(chromium, results, tmp_path_factory):
    """The report of the shipped scenario, without what is simulated for it."""
    file = tmp_path_factory.mktemp("panel") / "report.html"
    file.write_text(page_html(SavedRun(results), Drawn({}, None, []), typical_scenario(results)))
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(10_000)
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(file.as_uri())
    yield page
    assert page.complaints == []
    page.close()


@pytest.fixture
def panel(tab):
    """The panel where it begins, at S3."""
    tab.set_viewport_size({"width": 1280, "height": 900})
    tab.evaluate("scrollTo(0, 0)")
    tab.locator("#truth-scenario").select_option("S3")
    tab.locator("#truth").scroll_into_view_if_needed()
    settled(tab)
    return tab.locator("#truth")


def settled(tab):
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def bars(panel):
    """The right, too high and patients beside the bar of each design."""
    told = panel.locator(".truth-bars b").all_text_contents()
    return [told[place : place + 3] for place in range(0, len(told), 3)]


def curve(panel):
    return [float(each.get_attribute("aria-valuenow")) for each in panel.locator(".truth-point").all()]


@pytest.mark.parametrize("name", ["S0", "S4", "S5", "S8"])
def test_at_the_scenarios_of_the_study_the_figures_are_those_of_the_run(panel, tab, results, name):
    tab.locator("#truth-scenario").select_option(name)
    settled(tab)
    expected = [results.cells[name, design].exact for design in results.study.names]
    percent = "{:.1f} %".format
    assert bars(panel) == [
        [percent(100 * each.correct_selection), percent(100 * each.overdose_selection), f"{each.total_patients:.1f}"]
        for each in expected
    ]
    rows = {
        row.locator("th").text_content().split(" then")[0]: row.locator("td").all_text_contents()
        for row in panel.locator("tbody tr").all()
    }
    assert rows["selects none, %"] == [f"{100 * each.selected[0]:.1f}" for each in expected]
    assert rows["selects medium, %"] == [f"{100 * each.selected[2]:.1f}" for each in expected]
    assert rows["patients at high"] == [f"{each.patients[2]:.1f}" for each in expected]
    assert rows["patients above the MTD"] == [f"{each.patients_above_mtd:.1f}" for each in expected]
    assert rows["DLTs"] == [f"{each.total_dlts:.1f}" for each in expected]
    assert rows["stops before its last patient, %"] == [f"{100 * each.stopped_early:.1f}" for each in expected]
    assert panel.locator("tbody tr").count() == 2 + 4 + 3 + 4
    then = panel.locator("tbody th small").all_text_contents()
    assert then == [f"then Phase 2 gets {mtd / 4:g} (dosage 1) and {mtd} (dosage 2)" for mtd in (2, 8, 16)]
    flips = [
        each for each in _flips(results.verdict, results) if " overtakes " in each or each.startswith("If a point")
    ]
    own = " ".join([f"The study's answer with {name} as it is: {_headline(results.verdict)}", *flips])
    assert panel.get_by_text(own, exact=True).count() == 1


def test_of_the_one_curve_that_is_drawn_nothing_is_said_to_be_at_worst_or_on_average(panel):
    assert "BOIN selects a dose above the MTD in 6.6 % of trials and treats 1.8 of 17.8 patients above it. Safer: " in (
        panel.text_content()
    )
    assert "At worst" not in panel.text_content()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The shipped scenario with 25 more truths, run."""
    truths = np.sort(np.random.default_rng(7).random((25, 3)) ** 1.5, axis=1)
    lines = [f"  - {{name: d{k}, dlt: [{a}, {b}, {c}]}}\n" for k, (a, b, c) in enumerate(truths.tolist())]
    text = (ROOT / "scenarios/nct04602104.yaml").read_text()
    after = "dlt: {low: 0.02, medium: 0.03, high: 0.50}}\n"
    file = tmp_path_factory.mktemp("drawn") / "study.yaml"
    file.write_text(text.replace(after, after + "".join(lines)))
    return run(load(file), method="exact", trials=50)


@pytest.mark.parametrize(
    "comparison",
    [
        {},
        {"weights": "scenarios", "counts": "correct_less_overdosing", "penalty": 0.5},
        {"weights": {"S3": 2, "S4": 1, "S5": 1}, "counts": "worst_case", "margin": 0.0},
    ],
)
def test_any_truth_is_judged_in_the_words_of_the_library(tab, results, drawn, comparison):
    truths = {name: truth for name, truth in drawn.study.truths.items() if name.startswith("d")}
    data = truth_panel_data(results.study.model_copy(update={"comparison": Comparison(**comparison)}))
    if isinstance(comparison.get("weights"), dict):
        comparison = {**comparison, "weights": comparison["weights"] | dict.fromkeys(truths, 2)}
    study = drawn.study.model_copy(update={"comparison": Comparison(**comparison)})
    told = tab.evaluate(
        """([data, truths]) => {
            const panel = truthPanel(Object.assign(document.createElement("div"), {id: "alone"}), data);
            return truths.map(truth => { panel.set(truth, "S3"); return panel.state(); });
        }""",
        [data, [truth.tolist() for truth in truths.values()]],
    )
    told_flips = set()
    for name, state in zip(truths, told, strict=True):
        here = {key: cell for key, cell in drawn.cells.items() if key[0] == name}
        instead = {}
        for scenario, design in results.cells:
            key = (name if scenario == "S3" else scenario, design)
            instead[key] = drawn.cells[key]
        for verdict, cells in ((state["verdict"], here), (state["study"], instead)):
            expected = verdict_of(study, cells)
            assert verdict["headline"] == _headline(expected)
            assert verdict["price"] == [each.replace(f"({name})", "(as drawn)") for each in _price(expected)]
            scores = [expected.leaders.scores[each] for each in expected.standing.designs]
            moving = [
                each for each in _flips(expected, drawn) if " overtakes " in each or each.startswith("If a point")
            ]
            assert verdict["flips"] == [each for each in moving if not expected.standing.worst_case]
            told_flips.update(each.split()[1] for each in moving)
            assert verdict["scores"] == pytest.approx(scores, abs=1e-10)
        assert state["moved"]
    assert len({state["verdict"]["headline"] for state in told}) > 15
    assert told_flips == (set() if comparison.get("counts") == "worst_case" else {"overtakes", "a"})


def test_a_drag_redraws_bars_and_verdict_all_the_way(panel, tab, results):
    tab.evaluate(
        """() => { redraws = 0; said = new Set();
            const drawn = () => { redraws += 1; said.add(document.querySelector("#truth .headline").textContent); };
            new MutationObserver(drawn).observe(document.querySelector("#truth .curve"), {attributes: true}); }"""
    )
    before, headline = bars(panel), panel.locator(".headline").text_content()
    spot = panel.locator(".truth-point").nth(1).locator(".dot, .star").bounding_box()
    x, y = spot["x"] + spot["width"] / 2, spot["y"] + spot["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    for step in range(60):
        tab.mouse.move(x, y - 2 * (step + 1))
    tab.mouse.up()
    settled(tab)
    low, medium, high = curve(panel)
    assert low == 10
    assert 60 < medium < 100
    assert high == medium
    assert tab.evaluate("redraws") >= 20
    assert tab.evaluate("said.size") >= 10
    assert bars(panel) != before
    assert panel.locator(".headline").text_content() != headline
    assert panel.get_by_text("Under this truth low is right.").count() == 1
    assert panel.locator(".truth-from").text_content() == "moved from S3"
    panel.locator(".truth-live", has_text="low is right").wait_for(state="attached")
    panel.get_by_role("button", name="Back to it").click()
    settled(tab)
    assert curve(panel) == [10, 25, 45]
    assert bars(panel) == before
    assert panel.locator(".truth-from").text_content() == ""


def test_points_move_by_keys_and_numbers_by_hand(panel, tab):
    point = panel.locator(".truth-point").nth(2)
    point.focus()
    for key, expected in [
        ("ArrowUp", 46),
        ("ArrowLeft", 45),
        ("Shift+ArrowDown", 44.9),
        ("PageUp", 49.9),
        ("End", 100),
    ]:
        tab.keyboard.press(key)
        settled(tab)
        assert curve(panel)[2] == expected, key
    assert point.get_attribute("aria-label") == "DLT probability at high (16 x 1e8 particles per day)"
    tab.keyboard.press("Home")
    settled(tab)
    assert curve(panel) == [0, 0, 0]
    number = panel.locator("input[type=number]")
    number.nth(1).fill("23.75")
    settled(tab)
    assert curve(panel) == [0, 23.75, 23.75]
    assert number.nth(2).input_value() == "23.75"
    number.nth(0).fill("120")
    settled(tab)
    assert curve(panel) == [0, 23.75, 23.75]
    number.nth(0).fill("")
    number.nth(0).blur()
    assert number.nth(0).input_value() == "0"
    ranges = panel.locator("input[type=range]")
    ranges.nth(2).focus()
    tab.keyboard.press("ArrowRight")
    settled(tab)
    assert curve(panel)[2] == pytest.approx(24, abs=0.5)
    assert ranges.nth(2).get_attribute("aria-valuetext") == f"{curve(panel)[2]:g} %"


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1440, "dark")])
def test_axe_finds_no_barrier_in_the_panel(panel, tab, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    panel.locator("summary").click()
    found = Axe().run(tab, context={"include": [["#drag"]]}, options={"resultTypes": ["violations"]})
    fits = tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    panel.locator("summary").click()
    tab.emulate_media(color_scheme="light")
    assert found.violations_count == 0, found.generate_report()
    assert fits


def test_the_first_screen_leads_to_the_panel(panel, tab):
    tab.locator(".sure a", has_text="drag the truth").click()
    assert tab.evaluate("location.hash") == "#drag"
    assert panel.is_visible()


def test_print_leaves_the_panel_out(panel, tab):
    assert panel.is_visible()
    tab.emulate_media(media="print")
    assert not panel.is_visible()
    tab.emulate_media(media="screen")


def test_nothing_moves_by_itself():
    # so that there is nothing to leave out for those who prefer reduced motion
    assert "transition" not in PANEL_STYLE.read_text()
    assert "animation" not in PANEL_STYLE.read_text()


SMALL = "study: {title: A small study}\n" + THREE_DOSES + THREE_DESIGNS


def test_a_title_of_a_scenario_is_shown_as_it_stands(tab, study_of):
    text = SMALL.replace("none is toxic", "<img src=x onerror=alert(1)>").replace("low, medium", "'<b>low</b>', medium")
    shown = tab.evaluate(
        """data => { const box = Object.assign(document.createElement("div"), {id: "hostile"});
            truthPanel(box, data); return [box.querySelectorAll("img, b b, text b").length, box.textContent]; }""",
        truth_panel_data(study_of(text.replace("prior_mtd: medium", "prior_mtd: 2"))),
    )
    assert shown[0] == 0
    assert "<img src=x onerror=alert(1)>" in shown[1]
    assert "<b>low</b>" in shown[1]


@pytest.fixture
def study_of(scenario_file):
    return lambda text: load(scenario_file(text))


def test_designs_that_a_page_cannot_sum_are_named(study_of):
    study, asked = study_of(SMALL), []

    def paths(design):
        asked.append(type(design).__name__)
        if asked[-1] == "CRM":
            raise TooManyStates("too many")
        return enumerate_paths(design)

    data = truth_panel_data(study, first=["BOIN"], paths=paths)
    assert asked == ["BOIN", "ThreePlusThree", "CRM"]
    assert [each["name"] for each in data["designs"]] == ["3+3", "BOIN"]
    assert [each["colour"] for each in data["designs"]] == [0, 2]
    assert not data["whole"]
    why = "the trials would end in more ways than the 50,000 that this page sums."
    assert data["notes"][-1] == f"CRM is not here: {why}"
    # Together they have more, so that those asked for first come in.
    ends = len(truth_panel_data(study)["designs"][2]["ends"]["orders"])
    few = truth_panel_data(study, first=["BOIN"], most_ends=ends)
    assert [each["name"] for each in few["designs"]] == ["BOIN"]
    assert few["notes"][-1] == f"3+3 and CRM are not here: {why.replace('50,000', str(ends))}"


def test_on_a_calendar_the_panel_says_that_outcomes_are_complete(study_of):
    study = study_of(SMALL + "accrual: {per_month: 2}\n")
    assert not [each for each in truth_panel_data(study)["notes"] if "calendar" in each]
    study = study_of((SMALL + "accrual: {per_month: 2}\n").replace("type: BOIN", "type: BOIN, pending: weighted"))
    (told,) = [each for each in truth_panel_data(study)["notes"] if "calendar" in each]
    assert "all outcomes are known before each decision" in told
    assert "BOIN decides otherwise on the study's calendar" in told


def test_a_model_in_pymc_is_not_sampled_for_the_panel(monkeypatch, study_of):
    monkeypatch.setattr("doseesc.inference.PymcDesign", BOIN)  # in its place: PyMC takes long to load
    data = truth_panel_data(study_of(SMALL))
    assert [each["name"] for each in data["designs"]] == ["3+3", "CRM"]
    assert data["notes"][-1] == "BOIN is not here: a model in PyMC is sampled for every tally."


def test_a_page_without_a_panel_says_why(monkeypatch, study_of):
    found = run(study_of(SMALL), method="exact", trials=50)
    whole = page_html(SavedRun(found), Drawn({}, None, []), "middle")
    assert 'id="truth-data"' in whole
    assert "cannot be dragged" not in whole
    data = partial(truth_panel_data, most_ends=3)
    monkeypatch.setattr("doseesc.report.page.page.truth_panel_data", data)
    without = page_html(SavedRun(found), Drawn({}, None, []), "middle")
    assert "The truth cannot be dragged on this page. 3+3, CRM and BOIN are not here" in without
    assert "truth-data" not in without
    assert "truthPanel" not in without
    assert len(whole) - len(without) < 40_000


def test_every_script_of_the_panel_is_there():
    assert [each.name for each in PANEL_SCRIPTS] == ["exact_ends.js", "verdict.js", "truth_panel.js"]
    assert all(each.stat().st_size for each in (*PANEL_SCRIPTS, PANEL_STYLE))


def test_what_a_trial_sees_is_known_though_nobody_would_be_evaluable_where_all_have_a_dlt(tab, study_of):
    seeing = "{death_in_window: 0.5, death_relative_risk: 2, adjudication: {sensitivity: 0, specificity: 0.9}}"
    study = study_of(f"{SMALL}observation: {seeing}\n")
    with pytest.raises(ValueError, match="evaluable"):
        study.own_model.law([1.0])
    without, with_dlt = truth_panel_data(study)["seen"]
    assert with_dlt[1] == pytest.approx(0, abs=1e-12)
    p = np.array([0.1, 0.3, 0.6])
    mixed = [(1 - p) * a + p * b for a, b in zip(without, with_dlt, strict=True)]
    seen = study.own_model.law(p).observed_dlt
    assert mixed[0] / mixed[1] == pytest.approx(seen, abs=1e-12)
    told = tab.evaluate("([p, law]) => exactEnds.seen(p, law)", [p.tolist(), [without, with_dlt]])
    assert told == pytest.approx(seen, abs=1e-12)


def test_what_a_key_changes_is_painted_at_once(panel, tab):
    panel.locator(".truth-point").nth(1).focus()
    took = tab.evaluate(
        """async () => {
            const took = [], frame = () => new Promise(requestAnimationFrame);
            const shown = () => document.activeElement.getAttribute("aria-valuenow");
            for (let k = 0; k < 15; k++) {
                const before = shown(), begun = performance.now(), key = k % 2 ? "ArrowDown" : "ArrowUp";
                document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
                while (shown() === before) await frame();
                await frame(); // the frame after it begins when it is painted
                took.push(performance.now() - begun);
            }
            return took;
        }"""
    )
    assert len(took) == 15
    assert np.median(took) < 500  # milliseconds; some twenty on a free machine
