"""Values and sentences as R reads them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

import numpy as np

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


def r_value(value: object) -> str:
    r"""Return a number, text, truth value or sequence of them as R writes it, all digits kept.

    Raises
    ------
    TypeError
        If R has no way to write it here.

    Examples
    --------
    >>> r_value((0.05, 1 / 3)), r_value('a "name"'), r_value(True), r_value(5e-05)
    ('c(0.05, 0.3333333333333333)', '"a \\"name\\""', 'TRUE', '5e-05')
    """
    if isinstance(value, bool | np.bool_):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, float | np.floating):
        number = float(value)
        if not math.isfinite(number):
            raise TypeError(f"{number} is no number to write")
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPED)}"'
    if isinstance(value, Iterable):
        return f"c({', '.join(r_value(each) for each in value)})"
    raise TypeError(f"{type(value).__name__} cannot be written in R")


def comment_lines(sentence: str, width: int = 112) -> list[str]:
    """Return a sentence as lines short enough for comments.

    Examples
    --------
    >>> comment_lines("The dose goes up.")
    ['The dose goes up.']
    """
    return textwrap.wrap(" ".join(sentence.split()), width)
