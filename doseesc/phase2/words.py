"""A Phase 2 trial in words, from its plan, so that a changed parameter changes the text: for reports and protocols."""

from __future__ import annotations

from types import MappingProxyType

from doseesc.phase2.plan import AnalysisPlan, TrialPlan
from doseesc.phase2.power import Power
from doseesc.phase2.size import SampleSize
from doseesc.wording import amount_words, percent_words

CLAIMS = MappingProxyType(
    {
        "any_ttci": "at least one dosage improves sooner",
        "all_ttci": "every dosage improves sooner",
        "any_mortality": "at least one dosage has fewer deaths",
        "any_claim": "at least one claim, either endpoint",
        "any_reactions": "at least one dosage has more reactions",
        "trend": "reactions rise over the arms",
    }
)
"""What a trial may show, by the names of :class:`doseesc.phase2.power.Tally`."""

ARM_CLAIMS = MappingProxyType(
    {"ttci": "improves sooner", "mortality": "has fewer deaths", "reactions": "has more reactions"}
)
"""What it may show of a dosage."""

_TTCI = {
    "log_rank": "log-rank test",
    "cox_score": "Cox score test",
    "gray": "Gray's test",
    "win_ratio": "win ratio of death and then improvement",
}
_TABLE = {"chi_square": "chi-square test", "fisher": "Fisher's exact test"}
_DEATH = {"day_28": "the dead censored at day {days}", "at_death": "the dead censored at death"}
_INTERVAL = {"miettinen_nurminen": "Miettinen and Nurminen", "newcombe": "Newcombe"}
_MULTIPLICITY = {
    "none": "no adjustment over dosages",
    "bonferroni": "Bonferroni's adjustment over dosages",
    "holm": "Holm's adjustment over dosages",
    "hochberg": "Hochberg's adjustment over dosages",
    "dunnett": "Dunnett's adjustment over dosages",
}
_SEQUENCE = {"highest_first": "highest", "lowest_first": "lowest"}
_MONTHS_READ_AS_YEARS = 24
_SECONDARY = {
    "ancova": "analysis of covariance on baseline among survivors",
    "mmrm": "a mixed model for repeated measures",
    "ranks": "ranks with death as worst",
}


def phase2_rows(
    plan: TrialPlan,
    power: Power,
    null: Power | None = None,
    size: SampleSize | None = None,
    wanted: float = 0.8,
    unit: str = "",
) -> list[tuple[str, str]]:
    """Return (heading, words) about the trial's size: arms, course, outcomes and tests, level, power.

    Parameters
    ----------
    plan : TrialPlan
    power : Power
        Of the plan.
    null : Power, optional
        Of ``plan.under_null()``.
    size : SampleSize, optional
        For ``wanted`` power of at least one dosage.
    wanted : float
    unit : str
        Of the doses.
    """
    rows = [
        ("Arms and patients", arms_words(plan, unit)),
        ("Course without the drug", course_words(plan)),
        ("Effect planned for", effect_words(plan)),
        ("Improvement", improvement_words(plan)),
        ("28-day mortality", mortality_words(plan)),
        ("Adverse reactions", reactions_words(plan.analysis)),
        ("Secondary scores", f"Secondary scores are analysed by {_SECONDARY[plan.analysis.secondary]}."),
        ("Level and multiplicity", level_words(plan.analysis)),
        ("Power", power_words(power)),
    ]
    if null is not None:
        rows.append(("Type I error", null_words(null)))
    if size is not None:
        rows.append(("Patients needed", size_words(size, wanted)))
    if plan.accrual is not None:
        rows.append(("Duration", duration_words(plan)))
    return rows


def arms_words(plan: TrialPlan, unit: str = "") -> str:
    """Return arms and patients."""
    given = ["" if arm.amount is None else f" (dose {amount_words(arm.amount, unit)})" for arm in plan.arms]
    arms = [f"{arm.name}{dose} {arm.n}" for arm, dose in zip(plan.arms, given, strict=True)]
    return f"{plan.total} patients are randomised: {', '.join(arms)}."


def course_words(plan: TrialPlan) -> str:
    """Return what becomes of patients without the drug."""
    days = plan.course.horizon
    lost = f" {percent_words(plan.loss)} are lost to follow-up before." if plan.loss else ""
    if not plan.strata:
        course = f"{percent_words(plan.course.improved)} improve and {percent_words(plan.course.died)} die"
        return f"By day {days}, {course} without the drug.{lost}"
    strata = [
        f"{each.name} ({percent_words(each.share)} of patients) {percent_words(each.course.improved)} and "
        f"{percent_words(each.course.died)}"
        for each in plan.strata
    ]
    return f"By day {days}, these improve and die without the drug: {'; '.join(strata)}.{lost}"


