"""Phase 2: power against the project's table, tests against scipy, R and printed tables."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from doseesc.phase2 import AnalysisPlan, TrialArm, TrialPlan, schoenfeld_events, simulate_power
from doseesc.phase2.analyses import (
    CENSORED,
    DIED,
    IMPROVED,
    DayCounts,
    adjust,
    chi_square_z,
    cochran_armitage_z,
    fisher_p,
    log_rank,
    miettinen_nurminen,
    win_ratio,
)
from doseesc.phase2.patients import ControlCourse, DrugEffect
from doseesc.truth import WeibullTimes
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import reference

TRIALS = 5000
_DAYS = 28


def control_course(improved: float, died: float) -> ControlCourse:
    """Return the course of the table's control arm, with these shares improved and dead by day 28."""
    laws = reference("phase2_power.yaml")["times"]
    times = {name: WeibullTimes(shape=law[0], scale=law[1]) for name, law in laws.items()}
    return ControlCourse(
        improved=improved, died=died, improvement_times=times["improvement"], death_times=times["death"]
    )


def one_dose_plan(
    course: ControlCourse, *, n: int = 50, shr: float = 1.5, rr: float = 0.75, death: str = "day_28"
) -> TrialPlan:
    """Return the table's trial: one active arm against control, nothing adjusted."""
    analysis = AnalysisPlan(multiplicity="none", endpoints="separate", death=death)
    active = (TrialArm(name="MTD", n=n, amount=16, effect=DrugEffect(shr, rr), adverse=0.25),)
    arm = TrialArm(name="saline", n=n, adverse=0.05)
    return TrialPlan(control=arm, active=active, course=course, loss=0.0, analysis=analysis)


def power_table() -> Comparison:
    """Compare simulated power of improvement and of mortality with the project's table, printed to two places."""
    seen, known = Differences(), reference("phase2_power.yaml")
    for row in known["improvement"]:
        for shr, printed in row["power"].items():
            plan = one_dose_plan(control_course(*row["control"]), n=row["n"], shr=shr, rr=known["relative_risk"][shr])
            power = float(simulate_power(plan, trials=TRIALS).share("ttci")[0])
            where = f"{row['control']}, {row['n']} per arm, subdistribution hazard ratio {shr}"
            _compare_power(seen, where, power, printed, row["trials"])
    for row in known["mortality"]:
        plan = one_dose_plan(control_course(*row["control"]), shr=2.0, rr=0.6)
        power = float(simulate_power(plan, trials=TRIALS).share("mortality")[0])
        _compare_power(seen, f"{row['control']}, mortality", power, row["power"], 1500)
    return seen.result


def _compare_power(seen: Differences, where: str, power: float, printed: float, trials: int) -> None:
    """Compare within both simulations' error, and half a unit of the printed last digit."""
    share = max(printed, 0.02)
    error = np.sqrt(share * (1 - share) * (1 / trials + 1 / TRIALS))
    seen.errors(where, power, printed, error, slack=0.005)


def censored_at_death() -> Comparison:
    """Compare power with the dead censored at day 28 and at their death."""
    seen, known = Differences(), reference("phase2_power.yaml")["censored_at_death"]
    for death in ("day_28", "at_death"):
        plan = one_dose_plan(control_course(*known["control"]), shr=known["shr"], rr=0.6, death=death)
        power = float(simulate_power(plan, trials=TRIALS).share("ttci")[0])
        _compare_power(seen, death, power, known[death], 1500)
    return seen.result


def schoenfeld() -> Comparison:
    """Compare numbers of events and of patients per arm with Schoenfeld's formula as tabulated."""
    seen = Differences()
    for ratio, events, per_arm in reference("phase2_power.yaml")["schoenfeld"]:
        ours = schoenfeld_events(ratio)
        seen.close(f"events at {ratio}", ours, events, within=0.6)
        seen.close(f"patients at {ratio}", ours / 0.55 / 2, per_arm, within=0.6)
    return seen.result


def proportions() -> Comparison:
    """Compare chi-square and Fisher's test with scipy's, on 60 random tables."""
    seen, rng = Differences(), np.random.default_rng(5)
    n1, n0 = rng.integers(1, 60, 60), rng.integers(1, 60, 60)
    x1, x0 = rng.binomial(n1, rng.random(60)), rng.binomial(n0, rng.random(60))
    z = chi_square_z(x1, n1, x0, n0)
    sides = {"greater": fisher_p(x1, n1, x0, n0, more=True), "less": fisher_p(x1, n1, x0, n0, more=False)}
    for row in range(60):
        table = [[x1[row], n1[row] - x1[row]], [x0[row], n0[row] - x0[row]]]
        if 0 < x1[row] + x0[row] < n1[row] + n0[row]:
            expected = stats.chi2_contingency(table, correction=False).statistic
            seen.close(f"chi-square of table {row}", z[row] ** 2, expected, within=1e-9)
        for side, p in sides.items():
            exact: Any = stats.fisher_exact(np.array(table), side)  # type: ignore[arg-type]
            seen.close(f"Fisher, {side}, of table {row}", p[row], exact.pvalue, within=1e-9)
    return seen.result


