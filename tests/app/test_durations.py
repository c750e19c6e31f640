"""How long trials last under the curve that is dragged: what the app answers, and what the page shows of it."""

import asyncio
import json
import threading
import time

import pytest
from starlette.testclient import TestClient
from support import ROOT, THREE_DESIGNS, THREE_DOSES

from doseesc.app import Limits, Settings, Trusted, application
from doseesc.app.limits import Cancelled
from doseesc.report.page import truth_panel_data
from doseesc.runs import duration_under
from doseesc.study import load
from doseesc.truth import DAYS_PER_MONTH

HERE = "http://127.0.0.1:8000"
TEXT = f"study: {{title: timed}}\n{THREE_DOSES}{THREE_DESIGNS}accrual: {{per_month: 2}}\nsimulation: {{trials: 60}}\n"
CURVE = [0.1, 0.2, 0.4]


@pytest.fixture(scope="module")
def app():
    settings = Settings("a.yaml", TEXT, Trusted(), str, str, limits=Limits(live_seconds=60))
    with TestClient(application(settings), base_url=HERE) as client:
        yield client


def asked(app, text=TEXT, truth=CURVE, **more):
    body = {"name": "a.yaml", "text": text, "truth": truth, "designs": ["3+3", "CRM", "BOIN"], **more}
    return app.post("/durations", json=body, headers={"Origin": HERE})


def test_months_are_those_of_the_library(app, scenario_file):
    found = asked(app, scenario="middle").json()
    study = load(scenario_file(TEXT))
    expected = duration_under(study, CURVE, like="middle", trials=60)
    assert found["trials"] == 60
    assert found["designs"] == {
        name: {"months": each.duration_days / DAYS_PER_MONTH, "error": each.mcse.duration_days / DAYS_PER_MONTH}
        for name, each in expected.items()
    }


@pytest.mark.parametrize(
    ("text", "truth", "words"),
    [
        (TEXT.replace("accrual: {per_month: 2}\n", ""), CURVE, "accrual"),
        (TEXT.replace("max_n: 12", "max_n: none"), CURVE, "max_n"),
        (TEXT, [0.1, 0.2], "3"),
    ],
)
def test_what_has_no_duration_is_refused_in_words(app, text, truth, words):
    refused = asked(app, text, truth)
    assert refused.status_code == 400
    assert words in refused.json()["message"]


def test_no_more_trials_are_played_than_the_page_waits_for(app, monkeypatch):
    monkeypatch.setattr("doseesc.app.durations.TRIALS", 20)
    assert asked(app).json()["trials"] == 20


def test_designs_that_the_page_does_not_show_are_not_played_and_none_for_long(app, monkeypatch):
    assert list(asked(app, designs=["BOIN", "gone"]).json()["designs"]) == ["BOIN"]
    assert asked(app, designs=[]).json()["designs"] == {}
    slow = Settings("a.yaml", TEXT, Trusted(), str, str, limits=Limits(follow_seconds=0))
    refused = asked(TestClient(application(slow), base_url=HERE))
    assert refused.status_code == 400
    assert "takes longer than 0 s; ask “On the calendar”" in refused.json()["message"]


def test_a_page_that_is_closed_leaves_no_simulation_behind(monkeypatch):
    ended = []

    def endless(*arguments):
        begun.set()
        try:
            while True:
                arguments[-1](1)
                time.sleep(0.01)
        except BaseException as error:
            ended.append(type(error))
            raise

    monkeypatch.setattr("doseesc.app.durations.durations", endless)
    begun, sent = threading.Event(), []
    body = json.dumps({"name": "a.yaml", "text": TEXT, "truth": CURVE, "designs": ["BOIN"]}).encode()
    coming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive():
        while not coming and not begun.is_set():
            await asyncio.sleep(0.01)
        return coming.pop() if coming else {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    headers = {"host": HERE.removeprefix("http://"), "origin": HERE, "content-type": "application/json"}
    scope = {"type": "http", "method": "POST", "path": "/durations", "query_string": b"", "scheme": "http"}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]
    settings = Settings("a.yaml", TEXT, Trusted(), str, str, limits=Limits(follow_seconds=20))
    asyncio.run(application(settings)(scope, receive, send))
    assert ended == [Cancelled]


def test_panel_is_told_whether_the_file_says_how_patients_arrive(app):
    for text, timed in ((TEXT, True), (TEXT.replace("accrual: {per_month: 2}\n", ""), False)):
        state = app.post("/state", json={"name": "a.yaml", "text": text}, headers={"Origin": HERE}).json()
        assert state["panel"]["timed"] is timed
        assert any("Months alone are simulated" in each for each in state["panel"]["notes"]) is timed


