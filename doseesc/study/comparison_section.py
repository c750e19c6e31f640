"""The section ``comparison`` of a scenario file: by what designs are judged, said before the results are seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from doseesc.errors import FieldPath, Problem, suggestion
from doseesc.study.values import Name, Number, Section

Weight = Annotated[Number, Field(ge=0, le=1e6)]


class Comparison(Section):
    """By what designs are judged, and when one of them is called better."""

    weights: Literal["true_mtds", "scenarios"] | dict[Name, Weight] = Field(
        default="true_mtds", examples=["true_mtds", {"S3": 2, "S4": 1}]
    )
    """true_mtds: each true MTD, and none, counts the same, however many scenarios have it; scenarios: each scenario
    counts the same; or a weight for each scenario by name, 0 where it is left out."""
    counts: Literal["correct", "correct_less_overdosing", "worst_case"] = "correct"
    """correct: the probability of selecting the true MTD; correct_less_overdosing: that, less penalty times the
    probability of selecting a dose above it; worst_case: the probability in the scenario where it is smallest."""
    penalty: Annotated[Number, Field(ge=0, le=100)] | None = Field(default=None, examples=[0.5])
    """With correct_less_overdosing: the points of correct selection that a point of overdosing costs; by default 1."""
    margin: Annotated[Number, Field(ge=0, lt=1)] = Field(default=0.01, examples=[0.01])
    """Designs that differ by no more are called equal: a difference of no practical relevance."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if isinstance(self.weights, dict) and not any(self.weights.values()):
            raise PydanticCustomError(
                "refused", "gives no scenario any weight", {"field": "weights", "remedy": "write a weight above 0"}
            )
        if self.penalty is not None and self.counts != "correct_less_overdosing":
            message = "is given, but  counts: {counts}  has no penalty"
            remedy = "write  counts: correct_less_overdosing, or leave it out"
            raise PydanticCustomError("refused", message, {"counts": self.counts, "field": "penalty", "remedy": remedy})
        return self

    @property
    def price(self) -> float:
        """Points of correct selection that a point of overdosing costs."""
        if self.counts != "correct_less_overdosing":
            return 0.0
        return 1.0 if self.penalty is None else self.penalty


def comparison_problems(comparison: Comparison, scenarios: Sequence[str], path: FieldPath) -> list[Problem]:
    """Return the weights of scenarios that the file does not have."""
    if not isinstance(comparison.weights, dict):
        return []
    return [
        Problem((*path, "weights", name), "is no scenario", suggestion(name, scenarios, "the scenarios are"))
        for name in comparison.weights
        if name not in scenarios
    ]
