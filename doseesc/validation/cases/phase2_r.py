"""Phase 2's analyses against R's: survival, cmprsk, mvtnorm and stats, run by doseesc/validation/data/phase2_r.R.

Conventions that had to be the same, and are: the dead censored on the last day or at death; the hypergeometric variance
of the log-rank test, and Breslow's ties in Cox's; no correction for continuity anywhere; Gray's variance with its
correction for ties; Miettinen and Nurminen's factor N / (N - 1); the score test's binomial variance for the trend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from doseesc.phase2.analyses import (
    DayCounts,
    Interval,
    ScoreTest,
    aalen_johansen,
    adjust,
    ancova,
    chi_square_z,
    clopper_pearson,
    cochran_armitage_z,
    cox_score,
    fisher_p,
    gray,
    kaplan_meier,
    log_rank,
    mantel_haenszel_z,
    miettinen_nurminen,
    mmrm,
    newcombe,
    rank_z,
    stratified_cox_score,
    stratified_gray,
    stratified_log_rank,
    win_ratio,
)
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden

_EXACT = 1e-8  # what rounding in either program may do
_ROOT = 1e-7  # of limits found by halving here and by uniroot there
_DAYS = 28


def _items(part: str) -> list[Item]:
    return golden("phase2_r.json", part)


class _Trial:
    """One trial's patients as our analyses count them: the active arm first, whole and by stratum."""

    def __init__(self, item: Item) -> None:
        arm, kind, day, stratum = (np.array(item[name]) for name in ("arm", "kind", "day", "stratum"))
        code = kind * _DAYS + day - 1
        arms = [(code[arm == each, None], stratum[arm == each, None] - 1) for each in (1, 0)]
        self.whole = [DayCounts.of_codes(codes, _DAYS) for codes, _ in arms]
        self.strata = [DayCounts.of_strata(codes, strata, 3, _DAYS) for codes, strata in arms]


def log_rank_tests() -> Comparison:
    """Compare score and variance of the log-rank test, whole and stratified, with survdiff's."""
    seen = Differences()
    for number, item in enumerate(_items("time_to_event"), start=1):
        trial = _Trial(item)
        for death in ("day_28", "at_death"):
            expected, where = item[death], f"data set {number}, {death}"
            _compare_score(seen, where, log_rank(*trial.whole, death=death), expected["log_rank"])
            ours = stratified_log_rank(*trial.strata, death=death)
            _compare_score(seen, f"{where}, stratified", ours, expected["stratified_log_rank"])
    return seen.result


def _compare_score(seen: Differences, where: str, ours: ScoreTest, theirs: Item) -> None:
    seen.close(f"{where}, observed less expected", ours.score[0], theirs["score"], within=_EXACT)
    seen.close(f"{where}, variance", ours.variance[0], theirs["variance"], within=_EXACT)
    seen.close(f"{where}, chi-square", ours.z[0] ** 2, theirs["chi_square"], within=_EXACT)


def cox_tests() -> Comparison:
    """Compare the score test of Cox's model, whole and stratified, with coxph's, and of Fine and Gray's with crr's.

    Fine and Gray's is ours with the dead censored at day 28, where nobody is lost: there it has no weights.
    """
    seen = Differences()
    for number, item in enumerate(_items("time_to_event"), start=1):
        trial = _Trial(item)
        for death in ("day_28", "at_death"):
            expected, where = item[death], f"data set {number}, {death}"
            seen.close(where, cox_score(*trial.whole, death=death).z[0] ** 2, expected["cox_score"], within=_EXACT)
            ours = stratified_cox_score(*trial.strata, death=death).z[0] ** 2
            seen.close(f"{where}, stratified", ours, expected["stratified_cox_score"], within=_EXACT)
        if item["fine_gray"] is not None:
            ours_whole, theirs = cox_score(*trial.whole, death="day_28"), item["fine_gray"]
            seen.close(f"data set {number}, Fine and Gray's score", ours_whole.score[0], theirs["score"], within=_EXACT)
            information = theirs["information"]
            seen.close(f"data set {number}, its information", ours_whole.variance[0], information, within=_EXACT)
    return seen.result


def curves() -> Comparison:
    """Compare Kaplan-Meier curves with survfit's, and cumulative incidences with cuminc's, day by day."""
    seen = Differences()
    for number, item in enumerate(_items("time_to_event"), start=1):
        for arm, counts in enumerate(_Trial(item).whole):
            where = f"data set {number}, {('active', 'control')[arm]}"
            for death in ("day_28", "at_death"):
                ours = kaplan_meier(counts, death=death)[0]
                seen.close(f"{where}, {death}", ours, item[death]["kaplan_meier"][arm], within=_EXACT)
            incidences = aalen_johansen(counts)
            for name, curve in zip(("improved", "died"), incidences, strict=True):
                seen.close(f"{where}, incidence, {name}", curve[0], item["incidence"][name][arm], within=_EXACT)
    return seen.result


def gray_tests() -> Comparison:
    """Compare Gray's chi-square, whole and stratified, with cuminc's."""
    seen = Differences()
    for number, item in enumerate(_items("time_to_event"), start=1):
        trial, theirs = _Trial(item), item["incidence"]
        for name, ours in (("gray", gray(*trial.whole)), ("stratified_gray", stratified_gray(*trial.strata))):
            seen.close(f"data set {number}, {name}", ours.z[0] ** 2, theirs[name], within=_EXACT)
    return seen.result


