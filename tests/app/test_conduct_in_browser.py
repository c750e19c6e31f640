"""A whole trial conducted in a browser: patients as rows, the log downloaded, and verified by the command line."""

import csv
import json
import socket
import threading
import time

import pytest
import uvicorn
from support import ROOT

import doseesc
from doseesc.app import Settings, Trusted, application
from doseesc.conduct import recommend

TRIAL = ROOT / "scenarios/replay/levy2006"


@pytest.fixture(scope="module")
def address():
    """Where the app listens, begun with the trial's study."""
    study = TRIAL.with_suffix(".yaml")
    settings = Settings(
        name=study.name, text=study.read_text(), trusted=Trusted(), command="doseesc run {}".format, python=str
    )
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(application(settings), log_level="warning"))
    running = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    running.start()
    while not server.started and running.is_alive():
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    running.join(10)


@pytest.fixture
def tab(chromium, address):
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(20_000)
    page.complaints, page.asked = [], []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    page.get_by_role("tab", name="Conduct").click()
    lead(page).wait_for()
    yield page
    assert page.complaints == []
    assert all(each.startswith((address, "data:", "blob:")) for each in page.asked)
    page.close()


def lead(tab):
    return tab.locator("#conduct-answer .lead")


def advised(tab, sentence):
    """Wait until the page says a sentence."""
    tab.locator("#conduct-answer .lead", has_text=sentence).wait_for()
    tab.locator(".advice:not(.old)").wait_for()


def test_a_shipped_trial_is_conducted_as_by_the_command_line(tab, cli, tmp_path):
    study = doseesc.load(TRIAL.with_suffix(".yaml"))
    with TRIAL.with_suffix(".csv").open() as stream:
        patients = list(csv.DictReader(stream))
    cohorts = list(dict.fromkeys(each["cohort"] for each in patients))
    tab.locator("#conduct-design").select_option("CRM")
    first = recommend(study, "", "CRM").sentence
    advised(tab, first)
    so_far, said = [], []
    for place, cohort in enumerate(cohorts):
        tab.get_by_role("button", name="Add this answer to the log").click()
        tab.locator("#conduct-logged", has_text=f"The log has {place + 1} decision").wait_for()
        said.append(lead(tab).inner_text())
        for each in (each for each in patients if each["cohort"] == cohort):
            so_far.append(f"{each['id']},{each['dose']},{each['dlt']}")
            tab.get_by_role("button", name="Add a patient").click()
            row = tab.locator("#conduct-patients tr").last
            row.locator("[data-column=dose]").select_option(each["dose"])
            row.locator("[data-column=dlt]").select_option(each["dlt"])
        (tmp_path / "part.csv").write_text("\n".join(["id,dose,dlt", *so_far]) + "\n")
        advised(tab, recommend(study, tmp_path / "part.csv", "CRM").sentence)
    assert len(set(said)) >= 3
    for name in ("log", "patients"):
        with tab.expect_download() as download:
            tab.get_by_role("button", name=f"Download the {name}").click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
    command = tab.locator("#conduct-command").inner_text()
    assert command == "doseesc replay levy2006.yaml --design CRM --data patients.csv --log decisions.jsonl"
    (tmp_path / "levy2006.yaml").write_bytes(TRIAL.with_suffix(".yaml").read_bytes())
    code, printed, errors = cli(*command.split()[1:], "--format", "json")
    assert code == 0, errors
    found = json.loads(printed)
    assert found["log_is_whole"]
    assert [each["recommendation"] for each in found["decisions"]] == said
    assert not any(each["differences"] for each in found["decisions"])


