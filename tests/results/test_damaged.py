"""Damaged files of results are one error each, whatever is wrong in them.

``--fuzz N`` tries N times as many.
"""

import os
import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from doseesc.files import OutputError
from doseesc.results.fit import read_fit
from doseesc.results.folder import write_results
from doseesc.results.reading import read, read_results
from doseesc.runs.run_study import run
from doseesc.study import load


@pytest.fixture(scope="module")
def written(tmp_path_factory, small_scenario):
    place = tmp_path_factory.mktemp("damaged")
    (place / "mine.yaml").write_text(small_scenario)
    results = run(load(place / "mine.yaml"), trials=50, method="monte_carlo")
    write_results(results, place / "out")
    for ending in ("nc", "parquet"):
        results.save(place / f"out.{ending}")
    return place


def damaged(content, rng):
    """Return content cut short, or with some of its bytes changed."""
    if rng.random() < 0.4:
        return content[: rng.randrange(len(content))]
    found = bytearray(content)
    for _ in range(rng.choice([1, 3, 30])):
        found[rng.randrange(len(found))] = rng.randrange(256)
    return bytes(found)


def read_or_message(path):
    try:
        return read(path)
    except OutputError as error:
        return str(error)


@pytest.mark.parametrize("name", ["out.nc", "out.parquet", "out/results.json"])
def test_damaged_results(written, name, tmp_path, pytestconfig):
    rng = random.Random(15)
    content = (written / name).read_bytes()
    cells = read(written / name).to_document()["cells"]
    copy = tmp_path / Path(name).name
    counts = {"tried": 0, "refused": 0, "answered": 0}
    for _ in range(40 * pytestconfig.getoption("fuzz")):
        copy.write_bytes(damaged(content, rng))
        counts["tried"] += 1
        found = read_or_message(copy)
        if isinstance(found, str):
            counts["refused"] += 1
            assert str(copy) in found
        else:  # the change fell where nothing of the results is, such as into their time
            counts["answered"] += 1
            assert found.to_document()["cells"] == cells
    print(name, counts)


def test_files_that_unfold(tmp_path, monkeypatch):
    monkeypatch.setattr("doseesc.results.formats.MOST_BYTES", 1_000_000)
    zeros = np.zeros(1_000_000)
    pd.DataFrame({"value": zeros}).to_parquet(tmp_path / "bomb.parquet")
    encoding = {"value": {"compression": "gzip", "compression_opts": 9}}
    dataset = xr.Dataset({"value": ("x", zeros)}, attrs={"format": "doseesc results 2"})
    dataset.to_netcdf(tmp_path / "bomb.nc", engine="h5netcdf", encoding=encoding)
    for name in ("bomb.parquet", "bomb.nc"):
        assert (tmp_path / name).stat().st_size < 100_000
        with pytest.raises(OutputError, match="unfolds to more than 1 MB"):
            read(tmp_path / name)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "", "{", "NaN", "\x00", "null", '{"format": []}'])
def test_json_of_others(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(OutputError, match=r"results\.json"):
        read_results(tmp_path)
    (tmp_path / "fit.json").write_text(text)
    with pytest.raises(OutputError, match=r"fit\.json"):
        read_fit(tmp_path)


def test_pipes_are_not_waited_for(tmp_path):
    for name in ("results.json", "fit.json", "out.nc", "out.parquet"):
        os.mkfifo(tmp_path / name)
    for call in (lambda: read_results(tmp_path), lambda: read_fit(tmp_path)):
        with pytest.raises(OutputError, match="no regular file"):
            call()
    for name in ("out.nc", "out.parquet", "x" * 300, "x" * 300 + ".nc"):
        with pytest.raises(OutputError):
            read(tmp_path / name)
