"""The report of the shipped scenario as a browser shows it: whole, alone, by keyboard, on a phone, and to axe."""

import fcntl
import os
import re
from dataclasses import replace

import html5lib
import numpy as np
import pytest
from support import ROOT

from doseesc.engines.pathways import pathways
from doseesc.report.page.design_charts import as_counted
from doseesc.report.page.figure_plans import designs_on_calendar
from doseesc.report.page.figures import Drawn, phase2_on_page
from doseesc.report.page.page import page_html
from doseesc.report.words import decision_words, recommendation
from doseesc.report.words.verdict import _headline, _price
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.results.verdict import leaders
from doseesc.runs.example_trials import typical_scenario
from doseesc.runs.run_study import run
from doseesc.runs.timed_trials import timed_trials
from doseesc.study import load

SECTIONS = [
    *("Verdict", "The design", "What happens in the scenarios", "Phase 2", "Data and posterior", "Attribution"),
    *("Assumptions", "Provenance"),
]
CHARTS = {
    *("overview", "truths", "selection", "patients", "durations", "duration_ranges", "calendar", "examples"),
    *("variation", "benchmark", "arms", "assurance", "power", "effect", "posterior", "attribution"),
    *("tree_0", "tree_1", "tree_2"),
}
TABLES = {
    *("summary", "priors", "posterior", "scenarios", "selection", "safety", "reasons", "differences", "observation"),
    *("observed", "arms", "phase2", "phase2_trial", "power", "assurance", "phase2_assumptions", "arm-analysis"),
    *("time", "decisions_0", "decisions_2"),
}
FIT = """{
"model": "two-parameter logistic", "verdict": "converged", "converged": true,
"notes": ["a background of 5 % is counted as the drug's"], "target": 0.25, "unit": "1e8 particles per day",
"doses": [
 {"label": "low", "amount": 2, "kind": "level", "mean": 0.08, "low": 0.01, "high": 0.2, "p_over_target": 0.02,
  "p_unsafe": 0.005},
 {"label": "MTD/4", "amount": 4, "kind": "arm", "mean": 0.12, "low": 0.03, "high": 0.25, "p_over_target": 0.06,
  "p_unsafe": 0.01}],
"curve": {"amount": [1, 2, 4], "mean": [0.05, 0.08, 0.12], "low": [0.01, 0.01, 0.03], "high": [0.15, 0.2, 0.25]},
"data": [{"amount": 2, "n": 6, "dlt": 1}]}"""


