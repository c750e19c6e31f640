"""What the app answers to the study on a page, without a browser."""

import html
import json
import re
import time

import pytest
from starlette.testclient import TestClient
from support import ARMS, ROOT, THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.app import Limits, Settings, Trusted, application
from doseesc.app.fragments import Fragments
from doseesc.app.inquiries import ANSWERS, Asked
from doseesc.app.questions import DECISIONS, QUESTIONS
from doseesc.errors import ScenarioError
from doseesc.planning import answer, optimal_design, run_ensemble, sample_size, sizes_of, worst_cases
from doseesc.report.words import (
    ensemble_answer,
    nearest_words,
    power_answer,
    size_answer,
    worst_answer,
    worst_toxic_answer,
)
from doseesc.study import load, parse, shipped_scenarios, source_of
from doseesc.wording import percent

TEXT = f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}"
HERE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def app():
    with TestClient(application(settings()), base_url=HERE) as client:
        yield client


def settings(**changes):
    told = {"name": "mine.yaml", "text": TEXT, "trusted": Trusted(), "limits": Limits(live_seconds=60)}
    words = {"command": "doseesc run {}".format, "python": "doseesc.load({!r})".format}
    return Settings(**(told | words | changes))


def ask(app, text=TEXT, *edits, name="mine.yaml", **more):
    edits = [dict(zip(("path", "kind", "value"), each, strict=False)) for each in edits]
    asked = {"name": name, "text": text, "edits": edits, **more}
    answer = app.post("/state", json=asked, headers={"Origin": HERE})
    assert answer.status_code == 200, answer.text
    return answer.json()


def below(app, text=TEXT):
    """What stands below the first screen of the answer to a study, which has been asked for."""
    answer = app.post("/further", json={"name": "mine.yaml", "text": text}, headers={"Origin": HERE})
    return answer.json()["further"] if answer.status_code == 200 else answer.json()["message"]


def test_figures_are_those_of_a_run_to_the_printed_digit(app, tmp_path):
    said, further = ask(app), below(app)
    (tmp_path / "mine.yaml").write_text(TEXT)
    results = doseesc.run(load(tmp_path / "mine.yaml"), method="exact")
    for (scenario, design), cell in results.cells.items():
        selected = [percent(float(each)) for each in cell.best.selected]
        assert all(f"{design}, {scenario}: " in further and each in further for each in selected)
    own = results.verdict.standing
    assert said["headline"] in said["answer"]
    assert percent(float(own.mean(own.correct).max())) in said["headline"]


def test_typed_value_changes_the_file_and_the_answer(app):
    before = ask(app)
    after = ask(app, TEXT, (["max_n"], "number", "18"), (["designs", 1, "prior_sd"], "number", "0.9"))
    data = source_of("mine", after["text"].encode()).data
    assert (data["max_n"], data["designs"][1]["prior_sd"]) == (18, 0.9)
    assert after["headline"] != before["headline"]
    assert "at most 18 patients" in after["answer"]


@pytest.mark.parametrize(
    ("path", "kind", "value"),
    [
        (["target"], "number", "25 %"),
        (["doses", "amounts"], "list", "2, 8"),
        (["designs", 0, "variant"], "choice", "six"),
    ],
)
def test_wrong_value_is_refused_beside_its_field_in_the_words_of_the_command_line(app, tmp_path, path, kind, value):
    said = ask(app, TEXT, (path, kind, value))
    (tmp_path / "mine.yaml").write_text(said["text"])
    with pytest.raises(ScenarioError) as refused:
        load(tmp_path / "mine.yaml")
    assert said["whole"] == str(refused.value).replace(str(tmp_path / "mine.yaml"), "mine.yaml")
    assert "answer" not in said
    assert all(each["words"].split(";")[0] in said["whole"] for each in said["problems"])


