"""The figures of a design under a scenario in ``results.json``, and their spread."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from doseesc.engines import BY_LEVEL, METRICS
from doseesc.results.document_values import NotNegative, Part, Share, Whole
from doseesc.results.versions import NEW_METRICS

Method = Literal["monte_carlo", "exact", "calendar"]
"""Simulated without a calendar, computed exactly, or simulated on the calendar."""


def spread_of(name: str, text: str, metrics: tuple[str, ...], by_level: tuple[str, ...]) -> type[Part]:
    """Return a model with a spread for each figure, a list of them for figures by level."""
    fields: dict[str, Any] = {each: (list[float | None] if each in by_level else float | None, ...) for each in metrics}
    fields |= {each: (float | None, None) for each in metrics if each in NEW_METRICS}
    model: type[Part] = create_model(name, __base__=Part, __doc__=text, **fields)
    return model


Spread = spread_of("Spread", "Standard deviation of each figure from trial to trial.", METRICS, BY_LEVEL)
Errors = spread_of("Errors", "Monte Carlo standard error of each figure; 0 where exact.", METRICS, BY_LEVEL)


class MainFigures(Part):
    """The main figures of a design under a scenario."""

    selected: list[Share] = Field(description="Probability that no dose (first) and each level is selected.")
    patients: list[NotNegative] = Field(description="Expected patients at each level.")
    dlts: list[NotNegative] = Field(description="Expected DLTs at each level.")
    total_patients: NotNegative = Field(description="Expected patients.")
    total_dlts: NotNegative = Field(description="Expected DLTs.")
    stopped_early: Share = Field(description="Probability that fewer than the largest number of patients are treated.")
    untried_selection: Share | None = Field(
        default=None, description="Probability of selecting a level at which nobody was treated."
    )
    correct_selection: Share | None = Field(
        description="Probability of selecting the true MTD, or no dose where there is none."
    )
    overdose_selection: Share | None = Field(description="Probability of selecting a level above the true MTD.")
    patients_above_mtd: NotNegative | None = Field(description="Expected patients above the true MTD.")


class Characteristics(MainFigures):
    """Operating characteristics of a design under a scenario."""

    target: Share | None = Field(description="Target DLT probability.")
    true_mtd: Annotated[int, Field(ge=-1)] = Field(description="Level of the true MTD; 0 = none, -1 = not known.")
    method: Method = Field(description="How these figures were computed.")
    n_trials: Whole = Field(description="Simulated trials; 0 where exact.")
    highest_tested: Share = Field(description="Probability that the top level is selected.")
    unbounded: Share | None = Field(
        description="Probability that the top level is selected with an observed DLT rate there at or below the target."
    )
    patients_distribution: list[Share] = Field(description="Probability of each total number of patients, from 0.")
    dlts_distribution: list[Share] = Field(description="Probability of each total number of DLTs, from 0.")
    selected_and_patients: list[list[Share]] = Field(
        description="Joint probability of the level selected (rows, 0 = none) and the number of patients."
    )
    selected_and_untried: list[list[Share | None]] | None = Field(
        default=None,
        description="Joint probability of the level selected (rows, 0 = none) and nobody being treated at each level.",
    )
    reasons: dict[str, Share] = Field(description="Probability of each reason for which a trial ends.")
    sd: Spread  # type: ignore[valid-type]  # a class made from the names of the figures
    mcse: Errors  # type: ignore[valid-type]  # as above
    patients_quantiles_5_50_95: list[int] = Field(description="Quantiles of the number of patients.")
    dlts_quantiles_5_50_95: list[int] = Field(description="Quantiles of the number of DLTs.")


class CellRow(Part):
    """A design under a scenario."""

    scenario: str = Field(description="Name of the scenario.")
    design: str = Field(description="Name of the design.")
    efficiency: NotNegative | None = Field(
        description="Correct selection relative to the benchmark's in the world that the design meets; null where no "
        "dose is right."
    )
    simulated: Characteristics | None = Field(description="What the simulation found; null where it did not run.")
    exact: Characteristics | None = Field(description="The exact characteristics; null where they were not computed.")
