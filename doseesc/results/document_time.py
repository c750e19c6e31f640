"""How long trials take, in ``results.json``."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from doseesc.results.document_figures import spread_of
from doseesc.results.document_values import NotNegative, Part, Share
from doseesc.results.times import SPREAD

_QUANTILES = ("duration_quantiles",)
TimeSpread = spread_of("TimeSpread", "Standard deviation of each figure from trial to trial.", SPREAD, _QUANTILES)
TimeErrors = spread_of("TimeErrors", "Monte Carlo standard error of each figure.", SPREAD, _QUANTILES)


class TimeRow(Part):
    """How long trials of a design take under a scenario, and what is waited for; a month is 365.25 / 12 days."""

    scenario: str
    design: str
    n_trials: Annotated[int, Field(ge=1)] = Field(description="Simulated trials.")
    window_days: Annotated[float, Field(gt=0)] = Field(description="The DLT window.")
    duration_days: NotNegative = Field(
        description="Mean days from the first patient's first dose, or from the opening where the file asks for it, to "
        "the last assessment."
    )
    duration_quantiles: Annotated[list[NotNegative], Field(min_length=5, max_length=5)] = Field(
        description="Days by which 5, 25, 50, 75 and 95 % of trials have ended."
    )
    duration_curve: Annotated[list[NotNegative], Field(min_length=201, max_length=201)] = Field(
        description="Days by which 0, 0.5, 1, ..., 100 % of trials have ended."
    )
    enrolment_days: NotNegative = Field(description="Mean days to the last first dose.")
    suspensions: NotNegative = Field(
        description="Mean number of times at which a patient who had come could not be treated."
    )
    days_suspended: NotNegative = Field(
        description="Mean days, in all, from such an arrival to the next first dose, or the end of enrolment."
    )
    days_waited: NotNegative = Field(description="Mean days for which patients waited, summed over the trial.")
    turned_away: NotNegative = Field(description="Mean number of patients lost because the trial waited.")
    backfilled: NotNegative = Field(
        description="Mean number of patients, who has been replaced aside, who were given a lower dose while the "
        "escalation waited."
    )
    pending_at_decision: NotNegative | None = Field(
        description="Patients in their DLT window at a decision, on average; null where nothing was decided."
    )
    changed_decisions: Share | None = Field(
        description="Share of decisions that the outcomes of the patients pending would have changed."
    )
    patients_per_month: NotNegative = Field(description="Patients treated per month of the duration.")
    sd: TimeSpread  # type: ignore[valid-type]  # a class made from the names of the figures
    mcse: TimeErrors  # type: ignore[valid-type]  # as above
