"""The next step that a command tells: the options that made the answer are in it, and nothing stands in its way."""

import os
import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pytest
import typer
from support import ARMS, THREE_DESIGNS, THREE_DOSES

from doseesc.commands._following import again, changed_words, free, given, next_edit, next_report, next_run

STUDY = f"study: {{title: Mine}}\n{THREE_DOSES}{THREE_DESIGNS}simulation: {{trials: 100, seed: 1}}\n"


@pytest.fixture(autouse=True)
def mine(cli):
    Path("mine.yaml").write_text(STUDY)


class Kind(StrEnum):
    """An option of few values."""

    plain = "plain"
    other = "other"


def told(words, say):
    """Return what ``say`` tells of a command that was called with ``words``."""
    app, heard = typer.Typer(), []

    @app.command("ask")
    def ask(
        context: typer.Context,
        file: str,
        kind: Annotated[Kind, typer.Option("--kind")] = Kind.plain,
        names: Annotated[list[str] | None, typer.Option("--name")] = None,
        share: Annotated[float, typer.Option("--a-share")] = 0.5,
        up_to: Annotated[int | None, typer.Option("--up-to")] = None,
        out: Annotated[Path | None, typer.Option("--out")] = None,
        figure: Annotated[Path | None, typer.Option("--figure")] = None,
        force: Annotated[bool, typer.Option("--force")] = False,
        brief: Annotated[bool, typer.Option("-b", "--brief")] = False,
    ):
        heard.append(say(context))

    app(words, prog_name="ask", standalone_mode=False)
    return heard[0]


def test_the_same_command_carries_whatever_was_given_and_nothing_else():
    words = [
        "mine.yaml",
        "--kind",
        "other",
        "--name",
        "BOIN of 2015",
        "--name",
        "3+3",
        "--a-share",
        "0.123456789",
        "-b",
    ]
    said = told(words, lambda context: again(context, {"up_to": 24}))
    whole = "mine.yaml --kind other --name 'BOIN of 2015' --name 3+3 --a-share 0.123456789 --up-to 24 --brief"
    assert said == f"next: doseesc ask {whole}"
    assert told(["x"], lambda context: again(context, {})) == "next: doseesc ask x"
    gone = told(
        [*words, "--up-to", "3"], lambda context: changed_words(context, {"up_to": None, "brief": False}, ["names"])
    )
    assert gone == "doseesc ask mine.yaml --kind other --a-share 0.123456789"
    assert told(words, lambda context: given(context, "names", "up_to", "brief")) == [
        *("--name", "BOIN of 2015", "--name", "3+3", "--brief")
    ]


def test_the_same_command_writes_under_another_name_unless_it_is_to_replace():
    Path("sizes.svg").write_text("a figure")
    Path("new").mkdir()
    words = ["x", "--out", "new", "--figure", "sizes.svg"]
    assert told(words, lambda context: changed_words(context, {})) == "doseesc ask x --out new --figure sizes-2.svg"
    assert told([*words, "--force"], lambda context: changed_words(context, {})) == (
        "doseesc ask x --out new --figure sizes.svg --force"
    )


def test_a_name_that_is_free():
    assert free(Path("out")) == Path("out")
    Path("out").mkdir()
    assert free(Path("out")) == Path("out"), "an empty folder may be written into"
    Path("out/a").write_text("")
    Path("out-2").write_text("")
    assert free(Path("out")) == Path("out-3")
    os.symlink("nowhere", "broken.csv")
    assert free(Path("broken.csv")) == Path("broken-2.csv")


def test_size_that_reaches_no_goal_asks_the_same_of_more_patients(cli):
    words = "size mine.yaml --correct 0.99 --design BOIN --overdose 0.2 --over worst --up-to 3 --by 3 --separation 0.1"
    code, out, _ = cli(*shlex.split(words), "--jobs", "1")
    assert code == 0
    assert out.splitlines()[-1] == (
        "next: doseesc size mine.yaml --correct 0.99 --design BOIN --overdose 0.2 --over worst --up-to 6 --by 3 "
        "--separation 0.1 --jobs 1"
    )
    assert cli(*shlex.split(out.splitlines()[-1])[2:], "--show-code")[0] == 0


def test_size_that_reaches_its_goal_carries_how_it_was_computed(cli):
    out = cli(*shlex.split("size mine.yaml --correct 0.1 --design BOIN --up-to 6 --method exact --seed 4"))[1]
    assert out.splitlines()[-1].endswith("then doseesc run mine.yaml --seed 4 --method exact")


