"""Results to and from pandas, xarray, Parquet and netCDF: nothing is lost."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from support import THREE_DOSES

import doseesc
from doseesc.engines.figures import METRICS
from doseesc.files import OutputError
from doseesc.results.cells import CHARACTERISTICS_COLUMNS, Cell
from doseesc.results.folder import write_results
from doseesc.results.reading import read, read_results
from doseesc.results.results import Results
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.phase2_assumptions import assumptions_of

STUDY = (
    """\
study: {title: T}
"""
    + THREE_DOSES
    + """\
designs:
  - {name: 3+3, type: 3+3}
  - {name: BOIN, type: BOIN, max_n: 15}
scenarios:
  - {name: A, dlt: [0.1, 0.25, 0.45]}
  - {name: B, dlt: [0.5, 0.6, 0.7]}
phase2_arms:
  - {name: control, control: true}
  - {name: quarter, fraction: 0.25}
  - {name: whole, fraction: 1}
simulation: {trials: 200, seed: 7, method: both}
"""
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("formats") / "study.yaml"
    path.write_text(STUDY)
    return run(load(path))


@pytest.fixture(scope="module", params=["both", "exact", "monte_carlo", "auto, in part"])
def results(request, whole):
    """Results of every kind: both, each alone, and as where BOIN has more tallies than the memory allows."""
    if request.param == "both":
        return whole
    kinds = {
        "exact": (True, True),
        "monte_carlo": (False, False),
        "auto, in part": (True, False),
    }[request.param]
    exact = dict(zip(("3+3", "BOIN"), kinds, strict=True))
    cells = {
        key: Cell(None, cell.exact) if exact[key[1]] else Cell(cell.simulated, None)
        for key, cell in whole.cells.items()
    }
    differences = whole.differences if request.param == "monte_carlo" else []
    method = request.param.partition(",")[0]
    return replace(whole, method=method, cells=cells, differences=differences, notes=["BOIN is simulated only"])


def everything(found):
    """Return all that ``results.json`` holds but when it was made."""
    document = found.to_document()
    return {name: value for name, value in document.items() if name != "run"}


def test_xarray_there_and_back(results):
    assert everything(Results.from_xarray(results.to_xarray())) == everything(results)


def test_pandas_there_and_back(results):
    assert everything(Results.from_frame(results.to_frame(complete=True))) == everything(results)


@pytest.mark.parametrize("ending", ["nc", "parquet"])
def test_files_there_and_back(whole, ending, tmp_path):
    path = whole.save(tmp_path / f"found.{ending}")
    assert everything(doseesc.read(path)) == everything(whole)
    again = read(path)
    assert again.elapsed == pytest.approx(whole.elapsed, abs=1e-3)


OBSERVED = STUDY + "observation: {background: 0.05, mortality_28_days: 0.3, deaths: replaced}\n"


@pytest.mark.parametrize("method", ["both", "exact", "monte_carlo"])
def test_the_comparison_of_observation_models_comes_back(method, tmp_path):
    path = tmp_path / "observed.yaml"
    path.write_text(OBSERVED)
    found = run(load(path), method=method)
    folder = write_results(found, tmp_path / "out")
    for again in (read(folder), read(found.save(tmp_path / "f.nc")), read(found.save(tmp_path / "f.parquet"))):
        assert again.policies is not None
        assert list(map(str, again.policies.rows())) == list(map(str, found.policies.rows()))
        assert everything(again) == everything(found)


def test_the_dataset_is_by_scenario_design_and_level(results):
    found = results.to_xarray()
    assert found["selected"].dims == ("scenario", "design", "level")
    assert found["patients"].dims == ("scenario", "design", "level")
    assert list(found["level"].values) == [0, 1, 2, 3]
    assert list(found["label"].values) == ["none", "low", "medium", "high"]
    assert found["amount"].attrs["units"] == "mg"
    assert found["total_patients"].attrs["units"] == "patients"
    best = results.cells["A", "BOIN"].best
    assert found["selected"].sel(scenario="A", design="BOIN", level=2) == best.selected[2]
    assert found["patients"].sel(scenario="A", design="BOIN", level=2) == best.patients[1]
    assert np.isnan(found["patients"].sel(level=0)).all()
    assert (found["method"].sel(scenario="A", design="BOIN") == "exact") == (best.method == "exact")
    assert found["dlt_probability"].sel(scenario="B", level=1) == 0.5
    assert found.attrs["seed"] == 7
    assert found.attrs["scenario_sha256"] == results.study.source_sha256
    assert [
        each for each in found.data_vars if found[each].dtype.kind == "f" and "long_name" not in found[each].attrs
    ] == []


def test_the_complete_table_begins_with_the_tidy_one(results):
    complete, tidy = results.to_frame(complete=True), results.to_frame()
    head = complete[complete["metric"].isin(METRICS)][list(CHARACTERISTICS_COLUMNS)]
    assert list(complete.columns[: len(CHARACTERISTICS_COLUMNS)]) == list(CHARACTERISTICS_COLUMNS)
    pd.testing.assert_frame_equal(head, tidy)


def test_other_programs_read_the_files(whole, tmp_path):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(whole.save(tmp_path / "found.parquet"))
    assert table.column_names[:4] == ["scenario", "design", "method", "metric"]
    with xr.open_dataset(whole.save(tmp_path / "found.nc"), engine="h5netcdf") as found:
        xr.testing.assert_identical(found.load(), whole.to_xarray().map(lambda each: each, keep_attrs=True))
    csv = pd.read_csv(whole.save(tmp_path / "found.csv"))
    assert list(csv.columns) == list(CHARACTERISTICS_COLUMNS)


@pytest.fixture(scope="module")
def folder(whole, tmp_path_factory):
    return write_results(whole, tmp_path_factory.mktemp("export") / "out")


@pytest.mark.parametrize("ending", ["nc", "parquet", "csv"])
def test_command_exports_by_ending(folder, ending, cli):
    code, out, _ = cli("export", str(folder), f"found.{ending}")
    assert code == 0
    assert f"found.{ending}" in out
    code, _, errors = cli("export", str(folder), f"found.{ending}")
    assert code == 2
    assert "exists already" in errors
    assert cli("export", str(folder), f"found.{ending}", "--force", "--quiet") == (0, "", "")
    if ending != "csv":
        assert everything(read(f"found.{ending}")) == everything(read_results(folder).results)
    exec(cli("export", str(folder), f"other.{ending}", "--show-code")[1], {})


def test_results_read_back_keep_their_own_provenance(folder, tmp_path):
    found = read(folder)
    old = {**found.provenance, "doseesc": "0.0.1", "packages": {"numpy": "1.0"}}
    for ending in ("nc", "parquet"):
        path = replace(found, provenance=old).save(tmp_path / f"found.{ending}")
        assert read(path).provenance == old
    assert read(path).to_document()["provenance"] == old


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("found.xlsx", "must end in .parquet, .nc, .csv"),
        ("nowhere/../folder/found.nc", "cannot be written"),
    ],
)
def test_command_refuses(folder, name, words, cli):
    code, _, errors = cli("export", str(folder), name)
    assert code == 2
    assert words in errors


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("table.csv", b"a,b\n", "a table without the study"),
        ("gone.nc", None, "there is no such file"),
        ("broken.nc", b"nothing", "holds no results"),
        ("broken.parquet", b"nothing", "holds no results"),
        ("nowhere", None, "cannot be read"),
    ],
)
def test_what_is_no_results_is_refused(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(OutputError, match=words):
        read(tmp_path / name)


def test_foreign_tables_and_datasets_are_refused(tmp_path, folder):
    frame = pd.DataFrame({"a": [1]})
    frame.to_parquet(tmp_path / "a.parquet")
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    for name in ("a.parquet", "a.nc"):
        with pytest.raises(OutputError, match="holds no results"):
            read(tmp_path / name)
    complete = read(folder).to_frame(complete=True)
    with pytest.raises(ValueError, match="lacks rows of ends for A, 3"):
        Results.from_frame(complete[complete["metric"] != "ends"])
    with pytest.raises(ValueError, match="dataset lacks"):
        Results.from_xarray(read(folder).to_xarray().drop_vars("dlts_sd"))


def test_reading_a_folder_or_its_file_is_the_same(folder):
    assert everything(read(folder)) == everything(read(folder / "results.json"))


def test_nothing_heavy_is_loaded_before_it_is_needed():
    code = "import sys, doseesc.results.results; print({'xarray', 'pyarrow', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("more", ["{patients_per_arm: 40}", "{total_patients: 150}", "{strata: berlin}"])
def test_what_the_file_leaves_to_assumptions_stays_known_as_assumed(more, tmp_path):
    (tmp_path / "study.yaml").write_text(f"{STUDY}phase2: {more}\n")
    found = run(load(tmp_path / "study.yaml"), method="exact")
    folder = write_results(found, tmp_path / "out")
    paths = [found.save(tmp_path / f"found.{ending}") for ending in ("nc", "parquet")]
    for again in map(read, [folder, *paths]):
        assert assumptions_of(again.study.phase2) == assumptions_of(found.study.phase2)
        assert any(not each.from_file for each in assumptions_of(again.study.phase2))


def test_xarray_holds_the_analysis_of_the_arms(whole):
    found = whole.to_xarray()
    assert found["arm_coverage"].dims == ("scenario", "design", "arm", "engine", "level")
    for each in whole.arm_analysis:
        at = found.sel(scenario=each.scenario, design=each.design, arm=each.arm, engine=each.method)
        np.testing.assert_array_equal(at["arm_coverage"], each.coverage)
        np.testing.assert_array_equal(at["arm_bias_mcse"], each.mcse.bias)
