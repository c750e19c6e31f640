"""How the clock's functions are compiled and kept on disk."""

import os
import shutil
import subprocess
import sys

import pytest

from doseesc.engines import clock_mechanics, clock_numba, clock_states


@pytest.mark.parametrize("function", [clock_states._play, clock_mechanics.advance, clock_mechanics.next_gap])
def test_a_function_on_disk_is_known_by_the_sources_of_all(function):
    assert function.py_func.__qualname__.endswith(f"_{clock_numba.source_digest()}")


@pytest.mark.parametrize("name", ["engines/clock_mechanics.py", "truth/arrivals.py"])
def test_a_change_in_any_source_makes_another_name(name, tmp_path, monkeypatch):
    home = clock_numba._HERE.parent
    for folder in ("engines", "truth"):
        shutil.copytree(home / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(clock_numba, "_HERE", tmp_path / "engines")
    digest = clock_numba.source_digest.__wrapped__
    assert digest() == clock_numba.source_digest()
    changed = tmp_path / name
    changed.write_text(changed.read_text(encoding="utf-8") + "\n# changed\n", encoding="utf-8")
    assert digest() != clock_numba.source_digest()


def test_compiling_is_told_once_and_loading_from_disk_is_not(tmp_path):
    both = (
        "import numpy as np; from doseesc.engines.clock_mechanics import next_gap; from doseesc.truth import Accrual; "
        "table = Accrual(per_month=1).table; next_gap(table, 0.0, 1.0); next_gap(table, 0, 1.0)"
    )

    def told():
        cache = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-c", both], env=cache, capture_output=True, text=True, check=True
        ).stderr

    assert told().count("compiling what plays trials on the calendar") == 1
    assert told() == ""
