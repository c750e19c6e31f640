"""How many patients a trial needs, against a scan by hand; what "smallest" means; what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from support import THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.engines import enumerate_paths
from doseesc.errors import ScenarioError
from doseesc.planning import SampleSizes, SizeCurve, file_random, sample_size, sizes_of, worst_cases
from doseesc.study import load, shipped_scenarios

SIZES = (3, 6, 9, 12)
STUDY = f"study: {{title: Mine}}\n{THREE_DOSES}{THREE_DESIGNS}simulation: {{trials: 200, seed: 1}}\n"


@pytest.fixture
def study(scenario_file):
    return load(scenario_file(STUDY))


def by_hand(study, name, size):
    """Return chances of being right and too high (K,) in each scenario, and patients, without sweeps."""
    paths = enumerate_paths(replace(study.designs[name], max_n=size))
    truths = np.array(list(study.truths.values()))
    found = paths.characteristics(truths, target=study.target, true_mtd=study.right_levels(truths))
    return found.correct_selection, found.overdose_selection, found.total_patients


def test_the_curve_is_that_of_a_scan_by_hand(study):
    found = sample_size(study, 0.5, sizes=SIZES)
    assert tuple(found.curves) == study.names
    weights = doseesc.run(study, method="exact", trials=1).verdict.standing.weights
    for name, curve in found.curves.items():
        scan = [by_hand(study, name, size) for size in SIZES]
        for place, figures in enumerate((curve.correct, curve.overdose, curve.patients)):
            np.testing.assert_allclose(figures, [each[place] @ weights for each in scan], rtol=0, atol=1e-12)
        assert curve.method == ("exact",) * 4
        assert not curve.correct_se.any()
        enough = [size for size, (correct, *_) in zip(SIZES, scan, strict=True) if correct @ weights >= 0.5]
        assert found.first(name) == (enough[0] if enough else None)


def test_a_design_with_patients_of_its_own_is_varied_too(scenario_file):
    own = load(scenario_file(STUDY.replace("type: BOIN}", "type: BOIN, max_n: 9}")))
    found = sample_size(own, 0.5, designs=["BOIN"], sizes=SIZES)
    assert len(np.unique(found.curves["BOIN"].correct)) == len(SIZES)


def made(correct, overdose=None, goal=0.5, limit=None):
    numbers = np.array(correct, dtype=float)
    none = np.zeros(len(numbers))
    above = none if overdose is None else np.array(overdose, dtype=float)
    curve = SizeCurve(("exact",) * len(numbers), numbers, none, above, none, none, none)
    sizes = tuple(range(3, 3 * len(numbers) + 1, 3))
    return SampleSizes(None, "scenarios", 1, goal, limit, sizes, {"BOIN": curve})


@pytest.mark.parametrize(
    ("correct", "first", "kept", "best"),
    [
        ([0.4, 0.5, 0.6], 6, 6, 9),
        ([0.5, 0.4, 0.6, 0.55], 3, 9, 9),
        ([0.4, 0.6, 0.49], 6, None, 6),
        ([0.1, 0.3, 0.2], None, None, 6),
        ([0.6, 0.6], 3, 3, 3),
    ],
)
def test_first_and_kept_differ_where_right_selection_falls(correct, first, kept, best):
    found = made(correct)
    assert (found.first("BOIN"), found.kept("BOIN"), found.best("BOIN")) == (first, kept, best)


def test_overdosing_is_part_of_the_goal_and_of_the_best():
    found = made([0.6, 0.55, 0.52], [0.2, 0.15, 0.1], limit=0.15)
    assert (found.first("BOIN"), found.kept("BOIN"), found.best("BOIN")) == (6, 6, 6)
    assert made([0.6, 0.7], [0.2, 0.3], limit=0.1).best("BOIN") == 6  # none is allowed: the one right most often


def test_where_trials_are_simulated_the_errors_are_told(study):
    found = sample_size(study, 0.5, designs=["BOIN"], sizes=(6, 12), method="monte_carlo", trials=300, seed=2)
    curve = found.curves["BOIN"]
    exact = sample_size(study, 0.5, designs=["BOIN"], sizes=(6, 12)).curves["BOIN"]
    assert curve.method == ("monte_carlo",) * 2
    assert (np.abs(curve.correct - exact.correct) < 5 * curve.correct_se).all()
    weights = doseesc.run(study, method="exact", trials=1).verdict.standing.weights
    for place, size in enumerate((6, 12)):
        right, above, _ = by_hand(study, "BOIN", size)
        for p, error in ((right, curve.correct_se[place]), (above, curve.overdose_se[place])):
            assert error == pytest.approx(np.sqrt(weights**2 @ (p * (1 - p) / 300)), rel=0.15)


def test_time_is_told_where_patients_arrive(scenario_file):
    timed = load(scenario_file(STUDY + "accrual: {per_month: 2}\n"))
    found = sample_size(timed, 0.5, designs=["BOIN"], sizes=(6, 12), trials=50)
    assert (np.diff(found.curves["BOIN"].duration_days) > 0).all()
    left_out = sample_size(timed, 0.5, designs=["BOIN"], sizes=(6, 12), on_calendar=False)
    assert np.isnan(left_out.curves["BOIN"].duration_days).all()
    np.testing.assert_array_equal(left_out.curves["BOIN"].correct, found.curves["BOIN"].correct)


@pytest.mark.parametrize("options", [{"on_calendar": False}, {"over": "ensemble"}])
def test_time_is_left_out_where_the_file_says_much_about_it(options):
    timed = load(shipped_scenarios()["tite"])  # with times of DLTs, which stand for nothing without arrivals
    curve = sample_size(timed, 0.5, designs=["BOIN"], sizes=[6], **options).curves["BOIN"]
    assert (curve.method, np.isnan(curve.duration_days).all()) == (("exact",), True)


def test_over_an_ensemble_the_curves_are_the_same_at_every_size(study):
    found = sample_size(study, 0.5, designs=["CRM"], sizes=(6, 12), over="ensemble")
    random = file_random(study)
    truths = study.draw(random)
    assert found.truths == len(truths)
    for place, size in enumerate((6, 12)):
        paths = enumerate_paths(replace(study.designs["CRM"], max_n=size))
        right = paths.characteristics(truths, target=0.25, true_mtd=study.right_levels(truths)).correct_selection
        assert found.curves["CRM"].correct[place] == pytest.approx(right.mean(), abs=1e-12)
        assert found.curves["CRM"].correct_se[place] == pytest.approx(right.std(ddof=1) / len(right) ** 0.5)


def test_an_ensemble_needs_no_other_scenario(scenario_file):
    start, end = STUDY.index("scenarios:"), STUDY.index("simulation:")
    random = "scenarios:\n  - {name: any, random: {type: pseudo_uniform, count: 20, seed: 3}}\n"
    study = load(scenario_file(STUDY[:start] + random + STUDY[end:]))
    found = sample_size(study, 0.4, designs=["CRM"], sizes=(6,), over="ensemble")
    assert (found.truths, found.approximation) == (20, None)
    with pytest.raises(ScenarioError, match="random curves only"):
        sample_size(study, 0.4, designs=["CRM"], sizes=(6,))


def test_over_the_worst_truths_it_is_the_worst_case(study):
    found = sample_size(study, 0.3, designs=["BOIN"], sizes=(6,), over="worst", separation=0.1)
    smaller = study.model_copy(update={"max_n": 6})
    correct, toxic = worst_cases(smaller, ["BOIN"], separation=0.1).found["BOIN"]
    told = found.at("BOIN", 6)
    assert told["correct"] == pytest.approx(correct.overall.value, abs=1e-9)
    assert told["overdose"] == pytest.approx(toxic.overall.value, abs=1e-9)


def test_sizes_by_default_are_whole_cohorts_to_twice_the_study_s(study):
    assert sizes_of(study) == (3, 6, 9, 12, 15, 18, 21, 24)
    assert sizes_of(study, up_to=40) == (3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 40)
    assert sizes_of(study, up_to=100, by=40) == (12, 40, 80, 100)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"correct": 1.2}, "correct must"),
        ({"overdose": -0.1}, "overdose must"),
        ({"over": "all"}, "over must be one of scenarios, ensemble, worst, not 'all'"),
        ({"designs": ["BOIM"]}, r"designs must be among 3\+3, CRM, BOIN, not BOIM"),
        ({"sizes": []}, "sizes must be 1 to 200 numbers of patients, not 0"),
        ({"sizes": [0, 3]}, "sizes must be a whole number of at least 1, not 0"),
        ({"trials": 0}, "trials must"),
        ({"jobs": 0}, "jobs must"),
    ],
)
def test_wrong_values_are_refused(study, options, message):
    with pytest.raises(ValueError, match=message):
        sample_size(study, **{"correct": 0.5, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [({"up_to": 2}, "up_to must be at least one cohort of 3"), ({"up_to": 900, "by": 3}, "by must leave at most 200")],
)
def test_sizes_that_are_none_or_too_many_are_refused(study, options, message):
    with pytest.raises(ValueError, match=message):
        sizes_of(study, **options)


def test_a_size_that_the_study_cannot_have_names_design_and_value(study):
    with pytest.raises(ScenarioError, match=r"designs\.BOIN\.max_n"):
        sample_size(study, 0.5, designs=["BOIN"], sizes=[20_000])
