"""The README's Python examples run as they are printed, and the main job prints what stands there."""

import re
import subprocess

import pytest
from support import ROOT, yaml

import doseesc
from doseesc.guide import GUIDE_TOPICS
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


def test_jobs_of_a_sweep():
    for name, parts in (("slurm", 20), ("dask", None)):
        lines = example(f"{name} example", "sh")
        assert subprocess.run(["sh", "-n"], input=lines, text=True).returncode == 0
        assert parts is None or f"--array=0-{parts - 1} " in lines
    job = yaml(example("kubernetes example", "yaml"))["spec"]
    assert job["completionMode"] == "Indexed"
    command = job["template"]["spec"]["containers"][0]["command"]
    assert command[:3] == ["doseesc", "sweep", "sweep.yaml"]
    assert command[-2:] == ["--shard", f"/{job['completions']}"]


def test_it_maps_the_whole_guide_and_fits_its_purpose():
    linked = re.findall(r"\]\(([^)]+)\)", README)
    assert {f"doseesc/guide/{name}.md" for name in GUIDE_TOPICS} <= set(linked)
    assert [each for each in linked if not each.startswith("https:") and not (ROOT / each).is_file()] == []
    assert len(README.splitlines()) < 300


def test_the_printed_run_is_what_the_main_job_prints():
    """Line by line, but for the last, which names the folder."""
    *printed, written = re.search(r"<!-- run output -->\n```text\n(.*?)```", README, flags=re.S)[1].splitlines()
    results = doseesc.run(doseesc.load(ROOT / "scenarios" / "nct04602104.yaml"))
    assert printed == "\n".join(line.plain.rstrip() for line in run_lines(results)).splitlines()
    assert written == "written to results/nct04602104/ · next: doseesc report results/nct04602104"