@pytest.fixture(scope="module")
def page(chromium):
    from doseesc.report.page import PANEL_SCRIPTS

    page = chromium.new_page()
    page.set_content('<div id="truth"></div>')
    for script in PANEL_SCRIPTS:
        page.add_script_tag(path=str(script))
    page.evaluate("data => { given = data; }", truth_panel_data(load(ROOT / "scenarios/nct04602104.yaml")))
    page.evaluate(
        """() => { asked = []; answers = [];
            durations = (truth, scenario) => { asked.push([truth, scenario]);
                return new Promise((yes, no) => answers.push([yes, no])); };
            told = months => ({trials: 1000, designs: Object.fromEntries(given.designs.map(
                (each, d) => [each.name, {months: months + d, error: 0.25}]))});
            panel = truthPanel(document.getElementById("truth"), {...given, timed: true}, {durations}); }"""
    )
    yield page
    page.close()


def months(page):
    return page.locator("b.truth-time").all_text_contents()


def test_one_curve_is_simulated_at_a_time_and_the_newest_wins(page):
    assert page.evaluate("asked") == [[[0.005, 0.01, 0.02], "S0"]]
    assert months(page) == ["…"] * 3
    page.evaluate("() => { for (let k = 1; k <= 5; k++) panel.set([k / 10, 0.6, 0.7], null); }")
    assert len(page.evaluate("asked")) == 1
    page.evaluate("() => answers[0][0](told(10))")
    page.wait_for_function("() => asked.length === 2")
    assert page.evaluate("asked[1]") == [[0.5, 0.6, 0.7], None]
    assert months(page) == ["10.0", "11.0", "12.0"]
    behind = page.locator("#truth.truth-behind")
    assert behind.count() == 1
    assert "still under 0.5, 1, 2 %" in page.locator("#truth").text_content()
    page.evaluate("() => answers[1][0](told(20))")
    behind.wait_for(state="detached")
    assert months(page) == ["20.0", "21.0", "22.0"]
    assert "1,000 simulated trials of each design at the study's accrual, under this curve" in (
        page.locator("#truth").text_content()
    )
    assert page.locator("td.truth-time").all_text_contents() == ["20.0", "21.0", "22.0", "0.25", "0.25", "0.25"]
    assert page.evaluate("panel.state().lasting.truth") == [0.5, 0.6, 0.7]
    assert len(page.evaluate("asked")) == 2


def test_what_cannot_be_told_is_said_and_not_asked_for_again(page):
    page.evaluate("() => panel.set([0.1, 0.2, 0.3], null)")
    page.evaluate("() => answers.at(-1)[1](new Error('too slow'))")
    page.get_by_text("How long trials last cannot be told: too slow").wait_for()
    count = len(page.evaluate("asked"))
    page.evaluate("() => panel.set([0.1, 0.2, 0.3], null)")
    assert len(page.evaluate("asked")) == count
    assert months(page) == ["…"] * 3


def test_answers_about_another_study_are_left_aside(page):
    page.evaluate("() => panel.set([0.2, 0.3, 0.4], null)")
    count = len(page.evaluate("asked"))
    page.evaluate("() => panel.replace({...given, timed: true, margin: 0.5})")
    page.evaluate("() => answers.at(-1)[0](told(30))")
    page.wait_for_function("count => asked.length === count + 1", arg=count)
    assert months(page) == ["…"] * 3
    page.evaluate("() => panel.replace({...given, timed: false})")
    assert page.locator(".truth-time").count() == 0


def test_what_a_curve_was_begun_from_is_said_where_it_is_no_scenario(page):
    begin = page.get_by_label("Begin from")
    back = page.get_by_role("button", name="Back to it")

    def said():
        return begin.evaluate("each => each.selectedOptions[0]?.textContent"), page.locator(
            ".truth-from"
        ).text_content()

    for name in (None, "a scenario that was renamed"):
        page.evaluate("name => panel.set([0.2, 0.3, 0.4], name)", name)
        assert said() == ("a curve of your own", "")
        assert back.is_disabled()
    begin.select_option("S3")
    assert begin.evaluate("each => each.options[0].hidden"), "only what can be gone back to is offered"
    page.evaluate("() => panel.set([0.2, 0.3, 0.4], 'S3')")
    assert said()[0].startswith("S3")
    assert said()[1] == "moved from S3"
    assert back.is_enabled()
