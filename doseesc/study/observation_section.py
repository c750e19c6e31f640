"""The section ``observation`` of a scenario file: what happens to patients besides the drug, and what is made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from designs import Design, Weighted
from designs.arrays import FloatArray
from doseesc.errors import FieldPath, Problem
from doseesc.study.dlt_times_section import SameTimes
from doseesc.study.values import Days, Name, Number, Probability, Section, Text
from doseesc.truth import (
    EVEN_TIMES,
    MORTALITY_HORIZON,
    EventTimes,
    ObservationModel,
    death_in_window,
)
from doseesc.wording import in_a_row

_MORTALITY = "add  mortality_28_days: 0.3  or  death_in_window:  with the probability, or leave it out"


class Adjudication(Section):
    """How well a committee tells DLTs of the drug from events of the disease."""

    sensitivity: Probability = Field(default=1.0, examples=[0.9])
    """Probability that a DLT of the drug is counted."""
    specificity: Probability = Field(default=1.0, examples=[0.8])
    """Probability that an event of the disease is not counted."""


class Observation(Section):
    """One way to observe the patients: what happens to them besides the drug, and what is counted, replaced or not."""

    name: Name = Field(default="observed", examples=["deaths replaced"])
    """Name of the policy in tables."""
    description: Text = Field(default="", examples=["deaths are replaced"])
    """What the policy means, in a few words."""
    window_days: Days | None = Field(default=None, examples=[14])
    """Days a patient is observed; by default dlt_window_days, which the DLT probabilities of the scenarios refer to."""
    background: Probability = Field(default=0.0, examples=[0.05])
    """Probability, within window_days, of an event that looks like a DLT and is not the drug's."""
    mortality_28_days: Probability | None = Field(default=None, examples=[0.30])
    """28-day mortality, from which the probability of death in the window follows by a Weibull law (ARDS)."""
    death_in_window: Probability | None = Field(default=None, examples=[0.18])
    """Probability of death in the window, instead of the mortality."""
    death_relative_risk: Annotated[Number, Field(ge=0, le=1000)] = Field(default=1.0, examples=[1.5])
    """How many times likelier patients with a DLT of the drug are to die in the window."""
    dlt_times: SameTimes | None = Field(default=None, examples=[{"type": "uniform"}])
    """When DLTs of the drug come within dlt_window_days; by default as the study's dlt_times say."""
    deaths: Literal["all_count", "fraction", "replaced", "dlt_free", "weight_frozen"] = "replaced"
    """A death without a DLT before counts as a DLT; does so in attributed_fraction of cases; makes the patient not
    evaluable and replaced; leaves the patient DLT-free; or leaves the outcome open, with the weight of the follow-up
    until then, for designs that weigh pending patients."""
    attributed_fraction: Probability | None = Field(default=None, examples=[0.3])
    """Share of the deaths that are counted as DLTs, for deaths: fraction."""
    unattributed: Literal["dlt_free", "replaced"] | None = None
    """What is made of the other deaths, for deaths: fraction; by default dlt_free."""
    adjudication: Adjudication | None = Field(default=None, examples=[{"sensitivity": 0.9, "specificity": 0.8}])
    """Without it every event counts."""
    loss: Probability = Field(default=0.0, examples=[0.03])
    """Probability of loss to follow-up in the window."""
    losses: Literal["replaced", "dlt_free", "weight_frozen"] = "replaced"
    """A patient lost without a DLT before is replaced, is taken for DLT-free, or keeps the weight of the follow-up."""

    def days(self, dlt_window: float) -> float:
        """Return the days a patient is observed."""
        return float(dlt_window if self.window_days is None else self.window_days)

    def model(self, dlt_window: float, dlt_times: EventTimes = EVEN_TIMES) -> ObservationModel:
        """Return the observation model.

        Parameters
        ----------
        dlt_window : float
            Days that the scenarios' DLT probabilities refer to.
        dlt_times : EventTimes
            The study's law of the time of a DLT, for a policy that has none of its own.

        Raises
        ------
        ValueError
            If it is impossible.
        """
        window = self.days(dlt_window)
        death = self.death_in_window or 0.0
        if self.mortality_28_days is not None:
            death = death_in_window(self.mortality_28_days, window)
        judged = self.adjudication or Adjudication(sensitivity=1.0, specificity=0.0)
        return ObservationModel(
            window=window,
            curve_window=float(dlt_window),
            background=self.background,
            death=death,
            dlt_times=dlt_times if self.dlt_times is None else self.dlt_times.law(),
            death_relative_risk=self.death_relative_risk,
            deaths=self.deaths,
            attributed_fraction=0.0 if self.attributed_fraction is None else self.attributed_fraction,
            unattributed=self.unattributed or "dlt_free",
            sensitivity=judged.sensitivity,
            specificity=judged.specificity,
            loss=self.loss,
            losses=self.losses,
        )


def one_or_more(value: Any) -> Any:
    """Take one policy alone for a list of one."""
    return [value] if isinstance(value, dict) else value


