"""The wheel and the sdist hold both packages and the shipped scenarios, and the wheel runs outside a checkout."""

import json
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

from doseesc.guide import GUIDE_TOPICS

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
    assert {"doseesc/validation/data/boin.json", "doseesc/validation/requirements.yaml"} <= names
    assert {"doseesc/constraints.txt", "doseesc/report/evidence/templates/validation.html.j2"} <= names
    assert {f"doseesc/guide/{name}.md" for name in GUIDE_TOPICS} <= names
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


def test_installed_wheel_is_validated_against_its_record(wheel_only, tmp_path):
    words = ["-m", "doseesc", "validate", "--quick", "--only", "C5", "--jobs", "1", "--out"]
    run([*words, "intact"], tmp_path, wheel_only)
    document = json.loads((tmp_path / "intact" / "validation.json").read_text(encoding="utf-8"))
    checks = {each["what"]: each for each in document["installation"]}
    assert checks["files of the package"]["verdict"] == "passed"
    assert checks["files of the package"]["found"].endswith(" files, all alike")
    assert checks["packages that are loaded"]["verdict"] == "passed"
    changed = Path(wheel_only["PYTHONPATH"], "designs", "boin.py")
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text + "# by hand\n", encoding="utf-8")
    try:
        with pytest.raises(subprocess.CalledProcessError) as failed:
            run([*words, "changed"], tmp_path, wheel_only)
    finally:
        changed.write_text(text, encoding="utf-8")
    assert failed.value.returncode == 3
    assert "1 changed (designs/boin.py)" in failed.value.stdout


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
