"""Rules by name, and what is said of a name that nobody has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from designs import rules as _rules

T = TypeVar("T")

_RULES: dict[str, type[_rules.Rule]] = {
    rule.__name__: rule
    for rule in (
        _rules.NoSkipping,
        _rules.CoherentEscalation,
        _rules.CoherentDeescalation,
        _rules.GlobalCoherence,
        _rules.MaximumIncrement,
        _rules.HardSafety,
        _rules.StopTooToxic,
        _rules.TryRescueDose,
        _rules.StopAtRecommended,
        _rules.StopAtDose,
        _rules.StopWhenStaying,
        _rules.StopWhenRepeated,
        _rules.StopWhenPrecise,
        _rules.MinimumPatients,
        _rules.AllOf,
        _rules.AnyOf,
        _rules.MinimumAtMTD,
        _rules.SelectTried,
        _rules.SentinelAtNewDose,
        _rules.CohortSizeByLevel,
        _rules.CohortSizeByDLTs,
        _rules.FollowPath,
        _rules.AcceleratedTitration,
    )
}


class UnknownName(ValueError):
    """No design or rule has this name; ``nearest`` is the likeliest one meant, or None."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        by_lower = {item.lower(): item for item in known}
        close = get_close_matches(name.lower(), list(by_lower), n=1)
        self.nearest = by_lower[close[0]] if close else None
        hint = f"; did you mean {self.nearest}?" if self.nearest else ""
        super().__init__(f"{kind} {name!r} is not known{hint} (known: {', '.join(known)})")


def rule_names() -> list[str]:
    """Return the names of all rules."""
    return list(_RULES)


def rule_class(name: str) -> type[_rules.Rule]:
    """Return the rule of a name, in any case.

    Raises
    ------
    UnknownName
        If there is none; it suggests the nearest name.
    """
    return known_by("rule", name, _RULES)


def known_by(kind: str, name: str, things: Mapping[str, T]) -> T:
    """Return the thing of a name, in any case.

    Raises
    ------
    UnknownName
        If there is none; it suggests the nearest name.
    """
    found = called(name, things)
    if found is None:
        raise UnknownName(kind, name, list(things))
    return found


def called(name: str, things: Mapping[str, T], read: Callable[[str], str] = str.lower) -> T | None:
    """Return the thing whose name reads the same; None if there is none."""
    return next((each for known, each in things.items() if read(known) == read(name)), None)
