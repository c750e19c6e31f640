"""The report of the shipped scenario as a browser shows it: whole, alone, by keyboard, on a narrow screen, and to axe.

Needs Playwright and a Chromium of the system; DOSEESC_CHROMIUM names another one.  Without them the tests are skipped,
or fail where DOSEESC_REQUIRE_BROWSER is set.
"""

import fcntl
import os
import shutil

import html5lib
import pytest
from support import ROOT

from doseesc.files import add_files
from doseesc.report.page.page import report_files
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load

QUIET = ("disable-gpu", "no-first-run", "disable-background-networking", "disable-component-update", "disable-sync")
NAMES = ("chromium", "chromium-browser", "google-chrome")
SECTIONS = [
    *("Identification", "Objectives and estimands", "Design overview", "DLT specification"),
    *("Statistical models, priors and posterior", "Decision tables and pathways", "Example trials", "Scenarios"),
    *("Operating characteristics", "Time", "Comparators", "Sensitivity to attribution", "Phase 2"),
    *("Replication and verification", "Assumptions and limitations", "Conclusions", "Code, data and provenance"),
]
FIGURES = {
    *("truths", "selection", "safety", "posterior", "decisions_1", "pathways_1", "pathways_2", "decisions_3"),
    *("pathways_3", "distribution", "efficiency", "observation", "arms", "power", "assurance"),
    *("durations", "calendar"),
}
TABLES = {
    *("summary", "priors", "posterior", "scenarios", "selection", "safety", "reasons", "differences", "observation"),
    *("observed", "arms", "phase2", "phase2_trial", "power", "assurance", "phase2_assumptions", "arm-analysis"),
    "time",
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The report, made once however many processes run these tests."""
    here = tmp_path_factory.getbasetemp()
    shared = here.parent if os.environ.get("PYTEST_XDIST_WORKER") else here
    made, ready = shared / "browser_report", shared / "browser_report.ready"
    with (shared / "browser_report.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            results = run(load(ROOT / "scenarios/nct04602104.yaml"), trials=1000)
            write_results(results, made)
            (made / "fit.json").write_text(FIT)
            add_files(report_files(read_results(made)), made)
            ready.touch()
    return made


@pytest.fixture(scope="module")
def chromium():
    missing = pytest.fail if os.environ.get("DOSEESC_REQUIRE_BROWSER") else pytest.skip
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("Playwright is not installed")
    path = os.environ.get("DOSEESC_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        missing(f"there is no browser: none of {', '.join(NAMES)} is on the path, and DOSEESC_CHROMIUM names none")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox", *(f"--{each}" for each in QUIET)]
        )
        yield browser
        browser.close()


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


def test_browser_shows_every_section_figure_and_table(tab):
    shown = tab.locator("main > section > h2")
    assert shown.all_text_contents() == ["Summary", *(f"{k}. {each}" for k, each in enumerate(SECTIONS, start=1))]
    figures = {each.removeprefix("figure-") for each in tab.eval_on_selector_all("figure", "all => all.map(f => f.id)")}
    assert {each for each in figures if not each.startswith("table-")} == FIGURES
    assert {each.removeprefix("table-") for each in figures if each.startswith("table-")} == TABLES
    drawn = "all => all.every(i => i.complete && i.naturalWidth > 100 && i.getBoundingClientRect().height > 50)"
    assert tab.eval_on_selector_all("img", drawn)
    filled = "all => all.every(t => t.tBodies[0].rows.length > 0 && t.getBoundingClientRect().width > 100)"
    assert tab.eval_on_selector_all("table", filled)
    assert (
        tab.eval_on_selector_all("section", "all => Math.min(...all.map(s => s.innerText.split(/\\s+/).length))") > 20
    )


@pytest.mark.parametrize("width", [1280, 800, 390])
def test_contents_do_not_overlap(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    overlapping = """all => all.flatMap((a, i) => all.slice(i + 1).filter(b => {
        const x = a.getBoundingClientRect(), y = b.getBoundingClientRect(), number = 28;
        return x.left < y.right && y.left - number < x.right && x.top < y.bottom - 1 && y.top < x.bottom - 1;
    }).map(b => a.textContent + " / " + b.textContent))"""
    assert tab.eval_on_selector_all("nav a", overlapping) == []


def test_printed_tables_keep_their_headings_on_every_page(tab):
    # Chromium repeats a table's head without the buttons in it, unless these have no box of their own.
    tab.emulate_media(media="print")
    shown = "all => [...new Set(all.map(b => getComputedStyle(b).display))]"
    assert tab.eval_on_selector_all("thead button", shown) == ["contents"]
    tab.emulate_media(media="screen")
    assert tab.eval_on_selector_all("thead button", shown) != ["contents"]


def test_notes_of_the_fit_are_told(tab):
    words = tab.locator("section[aria-labelledby=models]").inner_text()
    assert "Note: a background of 5 % is counted as the drug's." in words
    assert "analysis of the data observed" in tab.locator("section[aria-labelledby=identification]").inner_text()


def test_summary_names_the_worst_overdosing_and_what_is_not_an_mtd(tab, folder):
    box = tab.locator(".answer").inner_text()
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
    assert {len(line) for line in lines} == {7}
    assert lines[0][1] == "correct selection, %"


def test_page_is_used_by_keyboard(tab):
    tab.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "skip"
    assert tab.locator(".skip").bounding_box()["x"] >= 0
    tab.keyboard.press("Tab")
    while tab.evaluate("document.activeElement.tagName") == "A":
        tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className") == "copy"
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.className.split(' ')[0]") == "scroll"
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    tab.keyboard.press("Tab")
    tab.keyboard.press("Enter")
    assert tab.evaluate("document.activeElement.parentElement.getAttribute('aria-sort')") == "ascending"


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_window_or_out_of_reach(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    outside = """all => all.filter(e => {
        const box = e.getBoundingClientRect(), frame = e.closest(".scroll, pre");
        return box.width > 0 && !frame && !e.matches(".skip") && (box.right > innerWidth + 1 || box.left < -1);
    }).map(e => e.outerHTML.slice(0, 80))"""
    assert tab.eval_on_selector_all("main *", outside) == []
    # Whatever is wider than the window scrolls in a frame of its own, and says so.
    silent = """all => all.filter(f => f.scrollWidth > f.clientWidth + 1 &&
        !(getComputedStyle(f).overflowX === "auto" && f.tabIndex === 0 && f.classList.contains("wide"))).length"""
    tab.wait_for_function("document.readyState === 'complete'")
    assert tab.eval_on_selector_all(".scroll", silent) == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_no_barrier(tab, width):
    from axe_playwright_python.sync_playwright import Axe

    tab.set_viewport_size({"width": width, "height": 900})
    # Colours are the same at every width, and take axe most of its time.
    checked = {"image-alt", "scrollable-region-focusable", *(["color-contrast"] if width == 1280 else [])}
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": width == 1280}}}
    # The rows of a table are alike; the first three of each stand for them.
    found = Axe().run(tab, context={"exclude": [["tbody tr:nth-child(n+4)"]]}, options=options)
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
