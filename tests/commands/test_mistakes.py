"""The table of mistakes: what a new user types, and what is answered, word for word."""

import contextlib
import io
import re
import shlex

import pytest
from support import DATA, data

from doseesc.cli import main

ROWS = data("mistakes.yaml")
STUDY = (DATA / "mistakes_study.yaml").read_text()
CASES = [
    *(("files", row["case"]) for row in ROWS["files"]),
    *(("commands", line) for line in ROWS["commands"]),
    *(("data", row["case"]) for row in ROWS["data"]),
]
OF_PARSERS = (
    "Traceback",
    "expected <block",
    "token",
    "Input should be",
    "Value error",
    "default factory",
    "pydantic",
    "Invalid value",
    "Errno",
)


def answer(words):
    """Return exit code, output and what was said to a command line."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What is answered to each case, in a folder with a study, one whose name ends in .yml, and patients."""
    folder = tmp_path_factory.mktemp("mistakes")
    mine = folder / "mine.yaml"
    for name in ("mine.yaml", "other.yml"):
        (folder / name).write_text(STUDY)
    (folder / "patients.csv").write_text("id,dose,dlt\n1,low,no\n2,low,no\n3,low,no\n")
    with contextlib.chdir(folder):
        found = {("commands", line): answer(shlex.split(line)) for line in ROWS["commands"]}
        for row in ROWS["files"]:
            assert row["replace"] in STUDY, row["case"]
            mine.write_text(STUDY.replace(row["replace"], row["by"], 1))
            found["files", row["case"]] = answer(["table", "mine.yaml", "--design", "BOIN"])
        mine.write_text(STUDY)
        for row in ROWS["data"]:
            (folder / "p.csv").write_text(row["text"])
            words = ["next", "mine.yaml", "--design", "BOIN", "--data", "p.csv", "--date", "2025-11-29"]
            found["data", row["case"]] = answer(words)
        return found


def test_the_table_is_long_enough():
    assert len(CASES) == len(set(CASES)) >= 200


@pytest.mark.parametrize("case", CASES, ids=" ".join)
def test_a_mistake_is_refused_in_our_words(case, answers):
    code, out, err = answers[case]
    assert (code, out) == (2, "")
    for word in OF_PARSERS:
        assert word not in err
    said = [line for line in err.splitlines() if not line.startswith("note: ")]
    assert re.match(r"\S", said[0]), "begins with the place"
    assert re.match(r"  \S", said[-1]), "ends with what to write instead"
    assert len(said) >= 2


@pytest.mark.parametrize("row", ROWS["files"], ids=lambda row: row["case"])
def test_one_slip_in_a_file_is_one_message_with_its_line(row, answers):
    _, _, err = answers["files", row["case"]]
    messages = err.strip().split("\n\n")
    assert len(messages) <= row.get("messages", 1)
    for message in messages:
        place, what, *remedy = message.splitlines()
        assert re.fullmatch(r"mine\.yaml:[0-9]+(  \S.*)?", place)
        assert what.startswith("  ")
        assert len(remedy) == 1, "says what to write instead"


@pytest.mark.parametrize("group", ["files", "commands", "data"])
def test_answers_are_those_reviewed(group, answers, golden):
    typed = {
        "files": {row["case"]: row["by"] for row in ROWS["files"]},
        "commands": {line: f"doseesc {line}" for line in ROWS["commands"]},
        "data": {row["case"]: row["text"] for row in ROWS["data"]},
    }[group]
    text = [f"### {name}\n{each.rstrip()}\n--- is answered:\n{answers[group, name][2]}" for name, each in typed.items()]
    golden(f"mistakes/{group}.txt", "\n".join(text))
