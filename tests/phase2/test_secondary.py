"""Secondary outcomes: trajectories that agree with the patient's course, and their analyses against libraries."""

import numpy as np
import pytest
from scipy import stats

from doseesc.phase2.analyses.day_counts import CENSORED, DIED, IMPROVED
from doseesc.phase2.analyses.mmrm import mmrm
from doseesc.phase2.analyses.visit_tests import ancova, rank_z
from doseesc.phase2.patients.course import ControlCourse
from doseesc.phase2.patients.effect import DrugEffect
from doseesc.phase2.patients.patients import ArmLaw, draw_arm
from doseesc.phase2.patients.visits import SCORES, icu_days_of_survivors, icu_free_days, scores_at, severities
from doseesc.phase2.plan import TrialArm, TrialPlan
from doseesc.phase2.secondary import ICU_FREE, ICU_SURVIVORS, secondary_frame, simulate_secondary

WHERE = {"seed": 1, "block": 0, "arm": 0}


@pytest.fixture(scope="module")
def patients():
    return draw_arm(ArmLaw(n=40, course=ControlCourse().with_drug(), loss=0.2), trials=200, **WHERE)


@pytest.mark.parametrize("score", SCORES, ids=lambda score: score.name)
def test_scores_follow_the_course(patients, score):
    severity = severities(patients, score.visits, **WHERE)
    values = scores_at(score, severity, score.visits, **WHERE)
    known = ~np.isnan(values)
    kind, end = patients.kind, patients.day
    assert values[known].min() >= score.low
    assert values[known].max() <= score.high
    assert np.allclose(values[known] / score.step, np.round(values[known] / score.step))
    for place, day in enumerate(score.visits):
        dead = (kind == DIED) & (end <= day)
        lost = (kind == CENSORED) & (end < 28) & (end < day)
        assert (known[place] == ~(dead | lost)).all()
    # Those who improved are better at day 28 than at baseline and than those who did not; those who die get worse.
    sign = 1 if score.higher_is_better else -1
    last = score.visits.index(28)
    improved, neither = kind == IMPROVED, (kind == CENSORED) & (end == 28)
    change = sign * (values[last] - values[0])
    assert change[improved].mean() > 3 * score.noise
    assert (change[improved] > 0).mean() > 0.95
    assert change[neither].mean() < change[improved].mean() / 2
    week = score.visits.index(7)
    dying = (kind == DIED) & (end > 7)
    assert (sign * (values[week] - values[0]))[dying].mean() < 0


def test_ranges_are_the_scores_own_and_the_registrys_are_named():
    ranges = {score.name: (score.low, score.high, score.registry_range) for score in SCORES}
    assert ranges["SOFA"] == (0, 24, "0 to 48")
    assert ranges["APACHE II"] == (0, 71, "0 to 24")
    assert ranges["Murray"] == (0, 4, "0 to 16")
    assert next(score.visits for score in SCORES if score.name == "PaO2/FiO2") == (0, 3, 7, 14, 28, 60)
    assert next(score.visits for score in SCORES if score.name == "SOFA") == (*range(8), 14, 28, 60)


def test_icu_days(patients):
    free, survivors = icu_free_days(patients), icu_days_of_survivors(patients)
    dead, improved = patients.kind == DIED, patients.kind == IMPROVED
    assert (free[dead] == 0).all()
    assert (free[improved] == 28 - patients.day[improved]).all()
    assert np.isnan(survivors[dead]).all()
    assert np.isnan(free[(patients.kind == CENSORED) & (patients.day < 28)]).all()


def test_ancova_equals_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    sizes = 25, 18
    base = [rng.normal(9, 2, (n, 200)) for n in sizes]
    value = [each + rng.normal(shift, 3, each.shape) for each, shift in zip(base, (-1, 0), strict=True)]
    for each in value:
        each[rng.random(each.shape) < 0.3] = np.nan
    found = ancova(value[0], base[0], value[1], base[1])
    for trial in range(200):
        y, x = (np.concatenate([each[:, trial] for each in part]) for part in (value, base))
        group = np.repeat([1.0, 0.0], sizes)
        keep = ~np.isnan(y)
        fitted = sm.OLS(y[keep], sm.add_constant(np.column_stack([group, x])[keep])).fit()
        assert found.difference[trial] == pytest.approx(fitted.params[1], abs=1e-9)
        assert found.t[trial] == pytest.approx(fitted.tvalues[1], abs=1e-8)
        one_sided = stats.t.sf(fitted.tvalues[1], fitted.df_resid)
        assert found.p_greater()[trial] == pytest.approx(one_sided, abs=1e-9)


