"""The sections of a scenario file about time beside accrual: who waits for whom, and who is backfilled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator

from doseesc.engines import Backfill, Calendar, Stagger
from doseesc.errors import FieldPath, Problem, show, suggestion
from doseesc.study.accrual_section import Arrivals
from doseesc.study.dlt_times_section import AnyTimes, Late
from doseesc.study.levels import Level, level_of, resolve_level
from doseesc.study.values import Days, Flag, Number, PerDose, Positive, Section, Whole, made
from doseesc.truth import DAYS_PER_MONTH

_ACCRUAL = "add  accrual: {per_month: 2}, or leave it out"


class StaggerSection(Section):
    """Days that must pass before the next patient is treated."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["days_after_first"]}, {"required": ["days"]}]})

    days_after_first: Days | None = Field(default=None, examples=[7])
    """Days after the first patient, the sentinel; the others follow freely."""
    days: tuple[Annotated[Number, Field(ge=0, le=3650)], ...] | None = Field(
        default=None, min_length=1, max_length=100, examples=[[7, 3]]
    )
    """Instead, the days after the first patient, after the second, and so on; the last value goes on."""
    at: Literal["new_dose", "every_cohort"] = "new_dose"
    """new_dose: the first patients at each dose; every_cohort: the patients of each cohort."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        made(self.stagger)
        return self

    def stagger(self) -> Stagger:
        """Return the rule."""
        return Stagger(days_after_first=self.days_after_first, days=self.days, at=self.at)


class BackfillSection(Section):
    """Which doses below the current one take the patients who arrive while the escalation waits.

    What is left out is as in the rules of the type, or else open to all lower doses without condition.  With
    observation, backfilled patients die, are lost and leave as all others do, and the escalation never waits for that.
    """

    type: Literal["BF-BOIN", "BE-BOIN", "crmPack"] | None = None
    """Published rules to begin with: BF-BOIN and BE-BOIN open doses by a response, up to 12 patients at a dose, and
    reconcile conflicts (BE-BOIN is for TITE-BOIN with pending: {suspend_above: 0.49, minimum_followed: 0.25}); crmPack
    backfills one patient per patient of a cohort."""
    lowest_level: Level | None = Field(default=None, examples=["low"])
    """Lowest dose that takes any, by label or level; by default the lowest of all."""
    highest_level: Level | None = Field(default=None, examples=["medium"])
    """Highest dose that takes any, by label or level; by default all below the current one."""
    after_cohorts: Annotated[Whole, Field(ge=0)] | None = Field(default=None, examples=[2])
    """Cohorts of the escalation that must have been treated; by default 0."""
    min_responses: Annotated[Whole, Field(ge=0)] | None = Field(default=None, examples=[1])
    """Responses that must have been seen; by default 0, or 1 for BF-BOIN and BE-BOIN. The scenarios' response says how
    probable one is; with observation, who dies or is lost before its day counts as a patient without one."""
    responses_at: Literal["dose", "dose_or_below"] | None = None
    """Where they must have been seen; by default dose_or_below."""
    response_days: Literal["uniform", "as_dlts", "window_end"] | None = None
    """When a response is known: evenly over the DLT window (the default), as dlt_times says of DLTs, or at the window's
    end."""
    cap_per_dose: Annotated[Whole, Field(ge=1)] | None = Field(default=None, examples=[12])
    """Patients at a dose in all from which on it takes no more; by default no cap, or 12 for BF-BOIN and BE-BOIN."""
    max_backfilled: Annotated[Whole, Field(ge=1)] | None = Field(default=None, examples=[20])
    """Most patients backfilled in a trial; by default as many as the caps allow, else as many as max_n."""
    closes: Literal["eliminated", "too_toxic"] | None = None
    """What closes a dose: that the design excludes it (the default); or besides, as in BF-BOIN, that its own DLT rate
    and that pooled with the next dose call for de-escalation (interval designs)."""
    count_in_decisions: Flag | None = Field(default=None, examples=[True])
    """Whether backfilled patients count in decisions; by default true."""
    count_in_mtd: Flag | None = Field(default=None, examples=[True])
    """Whether they count in the selection of the MTD; by default true."""
    conflict: Literal["highest", "lowest", "none"] | None = None
    """Which dose is pooled with the current one where backfilled doses call for more caution (interval designs); by
    default none, highest for BF-BOIN, lowest for BE-BOIN."""
    priority: Literal["highest", "lowest", "random"] | None = None
    """Which of several open doses takes the patient; by default the highest."""
    ratio: Positive | None = Field(default=None, examples=[1])
    """At most this many backfilled patients per patient of the cohort, rounded up; by default no limit, or 1 for
    crmPack."""
    replace_unevaluable: Flag | None = Field(default=None, examples=[True])
    """Whether, with observation, a backfilled patient who leaves as not evaluable makes room for another in caps and
    quotas; by default true, as in the escalation, which does not wait for that."""
    designs: Annotated[tuple[str, ...], Field(min_length=1)] | None = Field(default=None, examples=[["BOIN"]])
    """The designs whose trials are played with backfill; by default all."""

    def backfill(self, labels: tuple[str, ...]) -> Backfill:
        """Return the rules, for these doses.

        Raises
        ------
        ValueError
            If they contradict one another.
        """
        rules = Backfill() if self.type is None else Backfill.named(self.type)
        own: dict[str, Any] = {
            name: value for name in Backfill.__dataclass_fields__ if (value := getattr(self, name, None)) is not None
        }
        for name in ("lowest_level", "highest_level"):
            if name in own:
                own[name] = level_of(own[name], labels)
        if own.get("conflict") == "none":
            own["conflict"] = None
        return replace(rules, **own)


class TimeParts(NamedTuple):
    """What a file says about time besides accrual; None where it is not there or wrong in itself."""

    accrual_given: bool
    dlt_times: AnyTimes | None
    stagger: StaggerSection | None
    backfill: BackfillSection | None
    max_duration_months: float | None


def calendar_of(accrual: Arrivals, time: TimeParts, labels: tuple[str, ...]) -> Calendar:
    """Return the calendar that the sections make together."""
    return Calendar(
        accrual=accrual.accrual(),
        dlt_times=None if time.dlt_times is None else time.dlt_times.law(),
        stagger=None if time.stagger is None else time.stagger.stagger(),
        backfill=None if time.backfill is None else time.backfill.backfill(labels),
        max_days=None if time.max_duration_months is None else time.max_duration_months * DAYS_PER_MONTH,
        first_gap=accrual.first_gap,
    )


def calendar_problems(
    time: TimeParts,
    labels: tuple[str, ...] | None,
    responses: Sequence[tuple[int, PerDose | None]],
    observed: Sequence[bool],
    names: Sequence[str],
) -> list[Problem]:
    """Return what is wrong between the sections about time, and between them and the scenarios.

    Parameters
    ----------
    time : TimeParts
    labels : tuple of str or None
        Dose labels; None where they are wrong.
    responses : sequence of (int, dict or tuple or None)
        Places of the scenarios that are listed or curves, and their response probabilities, as far as they are right.
    observed : sequence of bool
        For each observation policy, whether it has DLT times of its own.
    names : sequence of str
        Names of the designs.
    """
    problems = []
    if not time.accrual_given:
        problems += [
            Problem((name,), "is given, but without accrual the trial has no calendar", _ACCRUAL)
            for name in ("stagger", "backfill", "max_duration_months")
            if getattr(time, name) is not None
        ]
        if time.dlt_times is not None and not observed:
            problems.append(Problem(("dlt_times",), "is given, but changes nothing without accrual", _ACCRUAL))
    if isinstance(time.dlt_times, Late) and not all(observed):
        message = (
            "is late, whose times depend on the DLT probability; a policy of observation needs a law that does not"
        )
        problems.append(Problem(("dlt_times", "type"), message, "write type: weibull, or give observation its own"))
    if time.backfill is not None and labels is not None:
        problems += _backfill_problems(time.backfill, labels, responses, names)
    return problems


def _backfill_problems(
    given: BackfillSection,
    labels: tuple[str, ...],
    responses: Sequence[tuple[int, PerDose | None]],
    names: Sequence[str],
) -> list[Problem]:
    path: FieldPath = ("backfill",)
    for place, name in enumerate(given.designs or ()):
        if name not in names:
            return [Problem((*path, "designs", place), f"is {name}, which is no design", suggestion(name, names))]
    for name in ("lowest_level", "highest_level"):
        value = getattr(given, name)
        level = 1 if value is None else resolve_level(value, labels, (*path, name))
        if isinstance(level, Problem):
            return [level]
    try:
        rules = given.backfill(labels)
    except ValueError as error:
        word, _, rest = str(error).partition(" ")
        return [Problem((*path, word), rest, "change it, or leave it out")]
    if not rules.min_responses:
        return []
    asked = "is missing, but backfill opens doses where a response has been seen"
    remedy = f"write  response: {show(dict.fromkeys(labels, 0.2))}, or  min_responses: 0  under backfill"
    return [Problem(("scenarios", place, "response"), asked, remedy) for place, each in responses if each is None]
