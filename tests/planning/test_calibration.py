"""Calibration: candidates judged exactly, criteria, any number of processes, the search of a skeleton, the views."""

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from designs import BOIN, CRM, NoSkipping, StopAtDose, ThreePlusThree, skeleton
from doseesc.cli import main
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.states import TooManyStates
from doseesc.planning.calibration import calibrate, candidate, default_grid
from doseesc.planning.objective import FIGURES, make_objective, truths_of
from doseesc.planning.optimal_skeleton import optimal_skeleton
from doseesc.report.figures.calibration import calibration_figure
from doseesc.report.terminal.calibration import calibration_lines, yaml_words
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

TRUTHS = np.array([[0.25, 0.4, 0.55], [0.1, 0.25, 0.45], [0.03, 0.1, 0.25]])
CRM3 = CRM(target=0.25, skeleton=(0.15, 0.25, 0.35), max_n=12, cohort_size=3)
BOIN3 = BOIN(target=0.25, n_doses=3, max_n=12)
GRID = {"halfwidth": (0.03, 0.05, 0.08), "prior_sd": (0.5, 1.0)}


def test_every_candidate_is_judged_exactly():
    found = calibrate(CRM3, TRUTHS, GRID)
    assert found.values.tolist() == [[h, sd] for h in GRID["halfwidth"] for sd in GRID["prior_sd"]]
    for values, figures, score in zip(found.values, found.figures, found.score, strict=True):
        guesses = skeleton(target=0.25, halfwidth=values[0], prior_mtd=2, n_doses=3)
        design = replace(CRM3, skeleton=tuple(guesses), prior_sd=values[1])
        oc = enumerate_paths(design).characteristics(TRUTHS)
        np.testing.assert_allclose(figures, [getattr(oc, name) for name in FIGURES], rtol=0, atol=1e-11)
        assert score == pytest.approx(oc.correct_selection.mean(), abs=1e-11)
    now = enumerate_paths(CRM3).characteristics(TRUTHS)
    assert found.design_score == pytest.approx(now.correct_selection.mean(), abs=1e-11)
    assert found.best == np.argmax(found.score)
    assert found.best_design == candidate(CRM3, found.best_values)


def test_criteria():
    weights = [1, 2, 1]
    mean = calibrate(CRM3, make_objective(CRM3, TRUTHS, weights=weights), GRID)
    correct, overdose = mean.figures[:, 0], mean.figures[:, 1]
    share = np.array([0.25, 0.5, 0.25])
    np.testing.assert_allclose(mean.score, correct @ share, atol=1e-11)
    smallest = calibrate(CRM3, make_objective(CRM3, TRUTHS, criterion="minimum"), GRID)
    np.testing.assert_array_equal(smallest.score, correct.min(axis=1))
    penalised = calibrate(CRM3, make_objective(CRM3, TRUTHS, criterion="penalised", penalty=0.5, weights=weights), GRID)
    np.testing.assert_allclose(penalised.score, (correct - 0.5 * overdose) @ share, atol=1e-11)


def test_the_true_mtd_may_be_given():
    given = calibrate(BOIN3, make_objective(BOIN3, TRUTHS, true_mtd=[2, 2, 2]), {"p_safe": [0.15]})
    oc = enumerate_paths(BOIN3).characteristics(TRUTHS)
    np.testing.assert_allclose(given.figures[0, 0], oc.selected[:, 2], atol=1e-11)
    margin = calibrate(BOIN3, make_objective(BOIN3, [0.33, 0.5, 0.6], mtd_margin=0.05), {"p_safe": [0.15]})
    assert margin.objective.true_mtd.tolist() == [0]
    with_target = calibrate(
        ThreePlusThree(n_doses=3), make_objective(ThreePlusThree(n_doses=3), TRUTHS, target=0.25), {"cohort_size": [3]}
    )
    assert with_target.figures.shape == (1, 4, 3)


@pytest.mark.parametrize("design", [CRM3, BOIN3], ids=["CRM", "BOIN"])
def test_the_same_for_any_number_of_processes(design):
    grid = {name: values[::4] for name, values in default_grid(design).items()}
    seen = []
    one = calibrate(design, TRUTHS, grid, progress=lambda done, total: seen.append((done, total)))
    two = calibrate(design, TRUTHS, grid, jobs=2)
    np.testing.assert_array_equal(one.figures, two.figures)
    assert one.best == two.best
    assert seen == [(k, len(one.score)) for k in range(1, len(one.score) + 1)]


