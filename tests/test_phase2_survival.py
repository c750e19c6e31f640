"""Time-to-improvement analyses against lifelines, statsmodels and scipy, on random data sets with many ties."""

import warnings

import numpy as np
import pytest
from scipy import stats

from doseesc.phase2.day_counts import CENSORED, DIED, IMPROVED, DayCounts
from doseesc.phase2.gray import gray
from doseesc.phase2.incidence import aalen_johansen, kaplan_meier
from doseesc.phase2.log_rank import cox_score, log_rank
from doseesc.phase2.win_ratio import win_ratio

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


def gray_day_by_day(arms):
    """Gray's score and variance by his K-sample recursion (1988), patient groups 0 and 1, in plain loops."""
    risk = [len(kind) for kind, _ in arms]
    s_before, s_after, f_before, f_after = [1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]
    pooled_before = pooled = score = v = 0.0
    c = np.zeros((2, 2))
    v3, v2 = np.zeros(2), np.zeros(2)
    for day in range(1, DAYS + 1):
        d1 = [int(((kind == IMPROVED) & (when == day)).sum()) for kind, when in arms]
        d2 = [int(((kind == DIED) & (when == day)).sum()) for kind, when in arms]
        gone = [int((when == day).sum()) for _, when in arms]
        alive = [k for k in (0, 1) if risk[k] > 0]
        if sum(d1) + sum(d2) > 0:
            h = [risk[k] / s_before[k] if k in alive else 0.0 for k in (0, 1)]
            for k in alive:
                s_after[k] = s_before[k] * (risk[k] - d1[k] - d2[k]) / risk[k]
                f_after[k] = f_before[k] + s_before[k] * d1[k] / risk[k]
            r = [h[k] * (1 - f_before[k]) for k in (0, 1)]
            pooled = pooled_before + sum(d1) / sum(h)
            a = np.zeros((2, 2))
            for i in alive:
                for j in alive:
                    a[i, j] = h[i] * ((i == j) - h[j] / sum(h))
            c = c + a * sum(d1) / (sum(h) * (1 - pooled_before))
            if 0 in alive:
                score += d1[0] - sum(d1) * r[0] / sum(r)
            for k in alive:
                ratio = (1 - pooled) / s_after[k] if s_after[k] > 1e-12 else None
                if sum(d1) > 0:
                    t4 = 1.0 if ratio is None else 1 - ratio
                    ties = 1 - (sum(d1) - 1) / (sum(h) * s_before[k] - 1) if sum(d1) > 1 else 1.0
                    t3 = ties * s_before[k] * sum(d1) / (sum(h) * risk[k])
                    t1 = a[0, k] - t4 * c[0, k]
                    v3[k] += t4**2 * t3
                    v2[k] += t1 * t4 * t3
                    v += t1**2 * t3
                if d2[k] > 0 and ratio is not None:
                    ties = 1 - (d2[k] - 1) / (risk[k] - 1) if d2[k] > 1 else 1.0
                    t3 = ties * s_before[k] ** 2 * d2[k] / risk[k] ** 2
                    v3[k] += ratio**2 * t3
                    v2[k] -= ratio * c[0, k] * ratio * t3
                    v += (ratio * c[0, k]) ** 2 * t3
        pooled_before, f_before, s_before = pooled, list(f_after), list(s_after)
        risk = [risk[k] - gone[k] for k in (0, 1)]
    return score, v + sum(c[0, k] ** 2 * v3[k] + 2 * c[0, k] * v2[k] for k in (0, 1))


def test_gray_equals_its_recursion_in_loops(data_sets):
    for arms, counts in data_sets:
        found = gray(*counts)
        score, variance = gray_day_by_day(arms)
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
    for arms, counts in data_sets[:120]:
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
