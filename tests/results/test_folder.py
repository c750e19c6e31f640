import csv
import hashlib
import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from doseesc import __version__
from doseesc.files import OutputError, write_file, write_folder
from doseesc.results.arms import phase2_arms
from doseesc.results.folder import characteristics_csv, check_folder, results_json, write_results
from doseesc.results.reading import read
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

ARMS = "phase2_arms: [{name: quarter, fraction: 0.25}, {name: full, fraction: 1}]\n"
ATTAINABLE = "optimal: {benchmark: true}\n"
FILES = ["attainable.csv", "characteristics.csv", "phase2_arm_analysis.csv", "phase2_arms.csv", "results.json"]


@pytest.fixture
def results(scenario_file, small_scenario):
    text = small_scenario.replace("designs:", "designs:\n  - {name: 3+3, type: 3+3}") + ARMS + ATTAINABLE
    return run(load(scenario_file(text)), trials=200, seed=3, method="both")


def names(folder):
    return sorted(os.listdir(folder))


def test_writes_the_files(results, tmp_path):
    folder = write_results(results, "made/on/the/way")
    assert names(folder) == FILES
    assert names(folder.parent) == ["way"]
    assert oct(folder.stat().st_mode) == oct(folder.parent.stat().st_mode)


@pytest.mark.parametrize("name", shipped_scenarios())
def test_every_shipped_study_is_read_back(name, tmp_path):
    ran = run(load(shipped_scenarios()[name]), trials=20, method="monte_carlo")
    again = read(write_results(ran, tmp_path / "out"))
    assert again.study.model_dump() == ran.study.model_dump()
    pd.testing.assert_frame_equal(again.to_frame(), ran.to_frame())


def test_characteristics_are_the_tidy_table(results):
    text = characteristics_csv(results)
    assert text.splitlines()[0] == "scenario,design,method,metric,level,value,mcse"
    frame = pd.read_csv(io.StringIO(text), float_precision="round_trip", dtype={"level": "Int64"})
    pd.testing.assert_frame_equal(frame, results.to_frame(), check_dtype=False, check_exact=True)
    assert set(frame["method"]) == {"monte_carlo", "exact"}
    selected = frame[(frame["metric"] == "selected") & (frame["design"] == "B") & (frame["method"] == "exact")]
    assert selected["level"].tolist() == [0, 1, 2, 3]
    assert selected["value"].sum() == pytest.approx(1, abs=1e-12)


def test_arms_are_those_of_the_frame(results):
    folder = write_results(results, "out")
    frame = pd.read_csv(
        folder / "phase2_arms.csv",
        float_precision="round_trip",
        keep_default_na=False,
        na_values={"amount": "", "asked_amount": ""},
    )
    expected = phase2_arms(results.study, results.cells)
    assert list(frame.columns) == list(expected.columns)
    assert frame["arm"].tolist() == expected["arm"].tolist()
    assert np.allclose(frame["probability"], expected["probability"], rtol=0, atol=0)


def test_document_holds_provenance_and_everything_else(results):
    document = json.loads(results_json(results))
    raw = Path("mine.yaml").read_bytes()
    provenance = document["provenance"]
    assert provenance["doseesc"] == __version__
    assert provenance["scenario_sha256"] == hashlib.sha256(raw).hexdigest()
    assert provenance["scenario_file"] == "mine.yaml"
    assert (provenance["seed"], provenance["trials"], provenance["method"]) == (3, 200, "both")
    assert provenance["packages"]["numpy"] == np.__version__
    assert document["scenario_text"].encode() == raw
    assert [(cell["scenario"], cell["design"]) for cell in document["cells"]] == [("S", "3+3"), ("S", "B")]
    exact = document["cells"][1]["exact"]
    found = results.cells["S", "B"].exact
    assert exact["selected"] == found.selected.tolist()
    assert exact["patients_distribution"] == found.patients_distribution.tolist()
    assert exact["reasons"] == dict(found.reasons)
    assert (
        document["cells"][1]["simulated"]["mcse"]["selected"]
        == results.cells["S", "B"].simulated.mcse.selected.tolist()
    )
    assert document["truths"][0]["probabilities"] == [0.1, 0.2, 0.3]
    assert document["agreement"]["figures"] == results.agreement[0]
    assert len(document["phase2"]["arms"]) == 2 * (1 + 2 * 3)
    assert document["phase2"]["summary"][1]["opens"] == pytest.approx(1 - found.selected[0])


def test_same_run_same_document_but_for_time(results):
    study = results.study
    again = run(study, trials=200, seed=3, method="both", jobs=2)
    first, second = (each.to_document() for each in (results, again))
    assert set(first.pop("run")) == {"finished", "elapsed_seconds"}
    second.pop("run")
    assert first == second
    assert list(first) == list(second)


def test_json_has_no_nan(results):
    spoiled = replace(results, benchmark={"S": np.array([0.0, np.nan, np.inf, 0.5])})

    def refuse(constant):
        raise AssertionError(constant)

    document = json.loads(results_json(spoiled), parse_constant=refuse)
    assert document["truths"][0]["benchmark"] == [0.0, None, None, 0.5]


