"""Argument checks shared by designs and rules; every message begins with the argument's name."""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from designs.arrays import FloatArray

MOST_PATIENTS = 10_000
"""Patients that a trial may have."""

MOST_IN_COHORT = 1_000
"""Patients that a cohort may have."""

MOST_DOSES = 100
"""Dose levels that a design may have."""

AMOUNT_RANGE = 1e-100, 1e100
"""Amounts of a drug, in any unit."""

_BETA_RANGE = 1e-6, 1e6  # beyond, a beta distribution is a point or two in all digits
_LEAST_GUESS = 1e-12  # of a DLT probability
_LONGEST = 80  # characters of a value that a message repeats


def shown(value: object) -> str:
    """Return a value as a message repeats it, cut where it is long.

    Examples
    --------
    >>> shown("x"), shown(10**400)
    ("'x'", '10000000000000000000000000000000000000 ... 0000000000000000000000000000000000000')
    >>> shown([0.1] * 1000)
    '[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0. ... 1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]'
    """
    if isinstance(value, list | tuple | dict | np.ndarray) and len(value) > _LONGEST:
        values = list(value)
        # The beginning and the end are all that is shown of it.
        text = repr([*values[:_LONGEST], *values[-_LONGEST:]])
    else:
        try:
            text = repr(value)
        except ValueError:  # a whole number with thousands of digits
            text = "a whole number of thousands of digits"
    if len(text) <= _LONGEST:
        return text
    half = (_LONGEST - 5) // 2
    return f"{text[: half + 1]} ... {text[-half:]}"


def require_whole(name: str, value: object, least: int, most: int | None = None) -> None:
    """Raise ValueError unless ``value`` is a whole number of at least ``least``, and at most ``most`` if given."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, not {shown(value)}")
    if most is not None and value > most:
        raise ValueError(f"{name} must be at most {most:,}, not {shown(value)}")


def is_number(value: object) -> TypeGuard[int | float | np.number]:
    """Tell whether ``value`` is a real number that is finite as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return False
    try:
        return bool(np.isfinite(float(value)))
    except OverflowError:  # a whole number beyond all floats
        return False


def require_number(name: str, value: object) -> float:
    """Return ``value`` as a float; raise ValueError unless it is a finite real number."""
    if not is_number(value):
        raise ValueError(f"{name} must be a number, not {shown(value)}")
    return float(value)


def require_positive(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is a number above 0."""
    if require_number(name, value) <= 0:
        raise ValueError(f"{name} must be above 0, not {shown(value)}")


def require_within(name: str, value: object, least: float, most: float) -> float:
    """Return ``value`` as a float; raise ValueError unless it is a number from ``least`` to ``most``.

    For bounds beyond which figures would lose their digits, far from what anybody means.
    """
    number = require_number(name, value)
    if not least <= number <= most:
        raise ValueError(f"{name} must lie between {least:g} and {most:g}, not {shown(value)}")
    return number


def require_beta_parameter(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` can be a parameter of a beta distribution, whose figures have digits."""
    require_positive(name, value)
    require_within(name, value, *_BETA_RANGE)


def require_probability(name: str, value: object, *, closed: bool = False) -> None:
    """Raise ValueError unless ``value`` lies in (0, 1), or in [0, 1] where ``closed``."""
    number = require_number(name, value)
    if not (0 <= number <= 1 if closed else 0 < number < 1):
        raise ValueError(f"{name} must lie {'in [0, 1]' if closed else 'between 0 and 1'}, not {shown(value)}")


def require_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {shown(value)}")


def require_flag(name: str, value: object) -> None:
    """Raise ValueError unless ``value`` is True or False."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false, not {shown(value)}")


def require_numbers(name: str, values: object, length: int) -> tuple[float, ...]:
    """Return ``length`` finite numbers as a tuple of floats; raise ValueError unless they are that."""
    given = list(values) if isinstance(values, tuple | list | np.ndarray) else []
    if len(given) != length:
        raise ValueError(f"{name} must be a list of {length} numbers, not {shown(values)}")
    return tuple(require_number(name, value) for value in given)


def require_amounts(name: str, values: object) -> tuple[float, ...]:
    """Return dose amounts as a tuple of floats; raise ValueError unless they are positive and strictly increase."""
    given = list(values) if isinstance(values, tuple | list | np.ndarray) else []
    if not given:
        raise ValueError(f"{name} must be a list of dose amounts, not {shown(values)}")
    _require_few(name, len(given))
    amounts = tuple(require_number(name, value) for value in given)
    if amounts[0] <= 0 or not (np.diff(amounts) > 0).all():
        raise ValueError(f"{name} must be positive and strictly increasing, not {shown(list(amounts))}")
    for amount in (amounts[0], amounts[-1]):
        require_within(name, amount, *AMOUNT_RANGE)
    return amounts


def increasing_probabilities(name: str, values: object) -> tuple[float, ...]:
    """Return probabilities as a tuple; raise ValueError unless they lie in (0, 1) and strictly increase."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be a list of probabilities, not {shown(values)}") from None
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be a list of probabilities, not {shown(values)}")
    _require_few(name, array.size)
    numbers = tuple(float(value) for value in array)
    if not ((array > 0) & (array < 1)).all():
        raise ValueError(f"{name} must lie between 0 and 1, not {shown(list(numbers))}")
    if not ((array >= _LEAST_GUESS) & (array <= 1 - _LEAST_GUESS)).all():
        raise ValueError(f"{name} must be at least {_LEAST_GUESS:g} from both 0 and 1, not {shown(list(numbers))}")
    if not (np.diff(array) > 0).all():
        raise ValueError(f"{name} must be strictly increasing, not {shown(list(numbers))}")
    return numbers


def _require_few(name: str, levels: int) -> None:
    if levels > MOST_DOSES:
        raise ValueError(f"{name} must have at most {MOST_DOSES} values, one per level, not {levels:,}")


def require_matrix(name: str, values: object, kind: str, *, nan: bool = False) -> FloatArray:
    """Return a matrix of numbers, or of ``kind`` "whole numbers"; ``nan`` where unknown ones may be missing.

    Raises
    ------
    ValueError
        If it is none.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold {kind} in rows of the same length, not {values!r}") from None
    if array.ndim != 2:
        raise ValueError(f"{name} must have two axes, trials and places, not {array.ndim}")
    known = array[~np.isnan(array)] if nan else array
    if not np.isfinite(known).all() or (kind == "whole numbers" and (known % 1 != 0).any()):
        raise ValueError(f"{name} must hold {kind}, not {values!r}")
    return array
