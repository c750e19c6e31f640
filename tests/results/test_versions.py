"""Results of earlier states of the format are read: without levels that are right, and benchmarks without "none"."""

import copy
import json

import numpy as np
import pytest

from doseesc.results import Results, read, write_results
from doseesc.results.dataset import dataset_of, document_of
from doseesc.results.digest import DIGEST, digest
from doseesc.results.frame import ATTRIBUTE
from doseesc.results.frame import document_of as document_of_frame
from doseesc.results.versions import FORMAT
from doseesc.runs import run
from doseesc.study import load


@pytest.fixture
def results(small_scenario, scenario_file):
    arms = "phase2_arms: [{name: c, control: true}, {name: quarter, fraction: 0.25}, {name: full, fraction: 1}]\n"
    text = arms + small_scenario + "  - {name: toxic, dlt: [0.5, 0.6, 0.7]}\n"
    return run(load(scenario_file(text)), method="exact")


def earlier(document):
    """Return a document as it was before."""
    found = copy.deepcopy({key: value for key, value in document.items() if key != DIGEST})
    for row in found["truths"]:
        del row["right"]
        some = row["benchmark"][1:]
        row["benchmark"] = [chance / sum(some) for chance in some]  # one level was always selected
    for figures in (part for cell in found["cells"] for part in (cell["simulated"], cell["exact"]) if part):
        for each in (figures, figures["sd"], figures["mcse"]):
            del each["untried_selection"]
        del figures["selected_and_untried"]
    for cell in found["cells"]:
        truth = next(row for row in found["truths"] if row["scenario"] == cell["scenario"])
        mtd = truth["true_mtd"]
        cell["efficiency"] = cell["exact"]["correct_selection"] / truth["benchmark"][mtd - 1] if mtd else None
    del found["study"]["optimal"]
    for row in (*found["phase2"]["arms"], *(arm for each in found["phase2"]["summary"] for arm in each["arms"])):
        del row["never_given"]
    return found | {DIGEST: digest(found)}


def test_an_earlier_document_is_read(results, tmp_path):
    folder = write_results(results, tmp_path / "out")
    (folder / "results.json").write_text(json.dumps(earlier(results.to_document())))
    again = read(folder)
    assert again.cells["S", "B"].exact.right.tolist() == [False, False, True, False]
    assert again.cells["toxic", "B"].exact.true_mtd == 0
    assert again.benchmark["S"][0] == 0
    assert again.benchmark["S"].sum() == pytest.approx(1)
    assert again.efficiency("toxic", "B") is None
    assert np.isnan(again.cells["S", "B"].exact.untried_selection)  # was not looked at
    assert np.isnan(again.cells["S", "B"].exact.selected_and_untried).all()
    assert again.to_document()["cells"][0]["exact"]["untried_selection"] is None
    never_none = 1 - results.benchmark["S"][0]
    assert again.efficiency("S", "B") == pytest.approx(never_none * results.efficiency("S", "B"))


def test_an_earlier_data_set_is_read(results):
    dataset = dataset_of(results.to_document()).drop_vars("right")
    dataset = dataset.drop_vars([name for name in dataset.data_vars if "untried" in name])
    some = dataset["benchmark"].values[:, 1:]
    dataset["benchmark"].values[:, 1:] = some / some.sum(axis=1, keepdims=True)
    dataset["benchmark"].values[:, 0] = np.nan
    dataset.attrs[DIGEST] = digest(_plain(dataset))
    again = Results.from_xarray(dataset)
    assert again.cells["S", "B"].exact.correct_selection == results.cells["S", "B"].exact.correct_selection
    assert again.benchmark["S"][0] == 0


def test_an_earlier_table_is_read(results):
    frame = results.to_frame(complete=True)
    before = frame[~frame["metric"].str.contains("untried")]
    kept = json.loads(frame.attrs[ATTRIBUTE])
    kept[DIGEST] = digest(document_of_frame(_with(before, kept | {"format": "doseesc results 1"})) | {"format": FORMAT})
    again = Results.from_frame(_with(before, kept))
    assert np.isnan(again.cells["S", "B"].exact.untried_selection)
    assert again.cells["S", "B"].exact.correct_selection == results.cells["S", "B"].exact.correct_selection


def _with(frame, kept):
    changed = frame.copy()
    changed.attrs = {ATTRIBUTE: json.dumps(kept)}
    return changed


def _plain(dataset):
    """Return the document of a data set whose hash is not yet right."""
    return document_of(dataset.assign_attrs(format="doseesc results 1")) | {"format": dataset.attrs["format"]}


def test_a_data_set_of_now_comes_back_whole(results):
    again = Results.from_xarray(results.to_xarray())
    for scenario, chances in results.benchmark.items():
        np.testing.assert_array_equal(again.benchmark[scenario], chances)
    assert again.efficiency("S", "B") == results.efficiency("S", "B") > 0
    assert again.efficiency("toxic", "B") is None