def test_of_equal_candidates_the_one_in_the_middle():
    # In cohorts of 3 up to 12 patients these boundaries make one and the same design.
    grid = {"p_safe": [0.145, 0.148, 0.15, 0.152, 0.155], "p_toxic": [0.345, 0.35, 0.355]}
    found = calibrate(BOIN3, TRUTHS, grid)
    assert np.ptp(found.score) == 0
    assert found.best_values == {"p_safe": 0.15, "p_toxic": 0.35}


def test_candidates():
    by_three = candidate(CRM3, {"halfwidth": 0.04, "prior_mtd": 3.0, "prior_sd": 0.7})
    np.testing.assert_allclose(by_three.skeleton, skeleton(target=0.25, halfwidth=0.04, prior_mtd=3, n_doses=3))
    assert by_three.prior_sd == 0.7
    assert by_three.rules == CRM3.rules
    logistic = candidate(replace(CRM3, model="logistic"), {"halfwidth": 0.04})
    np.testing.assert_allclose(
        logistic.skeleton, skeleton(target=0.25, halfwidth=0.04, prior_mtd=2, n_doses=3, model="logistic")
    )
    stopping = candidate(BOIN3, {"stop_at_n": 6.0})
    assert stopping.stop_at_n == 6
    assert isinstance(stopping.stop_at_n, int)


@pytest.mark.parametrize(
    ("design", "options", "words"),
    [
        (CRM3, {"grid": {"halfwith": [0.05]}}, "grid names 'halfwith'.*did you mean halfwidth"),
        (BOIN3, {"grid": {"halfwidth": [0.05]}}, "grid names 'halfwidth', which is no parameter of BOIN"),
        (CRM3, {"grid": {"prior_mtd": [2]}}, "grid must give halfwidth"),
        (CRM3, {"grid": {"halfwidth": [0.05], "prior_mtd": [1.5]}}, "prior_mtd must be a level"),
        (CRM3, {"grid": {"halfwidth": [0.3]}}, "halfwidth must lie between"),
        (CRM3, {"grid": {}}, "grid must give"),
        (CRM3, {"grid": {"prior_sd": []}}, "grid must give"),
        (BOIN3, {"grid": {"p_safe": [0.3]}}, "p_safe must be below the target"),
        (ThreePlusThree(n_doses=3), {"target": 0.25}, "grid must be given for ThreePlusThree"),
        (ThreePlusThree(n_doses=3), {"grid": {"max_n": [18]}}, "target must be given"),
        (CRM3, {"criterion": "best"}, "criterion must be one of mean, minimum, penalised"),
        (CRM3, {"penalty": -1}, "penalty must not be negative"),
        (CRM3, {"weights": [1, 2]}, "weights must be 3 numbers"),
    ],
)
def test_what_is_wrong_is_named(design, options, words):
    judged_by = {name: value for name, value in options.items() if name != "grid"}

    def calibrated():
        return calibrate(design, make_objective(design, TRUTHS, **judged_by), options.get("grid"))

    with pytest.raises(ValueError, match=words):
        calibrated()


def test_a_design_too_large_to_enumerate_is_refused():
    with pytest.raises(TooManyStates):
        calibrate(CRM3, make_objective(CRM3, TRUTHS, memory_limit=1000), GRID)


def test_table_of_candidates():
    found = calibrate(CRM3, TRUTHS, GRID)
    frame = found.to_frame()
    assert len(frame) == 6
    np.testing.assert_array_equal(frame["correct_mean"].round(10), found.score.round(10))
    np.testing.assert_array_equal(frame["correct_minimum"], found.figures[:, 0].min(axis=1))
    assert frame["best"].sum() == 1
    assert frame.loc[frame["best"], "halfwidth"].item() == found.best_values["halfwidth"]


# The search of a skeleton


def test_search_beats_where_it_began_and_is_what_it_says():
    found = optimal_skeleton(CRM3, TRUTHS)
    again = enumerate_paths(found.design).characteristics(TRUTHS).correct_selection.mean()
    start = enumerate_paths(CRM3).characteristics(TRUTHS).correct_selection.mean()
    assert found.score == pytest.approx(again, abs=1e-11)
    assert found.start_score == pytest.approx(start, abs=1e-11)
    assert found.score > found.start_score
    assert found.converged
    assert found.to_dict()["correct_mean"] == pytest.approx(again, abs=1e-11)
    before = enumerate_paths(CRM3).characteristics(TRUTHS)
    assert found.to_dict()["overdose_mean_before"] == pytest.approx(before.overdose_selection.mean(), abs=1e-11)
    assert (np.diff(found.design.skeleton) > 0).all()
    assert found.design.prior_sd == CRM3.prior_sd


