"""The section ``analysis`` of a scenario file: the model that ``fit`` takes, and its prior."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from doseesc.errors import FieldPath, Problem, show
from doseesc.study.borrow_section import Borrow
from doseesc.study.designs import SkeletonRule
from doseesc.study.levels import resolve_level
from doseesc.study.values import (
    Amount,
    Correlation,
    Inside,
    MeanOfAlpha,
    MeanOfBeta,
    Number,
    PriorSd,
    Probability,
    Section,
)


def _list_or_rule(value: Any) -> str:
    return "by interval" if isinstance(value, dict | SkeletonRule) else "by level"


_Shape = Annotated[Number, Field(ge=1e-6, le=1e6)]

Guesses = Annotated[
    Annotated[SkeletonRule, Tag("by interval")] | Annotated[tuple[Inside, ...], Tag("by level")],
    Discriminator(_list_or_rule),
]
"""Prior guesses of the DLT probabilities: a list, or from indifference intervals."""


class CrmPrior(Section):
    """The one-parameter models crm_power and crm_logistic."""

    skeleton: Guesses | None = Field(default=None, examples=[[0.05, 0.12, 0.25]])
    """Prior guesses of the DLT probabilities, increasing, or indifference intervals; by default those of the file's
    first design that has a skeleton, else intervals of half-width 0.05 around the middle dose."""
    prior_sd: Number = Field(default=1.34**0.5, ge=1e-6, le=100, examples=[1.16])
    """Standard deviation, not variance, of the parameter's normal prior."""
    intercept: Number = Field(default=3.0, ge=-100, le=100, examples=[3])
    """Fixed intercept of crm_logistic."""


class BlrmPrior(Section):
    """The two-parameter logistic model, logit p = log_alpha + exp(log_beta) log(dose / reference).

    What is left out is that of the file's first BLRM design, else the BLRM design's default.
    """

    reference: Amount | None = Field(default=None, examples=[16])
    """Dose amount at which logit p is log_alpha; by default the highest dose."""
    prior_mean: tuple[MeanOfAlpha, MeanOfBeta] | None = Field(default=None, examples=[[-0.69, 0]])
    """Prior means of log_alpha and log_beta."""
    prior_sd: tuple[PriorSd, PriorSd] | None = Field(default=None, examples=[[2, 1]])
    """Their prior standard deviations, not variances."""
    prior_correlation: Correlation | None = Field(default=None, examples=[0])
    """Prior correlation of log_alpha and log_beta."""


class MonotonePrior(Section):
    """The model that knows only that the curve increases; see monotone in doseesc.inference.models."""

    prior_mean: Guesses | None = Field(default=None, examples=[[0.05, 0.12, 0.25]])
    """Prior means of the DLT probabilities, increasing, or indifference intervals; by default as crm.skeleton."""
    concentration: Number = Field(default=4.0, ge=0.1, le=10_000, examples=[4])
    """Patients that the prior is worth at each level."""


class Analysis(Section):
    """The Bayesian analysis of the trial's data, as doseesc fit makes it."""

    model: Literal["crm_power", "crm_logistic", "blrm", "monotone"] = "blrm"
    """crm_power and crm_logistic have one parameter, blrm (the two-parameter logistic model) two, monotone one for
    each level."""
    crm: CrmPrior = Field(default=CrmPrior(), examples=[{"prior_sd": 1.16}])
    """Prior of crm_power and crm_logistic."""
    blrm: BlrmPrior = Field(default=BlrmPrior(), examples=[{"reference": 8}])
    """Prior of blrm."""
    monotone: MonotonePrior = Field(default=MonotonePrior(), examples=[{"concentration": 4}])
    """Prior of monotone."""
    borrow: Borrow | None = Field(
        default=None,
        examples=[{"weight": 0.5, "studies": [{"name": "earlier", "doses": [2, 4], "n": [3, 3], "dlt": [0, 0]}]}],
    )
    """Historical studies that model blrm borrows from; none without it."""
    floor: Annotated[Probability, Field(lt=1)] = Field(default=0.0, examples=[0.05])
    """Probability of a DLT-like event without the drug; estimates are then the drug's own."""
    floor_prior: tuple[_Shape, _Shape] | None = Field(default=None, examples=[[1, 19]])
    """Parameters of a beta prior of the floor, where it is not known."""
    intervals: Annotated[tuple[Inside, ...], Field(min_length=1, max_length=10)] | None = Field(
        default=None, examples=[[0.2, 0.35, 0.6]]
    )
    """Limits, increasing, of the intervals whose posterior probabilities are shown; by default where those of a BLRM
    for the study's target begin: 0.20, 0.35 and 0.60 for a target of 0.25 to 0.30."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.floor_prior is not None and self.floor:
            remedy = {"remedy": "keep one of floor and floor_prior"}
            raise PydanticCustomError("floor", "has a known floor and a prior of it", remedy)
        if self.borrow is not None and self.model != "blrm":
            remedy = {"remedy": "write  model: blrm  or leave borrow out"}
            raise PydanticCustomError("borrow", f"borrows with model {self.model}, which cannot", remedy)
        if self.borrow is not None and self.borrow.method == "exnex" and (self.floor or self.floor_prior is not None):
            remedy = {"remedy": "leave the floor out, or write  method: map"}
            raise PydanticCustomError("borrow", "borrows by exnex, which knows no background floor", remedy)
        return self


def analysis_problems(
    analysis: Analysis, labels: tuple[str, ...] | None, target: float | None, path: FieldPath = ("analysis",)
) -> list[Problem]:
    """Return what is wrong in the section given the study's doses and target; None where these are wrong themselves."""
    problems = []
    if analysis.intervals is not None and not all(low < high for low, high in pairwise(analysis.intervals)):
        message = f"is {show(list(analysis.intervals))}, not increasing"
        problems.append(Problem((*path, "intervals"), message, "write the limits in increasing order"))
    if labels is None:
        return problems
    for place, guesses in (
        ((*path, "crm", "skeleton"), analysis.crm.skeleton),
        ((*path, "monotone", "prior_mean"), analysis.monotone.prior_mean),
    ):
        problems += _guess_problems(guesses, labels, target, place)
    return problems


def _guess_problems(
    guesses: SkeletonRule | tuple[float, ...] | None, labels: tuple[str, ...], target: float | None, path: FieldPath
) -> list[Problem]:
    if guesses is None:
        return []
    if isinstance(guesses, SkeletonRule):
        level = resolve_level(guesses.prior_mtd, labels, (*path, "prior_mtd"))
        if isinstance(level, Problem):
            return [level]
        if target is not None and not 0 < guesses.halfwidth < min(target, 1 - target):
            message = f"is {show(guesses.halfwidth)}; it must lie between 0 and {min(target, 1 - target):g}"
            return [Problem((*path, "halfwidth"), message, "write for example  halfwidth: 0.05")]
        return []
    if len(guesses) != len(labels):
        message = f"has {len(guesses)} values for {len(labels)} doses ({', '.join(labels)}): {show(list(guesses))}"
        return [Problem(path, message, f"write {len(labels)} probabilities")]
    if not all(low < high for low, high in pairwise(guesses)):
        return [Problem(path, f"is {show(list(guesses))}, not increasing", "write increasing probabilities")]
    return []
