"""What the terminal shows at 80, 100 and 140 columns: golden screens, and tables of any shape in any width."""

import contextlib
import io
import os
import re
import shlex
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text
from support import DATA, ROOT

from doseesc.cli import main
from doseesc.report.terminal import fitted
from doseesc.report.terminal.lines import Cell, ends, line, wrapped

STUDY = (DATA / "mistakes_study.yaml").read_text()
PATIENTS = """\
id,date,dose,dlt,last_seen
1,2025-01-07,low,no,2025-03-01
2,2025-01-14,low,no,2025-03-01
3,2025-01-21,low,no,2025-03-01
4,2025-02-18,medium,no,2025-03-20
5,2025-03-11,medium,,
6,2025-03-18,medium,,
"""
SCREENS = {
    "run": "run mine.yaml --trials 200 --out results/a --force",
    "run_full": "run mine.yaml --trials 200 --full --out results/a --force",
    "run_many": "run many.yaml --trials 100 --out results/c --force",
    "compare": "compare results/a results/b --all",
    "next": 'next mine.yaml --design BOIN --outcomes "1NNN 2NNT"',
    "next_pending": "next mine.yaml --design CRM --data patients.csv --date 2025-03-20",
    "replay": "replay mine.yaml --design BOIN --data patients.csv --date 2025-03-20",
    "table": "table mine.yaml --design BOIN",
    "table_tallies": "table mine.yaml --design CRM",
    "table_follow_up": "table many.yaml --design TITE-BOIN",
    "paths": "paths mine.yaml --design BOIN --cohorts 2",
    "worst_case": "worst-case mine.yaml --design BOIN",
    "ensemble": "ensemble mine.yaml",
    "size": "size mine.yaml --design CRM --design BOIN --correct 0.5 --trials 100 --up-to 15",
    "calibrate": "calibrate mine.yaml --design BOIN",
    "optimal_skeleton": "calibrate mine.yaml --design CRM --optimal-skeleton",
    "fit": 'fit mine.yaml --outcomes "1NNN 2NNT 3NTN" --model monotone',
    "phase2": "phase2 mine.yaml --trials 200",
    "scenarios": "scenarios",
}
WIDTHS = (80, 100, 140)
MANY = """\
study: {title: Seven doses of a drug with a title that takes more than a line of a narrow terminal, short_title: S7}
doses: {amounts: [5, 10, 20, 40, 80, 120, 160], unit: mg}
target: 0.3
dlt_window_days: 28
cohort_size: 3
max_n: 24
designs:
  - {name: a design with a long name, type: BOIN}
  - {name: TITE-BOIN, type: TITE-BOIN}
  - {name: 3+3, type: 3+3}
scenarios:
  - {name: steep, description: the MTD is in the middle and what lies above it is toxic,
     dlt: [0.01, 0.05, 0.15, 0.3, 0.5, 0.6, 0.7]}
accrual: {per_month: 3}
"""