def test_more_searches_do_no_worse_and_the_same_for_any_number_of_processes():
    one = optimal_skeleton(CRM3, TRUTHS)
    three = optimal_skeleton(CRM3, TRUTHS, starts=3)
    parallel = optimal_skeleton(CRM3, TRUTHS, starts=3, jobs=2)
    assert three.score >= one.score
    assert three.start_score == one.start_score
    assert three.evaluations > one.evaluations
    assert (parallel.design, parallel.score, parallel.evaluations) == (three.design, three.score, three.evaluations)


def test_the_prior_sd_may_be_searched_too():
    found = optimal_skeleton(CRM3, make_objective(CRM3, TRUTHS, criterion="minimum"), with_prior_sd=True)
    assert found.design.prior_sd != CRM3.prior_sd
    assert found.score >= found.start_score


def test_a_search_cut_short_says_so():
    told = []
    found = optimal_skeleton(CRM3, TRUTHS, max_evaluations=5, progress=lambda done, most: told.append((done, most)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (found.evaluations, 5)
    assert not found.converged
    assert found.score >= found.start_score


def test_a_logistic_skeleton_is_searched_within_reach():
    logistic = replace(CRM3, model="logistic", intercept=1.0)
    found = optimal_skeleton(logistic, TRUTHS)
    assert found.score >= found.start_score


def test_reference_case_of_precautionary():
    """Norris's search, begun at the same skeleton, found 0.5931 by his figure; that is no limit for ours."""
    guesses = (0.03, 0.11, 0.25, 0.42, 0.58, 0.71)
    design = CRM(
        target=0.25,
        skeleton=guesses,
        prior_sd=0.85,
        max_n=12,  # six cohorts of 2 here; all fifteen in the benchmark
        cohort_size=2,
        rules=(NoSkipping(), StopAtDose(5, level=1), StopAtDose(10)),
    )
    found = optimal_skeleton(design, guesses, tolerance=1e-3)
    assert found.score > found.start_score


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"starts": 0}, "starts must lie between 1 and 8"),
        ({"tolerance": 0}, "tolerance must be positive"),
        ({"max_evaluations": 0}, "max_evaluations must be at least 1"),
    ],
)
def test_wrong_searches_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        optimal_skeleton(CRM3, TRUTHS, **options)


def test_only_a_crm_has_a_skeleton():
    with pytest.raises(ValueError, match="design must be a CRM, not BOIN"):
        optimal_skeleton(BOIN3, TRUTHS)


# Views


@pytest.mark.parametrize(
    ("grid", "n_panels"),
    [
        ({"prior_sd": (0.5, 1.0, 1.5)}, 1),
        (GRID, 1),
        ({**GRID, "prior_mtd": (1, 2, 3)}, 3),
        ({"halfwidth": (0.05,), "prior_sd": (0.5, 1.0)}, 1),
    ],
    ids=["line", "heat-map", "three heat-maps", "one value"],
)
def test_figure(grid, n_panels):
    found = calibrate(CRM3, make_objective(CRM3, TRUTHS, criterion="penalised"), grid)
    figure = calibration_figure(found, "Calibration")
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    panels = [axes for axes in figure.axes if axes.get_xlabel()]
    assert len(panels) == n_panels
    words = [text.get_text() for axes in panels for text in axes.texts]
    assert f"{100 * found.score.max():.1f}" in words
    for axes in figure.axes:
        box = axes.get_tightbbox(renderer)
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= page.x1 + 1
        assert box.y1 <= page.y1 + 1


def test_figure_refuses_what_cannot_be_drawn():
    found = calibrate(CRM3, TRUTHS, {**GRID, "prior_mtd": (1, 2), "cohort_size": (2, 3)})
    with pytest.raises(ValueError, match="at most three parameters"):
        calibration_figure(found)


def lines_of(found):
    console = Console(width=100, color_system=None)
    with console.capture() as capture:
        for line in calibration_lines(found, "mine"):
            console.print(line, soft_wrap=True)
    return capture.get()


def test_terminal_table():
    text = lines_of(calibrate(CRM3, TRUTHS, GRID))
    assert text.startswith("Best for mine: ")
    assert "mine: 6 candidates · score: mean P(correct selection) over 3 truths" in text
    assert "\nbest " in text
    assert "\nnow " in text
    assert "in the file: skeleton: {halfwidth:" in text
    assert "edge" in text  # the prior_sd has two values, so the best is at an edge


def test_terminal_table_puts_equal_candidates_together_and_warns_of_a_single_mtd():
    text = lines_of(calibrate(BOIN3, TRUTHS[1], {"p_safe": [0.145, 0.15, 0.155], "p_toxic": [0.35]}))
    assert "and 2 like it" in text
    assert "all truths have the same MTD, level 2" in text
    assert "all truths have the same" not in lines_of(calibrate(BOIN3, TRUTHS, {"p_safe": [0.15]}))