def effect_words(plan: TrialPlan) -> str:
    """Return each dosage's effect."""
    effects = [
        f"{arm.name} a subdistribution hazard ratio of improvement of {arm.effect.shr:.3g} and a relative risk of "
        f"death of {arm.effect.mortality_rr:.3g}"
        for arm in plan.active
    ]
    return f"Planned for are {', '.join(effects)}."


def improvement_words(plan: TrialPlan) -> str:
    """Return outcome and test of improvement."""
    analysis = plan.analysis
    censored = ""
    if analysis.ttci in ("log_rank", "cox_score"):
        censored = ", " + _DEATH[analysis.death].format(days=plan.course.horizon)
    stratified = ", stratified by severity" if analysis.stratified else ""
    return (
        f"Time to clinical improvement to day {plan.course.horizon} is compared with {plan.control.name} by "
        f"{_the(_TTCI[analysis.ttci])}{censored}{stratified}."
    )


def mortality_words(plan: TrialPlan) -> str:
    """Return the test of mortality."""
    analysis = plan.analysis
    test = "Cochran, Mantel and Haenszel's test by severity" if analysis.stratified else _TABLE[analysis.mortality]
    where = ", only where all dosages have won on improvement" if analysis.endpoints == "hierarchical" else ""
    return (
        f"{plan.course.horizon}-day mortality is compared by {_the(test)}{where}, its difference given with "
        f"{_INTERVAL[analysis.mortality_interval]}'s 95 % interval."
    )


def reactions_words(analysis: AnalysisPlan) -> str:
    """Return the tests of adverse reactions."""
    scores = "the order of the arms" if analysis.trend == "ranks" else "dose"
    return (
        f"Adverse reactions to day 14 are compared by {_the(_TABLE[analysis.reactions])}, not adjusted, and by Cochran "
        f"and Armitage's trend over {scores}."
    )


def level_words(analysis: AnalysisPlan) -> str:
    """Return level and multiplicity."""
    if analysis.multiplicity == "fixed_sequence":
        over = f"dosages in fixed sequence, the {_SEQUENCE[analysis.sequence]} first"
    else:
        over = _MULTIPLICITY[analysis.multiplicity]
    order = "in order, improvement first" if analysis.endpoints == "hierarchical" else "each at this level"
    return f"The level is {percent_words(analysis.alpha)} one-sided, with {over}; the endpoints are tested {order}."


def power_words(power: Power) -> str:
    """Return the power found."""
    plan = power.plan
    each = [f"{_percent(share)} for {arm.name}" for arm, share in zip(plan.active, power.share("ttci"), strict=True)]
    deaths = [
        f"{_percent(share)} for {arm.name}"
        for arm, share in zip(plan.active, power.share("mortality_alone"), strict=True)
    ]
    return (
        f"By simulation of {power.tally.trials:,} trials, the power that at least one dosage improves patients sooner "
        f"is {_percent(power.share('any_ttci'))} (standard error {100 * float(power.mcse('any_ttci')):.1f} points): "
        f"{', '.join(each)}. A test of mortality by itself has {', '.join(deaths)}."
    )


def null_words(null: Power) -> str:
    """Return the type I error found."""
    return (
        f"Of a drug that does nothing, {_percent(null.share('any_claim'))} of trials (standard error "
        f"{100 * float(null.mcse('any_claim')):.1f} points) claim that it helps."
    )


def size_words(size: SampleSize, wanted: float) -> str:
    """Return how many patients a power needs."""
    return (
        f"For {percent_words(wanted)} power, {size.plan.total} patients are needed, {size.n} of them in the control "
        f"arm (standard error of simulation {size.standard_error:.1f})."
    )


def duration_words(plan: TrialPlan) -> str:
    """Return how long the trial lasts.

    Raises
    ------
    ValueError
        If the plan says nothing of enrolment.
    """
    if plan.accrual is None:
        raise ValueError("plan must have an accrual for its duration")
    low, middle, high = (plan.accrual.enrolment(plan.total, share) for share in (0.05, 0.5, 0.95))
    ends = [
        f"{plan.accrual.duration(plan.total, follow_up_days=days):.1f} months to the last patient's day {days}"
        for days in (plan.course.horizon, 60)
    ]
    ramp = f", reached over {plan.accrual.ramp_up_months:g} months," if plan.accrual.ramp_up_months else ""
    years = f", that is {middle / 12:.1f} years" if middle >= _MONTHS_READ_AS_YEARS else ""
    return (
        f"At {plan.accrual.rate_words}{ramp} enrolment takes {middle:.1f} months{years} (90 % between "
        f"{low:.1f} and {high:.1f}); in the median it is {' and '.join(ends)}."
    )


def _percent(value: float) -> str:
    return f"{100 * float(value):.1f} %"


def _the(test: str) -> str:
    return test if "'s" in test else f"the {test}"
