"""Severity: patients drawn by stratum, and stratified tests against statsmodels."""

from dataclasses import replace

import numpy as np
import pytest

from doseesc.phase2.analyses.day_counts import CENSORED, DIED, IMPROVED, DayCounts
from doseesc.phase2.analyses.gray import gray
from doseesc.phase2.analyses.proportions import chi_square_z
from doseesc.phase2.analyses.stratified import (
    mantel_haenszel_z,
    stratified_cox_score,
    stratified_gray,
    stratified_log_rank,
)
from doseesc.phase2.comparisons import ArmSeen
from doseesc.phase2.patients.course import ControlCourse
from doseesc.phase2.patients.effect import DrugEffect
from doseesc.phase2.patients.patients import draw_arm, draw_pieces
from doseesc.phase2.patients.strata import BERLIN, Stratum
from doseesc.phase2.plan import AnalysisPlan, TrialArm, TrialPlan
from doseesc.phase2.power import simulate_power
from doseesc.phase2.schoenfeld import schoenfeld_power

SETS = 200
DAYS = 28


def trial(n=50, shr=1.5, rr=0.75, **analysis):
    active = (TrialArm(name="MTD", n=n, amount=16, effect=DrugEffect(shr, rr)),)
    return TrialPlan(
        control=TrialArm(name="saline", n=n), active=active, strata=BERLIN, analysis=AnalysisPlan(**analysis)
    )


def test_berlin_strata():
    assert [(each.name, each.share, each.course.died) for each in BERLIN] == [
        ("mild", 0.15, 0.22),
        ("moderate", 0.50, 0.30),
        ("severe", 0.35, 0.42),
    ]


def test_patients_have_the_course_of_their_stratum():
    plan = trial(n=100, shr=2.0, rr=0.6)
    control, treated = plan.laws()
    assert control.course.died[-1] == pytest.approx(0.15 * 0.22 + 0.5 * 0.3 + 0.35 * 0.42)
    assert treated.course.improved[-1] == pytest.approx(
        0.15 * (1 - 0.42**2) + 0.5 * (1 - 0.5**2) + 0.35 * (1 - 0.65**2)
    )
    drawn = draw_arm(treated, seed=1, block=0, arm=1)
    for place, (share, course) in enumerate(treated.strata):
        here = drawn.stratum == place
        assert here.mean() == pytest.approx(share, abs=0.006)
        for kind, expected in ((IMPROVED, course.improved), (DIED, course.died)):
            for day in (7, 14, 28):
                found = ((drawn.kind == kind) & (drawn.day <= day))[here].mean()
                assert found == pytest.approx(expected[day - 1], abs=4 * np.sqrt(0.25 / here.sum()))
    parts = drawn.day_counts_by_stratum
    for name in ("improved", "died", "censored"):
        assert (sum(getattr(each, name) for each in parts) == getattr(drawn.day_counts, name)).all()
    assert (parts[2].n == (drawn.stratum == 2).sum(axis=0)).all()


def test_the_same_patient_does_better_on_a_better_drug():
    control, treated = (draw_arm(law, seed=1, block=0, arm=0, trials=50) for law in trial(shr=2.0, rr=0.6).laws())
    assert (control.stratum == treated.stratum).all()
    improved = control.kind == IMPROVED
    assert (treated.kind[improved] == IMPROVED).all()
    assert (treated.day[improved] <= control.day[improved]).all()


def test_patients_are_the_same_drawn_in_pieces():
    law = replace(trial(n=100).laws()[1], loss=0.2, adverse=0.3)
    where = {"seed": 5, "block": 1, "arm": 1, "trials": 20}
    whole = draw_arm(law, **where)
    pieces = list(draw_pieces(law, **where, patients=30))
    assert [len(each.code) for each in pieces] == [30, 30, 30, 10]
    for name in ("code", "reaction", "stratum"):
        assert (np.concatenate([getattr(each, name) for each in pieces]) == getattr(whole, name)).all()
    seen = sum((ArmSeen.of(each, by_stratum=True) for each in pieces[1:]), ArmSeen.of(pieces[0], by_stratum=True))
    assert seen.n == 100
    assert (seen.counts.died == whole.day_counts.died).all()
    assert (seen.strata[1].improved == whole.day_counts_by_stratum[1].improved).all()
    assert (seen.reactions == whole.reactions).all()


