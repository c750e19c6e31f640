"""How much of the attainable designs reach: beside the best policy under the same truths, in the world they meet."""

import json
from dataclasses import replace

import numpy as np
import pytest

from designs import PolicyDesign
from doseesc.engines import enumerate_paths, solve
from doseesc.planning import attainable_score, make_objective, run_ensemble, utilities
from doseesc.planning.objective import right_levels_of
from doseesc.report.page.look import look_of
from doseesc.report.page.page_tables import page_tables
from doseesc.report.page.scenario_charts import benchmark_chart
from doseesc.report.terminal import comparison_lines, full_lines, run_lines
from doseesc.report.words import attainable_words, attained_words
from doseesc.results import (
    SavedRun,
    asks_attainable,
    attainable_under,
    lattice_of,
    prior_truths,
    read_results,
    stakes_of,
)
from doseesc.results.folder import write_results
from doseesc.runs import compare, run
from doseesc.study import PseudoUniform, ScenarioPrior, load

SCENARIOS = """scenarios:
  - {name: S, dlt: [0.1, 0.2, 0.3]}
  - {name: T, dlt: [0.25, 0.4, 0.5]}
  - {name: U, dlt: [0.3, 0.5, 0.6]}
"""


@pytest.fixture
def asked(scenario_file, small_scenario):
    """Return a function that loads a small study that asks for the attainable."""

    def loaded(more="", optimal="benchmark: true", designs=""):
        text = small_scenario.partition("scenarios:")[0].replace("max_n: 18", "max_n: 12") + designs + SCENARIOS
        return load(scenario_file(f"{text}optimal: {{{optimal}}}\n{more}"))

    return loaded


def test_designs_are_measured_by_the_best_policy_under_the_same_scenarios(asked):
    study = asked()
    found = run(study, method="exact").attainable
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    assert known.weight.tolist() == [0.5, 0.25, 0.25]  # the true MTDs count the same
    best = PolicyDesign.of(solve(lattice_of(study), stakes_of(study, known)).policy(prior="x", utility="y"))
    figures = enumerate_paths(best).characteristics(known.truths, true_mtd=study.right_levels(known.truths))
    assert found.value == pytest.approx(known.weight @ figures.correct_selection, abs=1e-9)
    boin = enumerate_paths(study.designs["B"]).characteristics(
        known.truths, target=study.target, true_mtd=study.right_levels(known.truths)
    )
    assert found.designs["B"] == pytest.approx(known.weight @ boin.correct_selection, abs=1e-9)
    assert found.share("B") == pytest.approx(found.designs["B"] / found.value)
    assert found.designs["B"] < found.value


def test_prices_count(asked):
    study = asked(optimal="benchmark: true, utility: {per_patient: 0.01, per_patient_above_mtd: 0.02, per_dlt: 0.05}")
    found = run(study, method="exact").attainable
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    stakes = stakes_of(study, known)
    assert found.designs["B"] == pytest.approx(stakes.weight @ utilities(study.designs["B"], stakes), abs=1e-9)
    assert found.designs["B"] < found.value
    assert "less 0.05 per DLT" in found.words
    shown = " ".join(" ".join(line.plain for line in run_lines(run(study, method="exact"))).split())
    assert f"Best possible: {found.value:.3f} (the probability of correct selection, less 0.01 per patient, " in shown


def test_background_events_are_met_by_both(asked):
    """With DLTs that the drug does not cause less is attainable, and the design is worth what its cells say."""
    study = asked("observation: {name: o, background: 0.2}\n")
    results = run(study, method="exact")
    alone = run(asked(), method="exact").attainable
    assert results.attainable.value < alone.value
    weights = prior_truths(study, ScenarioPrior(type="scenarios")).weight
    correct = [cell.best.correct_selection for cell in results.cells.values()]
    assert results.attainable.designs["B"] == pytest.approx(weights @ correct, abs=1e-9)
    assert results.attainable.designs["B"] <= results.attainable.value