Observations = Annotated[
    tuple[Observation, ...],
    BeforeValidator(one_or_more, json_schema_input_type=tuple[Observation, ...] | Observation),
]
"""One policy, or a list of named ones."""


def observation_problems(
    given: Observation,
    dlt_window: int | None,
    dlt_times: EventTimes,
    truths: Sequence[tuple[str, FloatArray]],
    path: FieldPath,
) -> list[Problem]:
    """Return what is wrong with a policy.

    Parameters
    ----------
    given : Observation
    dlt_window : int or None
        The study's; None where it is itself wrong.
    dlt_times : EventTimes
        The study's law of the time of a DLT.
    truths : sequence of (str, array)
        The scenarios' names and DLT probabilities, as far as they are right.
    path : tuple
        Where the policy stands in the file.
    """
    problems = _contradictions(given, path)
    window = given.window_days if dlt_window is None else given.days(dlt_window)
    if given.mortality_28_days is not None and window is not None and window > MORTALITY_HORIZON:
        message = f"is {window:g} days, but 28-day mortality says nothing about deaths after {MORTALITY_HORIZON:g} days"
        remedy = f"write  death_in_window:  with the probability of death in {window:g} days"
        where = (*path, "window_days") if given.window_days is not None else path
        problems.append(Problem(where, message if where != path else f"window {message}", remedy))
    if problems or dlt_window is None or dlt_window <= 0:  # which is said where it is written
        return problems
    try:
        model = given.model(dlt_window, dlt_times)
    except ValueError as error:
        word, _, rest = str(error).partition(" ")
        return [Problem((*path, word), rest, "write a smaller one")]
    for name, truth in truths:
        try:
            model.law(np.asarray(truth))
        except ValueError as error:
            return [Problem(path, f"cannot be used: in scenario {name} {error}", "replace fewer patients")]
    return []


def freezing_problems(
    given: Observation, designs: Mapping[str, Design], with_accrual: bool, path: FieldPath
) -> list[Problem]:
    """Return what stands against weights frozen at the last follow-up: a design that weighs nobody, or no calendar."""
    name = next((each for each in ("deaths", "losses") if getattr(given, each) == "weight_frozen"), None)
    if name is None:
        return []
    remedy = "write  replaced  or  dlt_free"
    if not with_accrual:
        message = "is weight_frozen, but without accrual nobody is ever pending, and no follow-up has a weight"
        return [Problem((*path, name), message, f"{remedy}, or add  accrual:")]
    idle = [each for each, design in designs.items() if not isinstance(design.pending, Weighted)]
    if not idle:
        return []
    which = f"{in_a_row(idle)} {'weighs' if len(idle) == 1 else 'weigh'} no pending patient"
    message = f"is weight_frozen, but {which}; only TITE designs (pending: Weighted) do"
    return [Problem((*path, name), message, f"{remedy}, or leave the design out")]


def idle_settings(given: Observation, path: FieldPath) -> list[Problem]:
    """Return what a file says about events that, for want of their rate, never happen.

    Parameters
    ----------
    given : Observation
        As written: what the file leaves out is not set.
    path : tuple
        Where the policy stands in the file.
    """
    written = given.model_fields_set
    problems = []
    if given.mortality_28_days is None and given.death_in_window is None:
        problems += [
            Problem((*path, name), "is given, but nobody dies without a mortality", _MORTALITY)
            for name in ("deaths", "death_relative_risk")
            if name in written
        ]
        if given.adjudication and "specificity" in given.adjudication.model_fields_set and "background" not in written:
            message = "is given, but there is neither a background nor a mortality: no event that is not the drug's"
            problems.append(Problem((*path, "adjudication", "specificity"), message, "add  background: 0.05"))
    if "losses" in written and "loss" not in written:
        remedy = "add  loss: 0.03  with the probability, or leave it out"
        problems.append(Problem((*path, "losses"), "is given, but nobody is lost without a loss", remedy))
    return problems


def as_written(problems: Sequence[Problem], data: dict[str, Any]) -> list[Problem]:
    """Take the place in the list out of problems of a policy that stands alone in the file."""
    alone = isinstance(data.get("observation"), dict)
    return [
        replace(each, path=("observation", *each.path[2:])) if alone and each.path[:1] == ("observation",) else each
        for each in problems
    ]


def _contradictions(given: Observation, path: FieldPath) -> list[Problem]:
    problems = []
    if given.mortality_28_days is not None and given.death_in_window is not None:
        problems.append(Problem((*path, "death_in_window"), "is given together with mortality_28_days", "keep one"))
    if given.deaths == "fraction" and given.attributed_fraction is None:
        problems.append(Problem((*path, "attributed_fraction"), "is missing", "write for example  0.3"))
    for name in ("attributed_fraction", "unattributed"):
        if given.deaths != "fraction" and getattr(given, name) is not None:
            message = f"is given, but deaths is {given.deaths}"
            problems.append(Problem((*path, name), message, "leave it out, or write  deaths: fraction"))
    return problems