def test_emptied_field_is_left_out_of_the_file(app):
    said = ask(app, TEXT, (["designs", 1, "skeleton", "halfwidth"], "number", "0.08"), (["max_n"], "number", ""))
    assert "max_n" not in said["text"]
    assert [each["path"] for each in said["problems"]] == ['["max_n"]']
    assert "is missing" in said["problems"][0]["words"]


@pytest.mark.parametrize("design", ["Keyboard", "i3+3", "TITE-BOIN"])
def test_added_design_has_what_it_needs_and_a_name_of_its_own(app, design):
    said = ask(app, TEXT, (["designs", 3], "design", design), form=True)
    assert "problems" not in said, said.get("whole")
    assert source_of("mine", said["text"].encode()).data["designs"][3]["name"] == design
    again = ask(app, said["text"], (["designs", 4], "design", design))
    assert source_of("mine", again["text"].encode()).data["designs"][4]["name"] == f"{design} 2"


def test_added_rule_and_scenario(app):
    said = ask(app, TEXT, (["designs", 2, "rules", 0], "rule", "StopAtRecommended"), (["scenarios", 3], "scenario"))
    data = source_of("mine", said["text"].encode()).data
    assert data["designs"][2]["rules"][0]["type"] == "StopAtRecommended"
    assert data["scenarios"][3]["dlt"] == [0.5, 0.6, 0.7]


def test_form_holds_every_number_of_the_trial_and_every_option_of_a_design(app):
    form = ask(app, TEXT, form=True)["form"]
    places = set(re.findall(r'data-path="([^"]*)"', form.replace("&#34;", "'")))
    wanted = {"['target']", "['max_n']", "['designs',1,'prior_sd']", "['designs',2,'elimination_cutoff']"}
    assert wanted <= places
    assert "['scenarios',1,'dlt',2]" in places


def test_texts_of_a_study_are_shown_as_texts(app):
    hostile = "<img src=x onerror=alert(1)></textarea><script>alert(2)</script>"
    text = TEXT.replace("title: small", f"title: '{hostile}'").replace("name: BOIN", "name: '<b>B</b>'")
    text = text.replace("none is toxic", "'<svg onload=alert(3)>'")
    said = ask(app, text, form=True)
    for part in (said["answer"], said["form"], below(app, text)):
        assert "<img" not in part
        assert "<script" not in part
        assert "<b>B" not in part
        assert "<svg onload" not in part
    begun = TestClient(application(settings(text=text)), base_url=HERE).get("/").text
    assert "<img" not in begun
    assert begun.count("<script") == begun.count("</script>")


@pytest.mark.parametrize("text", ["", "a: [1", "- 1\n", "study: &a [*a]\n", "a: b: c", "\x00", "x" * 1000])
def test_text_that_is_no_study_is_answered_in_words(app, text):
    said = ask(app, text, form=True)
    assert said["whole"]
    assert said["text"] == text


def test_phase_2_doses_are_shown_and_time_is_left_to_the_calendar(app):
    text = TEXT + ARMS + "accrual: {per_month: 2}\n"
    said = ask(app, text)
    assert "The doses that Phase 2 gets after " in said["answer"]  # of whose choice the shares are
    assert "On the calendar" in below(app, text)
    assert 'data-ask="calendar"' in said["answer"]
    assert 'data-ask="calendar"' not in ask(app)["answer"]
    assert "On the calendar" not in below(app)
    assert "problems" not in said


def test_what_stands_below_is_that_of_an_answer_that_was_given(app):
    assert "reload the page" in below(app, TEXT.replace("max_n: 12", "max_n: 9"))
    assert "max_n" in below(app, TEXT.replace("max_n: 12", "max_n: x"))


def test_shipped_studies_can_be_loaded_by_name(app):
    for name in shipped_scenarios():
        assert app.get(f"/shipped/{name}").json()["text"] == (ROOT / f"scenarios/{name}.yaml").read_text()
    assert app.get("/shipped/..%2F..%2Fetc%2Fpasswd").status_code in (400, 404)


