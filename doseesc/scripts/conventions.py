"""Differences of conventions between programs that are known, as data: what they touch, and in which designs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).parent / "conventions.yaml"


@dataclass(frozen=True)
class Convention:
    """A difference of conventions.

    Attributes
    ----------
    about : str
        What it is about, in a word or two.
    text : str
        What programs do, and what doseesc does.
    designs : tuple of str
        Types of design; empty: all.
    touches : tuple of str
        Quantities that may differ by it.
    """

    about: str
    text: str
    designs: tuple[str, ...]
    touches: tuple[str, ...]


def conventions(design: str) -> list[Convention]:
    """Return the known differences for a type of design.

    Examples
    --------
    >>> [each.about for each in conventions("3+3")][:2]
    ['variant', 'top dose']
    """
    return [each for each in all_conventions() if not each.designs or design in each.designs]


@lru_cache(maxsize=1)
def all_conventions() -> tuple[Convention, ...]:
    """Return all known differences."""
    from ruamel.yaml import YAML

    listed = YAML(typ="safe", pure=True).load(FILE.read_text(encoding="utf-8"))
    return tuple(
        Convention(
            each["about"], " ".join(each["text"].split()), tuple(each.get("designs", ())), tuple(each["touches"])
        )
        for each in listed
    )
