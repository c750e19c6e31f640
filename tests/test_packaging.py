"""The wheel and the sdist hold both packages and the shipped scenarios, and the wheel runs outside a checkout."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from support import ROOT

SHIPPED = sorted(path.name for path in (ROOT / "scenarios").glob("*.yaml"))


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """A folder with the wheel and the sdist."""
    out = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", str(out), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    return out


def test_wheel_contents(dist):
    (wheel,) = dist.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"designs/__init__.py", "designs/py.typed", "doseesc/cli.py", "doseesc/py.typed"} <= names
    assert {f"doseesc/scenarios/{name}" for name in SHIPPED} <= names
    assert {"doseesc/app/static/app.js", "doseesc/app/static/app.css", "doseesc/app/templates/index.html.j2"} <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_sdist_contents(dist):
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"designs/__init__.py", "doseesc/cli.py", "README.md", "LICENSE", "pyproject.toml"} <= names
    assert {f"scenarios/{name}" for name in SHIPPED} <= names


@pytest.fixture(scope="module")
def wheel_only(dist, tmp_path_factory):
    """An environment in which only the installed wheel can be imported, not the checkout."""
    target = tmp_path_factory.mktemp("site")
    (wheel,) = dist.glob("*.whl")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=120)
    return {**os.environ, "PYTHONPATH": str(target)}


def run(arguments, cwd, env):
    return subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, timeout=120, check=True
    ).stdout


def test_installed_wheel_runs_the_shipped_scenarios(wheel_only, tmp_path):
    where = run(["-c", "import doseesc; print(doseesc.__file__)"], tmp_path, wheel_only)
    assert wheel_only["PYTHONPATH"] in where
    listed = run(["-m", "doseesc", "scenarios"], tmp_path, wheel_only)
    for name in SHIPPED:
        assert Path(name).stem in listed
    run(["-m", "doseesc", "scenarios", "copy", "nct04602104"], tmp_path, wheel_only)
    assert (tmp_path / "nct04602104.yaml").read_bytes() == (ROOT / "scenarios" / "nct04602104.yaml").read_bytes()
    run(["-m", "doseesc", "run", "nct04602104.yaml", "--trials", "500"], tmp_path, wheel_only)
    assert (tmp_path / "results" / "nct04602104" / "results.json").is_file()


def test_the_constraints_hold_every_dependency_within_its_bounds():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    held = {name: version for name, _, version in (line.partition("==") for line in lines)}
    needed = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    for requirement in map(Requirement, needed):
        version = held[re.sub(r"[-_.]+", "-", requirement.name).lower()]
        assert requirement.specifier.contains(version), requirement
