"""The report of the shipped scenario in a browser, for all tests that look at it."""

import fcntl
import os

import pytest
from support import ROOT

from doseesc.report.page.figure_plans import designs_on_calendar
from doseesc.report.page.figures import Drawn, phase2_on_page
from doseesc.report.page.page import page_html
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.example_trials import typical_scenario
from doseesc.runs.run_study import run
from doseesc.runs.timed_trials import timed_trials
from doseesc.study import load

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
def browser_report(tmp_path_factory):
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
def opened_report(chromium, browser_report):
    """The page, what it asked the network for, and what it complained about."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(10_000)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto((browser_report / "report.html").as_uri())
    yield page
    page.close()


@pytest.fixture
def tab(opened_report):
    """The page as wide as on a desk, whatever the test before has made of it; what it complains of fails the test."""
    opened_report.set_viewport_size({"width": 1280, "height": 900})
    yield opened_report
    assert opened_report.complaints == []
    assert [each for each in opened_report.asked if not each.startswith(("file:", "data:"))] == []