def test_too_many_trials_are_refused_with_the_limit(app):
    said = ask(app, TEXT + "simulation: {trials: 1000000}\n")
    assert [each["path"] for each in said["problems"]] == ['["simulation","trials"]']
    assert "at most 100,000" in said["whole"]


def test_more_designs_and_scenarios_than_a_page_can_show_are_refused_with_the_limit(app):
    many = "".join(f"  - {{name: s{k}, dlt: [0.1, 0.2, 0.3]}}\n" for k in range(200))
    said = ask(app, TEXT.replace("scenarios:\n", f"scenarios:\n{many}"))
    assert [each["path"] for each in said["problems"]] == ['["scenarios"]']
    assert "are 203 for 3 designs; here at most 600 of both, multiplied, are shown" in said["whole"]
    many = "".join(f"  - {{name: d{k}, type: BOIN}}\n" for k in range(200))
    said = ask(app, TEXT.replace("designs:\n", f"designs:\n{many}"))
    assert [each["path"] for each in said["problems"]] == ['["designs"]']


def answer_to(app, question, text=TEXT, design=""):
    """Ask a question and wait for its answer."""
    asked = {"name": "mine.yaml", "text": text, "question": question, "design": design}
    said = app.post("/ask", json=asked, headers={"Origin": HERE}).json()
    return over(app, said["job"]) if "job" in said else said


