"""How the clock's functions are compiled and kept on disk."""

import os
import shutil
import subprocess
import sys

import numba
import numpy as np
import pytest

import doseesc
from designs import BOIN, CCD, MTPI, MTPI2, Keyboard, Weighted
from doseesc.engines import Calendar, Stagger, clock_mechanics, clock_numba, clock_states
from doseesc.engines.clock_interval_model import table_of
from doseesc.engines.clock_play import setting_of


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


def test_whatever_is_given_has_one_kind_of_types_for_which_it_is_compiled_once():
    accrual = doseesc.Accrual(per_month=2)
    calendars = [Calendar(accrual=accrual), Calendar(accrual=accrual, stagger=Stagger(days=(3,)))]
    designs = [
        kind(target=0.25, n_doses=3, max_n=12, pending=Weighted()) for kind in (BOIN, CCD, Keyboard, MTPI, MTPI2)
    ]
    settings = {
        numba.typeof(setting_of(designs[0], np.array(truth), days, calendar))
        for truth in ([0.1, 0.2, 0.3], [0, 0, 1])
        for days in (28, 28.0)
        for calendar in calendars
    }
    assert len(settings) == 1
    assert len({numba.typeof(table_of(design, days)) for design in designs for days in (28, 28.0)}) == 1
