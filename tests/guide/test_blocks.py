"""Every code block of the guide runs, and what is printed is what stands below it.

A page is read from its beginning: its files are written into an empty folder, its commands are run there, and its
Python shares one namespace.  After a change of what is printed:  pytest --write-golden tests/guide/test_blocks.py
"""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from support import yaml

from doseesc import guide
from doseesc.guide import GUIDE_TOPICS

FOLDER = Path(guide.__file__).parent
BLOCK = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WIDTH = 96  # a terminal of 100 columns shows blocks with a margin


@pytest.fixture
def runs(cli, capsys, monkeypatch):
    """Return a function that runs a block and gives what it prints; None where it prints nothing to compare."""
    names = {}
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.syspath_prepend("")

    def command(line):
        words, _, more = line.partition(" | ")
        code, out, err = cli(*shlex.split(words, comments=True)[1:])
        assert code in ({2} if "wrong.yaml" in words else {0, 3}), err  # 3: wait, or a judgement
        printed = "\n".join(each.rstrip() for each in (out + err).splitlines())
        if more:
            head = re.fullmatch(r"head -(\d+)", more.partition("#")[0].strip())
            printed = "\n".join(printed.splitlines()[: int(head[1])])
        return printed

    def run(language, file, text):
        if file is not None:
            Path(file).write_text(text, encoding="utf-8")
        if language == "sh":
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            if not all(line.startswith("doseesc ") for line in lines) or text.startswith("#!"):
                subprocess.run(["sh", "-n"], input=text, text=True, check=True)
                return None
            return "\n".join(command(line) for line in lines)
        if language == "python":
            exec(compile(text, file or "block", "exec"), names)
            return "\n".join(line.rstrip() for line in capsys.readouterr().out.splitlines())
        if language == "yaml":
            assert yaml(text)
        elif language == "toml":
            assert tomllib.loads(text)
        elif language == "r":
            is_r(text)
        else:
            assert language == "csv", language
        return None

    return run


def timeless(printed):
    """Return it without what depends on the machine: how long something took."""
    return re.sub(r"[0-9.]+ s$", "… s", printed, flags=re.MULTILINE)


def is_r(text):
    """Have R parse it where there is R; else see that its brackets close."""
    if shutil.which("Rscript"):
        subprocess.run(["Rscript", "-e", "invisible(parse(file('stdin')))"], input=text, text=True, check=True)
    code = re.sub(r"#.*|\"[^\"]*\"", "", text)
    for opens, closes in ("()", "[]", "{}"):
        assert code.count(opens) == code.count(closes)


@pytest.mark.parametrize("topic", GUIDE_TOPICS)
def test_what_the_guide_prints(topic, runs, request, monkeypatch):
    path = FOLDER / f"{topic}.md"
    text = path.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    assert text.count("\n```") == 2 * len(blocks)
    before, found, ended = None, [], 0
    for block in blocks:
        language, file, content = block.groups()
        if language == "text":
            assert before is not None, f"nothing prints {content[:60]!r}"
            printed = before.strip("\n") + "\n"
            found.append(text[ended : block.start(3)] + printed)
            ended = block.end(3)
            if not request.config.getoption("--write-golden"):
                assert timeless(content) == timeless(printed), f"{path.name}: pytest --write-golden {__file__}"
            before = None
            continue
        before = runs(language, file, content)
    if request.config.getoption("--write-golden"):
        path.write_text("".join(found) + text[ended:], encoding="utf-8")


def test_pages_are_those_that_are_listed():
    assert {path.stem for path in FOLDER.glob("*.md")} == set(GUIDE_TOPICS)


@pytest.mark.parametrize("page", guide.guide_pages(), ids=lambda page: page.name)
def test_a_page_begins_with_its_answer_and_fits_a_screen(page):
    assert page.text.startswith("# ")
    assert 60 < len(page.summary) < 500
    assert "```" not in page.summary
    assert not [line for block in BLOCK.finditer(page.text) for line in block[3].splitlines() if len(line) > 120]
