import numpy as np
import pytest

from doseesc.results.arms import arm_doses, fraction_words, phase2_arms, summarise_phase2
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

ARMS = """
phase2_arms:
  - {name: saline, control: true}
  - {name: quarter, fraction: 0.25}
  - {name: full, fraction: 1}
"""


@pytest.fixture
def with_arms(scenario_file, small_scenario):
    """Return a function that loads the small scenario with arms, more lines, and pieces replaced."""

    def loaded(more="", arms=ARMS, **replaced):
        text = small_scenario + arms + more
        for old, new in {"amounts": "[2, 8, 16]", "dlt": "[0.1, 0.2, 0.3]"}.items():
            text = text.replace(f"{old}: {new}", f"{old}: {replaced.get(old, new)}")
        return load(scenario_file(text))

    return loaded


def quarter_doses(study):
    return [dose for dose in arm_doses(study, "S") if dose.arm == "quarter"]


# Which quarters of an MTD are themselves on the ladder, worked out by hand.
@pytest.mark.parametrize(
    ("amounts", "tested", "below"),
    [
        ([1, 2, 4], {4: 1}, {1, 2}),
        ([1, 4, 16], {4: 1, 16: 4}, {1}),
        ([2, 8, 16], {8: 2}, {2}),
        ([1, 5, 10], {}, {1}),
        ([0.1, 0.4, 1.6], {0.4: 0.1, 1.6: 0.4}, {0.1}),
    ],
)
def test_where_a_quarter_of_the_mtd_lies(with_arms, amounts, tested, below):
    for dose, mtd in zip(quarter_doses(with_arms(amounts=amounts)), amounts, strict=True):
        assert dose.amount == pytest.approx(mtd / 4)
        expected = "tested" if mtd in tested else "below lowest" if mtd in below or mtd / 4 < amounts[0] else None
        assert dose.status == (expected or "between levels"), mtd


def test_five_level_ladder_of_the_healthy_volunteer_trial(scenario_file, small_scenario):
    text = small_scenario.replace("labels: [low, medium, high], amounts: [2, 8, 16]", "amounts: [2, 4, 8, 12, 16]")
    study = load(scenario_file(text.replace("[0.1, 0.2, 0.3]", "[0.1, 0.15, 0.2, 0.25, 0.3]") + ARMS))
    doses = {dose.mtd_level: (dose.amount, dose.status) for dose in quarter_doses(study)}
    assert doses == {
        1: (0.5, "below lowest"),
        2: (1.0, "below lowest"),
        3: (2.0, "tested"),
        4: (3.0, "between levels"),
        5: (4.0, "tested"),
    }


def test_true_dlt_probability_of_each_arm(with_arms):
    study = with_arms(dlt="[0.1, 0.25, 0.45]")
    doses = {(dose.arm, dose.mtd_level): dose for dose in arm_doses(study, "S")}
    assert [doses["full", level].dlt_probability for level in (1, 2, 3)] == [0.1, 0.25, 0.45]
    assert doses["quarter", 2].dlt_probability == 0.1

    def logit(p):
        return np.log(p / (1 - p))

    half_way = (logit(0.1) + logit(0.25)) / 2  # 4 lies half-way from 2 to 8 in log dose
    assert doses["quarter", 3].dlt_probability == pytest.approx(1 / (1 + np.exp(-half_way)), abs=1e-12)
    one_step_below = 2 * logit(0.1) - logit(0.25)  # 0.5 is as far below 2 as 8 is above it
    assert doses["quarter", 1].dlt_probability == pytest.approx(1 / (1 + np.exp(-one_step_below)), abs=1e-12)
    assert "extrapolated from the two lowest levels" in doses["quarter", 1].dlt_method
    assert doses["saline", 1].dlt_probability is None
    assert doses["saline", 1].status == "no drug"


def test_parametric_curve_is_evaluated_on_the_curve(scenario_file, small_scenario):
    curve = "curve: {type: logistic, intercept: -1, slope: 0.8, reference: 8}"
    study = load(scenario_file(small_scenario.replace("dlt: [0.1, 0.2, 0.3]", curve) + ARMS))
    lowest = quarter_doses(study)[0]
    assert lowest.dlt_probability == pytest.approx(1 / (1 + np.exp(1 - 0.8 * np.log(0.5 / 8))), abs=1e-12)
    assert lowest.dlt_method == "the scenario's logistic curve"


def test_nearest_tested_dose_below(with_arms):
    doses = quarter_doses(with_arms("phase2_dose_rule: nearest_tested_below\n", dlt="[0.1, 0.25, 0.45]"))
    assert [dose.asked_amount for dose in doses] == [0.5, 2, 4]
    assert [dose.amount for dose in doses] == [2, 2, 2]
    assert [dose.status for dose in doses] == ["tested"] * 3
    assert [dose.dlt_probability for dose in doses] == [0.1] * 3


def test_nearest_tested_dose_takes_a_dose_that_only_rounding_puts_above(with_arms):
    doses = quarter_doses(with_arms("phase2_dose_rule: nearest_tested_below\n", amounts="[0.3, 1.2, 4.8]"))
    assert [dose.amount for dose in doses] == [0.3, 0.3, 1.2]


