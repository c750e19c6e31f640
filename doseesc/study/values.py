"""The kinds of values that a scenario file holds, and what every section of it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from doseesc.truth import WEIBULL_SCALES, WEIBULL_SHAPES
from doseesc.wording import has_control_characters


def _name_text(value: Any) -> Any:
    """Take an unquoted number for its text, so that labels such as 0.5 need no quotes."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise PydanticCustomError("name", "holds a line break or a control character", {"remedy": "write one line"})
    return value


def _one_line(value: str) -> str:
    line = value.rstrip("\n")  # which YAML's folded text ends with
    if has_control_characters(line):
        raise PydanticCustomError("text", "holds a line break or a control character", {"remedy": "write one line"})
    return line


def _lines(value: str) -> str:
    if has_control_characters(value, lines=True):
        raise PydanticCustomError("text", "holds a control character", {"remedy": "write plain text"})
    return value


def _list_or_mapping(value: Any) -> str:
    return "by label" if isinstance(value, dict) else "by level"


T = TypeVar("T")


def made(make: Callable[[], T]) -> T:
    """Make something whose constructor checks; its refusal, which begins with a field's name, is a problem there."""
    try:
        return make()
    except ValueError as error:
        field, _, rest = str(error).partition(" ")
        remedy = {"remedy": "keep one of them"} if rest.startswith("must not be given together") else {}
        raise PydanticCustomError("refused", "{message}", {"message": rest, "field": field, **remedy}) from None


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]
Flag = Annotated[bool, Field(strict=True)]
Probability = Annotated[Number, Field(ge=0, le=1)]
Positive = Annotated[Number, Field(gt=0)]
Days = Annotated[Number, Field(gt=0, le=3650)]
WeibullShape = Annotated[Number, Field(ge=WEIBULL_SHAPES[0], le=WEIBULL_SHAPES[1])]
WeibullScale = Annotated[Number, Field(ge=WEIBULL_SCALES[0], le=WEIBULL_SCALES[1])]
Share = Annotated[Number, Field(gt=0, le=1)]
Inside = Annotated[Number, Field(gt=0, lt=1)]
Correlation = Annotated[Number, Field(ge=-0.999999, le=0.999999)]
Amount = Annotated[Number, Field(ge=1e-100, le=1e100)]
"""An amount of a drug, in any unit: :data:`designs.checks.AMOUNT_RANGE`."""
MeanOfAlpha = Annotated[Number, Field(ge=-100, le=100)]
MeanOfBeta = Annotated[Number, Field(ge=-20, le=20)]
PriorSd = Annotated[Number, Field(ge=1e-6, le=20)]
Name = Annotated[
    str,
    BeforeValidator(_name_text),
    StringConstraints(strict=True, strip_whitespace=True, min_length=1, max_length=60),
    AfterValidator(_printable),
    WithJsonSchema({"type": ["string", "number"]}),
]
Text = Annotated[str, Field(strict=True, max_length=2000), AfterValidator(_lines)]
Line = Annotated[str, Field(strict=True, max_length=2000), AfterValidator(_one_line)]
"""A text that is shown in one line, such as a title or a unit."""
PerDose = Annotated[
    Annotated[dict[str, Probability], Tag("by label")] | Annotated[tuple[Probability, ...], Tag("by level")],
    Discriminator(_list_or_mapping),
]


class Section(BaseModel):
    """A part of a scenario file: unknown keys are errors, values cannot be changed.

    Its validation is built when it is first asked for: most parts are only ever read as parts of a study.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)
