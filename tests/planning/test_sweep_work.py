"""The work of a sweep: its table is the same however it was computed, shared out, broken off and read back."""

from pathlib import Path

import pandas as pd
import pytest
from support import SIXTY_CELLS
from sweeping import plan_for, study_in

import doseesc
from doseesc.files import OutputError
from doseesc.pieces import value_of
from doseesc.pieces.piece import do
from doseesc.planning.sweeps.cells import CellError
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.gathering import Incomplete, gather_into, gathered
from doseesc.planning.sweeps.reading import read_plan
from doseesc.planning.sweeps.running import SweepError, compute_cells, run_plan
from doseesc.planning.sweeps.store import Folder, Memory
from doseesc.planning.sweeps.work import compute
from doseesc.results import SweepResults, sweep_table


@pytest.fixture
def study(tmp_path, monkeypatch):
    return study_in(tmp_path, monkeypatch)


def sixty(folder=None):
    """Return the plan of sixty small cells, its cells, and a store."""
    Path("sweep.yaml").write_text(SIXTY_CELLS)
    plan = read_plan("sweep.yaml")
    return plan, checked_cells(plan), Memory() if folder is None else Folder(folder)


DIGEST = []


@pytest.fixture
def whole(study):
    """Return the digest of sixty cells computed in this process, once for all tests."""
    plan, cells, store = sixty()
    assert len({cell.name for cell in cells}) == plan.n_cells == 60
    if not DIGEST:
        DIGEST.append(run_plan(plan, store).digest)
    return DIGEST[0]


def test_shards_together_give_the_same(whole):
    plan, cells, store = sixty("out")
    parts = [checked_cells(plan, (number, 3)) for number in range(3)]
    assert [len(part) for part in parts] == [20, 20, 20]
    assert {cell.name for part in parts for cell in part} == {cell.name for cell in cells}
    for number in (2, 0):
        compute_cells(plan, parts[number], store, (number, 3))
    with pytest.raises(Incomplete, match="20 of 60 cells are still to be computed"):
        gathered(plan, cells, store)
    compute_cells(plan, parts[1], store, (1, 3))
    assert gathered(plan, cells, store).digest == whole


def test_what_is_there_is_not_computed_again_and_what_is_damaged_is(whole):
    plan, _, store = sixty("out")
    run_plan(plan, store)
    before = {path: path.stat().st_mtime_ns for path in Path("out/cells").rglob("*.json")}
    assert run_plan(plan, store).digest == whole
    assert {path: path.stat().st_mtime_ns for path in Path("out/cells").rglob("*.json")} == before
    damaged, swapped, *_ = before
    damaged.write_bytes(damaged.read_bytes()[:-20])
    swapped.write_bytes(next(path for path in before if path not in (damaged, swapped)).read_bytes())
    assert run_plan(plan, store).digest == whole
    changed = {path for path, when in before.items() if path.stat().st_mtime_ns != when}
    assert changed == {damaged, swapped}


def test_cells_that_fail_are_named_and_the_others_kept(study, monkeypatch):
    from doseesc.planning.sweeps import work

    plan, cells, store = sixty("out")
    real = work.run_cell

    def refuses(text, memory_limit):
        if '"max_n":9' in text and '"p_safe":0.1}' in text.replace(',"type":"BOIN"', ""):
            raise CellError("no")
        return real(text, memory_limit)

    monkeypatch.setattr(work, "run_cell", refuses)
    with pytest.raises(SweepError, match=r"BOIN, designs.BOIN.p_safe 0.1, max_n 9\n  no"):
        compute_cells(plan, cells, store)
    assert len(store.present()) == 59


def test_workers_take_over_when_the_rest_is_long(study, monkeypatch):
    from doseesc.planning.sweeps import work

    asked = []

    class Others:
        here, threads = True, 2

        def each(self, pieces):
            for number, piece in enumerate(pieces):
                asked.append(len(value_of(piece.tasks)))
                yield number, do(piece)

    _, cells, store = sixty()
    monkeypatch.setattr(work, "ALONE", 0.0)
    monkeypatch.setattr(work, "WORTH", 0.0)
    monkeypatch.setattr("doseesc.pieces.sharing.TASK", 0.1)
    done = []
    assert compute(cells, 60, store, workers=Others(), progress=lambda now, total: done.append((now, total))) == []
    assert sum(asked) == 59
    assert max(asked) > 1
    assert done == [(number, 60) for number in range(1, 61)]


def test_half_written_cells_are_cleaned_away(study):
    _, cells, store = sixty("out")
    left = store.path(cells[0].name).with_name(".x.json.12345678.new")
    left.parent.mkdir(parents=True)
    left.write_text("half")
    assert store.present() == set()
    store.clean()
    assert not left.exists()


def test_a_cell_survives_the_cleaning_up_of_another_sweep_in_its_folder(study, monkeypatch):
    _, cells, store = sixty("out")
    replace, cleaned = Path.replace, []

    def cleaned_before(path, target):
        if not cleaned:
            cleaned.append(store.clean())
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", cleaned_before)
    store.write(cells[0].name, b"found")
    assert cleaned
    assert store.path(cells[0].name).read_bytes() == b"found"


def test_the_table_is_written_in_pieces_and_read_back(whole, monkeypatch):
    plan, cells, store = sixty("out")
    found = run_plan(plan, store)
    Path("other").mkdir()
    first = gather_into(Path("other/sweep.parquet"), plan, cells, store)
    second = found.save("second.parquet")
    assert first.read_bytes() == second.read_bytes()
    back = doseesc.read("other")
    assert isinstance(back, SweepResults)
    assert back.digest == doseesc.read("second.parquet").digest == found.digest == whole
    pd.testing.assert_frame_equal(back.summary(), found.summary(), check_dtype=False)
    monkeypatch.setattr(sweep_table, "PIECE", 1000)
    gather_into(Path("pieces.parquet"), plan, cells, store)
    assert doseesc.read("pieces.parquet").digest == whole
    changed = pd.read_parquet("second.parquet")
    changed.loc[5, "value"] += 1
    SweepResults(changed, found.facts).save("changed.parquet")
    assert doseesc.read("changed.parquet").digest != whole
    with pytest.raises(OutputError, match=r"must end in \.parquet"):
        found.save("found.nc")


def test_the_digest_sees_every_value(study):
    frame = doseesc.sweep(study, {"max_n": [6, 9], "designs.BOIN.p_safe": [0.1, 0.15]}, scenarios=["top"])
    digests = {sweep_table.digest_of([frame])}
    for name, other in {"design": "X", "scenario": "X", "level": 9, "value": 9.0, "max_n": 7, "metric": None}.items():
        changed = frame.copy()
        changed.loc[3, name] = other
        digests.add(sweep_table.digest_of([changed]))
    assert len(digests) == 7
    assert sweep_table.digest_of([frame.iloc[:10], frame.iloc[10:]]) in digests


@pytest.mark.parametrize("method", ["exact", "monte_carlo"])
@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_shards_part_the_cells_without_a_rest(study, method, parts):
    axes = {"max_n": [6, 9, 12], "designs.BOIN.p_safe": [0.1, 0.15], "simulation.method": [method]}
    plan = plan_for(study, axes)
    whole = [cell.name for cell in checked_cells(plan)]
    assert len(whole) == plan.n_cells == 9 * (2 if method == "monte_carlo" else 1)  # there a truth is a cell
    shards = [[cell.name for cell in checked_cells(plan, (number, parts))] for number in range(parts)]
    assert sorted(name for shard in shards for name in shard) == sorted(whole)
    assert max(map(len, shards)) - min(map(len, shards)) <= 2