def test_words_for_the_file():
    assert yaml_words(calibrate(BOIN3, TRUTHS, {"p_safe": [0.15], "p_toxic": [0.4]})) == "p_safe: 0.15, p_toxic: 0.4"
    grid = {"halfwidth": [0.05], "prior_mtd": [3], "prior_sd": [0.8]}
    assert yaml_words(calibrate(CRM3, TRUTHS, grid)) == "skeleton: {halfwidth: 0.05, prior_mtd: 3}, prior_sd: 0.8"


def command(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", "nct04602104", *arguments])
    return ended.value.code, *capsys.readouterr()


SMALL = ["--design", "BOIN", "--grid", "p_safe=0.1:0.2:0.05", "--grid", "p_toxic=0.35,0.4", "--widen", "0"]


def test_command(tmp_path, capsys):
    figure = tmp_path / "map.png"
    code, out, _ = command([*SMALL, "--out", str(tmp_path), "--figure", str(figure)], capsys)
    assert code == 0
    assert "6 candidates" in out
    frame = pd.read_csv(tmp_path / "calibration.csv")
    assert frame["p_safe"].tolist() == [0.1, 0.1, 0.15, 0.15, 0.2, 0.2]
    assert figure.read_bytes().startswith(b"\x89PNG")
    code, out, _ = command([*SMALL, "--format", "json", "--criterion", "minimum", "--curves", "20"], capsys)
    assert len(json.loads(out)) == 6


def test_command_judges_by_the_file(capsys):
    _, out, _ = command([*SMALL, "--format", "csv"], capsys)
    rows = [line.split(",") for line in out.splitlines()]
    study = load(shipped_scenarios()["nct04602104"])
    truths = list(study.truths.values())
    found = calibrate(
        study.designs["BOIN"],
        make_objective(study.designs["BOIN"], truths, true_mtd=[study.true_mtd(truth) for truth in truths]),
        {"p_safe": [0.1], "p_toxic": [0.35]},
    )
    assert float(rows[1][rows[0].index("score")]) == pytest.approx(found.score[0], abs=1e-11)


def test_truths_of_a_study(study_with):
    study = study_with("title:", "title:")
    np.testing.assert_array_equal(truths_of(study), list(study.truths.values()))
    curves = truths_of(study, curves=7, seed=3)
    assert curves.shape == (7, study.n_doses)
    np.testing.assert_array_equal(curves, truths_of(study, curves=7, seed=3))
    assert (curves != truths_of(study, curves=7)).any()


def test_truths_of_a_study_of_random_curves_alone(scenario_file, small_scenario):
    before, rest = small_scenario.split("scenarios:", 1)
    after = re.split(r"\n(?=[a-z])", rest, maxsplit=1)
    text = before + "scenarios: {random: {type: ordered_uniform, count: 11}}\n" + "".join(after[1:])
    assert truths_of(load(scenario_file(text))).shape[0] == 11


def test_command_searches_a_skeleton(capsys):
    code, out, _ = command(["--design", "CRM", "--optimal-skeleton"], capsys)
    assert code == 0
    assert "in the file: skeleton: [" in out
    said = " ".join(out.split())
    assert re.search(
        r"the best against now: correct [+-][\d.]+ points, overdose [+-][\d.]+ points, [+-][\d.]+ pat", said
    )
    assert "--criterion penalised --penalty 1 takes overdosing off the score" in said
    _, out, _ = command(["--design", "CRM", "--optimal-skeleton", "--criterion", "penalised"], capsys)
    assert "overdosing counts 1 times; another weight by --penalty" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--design", "BOIN", "--grid", "p_safe=a"], "cannot be read"),
        (["--design", "BOIN", "--grid", "p_safe=0.2:0.1:0.1"], "cannot be read"),
        (["--design", "BOIN", "--grid", "p_saf=0.1"], "did you mean p_safe?"),
        (["--design", "3+3"], "grid must be given for ThreePlusThree"),
        (["--design", "BOIN", "--optimal-skeleton"], "design must be a CRM"),
        (["--design", "BOIN", "--figure", "map.txt"], "must end in"),
    ],
)
def test_command_says_what_is_wrong(arguments, words, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    code, _, err = command(arguments, capsys)
    assert code == 2
    assert words in " ".join(err.replace("│", " ").split())


@pytest.mark.parametrize("more", [[], ["--curves", "10"]], ids=["scenarios", "curves"])
def test_command_shows_code_that_runs(more, capsys):
    _, out, _ = command([*SMALL, *more, "--show-code"], capsys)
    exec(compile(out, "shown", "exec"), {})
    assert "p_safe" in capsys.readouterr().out
