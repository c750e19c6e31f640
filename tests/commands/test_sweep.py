"""``doseesc sweep``: the plan, the status, shards, the table, and what is said when something is wrong."""

from pathlib import Path

import pytest
from support import THREE_DESIGNS, THREE_DOSES

import doseesc

SWEEP = """\
study: mine.yaml
designs: [BOIN, CRM]
scenarios: [middle, toxic]
axes:
  max_n: {from: 6, to: 12, by: 3}
  designs.BOIN.elimination_cutoff: [0.9, 0.95]
"""
CELLS = 9  # BOIN at three sizes and two cut-offs, the CRM at three


@pytest.fixture(autouse=True)
def files(cli):
    Path("mine.yaml").write_text(
        f"study: {{title: Mine}}\n{THREE_DOSES}{THREE_DESIGNS}simulation: {{method: exact, trials: 20, seed: 1}}\n"
    )
    Path("sweep.yaml").write_text(SWEEP)


def said(cli, *words):
    code, out, err = cli("sweep", "sweep.yaml", *words)
    assert (code, err) == (0, "")
    return " ".join(out.split())


def test_the_answer_comes_first_and_the_table_is_written(cli):
    out = said(cli)
    assert out.startswith("Mine 9 combinations · 2 scenarios ")
    found = doseesc.read("results/sweep")
    summary = found.summary()
    best = summary.loc[summary["score"].idxmax()]
    assert (
        f"does best of 9 over the scenarios: it selects the true MTD in {100 * best['correct_selection']:.1f} %" in out
    )
    assert "No other cell is right as often and above as rarely" in out
    assert out.count("BOIN") + out.count("CRM") >= CELLS
    assert "all exact" in out
    assert summary["pareto"].any()
    assert len(summary) == CELLS
    csv = cli("sweep", "sweep.yaml", "--format", "csv")[1].splitlines()
    assert csv[0].startswith("design,max_n,designs.BOIN.elimination_cutoff,correct_selection,overdose_selection")
    assert len(csv) == 1 + CELLS


def test_a_shard_without_cells_has_a_plan_too(cli):
    assert said(cli, "--plan", "--shard", "30/40").startswith("0 cells")
    assert "all its 0 cells" in said(cli, "--shard", "30/40")


def test_plan_and_status_compute_nothing_that_stays(cli):
    out = said(cli, "--plan", "--jobs", "2")
    assert out.startswith(
        "9 cells: 9 combinations of designs and axes under 2 scenarios, each a cell with all scenarios"
    )
    assert "max_n: 3 values" in out
    assert "in one process" in out
    assert "with --jobs 2" in out
    assert said(cli, "--status") == "0 of 9 cells are in results/sweep next: doseesc sweep sweep.yaml"
    assert not Path("results").exists()


def test_shards_and_gathering(cli, monkeypatch):
    whole = said(cli)
    digest, content = doseesc.read("results/sweep").digest, Path("results/sweep/sweep.parquet").read_bytes()
    assert "shard 0/2: all its 5 cells are in out" in said(cli, "--out", "out", "--shard", "0/2")
    assert said(cli, "--out", "out", "--status") == "5 of 9 cells are in out next: doseesc sweep sweep.yaml --out out"
    code, _, err = cli("sweep", "sweep.yaml", "--out", "out", "--gather")
    assert (code, err.splitlines()[0]) == (2, "4 of 9 cells are still to be computed")
    assert "doseesc sweep FILE,  with the same options" in err
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "1")
    code, _, err = cli("sweep", "sweep.yaml", "--out", "out", "--shard", "/2")
    assert (code, err) == (0, "shard 1/2, as the environment says\n")
    assert said(cli, "--out", "out", "--gather").partition("written to")[0] == whole.partition("written to")[0]
    assert doseesc.read("out").digest == digest
    assert Path("out/sweep.parquet").read_bytes() == content


@pytest.mark.parametrize(
    ("environment", "shard"),
    [
        ({"TASK_ID": "0", "TASK_COUNT": "3"}, "0/3"),
        ({"TASK_ID": "3", "TASK_COUNT": "3", "TASK_MIN": "1"}, "2/3"),
        ({"TASK_ID": "14", "TASK_COUNT": "3", "TASK_MIN": "10", "TASK_STEP": "2"}, "2/3"),
        ({"TASK_ID": "7", "TASK_COUNT": "3", "TASK_MIN": "1"}, None),
        ({"TASK_ID": "11", "TASK_COUNT": "3", "TASK_MIN": "10", "TASK_STEP": "2"}, None),
        ({"TASK_ID": "x", "TASK_COUNT": "3"}, None),
        ({"TASK_ID": "1"}, None),
    ],
)
def test_slurm_arrays_need_no_option(cli, monkeypatch, environment, shard):
    for name, value in environment.items():
        monkeypatch.setenv(f"SLURM_ARRAY_{name}", value)
    code, out, err = cli("sweep", "sweep.yaml", "--out", "out")
    if shard is None:
        assert code == 2
        assert "SLURM_ARRAY_TASK_" in err
        assert "Traceback" not in err
    else:
        assert (code, err) == (0, f"shard {shard}, as the environment says\n")
        assert out.startswith(f"shard {shard}: all its 3 cells are in out")


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--shard", "3/3"], "3/3 is no part\n  parts are counted from 0: 0/3 to 2/3"),
        (["--shard", "half"], "write for example  --shard 0/20"),
        (["--shard", "/2"], "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"),
        (["--gather", "--shard", "0/2"], "the table is made of all cells"),
        (["--plan", "--status"], "--status"),
        (["--out", "other"], "other holds other files, and no sweep"),
        (["--out", "mine.yaml"], "mine.yaml exists and is no folder"),
    ],
)
def test_what_is_wrong_is_said(cli, words, wrong):
    Path("other").mkdir()
    Path("other/results.json").write_text("{}")
    code, out, err = cli("sweep", "sweep.yaml", *words)
    assert (code, out) == (2, "")
    assert wrong in err


