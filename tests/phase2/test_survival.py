"""Time-to-improvement analyses against lifelines, statsmodels and scipy, on random data sets with many ties."""

import warnings

import numpy as np
import pytest
from scipy import stats

from doseesc.phase2.analyses.day_counts import CENSORED, DIED, IMPROVED, DayCounts
from doseesc.phase2.analyses.gray import gray
from doseesc.phase2.analyses.incidence import aalen_johansen, kaplan_meier
from doseesc.phase2.analyses.log_rank import cox_score, log_rank
from doseesc.phase2.analyses.win_ratio import win_ratio
from doseesc.phase2.patients.course import ControlCourse
from doseesc.phase2.patients.patients import ArmLaw, draw_arm

SETS = 200
DAYS = 28


def one_arm(rng, special):
    n = int(rng.integers(1, 40))
    kind = rng.choice(3, size=n, p=rng.dirichlet([2, 2, 1]))
    day = rng.integers(1, rng.integers(2, DAYS + 1) + 1, size=n)  # often very few days: many ties
    day[(kind == CENSORED) & (rng.random(n) < 0.7)] = DAYS
    if special == "no events":
        kind[kind == IMPROVED] = CENSORED
    if special == "all dead":
        kind[:] = DIED
    if special == "all improved":
        kind[:] = IMPROVED
    return kind, day


