"""Doses equally near the target: the rule of the file is what every engine counts by, and every output says so."""

import json

import numpy as np
import pytest

from doseesc.engines import enumerate_paths, simulate, simulate_calendar
from doseesc.planning import calibrate, make_objective, right_levels_of
from doseesc.report.protocol.protocol import protocol_blocks
from doseesc.report.tables.characteristics import selection_table, truth_table
from doseesc.report.terminal.full import full_lines
from doseesc.results import SavedRun, read, write_results
from doseesc.runs import run
from doseesc.study import load
from doseesc.truth import TIES, Accrual, highest_right

TRUTHS = {"S": [0.1, 0.2, 0.3], "flat": [0.1, 0.1, 0.1], "plateau": [0.05, 0.2, 0.2], "sides": [0.2, 0.3, 0.6]}
RIGHT = {
    "highest_below": {"S": [2], "flat": [3], "plateau": [3], "sides": [1]},
    "highest": {"S": [3], "flat": [3], "plateau": [3], "sides": [2]},
    "lowest": {"S": [2], "flat": [1], "plateau": [2], "sides": [1]},
    "any": {"S": [2, 3], "flat": [1, 2, 3], "plateau": [2, 3], "sides": [1, 2]},
}


@pytest.fixture
def results(small_scenario, scenario_file):
    """Return a function that runs the small study with ties under a rule."""

    def made(ties, more="", method="both", trials=400):
        text = small_scenario.replace("max_n: 18", "max_n: 12") + "".join(
            f"  - {{name: {name}, dlt: {p}}}\n" for name, p in TRUTHS.items() if name != "S"
        )
        return run(load(scenario_file(f"{text}true_mtd: {{ties: {ties}}}\n{more}")), method=method, trials=trials)

    return made


@pytest.mark.parametrize("ties", TIES)
def test_every_engine_counts_by_the_rule(ties, results):
    more = "observation: {name: o, background: 0.05}\n"
    for found in (results(ties), results(ties, more)):
        for (scenario, _), cell in found.cells.items():
            right = RIGHT[ties][scenario]
            for each in (cell.exact, cell.simulated):
                assert each.correct_selection == pytest.approx(each.selected[right].sum())
                assert each.overdose_selection == pytest.approx(each.selected[max(right) + 1 :].sum())
                assert each.patients_above_mtd == pytest.approx(each.patients[max(right) :].sum())
                assert each.true_mtd == max(right)
            best = found.benchmark_met(scenario)[right].sum()
            assert found.efficiency(scenario, "B") == pytest.approx(cell.exact.correct_selection / best)
    below = found.policies.observed["o", "plateau", "B"].best.below_mtd
    cell = found.cells["plateau", "B"].best
    assert below == pytest.approx(cell.selected[1 : min(RIGHT[ties]["plateau"])].sum())


def test_trials_on_the_calendar_and_single_designs_count_each(results):
    study = results("any", method="exact").study
    design, truth, right = study.designs["B"], TRUTHS["plateau"], np.array([False, False, True, True])
    exact = enumerate_paths(design).characteristics(truth, ties="any")
    assert exact.correct_selection == pytest.approx(exact.selected[2:].sum())
    on_days = simulate_calendar(
        design, truth, window_days=14, accrual=Accrual(per_month=2), n_trials=300, true_mtd=right
    )
    for found in (simulate(design, truth, n_trials=300, true_mtd=right), on_days):
        assert found.correct_selection == pytest.approx(found.selected[2:].sum())
    timed = results("any", "accrual: {per_month: 20}\n", method="monte_carlo", trials=100)
    assert timed.cells["plateau", "B"].best.right.tolist() == right.tolist()


def test_a_calibration_counts_each(results):
    study = results("any", method="exact").study
    truths = np.array(list(study.truths.values()))
    right = right_levels_of(study, truths)
    found = calibrate(study.designs["B"], make_objective(study.designs["B"], truths, true_mtd=right), {"p_safe": [0.1]})
    exact = enumerate_paths(found.best_design).characteristics(truths, true_mtd=right)
    assert found.score[found.best] == pytest.approx(exact.correct_selection.mean())
    assert found.objective.true_mtd.tolist() == highest_right(right).tolist() == [3, 3, 3, 2]


@pytest.mark.parametrize("ties", ["lowest", "any"])
def test_outputs_state_the_ties_and_their_rule(ties, results, tmp_path):
    found = results(ties)
    text = " ".join(line.plain for line in full_lines(found))
    said = " ".join(text.split())
    tied = "medium and high in S, low, medium and high in flat, medium and high in plateau, low and medium in sides"
    assert f"equally near are {tied}:" in said
    assert f"(true_mtd: {{ties: {ties}}})" in said
    write_results(found, tmp_path / "out")
    assert read(tmp_path / "out").cells["flat", "B"].exact.right[1]
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [row["right"] for row in document["truths"]] == list(RIGHT[ties].values())
    truths, selection = truth_table(found), selection_table(found)
    assert all("Equally near are" in table.how_to_read for table in (truths, selection))
    assert [row[-1].text for row in truths.rows][2] == ("medium or high" if ties == "any" else "medium")
    starred = [value.text.startswith("★") for value in selection.rows[2][2:6]]
    assert starred == [False, False, True, ties == "any"]
    assert any(ties in str(block) for block in protocol_blocks(SavedRun(found), "B"))


def test_without_ties_nothing_is_said(small_scenario, scenario_file):
    text = small_scenario.replace("[0.1, 0.2, 0.3]", "[0.1, 0.24, 0.4]")
    found = run(load(scenario_file(text)), method="exact")
    assert not any("equally near" in line.plain for line in full_lines(found))
