"""Code that is shown writes the files that the command writes, byte for byte."""

import shlex
from pathlib import Path

import pytest
from support import THREE_DESIGNS, THREE_DOSES

STUDY = f"study: {{title: Mine}}\n{THREE_DOSES.replace('max_n: 12', 'max_n: 6')}{THREE_DESIGNS}"
COMMANDS = [
    "size mine.yaml --design BOIN --correct 0.5 --up-to 6",
    "worst-case mine.yaml --design 3+3 --starts 1",
    "ensemble mine.yaml --count 3",
    "paths mine.yaml --design BOIN --cohorts 1",
    "calibrate mine.yaml --design BOIN --grid p_safe=0.1,0.15 --widen 0",
    "optimal mine.yaml --held-out 10",
]


@pytest.mark.parametrize("line", COMMANDS, ids=lambda line: line.partition(" ")[0])
def test_shown_code_writes_the_same_files(cli, line, capsys):
    Path("mine.yaml").write_text(STUDY)
    words = shlex.split(line)
    assert cli(*words, "--quiet", "--out", "made")[0] == 0
    shown = cli(*words, "--out", "shown", "--show-code")[1]
    assert not Path("shown").exists()
    exec(shown, {})
    names = sorted(each.name for each in Path("made").iterdir())
    assert names
    assert names == sorted(each.name for each in Path("shown").iterdir())
    for name in names:
        assert (Path("made") / name).read_bytes() == (Path("shown") / name).read_bytes()


def test_shown_code_says_what_is_attainable(cli, capsys):
    Path("mine.yaml").write_text(STUDY)
    words = shlex.split("calibrate mine.yaml --design BOIN --grid p_safe=0.1,0.15 --widen 0 --attainable")
    said = " ".join(cli(*words)[1].split())
    exec(cli(*words, "--show-code")[1], {})
    shown = capsys.readouterr().out.splitlines()[-1]
    assert shown.startswith("the best possible design scores ")
    assert shown in said


def test_shown_code_writes_the_starter_and_the_figure_of_a_sweep(cli):
    assert cli("init", "made.yaml")[0] == 0
    exec(cli("init", "shown.yaml", "--show-code")[1], {})
    assert Path("shown.yaml").read_bytes() == Path("made.yaml").read_bytes()
    Path("mine.yaml").write_text(STUDY)
    Path("axes.yaml").write_text("study: mine.yaml\ndesigns: [BOIN]\naxes:\n  max_n: [3, 6]\n")
    shown = cli("sweep", "axes.yaml", "--out", "cells", "--figure", "shown.svg", "--show-code")[1]
    assert shown.splitlines()[-1] == (
        "write_file('shown.svg', figure_bytes(sweep_figure(doseesc.read('cells')), 'svg'), force=True)"
    )