@pytest.fixture(scope="module")
def data_sets():
    rng = np.random.default_rng(7)
    specials = {0: "no events", 1: "all dead", 2: "all improved"}
    sets = []
    for index in range(SETS):
        special = specials.get(index // 3) if index % 3 else None
        arms = one_arm(rng, special), one_arm(rng, specials.get(index // 3))
        sets.append((arms, [DayCounts.of(kind, day, DAYS) for kind, day in arms]))
    return sets


def observed(kind, day, death):
    """Return times and improvement flags; the dead are censored at the last day or at death."""
    time = np.where((kind == DIED) & (death == "day_28"), DAYS, day)
    return time, kind == IMPROVED


@pytest.mark.parametrize(("death", "sets"), [("day_28", SETS), ("at_death", 40)])
def test_log_rank_equals_lifelines(data_sets, death, sets):
    from lifelines.statistics import logrank_test

    compared = 0
    for arms, counts in data_sets[:sets]:
        (time1, event1), (time0, event0) = (observed(*arm, death) for arm in arms)
        found = log_rank(*counts, death=death)
        if found.variance[0] == 0:
            assert found.z[0] == 0
            assert found.p_two_sided[0] == 1
            continue
        reference = logrank_test(time1, time0, event1, event0)
        assert found.z[0] ** 2 == pytest.approx(reference.test_statistic, abs=1e-9)
        assert found.p_two_sided[0] == pytest.approx(reference.p_value, abs=1e-9)
        compared += 1
    assert compared > 0.75 * sets


@pytest.mark.parametrize("death", ["day_28", "at_death"])
def test_log_rank_and_kaplan_meier_equal_statsmodels(data_sets, death):
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    compared = 0
    for arms, counts in data_sets:
        parts = [observed(*arm, death) for arm in arms]
        time, event = (np.concatenate(each) for each in zip(*parts, strict=True))
        found = log_rank(*counts, death=death)
        if found.variance[0] > 0:
            chisq, _ = survdiff(time.astype(float), event.astype(int), np.repeat([1, 0], [len(t) for t, _ in parts]))
            assert found.z[0] ** 2 == pytest.approx(chisq, abs=1e-9)
            compared += 1
        if parts[0][1].any():
            fitted = SurvfuncRight(parts[0][0].astype(float), parts[0][1].astype(int))
            curve = kaplan_meier(counts[0], death=death)[0]
            assert curve[fitted.surv_times.astype(int) - 1] == pytest.approx(fitted.surv_prob, abs=1e-12)
    assert compared > 150


@pytest.mark.parametrize("death", ["day_28", "at_death"])
def test_cox_score_equals_statsmodels(data_sets, death):
    from statsmodels.duration.hazard_regression import PHReg

    compared = 0
    for arms, counts in data_sets:
        parts = [observed(*arm, death) for arm in arms]
        time, event = (np.concatenate(each) for each in zip(*parts, strict=True))
        found = cox_score(*counts, death=death)
        if found.variance[0] == 0:
            continue
        group = np.repeat([1.0, 0.0], [len(part[0]) for part in parts])[:, None]
        model = PHReg(time.astype(float), group, status=event.astype(int), ties="breslow")
        assert found.score[0] == pytest.approx(model.score(np.zeros(1))[0], abs=1e-9)
        assert found.variance[0] == pytest.approx(-model.hessian(np.zeros(1))[0, 0], abs=1e-9)
        compared += 1
    assert compared > 150


@pytest.mark.parametrize(("death", "sets"), [("day_28", SETS), ("at_death", 40)])
def test_kaplan_meier_equals_lifelines(data_sets, death, sets):
    from lifelines import KaplanMeierFitter

    for arms, counts in data_sets[:sets]:
        time, event = observed(*arms[0], death)
        fitted = KaplanMeierFitter().fit(time, event, timeline=np.arange(1, DAYS + 1))
        expected = fitted.survival_function_.to_numpy().ravel()
        assert kaplan_meier(counts[0], death=death)[0] == pytest.approx(expected, abs=1e-12)


def test_aalen_johansen_equals_statsmodels(data_sets):
    from statsmodels.duration.survfunc import CumIncidenceRight

    for arms, counts in data_sets:
        kind, day = arms[0]
        found = aalen_johansen(counts[0])
        status = np.array([1, 2, 0])[kind]
        if not (status == 1).any() or not (status == 2).any():
            continue
        with warnings.catch_warnings():
            # Its standard errors divide by zero; only its estimates are compared.
            warnings.simplefilter("ignore")
            reference = CumIncidenceRight(day.astype(float), status)
        for cause, curve in enumerate(found):
            at = reference.times.astype(int) - 1
            assert curve[0, at] == pytest.approx(reference.cinc[cause], abs=1e-12)


def gray_by_the_formula(arms):
    """Gray's score and its variance as the module's text writes them, summed over days for one data set."""
    days = range(1, DAYS + 1)

    def count(arm, day, event):
        kind, when = arms[arm]
        return int(((kind == event) & (when == day)).sum())

    def at_risk(arm, day):
        return int((arms[arm][1] >= day).sum())

    improved = {(k, t): count(k, t, IMPROVED) for k in (0, 1) for t in days}
    died = {(k, t): count(k, t, DIED) for k in (0, 1) for t in days}
    patients = {(k, t): at_risk(k, t) for k in (0, 1) for t in days}
    free, incidence = {}, {}  # before and after each day: neither event, and improvement
    for k in (0, 1):
        free[k, 0], incidence[k, 0] = 1.0, 0.0
        for t in days:
            share = 1 / patients[k, t] if patients[k, t] else 0.0
            free[k, t] = free[k, t - 1] * (1 - (improved[k, t] + died[k, t]) * share)
            incidence[k, t] = incidence[k, t - 1] + free[k, t - 1] * improved[k, t] * share
    weight = {(k, t): patients[k, t] / free[k, t - 1] if patients[k, t] else 0.0 for k in (0, 1) for t in days}
    pooled, size = {0: 0.0}, {t: weight[0, t] + weight[1, t] for t in days}
    for t in days:
        events = improved[0, t] + improved[1, t]
        pooled[t] = pooled[t - 1] + (events / size[t] if events else 0.0)
    with_events = [t for t in days if improved[0, t] + improved[1, t]]
    spread = {t: weight[0, t] * weight[1, t] / size[t] if size[t] else 0.0 for t in days}

    def still_to_come(day):
        return sum(
            spread[t] * (improved[0, t] + improved[1, t]) / (size[t] * (1 - pooled[t - 1]))
            for t in with_events
            if t > day
        )

    score = variance = 0.0
    for t in days:
        events = improved[0, t] + improved[1, t]
        if events:
            expected = [weight[k, t] * (1 - incidence[k, t - 1]) for k in (0, 1)]
            score += improved[0, t] - events * expected[0] / sum(expected)
        for k in (0, 1):
            if not patients[k, t]:
                continue
            gone = free[k, t] <= 1e-12
            kept = 0.0 if gone else (1 - pooled[t]) / free[k, t]
            later = still_to_come(t)
            if events:
                ties = 1 - (events - 1) / (size[t] * free[k, t - 1] - 1) if events > 1 else 1.0
                jump = ties * events * free[k, t - 1] / (size[t] * patients[k, t])
                variance += (spread[t] + later * (1 - kept)) ** 2 * jump
            if died[k, t] and not gone:
                ties = 1 - (died[k, t] - 1) / (patients[k, t] - 1) if died[k, t] > 1 else 1.0
                variance += (later * kept) ** 2 * ties * died[k, t] * (free[k, t - 1] / patients[k, t]) ** 2
    return score, variance


def test_gray_equals_its_formula_summed_day_by_day(data_sets):
    for arms, counts in data_sets:
        found = gray(*counts)
        score, variance = gray_by_the_formula(arms)
        assert found.score[0] == pytest.approx(score, abs=1e-9)
        assert found.variance[0] == pytest.approx(variance, rel=1e-7, abs=1e-9)


def test_gray_variance_is_that_of_shuffled_arms_and_its_p_values_are_uniform():
    rng = np.random.default_rng(3)
    kind = rng.choice(3, size=(120, 4000), p=[0.5, 0.3, 0.2])
    day = rng.integers(1, DAYS + 1, size=kind.shape)
    arms = [DayCounts.of(kind[part], day[part], DAYS) for part in (slice(0, 60), slice(60, None))]
    found = gray(*arms)
    assert found.variance.mean() == pytest.approx(found.score.var(), rel=0.08)
    assert stats.kstest(found.p_two_sided, "uniform").pvalue > 0.001


def test_gray_without_deaths_or_losses_is_nearly_the_log_rank_test():
    rng = np.random.default_rng(4)
    kind = np.zeros((200, 300), dtype=int)
    day = rng.integers(1, DAYS + 1, size=kind.shape)
    arms = [DayCounts.of(kind[part], day[part], DAYS) for part in (slice(0, 100), slice(100, None))]
    assert gray(*arms).score == pytest.approx(log_rank(*arms).score, abs=1e-9)
    assert gray(*arms).z == pytest.approx(log_rank(*arms).z, abs=0.2)


def compare(one, other):
    """Return 1, -1 or 0 where patient ``one`` wins, loses, or ties; by death first, then improvement."""
    ends = [DAYS if kind == IMPROVED else day + (kind == CENSORED and day == DAYS) for kind, day in (one, other)]
    common = min(ends)
    deaths = [day if kind == DIED else np.inf for kind, day in (one, other)]
    # A death counts where the other is known to be alive then or to die later.
    if deaths[0] != deaths[1] and min(deaths) <= common:
        return 1 if deaths[0] > deaths[1] else -1
    if min(deaths) < np.inf:
        return 0
    improved = [day if kind == IMPROVED else np.inf for kind, day in (one, other)]
    if improved[0] != improved[1] and min(improved) <= common:
        return 1 if improved[0] < improved[1] else -1
    return 0


def test_win_ratio_equals_all_pairs_and_without_losses_mann_whitney(data_sets):
    for arms, counts in data_sets:
        found = win_ratio(*counts)
        one, other = (list(zip(*arm, strict=True)) for arm in arms)
        table = np.array([[compare(a, b) for b in other] for a in one])
        assert found.won[0] == pytest.approx((table == 1).mean(), abs=1e-12)
        assert found.lost[0] == pytest.approx((table == -1).mean(), abs=1e-12)
        if (table == 1).any() and (table == -1).any():
            influence = (table == 1) / (table == 1).mean() - (table == -1) / (table == -1).mean()
            variance = influence.mean(1).var() / len(one) + influence.mean(0).var() / len(other)
            assert found.variance[0] == pytest.approx(variance, rel=1e-9)
        if all(((kind != CENSORED) | (day == DAYS)).all() for kind, day in arms):
            rank = [np.where(kind == IMPROVED, 100 - day, np.where(kind == DIED, day, 50)) for kind, day in arms]
            u = stats.mannwhitneyu(*rank).statistic
            assert found.won[0] + found.tied[0] / 2 == pytest.approx(u / table.size, abs=1e-12)


@pytest.mark.parametrize("test", [log_rank, cox_score, gray, win_ratio])
def test_an_empty_arm_is_refused(test):
    full = DayCounts.of([0, 1], [3, 4])
    empty = DayCounts(*(np.zeros((1, DAYS), dtype=int) for _ in range(3)))
    with pytest.raises(ValueError, match="control must have patients; it is empty in 1 of 1 trials"):
        test(full, empty)
    with pytest.raises(ValueError, match="treated must have patients"):
        test(empty, full)


def test_nothing_happening_decides_nothing():
    idle = DayCounts.of([2, 2, 2], [28, 28, 28])
    dead = DayCounts.of([1, 1, 1], [3, 3, 9])
    for test in (log_rank, cox_score, gray, win_ratio):
        assert test(idle, idle).z.tolist() == [0]
        assert test(dead, dead).p_two_sided.tolist() == [1]


def test_wrong_data_are_refused():
    with pytest.raises(ValueError, match="day must lie in 1 to 28"):
        DayCounts.of([0], [29])
    with pytest.raises(ValueError, match="kind must be"):
        DayCounts.of([3], [1])
    with pytest.raises(ValueError, match="death must be one of"):
        log_rank(DayCounts.of([0], [1]), DayCounts.of([0], [1]), death="never")


def test_errors_of_unequal_arms_are_those_of_permuted_labels():
    """The one-sided error above the level is the log-rank test's own: with the smaller arm treated it is skewed."""
    laws = [ArmLaw(n=n, course=ControlCourse().with_drug()) for n in (76, 38)]
    errors, permuted = [], []
    generator = np.random.default_rng(3)
    for block in range(12):
        control, treated = (draw_arm(law, seed=5, block=block, arm=arm) for arm, law in enumerate(laws))
        errors.append(log_rank(treated.day_counts, control.day_counts).z)
        one = np.concatenate([treated.code[:, 0], control.code[:, 0]])
        code = one[np.argsort(generator.random((len(one), 2000)), axis=0)]
        arms = (DayCounts.of_codes(np.ascontiguousarray(part), 28) for part in (code[:38], code[38:]))
        permuted.append(log_rank(*arms).z)
    for z in (np.concatenate(errors), np.concatenate(permuted)):
        sooner, later = (float((sign * z >= stats.norm.isf(0.025)).mean()) for sign in (1, -1))
        assert sooner == pytest.approx(0.0287, abs=0.0035)
        assert later == pytest.approx(0.0215, abs=0.0035)
        assert stats.skew(z) == pytest.approx(0.10, abs=0.04)
