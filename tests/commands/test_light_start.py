"""Commands that compute nothing, and mistakes that need no study to be seen, load nothing that computes.

By what is imported, not by the clock: NumPy, SciPy and the forms of studies and results, which pydantic builds, take
most of a second.  pydantic itself is not looked for, which some versions of Typer read options with.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

HEAVY = (
    "arviz",
    "designs",
    "doseesc.results.document_models",
    "doseesc.study.study",
    "doseesc.study.values",
    "docx",
    "jinja2",
    "matplotlib",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pymc",
    "scipy",
    "scipy.interpolate",
    "scipy.optimize",
    "scipy.stats",
    "xarray",
)

_RUN = f"""
import json, sys
from doseesc.cli import main
code = 0
try:
    main(json.loads(sys.argv[1]))
except SystemExit as end:
    code = end.code or 0
sys.stdout.flush()
print(json.dumps([code, [name for name in {HEAVY!r} if name in sys.modules]]))
"""


def ended(folder, *arguments):
    """Return exit code, heavy modules loaded, what was printed, and what was complained of."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    found = subprocess.run(
        [sys.executable, "-c", _RUN, json.dumps(arguments)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    *printed, last = found.stdout.splitlines()
    code, heavy = json.loads(last)
    return code, heavy, "\n".join(printed), found.stderr


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "broken.yaml").write_text("study: {title: [a\ndoses: b\n")
    (tmp_path / "tab.yaml").write_text("study:\n\ttitle: T\n")
    (tmp_path / "empty.yaml").write_text("")
    (tmp_path / "folder").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["scenarios"], 0, "3 doses, 18 patients"),
        (["scenarios", "copy", "nct04602104"], 0, "written to nct04602104.yaml"),
        (["guide"], 0, "first-trial"),
        (["guide", "conduct"], 0, "# During the trial"),
        (["schema"], 0, '"title": "doseesc scenario"'),
        (["init", "new.yaml"], 0, "new.yaml"),
        (["--help"], 0, "scenarios"),
        (["--version"], 0, "doseesc "),
        (["run", "--help"], 0, "--trials"),
        (["fit", "--help"], 0, "--nuts"),
        (["next", "--help"], 0, "--date"),
        (["rum"], 2, "rum"),
        (["run", "mine.yaml", "--trails", "5"], 2, "--trails"),
        *(
            ([command, "nosuch.yaml", *more], 2, "does not exist")
            for command, *more in (
                ["run"],
                ["fit"],
                ["next"],
                ["table"],
                ["paths", "--design", "B"],
                ["calibrate", "--design", "B"],
                ["ensemble"],
                ["worst-case"],
                ["size", "--correct", "0.6"],
                ["replay", "--outcomes", "1N"],
                ["phase2"],
            )
        ),
        (["run", "folder"], 2, "folder"),
        (["run", "broken.yaml"], 2, "is not YAML"),
        (["run", "tab.yaml"], 2, "tab.yaml:2"),
        (["run", "empty.yaml"], 2, "empty.yaml"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_nothing_that_computes_is_loaded(arguments, code, words, folder):
    found, heavy, printed, complaint = ended(folder, *arguments)
    assert words in " ".join((printed + complaint).split())
    assert (found, heavy) == (code, [])


def test_the_test_sees_what_is_loaded(folder):
    code, heavy, _, _ = ended(folder, "table", "nct04602104", "--design", "BOIN")
    assert code == 0
    assert {"numpy", "scipy", "designs", "doseesc.study.study", "doseesc.study.values"} <= set(heavy)
    assert not {"pymc", "arviz", "matplotlib", "numba", "scipy.interpolate", "scipy.optimize"} & set(heavy)


def test_a_schema_file_that_is_being_written_anew_is_not_read(folder):
    """As by  doseesc schema > scenarios/doseesc.schema.json,  which empties it first."""
    packages = folder / "site"
    (packages / "scenarios").mkdir(parents=True)
    for name in ("designs", "doseesc"):
        (packages / name).symlink_to(ROOT / name)
    (packages / "scenarios" / "doseesc.schema.json").touch()
    code = (
        "from pathlib import Path; from doseesc.study import shipped\n"
        f"shipped._folder = lambda: Path({str(packages / 'scenarios')!r})\n"
        "print(shipped.shipped_schema())"
    )
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "None"


def test_the_schema_is_made_where_others_have_designs(monkeypatch):
    from importlib.metadata import EntryPoint

    from doseesc.study import shipped

    assert shipped.shipped_schema() == Path(shipped._folder() / "doseesc.schema.json").read_text(encoding="utf-8")
    theirs = EntryPoint("up_and_down", "theirs:UpAndDown", "doseesc.designs")
    monkeypatch.setattr(shipped, "entry_points", lambda group: [theirs])
    assert shipped.shipped_schema() is None
