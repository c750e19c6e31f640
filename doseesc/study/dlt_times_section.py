"""The section ``dlt_times`` of a scenario file: when DLTs of the drug come within the study's DLT window."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from doseesc.study.values import Days, Inside, Section, Share, WeibullScale, WeibullShape
from doseesc.truth import LEAST_DAYS, DltTimes, EarlyTimes, EventTimes, LateWeibull, UniformTimes, WeibullTimes


class Uniform(Section):
    """DLTs spread evenly over the study's DLT window."""

    type: Literal["uniform"]
    """uniform: the law of the times of DLTs."""

    def law(self) -> EventTimes:
        """Return the law."""
        return UniformTimes()


class Weibull(Section):
    """Weibull times of DLTs, truncated at the study's DLT window."""

    type: Literal["weibull"]
    """weibull: the law of the times of DLTs."""
    shape: WeibullShape = Field(examples=[1.4])
    """Shape of the times of DLTs: below 1 early, above 1 later."""
    scale: WeibullScale = Field(examples=[7])
    """Scale of the times of DLTs, in days."""

    def law(self) -> EventTimes:
        """Return the law."""
        return WeibullTimes(shape=self.shape, scale=self.scale)


class Early(Section):
    """A stated share of the DLTs in the first days, evenly, and the rest evenly over the rest of the DLT window."""

    type: Literal["early"]
    """early: the law of the times of DLTs."""
    within_days: Annotated[Days, Field(ge=LEAST_DAYS)] = Field(examples=[1])
    """The first days."""
    share: Share = Field(examples=[0.8])
    """Share of DLTs in them."""

    def law(self) -> EventTimes:
        """Return the law."""
        return EarlyTimes(within=self.within_days, share=self.share)


class Late(Section):
    """Weibull times of which a stated share comes in the second half of the DLT window; they depend on the dose."""

    type: Literal["late"]
    """late: the law of the times of DLTs."""
    share: Inside = Field(examples=[0.7])
    """Share of DLTs in the second half; 0.5 is nearly even."""

    def law(self) -> DltTimes:
        """Return the law."""
        return LateWeibull(late_share=self.share)


SameTimes = Annotated[Uniform | Weibull | Early, Field(discriminator="type")]
"""Laws that are the same for every DLT probability."""

AnyTimes = Annotated[Uniform | Weibull | Early | Late, Field(discriminator="type")]
