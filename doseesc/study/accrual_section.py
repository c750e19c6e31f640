"""The section ``accrual`` of a scenario file, of the escalation and of Phase 2: how patients come."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from doseesc.study.values import Flag, Number, Positive, Section, Share, Text, made
from doseesc.truth import Accrual

RATES = ("per_month", "profile", "screened_per_month")

Criterion = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=200)]


class _Coming(Section):
    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [rate]} for rate in RATES]})

    per_month: Positive | None = Field(default=None, examples=[6])
    """Patients a month, over all arms and sites."""
    ramp_up_months: Annotated[Number, Field(ge=0)] = Field(default=0.0, examples=[3])
    """Months until that rate is reached, linearly."""
    profile: tuple[Annotated[Number, Field(ge=0)], ...] | None = Field(
        default=None, min_length=1, max_length=1200, examples=[[0, 0, 0, 50, 100]]
    )
    """Instead, patients a month, month by month from the opening; 0 is a hold, and the last value goes on."""
    screened_per_month: Positive | None = Field(default=None, examples=[20])
    """Instead, patients screened a month; those are enrolled who are eligible and consent."""
    eligible: Share | None = Field(default=None, examples=[0.3])
    """Share of those screened who are eligible; by default what the exclusions leave, or all."""
    consenting: Share | None = Field(default=None, examples=[0.5])
    """Share of the eligible who take part; by default all."""
    exclusions: dict[Criterion, Annotated[Number, Field(ge=0, lt=1)]] | None = Field(
        default=None, min_length=1, examples=[{"dialysis": 0.2}]
    )
    """Each exclusion criterion with the share of those screened that it excludes; taken to be independent, unless
    eligible says what all of them leave.  Say under assumptions or basis which shares are assumed."""
    basis: Text = Field(default="", examples=["three sites, two patients a month each"])
    """Where the rate comes from, in a few words; told wherever a duration is."""

    @model_validator(mode="after")
    def _check_accrual(self) -> Self:
        made(self.accrual)
        return self

    def accrual(self) -> Accrual:
        """Return how patients come."""
        return Accrual(**self._own())

    def _own(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Accrual.__dataclass_fields__ if hasattr(self, name)}


class Enrolment(_Coming):
    """How fast patients are enrolled: per_month, a profile of months, or what screening leaves."""

    process: Literal["poisson", "fixed"] = "poisson"
    """poisson: patients come at random times; fixed: at equal intervals."""


class Arrivals(_Coming):
    """How fast patients arrive in the escalation, and what becomes of those who meet a suspension."""

    process: Literal["poisson", "fixed", "uniform"] = "poisson"
    """poisson: patients come at random times; fixed: at equal intervals; uniform: at intervals between 0 and twice
    their mean."""
    arrivals_while_waiting: Literal["wait", "turn_away", "queue"] = "wait"
    """Who arrives while the design waits for outcomes: waits, and the next gap runs from that enrolment; is lost to the
    trial; or waits in turn while others go on arriving."""
    first_gap: Flag = False
    """true counts the duration from the opening of the trial, false from the first patient's first dose."""
