"""Ensembles: the same figures as one truth at a time, averaged; their quantiles; simulation where nothing else fits."""

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from doseesc.ensemble import FIGURES, run_ensemble
from doseesc.exact import enumerate_paths
from doseesc.random_scenarios import (
    OrderedUniform,
    ProbitSteps,
    PseudoUniform,
    RandomLogistic,
    RandomScenarios,
)

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
    assert [note.split(" is simulated")[0] for note in found.notes] == ["B", "C"]
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
