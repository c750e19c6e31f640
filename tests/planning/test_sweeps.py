"""A sweep: its cells are those of single runs, its table the same however it was computed, its mistakes named."""

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from support import SIXTY_CELLS, THREE_DOSES

import doseesc
from doseesc.errors import ScenarioError
from doseesc.files import OutputError
from doseesc.pieces import value_of
from doseesc.pieces.piece import do
from doseesc.planning.sweeps.axes import short_names
from doseesc.planning.sweeps.cells import CellError, read_cell, run_cell
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.conditions import NotUnderstood, condition_of
from doseesc.planning.sweeps.fields import NoSuchField, field_at, with_values
from doseesc.planning.sweeps.gathering import Incomplete, gather_into, gathered
from doseesc.planning.sweeps.reading import Asked, plan_of, read_plan, source_of_study
from doseesc.planning.sweeps.running import SweepError, compute_cells, run_plan
from doseesc.planning.sweeps.store import Folder, Memory
from doseesc.planning.sweeps.work import compute
from doseesc.results import SweepResults, compare_cells, sweep_table
from doseesc.results.sweep import pareto

STUDY = f"""\
study: {{title: T}}
{THREE_DOSES}\
designs:
  - {{name: BOIN, type: BOIN}}
  - {{name: CRM 0.5, type: CRM, skeleton: {{halfwidth: 0.05, prior_mtd: medium}}}}
scenarios:
  - {{name: middle, dlt: [0.1, 0.25, 0.45]}}
  - {{name: top, dlt: [0.02, 0.1, 0.25]}}
  - {{name: random, random: {{type: pseudo_uniform, count: 3}}}}
simulation: {{trials: 40, seed: 7, method: exact}}
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("study.yaml").write_text(STUDY)
    return doseesc.load("study.yaml")


def plan_for(study, axes, **asked):
    return plan_of(source_of_study(study), Asked(axes, **asked))


def of(frame, **values):
    """Return the rows with these values, without the axes."""
    for name, value in values.items():
        frame = frame[frame[name.replace("__", ".")] == value]
    return frame[["design", "scenario", "method", "metric", "level", "value", "mcse"]].reset_index(drop=True)


@pytest.mark.parametrize(
    "changed",
    [
        "simulation: {trials: 40, seed: 7, method: exact}",
        "simulation: {trials: 40, seed: 7, method: both}",
        "simulation: {trials: 40, seed: 7, method: monte_carlo}",
        "simulation: {trials: 40, seed: 7, method: auto}\naccrual: {per_month: 4}",
        "simulation: {trials: 40, seed: 7, method: monte_carlo}\nobservation: {background: 0.05}",
    ],
)
def test_cells_are_what_single_runs_give(study, changed):
    text = STUDY.replace("simulation: {trials: 40, seed: 7, method: exact}", changed)
    Path("study.yaml").write_text(text)
    found = doseesc.sweep(doseesc.load("study.yaml"), {"max_n": [6, 9]})
    for max_n in (6, 9):
        Path("one.yaml").write_text(text.replace("max_n: 12", f"max_n: {max_n}"))
        single = doseesc.run(doseesc.load("one.yaml")).to_frame()
        for design in ("BOIN", "CRM 0.5"):
            expected = of(single, design=design)
            got = of(found, max_n=max_n, design=design)
            keys = ["scenario", "method", "metric", "level"]
            joined = expected.merge(got, on=keys, suffixes=("", "_sweep"))
            assert len(joined) == len(expected) == len(got)
            # A truth alone is summed up in another order than among others: the last bit may differ.
            for name in ("value", "mcse"):
                exact = joined["method"] == "exact"
                np.testing.assert_allclose(joined.loc[exact, name], joined.loc[exact, f"{name}_sweep"], rtol=1e-14)
                assert joined.loc[~exact, name].equals(joined.loc[~exact, f"{name}_sweep"])


def test_axes_of_one_design_leave_the_others_alone(study):
    frame = doseesc.sweep(study, {"designs.BOIN.p_safe": [0.1, 0.15], "max_n": [6, 9]}, scenarios=["top"])
    cells = frame[["designs.BOIN.p_safe", "max_n", "design"]].drop_duplicates()
    assert cells["design"].value_counts().to_dict() == {"BOIN": 4, "CRM 0.5": 2}
    assert cells.loc[cells["design"] == "CRM 0.5", "designs.BOIN.p_safe"].isna().all()
    assert list(frame.columns[:2]) == ["designs.BOIN.p_safe", "max_n"]


def test_conditions_and_listed_combinations(study):
    axes = {
        "designs.BOIN.p_safe": [0.1, 0.2],
        "designs.BOIN.p_toxic": [0.3, 0.35],
        "n": {"field": "max_n", "values": [6, 9]},
    }
    given = plan_for(study, axes, conditions=["p_safe is 0.1", "n at least 9"])
    assert [given.words(point) for point in given.points()] == [
        "BOIN, designs.BOIN.p_safe 0.1, designs.BOIN.p_toxic 0.3, n 9",
        "BOIN, designs.BOIN.p_safe 0.1, designs.BOIN.p_toxic 0.35, n 9",
        "CRM 0.5, n 9",
    ]
    rows = [
        {"designs.BOIN.p_safe": 0.1, "designs.BOIN.p_toxic": 0.35, "n": 6},
        {"designs.BOIN.p_safe": 0.2, "designs.BOIN.p_toxic": 0.3, "n": 6},
    ]
    listed = plan_for(study, axes, combinations=rows)
    assert [listed.words(point) for point in listed.points()][-1] == "CRM 0.5, n 6"
    assert listed.n_points == 3
    with pytest.raises(ScenarioError, match="leave no combination"):
        plan_for(study, axes, conditions=["n above 9"])


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a above b", True),
        ("a < b", False),
        ("a is not b", True),
        ("x is good", True),
        ("flag is true", True),
        ("a >= 2", True),
        ("a at most 1.5", False),
        ("c above a", True),  # c has no value here
    ],
)
def test_conditions(text, holds):
    axes = ["a", "b", "c", "x", "flag"]
    values = {"a": 2, "b": 1, "x": "good", "flag": True}
    assert condition_of(text, axes, short_names(axes)).holds(values) is holds


@pytest.mark.parametrize("text", ["a", "1 above 2", "a above z", "a over b"])
def test_conditions_that_say_nothing(text):
    with pytest.raises(NotUnderstood):
        condition_of(text, ["a", "b"], short_names(["a", "b"]))


def test_fields_by_their_paths():
    data = {"designs": [{"name": "A"}, {"name": "A.p"}, {"name": "B"}], "max_n": 3, "x": {"y": [1, 2]}}
    assert field_at("designs.A.p.q", data) == ("designs", 1, "q")
    assert field_at("designs.A.r", data) == ("designs", 0, "r")
    assert field_at("x.y[2]", data) == ("x", "y", 1)
    assert field_at("simulation.seed", data) == ("simulation", "seed")
    changed = with_values(data, {("simulation", "seed"): 4, ("x", "y", 1): 5})
    assert changed["simulation"] == {"seed": 4}
    assert changed["x"]["y"] == [1, 5]
    assert data["x"]["y"] == [1, 2]
    for wrong in ("designs.C.p", "x.y[3]", "max_n.z", "", "a..b", "max_n[1]"):
        with pytest.raises(NoSuchField):
            field_at(wrong, data)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("axes: {max_n: [6, 0]}", "sweep.yaml:2  axes.max_n\n  is 0; it must be at least 1"),
        (
            "axes:\n  designs.BOIN.p_safe:\n    - 0.1\n    - 0.9",
            "sweep.yaml:5  axes.designs.BOIN.p_safe\n  at 0.9: must be below the target 0.25, not 0.9",
        ),
        ("axes: {max_m: [6, 9]}", "axes.max_m\n  at 6: is not a key here\n  did you mean  max_n?"),
        ("axes: {designs.BION.p_safe: [0.1]}", "names 'BION', which is none of designs\n  did you mean  BOIN?"),
        ("axes: {max_n: [6, 6]}", "has the value 6 twice"),
        ("axes: {max_n: {from: 9, to: 6, by: 3}}", "by must be above 0, and to at least from"),
        ("axes: {max_n: {from: 6, to: 9}}", "has the keys from, to, not from, to and by"),
        ("axes: {comparison.margin: [0.1]}", "no figure of a sweep depends on comparison"),
        ("axes: {metric: {field: max_n, values: [6]}}", "has the name of a column of the table"),
        ("axes: {max_n: 6}", "is 6, not a list of values"),
        ('axes: {"\\e[31m": {field: max_n, values: [6]}}', "is no name of a column"),
        ("axes: {max_n: [6]}\ndesigns: [BOIM]", "sweep.yaml:3  designs\n  names BOIM, which the study does not have"),
        ("axes: {max_n: [6]}\nscenarios: [random]", "names random, which the study does not have"),
        ("axes: {max_n: [6]}\nconditions: [max_n over 3]", "sweep.yaml:3  conditions[1]"),
        ("axes: {max_n: [6]}\ncombinations: [{max_n: 7}]", "combinations[1].max_n\n  is 7, no value of the axis"),
        ("axes: {max_n: [6]}\naxis: 3", "is not a key of a sweep\n  did you mean  axes?"),
        (
            "axes: {designs.CRM 0.5.prior_sd: [1]}\ndesigns: [BOIN]",
            "is of the design CRM 0.5, which does not take part",
        ),
        ("max_n: [6]", "has no  axes:  and so is no sweep"),
        ("axes: {max_n: [6]}\ntitle: 3", "sweep.yaml:3  title\n  is 3, not text"),
        ("axis: {max_n: [6]}", "sweep.yaml:2  axis\n  is not a key of a sweep\n  did you mean  axes?"),
        ("axes: {max_n: [6]}\nconditions: [max_n at least 9]", "leave no combination\n  drop one of the conditions"),
        (
            "axes: {dlt_window_days: [14, 28], doses.amounts: [[1, 2]]}",
            "at BOIN, dlt_window_days 14, doses.amounts [1, 2]: study.yaml:2  doses.labels",
        ),
        ("axes: {start_level: [low, lo]}", "axes.start_level\n  is lo"),
        ("axes: {cohort_size: [3, 20], max_n: [6]}", "sweep.yaml:2  axes.max_n\n  is 6, less than one cohort of 20"),
    ],
)
def test_what_is_wrong_names_the_axis_and_its_value(study, text, said):
    Path("sweep.yaml").write_text(f"study: study.yaml\n{text}\n")
    with pytest.raises(ScenarioError) as refused:
        checked_cells(read_plan("sweep.yaml"))
    assert said in str(refused.value)


def test_a_wrong_base_study_speaks_for_itself(study):
    Path("study.yaml").write_text(STUDY.replace("target: 0.25", "target: 25"))
    Path("sweep.yaml").write_text(SIXTY_CELLS)
    with pytest.raises(ScenarioError, match=r"study\.yaml:3  target"):
        read_plan("sweep.yaml")


@pytest.mark.parametrize(("targets", "noted"), [([0.2, 0.25], True), ([0.2], False)])
def test_cells_that_differ_in_what_is_right_are_not_compared_without_a_word(study, targets, noted):
    frame = doseesc.sweep(study, {"target": targets, "max_n": [6]}, designs=["BOIN"])
    notes = SweepResults.from_frame(frame).facts.notes
    assert any(each.startswith("cells differ in which dose is right, since target varies") for each in notes) == noted


@pytest.mark.parametrize(("line", "title"), [("title: How many patients\n", "How many patients"), ("", "T")])
def test_a_sweep_is_called_what_its_file_says(study, line, title):
    Path("sweep.yaml").write_text(f"{line}study: study.yaml\ndesigns: [BOIN]\naxes: {{max_n: [6]}}\n")
    plan, store = read_plan("sweep.yaml"), Folder(Path("cells"))
    cells = checked_cells(plan)
    compute_cells(plan, cells, store, (0, 1))
    assert gathered(plan, cells, store).facts.title == title


def test_a_study_that_is_not_there_is_named_where_the_sweep_names_it(study):
    Path("sweep.yaml").write_text("study: nct0460210\naxes: {max_n: [6]}\n")
    with pytest.raises(ScenarioError) as refused:
        read_plan("sweep.yaml")
    assert str(refused.value) == (
        "sweep.yaml:1  study\n  is nct0460210, and no such file lies beside this one\n  did you mean  nct04602104?"
    )


@pytest.mark.parametrize("name", ["../study.yaml", "/etc/hostname"])
def test_a_study_elsewhere_is_not_read(study, tmp_path, name):
    (tmp_path / "in").mkdir()
    Path("in/sweep.yaml").write_text(SIXTY_CELLS.replace("study.yaml", name))
    with pytest.raises(ScenarioError, match=r"in/sweep\.yaml:1  study\n  is .*does not lie in this file's folder"):
        read_plan("in/sweep.yaml")


def test_replicates_are_averaged_and_weights_are_those_of_the_study(study):
    text = STUDY.replace("method: exact", "method: monte_carlo") + "comparison: {weights: {middle: 3, top: 1}}\n"
    Path("study.yaml").write_text(text)
    frame = doseesc.sweep(doseesc.load("study.yaml"), {"simulation.seed": [1, 2, 3], "max_n": [6, 9]}, designs=["BOIN"])
    summary = SweepResults.from_frame(frame).summary()
    assert list(summary.columns[:2]) == ["design", "max_n"]
    for row in summary.itertuples():
        mean, variance = 0.0, 0.0
        for scenario, weight in (("middle", 0.75), ("top", 0.25)):
            rows = frame[
                (frame["max_n"] == row.max_n)
                & (frame["scenario"] == scenario)
                & (frame["metric"] == "correct_selection")
            ]
            assert len(rows) == 3
            mean += weight * rows["value"].mean()
            variance += weight**2 * (rows["mcse"] ** 2).sum() / 9
        assert row.correct_selection == pytest.approx(mean, rel=1e-12)
        assert row.mcse == pytest.approx(math.sqrt(variance), rel=1e-12)


def test_each_cell_has_its_own_figures_whatever_the_order_of_the_combinations(study):
    axes = {"max_n": [6, 9], "weight": {"field": "designs.BOIN.p_safe", "values": [0.1, 0.2]}}
    rows = [{"max_n": n, "weight": p} for n, p in ((6, 0.2), (9, 0.1), (6, 0.1), (9, 0.2))]
    frame = doseesc.sweep(study, axes, combinations=rows, trials=40, method="monte_carlo")
    summary = SweepResults.from_frame(frame).summary()
    assert len(summary) == 6
    assert summary["correct_selection"].nunique() > 2
    for row in summary.itertuples():
        own = frame[(frame["design"] == row.design) & (frame["max_n"] == row.max_n)]
        own = own[own["weight"].isna() if math.isnan(row.weight) else own["weight"] == row.weight]
        own = own[own["metric"] == "correct_selection"]
        assert row.score == row.correct_selection == pytest.approx(own["value"].mean(), rel=1e-12)
        assert row.mcse == pytest.approx(math.sqrt((own["mcse"] ** 2).sum()) / len(own), rel=1e-12)


def test_the_pareto_front_against_every_pair():
    random = np.random.default_rng(5)
    good, bad = random.integers(0, 8, 200) / 8, random.integers(0, 8, 200) / 8
    beaten = [((good >= g) & (bad <= b) & ((good > g) | (bad < b))).any() for g, b in zip(good, bad, strict=True)]
    assert (pareto(good, bad) == ~np.array(beaten)).all()


def test_a_table_that_was_changed_is_refused(study):
    frame = doseesc.sweep(study, {"max_n": [6]}, designs=["BOIN"])
    assert SweepResults.from_frame(frame).facts.title == "T"
    frame.loc[3, "value"] = 0.5
    with pytest.raises(ValueError, match="was changed after it was written"):
        SweepResults.from_frame(frame)
    with pytest.raises(ValueError, match="lacks attrs"):
        SweepResults.from_frame(pd.DataFrame({"a": [1]}))


def test_a_cell_of_another_version_or_that_was_changed_is_refused(study):
    cell = checked_cells(plan_for(study, {"max_n": [6]}, designs=["BOIN"]))[0]
    content = run_cell(cell.text)
    assert content == run_cell(cell.text)
    assert read_cell(content, cell.name).rows
    other = json.dumps(json.loads(cell.text) | {"doseesc": "0.0.9"})
    with pytest.raises(CellError, match=r"this cell is of doseesc 0\.0\.9"):
        run_cell(other)
    with pytest.raises(CellError):
        read_cell(content.replace(b"0.", b"1.", 1), cell.name)
    with pytest.raises(CellError):
        read_cell(content, "0" * 64)
    for body in (b"[]", b"{", json.dumps({"cell": cell.name, "rows": [[1]], "notes": []}).encode()):
        with pytest.raises(CellError, match="it is no cell"):
            read_cell(hashlib.sha256(body).hexdigest().encode() + b"\n" + body, cell.name)


@pytest.mark.parametrize(
    "change",
    [{"title": 3}, {"short": {}}, {"weights": {"\x1b[31m": 1.0}}, {"weights": []}, {"price": "x"}, {"axes": 1}],
)
def test_facts_that_others_have_written_are_looked_at(study, change):
    frame = doseesc.sweep(study, {"max_n": [6]}, designs=["BOIN"])
    about = json.loads(frame.attrs[sweep_table.ATTRIBUTE])
    frame.attrs[sweep_table.ATTRIBUTE] = json.dumps(about | change)
    with pytest.raises(ValueError, match=r"cannot be|incomplete"):
        SweepResults.from_frame(frame)


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


THREE_TRUTHS = STUDY.replace("  - {name: random,", "  - {name: flat, dlt: [0.1, 0.12, 0.25]}\n  - {name: random,")


@pytest.mark.parametrize(
    ("axes", "cell", "counts"),
    [
        ({"target": [0.25, 0.1]}, "BOIN, target 0.25", "correct"),
        ({"target": [0.1]}, "BOIN", "worst_case"),
        ({"scenarios.flat.dlt": [[0.1, 0.25, 0.4]], "max_n": [9]}, "BOIN", "correct"),
        ({"max_n": [9, 12]}, "BOIN, max_n 9", "correct"),
    ],
)
def test_scenarios_count_by_the_true_mtds_of_each_cell(study, axes, cell, counts):
    """Each cell counts as a study of its own does, also after the table was written and read."""
    Path("study.yaml").write_text(f"{THREE_TRUTHS}comparison: {{weights: true_mtds, counts: {counts}}}\n")
    plan = plan_for(doseesc.load("study.yaml"), axes, designs=["BOIN"])
    results = SweepResults.from_frame(run_plan(plan, Memory()).stamped())
    assert bool(results.facts.own_weights) == ("max_n" not in axes or len(axes) > 1)
    summary = results.summary()
    for place, point in enumerate(plan.points()):
        own = plan.variant(point).model_copy(update={"comparison": plan.study.comparison})
        alone = run_plan(plan_for(own, {"cohort_size": [own.cohort_size]}), Memory()).summary()
        for name in ("correct_selection", "overdose_selection", "score"):
            assert summary[name][place] == pytest.approx(alone[name][0], abs=1e-12)
    over = compare_cells(results, results, (cell, cell)).frame
    total = over[over["scenario"].isna() & (over["metric"] == "correct_selection")]["first"].item()
    assert total == pytest.approx(summary["correct_selection"][0], abs=1e-12)
