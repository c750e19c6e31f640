"""Numbers in words, what is said of events without the drug, and of a design that says nothing of itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any, cast


def percent(probability: float) -> str:
    """Write a probability as a percentage.

    Examples
    --------
    >>> percent(0.25), percent(0.3545)
    ('25 %', '35.45 %')
    """
    return f"{100 * probability:.4g} %"


def listed(values: Iterable[float]) -> str:
    """Write numbers in a row, to three digits.

    Examples
    --------
    >>> listed((0.15674, 0.25))
    '0.157, 0.25'
    """
    return ", ".join(f"{value:.3g}" for value in values)


def floor_sentence(floor: float, floor_prior: tuple[float, float] | None) -> str:
    """Say, with a space before it, what is assumed of events without the drug; nothing where there are none."""
    if floor_prior is not None:
        return (
            f" DLT-like events without the drug have an unknown probability with prior Beta({floor_prior[0]:g}, "
            f"{floor_prior[1]:g}); estimates are the drug's own."
        )
    if floor > 0:
        assumed = f"DLT-like events without the drug are taken to have probability {percent(floor)}"
        return f" {assumed}; estimates are the drug's own."
    return ""


def described_by_fields(design: object, usual: Collection[str]) -> str:
    """Return the first line of a dataclass's documentation, and its parameters but for the ``usual`` ones."""
    name = type(design).__name__
    first = ((type(design).__doc__ or "").strip().splitlines() or [""])[0]
    if not first or first.startswith(f"{name}("):  # what dataclasses write where there is no documentation
        first = f"The design {name}."
    values = {each.name: getattr(design, each.name) for each in fields(cast("Any", design)) if each.name not in usual}
    shown = ", ".join(f"{name} = {value}" for name, value in values.items() if value is not None)
    return f"{first} Parameters: {shown}." if shown else first
