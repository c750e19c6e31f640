"""The report of the shipped scenario as a browser shows it: whole, alone, on paper, on a phone, and to axe."""

import re

import html5lib
import pytest

from doseesc.report.words import recommendation
from doseesc.results.reading import read_results

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
def test_five_questions_are_answered_on_the_first_screen(chromium, browser_report, width, height, scheme):
    page = chromium.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto((browser_report / "plan.html").as_uri())
    words = recommendation(read_results(browser_report).results)
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


def test_without_a_script_all_is_there_but_what_would_do_nothing(chromium, browser_report):
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto((browser_report / "plan.html").as_uri())
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


def test_page_is_small_and_opens_at_once(tab, browser_report):
    assert (browser_report / "report.html").stat().st_size < 2_000_000
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


def test_the_worst_overdosing_and_what_is_not_an_mtd_are_named(tab, browser_report):
    box = tab.locator("section[aria-labelledby=verdict]").inner_text()
    results = read_results(browser_report).results
    cells, design = results.cells, results.verdict.safest_leader
    over = {scenario: cell.best.overdose_selection for (scenario, name), cell in cells.items() if name == design}
    worst = max(over, key=over.get)
    assert f"At worst {design} selects a dose above the MTD in {100 * over[worst]:.1f} % of trials ({worst})" in box
    assert "call it the highest dose tested, not the MTD" in box


def test_page_asks_nobody_for_anything_and_complains_of_nothing(tab, browser_report):
    others = [each for each in tab.asked if not each.startswith("data:")]
    assert others == [(browser_report / "report.html").as_uri()]
    assert tab.complaints == []


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


def test_page_is_valid_html(browser_report):
    text = (browser_report / "report.html").read_text(encoding="utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    ids = [each.get("id") for each in tree.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for each in tree.iter():
        for name in ("aria-labelledby", "aria-describedby", "aria-controls", "for", "data-for"):
            assert set((each.get(name) or "").split()) <= set(ids), (each.tag, name)
        if (each.get("href") or "").startswith("#"):
            assert each.get("href")[1:] in ids