def test_names_with_commas_and_quotes_survive_csv(scenario_file, small_scenario):
    name = 'B, "new"; 3 %'
    study = load(scenario_file(small_scenario.replace("name: B", f"name: '{name}'")))
    rows = list(csv.reader(io.StringIO(characteristics_csv(run(study, method="exact")))))
    assert {row[1] for row in rows[1:]} == {name}
    assert {len(row) for row in rows} == {7}


def test_existing_folder_is_refused_and_replaced_with_force(results):
    folder = write_results(results, "out")
    (folder / "protocol.md").write_text("edited by hand")
    (folder / "report.html").write_text("of the old run")
    before = (folder / "results.json").read_bytes()
    with pytest.raises(OutputError, match=r"out exists already\n.*--force"):
        write_results(results, "out")
    assert (folder / "results.json").read_bytes() == before
    write_results(results, "out", force=True)
    assert names(folder) == sorted([*FILES, "protocol.md"])
    assert (folder / "protocol.md").read_text() == "edited by hand"
    assert names(".") == ["mine.yaml", "out"]


def test_empty_folder_may_be_written(results):
    Path("out").mkdir()
    assert names(write_results(results, "out")) == FILES
    assert names(".") == ["mine.yaml", "out"]


def test_force_replaces_results_only(results, monkeypatch):
    Path("photos").mkdir()
    Path("photos/cat.jpg").write_text("meow")
    with pytest.raises(OutputError, match=r"photos holds no results\.json"):
        write_results(results, "photos", force=True)
    assert Path("photos/cat.jpg").read_text() == "meow"

    folder = write_results(results, "out")
    Path("mine.yaml").rename("out/mine.yaml")
    with pytest.raises(OutputError, match="out holds the scenario file"):
        check_folder("out", force=True, keep=Path("out/mine.yaml"))
    monkeypatch.chdir(folder)
    with pytest.raises(OutputError, match="the folder you work in"):
        check_folder(".", force=True)
    assert names(".") == sorted([*FILES, "mine.yaml"])


def test_file_in_the_way_is_refused(results):
    Path("out").write_text("a file")
    for folder in ("out", "out/deeper"):
        with pytest.raises(OutputError, match=r"is no folder|cannot be written"):
            write_results(results, folder, force=True)
    assert Path("out").read_text() == "a file"


def test_link_to_a_results_folder_stays_a_link(results):
    write_results(results, "real")
    Path("link").symlink_to("real", target_is_directory=True)
    write_results(results, "link", force=True)
    assert Path("link").is_symlink()
    assert names("real") == FILES


@pytest.mark.parametrize("trouble", [KeyboardInterrupt, OSError("disk full")])
@pytest.mark.parametrize("there_before", [False, True])
def test_trouble_while_writing_leaves_everything_as_it_was(tmp_path, monkeypatch, trouble, there_before):
    monkeypatch.chdir(tmp_path)
    if there_before:
        write_folder({"results.json": "old"}, "a/out")
    original = Path.write_bytes

    def failing(self, content):
        if self.name == "second":
            raise trouble
        return original(self, content)

    monkeypatch.setattr(Path, "write_bytes", failing)
    with pytest.raises(KeyboardInterrupt if trouble is KeyboardInterrupt else OutputError):
        write_folder({"results.json": "new", "second": ""}, "a/out")
    if there_before:
        assert names("a") == ["out"]
        assert Path("a/out/results.json").read_text() == "old"
    else:
        assert names(".") == []


@pytest.mark.parametrize("step", range(1, 5))
@pytest.mark.parametrize("done", [False, True])
def test_interrupt_while_files_take_their_places(tmp_path, monkeypatch, step, done):
    monkeypatch.chdir(tmp_path)
    write_folder({"results.json": "old", "a.csv": "old", "figures/f.svg": "old"}, "out")
    calls = []

    def interrupted(original):
        def move(self, target):
            calls.append(target)
            if len(calls) != step:
                return original(self, target)
            if done:
                original(self, target)
            raise KeyboardInterrupt

        return move

    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, interrupted(getattr(Path, name)))
    with pytest.raises(KeyboardInterrupt):
        write_folder({"results.json": "new", "a.csv": "new", "b.csv": "new"}, "out", keep=True, drop=["figures"])
    assert names(".") == ["out"]
    found = {name: (Path("out") / name).read_text() for name in names("out") if name != "figures"}
    if step == 1:
        assert found == {"results.json": "old", "a.csv": "old"}
        assert names("out/figures") == ["f.svg"]
    else:
        assert found == {"results.json": "new", "a.csv": "new", "b.csv": "new"}


def test_write_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("f.yaml")
    write_file(path, "one")
    with pytest.raises(OutputError, match=r"f\.yaml exists already\n.*--force"):
        write_file(path, "two")
    assert path.read_text() == "one"
    write_file(path, "two", force=True)
    assert path.read_text() == "two"
    with pytest.raises(OutputError, match="cannot be written"):
        write_file(Path("nowhere/f.yaml"), "three")
    Path("folder").mkdir()
    with pytest.raises(OutputError, match="folder exists already"):
        write_file(Path("folder"), "four", force=True)
    assert names(".") == ["f.yaml", "folder"]
