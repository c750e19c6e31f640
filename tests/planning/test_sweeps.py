"""A sweep: its cells are those of single runs, under any conditions, and each counts as a study of its own does."""

import math
from pathlib import Path

import numpy as np
import pytest
from sweeping import STUDY, plan_for, study_in

import doseesc
from doseesc.errors import ScenarioError
from doseesc.planning.sweeps.axes import short_names
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.conditions import condition_of
from doseesc.planning.sweeps.fields import NoSuchField, field_at, with_values
from doseesc.planning.sweeps.gathering import gathered
from doseesc.planning.sweeps.reading import read_plan
from doseesc.planning.sweeps.running import compute_cells, run_plan
from doseesc.planning.sweeps.store import Folder, Memory
from doseesc.results import SweepResults, compare_cells
from doseesc.results.sweep import pareto


@pytest.fixture
def study(tmp_path, monkeypatch):
    return study_in(tmp_path, monkeypatch)


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