def over(app, job):
    for _ in range(1200):
        found = app.get(f"/jobs/{job}").json()
        if found["state"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError(found)


def test_decisions_are_those_of_the_design_that_is_asked_for(app):
    found = answer_to(app, "decisions", design="BOIN")
    assert found["state"] == "done", found["message"]
    assert "BOIN: what follows, by DLTs" in found["html"]
    assert "trials of BOIN" in found["html"]
    assert found["walks"]["BOIN"]["doses"] == ["low (2 mg)", "medium (8 mg)", "high (16 mg)"]


def test_worst_case_is_that_of_the_command_line_and_can_be_taken_into_the_panel(app, tmp_path):
    found = answer_to(app, "worst")
    (tmp_path / "mine.yaml").write_text(TEXT)
    own = worst_cases(load(tmp_path / "mine.yaml"))
    shown = html.unescape(found["html"])
    assert shown.index(worst_answer(own)) < shown.index(worst_toxic_answer(own)) < shown.index("<svg")
    figures = re.findall(r">([0-9]+\.[0-9])</td>", shown)
    for case in (case for pair in own.found.values() for case in pair):
        for worst in case.by_level:
            assert all(percent(float(each)) in figures for each in (*worst.probabilities, worst.value))
    curves = [[round(float(p), 4) for p in case.overall.probabilities] for pair in own.found.values() for case in pair]
    assert [json.loads(html.unescape(each)) for each in re.findall('data-truth="([^"]*)"', found["html"])] == curves


def test_best_design_that_is_too_large_to_be_found_is_refused_in_the_words_of_the_command_line(app, cli, tmp_path):
    text = TEXT.replace("max_n: 12", "max_n: 600")
    found = answer_to(app, "optimum", text)
    (tmp_path / "mine.yaml").write_text(text)
    code, _, errors = cli("optimal", str(tmp_path / "mine.yaml"))
    assert code == 2
    assert found["state"] == "failed"
    assert "optimal.constraints" in found["message"]
    own = found["message"].replace("0.93 GiB", "4 GiB")  # which the app and the command allow
    assert own in errors.replace(str(tmp_path / "mine.yaml"), "mine.yaml")


def test_questions_keep_within_the_memory_that_the_app_may_use():
    small = settings(limits=Limits(states_bytes=2000))
    with TestClient(application(small), base_url=HERE) as app:
        for question in ("worst", "optimum"):
            assert "is too large with 3 doses" in answer_to(app, question)["message"]
        assert "simulated where a design is too large" in answer_to(app, "size")["html"]


def test_best_policy_that_a_file_asks_for_is_sought_in_the_background_within_the_memory_of_the_app():
    text = TEXT.replace("max_n: 12", "max_n: 60") + "optimal: {benchmark: true}\n"
    small = settings(limits=Limits(states_bytes=500_000, live_seconds=60))
    with TestClient(application(small), base_url=HERE) as app:
        found = over(app, ask(app, text)["job"])
        assert found["state"] == "done"
        assert "of the attainable, %" not in below(app, text)  # for which more would be needed
        assert ask(app, text)["answer"] == found["answer"]
    large = TestClient(application(settings(limits=Limits(live_seconds=60))), base_url=HERE)
    ask(large, text.replace("max_n: 60", "max_n: 12"))
    assert "of the attainable, %" in below(large, text.replace("max_n: 60", "max_n: 12"))


def test_size_is_answered_as_by_the_command(app, tmp_path):
    found = html.unescape(answer_to(app, "size")["html"])
    (tmp_path / "mine.yaml").write_text(TEXT)
    study = load(tmp_path / "mine.yaml")
    needed = sample_size(study, 0.6, sizes=sizes_of(study))
    assert size_answer(needed) in found
    for curve in needed.curves.values():
        assert all(percent(value) in found for value in (*curve.correct, *curve.overdose))


def test_random_truths_are_those_of_the_command(app, tmp_path):
    shown = html.unescape(answer_to(app, "ensemble")["html"])
    (tmp_path / "mine.yaml").write_text(TEXT)
    own = run_ensemble(load(tmp_path / "mine.yaml"))
    assert ensemble_answer(own) in shown
    figures = re.findall(r">([0-9.]+)</td>", shown)
    for design in own.figures:
        for mtd in (None, 1, 2, 3):
            assert percent(own.mean(design, mtd=mtd)) in figures
            assert percent(own.quantile(design, "correct_selection", 0.05, mtd)) in figures
            assert f"{own.mean(design, 'patients_above_mtd', mtd):.2f}" in figures


def test_optimum_is_that_of_the_command(app, tmp_path):
    shown = html.unescape(answer_to(app, "optimum")["html"])
    (tmp_path / "mine.yaml").write_text(TEXT)
    own = optimal_design(load(tmp_path / "mine.yaml"))
    assert nearest_words(own) in shown
    figures = re.findall(r">([0-9.]+)(?: %)?</td>", shown)
    for worth in (own.best, *own.rivals.values()):
        assert {percent(worth.value), percent(worth.held_out_mean), f"{worth.above_mtd:.2f}"} <= set(figures)
    assert all(f"Where {name} decides otherwise" in shown for name in own.rivals)


def test_texts_of_a_study_are_texts_in_answers_to_questions_too(app):
    hostile = TEXT.replace("name: BOIN", "name: '<b>B</b>'").replace("labels: [low,", "labels: ['<i>low</i>',")
    hostile = hostile.replace("prior_mtd: medium", "prior_mtd: high")
    for question in ("worst", "ensemble", "optimum", "size"):
        shown = answer_to(app, question, hostile)["html"]
        assert "&lt;b&gt;B&lt;/b&gt;" in shown
        assert "<b>B" not in shown
        assert "<i>" not in shown


def test_phase_2_is_that_of_the_command(app, tmp_path):
    shown = html.unescape(answer_to(app, "phase2", TEXT + ARMS)["html"])
    (tmp_path / "mine.yaml").write_text(TEXT + ARMS)
    own = answer(load(tmp_path / "mine.yaml"), assurance=True)
    assert power_answer(own.power, own.null, own.title) in shown
    assert "all of Phase 2 is assumed" in shown.partition("<svg")[0]
    figures = re.findall(r">([0-9.]+)(?: <small>[^<]*</small>)?</td>", shown)
    assert all(percent(each.success) in figures for each in own.programme)
    assert {percent(float(own.power.share(each))) for each in ("any_ttci", "all_ttci", "any_claim")} <= set(figures)


def test_worst_case_begins_from_the_dragged_truth_too(app, monkeypatch):
    begun = []

    def watched(study, begin, **told):
        begun.append(begin)
        return worst_cases(study, begin=begin, **told)

    monkeypatch.setattr("doseesc.app.inquiries.worst_cases", watched)
    study, limits = parse(source_of("mine.yaml", TEXT.encode())), Limits()
    for truth in ((0.1, 0.2, 0.3), (0.1, 0.2), ()):
        asked = Asked(study, "", truth, lambda: None, Fragments(), limits, lambda *_: None)
        ANSWERS["worst"](asked)
    assert begun == [[(0.1, 0.2, 0.3)], [], []]
    wrong = {"name": "mine.yaml", "text": TEXT, "question": "worst", "truth": [2]}
    assert app.post("/ask", json=wrong, headers={"Origin": HERE}).status_code == 400


def test_time_is_simulated_where_the_file_has_accrual_and_asked_for_where_it_has_none(app):
    without = answer_to(app, "calendar")
    assert "accrual" in without["message"]
    assert without["state"] == "failed"
    found = answer_to(app, "calendar", TEXT + "accrual: {per_month: 2}\nsimulation: {trials: 50}\n")
    assert found["state"] == "done", found["message"]
    assert "months" in found["html"]
    assert "50 simulated trials" in found["html"]


def test_question_about_a_wrong_file_is_answered_as_the_command_line_does(app):
    assert "mine.yaml:3  target" in answer_to(app, "worst", TEXT.replace("target: 0.25", "target: 25"))["message"]


def test_question_that_no_page_asks_is_refused(app):
    asked = {"name": "mine.yaml", "text": TEXT, "question": "os.system"}
    assert app.post("/ask", json=asked, headers={"Origin": HERE}).status_code == 400


def test_every_question_of_the_page_has_an_answer():
    assert {*QUESTIONS, DECISIONS} == set(ANSWERS)


def test_protocol_is_a_word_file_to_be_saved(app):
    asked = {"name": "mine.yaml", "text": TEXT + "simulation: {trials: 50}\n", "question": "protocol"}
    job = app.post("/ask", json=asked, headers={"Origin": HERE}).json()["job"]
    assert over(app, job)["file"] == "protocol.docx"
    saved = app.get(f"/jobs/{job}/file")
    assert saved.content[:2] == b"PK"
    assert "protocol.docx" in saved.headers["Content-Disposition"]


def test_what_takes_longer_goes_on_in_the_background_and_can_be_cancelled():
    with TestClient(application(settings(limits=Limits(live_seconds=0))), base_url=HERE) as app:
        said = ask(app)
        assert "answer" not in said
        found = over(app, said["job"])
        assert found["state"] == "done"
        assert found["headline"] in found["answer"]
        big = TEXT.replace("max_n: 12", "max_n: 60").replace("type: BOIN}", "type: BOIN, cohort_size: 1}")
        job = ask(app, big)["job"]
        app.post(f"/jobs/{job}/cancel", json={}, headers={"Origin": HERE})
        found = over(app, job)
        assert found["state"] == "cancelled"
        assert "answer" not in found


def test_no_more_jobs_run_at_once_than_may():
    big = TEXT.replace("max_n: 12", "max_n: 60").replace("type: BOIN}", "type: BOIN, cohort_size: 1}")
    with TestClient(application(settings(limits=Limits(live_seconds=0, jobs=1))), base_url=HERE) as app:
        job = ask(app, big)["job"]
        assert "cancel one" in ask(app, big.replace("0.25", "0.3"))["message"]
        app.post(f"/jobs/{job}/cancel", json={}, headers={"Origin": HERE})
        over(app, job)
