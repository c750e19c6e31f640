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


def require_positive(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is a number above 0."""
    if require_number(name, value) <= 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")


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


def require_numbers(name: str, values: object, length: int) -> tuple[float, ...]:
    """Return ``length`` finite numbers as a tuple of floats; raise ValueError unless they are that."""
    given = list(values) if isinstance(values, tuple | list | np.ndarray) else []
    if len(given) != length:
        raise ValueError(f"{name} must be a list of {length} numbers, not {values!r}")
    return tuple(require_number(name, value) for value in given)


def require_amounts(name: str, values: object) -> tuple[float, ...]:
    """Return dose amounts as a tuple of floats; raise ValueError unless they are positive and strictly increase."""
    given = list(values) if isinstance(values, tuple | list | np.ndarray) else []
    if not given:
        raise ValueError(f"{name} must be a list of dose amounts, not {values!r}")
    amounts = tuple(require_number(name, value) for value in given)
    if amounts[0] <= 0 or not (np.diff(amounts) > 0).all():
        raise ValueError(f"{name} must be positive and strictly increasing, not {list(amounts)}")
    return amounts


def increasing_probabilities(name: str, values: object) -> tuple[float, ...]:
    """Return probabilities as a tuple; raise ValueError unless they lie in (0, 1) and strictly increase."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a list of probabilities, not {values!r}") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a list of probabilities, not {values!r}")
    numbers = tuple(float(value) for value in array)
    if not ((array > 0) & (array < 1)).all():
        raise ValueError(f"{name} must lie between 0 and 1, not {list(numbers)}")
    if not (np.diff(array) > 0).all():
        raise ValueError(f"{name} must be strictly increasing, not {list(numbers)}")
    return numbers
