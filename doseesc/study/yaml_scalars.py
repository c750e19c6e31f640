"""What an unquoted YAML scalar stands for, by the core schema of YAML 1.2.

So ``no`` is a word and not false, and a date is text.
"""

from __future__ import annotations

import re

_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_INT = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_MAX_DIGITS = 300  # more digits make no number of doses, patients or probabilities


def plain_value(text: str) -> str | int | float | bool | None:
    """Return what an unquoted YAML scalar stands for.

    Raises
    ------
    OverflowError
        If it is a whole number of absurdly many digits.

    Examples
    --------
    >>> [plain_value(text) for text in ("18", "0.25", "1e8", "3+3", "true", "no", "~", "2020-11-30", ".inf")]
    [18, 0.25, 100000000.0, '3+3', True, 'no', None, '2020-11-30', inf]
    """
    if text in _WORDS:
        return _WORDS[text]
    decimal = _INT.fullmatch(text)
    if decimal or _OTHER_INT.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise OverflowError(text)
        return int(text, 10 if decimal else 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if infinite := _INFINITE.fullmatch(text):
        return float(infinite[1] + "inf")
    return float("nan") if text in (".nan", ".NaN", ".NAN") else text
