"""What doseesc must do, as data: requirements with their risk, and the comparisons that show that they are met."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import Any

from doseesc.validation.comparing import Comparison
from doseesc.validation.golden_numbers import source_of

_DATA = re.compile(r"\S+\.(json|yaml) \S+")
"""How a part of a file of reference numbers is written."""

RISKS = ("high", "medium", "low")
"""High: a wrong dose could be given.  Medium: a wrong design or number of patients could be chosen.  Low: the rest."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A comparison that can be made.

    Attributes
    ----------
    name : str
        File and function of :mod:`doseesc.validation.cases`, such as ``"boin.boundaries"``.
    what : str
        What it does, in a sentence.
    against : tuple of str
        Papers, packages with their versions, or the other way of computing it.
    quick : bool
        Whether ``--quick`` makes it, too.
    compiles : bool
        Whether it needs functions that are compiled at first use, for longer than all that is quick may take;
        ``--quick`` has Python read them uncompiled.
    """

    name: str
    what: str
    against: tuple[str, ...]
    quick: bool = False
    compiles: bool = False

    def compare(self) -> Comparison:
        """Make the comparison."""
        file, _, function = self.name.partition(".")
        found: Callable[[], Comparison] = getattr(import_module(f"doseesc.validation.cases.{file}"), function)
        return found()


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A requirement.

    Attributes
    ----------
    id : str
        Its number.
    text : str
    risk : str
        Of :data:`RISKS`.
    covers : tuple of str
        Designs, rules, commands and sections of the scenario file that it is about, such as ``"design BOIN"``.
    cases : tuple of Case
    """

    id: str
    text: str
    risk: str
    covers: tuple[str, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """Where another program is known to differ, and why ours stays as it is."""

    id: str
    text: str


def requirements() -> tuple[Requirement, ...]:
    """Return all requirements, in their order.

    Examples
    --------
    >>> requirements()[0].risk
    'high'
    """
    document = _document()
    known = {name: _case(name, entry) for name, entry in document["cases"].items()}
    return tuple(
        Requirement(
            id=row["id"],
            text=_line(row["text"]),
            risk=row["risk"],
            covers=tuple(row.get("covers", ())),
            cases=tuple(known[name] for name in row["cases"]),
        )
        for row in document["requirements"]
    )


def all_cases() -> tuple[Case, ...]:
    """Return every comparison once, in the order of the file."""
    return tuple(_case(name, entry) for name, entry in _document()["cases"].items())


def known_deviations() -> tuple[Deviation, ...]:
    """Return the known differences from other programs."""
    return tuple(Deviation(id=row["id"], text=_line(row["text"])) for row in _document()["deviations"])


def _document() -> Any:
    from ruamel.yaml import YAML

    text = (files("doseesc.validation") / "requirements.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe", pure=True).load(text)


def _case(name: str, entry: Mapping[str, Any]) -> Case:
    against = [source_of(*each.split()) if _DATA.fullmatch(each) else _line(each) for each in entry["against"]]
    known = {word: entry.get(word, False) for word in ("quick", "compiles")}
    return Case(name=name, what=_line(entry["what"]), against=tuple(against), **known)


def _line(text: str) -> str:
    """Return a folded text on one line."""
    return " ".join(str(text).split())
