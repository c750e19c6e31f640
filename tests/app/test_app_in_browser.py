"""The app in a browser: dragged, typed into, loaded, saved, by several at once, and to axe.

Needs Playwright and a Chromium of the system, as ``conftest.py`` says.
"""

import multiprocessing
import re
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from support import ROOT, THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.app import Limits, Settings, Trusted, application
from doseesc.errors import ScenarioError
from doseesc.runs import duration_under
from doseesc.study import load
from doseesc.truth import DAYS_PER_MONTH
from doseesc.wording import percent

TEXT = f"study: {{title: small, short_title: small}}  # of mine\n{THREE_DOSES}{THREE_DESIGNS}"


@pytest.fixture(scope="module")
def address():
    """An app that is listening."""
    settings = Settings("mine.yaml", TEXT, Trusted(), "doseesc run {}".format, str, limits=Limits(live_seconds=60))
    server = uvicorn.Server(uvicorn.Config(application(settings), port=0, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join(timeout=10)


def opened(chromium, address):
    page = chromium.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(30_000)
    page.complaints, page.asked = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(address)
    page.locator("#answer .headline").wait_for()
    return page


@pytest.fixture(scope="module")
def shared(chromium, address):
    page = opened(chromium, address)
    yield page
    page.close()


@pytest.fixture
def tab(shared):
    """The page with the file it begins with; whatever it complains of fails the test."""
    shared.complaints.clear()
    shared.set_viewport_size({"width": 1440, "height": 900})
    shared.evaluate("([name, text]) => load({name, text})", ["mine.yaml", TEXT])
    settled(shared)
    shared.locator("#tab-explore").click()
    yield shared
    assert shared.complaints == []


def settled(tab):
    """Wait until nothing is asked or waited for."""
    tab.wait_for_function(
        "() => !busy && !waiting && !job && document.querySelector('#answer .headline')"
        " && !document.querySelector('#further.behind')"
    )
    tab.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def field(tab, *path):
    name = "[" + ",".join(f'"{each}"' if isinstance(each, str) else str(each) for each in path) + "]"
    return tab.locator(f"label[data-path='{name}']")


def unfolded(tab, section):
    tab.locator("#form details", has=tab.locator("summary", has_text=section)).evaluate("each => { each.open = true; }")


def headline(tab):
    return tab.locator("#answer .headline").text_content()


def run_of(tmp_path, text):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    return doseesc.run(load(file), method="exact")


def test_typed_number_changes_figures_to_those_of_a_run_and_the_address(tab, tmp_path):
    before, address = headline(tab), tab.url
    began = time.perf_counter()
    field(tab, "max_n").locator("input").fill("15")
    settled(tab)
    took = time.perf_counter() - began
    text = TEXT.replace("max_n: 12", "max_n: 15")
    own = run_of(tmp_path, text).verdict.standing
    shown = headline(tab)
    assert shown != before
    assert all(percent(float(each)) in shown for each in sorted(own.mean(own.correct))[-1:])
    assert tab.locator("#said").text_content() == shown
    assert tab.evaluate("study.text") == text
    tab.wait_for_function("address => location.href !== address", arg=address)
    assert took < 5


def test_what_is_typed_while_the_form_is_made_anew_stays(tab):
    held = []

    def hold(route):
        if held or not route.request.post_data_json["form"]:
            route.continue_()
        else:
            held.append(route)

    tab.route("**/state", hold)
    field(tab, "designs", 2, "name").locator("input").fill("Bayes")
    field(tab, "target").locator("input").fill("0.3")  # leaving the name asks for the form with its new name
    while not held:
        tab.wait_for_timeout(20)
    field(tab, "max_n").locator("input").fill("15")
    held[0].continue_()
    settled(tab)
    tab.unroute("**/state", hold)
    assert [field(tab, each).locator("input").input_value() for each in ("target", "max_n")] == ["0.3", "15"]
    assert "name: Bayes" in tab.evaluate("study.text")
    assert "Options and rules of Bayes" in tab.locator("#form").text_content()
    assert "max_n: 15" in tab.evaluate("study.text")


def test_what_a_field_means_is_shown_while_one_is_in_it(tab):
    meaning = tab.locator("#meaning")
    field(tab, "target").locator("input").focus()
    assert meaning.text_content() == "Target DLT probability."
    height = meaning.bounding_box()["height"]
    unfolded(tab, "Arrivals and time")
    field(tab, "accrual", "process").locator("select").focus()
    assert meaning.text_content().startswith("poisson: patients come at random times; fixed: at equal intervals")
    assert meaning.text_content().endswith("By default poisson.")
    assert meaning.bounding_box()["height"] == height  # nothing moves under a pointer that is down


def test_section_that_the_file_has_not_got_is_typed_and_left_out_again(tab):
    unfolded(tab, "What else happens to patients")
    field(tab, "observation", "background").locator("input").fill("0.3")
    settled(tab)
    assert "observation: {background: 0.3}" in tab.evaluate("study.text")
    field(tab, "observation", "deaths").locator("select").select_option("all_count")
    settled(tab)
    assert "observation: {background: 0.3, deaths: all_count}" in tab.evaluate("study.text")
    assert "observed" in tab.locator("#truth").text_content()
    tab.evaluate("ask({form: true})")
    settled(tab)
    tab.get_by_role("button", name="Leave What else happens to patients out").click()
    settled(tab)
    assert "observation: " not in tab.evaluate("study.text")
    unfolded(tab, "Arms of Phase 2")
    tab.get_by_role("button", name="Add one to Arms of Phase 2").click()
    settled(tab)
    assert "phase2_arms: [{name: quarter, fraction: 0.25}]" in tab.evaluate("study.text")
    assert "quarter" in tab.locator("#answer .doses").text_content()


def test_slider_redraws_while_it_is_dragged(tab):
    tab.evaluate("""() => { window.redrawn = 0; new MutationObserver(() => window.redrawn++)
        .observe(document.getElementById("answer"), {childList: true}); }""")
    tab.locator("input.slide").first.scroll_into_view_if_needed()
    box = tab.locator("input.slide").first.bounding_box()
    y = box["y"] + box["height"] / 2
    tab.mouse.move(box["x"] + box["width"] * 0.45, y)
    tab.mouse.down()
    for step in range(12):
        tab.mouse.move(box["x"] + box["width"] * (0.45 + 0.03 * step), y)
        tab.wait_for_timeout(60)
    before_release = tab.evaluate("window.redrawn")
    tab.mouse.up()
    settled(tab)
    assert before_release >= 1
    typed = tab.evaluate("study.text.match(/target: (.*)/)[1]")
    assert field(tab, "target").locator("input").input_value() == typed != "0.25"


def test_truth_is_dragged_without_the_server_and_every_frame_is_drawn(tab):
    tab.locator("#truth-scenario").select_option("middle")
    tab.locator("#truth").scroll_into_view_if_needed()
    settled(tab)
    asked = len(tab.asked)
    tab.evaluate("""() => { window.seen = new Set(); const bars = document.querySelector(".truth-bars");
        new MutationObserver(() => seen.add(document.querySelector(".truth-bars").textContent))
            .observe(document.getElementById("truth"), {childList: true, subtree: true, characterData: true}); }""")
    box = tab.locator(".truth-point").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    tab.mouse.move(x, y)
    tab.mouse.down()
    for step in range(60):
        tab.mouse.move(x, y - step)
        tab.evaluate("() => new Promise(requestAnimationFrame)")
    tab.mouse.up()
    settled(tab)
    assert tab.evaluate("seen.size") >= 20
    assert len(tab.asked) == asked
    truth = tab.evaluate("panel.state().truth")
    tab.get_by_role("button", name="Write this curve into middle").click()
    settled(tab)
    dlt = tab.evaluate("study.text.match(/middle, dlt: \\[(.*)\\]/)[1]")
    assert [float(each) for each in dlt.split(",")] == pytest.approx(truth, abs=1e-4)
    assert "# of mine" in tab.evaluate("study.text")


def test_wrong_number_is_answered_beside_its_field_and_the_last_answer_stays(tab):
    target = field(tab, "target")
    before = headline(tab)
    target.locator("input").fill("25 %")
    settled(tab)
    assert "for 25 % write 0.25" in " ".join(target.locator(".wrong").text_content().split())
    assert target.locator("input").get_attribute("aria-invalid") == "true"
    assert headline(tab) == before
    assert "stale" in tab.locator("body").get_attribute("class")
    tab.locator("#tab-file").click()
    assert "mine.yaml:3  target" in tab.locator("#text-wrong").text_content()
    tab.locator("#tab-explore").click()
    target.locator("input").fill("0.25")
    settled(tab)
    assert target.locator(".wrong").is_hidden()
    assert "stale" not in tab.locator("body").get_attribute("class")


def test_design_and_rule_are_added_and_removed_by_keyboard(tab):
    tab.locator("select[data-key=designs]").select_option("Keyboard")
    settled(tab)
    assert "Keyboard" in tab.locator("#answer").text_content()
    summary = tab.locator("details[data-open='[\"designs\",3]'] > summary")
    summary.focus()
    tab.keyboard.press("Enter")
    tab.locator("details[data-open='[\"designs\",3]'] select[data-key=rules]").select_option("NoSkipping")
    settled(tab)
    assert "{type: NoSkipping}" in tab.evaluate("study.text")
    remove = tab.get_by_role("button", name="Remove Keyboard")
    remove.focus()
    tab.keyboard.press("Enter")
    settled(tab)
    assert tab.evaluate("study.text") == TEXT


def test_shipped_file_is_loaded_changed_and_saved_without_a_lost_comment(tab, tmp_path):
    file = ROOT / "scenarios/nct04602104.yaml"
    tab.locator("#tab-file").click()
    tab.locator("#load").set_input_files(file)
    tab.locator("#title", has_text="hMSC-Exos").wait_for()  # reading a file takes a while of its own
    settled(tab)
    tab.locator("#tab-explore").click()
    field(tab, "max_n").locator("input").fill("21")
    settled(tab)
    tab.locator("#tab-file").click()
    with tab.expect_download() as saving:
        tab.locator("#save").click()
    assert saving.value.suggested_filename == "nct04602104.yaml"
    saved = Path(saving.value.path()).read_text()
    assert saved == file.read_text().replace("max_n: 18", "max_n: 21")
    assert tab.locator("#command").text_content() == "doseesc run nct04602104.yaml"


def test_hostile_file_is_shown_as_text(tab):
    hostile = "<img src=x onerror=\"document.title='bad'\"><script>document.title='bad'</script>"
    text = TEXT.replace("title: small, short_title: small", f"title: '{hostile.replace(chr(39), chr(39) * 2)}'")
    text = text.replace("name: BOIN", "name: '<b id=bad>x</b>'").replace("name: middle", "name: '<i id=bad>'")
    tab.evaluate("([name, text]) => load({name, text})", ["<b>.yaml", text])
    settled(tab)
    assert tab.locator("#title").text_content() == hostile
    assert tab.locator("#bad, main img, main script").count() == 0
    assert tab.title().startswith("<img")


def test_wrong_file_that_is_loaded_is_answered_beside_its_field_in_the_words_of_the_command_line(tab, tmp_path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(TEXT.replace("{halfwidth: 0.05, prior_mtd: medium}", "[0.05, 0.12, 0.25, 0.4]"))
    with pytest.raises(ScenarioError) as refused:
        load(wrong)
    said = str(refused.value).replace(str(wrong), "wrong.yaml")
    before = headline(tab)
    tab.locator("#tab-file").click()
    tab.locator("#load").set_input_files(wrong)
    tab.locator("#text-wrong", has_text="designs.CRM.skeleton").wait_for()
    assert tab.locator("#text-wrong").text_content() == said
    tab.locator("#tab-explore").click()
    beside = field(tab, "designs", 1, "skeleton").locator(".wrong")
    assert beside.is_visible()
    assert "4 values for 3 doses" in beside.text_content()
    assert " ".join(beside.text_content().split("; ")[0].split()) in " ".join(said.split())
    assert headline(tab) == before


def test_wrong_files_are_named_and_pages_that_show_nothing_say_why(tab, tmp_path):
    picture, nothing = tmp_path / "picture.yaml", tmp_path / "nothing.yaml"
    picture.write_bytes(b"\x89PNG\r\n\x00\xff")
    nothing.write_text("study: {title: x}\n")
    before = headline(tab)
    tab.locator("#tab-file").click()
    tab.locator("#load").set_input_files(picture)
    trouble = tab.locator("#trouble")
    trouble.get_by_text("picture.yaml is not UTF-8 text, as scenario files are; the study is as it was").wait_for()
    assert headline(tab) == before
    assert tab.locator("#text").input_value() == TEXT
    tab.locator("#text").fill("a: [1")
    trouble.get_by_text("mine.yaml is not YAML").wait_for()
    tab.locator("#load").set_input_files(nothing)
    trouble.get_by_text("designs is missing").wait_for()
    tab.locator("#tab-decisions").click()
    tab.locator("#decisions-said").get_by_text("No design can be shown until the study").wait_for()
    tab.evaluate("([name, text]) => load({name, text})", ["mine.yaml", TEXT])
    tab.locator("#decisions-said .walk").wait_for()  # as soon as there is an answer


def test_how_long_trials_last_is_asked_from_the_answer_that_leaves_time_aside(tab):
    timed = TEXT + "accrual: {per_month: 2}\nsimulation: {trials: 50}\n"
    tab.evaluate("([name, text]) => load({name, text})", ["mine.yaml", timed])
    settled(tab)
    tab.get_by_role("button", name="How long do trials last in every scenario?").click()
    assert tab.locator("#ask").is_visible()
    tab.locator("#ask-said").get_by_text("50 simulated trials each").wait_for()


def test_how_long_trials_last_follows_the_dragged_curve(tab, scenario_file):
    timed = TEXT + "accrual: {per_month: 2}\nsimulation: {trials: 50}\n"
    tab.evaluate("([name, text]) => load({name, text})", ["mine.yaml", timed])
    settled(tab)
    months = tab.locator("#truth b.truth-time")
    shown = set()
    for key in ("PageUp", "PageUp", "Home"):
        tab.locator(".truth-point").first.focus()
        tab.keyboard.press(key)
        settled(tab)
        tab.locator("#truth:not(.truth-behind)").wait_for()
        found = duration_under(load(scenario_file(timed)), tab.evaluate("panel.state().truth"), trials=50)
        expected = [f"{each.duration_days / DAYS_PER_MONTH:.1f}" for each in found.values()]
        assert months.all_text_contents() == expected
        shown.add(tuple(expected))
    assert len(shown) == 3


def test_a_link_is_said_to_be_copied_only_where_it_is(tab):
    tab.locator("#tab-file").click()
    for refused, said in ((False, "Copied"), (True, "Not copied: take the address of the page")):
        tab.evaluate(
            """refused => Object.defineProperty(navigator, "clipboard", {configurable: true, value: {
                writeText: async () => { if (refused) throw new Error("refused"); }}})""",
            refused,
        )
        tab.locator("#copy-link").click()
        tab.get_by_role("button", name=said, exact=True).wait_for()
        tab.get_by_role("button", name="Copy a link", exact=True).wait_for()


def test_address_opens_the_same_and_a_reload_in_the_middle_loses_nothing(chromium, address, tab):
    field(tab, "max_n").locator("input").fill("15")
    settled(tab)
    tab.locator("#truth-scenario").select_option("middle")
    tab.locator(".truth-point").first.focus()
    tab.keyboard.press("ArrowUp")
    settled(tab)
    truth = tab.evaluate("panel.state().truth")
    tab.wait_for_timeout(500)
    shown, link = headline(tab), tab.url
    tab.reload()
    settled(tab)
    assert headline(tab) == shown
    assert tab.evaluate("panel.state().truth") == truth
    assert tab.evaluate("study.text") == TEXT.replace("max_n: 12", "max_n: 15")
    other = opened(chromium, link)
    assert headline(other) == shown
    other.close()


def test_two_users_do_not_meet(chromium, address, tab):
    other = opened(chromium, address)
    field(tab, "max_n").locator("input").fill("15")
    field(other, "target").locator("input").fill("0.3")
    settled(tab)
    settled(other)
    assert tab.evaluate("study.text") == TEXT.replace("max_n: 12", "max_n: 15")
    assert other.evaluate("study.text") == TEXT.replace("target: 0.25", "target: 0.3")
    assert headline(tab) != headline(other)
    other.close()


# Colours are the same at every width, and barriers but for colours in light and in dark.
@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (1024, "dark"), (1440, "light"), (1440, "dark")])
def test_axe_finds_no_barrier(tab, width, scheme):
    from axe_playwright_python.sync_playwright import Axe

    tab.set_viewport_size({"width": width, "height": 900})
    tab.emulate_media(color_scheme=scheme)
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": width == 1440}}}
    for page in ("explore", "decisions", "ask", "file"):
        tab.locator(f"#tab-{page}").click()
        tab.wait_for_function("() => !Object.values(asking).some(each => each)")
        found = Axe().run(tab, context={"exclude": [["tbody tr:nth-child(n+4)"]]}, options=options)
        assert found.violations_count == 0, found.generate_report()
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tab.emulate_media(color_scheme="light")


def test_questions_are_answered_and_one_is_cancelled(tab):
    tab.locator("#tab-decisions").click()
    tab.locator("#decided").select_option("BOIN")
    tab.get_by_text("BOIN: of the 3 patients at the current dose").wait_for()
    walk = tab.locator("#decisions-said .walk")
    walk.get_by_role("button", name="2", exact=True).click()
    assert "2 DLT of 3 at low" in walk.text_content()
    tab.locator("#tab-explore").click()
    tab.evaluate("panel.set([0.2, 0.31, 0.5], null)")
    tab.get_by_role("button", name="Seek the worst truth from here").click()
    tab.locator("#ask-said").get_by_text(
        "The curve that is dragged on the page Explore was among the starts"
    ).wait_for()
    tab.locator("#ask-said [data-truth]").first.click()
    settled(tab)
    assert tab.locator("#explore").is_visible()
    assert tab.evaluate("panel.state().scenario") is None
    tab.evaluate("([name, text]) => load({name, text})", ["mine.yaml", TEXT + "simulation: {trials: 100000}\n"])
    settled(tab)
    tab.locator("#tab-ask").click()
    tab.get_by_role("button", name="Protocol").click()
    tab.locator("#ask-said").get_by_role("button", name="Cancel").click()
    assert tab.locator("#ask-said").text_content() == "Cancelled."


def test_page_reloaded_while_it_waits_leaves_no_work_behind(tab):
    tab.evaluate("([name, text]) => load({name, text})", ["mine.yaml", TEXT + "simulation: {trials: 100000}\n"])
    settled(tab)
    for _ in range(3):  # more than are worked on at once
        tab.locator("#tab-ask").click()
        tab.get_by_role("button", name="Protocol").click()
        tab.wait_for_function("() => running.size > 0")  # before the answer is there, which does not take long
        while not (at_work := {each.pid for each in multiprocessing.active_children()}):
            time.sleep(0.01)  # until the process that is to answer has begun
        tab.reload()
        settled(tab)
        until = time.monotonic() + 20
        while at_work <= {each.pid for each in multiprocessing.active_children()}:
            assert time.monotonic() < until
            time.sleep(0.05)
    assert "100000" in tab.evaluate("study.text")


def test_long_answer_shows_its_progress_and_is_cancelled(tab):
    before = headline(tab)
    tab.route("**/state", lambda route: route.fulfill(json={"name": "mine.yaml", "text": TEXT, "job": "none"}))
    told = {"state": "running", "what": "BOIN: outcomes of 9 of 60 patients", "done": 9, "total": 60}
    tab.route("**/jobs/none", lambda route: route.fulfill(json=told))
    tab.route("**/jobs/none/cancel", lambda route: route.fulfill(json=told))
    field(tab, "max_n").locator("input").fill("60")
    tab.get_by_text("outcomes of 9 of 60 patients").wait_for()
    assert "stale" in tab.locator("body").get_attribute("class")
    tab.locator("#working-cancel").click()
    tab.locator("#working").wait_for(state="hidden")
    assert headline(tab) == before
    tab.unroute("**/state")


def test_nothing_is_asked_of_any_other_machine(tab, address):
    assert all(re.match(rf"{re.escape(address)}|data:|blob:", each) for each in tab.asked)