def test_ranks_equal_scipy():
    rng = np.random.default_rng(3)
    one, other = (rng.integers(0, 12, (n, 200)) for n in (20, 15))
    for each in (one, other):
        each[rng.random(each.shape) < 0.2] = -1  # no value
        each[rng.random(each.shape) < 0.2] = 0  # the dead: many ties
    one[:, 0], other[:, 1] = 0, 11  # everybody dead, everybody well
    found = rank_z(one, other)
    for trial in range(200):
        a, b = (each[each[:, trial] >= 0, trial] for each in (one, other))
        expected = stats.mannwhitneyu(a, b, use_continuity=False, alternative="greater", method="asymptotic").pvalue
        assert stats.norm.sf(found[trial]) == pytest.approx(expected, abs=1e-9)


def test_nothing_to_compare():
    nobody, nothing = np.full((3, 2), np.nan), np.full((3, 2), -1)
    some, same = np.ones((3, 2)), np.ones((3, 2), dtype=int)
    assert rank_z(nothing, same).tolist() == [0, 0]
    assert rank_z(same, same).tolist() == [0, 0]
    assert ancova(nobody, some, some, some).t.tolist() == [0, 0]
    assert ancova(nobody, some, some, some).p_greater().tolist() == [0.5, 0.5]


def test_an_empty_arm_is_refused():
    some, empty = np.ones((3, 2)), np.ones((0, 2))
    whole = np.ones((3, 2), dtype=int)
    for test, arms in (
        (ancova, (some, some, empty, empty)),
        (rank_z, (whole[:0], whole)),
        (mmrm, (empty[None], empty, some[None], some)),
    ):
        with pytest.raises(ValueError, match="an arm is empty"):
            test(*arms)


@pytest.fixture(scope="module")
def plan():
    arm = TrialArm(name="MTD", n=50, amount=16, effect=DrugEffect(2.0, 0.5))
    return TrialPlan(control=TrialArm(name="saline", n=50), active=(arm,), loss=0.03)


def test_secondary_outcomes_of_a_trial(plan):
    frame = secondary_frame(simulate_secondary(plan, trials=300)).set_index(["outcome", "day", "arm"])
    assert frame.loc[("SOFA", 0, "saline"), "mean"] == pytest.approx(9, abs=0.1)
    assert frame.loc[("SOFA", 28, "MTD"), "mean"] < frame.loc[("SOFA", 28, "saline"), "mean"]
    assert frame.loc[("PaO2/FiO2", 28, "MTD"), "mean"] > frame.loc[("PaO2/FiO2", 28, "saline"), "mean"]
    assert frame.loc[("SOFA", 28, "saline"), "observed"] == pytest.approx(50 * 0.7, abs=1.5)
    # Death as worst sees the lives saved, which survivors' values do not.
    assert frame.loc[("SOFA", 14, "MTD"), "ranks_power"] > 0.3
    assert frame.loc[(ICU_FREE, 28, "MTD"), "ranks_power"] > 0.5
    assert np.isnan(frame.loc[(ICU_SURVIVORS, 28, "MTD"), "ranks_power"])
    assert np.isnan(frame.loc[("SOFA", 7, "saline"), "ranks_power"])
    assert np.isnan(frame.loc[("SOFA", 6, "MTD"), "mmrm_power"])  # no visit of the model
    # Dying patients get worse first: the model learns from that, the survivors' values do not.
    assert frame.loc[("SOFA", 28, "MTD"), "mmrm_power"] > frame.loc[("SOFA", 28, "MTD"), "ancova_power"]
    assert frame.loc[("SOFA", 3, "MTD"), "mmrm_power"] > 0


def test_secondary_outcomes_are_the_same_for_any_jobs(plan):
    one, several = (simulate_secondary(plan, trials=1100, seed=4, jobs=each) for each in (1, 2))
    assert [row[:5] for row in one] == [row[:5] for row in several]
    assert np.array_equal([row[5:] for row in one], [row[5:] for row in several], equal_nan=True)


def test_secondary_analyses_keep_the_level(plan):
    frame = secondary_frame(simulate_secondary(plan.under_null(), trials=2048))
    shares = frame.loc[(frame.arm == "MTD") & (frame.day > 0), ["ancova_power", "mmrm_power", "ranks_power"]].to_numpy()
    shares = shares[~np.isnan(shares)]
    assert len(shares) > 80
    assert (np.abs(shares - 0.025) < 5 * np.sqrt(0.025 * 0.975 / 2048)).all()


@pytest.mark.parametrize("n", [100, 101, 1000])
def test_ranks_of_arms_of_any_size_equal_scipy(n):
    rng = np.random.default_rng(n)
    one, other = rng.integers(0, 600, (n, 3)), np.minimum(rng.integers(0, 500, (n, 3)), 400)
    for trial, z in enumerate(rank_z(one, other)):
        pair = one[:, trial], other[:, trial]
        expected = stats.mannwhitneyu(*pair, use_continuity=False, alternative="greater", method="asymptotic").pvalue
        assert stats.norm.sf(z) == pytest.approx(expected, rel=1e-9)
