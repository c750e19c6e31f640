"""What pages ask: checked before anything else looks at it, and turned into changes of the file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from doseesc.app.edits import Edit
from doseesc.app.fields import known_topics, typed
from doseesc.study import source_of

_LONGEST = 60  # characters of a name
_FOREIGN = "this request is not one of the app's page"

Model = TypeVar("Model", bound=BaseModel)


class BadRequest(ValueError):
    """A request that no page of this app makes."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AskedEdit(_Asked):
    """A change: what was typed into a field, what is removed, or what is added to a list."""

    path: tuple[str | int, ...] = Field(min_length=1, max_length=12)
    kind: Literal["text", "number", "list", "choice", "flag", "value", "remove", "design", "rule", "scenario"]
    value: str = Field(default="", max_length=5000)


class AskedStudy(_Asked):
    """The file on a page."""

    name: str = Field(max_length=300)
    text: str = Field(max_length=1_000_000)


class AskedState(AskedStudy):
    """The file on a page, the changes to be made in it, and whether the form is wanted anew."""

    edits: tuple[AskedEdit, ...] = Field(default=(), max_length=200)
    form: bool = False


class AskedQuestion(AskedStudy):
    """A question about the file on a page, and the curve that is dragged there, empty where none is."""

    question: str = Field(max_length=40)
    design: str = Field(default="", max_length=200)
    truth: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(default=(), max_length=100)


class AskedDurations(AskedStudy):
    """The file on a page, the curve that is dragged there, where it was begun from, and the designs that are shown."""

    designs: tuple[Annotated[str, Field(max_length=200)], ...] = Field(max_length=100)
    truth: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(min_length=1, max_length=100)
    scenario: str = Field(default="", max_length=200)


class AskedConduct(AskedStudy):
    """The study on a page, and a trial's data: patients as CSV, or outcomes, or neither."""

    design: str = Field(default="", max_length=200)
    patients: str = Field(default="", max_length=400_000)
    outcomes: str = Field(default="", max_length=20_000)
    date: str = Field(default="", max_length=20)
    log: str | None = Field(default=None, max_length=1_000_000)
    """The log to which the answer is added; "" begins one, None adds it to none."""
    verify: bool = False
    """Verify the log against the data instead, and add nothing to it."""


def asked(body: bytes, model: type[Model]) -> Model:
    """Read a request.

    Raises
    ------
    BadRequest
    """
    try:
        told = json.loads(body)
        if b"\\u" in body:
            json.dumps(told, ensure_ascii=False).encode()  # halves of characters cannot be sent back
        return model.model_validate(told)
    except ValidationError as error:
        raise BadRequest(_too_long(error) or _FOREIGN) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(_FOREIGN) from error


def _too_long(error: ValidationError) -> str:
    """Say which text of a request has more characters than are taken; "" where none has."""
    for each in error.errors():
        if each["type"] == "string_too_long":
            what = {"text": "the file", "log": "the log"}.get(
                str(each["loc"][0]), f"what is given as {each['loc'][-1]}"
            )
            return f"{what} has more than {each['ctx']['max_length']:,} characters, the most that the app takes"
    return ""


def edits_of(data: Any, asked_edits: Sequence[AskedEdit]) -> list[Edit]:
    """Return the changes that are asked for.

    Parameters
    ----------
    data : object
        The file's content before them.
    asked_edits : sequence of AskedEdit

    Raises
    ------
    BadRequest
        If a design or rule is added that does not exist.
    """
    found = []
    for each in asked_edits:
        value: Any = None
        if each.kind in ("design", "rule"):
            value = _example(each.value, each.kind)
            if each.kind == "design":
                value = {**value, "name": _new_name(each.value, data, "designs")}
        elif each.kind == "scenario":
            value = _scenario(data, typed(each.value, "list"))
        elif each.kind != "remove":
            value = typed(each.value, each.kind)
        found.append(Edit(each.path, value))
    return found


def _example(name: str, group: str) -> dict[str, Any]:
    """Return an entry of a type with what it must be given, as ``doseesc explain`` shows it."""
    topic = known_topics().get(name)
    if topic is None or topic.group != group:
        raise BadRequest(f"there is no {group} {name}")
    needed = {each.name for each in topic.parameters if not each.default} | {"name", "type"}
    entry = source_of("", topic.example.encode()).data["designs"][0]
    if group == "rule":
        entry = entry["rules"][0]
    return {key: value for key, value in entry.items() if key in needed}


def _scenario(data: Any, curve: Any) -> dict[str, Any]:
    """Return a new scenario: with a curve, or that of the last one that lists its probabilities."""
    entries = data.get("scenarios") if isinstance(data, Mapping) else None
    listed = [each for each in entries or () if isinstance(each, dict) and "dlt" in each]
    doses = data.get("doses") if isinstance(data, Mapping) else None
    amounts = doses.get("amounts") if isinstance(doses, dict) else None
    count = len(amounts) if isinstance(amounts, list) else 3
    dlt = listed[-1]["dlt"] if listed else [round(0.5 * (k + 1) / (count + 1), 2) for k in range(count)]
    return {"name": _new_name("new", data, "scenarios"), "dlt": dlt if curve is None else curve}


def _new_name(wanted: str, data: Any, key: str) -> str:
    entries = data.get(key) if isinstance(data, Mapping) else None
    taken = {str(each.get("name")) for each in entries or () if isinstance(each, dict)}
    names = (wanted, *(f"{wanted[: _LONGEST - 5]} {number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)