def printed(words):
    """Return what a command prints, without what differs from run to run."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code in (0, 3), err.getvalue()
    text = re.sub(r"\b[0-9]+\.[0-9] s\b", "0.1 s", out.getvalue())
    return "\n".join(each.rstrip() for each in text.splitlines()) + "\n"


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    """Every screen at every width."""
    folder = tmp_path_factory.mktemp("screens")
    (folder / "mine.yaml").write_text(STUDY)
    (folder / "many.yaml").write_text(MANY)
    (folder / "patients.csv").write_text(PATIENTS)
    found = {}
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patched:
        printed(shlex.split("run mine.yaml --trials 200 --seed 7 --out results/b --quiet --format json"))
        for width in WIDTHS:
            patched.setenv("COLUMNS", str(width))
            for name, words in SCREENS.items():
                found[name, width] = printed(shlex.split(words))
    return found


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_a_screen_is_as_looked_at(name, width, screens, golden):
    golden(f"screens/{name}_{width}.txt", screens[name, width])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SCREENS)
def test_no_line_is_longer_than_the_terminal(name, width, screens):
    assert [each for each in screens[name, width].splitlines() if cell_len(each) > width] == []


ENDS = sorted(set(SCREENS) - {"next", "next_pending", "replay", "scenarios"})


@pytest.mark.parametrize("name", ENDS)
def test_the_last_line_is_a_next_step_that_can_be_taken(name, screens, tmp_path, monkeypatch):
    for width in WIDTHS:
        last = screens[name, width].splitlines()[-1]
        assert re.match(r"(written to .* \u00b7 )?next: ", last), (width, last)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(STUDY)
    (tmp_path / "many.yaml").write_text(MANY)
    words = shlex.split(last.rpartition("doseesc ")[2])
    assert "doseesc." in printed([*words, "--show-code"])  # read without a mistake


def test_a_wide_terminal_shows_more(screens):
    for width, head in ((80, "none  correct  above"), (100, "none  correct    simulated  above")):
        assert head in screens["run_full", width]
    assert max(map(len, screens["run_many", 140].splitlines())) > 100


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a pseudo-terminal")
def test_a_terminal_gives_its_own_width(tmp_path, monkeypatch):
    import fcntl
    import struct
    import subprocess
    import termios

    (tmp_path / "mine.yaml").write_text(STUDY)
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    monkeypatch.delenv("COLUMNS", raising=False)
    words = [sys.executable, "-m", "doseesc", "worst-case", "mine.yaml", "--design", "BOIN"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    done = subprocess.run(words, cwd=tmp_path, stdout=theirs, stderr=subprocess.DEVNULL, env=environment, check=False)
    os.close(theirs)
    text = b""
    with contextlib.suppress(OSError):  # where nobody holds the other end any more
        while part := os.read(ours, 65536):
            text += part
    os.close(ours)
    lines = text.decode().splitlines()
    assert done.returncode == 0
    assert any("too toxic" in each for each in lines)
    assert max(map(cell_len, lines)) <= 80


WORDS = st.text(alphabet="abcxyz019.%", min_size=0, max_size=14)
TABLES = st.integers(2, 14).flatmap(
    lambda count: st.tuples(
        st.lists(st.integers(6, 16), min_size=count, max_size=count),
        st.lists(st.lists(WORDS, min_size=count, max_size=count), min_size=1, max_size=5),
    )
)


@given(TABLES, st.integers(60, 160))
def test_a_table_of_any_shape_fits_any_width_and_loses_no_cell(table, width):
    widths, rows = table
    made = [line([Cell(row[0], left=True), *row[1:]], widths) for row in rows]
    shown = list(fitted(made, width))
    assert all(cell_len(each.plain) <= width for each in shown)
    for row, room in ((each, widths) for each in rows):
        for cell, most in zip(row, room, strict=True):
            if len(cell) <= most:
                assert any(cell in each.plain for each in shown)


@given(st.lists(st.text(alphabet="abc ", min_size=1, max_size=200), max_size=5), st.integers(60, 160))
def test_texts_are_folded_again_and_lose_no_word(texts, width):
    made = [part for text in texts for part in wrapped(text, "dim", 2)]
    shown = list(fitted(made, width))
    assert all(cell_len(each.plain) <= max(width, max(map(len, " ".join(texts).split()), default=0)) for each in shown)
    assert " ".join(each.plain for each in shown).split() == " ".join(texts).split() or any(
        len(word) > width - 2 for text in texts for word in text.split()
    )


def test_what_is_added_to_a_row_and_its_style_stay():
    row = line([Cell("a", left=True), "1", "2"], [50, 25, 25])
    row.append("  worst")
    row.stylize("bold")
    (narrow,) = fitted([row], 60)
    assert re.fullmatch(r"a +1 +2  worst", narrow.plain)
    assert any(span.style == "bold" for span in narrow.spans)
    (heading, other) = fitted(ends("a title", "x" * 70, "bold"), 72)
    assert (heading.plain, other.plain) == ("a title", "x" * 70)
    assert [each.plain for each in fitted([Text("short")], 60)] == ["short"]


def test_fit_without_data_says_so_and_denies_no_dose(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(STUDY)
    first = printed(shlex.split("fit mine.yaml --model monotone")).splitlines()[0]
    assert first.startswith("No outcome is known yet. By the prior low exceeds")
    toxic = printed(shlex.split('fit mine.yaml --model monotone --outcomes "1TTT"')).splitlines()[0]
    assert toxic.startswith("No dose is the MTD (no design selects a level on these data): low exceeds")


def test_a_head_made_short_is_explained(screens):
    assert "n above: patients treated above the MTD." in screens["run_many", 80]
    assert "n above" not in screens["run_many", 100]  # as little as there is room for gives way
    assert "n above" not in screens["run", 80]