def test_it_is_said_and_kept(asked, tmp_path):
    results = run(asked(), method="exact")
    words = results.attainable.words
    said = " ".join(line.plain for line in run_lines(results))
    assert "of best %" in said
    assert f"Best possible: {100 * results.attainable.value:.1f} %." in said
    said = " ".join(" ".join(line.plain for line in full_lines(results)).split())
    assert attainable_words(results, "of best").rstrip(".") in said
    assert "that the best possible policy that skips no dose, found exactly by backward induction, reaches" in said
    text = attained_words(results)
    assert (
        f"What a trial can attain over these scenarios is {100 * results.attainable.value:.1f} %, by the best" in text
    )
    assert f"; of that the designs reach: B {100 * results.attainable.share('B'):.0f} %." in text
    assert text in benchmark_chart(look_of(results)).how
    page = " ".join(str(each) for each in page_tables(SavedRun(results), None)["summary"].rows[0])
    assert f"{100 * results.attainable.share('B'):.0f}" in page
    assert f"{100 * results.attainable.share('B'):.0f} %" in words
    assert "made for the file's 3 scenarios, weighted as in comparison" in words
    assert f"Of the attainable ({100 * results.attainable.value:.1f} %, the probability of correct selection" in words
    priced = replace(results.attainable, utility=f"{results.attainable.utility}, less 0.05 per DLT")
    assert f"({results.attainable.value:.3f}, " in priced.words
    write_results(results, tmp_path / "out")
    table = (tmp_path / "out" / "attainable.csv").read_text().splitlines()
    share = results.attainable.share("B")
    assert table == ["design,value,of_attainable", f"B,{results.attainable.designs['B']},{share}"]
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["attainable"]["designs"]["B"]["of_attainable"] == results.attainable.share("B")
    again = read_results(tmp_path / "out").results
    assert again.attainable == results.attainable
    saved = read_results(tmp_path / "out")
    assert compare(saved, saved).of_attainable == {"B": (results.attainable.share("B"),) * 2}
    text = "\n".join(line.plain for line in comparison_lines(compare(saved, saved)))
    assert "of the attainable" not in text  # which has not changed
    changed = replace(compare(saved, saved), of_attainable={"B": (0.5, 0.625)})
    text = "\n".join(line.plain for line in comparison_lines(changed))
    assert "of the attainable, B: 50.0 % -> 62.5 %" in text


def test_nothing_is_computed_unless_asked_for(asked):
    results = run(asked(optimal="benchmark: false"), method="exact")
    assert results.attainable is None
    assert "attainable" not in results.to_document()
    assert not any("attainable" in note for note in results.notes)


@pytest.mark.parametrize(
    ("n_doses", "max_n", "n_truths", "soon"),
    [
        (3, 18, 9, True),
        (4, 24, 6, True),
        (3, 30, 9, True),
        (5, 30, 6, False),
        (4, 24, 2000, False),
        (3, 18, 2000, True),
    ],
)
def test_without_being_asked_it_is_found_where_that_is_soon_done(asked, n_doses, max_n, n_truths, soon):
    study = asked(optimal="held_out: 50")
    assert study.optimal.benchmark is None
    doses = study.doses.model_copy(update={"labels": None, "amounts": tuple(range(1, n_doses + 1))})
    larger = study.model_copy(update={"max_n": max_n, "doses": doses})
    assert larger.n_doses == n_doses
    assert asks_attainable(larger, n_truths) == soon
    for told in (True, False):
        optimal = study.optimal.model_copy(update={"benchmark": told})
        assert asks_attainable(larger.model_copy(update={"optimal": optimal}), n_truths) == told


def test_scenarios_with_one_true_mtd_have_it_only_where_it_is_asked_for(asked):
    study = asked(optimal="held_out: 50")
    alike = study.model_copy(update={"scenarios": study.scenarios[1:]})
    assert {alike.true_mtd(truth) for truth in alike.truths.values()} == {1}
    assert run(alike, method="exact").attainable is None
    told = alike.model_copy(update={"optimal": study.optimal.model_copy(update={"benchmark": True})})
    assert run(told, method="exact").attainable.value == pytest.approx(1)  # it names the dose that is right in both