def test_where_more_patients_do_not_help_a_goal_is_told_that_is_reached(cli):
    words = shlex.split("size mine.yaml --correct 0.99 --design 3+3 --up-to 27 --by 3 --method exact")
    last = cli(*words)[1].splitlines()[-1]
    said, _, lower = last.partition("a goal that is reached: doseesc ")
    assert said == "next: more than 18 patients have not helped; "
    assert " goal, kept" in cli(*shlex.split(lower))[1]


def test_phase2_and_optimal_carry_their_options(cli):
    Path("mine.yaml").write_text(STUDY + ARMS)
    words = "--scenario middle --mtd low --for mortality --trials 100 --seed 2"
    out = cli("phase2", "mine.yaml", *words.split())[1]
    assert out.splitlines()[-1] == (
        "next: doseesc phase2 mine.yaml --scenario middle --mtd low --size 0.8 --for mortality --assurance "
        "--trials 100 --seed 2"
    )
    Path("optimum").mkdir()
    Path("optimum/mine.txt").write_text("")
    out = cli("optimal", "mine.yaml", "--held-out", "10")[1]
    assert out.splitlines()[-1] == "next: doseesc optimal mine.yaml --held-out 10 --out optimum-2"


def test_the_last_of_a_sweep_s_shards_gathers_the_cells_that_were_computed(cli):
    Path("axes.yaml").write_text("study: mine.yaml\ndesigns: [BOIN]\naxes:\n  max_n: [3, 6]\n")
    same = ["sweep", "axes.yaml", "--trials", "50", "--seed", "9", "--method", "monte_carlo", "--out", "my cells"]
    assert cli(*same, "--plan")[1].splitlines()[-1] == (
        "next: doseesc sweep axes.yaml --out 'my cells' --seed 9 --trials 50 --method monte_carlo"
    )
    for shard in ("0/2", "1/2"):
        out = cli(*same, "--shard", shard)[1]
    told_first = out.splitlines()[-1].removeprefix("next, when all shards are done: ")
    assert cli(*same, "--status")[1].splitlines() == ["6 of 6 cells are in my cells", f"next: {told_first}"]
    code, out, _ = cli(*shlex.split(told_first)[1:])
    assert (code, out.splitlines()[-1]) == (0, "next: doseesc report 'my cells'")


def test_a_run_that_is_told_of_is_not_refused(cli):
    assert next_run("mine.yaml", "--report") == "next: doseesc run mine.yaml --report"
    assert cli("run", "mine.yaml", "--quiet", "--method", "exact")[0] == 0
    for said in (next_run("mine.yaml"), next_edit("mine.yaml", "write max_n: 24 in")):
        assert said.endswith("doseesc run mine.yaml --out results/mine-2")
    before = Path("results/mine/results.json").read_bytes()
    assert cli(*shlex.split(next_run("mine.yaml"))[2:], "--quiet", "--method", "exact")[0] == 0
    assert next_run("mine.yaml").endswith("--out results/mine-3")
    assert Path("results/mine/results.json").read_bytes() == before


def test_a_shipped_file_is_copied_beside_what_is_there(cli):
    Path("nct04602104.yaml").write_text("mine")
    said = next_edit("nct04602104", "write max_n: 24 in")
    assert said == (
        "next: doseesc scenarios copy nct04602104 --to nct04602104-2.yaml, write max_n: 24 in nct04602104-2.yaml, "
        "then doseesc run nct04602104-2.yaml"
    )
    assert cli(*shlex.split(said.partition(",")[0])[2:])[0] == 0
    Path("design_comparison.yaml").write_text("mine")
    assert cli("scenarios")[1].endswith("or doseesc scenarios copy design_comparison --to design_comparison-2.yaml\n")


def test_the_page_is_made_opened_or_made_again():
    folder = Path("results/mine")
    folder.mkdir(parents=True)
    (folder / "results.json").write_text("{}")
    assert next_report(folder) == "next: doseesc report results/mine"
    (folder / "report.html").write_text("")
    os.utime(folder / "results.json", ns=(1_000, 1_000))
    assert next_report(folder) == "next: open results/mine/report.html"
    (folder / "fit.json").write_text("{}")
    os.utime(folder / "report.html", ns=(2_000, 2_000))
    assert next_report(folder) == "next: doseesc report results/mine --force"


def test_the_rows_of_a_script_replace_no_file(cli):
    Path("rows.csv").write_text("mine")
    out = cli("script", "mine.yaml", "--design", "BOIN", "--out", "my boin.R")[1]
    assert "Rscript 'my boin.R' > rows-2.csv" in out
    assert out.endswith("doseesc compare-script mine.yaml rows-2.csv --design BOIN\n")