def printed_tests() -> Comparison:
    """Compare with R's trend test, Newcombe's interval and Dunnett's critical value as printed."""
    seen, printed = Differences(), reference("phase2_tests.yaml")
    case = printed["trend"]
    scores = list(range(1, len(case["events"]) + 1))
    (z,) = cochran_armitage_z(np.array([case["events"]]), np.array([case["patients"]]), scores)
    seen.close("trend, chi-square", z**2, case["chi_square"], within=5.1e-5)
    seen.close("trend, p", 2 * stats.norm.sf(abs(z)), case["p"], within=5.1e-7)
    case = printed["difference"]
    (x1, x0), (n1, n0) = case["events"], case["patients"]
    limits = miettinen_nurminen(x1, n1, x0, n0)
    seen.close("Miettinen and Nurminen", [float(each) for each in limits], case["interval"], within=6e-5)
    case = printed["many_to_one"]
    adjusted = adjust(np.array([stats.norm.sf(case["critical"]), 0.9]), "dunnett")[0]
    seen.close("Dunnett", adjusted, case["level"], within=2e-4)
    return seen.result


def dunnett() -> Comparison:
    """Compare Dunnett's adjustment with the multivariate normal integral of scipy, for five allocations."""
    seen = Differences()
    p = np.array([[0.01, 0.2], [1e-5, 0.5], [0.6, 0.03]])
    for allocation in (None, (1.0, 1.0), (0.5, 2.0), (10.0, 10.0), (100.0, 1.0)):
        ratio = np.array(allocation or (1.0, 1.0))
        correlation = float(np.prod(np.sqrt(ratio / (1 + ratio))))
        joint = stats.multivariate_normal(cov=[[1, correlation], [correlation, 1]], seed=1)
        adjusted = adjust(p, "dunnett", allocation=allocation)
        expected = [1 - joint.cdf([z, z]) for z in stats.norm.isf(p.ravel())]
        seen.close(f"allocation {allocation}", adjusted.ravel(), expected, within=2e-6)
    return seen.result


def _random_arms(rng: np.random.Generator, *, lost: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return (kind, day) of patients of two arms; without losses who neither improves nor dies stays to the end."""
    arms = []
    for n in rng.integers(8, 40, 2):
        kind = rng.choice([IMPROVED, DIED, CENSORED], size=n, p=[0.5, 0.25, 0.25])
        day = rng.integers(1, _DAYS + 1, n)
        arms.append((kind, day if lost else np.where(kind == CENSORED, _DAYS, day)))
    return arms


def log_rank_test() -> Comparison:
    """Compare the log-rank test with scipy's, the dead censored at day 28 or at death, on 40 random data sets."""
    seen, rng = Differences(), np.random.default_rng(7)
    for number in range(40):
        arms = _random_arms(rng, lost=True)
        counts = [DayCounts.of(*arm) for arm in arms]
        for death in ("day_28", "at_death"):
            samples = []
            for kind, day in arms:
                time = np.where((kind == DIED) & (death == "day_28"), _DAYS + 1, day)
                samples.append(stats.CensoredData.right_censored(time, kind != IMPROVED))
            expected = stats.logrank(samples[0], samples[1]).statistic
            ours = log_rank(counts[0], counts[1], death=death).z[0]
            seen.close(f"data set {number}, {death}", abs(ours), abs(expected), within=1e-9)
    return seen.result


def win_ratio_test() -> Comparison:
    """Compare wins and half the ties, without losses to follow-up, with scipy's Mann and Whitney statistic."""
    seen, rng = Differences(), np.random.default_rng(8)
    for number in range(40):
        arms = _random_arms(rng, lost=False)
        ours = win_ratio(*(DayCounts.of(*arm) for arm in arms))
        rank = [np.where(kind == IMPROVED, 100 - day, np.where(kind == DIED, day, 50)) for kind, day in arms]
        expected = stats.mannwhitneyu(rank[0], rank[1]).statistic / (len(rank[0]) * len(rank[1]))
        seen.close(f"data set {number}", ours.won[0] + ours.tied[0] / 2, expected, within=1e-12)
    return seen.result
