"""Calibration by the expected utility of which the best possible design has the most."""

import csv

import numpy as np
import pytest

import doseesc
from designs import BOIN
from doseesc.planning import attainable_score, calibrate, make_objective, utilities
from doseesc.report.terminal.calibration import calibration_lines
from doseesc.results import prior_truths, stakes_of
from doseesc.study import PseudoUniform, Utility

GRID = {"p_safe": (0.05, 0.1, 0.15), "p_toxic": (0.3, 0.35, 0.5)}
PRICED = Utility(gain="distance", per_patient=0.001, per_patient_above_mtd=0.02, per_dlt=0.03)
BOIN3 = BOIN(target=0.25, n_doses=3, max_n=12)


@pytest.fixture
def study(study_with):
    return study_with("max_n: 18", "max_n: 12")


@pytest.mark.parametrize("utility", [PRICED, Utility(per_dlt=0.1)])
def test_candidates_are_judged_by_it_and_held_against_the_best_possible_design(study, utility):
    known = prior_truths(study, PseudoUniform(count=20, seed=3))
    weights = np.arange(1, 21)
    right = study.right_levels(known.truths)
    objective = make_objective(
        BOIN3, known.truths, criterion="utility", utility=utility, weights=weights, true_mtd=right
    )
    found = calibrate(BOIN3, objective, GRID)
    stakes = stakes_of(study, known, utility)
    for figures, score, (p_safe, p_toxic) in zip(found.figures, found.score, found.values, strict=True):
        design = BOIN(target=0.25, n_doses=3, max_n=12, p_safe=p_safe, p_toxic=p_toxic)
        each = utilities(design, stakes)
        assert figures[-1] == pytest.approx(each, abs=1e-11)
        assert score == pytest.approx(each @ weights / weights.sum(), abs=1e-11)
    best = doseesc.optimal_design(study, known.truths, utility, weights=weights, held_out=30)
    assert attainable_score(study, objective) == pytest.approx(best.value, abs=1e-12)
    assert found.score.max() < best.value
    text = " ".join(" ".join(line.plain for line in calibration_lines(found, "B")).split())
    assert utility.words in text
    assert "optimal.utility" in text


def test_without_prices_it_is_mean_correct_selection():
    truths = [[0.25, 0.4, 0.55], [0.1, 0.25, 0.45], [0.03, 0.1, 0.25]]
    plain = calibrate(BOIN3, make_objective(BOIN3, truths), GRID)
    priced = calibrate(BOIN3, make_objective(BOIN3, truths, criterion="utility"), GRID)
    assert priced.score == pytest.approx(plain.score, abs=1e-11)
    assert priced.best == plain.best


def test_a_utility_needs_its_criterion():
    with pytest.raises(ValueError, match="utility must be left out unless criterion is utility, not 'mean'"):
        make_objective(BOIN3, [0.1, 0.2, 0.3], utility=PRICED)
    with pytest.raises(ValueError, match=r"utility must be a doseesc\.study\.Utility, not 'correct'"):
        make_objective(BOIN3, [0.1, 0.2, 0.3], criterion="utility", utility="correct")


def test_the_command_takes_the_files_utility(cli, small_scenario, tmp_path):
    text = small_scenario.replace("max_n: 18", "max_n: 12") + "optimal: {utility: {per_dlt: 0.1}}\n"
    (tmp_path / "mine.yaml").write_text(text)
    asked = ("calibrate", "mine.yaml", "--design", "B", "--criterion", "utility", "--grid", "p_safe=0.1,0.15")
    code, out, _ = cli(*asked, "--widen", "0", "--attainable")
    assert code == 0
    said = " ".join(out.split())
    assert "less 0.1 per DLT" in said
    assert "the best possible design scores" in said
    code, out, _ = cli(*asked, "--widen", "0", "--format", "csv")
    scores = {float(row["p_safe"]): float(row["score"]) for row in csv.DictReader(out.splitlines())}
    study = doseesc.load(tmp_path / "mine.yaml")
    stakes = stakes_of(study, prior_truths(study, PseudoUniform(count=1)))
    truths = np.array(list(study.truths.values()))
    design = BOIN(target=study.target, n_doses=3, max_n=12, p_safe=0.1)
    figures = doseesc.engines.enumerate_paths(design).characteristics(truths, true_mtd=study.right_levels(truths))
    expected = np.mean(figures.correct_selection - stakes.dlt_price * figures.total_dlts)
    assert scores[0.1] == pytest.approx(expected, abs=1e-6)
    code, out, _ = cli(*asked, "--show-code")
    assert "utility=study.optimal.utility" in out
