"""Ensembles: the same figures as one truth at a time, averaged; their quantiles; simulation where nothing else fits."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import TypeAdapter, ValidationError

import doseesc
from doseesc.engines.exact import enumerate_paths
from doseesc.errors import ScenarioError
from doseesc.planning.ensemble import file_random, run_ensemble
from doseesc.planning.ensemble_results import FIGURES
from doseesc.report.terminal.ensemble import ensemble_lines
from doseesc.study.random_section import OrderedUniform, ProbitSteps, PseudoUniform, RandomLogistic, RandomScenarios

DESIGNS = """
  - {name: B, type: BOIN}
  - {name: C, type: CRM, skeleton: {halfwidth: 0.05, prior_mtd: medium}}"""


@pytest.fixture
def study(study_with):
    return study_with("\n  - {name: B, type: BOIN}", DESIGNS)


def test_means_and_quantiles_are_those_of_single_truths(study):
    found = run_ensemble(study, PseudoUniform(count=40, seed=5))
    assert found.truths.shape == (40, 3)
    assert set(found.figures) == {"B", "C"}
    for name, design in study.designs.items():
        assert found.figures[name].method == "exact"
        paths = enumerate_paths(design)
        single = [paths.characteristics(p, target=0.25, true_mtd=study.true_mtd(p)) for p in found.truths]
        for metric in FIGURES:
            values = np.array([getattr(each, metric) for each in single])
            assert found.mean(name, metric) == pytest.approx(values.mean(), abs=1e-12)
            for level in (0.05, 0.95):
                assert found.quantile(name, metric, level) == pytest.approx(np.quantile(values, level), abs=1e-12)


@pytest.mark.parametrize(
    "random",
    [
        PseudoUniform(count=30),
        PseudoUniform(count=30, mtd="medium"),
        PseudoUniform(count=30, mtd=0),
        ProbitSteps(count=30, mtd=3),
        RandomLogistic(count=30),
        OrderedUniform(count=30, highest=0.6),
    ],
    ids=lambda random: f"{random.type}, {getattr(random, 'mtd', None)}",
)
def test_every_kind_of_random_curve(study, random):
    found, again = run_ensemble(study, random), run_ensemble(study, random)
    np.testing.assert_array_equal(found.truths, again.truths)
    np.testing.assert_array_equal(found.true_mtd, [study.true_mtd(p) for p in found.truths])
    wanted = {"medium": 2, 0: 0, 3: 3}.get(getattr(random, "mtd", None))
    assert wanted is None or (found.true_mtd == wanted).all()
    for figures in found.figures.values():
        np.testing.assert_allclose(figures.values["selected"].sum(axis=1), 1.0, atol=1e-12)
        rows = np.arange(30)
        np.testing.assert_allclose(
            figures.values["correct_selection"], figures.values["selected"][rows, found.true_mtd], atol=1e-12
        )


def test_summary_has_all_curves_and_each_true_mtd(study):
    found = run_ensemble(study, PseudoUniform(count=60, seed=2))
    frame = found.to_frame()
    correct = frame[(frame["design"] == "B") & (frame["metric"] == "correct_selection")]
    assert list(correct["true_mtd"].isna()) == [True, False, False, False]
    overall, per_mtd = correct.iloc[0], correct.iloc[1:]
    assert overall["curves"] == 60
    assert per_mtd["curves"].sum() == 60
    assert (per_mtd["curves"] * per_mtd["mean"]).sum() / 60 == pytest.approx(overall["mean"])
    assert overall["q05"] <= overall["q50"] <= overall["q95"]
    values = found.figures["B"].values["correct_selection"]
    assert overall["se"] == pytest.approx(values.std(ddof=1) / np.sqrt(60))
    curves = found.curves_to_frame()
    assert len(curves) == 120
    assert list(curves.columns[:5]) == ["curve", "true_mtd", "p_1", "p_2", "p_3"]
    np.testing.assert_allclose(curves.loc[curves["design"] == "B", "correct_selection"], values)


def test_distribution_rises_to_one(study):
    found = run_ensemble(study, PseudoUniform(count=25))
    law = found.distribution("C", "overdose_selection", mtd=1)
    assert len(law.value) == (found.true_mtd == 1).sum()
    assert (np.diff(law.value) >= 0).all()
    assert law.share[-1] == 1
    nobody = found.distribution("C", mtd=0)
    assert len(nobody.value) == 0
    assert np.isnan(found.mean("C", mtd=0))
    assert np.isnan(found.quantile("C", "correct_selection", 0.05, mtd=0))


def test_a_single_curve_has_a_mean_but_no_standard_error(study):
    frame = run_ensemble(study, PseudoUniform(count=1)).to_frame()
    assert frame["mean"].notna().all()
    assert frame["se"].isna().all()


def test_designs_too_large_to_enumerate_are_simulated_with_a_note(study):
    random = PseudoUniform(count=20, seed=3)
    exact = run_ensemble(study, random)
    calls = []
    found = run_ensemble(study, random, trials=2000, memory_limit=1000, progress=lambda *done: calls.append(done))
    assert [note.split(" is simulated")[0] for note in found.notes[:2]] == ["B", "C"]
    assert found.notes[2:] == [found.attainable.words]
    assert calls == [(0, 2), (1, 2), (2, 2)]
    for name, figures in found.figures.items():
        assert figures.method == "monte_carlo"
        value, truth = figures.values["correct_selection"], exact.figures[name].values["correct_selection"]
        z = (value - truth) / np.sqrt(truth * (1 - truth) / 2000)
        assert np.abs(z).max() < 4.5
        assert abs(z.mean()) < 4 / np.sqrt(20)  # the curves' patients are independent
    again = run_ensemble(study, random, trials=2000, memory_limit=1000)
    np.testing.assert_array_equal(found.figures["B"].values["dlts"], again.figures["B"].values["dlts"])


def test_wrong_names_and_numbers_are_said(study):
    found = run_ensemble(study, PseudoUniform(count=3))
    with pytest.raises(ValueError, match=r"^design must be one of B, C"):
        found.mean("D")
    with pytest.raises(ValueError, match=r"^metric must be one of"):
        found.mean("B", "selected")
    with pytest.raises(ValueError, match=r"^trials must"):
        run_ensemble(study, PseudoUniform(count=3), trials=0)
    with pytest.raises(ValueError, match="levels go from 1 to 3"):
        run_ensemble(study, PseudoUniform(count=3, mtd=4))


def test_random_scenarios_are_read_by_type():
    adapter = TypeAdapter(RandomScenarios)
    assert adapter.validate_python({"type": "logistic", "count": 7}) == RandomLogistic(count=7)
    for wrong in ({"type": "other"}, {"type": "logistic", "mtd": 2}, {"type": "pseudo_uniform", "count": 0}, {}):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)


LISTED = "- {name: S, dlt: [0.1, 0.2, 0.3]}"


def test_a_file_may_have_random_scenarios_beside_named_ones(study_with):
    study = study_with(
        LISTED, LISTED + "\n  - {name: R, random: {type: pseudo_uniform, count: 12, seed: 3, mtd: medium}}"
    )
    assert list(study.truths) == ["S"]
    assert study.random_scenarios == {"R": PseudoUniform(count=12, seed=3, mtd="medium")}
    found = run_ensemble(study)
    assert found.random == study.random_scenarios["R"]
    assert (found.true_mtd == 2).all()
    assert doseesc.run(study, method="exact").to_frame()["scenario"].unique().tolist() == ["S"]
    with pytest.raises(ValueError, match="'Q' is not in the file; there are R"):
        file_random(study, "Q")


def test_random_curves_alone_are_enough_for_an_ensemble_but_not_for_a_run(study_with):
    study = study_with("  " + LISTED, "  random: {type: ordered_uniform, count: 9}")
    assert run_ensemble(study).truths.shape == (9, 3)
    with pytest.raises(ScenarioError, match="holds random curves only"):
        doseesc.run(study)


def test_without_random_scenario_the_ensemble_is_pseudo_uniform_with_the_files_seed(study):
    assert file_random(study) == PseudoUniform(seed=study.simulation.seed)


def test_of_several_random_scenarios_one_must_be_named(study_with):
    two = "- {name: R, random: {type: logistic, count: 5}}\n  - {name: U, random: {type: ordered_uniform, count: 6}}"
    study = study_with(LISTED, two)
    assert file_random(study, "U") == OrderedUniform(count=6)
    with pytest.raises(ValueError, match="several random scenarios, R, U"):
        run_ensemble(study)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("{name: R, random: {type: logistik}}", "did you mean  logistic?"),
        ("{name: R, random: {count: 5}}", "write  type:  with one of pseudo_uniform, probit_steps, logistic"),
        (
            "{name: R, random: {type: pseudo_uniform, count: 0}}",
            "scenarios.R.random.count\n  is 0; it must be at least 1",
        ),
        ("{name: R, random: {type: pseudo_uniform, mtd: mediun}}", "did you mean  medium?"),
        ("{name: R, random: {type: probit_steps, mtd: 0}}", "is 0, but levels go from 1 to 3"),
        ("{name: R, random: {type: logistic, slope: 2}}", "scenarios.R.random.slope\n  is not a key here"),
        ("{name: R, dlt: [0.1, 0.2, 0.3], random: {type: logistic}}", "is given together with dlt"),
    ],
)
def test_wrong_random_scenarios_are_explained(complaint_with, written, said):
    assert said in complaint_with(LISTED, f"- {written}")


def test_command_prints_and_writes(cli):
    code, out, err = cli("ensemble", "nct04602104", "--count", "40", "--seed", "2", "--out", "o", "--figure", "f.svg")
    assert code == 0
    assert err == "note: figures of the drug alone; the file's observation: is left aside here\n"
    assert "40 random curves, pseudo-uniform · seed 2" in out
    assert "True MTD medium: " in out
    best = max(("3+3", "CRM", "BOIN"), key=lambda name: float(row_of(out, name)[1]))
    assert f"{best} ({row_of(out, best)[1]} %)" in out or f"{best} selects the true MTD most often" in out
    assert max(map(len, out.splitlines())) <= 100
    assert Path("f.svg").stat().st_size > 1000
    frame = pd.read_csv("o/ensemble.csv")
    curves = pd.read_csv("o/ensemble_curves.csv")
    assert len(curves) == 40 * frame["design"].nunique()
    correct = frame[(frame["metric"] == "correct_selection") & frame["true_mtd"].isna()].set_index("design")["mean"]
    pd.testing.assert_series_equal(
        curves.groupby("design")["correct_selection"].mean().sort_index(), correct.sort_index(), check_names=False
    )


def row_of(out, design):
    return next(line.split() for line in out.splitlines() if line.startswith(f"  {design} "))


def test_command_prints_data_and_code(cli):
    document = json.loads(cli("ensemble", "nct04602104", "--count", "5", "--format", "json")[1])
    assert document["random"]["count"] == len(document["curves"]) == 5
    out = cli("ensemble", "nct04602104", "--count", "5", "--format", "csv")[1]
    summary = pd.read_csv(io.StringIO(out))
    means = {(row["design"], row["metric"], row["true_mtd"]): row["mean"] for row in document["summary"]}
    first = summary.iloc[0]
    assert first["mean"] == pytest.approx(means[first["design"], first["metric"], None])
    names = {}
    exec(cli("ensemble", "nct04602104", "--count", "5", "--show-code")[1], names)
    assert names["found"].truths.tolist() == document["curves"]


def test_command_explains_what_it_cannot_do(cli):
    for options, said in (
        (["--scenario", "R"], "--scenario"),
        (["--count", "0"], "--count"),
        (["--figure", "f.doc"], "--figure"),
    ):
        code, out, err = cli("ensemble", "nct04602104", *options)
        assert (code, out) == (2, "")
        assert said in err
        assert "Traceback" not in err


def test_table_says_what_was_simulated(study):
    found = run_ensemble(study, PseudoUniform(count=5), trials=200, memory_limit=1000)
    text = "\n".join(each.plain for each in ensemble_lines(found))
    assert "B ~" in text
    assert "exact but for designs marked ~" in text
    assert "200 trials per curve" in text
