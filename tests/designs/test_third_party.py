"""The guide's example of somebody else's design: installed as a package, found by name, run from YAML."""

import json
import os
import re
import subprocess
import sys

import pytest
from support import ROOT

from doseesc.guide import guide_page

PAGE = guide_page("extending").text

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "up-and-down"
version = "1"

{entry_point}

[tool.hatch.build.targets.wheel]
include = ["up_and_down.py"]
"""

SCENARIO = """
study: {title: somebody else's design}
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.25
dlt_window_days: 14
cohort_size: 3
max_n: 12
designs:
  - {name: theirs, type: up-and-down, rules: [{type: StopTooToxic, level: low, above: 0.25}]}
  - {name: ours, type: BOIN}
scenarios:
  - {name: S, dlt: [0.1, 0.25, 0.45]}
simulation: {trials: 2000, seed: 1, method: both}
"""


def block(opening):
    found = re.search(rf"^```{opening}\n(.*?)```", PAGE, flags=re.S | re.M)
    assert found, opening
    return found[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the example package is installed into."""
    source, target = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("installed")
    (source / "up_and_down.py").write_text(block("python up_and_down.py"))
    (source / "pyproject.toml").write_text(PYPROJECT.format(entry_point=block("toml")))
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(source)], check=True, capture_output=True, timeout=120)
    return target


def doseesc(installed, folder, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "doseesc", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_it_is_short():
    lines = (block("python up_and_down.py") + block("toml")).splitlines()
    assert len(lines) < 30


def test_it_runs_from_yaml_and_both_engines_agree(installed, tmp_path):
    (tmp_path / "study.yaml").write_text(SCENARIO)
    done = doseesc(installed, tmp_path, "run", "study.yaml", "--format", "json", "--out", "out")
    assert done.returncode == 0, done.stderr
    table = [line.split(",") for line in (tmp_path / "out" / "characteristics.csv").read_text().splitlines()]
    value = {(row[2], row[3], row[4]): float(row[5]) for row in table[1:] if row[1] == "theirs"}
    simulated, exact = value["monte_carlo", "patients", "2"], value["exact", "patients", "2"]
    assert exact > 1
    assert abs(simulated - exact) < 0.2
    json.loads(done.stdout)
    done = doseesc(installed, tmp_path, "protocol", "out", "--design", "Theirs")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "protocol.md").read_text(encoding="utf-8")
    what_it_says_of_itself = re.search(r'"""(.*?\.)', block("python up_and_down.py"))[1]
    assert what_it_says_of_itself in text
    assert "Dose transitions over the first" in text


def test_its_name_is_suggested(installed, tmp_path):
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("type: up-and-down", "type: up-and-don"))
    done = doseesc(installed, tmp_path, "run", "study.yaml")
    assert done.returncode == 2
    assert "up-and-down" in done.stderr
    assert "Traceback" not in done.stderr
