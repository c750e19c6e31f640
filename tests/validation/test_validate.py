"""The command ``validate``: its files, a broken installation and a changed file."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PathDistribution
from pathlib import Path

import docx
import html5lib
import pytest
from support import ROOT, cases_in, name_of, passes

from designs import BOIN
from doseesc.cli import main
from doseesc.validation import Differences, all_cases, evidence, seal
from doseesc.validation.cases import commands, files, rules, selfcheck
from doseesc.validation.installation import check_files, check_installation, versions_tested
from doseesc.validation.uncompiled import compare_uncompiled

FILES = ["validation.docx", "validation.html", "validation.json"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The quick validation, whole: exit code and folder."""
    folder = tmp_path_factory.mktemp("quick")
    words = [sys.executable, "-m", "doseesc", "validate", "--quick", "--jobs", "1", "--out", str(folder / "out")]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder / "compiled")}  # as on the day it is installed
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return ended, folder / "out"


def test_the_whole_quick_validation_passes(whole):
    ended, folder = whole
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("Verdict: passed.\n")
    assert "Not complete: " in ended.stdout
    assert sorted(path.name for path in folder.iterdir()) == FILES
    document = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
    assert (document["verdict"], document["complete"], document["failed"]) == ("passed", False, [])
    made = {case["name"]: case for each in document["operation"] for case in each["cases"]}
    missed = [each["id"] for each in document["operation"] if each["verdict"] == "not checked"]
    assert f"\n{len(document['operation']) - len(missed)} requirements, {len(made)} comparisons" in ended.stdout
    assert all(name in ended.stdout for name in missed)
    said = " ".join(ended.stdout.split())
    for each in document["operation"]:
        assert (" ".join([each["id"], *each["text"].split()]) in said) == (each["id"] in missed)
    assert ended.stdout.splitlines()[-1] == (
        f"next: open {folder}/validation.html, or for all of it doseesc validate --out {folder}-2 --jobs 1"
    )
    assert len(made) > 45
    assert all(case["comparisons"] > 0 and case["where"] for case in made.values())


def test_a_quick_validation_compiles_nothing_and_says_what_it_read_uncompiled(whole):
    ended, folder = whole
    assert "compiling" not in ended.stderr
    assert not list(folder.parent.glob("compiled/**/*.nb?"))
    document = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
    said = {case["name"] for each in document["operation"] for case in each["cases"] if case["uncompiled"]}
    assert said == {case.name for case in all_cases() if case.quick and case.compiles}
    page = (folder / "validation.html").read_text(encoding="utf-8")
    assert page.count("were read by Python line by line") == len(said) > 1


def test_an_error_in_an_uncompiled_comparison_is_its_last_line(monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("sh"))  # which takes no time, and knows no Python
    with pytest.raises(RuntimeError, match=r"from|import|not found|rror"):
        compare_uncompiled("calendar.tite_boin")


