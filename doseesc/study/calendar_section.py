"""The sections of a scenario file about time beside accrual: who waits for whom, and how long at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import ConfigDict, Field, model_validator

from doseesc.engines import Calendar, Stagger
from doseesc.errors import Problem
from doseesc.study.accrual_section import Arrivals
from doseesc.study.dlt_times_section import AnyTimes, Late
from doseesc.study.values import Days, Number, Section, made
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


class TimeParts(NamedTuple):
    """What a file says about time besides accrual; None where it is not there or wrong in itself."""

    accrual_given: bool
    dlt_times: AnyTimes | None
    stagger: StaggerSection | None
    max_duration_months: float | None


def calendar_of(accrual: Arrivals, time: TimeParts) -> Calendar:
    """Return the calendar that the sections make together."""
    return Calendar(
        accrual=accrual.accrual(),
        dlt_times=None if time.dlt_times is None else time.dlt_times.law(),
        stagger=None if time.stagger is None else time.stagger.stagger(),
        max_days=None if time.max_duration_months is None else time.max_duration_months * DAYS_PER_MONTH,
        first_gap=accrual.first_gap,
    )


def calendar_problems(time: TimeParts, observed: Sequence[bool]) -> list[Problem]:
    """Return what is wrong between the sections about time.

    Parameters
    ----------
    time : TimeParts
    observed : sequence of bool
        For each observation policy, whether it has DLT times of its own.
    """
    problems = []
    if not time.accrual_given:
        problems += [
            Problem((name,), "is given, but without accrual the trial has no calendar", _ACCRUAL)
            for name in ("stagger", "max_duration_months")
            if getattr(time, name) is not None
        ]
        if time.dlt_times is not None and not observed:
            problems.append(Problem(("dlt_times",), "is given, but changes nothing without accrual", _ACCRUAL))
    if isinstance(time.dlt_times, Late) and not all(observed):
        message = (
            "is late, whose times depend on the DLT probability; a policy of observation needs a law that does not"
        )
        problems.append(Problem(("dlt_times", "type"), message, "write type: weibull, or give observation its own"))
    return problems
