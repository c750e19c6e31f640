"""Figures about time in every form of results: as a table, documents, files, read back, and refused where changed."""

import copy
import json

import pytest
from support import ROOT

import doseesc
from doseesc.engines import TIME_METRICS
from doseesc.files import OutputError
from doseesc.results import Results, read_results, results_schema, write_results
from doseesc.results.consistency import check_document
from doseesc.results.document_models import ResultsDocument

MORE = """
accrual: {per_month: 3}
"""
TITE = "\n  - {name: T, type: TITE-CRM, cohort_size: 1, skeleton: [0.1, 0.25, 0.45]}"


@pytest.fixture
def results(scenario_file, small_scenario):
    designs = small_scenario.replace("type: BOIN}", "type: BOIN}" + TITE)
    return doseesc.run(doseesc.load(scenario_file(designs + MORE)), trials=200)


def test_the_table_has_a_row_for_each_figure(results):
    frame = results.to_frame()
    rows = frame[(frame["design"] == "B") & (frame["method"] == "calendar")]
    assert tuple(rows["metric"]) == TIME_METRICS  # all else of a design that waits is exact
    assert rows["level"].isna().all()
    value = rows.set_index("metric").loc["duration_days_p95"]
    times = results.times["S", "B"]
    assert value["value"] == times.duration_quantiles[4]
    assert value["mcse"] == times.mcse.duration_quantiles[4]
    own = set(frame[frame["design"] == "T"]["method"])
    assert own == {"calendar"}


def test_the_document_has_its_form_and_comes_back(results):
    document = results.to_document()
    ResultsDocument.model_validate(document)
    assert "TimeRow" in results_schema()["$defs"]
    assert Results.from_document(document).to_document() == document


def test_frame_and_data_set_come_back(results):
    document = results.to_document()
    for again in (Results.from_frame(results.to_frame(complete=True)), Results.from_xarray(results.to_xarray())):
        assert again.to_document()["time"] == document["time"]
        assert again.to_document()["cells"] == document["cells"]
    data = results.to_xarray()
    assert data["duration_days"].attrs["units"] == "d"  # "days" would be read as time spans
    assert data["duration_quantiles"].sel(quantile=0.95, design="B", scenario="S") == pytest.approx(
        results.times["S", "B"].duration_quantiles[4]
    )
    assert data["duration_curve"].dims == ("scenario", "design", "ended")


def test_files_come_back(results, tmp_path):
    folder = write_results(results, tmp_path / "found")
    assert read_results(folder).results.to_document() == results.to_document()
    table = (folder / "characteristics.csv").read_text()
    assert "S,B,calendar,duration_days,," in table
    for name in ("found.nc", "found.parquet"):
        read = doseesc.read(results.save(tmp_path / name))
        assert read.to_document()["time"] == results.to_document()["time"]
    results.save(tmp_path / "found.csv")
    assert (tmp_path / "found.csv").read_text().splitlines() == table.splitlines()


def test_results_without_time_are_read_as_before(scenario_file, small_scenario, tmp_path):
    results = doseesc.run(doseesc.load(scenario_file(small_scenario)), trials=50)
    folder = write_results(results, tmp_path / "found")
    assert "time" not in json.loads((folder / "results.json").read_text())
    assert read_results(folder).results.times == {}


def change(row, name, value):
    row[name] = value


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows.pop(), "other scenarios or designs"),
        (lambda rows: change(rows[0], "n_trials", 7), "another number of trials"),
        (lambda rows: change(rows[0], "window_days", 28.0), "DLT window"),
        (lambda rows: rows[0]["duration_curve"].reverse(), "falls"),
        (lambda rows: change(rows[0]["duration_quantiles"], 1, rows[0]["duration_quantiles"][1] + 1), "quantiles"),
        (lambda rows: change(rows[0], "duration_days", 9e9), "mean duration"),
        (lambda rows: change(rows[0], "days_suspended", 9e9), "more days"),
        (lambda rows: change(rows[0], "backfilled", 1.0), "more patients backfilled"),
        (lambda rows: change(rows[0]["mcse"], "duration_days", -1.0), "negative error"),
    ],
)
def test_what_cannot_be_is_refused(results, spoil, said):
    document = copy.deepcopy(results.to_document())
    spoil(document["time"])
    with pytest.raises(ValueError, match=said):
        check_document(document, results.study)


def test_time_of_a_study_without_accrual_is_refused(results, tmp_path):
    document = copy.deepcopy(results.to_document())
    del document["time"]
    with pytest.raises(ValueError, match="missing"):
        check_document(document, results.study)
    folder = write_results(results, tmp_path / "found")
    text = (folder / "results.json").read_text()
    (folder / "results.json").write_text(text.replace('"suspensions": ', '"suspensions": 1', 1))
    with pytest.raises(OutputError, match="changed"):
        read_results(folder)


@pytest.mark.parametrize("name", ["tite", "tite_backfill"])
def test_the_shipped_fast_accruing_trials_come_back(name, tmp_path):
    results = doseesc.run(doseesc.load(ROOT / f"scenarios/{name}.yaml"), trials=40)
    assert read_results(write_results(results, tmp_path / "found")).results.to_document() == results.to_document()