def test_rows_of_a_run(with_arms):
    results = run(with_arms(dlt="[0.1, 0.25, 0.45]"), method="exact")
    frame = phase2_arms(results.study, results.cells)
    chances = results.cells["S", "B"].exact.selected
    assert list(frame["arm"]) == ["", *["saline", "quarter", "full"] * 3]
    assert list(frame["mtd"].unique()) == ["none", "low", "medium", "high"]
    first = frame.iloc[0]
    assert (first["status"], first["probability"]) == ("no MTD, so no Phase 2", chances[0])
    for arm in ("saline", "quarter", "full"):
        assert np.array_equal(frame.loc[frame["arm"] == arm, "probability"], chances[1:])
    assert set(frame["method"]) == {"exact"}
    assert (frame["mcse"] == 0).all()


def test_exact_probabilities_are_preferred_and_simulated_ones_carry_their_error(with_arms):
    study = with_arms()
    both, simulated = (run(study, method=method, trials=500) for method in ("both", "monte_carlo"))
    assert set(phase2_arms(both.study, both.cells)["method"]) == {"exact"}
    frame = phase2_arms(simulated.study, simulated.cells)
    assert set(frame["method"]) == {"monte_carlo"}
    chance = frame["probability"]
    assert np.allclose(frame["mcse"], np.sqrt(chance * (1 - chance) / 500), atol=1e-4)
    assert frame["mcse"].max() > 0.01


def test_summary_by_hand(with_arms):
    results = run(with_arms(dlt="[0.1, 0.25, 0.45]"), method="exact")
    (summary,) = summarise_phase2(results.study, results.cells)
    found = results.cells["S", "B"].exact
    none, low, medium, high = found.selected
    quarter, full = summary.arms
    assert summary.opens == pytest.approx(1 - none, abs=1e-12)
    assert full.dlt_probability == pytest.approx((0.1 * low + 0.25 * medium + 0.45 * high) / (1 - none), abs=1e-12)
    assert (full.too_toxic, full.untested) == (pytest.approx(high), 0)
    assert quarter.untested == pytest.approx(low + high, abs=1e-12)
    assert quarter.below_lowest == pytest.approx(low, abs=1e-12)
    assert quarter.too_toxic == 0
    assert summary.highest_tested == pytest.approx(high, abs=1e-12)
    assert summary.unbounded == found.unbounded
    assert 0 < summary.unbounded < summary.highest_tested


def test_margin(with_arms):
    def summarised(rules=""):
        results = run(with_arms(rules, dlt="[0.1, 0.25, 0.35]"), method="exact")
        (summary,) = summarise_phase2(results.study, results.cells)
        return summary.arms[1].too_toxic, results.cells["S", "B"].exact.selected[3]

    assert summarised()[0] == 0  # 35 % does not exceed 25 % by more than 10 points
    too_toxic, high = summarised("true_mtd: {rule: highest_below, margin: 0.05}\n")
    assert too_toxic == pytest.approx(high)


def test_phase_2_that_never_opens(with_arms):
    results = run(with_arms(dlt="[1, 1, 1]"), method="exact")
    (summary,) = summarise_phase2(results.study, results.cells)
    assert summary.opens == 0
    assert [arm.dlt_probability for arm in summary.arms] == [None, None]
    assert phase2_arms(results.study, results.cells)["probability"].tolist()[0] == pytest.approx(1)


def test_how_often_nobody_was_given_the_dose_of_an_arm(scenario_file, small_scenario):
    crm = "  - {name: CRM, type: CRM, skeleton: {halfwidth: 0.05, prior_mtd: medium}, rules: [{type: NoSkipping}]}\n"
    text = small_scenario.replace("designs:\n", "designs:\n" + crm).replace("[2, 8, 16]", "[2, 8, 32]")
    results = run(load(scenario_file(text + ARMS)), method="exact")
    found = results.cells["S", "CRM"].exact
    assert found.untried_selection > 0.01
    quarter, full = next(s for s in summarise_phase2(results.study, results.cells) if s.design == "CRM").arms
    assert full.never_given == pytest.approx(found.untried_selection)
    # A quarter of low lies below the lowest dose, a quarter of medium is low, a quarter of high is medium.
    by_hand = found.selected[1] + found.selected_and_untried[2, 0] + found.selected_and_untried[3, 1]
    assert quarter.never_given == pytest.approx(by_hand)
    assert quarter.untested == pytest.approx(found.selected[1])
    rows = phase2_arms(results.study, results.cells).query("design == 'CRM' and arm == 'full'")
    assert rows["never_given"].tolist() == pytest.approx(found.selected_and_untried[[1, 2, 3], [0, 1, 2]])


def test_study_without_phase_2(with_arms):
    results = run(with_arms(arms=""), method="exact")
    frame = phase2_arms(results.study, results.cells)
    assert frame.empty
    assert "dlt_probability" in frame.columns
    assert summarise_phase2(results.study, results.cells) == []


def test_shipped_trial_has_the_registered_arms():
    study = load(shipped_scenarios()["nct04602104"])
    words = [fraction_words(arm) for arm in study.phase2_arms]
    assert words == ["no drug", "MTD/4", "MTD"]
