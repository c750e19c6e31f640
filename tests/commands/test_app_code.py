"""The command and the Python that the app shows are such as run."""

import contextlib
import io
import shlex
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from support import ARMS, THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.app import Settings, Trusted, application
from doseesc.app.inquiries import told_besides
from doseesc.app.questions import DECISIONS, QUESTIONS
from doseesc.commands._app_code import question_code, study_code, study_command
from doseesc.planning import sample_size, worst_cases
from doseesc.study import load
from doseesc.wording import percent

TEXT = f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}{ARMS}"
RUNNING = {"design": "BOIN", "outcomes": "1NNN 2NNT"}


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my study.yaml").write_text(TEXT)
    return load("my study.yaml")


def run(python):
    """Run what is shown; return its variables and what it printed."""
    variables = {}
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(python, "shown", "exec"), variables)
    return variables, out.getvalue()


@pytest.mark.parametrize("question", [*QUESTIONS, DECISIONS, "next"])
def test_command_is_one_and_the_python_is_what_it_shows_too(study, cli, question):
    told = told_besides(study, "BOIN", ()) if question != "next" else RUNNING
    command, python = question_code("my study.yaml", question, told)
    for line in command.splitlines():
        program, *words = shlex.split(line)
        assert program == "doseesc"
        code, _, errors = cli(*words, "--show-code")
        assert code == 0, errors
    lines = python.splitlines()
    assert "study = doseesc.load('my study.yaml')" in lines
    exec("\n".join(line for line in lines if line.startswith(("import", "from"))), {})
    compile(python, "shown", "exec")


def test_python_gives_the_figures_that_the_page_shows(study, cli):
    sizes = run(question_code("my study.yaml", "size", {"goal": 0.6, "by": 6})[1])[0]["found"]
    own = sample_size(study, 0.6, sizes=[6, 12, 18, 24], method="exact")
    assert {name: sizes.kept(name) for name in sizes.curves} == {name: own.kept(name) for name in own.curves}
    begin = [(0.2, 0.25, 0.3)]
    command, python = question_code("my study.yaml", "worst", {"begin": begin})
    worst = run(python)[0]["found"]
    assert worst.to_dict() == worst_cases(study, begin=begin).to_dict()
    assert command == "doseesc worst-case 'my study.yaml' --begin 0.2,0.25,0.3\n"
    assert "begin=[[0.2, 0.25, 0.3]]" in cli(*shlex.split(command)[1:], "--show-code")[1]
    said = run(question_code("my study.yaml", "next", RUNNING)[1])[1]
    assert said.strip() == doseesc.recommend(study, "1NNN 2NNT", "BOIN").sentence
    timed = TEXT.replace(ARMS, "") + "accrual: {per_month: 2}\n"
    Path("my study.yaml").write_text(timed)
    exact = run(study_code("my study.yaml"))[0]["results"]
    app = TestClient(application(Settings("a", timed, Trusted(), str, str)), base_url="http://127.0.0.1:8000")
    asked = {"json": {"name": "a", "text": timed}, "headers": {"Origin": "http://127.0.0.1:8000"}}
    app.post("/state", **asked)
    page = app.post("/further", **asked).json()
    for (scenario, design), cell in exact.cells.items():
        assert f"{design}, {scenario}: " in page["further"]
        assert all(percent(float(each)) in page["further"] for each in cell.best.selected)
    code, _, errors = cli(*shlex.split(study_command("my study.yaml"))[1:], "--show-code")
    assert code == 0, errors


def test_what_is_typed_stays_one_word_of_the_command():
    told = {"design": "a; rm -rf ~", "data": "$(x).csv", "date": "`y`"}
    command, python = question_code("a' b.yaml", "next", told)
    assert shlex.split(command) == ["doseesc", "next", "a' b.yaml", "--design", told["design"], "--data", told["data"],
                                    "--date", told["date"]]  # fmt: skip
    assert repr(told["design"]) in python


def test_question_that_no_page_asks_is_refused():
    with pytest.raises(ValueError, match="question must be"):
        question_code("a.yaml", "os.system", {})
