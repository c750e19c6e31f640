"""How the clock's functions are compiled and kept on disk."""

import shutil

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