def test_a_small_trial_has_it_without_being_asked(asked):
    assert run(asked(optimal="held_out: 50"), method="exact").attainable == run(asked(), method="exact").attainable


def test_designs_of_other_trials_are_not_held_against_it(asked):
    """Who treats one at a time, or skips where that pays, may do better than the best that may not."""
    study = asked(designs="  - {name: one, type: BOIN, cohort_size: 1}\n")
    results = run(study, method="exact")
    found = results.attainable
    assert found.unbound == ("one",)
    assert found.share("one") is None
    assert found.share("B") < 1
    assert "the designs reach: B " in found.words
    assert "It is no bound for one" in found.words
    assert found.to_dict()["designs"]["one"]["of_attainable"] is None
    row = next(line.plain.split() for line in run_lines(results) if line.plain.startswith("  one "))
    assert row[2] == "-"
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    better = attainable_under(study, stakes_of(study, known), {"B": found.value + 0.01, "one": 0.1}, "x")
    assert better.unbound == ("B", "one")


def test_too_large_a_trial_is_said(asked):
    study = asked()
    large = study.model_copy(update={"max_n": 3000})
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    found = attainable_under(large, stakes_of(study, known), {"B": 0.5}, "x")
    assert found.value is None
    assert found.share("B") is None
    assert found.words.startswith("What is attainable is not known: backward induction")


def test_ensembles_have_it_over_their_curves(asked):
    study = asked()
    found = run_ensemble(study, PseudoUniform(count=50, seed=3))
    assert found.attainable.designs["B"] == pytest.approx(found.mean("B"))
    assert found.attainable.value > found.attainable.designs["B"]
    assert found.attainable.words in found.notes
    assert found.to_dict()["attainable"]["value"] == found.attainable.value
    assert run_ensemble(asked(optimal="benchmark: false"), PseudoUniform(count=50, seed=3)).attainable is None


@pytest.mark.parametrize("criterion", ["mean", "penalised"])
def test_calibration_is_measured_by_the_score_of_the_best_policy(asked, criterion):
    study = asked()
    truths = np.array(list(study.truths.values()))
    right = right_levels_of(study, truths)
    objective = make_objective(
        study.designs["B"], truths, criterion=criterion, penalty=0.5, target=study.target, true_mtd=right
    )
    best = attainable_score(study, objective)
    boin = objective.score(objective.figures(study.designs["B"]))
    assert best > boin
    above = np.arange(4) > objective.true_mtd[:, None]
    gain = right - (0.5 if criterion == "penalised" else 0.0) * above
    stakes = stakes_of(study, prior_truths(study, ScenarioPrior(type="scenarios")))

    policy = solve(lattice_of(study), replace(stakes, gain=gain, weight=np.ones(3))).policy(prior="x", utility="y")
    assert objective.score(objective.figures(PolicyDesign.of(policy))) == pytest.approx(best, abs=1e-9)


def test_there_is_no_best_policy_for_the_worst_case(asked):
    study = asked()
    truths = np.array(list(study.truths.values()))
    objective = make_objective(study.designs["B"], truths, criterion="minimum")
    with pytest.raises(ValueError, match="criterion must be mean, penalised or utility"):
        attainable_score(study, objective)


def test_calibrate_says_how_near_the_best_candidate_comes(cli, small_scenario, tmp_path):
    (tmp_path / "mine.yaml").write_text(small_scenario.replace("max_n: 18", "max_n: 12"))
    code, out, _ = cli(
        "calibrate", "mine.yaml", "--design", "B", "--grid", "p_safe=0.1,0.15", "--widen", "0", "--attainable"
    )
    assert code == 0
    assert "the best possible design scores" in " ".join(out.split())
    assert "of which the best candidate reaches" in " ".join(out.split())
    code, _, errors = cli("calibrate", "mine.yaml", "--design", "B", "--criterion", "minimum", "--attainable")
    assert code == 2
    assert "mean, penalised or utility" in errors