def test_log_is_opened_and_verified_and_none_is_replaced_unasked(tab, tmp_path):
    tab.locator("#conduct-design").select_option("CRM")
    tab.get_by_role("button", name="Add this answer to the log").click()
    tab.locator("#conduct-logged", has_text="The log has 1 decision.").wait_for()
    tab.get_by_role("button", name="Verify the log").click()
    checked = tab.locator("#conduct-checked")
    checked.get_by_text("The log of 1 decision is whole, nothing in it was changed; 1 is still open.").wait_for()
    other = tmp_path / "other.jsonl"
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download the log").click()
    download.value.save_as(other)
    # Whoever is quicker than the answers loses no decision.
    tab.evaluate("['log', 'log', 'verify'].forEach(each => document.getElementById(`conduct-${each}`).click())")
    checked.get_by_text("The log of 3 decisions is whole").wait_for()
    assert tab.locator("#conduct-logged").inner_text() == "The log has 3 decisions."
    asked = []
    tab.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    tab.locator("#conduct-open").set_input_files(other)
    assert "of 3 decisions, was not downloaded" in asked[0]
    assert tab.locator("#conduct-logged").inner_text() == "The log has 3 decisions."
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.locator("#conduct-open").set_input_files(other)
    tab.locator("#conduct-logged", has_text="The log has 1 decision.").wait_for()
    checked.get_by_text("The log of 1 decision is whole").wait_for()
    spoilt = tmp_path / "spoilt.jsonl"
    spoilt.write_text(other.read_text().replace("Treat the", "Do not treat the"))
    tab.locator("#conduct-open").set_input_files(spoilt)
    checked.get_by_text("was changed after it was written, at entry 1").wait_for()
    (tmp_path / "no.jsonl").write_text("nonsense\n")
    tab.locator("#conduct-open").set_input_files(tmp_path / "no.jsonl")
    tab.locator("#conduct-wrong", has_text="is no JSON").wait_for()


def test_pending_patients_files_and_a_cohort_as_recommended(tab, tmp_path):
    tab.locator("#conduct-design").select_option("BOIN")
    tab.locator("#conduct-date").fill("2026-09-10")
    tab.get_by_role("button", name="Add a cohort as recommended").click()
    advised(tab, "Wait for patients 1, 2 and 3 until")
    rows = tab.locator("#conduct-patients tr")
    assert rows.count() == 3
    assert rows.nth(0).locator("[data-column=date]").input_value() == "2026-09-10"
    assert tab.locator("#conduct-answer").get_by_text("When their outcomes are known").is_visible()
    tab.locator("#conduct-date").fill("2026-12-10")
    for place in range(3):
        rows.nth(place).locator("[data-column=dlt]").select_option("no")
    advised(tab, "Treat the next")
    assert "Treat the next" in tab.locator("#conduct-said").text_content()
    rows.nth(0).get_by_role("button").click()
    assert rows.count() == 2
    assert rows.nth(0).locator("input").first.evaluate("e => e === document.activeElement")
    # A file of one's own, and what is wrong in it.
    (tmp_path / "mine.csv").write_text("id,dose,dlt\na,0.5,no\nb,0.7,no\n")
    tab.locator("[name=way][value=csv]").check()
    tab.locator("#conduct-file").set_input_files(tmp_path / "mine.csv")
    tab.locator("#conduct-wrong", has_text="patients.csv:3").wait_for()
    assert "0.7" in tab.locator("#conduct-wrong").inner_text()
    tab.locator("#conduct-area").fill("id,dose,dlt\na,0.5,no\n")
    tab.locator("#conduct-wrong").wait_for(state="hidden")
    tab.locator("[name=way][value=outcomes]").check()
    tab.locator("#conduct-text").fill("1NNN 2NNT")
    advised(tab, "Treat the next 3 patients at")
    assert tab.locator("#conduct-command").inner_text().split(" --outcomes ")[1].startswith("'1NNN 2NNT' --log")
    assert "1NNN" not in tab.url


def test_who_leaves_is_asked_until_both_log_and_patients_are_downloaded(tab):
    def is_asked():
        leaves = "const leaves = new Event('beforeunload', {cancelable: true})"
        return tab.evaluate(f"() => {{ {leaves}; dispatchEvent(leaves); return leaves.defaultPrevented; }}")

    assert not is_asked()
    tab.locator("#conduct-add").click()
    tab.locator("#conduct-patients [data-column=dlt]").select_option("no")
    tab.get_by_role("button", name="Add this answer to the log").click()
    tab.locator("#conduct-logged", has_text="The log has 1 decision.").wait_for()
    for name, still in (("patients", True), ("log", False)):
        with tab.expect_download():
            tab.get_by_role("button", name=f"Download the {name}").click()
        assert is_asked() == still


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1440, "light")])
def test_axe_finds_no_barrier_at_the_bedside(tab, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    tab.locator("#conduct-design").select_option("BOIN")
    tab.get_by_role("button", name="Add a cohort as recommended").click()
    advised(tab, "Wait for patients 1, 2 and 3")
    tab.locator("#conduct-rare").check()
    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    found = Axe().run(tab, context={"include": [["#conduct"]]}, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    top = lead(tab).bounding_box()["y"]
    assert top < tab.locator("#conduct-form").bounding_box()["y"] or width > 1000
    assert float(lead(tab).evaluate("e => parseFloat(getComputedStyle(e).fontSize)")) >= 20