def win_ratios() -> Comparison:
    """Compare wins, losses and the variance with all pairs, and where nobody is lost with wilcox.test's statistic."""
    seen = Differences()
    for number, item in enumerate(_items("time_to_event"), start=1):
        ours = win_ratio(*_Trial(item).whole)
        for name in ("won", "lost", "variance"):
            seen.close(f"data set {number}, {name}", getattr(ours, name)[0], item["win_ratio"][name], within=_EXACT)
        if item["pairs_won"] is not None:
            seen.close(f"data set {number}", ours.won[0] + ours.tied[0] / 2, item["pairs_won"], within=_EXACT)
    return seen.result


def proportions() -> Comparison:
    """Compare tests and limits of two proportions, each table by itself."""
    seen = Differences()
    for number, item in enumerate(_items("proportions"), start=1):
        table, where = [item[name] for name in ("x1", "n1", "x0", "n0")], f"table {number}"
        z = float(chi_square_z(*table))
        seen.close(f"{where}, chi-square", z**2, item["chi_square"] or 0.0, within=_EXACT)
        for more, name in ((True, "fisher_more"), (False, "fisher_fewer")):
            seen.close(f"{where}, {name}", fisher_p(*table, more=more), item[name], within=_EXACT)
        limits: list[tuple[str, Interval, float]] = [
            ("clopper_pearson", clopper_pearson(*table[:2]), _EXACT),
            ("newcombe", newcombe(*table), _EXACT),
            ("miettinen_nurminen", miettinen_nurminen(*table), _ROOT),
        ]
        for name, ours, within in limits:
            seen.close(f"{where}, {name}", [float(each) for each in ours], item[name], within=within)
    return seen.result


def tables() -> Comparison:
    """Compare Cochran and Armitage's trend with prop.trend.test's, Mantel and Haenszel's with mantelhaen.test's."""
    seen = Differences()
    for number, item in enumerate(_items("trend"), start=1):
        (z,) = cochran_armitage_z([item["x"]], [item["n"]], item["score"])
        seen.close(f"trend {number}", z**2, item["chi_square"], within=_EXACT)
    for number, item in enumerate(_items("strata"), start=1):
        (z,) = mantel_haenszel_z(*([item[name]] for name in ("x1", "n1", "x0", "n0")))
        seen.close(f"strata {number}", z**2, item["chi_square"], within=_EXACT)
    return seen.result


def several_arms() -> Comparison:
    """Compare adjusted p-values with p.adjust's, and Dunnett's with the multivariate normal integral of pmvnorm."""
    seen = Differences()
    for number, item in enumerate(_items("adjusted"), start=1):
        for method in ("bonferroni", "holm", "hochberg", "fixed_sequence"):
            seen.close(f"set {number}, {method}", adjust(item["p"], method), item[method], within=_EXACT)
    for item in _items("dunnett"):
        allocation = item["allocation"]
        arms = len(allocation)
        p = np.array([[each] + [0.999] * (arms - 1) for each in item["p"]])
        ours = adjust(p, "dunnett", allocation=allocation)[:, 0]
        seen.close(f"Dunnett, {allocation}", ours, item["adjusted"], within=_ROOT)
        tail = float(stats.norm.sf(item["critical"]))
        at_limit = adjust([tail] + [0.999] * (arms - 1), "dunnett", allocation=allocation)[0]
        seen.close(f"Dunnett's critical value, {allocation}", at_limit, 0.025, within=_ROOT)
    return seen.result


def visits() -> Comparison:
    """Compare covariance analyses and rank tests at visits, and what a mixed model says of visits together.

    The mixed model's estimates are compared with the maximum of its likelihood, within what optim reaches.
    """
    seen = Differences()
    for number, item in enumerate(_items("visits"), start=1):
        arm, base = np.array(item["arm"]), np.array(item["base"])
        value = np.array(item["value"], dtype=float)  # visits by patients; None is not a number
        bases = [base[arm == each, None] for each in (1, 0)]
        values = [value[:, arm == each, None] for each in (1, 0)]
        model = mmrm(values[0], bases[0], values[1], bases[1])
        for visit, (difference, t, freedom) in enumerate(item["ancova"]):
            where = f"set {number}, visit {visit + 1}"
            ours: list[Any] = [ancova(values[0][visit], bases[0], values[1][visit], bases[1])]
            if not np.isnan(value).any():
                ours.append(type(model)(*(each[visit] for each in model)))
            for name, found in zip(("covariance", "mixed model of complete data"), ours, strict=False):
                figures = [float(each[0]) for each in found]
                seen.close(f"{where}, {name}", figures, [difference, t, freedom], within=_ROOT)
            theirs = item["mixed_model"][visit]
            seen.close(f"{where}, most likely", float(model.difference[visit, 0]), theirs, within=1e-5)
        last = np.round(value[-1])
        places = np.unique(last[~np.isnan(last)])
        place = np.where(np.isnan(last), -1, np.searchsorted(places, last))
        (z,) = rank_z(place[arm == 1, None], place[arm == 0, None])
        seen.close(f"set {number}, ranks", 2 * stats.norm.sf(abs(z)), item["ranks_p"], within=_EXACT)
    return seen.result
