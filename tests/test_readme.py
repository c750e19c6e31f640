"""The README's Python examples run as they are printed, and the main job prints what stands there."""

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support import ROOT, yaml

import doseesc
from designs import CRM
from doseesc.report.terminal.run import run_lines

README = (ROOT / "README.md").read_text(encoding="utf-8")


def example(marker, language="python"):
    found = re.search(rf"<!-- {marker} -->\n```{language}\n(.*?)```", README, flags=re.S)
    assert found, f"no {marker} in the README"
    return found[1]


def test_library_example(tmp_path, monkeypatch):
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(example("library example"), names)
    assert names["decision"].level.tolist() == [1]  # 1 of 3 is above the boundary of 29.8 %
    assert names["oc"].selected.sum() == pytest.approx(1)
    assert doseesc.read(tmp_path / "found.nc").to_frame().equals(names["results"].to_frame())


def test_time_example(capsys):
    exec(example("time example"), {})
    waits, goes_on = (int(line.split()[0]) for line in capsys.readouterr().out.splitlines())
    assert goes_on < waits


def test_pymc_example_is_a_crm():
    names = {}
    exec(example("pymc example"), names)
    truth = [0.05, 0.12, 0.25, 0.40, 0.55]
    crm = CRM(target=0.25, skeleton=truth, cohort_size=3, max_n=18, rules=names["design"].rules)
    found = doseesc.enumerate_paths(names["design"]).characteristics(truth)
    np.testing.assert_allclose(found.selected, doseesc.enumerate_paths(crm).characteristics(truth).selected, atol=1e-9)


def test_the_sweep_and_its_jobs(cli):
    Path("sweep.yaml").write_text(example("sweep example", "yaml"))
    code, out, _ = cli("sweep", "sweep.yaml", "--method", "exact", "--plan")
    assert code == 0
    assert out.startswith("9 cells: 9 combinations of designs and axes under 6 scenarios")
    for name, parts in (("slurm", 20), ("dask", None)):
        lines = example(f"{name} example", "sh")
        assert subprocess.run(["sh", "-n"], input=lines, text=True).returncode == 0
        assert parts is None or f"--array=0-{parts - 1} " in lines
    job = yaml(example("kubernetes example", "yaml"))["spec"]
    assert job["completionMode"] == "Indexed"
    command = job["template"]["spec"]["containers"][0]["command"]
    assert command[:3] == ["doseesc", "sweep", "sweep.yaml"]
    assert command[-2:] == ["--shard", f"/{job['completions']}"]


def test_the_printed_run_is_what_the_main_job_prints():
    printed = re.search(r"<!-- run output -->\n```text\n(.*?)```", README, flags=re.S)[1].splitlines()
    results = doseesc.run(doseesc.load(ROOT / "scenarios" / "nct04602104.yaml"))
    lines = iter([line.plain.rstrip() for line in run_lines(results)])
    told = [line for line in printed if line and "seed" not in line and not line.startswith(("   (", "written to"))]
    # What is left out is marked; the rest stands there in the same order.
    assert [line for line in told if line not in lines] == []