def test_the_report_is_sealed_and_says_everything(whole):
    _, folder = whole
    document = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
    assert document["sha256"] == seal(document)
    assert document["sha256"] != seal(document | {"date": "another"})
    page = (folder / "validation.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(page)
    word = docx.Document(str(folder / "validation.docx"))
    text = "\n".join([*(each.text for each in word.paragraphs), *(c.text for t in word.tables for c in t._cells)])
    for what in (
        document["sha256"],
        *(each["id"] for each in document["operation"]),
        *(each["id"] for each in document["known_deviations"]),
        *(case["name"] for each in document["operation"] for case in each["cases"]),
        "Signature",
        "Approved by (quality assurance)",
        "Traceability matrix",
        document["environment"]["numpy"],
    ):
        assert what in page
        assert what in text


@pytest.mark.parametrize("case", [*cases_in(rules), *cases_in(selfcheck)], ids=name_of)
def test_comparisons_that_have_no_other_test(case):
    passes(case)


@pytest.mark.parametrize(
    "case", [commands.during_the_trial, commands.planning, commands.many_variants, commands.files], ids=name_of
)
def test_commands(case, monkeypatch, capsys):
    """In this process, which takes no time to start; the validation itself starts one for each.

    Those that draw pages and documents, and the app, have tests of their own, and are made by the validation itself.
    """

    def ask(folder, *words):
        monkeypatch.chdir(folder.path)
        with pytest.raises(SystemExit) as ended:
            main(words)
        folder.seen.holds(" ".join(words), not ended.value.code)
        return capsys.readouterr().out

    monkeypatch.setattr(commands._Folder, "ask", ask)
    passes(case)


def test_a_command_that_fails_is_told(tmp_path):
    seen = Differences()
    commands._Folder(tmp_path, seen).ask("run", "another.yaml")
    assert not seen.result.passed
    assert "another.yaml" in seen.result.where


def test_shipped_studies(monkeypatch, scenario_file, small_scenario):
    path = Path(scenario_file(small_scenario))
    monkeypatch.setattr(files, "shipped_scenarios", lambda: {"small": path})
    passes(files.shipped_studies)
    monkeypatch.setattr(files, "characteristics_csv", lambda results: str(id(results)))
    assert not files.shipped_studies().passed


def test_a_broken_installation_is_told(tmp_path):
    """A copy of both packages in which BOIN eliminates at another cut-off, which nothing else gives away."""
    for name in ("designs", "doseesc"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    shutil.copy(ROOT / "constraints.txt", tmp_path)
    source = tmp_path / "designs" / "boin.py"
    text = source.read_text(encoding="utf-8")
    right, wrong = "elimination_cutoff: float = 0.95", "elimination_cutoff: float = 0.96"
    assert text.count(right) == 1
    source.write_text(text.replace(right, wrong), encoding="utf-8")
    words = ["validate", "--quick", "--only", "D2", "--jobs", "1", "--out", "out"]
    ended = subprocess.run(
        [sys.executable, "-m", "doseesc", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    first, second, *_ = ended.stdout.splitlines()
    assert first.startswith("D2  boin.published_tables: ")
    assert "eliminate_if_ge" in first
    assert second == "    expected equal, found off by 1"
    assert "Verdict: FAILED: D2.\n" in ended.stdout
    document = json.loads((tmp_path / "out" / "validation.json").read_text(encoding="utf-8"))
    assert (document["verdict"], document["failed"]) == ("failed", ["D2"])
    page = (tmp_path / "out" / "validation.html").read_text(encoding="utf-8")
    assert page.index("What failed") < page.index("Requirements</h2>")


def test_an_error_in_a_comparison_is_a_finding(cli, tmp_path, monkeypatch):
    def broken(_):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(BOIN, "boundaries", broken)
    code, printed, _ = cli("validate", "--quick", "--only", "C5", "--jobs", "1")
    assert code == 3
    assert printed.startswith("C5  selfcheck.a_changed_boundary_is_told: ZeroDivisionError: division by zero\n")
    assert sorted(path.name for path in (tmp_path / "validation").iterdir()) == FILES


def test_nothing_is_replaced_or_left_half_written(cli, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "validation.html").write_text("mine")
    assert "XX" in cli("validate", "--only", "XX", "--out", "out")[2]  # what is wrong with the question comes first
    code, _, said = cli("validate", "--only", "C5", "--jobs", "1", "--out", "out")
    assert code == 2
    assert "validation.html exists already" in said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["validation.html"]
    code, shown, _ = cli("validate", "--only", "C5", "--jobs", "1", "--out", "out", "--force")
    assert code == 0
    assert shown.endswith(
        "next: open out/validation.html, or for all of it doseesc validate --out out --jobs 1 --force\n"
    )
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == FILES


def test_what_goes_wrong_within_is_not_called_a_mistake_in_an_option(cli, monkeypatch):
    def broken():
        raise ValueError("a broken installation")

    monkeypatch.setattr(evidence, "environment", broken)
    with pytest.raises(ValueError, match="a broken installation"):
        cli("validate", "--quick", "--only", "C5", "--jobs", "1")


def test_a_requirement_that_is_not_there(cli):
    code, _, said = cli("validate", "--only", "D99")
    assert code == 2
    assert "'D99' is no requirement" in said
    assert "D1, D2" in said
    code, _, said = cli("validate", "--only", "C1", "--quick")
    assert code == 2
    assert said == "doseesc validate --only\n  C1 must have a quick comparison\n  leave out  --quick\n"


# Installation


def distribution_of(folder, names):
    """Make an installed distribution of these files with their record, as pip leaves it."""
    info = folder / "doseesc-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: doseesc\nVersion: 1\n")
    lines = []
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"# {name}\n")
        digest = base64.urlsafe_b64encode(hashlib.sha256((folder / name).read_bytes()).digest()).decode().rstrip("=")
        lines.append(f"{name},sha256={digest},9")
    (info / "RECORD").write_text("\n".join([*lines, "doseesc-1.dist-info/RECORD,,"]) + "\n")
    return PathDistribution(info)


def test_changed_missing_and_added_files_are_named(tmp_path):
    own = distribution_of(tmp_path, ["designs/boin.py", "designs/crm.py", "doseesc/cli.py"])
    files, loaded = check_files(own)
    assert (files.verdict, files.found) == ("passed", "3 files, all alike")
    assert loaded.verdict == "failed"  # the packages that run are those of the tests, not these
    (tmp_path / "designs" / "boin.py").write_text("# another cut-off\n")
    (tmp_path / "designs" / "crm.py").unlink()
    (tmp_path / "doseesc" / "more.py").write_text("")
    files, _ = check_files(own)
    assert files.verdict == "failed"
    assert files.found == "1 changed (designs/boin.py); 1 missing (designs/crm.py); 1 added (doseesc/more.py)"


def test_an_installation_in_place_has_no_record_to_compare_with(tmp_path):
    own = distribution_of(tmp_path, ["designs/boin.py"])
    (tmp_path / "doseesc-1.dist-info" / "direct_url.json").write_text(
        '{"url": "file:///x", "dir_info": {"editable": true}}'
    )
    (files,) = check_files(own)
    assert files.verdict == "not checked"


def test_versions_of_packages(monkeypatch, tmp_path):
    tested = versions_tested()
    assert {"numpy", "scipy", "pymc"} <= set(tested)
    found = {check.what: check for check in check_installation(tmp_path)}
    assert found["package numpy"].verdict in ("passed", "not checked")
    assert found[f"write access to {tmp_path}"].verdict == "passed"
    for version, verdict in (("1.0", "failed"), ("99.0", "not checked"), (tested["numpy"], "passed")):
        monkeypatch.setattr("doseesc.validation.installation._version", lambda _, version=version: version)
        found = {check.what: check for check in check_installation(tmp_path)}
        assert found["package numpy"].verdict == verdict
