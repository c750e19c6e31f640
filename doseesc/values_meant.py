"""The number, list or flag that a value of the wrong kind was meant to be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER = re.compile(r"-?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}([,_' \u00a0][0-9]{3})+")
_TRUE = ("yes", "y", "on", "true", "t", "1", "1.0")
_FALSE = ("no", "n", "off", "false", "f", "0", "0.0")


def number_meant(value: Any) -> tuple[int | float, str] | None:
    """Return the number that a text was meant to be, and the kind of slip; None where it is none.

    Examples
    --------
    >>> number_meant("0,25"), number_meant("10 000"), number_meant("40 mg"), number_meant("1/4"), number_meant("high")
    ((0.25, 'decimal comma'), (10000, 'thousands'), (40, 'unit'), (0.25, 'fraction'), None)
    >>> number_meant("0.25 // as the registry says")
    (0.25, 'comment')
    """
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], int | float):
        return value[0], "list"
    if not isinstance(value, str):
        return None
    text = value.strip().replace("−", "-").replace("–", "-")
    if text.lower() in _WORDS:
        return _WORDS.index(text.lower()), "word"
    if _NUMBER.fullmatch(text):
        return _number(text), "quotes"
    if _THOUSANDS.fullmatch(text):
        return _number(re.sub(r"[,_' \u00a0]", "", text)), "thousands"
    if re.fullmatch(r"-?[0-9]*,[0-9]+", text):
        return _number(text.replace(",", ".")), "decimal comma"
    if re.fullmatch(r"[0-9_]+", text):
        return _number(text.replace("_", "")), "thousands"
    parts = re.fullmatch(r"([0-9.]+)\s*/\s*([0-9.]+)", text)
    if parts and all(_NUMBER.fullmatch(each) for each in parts.groups()) and float(parts[2]):
        return _number(f"{float(parts[1]) / float(parts[2]):.6g}"), "fraction"
    commented = re.fullmatch(rf"({_NUMBER.pattern})\s*//.*", text)
    if commented:
        return _number(commented[1]), "comment"
    with_unit = re.fullmatch(rf"({_NUMBER.pattern})\s*([A-Za-zµμ][^,;]*)", text)
    return (_number(with_unit[1]), "unit") if with_unit else None


def numbers_meant(value: Any) -> list[int | float] | None:
    """Return the numbers that one text was meant to list; None where it is no list of numbers.

    Examples
    --------
    >>> numbers_meant("10, 20, 40"), numbers_meant("0.1 0.2 0.3"), numbers_meant("0,1"), numbers_meant("low, high")
    ([10, 20, 40], [0.1, 0.2, 0.3], None, None)
    """
    if not isinstance(value, str):
        return None
    parts = [part for part in re.split(r"[;\s]+|,\s+|,(?=[^,]*,)", value.strip("()[] ")) if part]
    if len(parts) < 2 or not all(_NUMBER.fullmatch(part.rstrip(",")) for part in parts):
        return None
    return [_number(part.rstrip(",")) for part in parts]


def flag_meant(value: Any) -> bool | None:
    """Return the flag that a value was meant to be; None where it is none.

    Examples
    --------
    >>> flag_meant("yes"), flag_meant(0), flag_meant("maybe")
    (True, False, None)
    """
    word = str(value).strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


def with_whole_numbers(value: Any) -> Any:
    """Return a value whose numbers without a fraction are whole numbers, as 1e3 is, in lists and mappings too.

    Examples
    --------
    >>> with_whole_numbers([1e3, 0.5, "1.0"])
    [1000, 0.5, '1.0']
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, list):
        return [with_whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_whole_numbers(item) for key, item in value.items()}
    return value


def with_whole_numbers_at(data: Any, places: Iterable[tuple[int | str, ...]]) -> Any:
    """Return data with numbers without a fraction at some places made whole; the data themselves where there are none.

    Examples
    --------
    >>> with_whole_numbers_at({"a": 1e3, "b": [2.0, 2.5]}, [("a",), ("b", 1)])
    {'a': 1000, 'b': [2.0, 2.5]}
    """
    for place in places:
        data = _whole_at(data, place)
    return data


def _whole_at(data: Any, place: tuple[int | str, ...]) -> Any:
    if not place:
        whole = with_whole_numbers(data)
        return whole if isinstance(data, float) and isinstance(whole, int) else data
    step, rest = place[0], place[1:]
    if isinstance(data, dict) and step in data:
        inner = _whole_at(data[step], rest)
        return data if inner is data[step] else {**data, step: inner}
    if isinstance(data, list) and isinstance(step, int) and step < len(data):
        inner = _whole_at(data[step], rest)
        return data if inner is data[step] else [*data[:step], inner, *data[step + 1 :]]
    return _whole_at(data, rest)  # the name of a union's member, which is no key in the data


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number