COVERED = """all => all.filter(svg => svg.checkVisibility()).flatMap(svg => {
    const texts = [...svg.querySelectorAll("text")].map(t => [t.textContent, t.getBoundingClientRect()]);
    const within = texts.filter(([, box]) => box.width);
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return within.flatMap(([text, a], k) => within.slice(0, k).filter(([, b]) =>
        Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0.2 * scale &&
        Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5 * scale).map(([other]) =>
        `${svg.getAttribute("aria-label").slice(0, 30)}: ${other} and ${text}`));
})"""
"""Texts of a chart that lie on one another; boxes of texts are taller than their letters."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report of a plan, and with data, made once however many processes run these tests; figures are left out."""
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if os.environ.get("PYTEST_XDIST_WORKER") else here
    made, ready = shared / "browser_report", shared / "browser_report.ready"
    with (shared / "browser_report.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            results = run(load(ROOT / "scenarios/nct04602104.yaml"), trials=1000)
            write_results(results, made)
            saved, typical = read_results(made), typical_scenario(results)
            timed = timed_trials(results, designs_on_calendar(results), typical)
            drawn = Drawn({}, phase2_on_page(results), timed)
            (made / "plan.html").write_text(page_html(saved, drawn, typical))
            (made / "fit.json").write_text(FIT)
            (made / "report.html").write_text(page_html(read_results(made), drawn, typical))
            ready.touch()
    return made


@pytest.fixture(scope="module")
def tab(chromium, folder):
    """The page, what it asked the network for, and what it complained about."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(10_000)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto((folder / "report.html").as_uri())
    yield page
    page.close()


@pytest.fixture(autouse=True)
def desktop(request):
    if "tab" in request.fixturenames:
        request.getfixturevalue("tab").set_viewport_size({"width": 1280, "height": 900})


def test_browser_shows_every_section_chart_and_table(tab):
    assert tab.locator("main > section > h2").all_text_contents() == [
        f"{k}. {each}" for k, each in enumerate(SECTIONS, start=1)
    ]
    figures = {each.removeprefix("figure-") for each in tab.eval_on_selector_all("figure", "all => all.map(f => f.id)")}
    assert {each for each in figures if not each.startswith("table-")} == CHARTS
    assert {each.removeprefix("table-") for each in figures if each.startswith("table-")} == TABLES
    filled = "all => all.every(t => t.tBodies[0].rows.length > 0)"
    assert tab.eval_on_selector_all("table", filled)
    outside = """all => all.filter(svg => svg.checkVisibility()).flatMap(svg => {
        const frame = svg.getBoundingClientRect();
        return [...svg.querySelectorAll("text")].filter(t => {
            const box = t.getBoundingClientRect();
            const out = box.right > frame.right + 3 || box.left < frame.left - 3 || box.bottom > frame.bottom + 3;
            return box.width && out;
        }).map(t => svg.getAttribute("aria-label").slice(0, 30) + ": " + t.textContent);
    })"""
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.eval_on_selector_all(".chart", outside) == []
    for width in (1280, 390):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.eval_on_selector_all(".chart", COVERED) == []
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 900), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_five_questions_are_answered_on_the_first_screen(chromium, folder, width, height, scheme):
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto((folder / "plan.html").as_uri())
    words = recommendation(read_results(folder).results)
    seen = """([what, least]) => { const e = document.querySelector(what), b = e.getBoundingClientRect();
        const end = Math.min(b.bottom, b.top + least);
        return e.checkVisibility() && b.height > 0 && b.top >= 0 && end <= innerHeight; }"""
    answers = {
        "which": ("#headline", 999, words.headline),
        "why": (".cards", 999, "right dose"),
        "doses": (".doses", 999, "below lowest"),
        "how sure": (".sure", 120, words.flips[0]),
        "assumptions": (".chips .warn", 999, "assumed, unconfirmed: doses, target"),
    }
    for question, (what, least, said) in answers.items():
        assert page.evaluate(seen, [what, least]), question
        assert said in page.locator(what).inner_text(), question
    assert page.evaluate(seen, ["#figure-overview", 100]), "the chart begins on the first screen"
    assert page.locator(".flips").get_attribute("open") == (None if width == 390 else "")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert all(page.get_by_text(each, exact=True).first.is_visible() for each in words.flips)
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    small = """() => [...document.querySelectorAll("main *, header *")].filter(e => e.checkVisibility() &&
        [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())).filter(e => {
        const svg = e.closest("svg"), scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
        return parseFloat(getComputedStyle(e).fontSize) * scale < 10.99;
    }).map(e => e.outerHTML.slice(0, 90))"""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.evaluate(small) == []
    page.close()


def test_the_next_dose_and_the_posterior_come_first_where_there_are_data(tab):
    box = tab.locator(".now")
    assert box.bounding_box()["y"] < tab.locator("#headline").bounding_box()["y"]
    assert "Treat the next 3 patients at medium (8 x 1e8 particles per day)" in box.inner_text()
    assert "After 1 DLT in 6 patients" in box.inner_text()
    assert box.locator("svg").is_visible()


def test_a_design_is_taken_out_of_all_charts(tab):
    button = tab.locator("[data-toggle='0']")
    assert button.inner_text() == "3+3"
    shown = "all => all.filter(g => getComputedStyle(g).display !== 'none').length"
    before = tab.eval_on_selector_all(".chart [data-design='0']", shown)
    others = tab.eval_on_selector_all(".chart [data-design='1']", shown)
    assert before == others > 30
    button.click()
    assert tab.eval_on_selector_all(".chart [data-design='0']", shown) == 0
    assert tab.eval_on_selector_all(".chart [data-design='1']", shown) == others
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert tab.eval_on_selector_all(".chart [data-design='0']", shown) == before


def test_values_are_shown_where_the_pointer_rests(tab):
    mark = tab.locator("#figure-overview .wide .mark").first
    mark.hover()
    words = tab.locator("#tip").inner_text()
    assert words == mark.get_attribute("data-tip")
    assert re.match(r"(3\+3|CRM|BOIN), S5: \d+\.\d, right dose selected, % of trials", words)
    tab.mouse.move(1, 1)
    assert not tab.locator("#tip").is_visible()


def test_sliders_move_the_verdict(tab, folder):
    own = read_results(folder).results.verdict
    assert tab.locator("#live").inner_text() == words_of(own)[0]
    for place, weight in enumerate([0, 0, 0, 100]):
        tab.locator(".sliders input").nth(place).fill(str(weight))
    levels, _ = own.standing.by_true_mtd
    headline, price = words_of(weighed(own, np.where(levels == levels[-1], 1.0, 0.0)))
    assert tab.locator("#live").inner_text() == headline != words_of(own)[0]
    assert tab.locator("#live-price").inner_text() == price
    assert tab.locator("#share-3").inner_text() == "100 %"
    tab.locator("#reset").click()
    assert tab.locator("#live").inner_text() == words_of(own)[0]


def weighed(verdict, by_level, **changes):
    """Return the verdict with these weights of the true MTDs, judged by Python."""
    own = verdict.standing
    levels = np.unique(own.true_mtds)
    total = np.array([own.weights[own.true_mtds == level].sum() for level in own.true_mtds])
    within = own.weights / total
    chosen = within * by_level[np.searchsorted(levels, own.true_mtds)]
    changed = replace(own, weights=chosen / chosen.sum(), **changes)
    return replace(verdict, standing=changed, leaders=leaders(changed, verdict.margin))


def words_of(verdict):
    return _headline(verdict), " ".join(_price(verdict))


def test_the_script_judges_and_speaks_as_python_does(tab, folder):
    verdict = read_results(folder).results.verdict
    own, generator = verdict.standing, np.random.default_rng(4)
    cases, expected = [], []
    for _ in range(300):
        weights = generator.dirichlet(np.full(len(np.unique(own.true_mtds)), 0.5))
        weights = np.where(weights < 0.05, 0.0, weights)
        changes = {
            "correct": generator.permuted(own.correct, axis=1) if generator.random() < 0.7 else own.correct,
            "overdose": generator.permuted(own.overdose, axis=0),
            "error": generator.random(own.error.shape) * generator.choice([0.0, 0.02]),
            "price": float(generator.choice([0.0, 0.5, 2.0])),
            "worst_case": bool(generator.random() < 0.2),
        }
        found = weighed(verdict, weights, **changes)
        expected.append([*words_of(found), [found.leaders.scores[name] for name in own.designs]])
        plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in changes.items()}
        given = {"penalty": plain.pop("price"), "worstCase": plain.pop("worst_case"), **plain}
        cases.append([given, weights.tolist()])
    told = tab.evaluate(
        """cases => cases.map(([changes, weights]) => {
            const found = verdict({...data("verdict-data"), ...changes}, weights);
            return [found.headline, found.price.join(" "), found.scores]; })""",
        cases,
    )
    assert len({headline for headline, _, _ in told}) > 50
    for ours, theirs in zip(expected, told, strict=True):
        assert theirs[:2] == ours[:2]
        assert theirs[2] == pytest.approx(ours[2], abs=1e-12)


def test_the_tree_is_clicked_through(tab, folder):
    results = read_results(folder).results
    design = results.verdict.safest_leader
    place = results.study.names.index(design)
    walk = tab.locator(f".walk[data-walk='{design}']")
    tree = tab.locator(f"#figure-tree_{place} .wide")
    paths = pathways(results.study.designs[design], 4)
    node = int(paths.children(int(paths.children(0)[0]))[0])
    tree.locator(f"[data-node='{node}']").click()
    assert walk.get_attribute("data-node") == str(node)
    assert tree.locator(".chosen").count() == 3
    assert decision_words(paths, node, results.study.dose_labels) in walk.locator("b").inner_text()
    reached = {name: paths.probability(as_counted(results, p))[node] for name, p in results.study.truths.items()}
    likeliest = max(reached, key=reached.get)
    shown = re.search(r"happens in ([\d.]+) % of trials in (\w+)", walk.inner_text())
    assert shown[2] == likeliest
    assert float(shown[1]) == pytest.approx(100 * reached[likeliest], rel=0.05)
    walk.get_by_role("button", name="1", exact=True).click()
    deeper = int(paths.children(node)[1])
    assert walk.get_attribute("data-node") == str(deeper)
    assert walk.locator("li").count() == 3
    walk.get_by_role("button", name="From the start").click()
    first = tree.locator("[data-node='1']")
    first.focus()
    tab.keyboard.press("Enter")
    assert walk.get_attribute("data-node") == "1"


def test_without_a_script_all_is_there_but_what_would_do_nothing(chromium, folder):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((folder / "plan.html").as_uri())
    assert page.locator("#figure-overview .wide svg").is_visible()
    assert page.locator("#figure-tree_2 .wide svg").is_visible()
    for what in (".sliders", ".toggles", ".walk", ".copy"):
        assert not page.locator(what).first.is_visible(), what
    context.close()


def test_page_prints_on_few_sheets(tab):
    printed = tab.pdf(format="A4", print_background=True)
    sheets = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))
    assert 4 <= sheets <= 14
    tab.emulate_media(media="print")
    assert not tab.locator("nav").is_visible()
    assert not tab.locator(".sliders").is_visible()
    tab.emulate_media(media="screen")


def test_page_is_small_and_opens_at_once(tab, folder):
    assert (folder / "report.html").stat().st_size < 2_000_000
    took = tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert 0 < took < 8000  # milliseconds, a generous multiple of what it takes where nothing else runs


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_contents_do_not_overlap(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    overlapping = """all => all.flatMap((a, i) => all.slice(i + 1).filter(b => {
        const x = a.getBoundingClientRect(), y = b.getBoundingClientRect();
        return x.left < y.right && y.left < x.right && x.top < y.bottom - 1 && y.top < x.bottom - 1;
    }).map(b => a.textContent + " / " + b.textContent))"""
    assert tab.eval_on_selector_all("nav a", overlapping) == []
    labels = """all => all.filter(svg => svg.checkVisibility()).flatMap(svg => {
        const texts = [...svg.querySelectorAll("text:not(.halo)")].filter(t => t.textContent);
        return texts.flatMap((one, i) => texts.slice(i + 1).filter(other => {
            const x = one.getBoundingClientRect(), y = other.getBoundingClientRect(), slack = 3;
            const beside = x.left >= y.right - slack || y.left >= x.right - slack;
            return !beside && x.top < y.bottom - slack && y.top < x.bottom - slack;
        }).map(other => one.textContent + " / " + other.textContent));
    })"""
    assert tab.eval_on_selector_all(".dots, .bars, .tree, .strip, .curves", labels) == []


def test_printed_tables_keep_their_headings_on_every_page(tab):
    # Chromium repeats a table's head without the buttons in it, unless these have no box of their own.
    tab.emulate_media(media="print")
    shown = "all => [...new Set(all.map(b => getComputedStyle(b).display))]"
    assert tab.eval_on_selector_all("thead button", shown) == ["contents"]
    tab.emulate_media(media="screen")
    assert tab.eval_on_selector_all("thead button", shown) != ["contents"]


def test_notes_of_the_fit_are_told(tab):
    words = tab.locator("section[aria-labelledby=data]").inner_text()
    assert "Note: a background of 5 % is counted as the drug's." in words
    assert "analysis of the data observed" in tab.locator("section[aria-labelledby=provenance]").text_content()


def test_the_worst_overdosing_and_what_is_not_an_mtd_are_named(tab, folder):
    box = tab.locator("section[aria-labelledby=verdict]").inner_text()
    results = read_results(folder).results
    cells, design = results.cells, results.verdict.safest_leader
    over = {scenario: cell.best.overdose_selection for (scenario, name), cell in cells.items() if name == design}
    worst = max(over, key=over.get)
    assert f"At worst {design} selects a dose above the MTD in {100 * over[worst]:.1f} % of trials ({worst})" in box
    assert "call it the highest dose tested, not the MTD" in box


def test_page_asks_nobody_for_anything_and_complains_of_nothing(tab, folder):
    others = [each for each in tab.asked if not each.startswith("data:")]
    assert others == [(folder / "report.html").as_uri()]
    assert tab.complaints == []


def test_a_table_is_sorted_up_and_down_by_its_numbers(tab):
    tab.evaluate("document.getElementById('t-selection').closest('details').open = true")
    table = tab.locator("#t-selection")
    head = table.locator("thead th").filter(has_text="correct")
    place = table.locator("thead th").all_text_contents().index(head.text_content())

    def column():
        cells = table.locator(f"tbody tr > :nth-child({place + 1})").evaluate_all("all => all.map(c => +c.dataset.key)")
        assert len(cells) == 27
        return cells

    before = column()
    head.locator("button").click()
    assert column() == sorted(before) != before
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert column() == sorted(before, reverse=True)
    assert table.locator("th[aria-sort=descending]").count() == 1


def test_a_table_is_copied_with_tabs_between_its_cells(tab):
    button = tab.locator("#table-summary .copy")
    button.click()
    assert button.text_content() == "Copied"
    tab.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea id=pasted></textarea>')")
    tab.locator("#pasted").focus()
    tab.keyboard.press("Control+V")
    pasted = tab.locator("#pasted").input_value()
    tab.evaluate("document.getElementById('pasted').remove()")
    lines = [line.split("\t") for line in pasted.split("\n")]
    assert [line[0] for line in lines] == ["design", "3+3", "CRM", "BOIN"]
    assert {len(line) for line in lines} == {8}
    assert lines[0][1] == "correct selection, %"


def test_page_is_used_by_keyboard(tab):
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Tab")
    passed = set()
    for _ in range(60):
        passed.add(tab.evaluate("document.activeElement.className.split(' ')[0] || document.activeElement.tagName"))
        if tab.evaluate("document.activeElement.className.split(' ')[0]") == "scroll":
            break
        tab.keyboard.press("Tab")
    assert {"A", "INPUT", "copy"} <= passed
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.getAttribute('aria-sort')") == "ascending"


@pytest.mark.parametrize("width", [1024, 390])
def test_doses_that_may_be_untested_widen_no_page(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    said = "all => all.forEach(e => e.insertAdjacentHTML('beforeend', ' <small>up to 2.7 % untested</small>'))"
    tab.eval_on_selector_all(".doses td:not(:last-child)", said)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    ends = "all => Math.max(...all.map(e => e.getBoundingClientRect().right))"
    assert tab.eval_on_selector_all(".box, .doses", ends) <= width


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window_or_out_of_reach(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    outside = """all => all.filter(e => {
        const box = e.getBoundingClientRect(), frame = e.closest(".scroll, pre, svg");
        return box.width > 0 && !frame && !e.matches(".skip") && (box.right > innerWidth + 1 || box.left < -1);
    }).map(e => e.outerHTML.slice(0, 80))"""
    assert tab.eval_on_selector_all("main *", outside) == []
    # Whatever is wider than the window scrolls in a frame of its own, and says so.
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    silent = """all => all.filter(f => f.scrollWidth > f.clientWidth + 1 &&
        !(getComputedStyle(f).overflowX === "auto" && f.tabIndex === 0 && f.classList.contains("wide-table"))).length"""
    tab.wait_for_function("document.readyState === 'complete'")
    tab.wait_for_timeout(100)  # what opens says so in an event of its own
    assert tab.eval_on_selector_all(".scroll", silent) == 0
    if width == 390:  # the names of the rows stay
        table = tab.locator(".scroll:has(#t-selection)")
        table.evaluate("f => f.scrollLeft = 200")
        head, frame = table.locator("tbody th").first.bounding_box(), table.bounding_box()
        assert head["x"] == pytest.approx(frame["x"], abs=2)
    tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = false)")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_axe_finds_no_barrier(tab, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    # Colours are the same at every width, and take axe most of its time.
    checked = {"svg-img-alt", "label", *(["color-contrast"] if width == 1280 else [])}
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": width == 1280}}}
    # The rows of a table are alike; the first three of each stand for them.
    found = Axe().run(tab, context={"exclude": [["tbody tr:nth-child(n+4)"]]}, options=options)
    tab.emulate_media(color_scheme="light")
    assert found.violations_count == 0, found.generate_report()
    assert checked <= {each["id"] for each in found.response["passes"]}


def test_page_is_valid_html(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for each in tree.iter():
        for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for", "data-for"):
            assert set((each.get(name) or "").split()) <= set(ids), (each.tag, name)
        if (each.get("href") or "").startswith("#"):
            assert each.get("href")[1:] in ids
