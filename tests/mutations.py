"""Texts that people might give instead of the right ones: values, keys, lines and characters changed at random."""

import math
import random
import re

VALUES = (
    "", "0", "-1", "1", "2", "0.5", "1.5", "-0.0", "1e-300", "1e300", "1e999", ".inf", "-.inf", ".nan", "nan",
    "2147483648", "4611686018427387904", "9" * 400, "9" * 5000, "0x10", "0o17", "1_000", "1:30", "25 %",
    "25%", "0,25", "1/4", "true", "no", "null", "~", "''", '" "', "low", "Low", "MTD", "CRM", "3+3", "=1+1",
    "@x", "-x", "x" * 300, "é", "\u202e", "\u200b", "[]", "{}", "[[]]", "[0.1]", "[0.1, 0.25]",
    "[0.45, 0.25, 0.1]", "[.nan, 0.2, 0.3]", "[1e-300, 0.2, 1]", "{a: 1}", "{type: x}", "{type: NoSkipping}",
    "[{type: NoSkipping}]", "{halfwidth: 0.05, prior_mtd: 2}", "2020-11-30", "!!float 1", "&a 1", "*a", "|",
    ">", "- 1", "? x", "[" * 40 + "]" * 40, "/dev/zero", "../x.csv", "\\0", '"\\0"', '"\\x1b[31m"', "\x1b",
)  # fmt: skip
CHARACTERS = "abz019 \t\n:,-[]{}#&*!|>'\"%@`\\\x00\x07\x1b\x7f\u0085\u2028\ufeff\U0001f600é=+/._~"
_SCALAR = re.compile(r"(?<=[:\[,] )[^\s,\[\]{}#:][^,\[\]{}#\n]*|(?<=\[)[^,\[\]{}#\n]+")
_KEY = re.compile(r"\b[a-z_0-9]+(?=:)")


def mutated(text, rng, values=VALUES):
    """Return a text with one to four changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        text = rng.choice((_value, _value, _value, _value, _key, _lines, _lines, _characters, _cut))(text, rng, values)
    return text


def _place(pattern, text, rng):
    found = list(pattern.finditer(text))
    return rng.choice(found) if found else None


def _value(text, rng, values):
    place = _place(_SCALAR, text, rng)
    if place is None:
        return text
    new = rng.choice(values) if rng.random() < 0.8 else _number(place[0], rng)
    return text[: place.start()] + new + text[place.end() :]


def _number(old, rng):
    """Return a number like the old one, or one of any size."""
    try:
        near = float(old) * rng.choice((-1, 0.1, 0.5, 1.001, 2, 10, 1000))
    except ValueError:
        near = 10 ** rng.uniform(-12, 12)
    return repr(int(near)) if rng.random() < 0.4 and math.isfinite(near) else repr(near)


def _key(text, rng, values):
    place, other = _place(_KEY, text, rng), _place(_KEY, text, rng)
    if place is None:
        return text
    new = rng.choice((other[0], place[0][:-1], place[0] + "s", place[0].upper(), "x", "<<", "1", "type", ""))
    return text[: place.start()] + new + text[place.end() :]


def _lines(text, rng, values):
    lines = text.split("\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        del lines[first : first + rng.choice((1, 1, 1, 5, 30))]
    elif how == 1:
        lines.insert(second, lines[first])
    elif how == 2:
        lines[first], lines[second] = lines[second], lines[first]
    elif how == 3:
        lines[first] = rng.choice(("  ", "\t", "- ", "    ")) + lines[first]
    else:
        lines[first] = lines[first].lstrip()
    return "\n".join(lines)


def _characters(text, rng, values):
    for _ in range(rng.choice((1, 2, 5))):
        place = rng.randrange(len(text) + 1)
        text = text[:place] + rng.choice(CHARACTERS) + text[place + rng.randrange(2) :]
    return text


def _cut(text, rng, values):
    place = rng.randrange(len(text) + 1)
    return text[:place] if rng.random() < 0.5 else text[place : place + rng.randrange(2000)]


def seeded(*names):
    """Return a generator of its own for each name."""
    return random.Random("/".join(names))
