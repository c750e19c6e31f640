"""Argument checks shared by designs and rules; every message begins with the argument's name."""

from __future__ import annotations

import numpy as np


def require_whole(name: str, value: object, least: int) -> None:
    """Raise ValueError unless ``value`` is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {value!r}")


def require_number(name: str, value: object) -> float:
    """Return ``value`` as a float; raise ValueError unless it is a finite real number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not np.isfinite(value):
        raise ValueError(f"{name} must be a number, not {value!r}")
    return float(value)


def require_probability(name: str, value: object, *, closed: bool = False) -> None:
    """Raise ValueError unless ``value`` lies in (0, 1), or in [0, 1] where ``closed``."""
    number = require_number(name, value)
    if not (0 <= number <= 1 if closed else 0 < number < 1):
        raise ValueError(f"{name} must lie {'in [0, 1]' if closed else 'between 0 and 1'}, not {value!r}")


def require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")


def require_flag(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, not {value!r}")
