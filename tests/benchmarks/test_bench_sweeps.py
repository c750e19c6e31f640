"""What a sweep costs besides its cells: making, keeping and gathering them, and handing them to others.

The cells are trivial: what is found in one is said of all.  With ``--fuzz 50`` there are 100,000.
"""

import json

import pytest

import doseesc
from doseesc.pieces import Processes, block_sizes, shared_out, sharing
from doseesc.planning.sweeps import work
from doseesc.planning.sweeps.cells import _content, cell_name, run_cell
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.gathering import gather_into
from doseesc.planning.sweeps.reading import Asked, plan_of, source_of_study
from doseesc.planning.sweeps.running import with_texts
from doseesc.planning.sweeps.store import Folder
from doseesc.study import shipped_scenarios

EACH = 2000


@pytest.fixture
def plan(request):
    """Ten sizes of trial, and replicates of each."""
    seeds = list(range(EACH // 10 * request.config.getoption("--fuzz")))
    axes = {"max_n": {"from": 12, "to": 39, "by": 3}, "seed": {"field": "simulation.seed", "values": seeds}}
    study = doseesc.load(shipped_scenarios()["nct04602104"])
    asked = Asked(axes, designs=["BOIN"], scenarios=["S2"])
    return plan_of(source_of_study(study), asked, {"method": "exact"})


@pytest.fixture
def trivial(plan, monkeypatch):
    """Let every cell find what the first finds."""
    found = json.loads(run_cell(next(plan.cells()).text).partition(b"\n")[2])
    monkeypatch.setattr(work, "run_cell", lambda text, _: _content({**found, "cell": cell_name(text)}))


def test_cells_checked(benchmark, plan):
    benchmark.group = f"sweep of {plan.n_cells:,} cells"
    assert len(benchmark.pedantic(lambda: checked_cells(plan), rounds=1)) == plan.n_cells


def test_trivial_cells_kept_and_gathered(benchmark, plan, trivial, tmp_path):
    benchmark.group = f"sweep of {plan.n_cells:,} cells"
    cells, store = checked_cells(plan), Folder(tmp_path / "out")

    def whole():
        assert work.compute(with_texts(plan, cells), len(cells), store) == []
        return gather_into(tmp_path / "out" / "sweep.parquet", plan, cells, store)

    path = benchmark.pedantic(whole, rounds=1)
    assert len(store.present()) == plan.n_cells
    assert doseesc.read(path).facts.doseesc == doseesc.__version__


@pytest.mark.parametrize("seconds", [0.0, sharing.TASK], ids=["one by one", "grouped"])
def test_trivial_pieces_in_two_processes(benchmark, monkeypatch, seconds):
    benchmark.group = "pieces of work handed over"
    monkeypatch.setattr(sharing, "TASK", seconds)
    workers = Processes(2)
    list(shared_out(block_sizes_of, range(4), workers, 4))  # until they are there
    found = benchmark.pedantic(lambda: dict(shared_out(block_sizes_of, range(500), workers, 500, 1e-4)), rounds=1)
    assert found[7] == [3, 3, 1]


def block_sizes_of(trials):
    return block_sizes(trials, 3)
