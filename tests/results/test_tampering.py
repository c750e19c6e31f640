"""Results are not believed: whatever is changed in them is refused, or makes no trouble later.

``--fuzz N`` tries N times as many changes.
"""

import copy
import json
import random
import re
from pathlib import Path

import pandas as pd
import pytest
from support import ARMS, THREE_DOSES

import doseesc
from doseesc._version import __version__
from doseesc.files import OutputError
from doseesc.report.page import report_files
from doseesc.report.protocol import protocol_files
from doseesc.results.digest import digest
from doseesc.results.folder import write_results
from doseesc.results.reading import read, read_results
from doseesc.results.versions import OLDER
from doseesc.runs.comparison import compare
from doseesc.runs.run_study import run
from doseesc.study import load

STUDY = f"""\
study: {{title: T, registry_id: NCT00000000, assumptions: ["target: assumed"]}}
{THREE_DOSES}\
designs:
  - {{name: 3+3, type: 3+3}}
  - {{name: BOIN, type: BOIN}}
scenarios:
  - {{name: A, dlt: [0.1, 0.25, 0.45]}}
  - {{name: B, dlt: [0.5, 0.6, 0.7]}}
observation: {{background: 0.05, mortality_28_days: 0.3, deaths: replaced}}
simulation: {{trials: 100, seed: 7, method: both}}
{ARMS}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tampering")
    (folder / "study.yaml").write_text(STUDY)
    return write_results(run(load(folder / "study.yaml")), folder / "out")


@pytest.fixture
def document(written):
    return json.loads((written / "results.json").read_text(encoding="utf-8"))


def put(document, folder, *, hashed=True):
    """Write a document as results, with a hash of what it now holds."""
    if hashed:
        document = document | {"sha256": digest(document)}
    folder.mkdir(exist_ok=True)
    (folder / "results.json").write_text(json.dumps(document), encoding="utf-8")
    return folder


def changed(document, place, value):
    found = copy.deepcopy(document)
    *before, last = place
    part = found
    for step in before:
        part = part[step]
    part[last] = value
    return found


CELL = ("cells", 0, "exact")


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        ((*CELL, "correct_selection"), 2.814, "cells.0.exact.correct_selection"),
        ((*CELL, "correct_selection"), 0.9, "cells.A.3.3.exact.correct_selection"),
        ((*CELL, "correct_selection"), None, "cells.A.3.3.exact.correct_selection"),
        ((*CELL, "selected", 1), 0.5, "cells.A.3.3.exact.selected"),
        ((*CELL, "total_patients"), 40.0, "cells.A.3.3.exact.patients"),
        ((*CELL, "selected"), [1.0], "cells.A.3.3.exact"),
        ((*CELL, "target"), 0.3, "another target"),
        (("cells", 0, "simulated", "n_trials"), 10_000, "number of trials"),
        (("cells", 0), None, "cells.0"),
        (("truths", 0, "probabilities", 0), 0.2, "truths.A"),
        (("truths", 0, "true_mtd"), 1, "truths.A"),
        (("truths", 0, "right"), [1, 2], "truths.A holds other levels that are right"),
        (("truths", 0, "benchmark", 0), 0.9, "truths.A.benchmark"),
        (("truths", 0, "benchmark"), [0.5, 0.5], "truths.A holds a benchmark of another length"),
        (("study", "target"), 0.3, "another true MTD|study.target|another target"),
        (("study", "study", "title"), "U", "study.study"),
        (("study", "study", "title"), "a\x1b[2Jb", "study.title|control character"),
        (("notes",), ["a\x1b[2Jb"], "notes holds a control character"),
        (("provenance", "trials"), -1, "provenance.trials"),
        (("provenance", "doseesc"), "99.0.0", "newer than this one"),
        (("provenance", "doseesc"), "latest", "no version"),
        (("provenance", "scenario_sha256"), "0" * 64, "scenario_text holds another text"),
        (("scenario_text",), STUDY.replace("0.45", "0.40"), "scenario_text holds another text"),
        (("run", "finished"), "yesterday", "run.finished"),
        (("agreement", "within_2_se"), 0, "agreement"),
        (("cells", 0, "efficiency"), 3.0, "cells.0.efficiency"),
        (("phase2", "arms", 1, "probability"), 0.5, "phase2.arms.1.probability"),
        (("differences", 0, "design_a"), "CRM", "differences of CRM"),
        (("policies", "cells", 0, "exact", "enrolled"), 3.0, "enrolled"),
        (("format",), "doseesc results 3", "which doseesc .* does not know"),
    ],
)
def test_what_cannot_be_is_refused_whatever_its_hash(document, tmp_path, place, value, says):
    folder = put(changed(document, place, value), tmp_path / "out")
    with pytest.raises(OutputError) as caught:
        read_results(folder)
    message = str(caught.value)
    assert re.search(says, message)
    assert message.count("\n") == 1
    assert "\x1b" not in message


def test_what_was_changed_is_refused_by_its_hash(document, tmp_path):
    folder = put(changed(document, ("cells", 0, "exact", "sd", "total_dlts"), 0.9), tmp_path / "out", hashed=False)
    with pytest.raises(OutputError, match="was changed after it was written"):
        read_results(folder)
    del document["sha256"]
    with pytest.raises(OutputError, match="lacks sha256"):
        read_results(put(document, tmp_path / "out", hashed=False))


def test_another_layout_of_the_same_is_the_same(document, tmp_path):
    text = json.dumps(document, sort_keys=True, indent=3).replace("1.0,", "1,")
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    assert read(tmp_path).study.target == 0.25


def test_older_results_are_read_and_named(document, tmp_path):
    document |= {"format": OLDER, "provenance": document["provenance"] | {"doseesc": "0.0.9"}}
    del document["sha256"]
    older = read(put(document, tmp_path / "out", hashed=False))
    assert any("of doseesc 0.0.9" in note and __version__ in note for note in older.notes)
    assert any("without a hash" in note for note in older.notes)
    again = read(write_results(older, tmp_path / "again"))
    assert again.notes == older.notes


@pytest.mark.parametrize("ending", ["parquet", "nc"])
def test_an_export_keeps_the_time_of_the_run_and_shows_a_change(written, tmp_path, ending, monkeypatch):
    original = read(written)
    file = original.save(tmp_path / f"out.{ending}")
    again = doseesc.read(file)
    assert again.finished == original.finished
    assert again.to_document() == original.to_document()
    if ending == "parquet":
        frame = pd.read_parquet(file)
        frame.loc[frame.index[5], "value"] += 0.001
        frame.to_parquet(file, index=False)
    else:
        import h5py

        with h5py.File(file, "r+") as opened:
            opened["total_dlts_sd"][0, 0] += 0.001
    with pytest.raises(OutputError, match="was changed after it was written"):
        doseesc.read(file)


def test_a_study_changed_in_python_is_read_back_without_its_file(scenario_file, small_scenario):
    study = load(scenario_file(small_scenario)).model_copy(update={"target": 0.3})
    again = read(write_results(run(study, trials=20, method="monte_carlo"), "out"))
    assert (again.study.target, again.study.text) == (0.3, "")


def places(value, path=()):
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value[:4]):
            yield from places(item, (*path, index))


def at(document, place):
    for step in place:
        document = document[step]
    return document


def others(value):
    """Return what might stand in the place of a value."""
    near = {
        float: lambda: [value + 0.01, value * 3],
        int: lambda: [value + 1],
        list: lambda: [value[:-1], [*value, *value[:1]]],
    }
    return [None, -1, 2.814, 1e300, "x\x1b[2J", "", [], {}, True, *near.get(type(value), list)()]


def read_or_message(folder):
    try:
        return read_results(folder)
    except OutputError as error:
        return str(error)


def test_random_changes_are_refused_or_make_no_trouble_later(written, document, tmp_path, monkeypatch, pytestconfig):
    monkeypatch.chdir(tmp_path)
    rng = random.Random(20201130)
    every = list(places(document))
    reference = read_results(written)
    counts = {"tried": 0, "refused": 0, "answered": 0}
    pages = 2 * pytestconfig.getoption("fuzz")
    for hashed in (False, True):
        for _ in range(50 * pytestconfig.getoption("fuzz")):
            place = rng.choice(every)
            value = rng.choice(others(at(document, place)))
            if value == at(document, place):
                continue
            counts["tried"] += 1
            folder = put(changed(document, place, value), Path("out"), hashed=hashed)
            saved = read_or_message(folder)
            if isinstance(saved, str):
                counts["refused"] += 1
                assert "\x1b" not in saved
                continue
            assert hashed or place[0] == "run", f"{place} was changed to {value!r}, and nobody noticed"
            compare(reference, saved).to_frame()
            if pages:
                pages -= 1
                for ending in ("csv", "nc", "parquet"):
                    saved.results.save(f"out.{ending}", force=True)
                assert report_files(saved)
                assert protocol_files(saved)
            counts["answered"] += 1
    assert counts["refused"] + counts["answered"] == counts["tried"]
    print(counts)


def test_texts_in_csv_are_no_formulas(scenario_file, small_scenario, tmp_path):
    text = small_scenario.replace("name: B,", "name: '=HYPERLINK(\"http://x\")',").replace(
        "name: S,", "name: '@SUM(1)',"
    )
    ran = run(load(scenario_file(text)), trials=20, method="monte_carlo")
    folder = write_results(ran, "out")
    saved = ran.save("out.csv")
    for file in (folder / "characteristics.csv", saved):
        lines = file.read_text(encoding="utf-8").splitlines()[1:]
        assert lines
        for line in lines:
            assert not re.search(r'(^|,)"?[=+@]', line)
    frame = pd.read_csv(saved)
    assert set(frame["design"]) == {'\'=HYPERLINK("http://x")'}
    assert frame["value"].dtype == float


def test_compare_prints_no_escape_codes(document, tmp_path, cli):
    folder = put(changed(document, ("cells", 0, "design"), "\x1b[31mred"), tmp_path / "out")
    for command in (("compare", str(folder), str(folder)), ("report", str(folder)), ("export", str(folder), "a.csv")):
        code, out, errors = cli(*command)
        assert code == 2
        assert "\x1b" not in out + errors
    code, out, errors = cli("compare", "\x1b[31mred", "other")
    assert code == 2
    assert "\x1b" not in out + errors


def test_protocol_blames_design_for_the_design_only(written, document, tmp_path, cli):
    code, _, errors = cli("protocol", str(put(changed(document, ("cells", 0, "efficiency"), 3.0), tmp_path / "out")))
    assert code == 2
    assert "--design" not in errors
    code, _, errors = cli("protocol", str(written), "--design", "BION")
    assert code == 2
    assert "--design" in errors
    assert "BOIN" in errors
