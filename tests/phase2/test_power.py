"""Phase 2 trials against the project's power table, Schoenfeld's formula, and themselves."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from support import cases_in, name_of, passes

from doseesc.phase2.analyses.day_counts import CENSORED, DIED, IMPROVED
from doseesc.phase2.analyses.log_rank import at_risk
from doseesc.phase2.patients.course import ControlCourse
from doseesc.phase2.patients.effect import DoseEffect, DrugEffect
from doseesc.phase2.patients.patients import BLOCK, ArmLaw, draw_arm
from doseesc.phase2.plan import AnalysisPlan, TrialArm, TrialPlan
from doseesc.phase2.power import simulate_power
from doseesc.phase2.schoenfeld import any_power, schoenfeld_events, schoenfeld_power
from doseesc.phase2.size import power_by_effect, power_by_size, sample_size
from doseesc.report.terminal.phase2_power import power_lines
from doseesc.validation.cases import phase2
from doseesc.validation.cases.phase2 import control_course, one_dose_plan

TRIALS = 5000
UNADJUSTED = AnalysisPlan(multiplicity="none", endpoints="separate")


def one_dose(course=None, n=50, shr=1.5, rr=0.75, loss=0.0, analysis=UNADJUSTED):
    active = (TrialArm(name="MTD", n=n, amount=16, effect=DrugEffect(shr, rr), adverse=0.25),)
    arm = TrialArm(name="saline", n=n, adverse=0.05)
    return TrialPlan(control=arm, active=active, course=course or ControlCourse(), loss=loss, analysis=analysis)


def two_doses(shr=1.5, rr=0.75, low=None, n=50, **analysis):
    low = DrugEffect(shr**0.5, rr**0.5) if low is None else low
    active = (
        TrialArm(name="quarter", n=n, amount=4, effect=low, adverse=0.1),
        TrialArm(name="MTD", n=n, amount=16, effect=DrugEffect(shr, rr), adverse=0.25),
    )
    control = TrialArm(name="saline", n=n, adverse=0.05)
    return TrialPlan(control=control, active=active, loss=0.03, analysis=AnalysisPlan(**analysis))


@pytest.mark.parametrize("case", cases_in(phase2), ids=name_of)
def test_tables_and_other_programs(case):
    passes(case)


def test_censoring_at_death_loses_power_in_the_severe_case():
    found = {
        death: simulate_power(
            one_dose_plan(control_course(0.35, 0.40), shr=2.0, rr=0.6, death=death), trials=TRIALS
        ).share("ttci")[0]
        for death in ("day_28", "at_death")
    }
    assert 0.11 < found["day_28"] - found["at_death"] < 0.17


def test_schoenfeld_at_a_lower_level_and_where_it_does_not_apply():
    # Two comparisons at one-sided 1.25 %: 210 and 72 per arm.
    assert [round(schoenfeld_events(ratio, alpha=0.0125) / 0.55 / 2) for ratio in (1.5, 2.0)] == [210, 72]
    assert schoenfeld_power(one_dose(analysis=AnalysisPlan(ttci="gray")), 0) is None
    assert schoenfeld_power(one_dose(analysis=AnalysisPlan(death="at_death")), 0) is None
    with pytest.raises(ValueError, match="hazard_ratio must not be 1"):
        schoenfeld_events(1.0)


@pytest.mark.parametrize("n", [50, 150])
def test_simulated_power_is_near_schoenfelds(n):
    plan = one_dose(n=n)
    assert simulate_power(plan, trials=TRIALS).share("ttci")[0] == pytest.approx(schoenfeld_power(plan, 0), abs=0.025)


def test_patients_follow_the_course():
    course = ControlCourse().with_drug(shr=2.0, mortality_rr=0.6)
    drawn = draw_arm(ArmLaw(n=100, course=course, adverse=0.2), seed=3, block=0, arm=0)
    for kind, expected in ((IMPROVED, course.improved), (DIED, course.died)):
        for day in (7, 14, 21, 28):
            share = ((drawn.kind == kind) & (drawn.day <= day)).mean()
            assert share == pytest.approx(expected[day - 1], abs=4 * np.sqrt(0.25 / drawn.code.size))
    assert drawn.reaction.mean() == pytest.approx(0.2, abs=0.006)
    assert (drawn.day[drawn.kind == CENSORED] == 28).all()
    assert drawn.day.min() >= 1
    assert drawn.day.max() == 28


def test_published_days_of_improvement_and_death():
    # Wang et al.: .04, .40 and .88 of improvements by days 7, 14, 21; deaths .31, .47, .65, .79 by 7, 10, 14, 18.
    course = ControlCourse().with_drug()
    assert (course.improved[[6, 13, 20]] / course.improved[-1]).round(2).tolist() == [0.04, 0.40, 0.88]
    assert (course.died[[6, 9, 13, 17]] / course.died[-1]).round(2).tolist() == [0.31, 0.47, 0.65, 0.79]


def test_patients_are_the_same_in_larger_trials_and_better_arms():
    law = ArmLaw(n=20, course=ControlCourse().with_drug())
    few = draw_arm(law, seed=1, block=2, arm=1, trials=10)
    many = draw_arm(ArmLaw(n=30, course=law.course), seed=1, block=2, arm=1)
    assert (many.code[:20, :10] == few.code).all()
    better = draw_arm(
        ArmLaw(n=20, course=ControlCourse().with_drug(shr=2, mortality_rr=0.6)), seed=1, block=2, arm=1, trials=10
    )
    improved = few.kind == IMPROVED
    assert (better.kind[improved] == IMPROVED).all()
    assert (better.day[improved] <= few.day[improved]).all()
    assert (few.kind[better.kind == DIED] == DIED).all()


def test_loss_to_follow_up():
    law = ArmLaw(n=200, course=ControlCourse().with_drug(), loss=0.5)
    counts = draw_arm(law, seed=1, block=0, arm=0).day_counts
    whole = draw_arm(ArmLaw(n=200, course=law.course), seed=1, block=0, arm=0).day_counts
    assert (counts.n == 200).all()
    assert (counts.known < 200).all()
    assert (counts.improvements < whole.improvements).all()
    lost = counts.censored[:, :-1].sum(axis=0)
    assert lost[0] == pytest.approx(0.5 / 27 * 200 * BLOCK, rel=0.1)
    assert (at_risk(counts, death="day_28")[:, 1] <= 200 - counts.improved[:, 0]).all()


@pytest.mark.parametrize("jobs", [2, 3])
def test_same_seed_same_answer_for_any_jobs(jobs):
    plan = two_doses()
    one, several = (simulate_power(plan, trials=2500, seed=4, jobs=each).tally for each in (1, jobs))
    for name in vars(one):
        assert np.array_equal(getattr(one, name), getattr(several, name)), name
    assert simulate_power(plan, trials=2500, seed=5).tally.any_ttci != one.any_ttci


@pytest.mark.parametrize("multiplicity", ["bonferroni", "holm", "hochberg", "dunnett", "fixed_sequence"])
def test_type_one_error_is_kept(multiplicity):
    plan = two_doses(multiplicity=multiplicity).under_null()
    power = simulate_power(plan, trials=20_000, seed=2)
    assert power.share("any_claim") <= 0.025 + 4 * power.mcse("any_claim")
    assert power.share("any_ttci") > 0.017
    assert power.better_chosen is None


def test_without_adjustment_it_is_not():
    power = simulate_power(two_doses(multiplicity="none", endpoints="separate").under_null(), trials=20_000, seed=2)
    assert power.share("any_ttci") > 0.04
    assert power.share("any_claim") > 0.07


def test_fixed_sequence_tests_the_second_dose_only_after_the_first():
    plan = two_doses(multiplicity="fixed_sequence", sequence="lowest_first", shr=2.0, rr=0.6)
    lowest, highest = simulate_power(plan, trials=3000).share("ttci")
    assert highest <= lowest
    plan = two_doses(multiplicity="fixed_sequence", shr=2.0, rr=0.6)
    assert simulate_power(plan, trials=3000).share("ttci")[1] == pytest.approx(0.77, abs=0.03)


# The win ratio puts death first, which the drug changes less: it has less power here.
@pytest.mark.parametrize(("ttci", "expected"), [("cox_score", 0.77), ("gray", 0.77), ("win_ratio", 0.66)])
def test_other_tests_keep_the_level_and_have_power(ttci, expected):
    plan = one_dose(shr=2.0, rr=0.6, loss=0.03, analysis=AnalysisPlan(ttci=ttci, mortality="fisher"))
    assert simulate_power(plan.under_null(), trials=10_000).share("ttci")[0] == pytest.approx(0.025, abs=0.008)
    assert simulate_power(plan, trials=3000).share("ttci")[0] == pytest.approx(expected, abs=0.04)


def test_the_better_dose():
    plateau = two_doses(low=DrugEffect(1.5, 0.75))
    assert plateau.better == 0  # of equal doses the lower
    assert two_doses().better == 1
    chosen = simulate_power(two_doses(shr=3.0, rr=0.3), trials=3000)
    assert chosen.better_chosen == chosen.share("chosen")[1] > 0.8
    assert chosen.share("chosen").sum() == pytest.approx(chosen.share("any_ttci"))


def test_expected_deaths_and_reactions():
    power = simulate_power(two_doses(), trials=4000)
    assert power.tally.deaths / 4000 / 50 == pytest.approx(0.3 * 0.985 * np.array([1, 0.75**0.5, 0.75]), abs=0.005)
    assert power.tally.adverse / 4000 / 50 == pytest.approx([0.05, 0.1, 0.25], abs=0.004)


def test_dose_response_curves():
    assert DoseEffect(reference=16, shr=2.0, shape="plateau").at(0.1).shr == 2.0
    assert DoseEffect(reference=16, shape="none").at(16).mortality_rr == 1.0
    emax = DoseEffect(reference=16, shape="emax", ed50=4)
    assert [emax.share(dose) for dose in (4, 16)] == pytest.approx([0.5 / 0.8, 1.0])
    linear = DoseEffect(reference=16)
    assert [linear.share(dose) for dose in (0.5, 1, 4, 16, 64)] == pytest.approx([0, 0, 0.5, 1, 1.5])
    with pytest.raises(ValueError, match="no_effect_dose must be below"):
        DoseEffect(reference=16, no_effect_dose=16)


def test_sample_size_has_the_power_and_one_patient_fewer_in_ten_has_not():
    plan = one_dose(shr=2.0, rr=0.6, n=20)
    found = sample_size(plan, power=0.8, trials=4000, seed=1)
    assert found.n == pytest.approx(53, abs=4)  # the table has 77 % at 50
    other = simulate_power(found.plan, trials=10_000, seed=99)
    assert other.share("any_ttci") == pytest.approx(0.8, abs=0.02)
    assert abs(found.n - 53) <= 4 * found.standard_error + 1
    assert [point.n for point in found.points] == sorted({point.n for point in found.points})
    fewer = simulate_power(found.plan.with_sizes(0.85), trials=10_000, seed=99)
    assert fewer.share("any_ttci") < 0.78


def test_sample_size_keeps_the_allocation():
    base = two_doses(shr=2.0, rr=0.6)
    plan = TrialPlan(control=TrialArm(name="saline", n=60), active=base.active, loss=0.03)
    found = sample_size(plan, power=0.9, trials=1000)
    control, *active = (arm.n for arm in found.plan.arms)
    assert active == [round(control * 50 / 60)] * 2


def test_sample_size_of_nothing_is_refused():
    with pytest.raises(ValueError, match="must follow from the assumed effects: no number of patients"):
        sample_size(one_dose(shr=1.0, rr=1.0))


def test_power_rises_with_size_and_effect():
    plan = two_doses()
    sizes = [float(power.share("any_ttci")) for _, power in power_by_size(plan, [20, 50, 100], trials=2000)]
    effects = [float(power.share("any_ttci")) for _, power in power_by_effect(plan, [0, 1, 2], trials=2000)]
    assert sizes == sorted(sizes)
    assert effects == sorted(effects)
    assert effects[0] == pytest.approx(0.025, abs=0.015)
    assert effects[1] == sizes[1]


def test_eighteen_patients_show_nothing():
    """Three arms of six, as the registered 18: even a doubled hazard is hardly ever seen."""
    assert simulate_power(two_doses(shr=2.0, rr=0.6, n=6), trials=5000).share("any_ttci") < 0.12


def test_impossible_trials_are_refused():
    with pytest.raises(ValueError, match="MTD: mortality_rr must leave room for those who improve"):
        simulate_power(one_dose(shr=3.0, rr=1.5))
    with pytest.raises(ValueError, match="improved and died must not exceed 1"):
        ControlCourse(improved=0.8, died=0.3)
    with pytest.raises(ValueError, match="ttci must be one of"):
        AnalysisPlan(ttci="t-test")
    with pytest.raises(ValueError, match="active must be in order of dose"):
        TrialPlan(control=one_dose().control, active=two_doses().active[::-1])


def test_skewness_of_tests_is_told_where_dosages_have_few_patients():
    told = "2.9 instead of 2.5 % with 38 against 76"
    for sizes, said in (((76, 38, 38), True), ((50, 50, 50), False), ((38, 76, 76), False)):
        plan = two_doses().with_numbers(sizes)
        power = simulate_power(plan, trials=100)
        text = " ".join(each.plain for each in power_lines(power, power, "", ""))
        assert (told in " ".join(text.split())) == said


@pytest.mark.parametrize(("method", "arms"), [("none", 1), ("bonferroni", 2), ("holm", 2)])
def test_the_power_of_any_dosage_by_formula(method, arms):
    """Against the joint normal law of the two statistics, correlated by a half, and against simulated trials."""
    plan = two_doses(shr=2.0, multiplicity=method)
    alpha = plan.analysis.alpha
    drifts = [norm.ppf(schoenfeld_power(plan, place)) + norm.ppf(1 - alpha) for place in (0, 1)]
    least = norm.ppf(1 - alpha / arms)
    neither = multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]]).cdf([least - drift for drift in drifts])
    assert any_power(plan) == pytest.approx(1 - neither, abs=1e-6)
    power = simulate_power(plan, trials=4000, seed=5)
    assert any_power(plan) == pytest.approx(power.share("any_ttci"), abs=0.02 + 3 * power.mcse("any_ttci"))


def test_the_formula_does_not_speak_of_other_adjustments():
    assert any_power(two_doses(multiplicity="dunnett")) is None
    assert any_power(two_doses(multiplicity="holm", ttci="gray")) is None