@pytest.fixture(scope="module")
def data_sets():
    rng = np.random.default_rng(11)
    sets = []
    for index in range(SETS):
        arms = []
        for _ in range(2):
            n = int(rng.integers(3, 40))
            kind = rng.choice(3, size=n, p=rng.dirichlet([2, 2, 1]))
            day = rng.integers(1, rng.integers(2, DAYS + 1) + 1, size=n)
            day[(kind == CENSORED) & (rng.random(n) < 0.7)] = DAYS
            stratum = rng.integers(0, 3, size=n)
            if index < 10:
                kind[kind == IMPROVED] = CENSORED  # no events
            elif index < 20:
                kind[:] = DIED
            elif index < 40:
                stratum[stratum == 0] = 1  # an arm lacks a stratum
            arms.append((kind, day, stratum))
        counts = [
            DayCounts.of_strata((kind * DAYS + day - 1)[:, None], stratum[:, None], 3, DAYS)
            for kind, day, stratum in arms
        ]
        sets.append((arms, counts))
    return sets


def pooled(arms, death):
    kind, day, stratum = (np.concatenate(each) for each in zip(*arms, strict=True))
    time = np.where((kind == DIED) & (death == "day_28"), DAYS, day)
    group = np.repeat([1, 0], [len(arm[0]) for arm in arms])
    return time.astype(float), (kind == IMPROVED).astype(int), group, stratum


@pytest.mark.parametrize("death", ["day_28", "at_death"])
def test_stratified_log_rank_equals_statsmodels(data_sets, death):
    from statsmodels.duration.survfunc import survdiff

    compared = 0
    for arms, counts in data_sets:
        found = stratified_log_rank(*counts, death=death)
        time, event, group, stratum = pooled(arms, death)
        if found.variance[0] == 0:
            assert found.z[0] == 0
            assert found.p_two_sided[0] == 1
            continue
        # The library cannot do with a stratum that holds one arm only, which says nothing anyway.
        both = np.isin(stratum, [each for each in range(3) if len(set(group[stratum == each])) == 2])
        if len(set(stratum[both])) < 2:
            continue
        chisq, p = survdiff(time[both], event[both], group[both], strata=stratum[both])
        assert found.z[0] ** 2 == pytest.approx(chisq, abs=1e-8)
        assert found.p_two_sided[0] == pytest.approx(p, abs=1e-8)
        compared += 1
    assert compared > 150


def test_stratified_cox_score_equals_statsmodels(data_sets):
    from statsmodels.duration.hazard_regression import PHReg

    compared = 0
    for arms, counts in data_sets:
        found = stratified_cox_score(*counts)
        if found.variance[0] == 0:
            continue
        time, event, group, stratum = pooled(arms, "day_28")
        keep = np.isin(stratum, [each for each in range(3) if event[stratum == each].any()])
        model = PHReg(time[keep], group[keep, None].astype(float), status=event[keep], strata=stratum[keep])
        assert found.score[0] == pytest.approx(model.score(np.zeros(1))[0], abs=1e-9)
        assert found.variance[0] == pytest.approx(-model.hessian(np.zeros(1))[0, 0], abs=1e-9)
        compared += 1
    assert compared > 150


def test_stratified_gray_adds_up_the_strata(data_sets):
    for _, counts in data_sets[40:120]:
        found = stratified_gray(*counts)
        parts = [gray(*each) for each in zip(*counts, strict=True) if all(arm.n[0] for arm in each)]
        assert found.score[0] == pytest.approx(sum(part.score[0] for part in parts))
        assert found.variance[0] == pytest.approx(sum(part.variance[0] for part in parts))