def test_wrong_cells_are_refused_before_any_is_computed(cli):
    Path("sweep.yaml").write_text(SWEEP.replace("[0.9, 0.95]", "[0.9, 9.5]"))
    code, _, err = cli("sweep", "sweep.yaml")
    assert code == 2
    assert err.startswith("sweep.yaml:6  axes.designs.BOIN.elimination_cutoff\n  at 9.5: must lie between 0 and 1")
    assert not Path("results").exists()


def test_a_study_is_no_sweep_and_a_sweep_no_study(cli):
    code, _, err = cli("sweep", "mine.yaml")
    assert (code, err) == (
        2,
        "mine.yaml:1\n  has no  axes:  and so is no sweep\n  for a single study use  doseesc run\n",
    )
    code, _, err = cli("sweep", "nct04602104")
    assert code == 2
    assert "nct04602104.yaml:1\n  has no  axes:" in err
    code, _, err = cli("run", "sweep.yaml")
    assert code == 2
    assert err.endswith("make this a sweep of many studies, not a study\n  doseesc sweep sweep.yaml\n")


def test_show_code_gives_the_same(cli):
    code, out, _ = cli("sweep", "sweep.yaml", "--out", "out", "--trials", "10", "--show-code")
    assert code == 0
    names = {}
    exec(out.replace("print(found)", ""), names)
    assert said(cli, "--trials", "10", "--quiet") == ""
    digest = doseesc.read("results/sweep").digest
    from doseesc.results import SweepResults

    assert SweepResults.from_frame(names["found"]).digest == digest


def test_two_cells_are_compared(cli):
    assert said(cli, "--quiet") == ""
    cells = ["--cell", "BOIN, max_n 6, elimination_cutoff 0.9", "--cell", "CRM, max_n=12"]
    code, out, err = cli("compare", "results/sweep", "results/sweep", *cells)
    assert (code, err) == (0, "")
    frame = doseesc.read("results/sweep").to_frame()
    right = frame[(frame["metric"] == "correct_selection") & (frame["scenario"] == "middle")]
    first = right[(right["max_n"] == 6) & (right["designs.BOIN.elimination_cutoff"] == 0.9)]["value"].item()
    second = right[(right["max_n"] == 12) & (right["design"] == "CRM")]["value"].item()
    shown = f"correct % {100 * first:.1f} {100 * second:.1f} {100 * (second - first):+.1f} exact"
    assert f"middle {shown}" in " ".join(out.split())
    csv = cli("compare", "results/sweep", "results/sweep", *cells, "--format", "csv")[1].splitlines()
    assert csv[0] == "scenario,metric,first,second,difference,mcse"
    assert len(csv) == 1 + 4 * 3  # four figures, over all and in two scenarios
    code, out, _ = cli("compare", "results/sweep", "results/sweep", *cells, "--show-code")
    names = {}
    exec(out.partition("print")[0], names)
    assert names["found"].to_frame()["difference"].iloc[4] == pytest.approx(second - first)


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        (["BOIN, max_n 6"], "is to be given twice\n  name a cell of the first sweep"),
        (["BOIN, max_n 6", "CRM, max_n 6"], "leaves elimination_cutoff open: 0.9, 0.95"),
        (["CRM", "CRM, max_n 6"], "leaves max_n open: 6, 9, 12"),
        (["CRM, max_n 7", "CRM, max_n 6"], "max_n has the values 6, 9, 12"),
        (["CRM, max_m 6", "CRM, max_n 6"], "did you mean max_n?"),
        (["CRM, max_n 6, elimination_cutoff 0.9", "CRM, max_n 6"], "these values do not come together"),
    ],
)
def test_cells_that_are_none_are_named(cli, cells, wrong):
    assert said(cli, "--quiet") == ""
    words = [word for cell in cells for word in ("--cell", cell)]
    code, _, err = cli("compare", "results/sweep", "results/sweep", *words)
    assert code == 2
    assert wrong in err


def test_a_table_too_large_for_memory_is_written_all_the_same(cli, monkeypatch):
    with monkeypatch.context() as small:
        small.setattr("doseesc.results.formats.MOST_BYTES", 1000)
        assert said(cli).startswith("written to results/sweep/sweep.parquet, which is too large to be summed up here")
    assert len(doseesc.read("results/sweep").summary()) == CELLS