def test_mantel_haenszel_equals_statsmodels():
    from statsmodels.stats.contingency_tables import StratifiedTable

    rng = np.random.default_rng(12)
    n1, n0 = rng.integers(1, 30, (2, SETS, 3))
    x1, x0 = rng.binomial(n1, rng.random((SETS, 3))), rng.binomial(n0, rng.random((SETS, 3)))
    x1[:10], x0[5:15] = 0, 0  # nobody
    x1[20:30], x0[25:35] = n1[20:30], n0[25:35]  # everybody
    found = mantel_haenszel_z(x1, n1, x0, n0)
    compared = 0
    for trial_ in range(SETS):
        tables = [
            np.array([[a, n - a], [b, m - b]])
            for a, n, b, m in zip(x1[trial_], n1[trial_], x0[trial_], n0[trial_], strict=True)
        ]
        if not any((table.sum(axis=0) > 0).all() for table in tables):
            assert found[trial_] == 0
            continue
        known = StratifiedTable([table.astype(float) for table in tables]).test_null_odds(correction=False)
        assert found[trial_] ** 2 == pytest.approx(known.statistic, abs=1e-8)
        compared += 1
    assert compared > 180
    one = mantel_haenszel_z([[3]], [[20]], [[9]], [[25]])
    assert one[0] * np.sqrt(45 / 44) == pytest.approx(chi_square_z(3, 20, 9, 25))


def test_empty_arms_and_unlike_strata_are_refused():
    full, empty = (DayCounts(*(np.full((1, DAYS), each) for _ in range(3))) for each in (1, 0))
    for test in (stratified_log_rank, stratified_cox_score, stratified_gray):
        assert np.isfinite(test((full, full), (full, empty)).z).all()
        with pytest.raises(ValueError, match="control must have patients; it is empty in 1 of 1 trials"):
            test((full, full), (empty, empty))
        with pytest.raises(ValueError, match="as many strata"):
            test((full, full), (full,))
    with pytest.raises(ValueError, match="n0 must be at least 1"):
        mantel_haenszel_z([[1, 1]], [[2, 2]], [[0, 0]], [[0, 0]])


def test_stratified_tests_keep_the_level_and_lose_no_power():
    found = {}
    for stratified in (False, True):
        plan = trial(shr=2.0, rr=0.6, stratified=stratified, multiplicity="none", endpoints="separate")
        null = simulate_power(plan.under_null(), trials=10_000)
        for metric in ("ttci", "mortality"):
            assert null.share(metric)[0] == pytest.approx(0.025, abs=0.008)
        found[stratified] = simulate_power(plan, trials=4000)
    assert found[True].share("ttci")[0] > found[False].share("ttci")[0] - 0.01
    assert found[True].share("ttci")[0] != found[False].share("ttci")[0]
    assert found[True].share("mortality")[0] > found[False].share("mortality")[0] - 0.01
    assert found[False].share("ttci")[0] == pytest.approx(schoenfeld_power(trial(shr=2.0, rr=0.6), 0), abs=0.03)


@pytest.mark.parametrize("ttci", ["log_rank", "cox_score", "gray"])
def test_other_tests_can_be_stratified(ttci):
    plan = trial(shr=2.0, rr=0.6, ttci=ttci, stratified=True)
    assert simulate_power(plan, trials=1000).share("ttci")[0] == pytest.approx(0.73, abs=0.08)


def test_wrong_strata_are_refused():
    half = Stratum(name="mild", share=0.5, course=ControlCourse())
    arms = {"control": TrialArm(name="saline", n=5), "active": (TrialArm(name="MTD", n=5, amount=1),)}
    other = Stratum(name="severe", share=0.4, course=ControlCourse())
    for strata, said in (
        ((half,), "at least two"),
        ((half, half), "names of their own"),
        ((half, other), "add up to 1, not 0.9"),
        ((half, Stratum(name="severe", share=0.5, course=ControlCourse(horizon=14))), "same days"),
    ):
        with pytest.raises(ValueError, match=said):
            TrialPlan(**arms, strata=strata)
    with pytest.raises(ValueError, match="stratified must be false without strata"):
        TrialPlan(**arms, analysis=AnalysisPlan(stratified=True))
    for analysis in ({"ttci": "win_ratio"}, {"mortality": "fisher"}):
        with pytest.raises(ValueError, match="stratified must be false with"):
            AnalysisPlan(stratified=True, **analysis)
    with pytest.raises(ValueError, match="MTD, mild: mortality_rr must leave room"):
        trial(shr=3.0, rr=1.5).laws()
