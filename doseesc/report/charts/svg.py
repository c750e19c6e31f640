"""What charts are written with: elements, words, axes.  Texts are escaped; colours come from classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

_THIN, _WIDE = 0.34, 0.97  # of the size of the letters, in the widest of the usual fonts, DejaVu Sans
_CAPITAL, _OTHERS = 0.7, 0.62
_THIN_LETTERS, _WIDE_LETTERS = frozenset("iljftrI.,:;'!|()[] -/"), frozenset("mMwW%")
SIZE = 12
BOLD = 13.2
"""Pixels of the letters; ``small`` ones have 11, and nothing has less."""

_MARKERS = (
    "M0-5A5 5 0 1 1 0 5A5 5 0 1 1 0-5Z",
    "M-4.4-4.4H4.4V4.4H-4.4Z",
    "M0-5.6L5.4 4.2H-5.4Z",
    "M0-6L6 0L0 6L-6 0Z",
    "M0 5.6L5.4-4.2H-5.4Z",
    "M-1.8-5.4H1.8V-1.8H5.4V1.8H1.8V5.4H-1.8V1.8H-5.4V-1.8H-1.8Z",
    "M0-6L5.7-1.9L3.5 4.9H-3.5L-5.7-1.9Z",
    "M-5.4-3.1L0-6.2L5.4-3.1V3.1L0 6.2L-5.4 3.1Z",
)
_OTHER = "M0-3A3 3 0 1 1 0 3A3 3 0 1 1 0-3Z"
_TIED = "\N{NO-BREAK SPACE}"


def tag(name: str, attributes: Mapping[str, object], *inside: str) -> str:
    """Return an element; what is inside is markup already, attributes are escaped, and None leaves one out."""
    written = "".join(
        f' {key}="{escape(_number(value))}"' for key, value in attributes.items() if value is not None and value != ""
    )
    return f"<{name}{written}>{''.join(inside)}</{name}>" if inside else f"<{name}{written}/>"


def _number(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def words(x: float, y: float, text: str, anchor: str = "", kind: str = "") -> str:
    """Return a line of text; ``anchor`` is "middle" or "end", ``kind`` its classes."""
    return tag("text", {"x": float(x), "y": float(y), "text-anchor": anchor, "class": kind}, escape(text))


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """Return a straight line."""
    return tag("path", {"d": f"M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}", "class": kind})


def rectangle(x: float, y: float, width: float, height: float, look: Mapping[str, object], tip: str = "") -> str:
    """Return a rectangle with a tip."""
    place = {"x": float(x), "y": float(y), "width": float(max(width, 0)), "height": float(height)}
    return tag("rect", {**place, **look}, *tips(tip))


def tips(tip: str) -> tuple[str, ...]:
    """Return what a browser shows where the pointer rests."""
    return (f"<title>{escape(tip)}</title>",) if tip else ()


def marker(x: float, y: float, place: int | None, tip: str = "") -> str:
    """Return the marker of the design with this place in the palette; None: one of the others, small and grey."""
    path, kind = (_OTHER, "other") if place is None else (_MARKERS[place % len(_MARKERS)], f"mark c{place}")
    return tag("path", {"d": path, "transform": f"translate({x:.1f} {y:.1f})", "class": kind}, *tips(tip))


def width_of(text: str, size: float = SIZE) -> float:
    """Return how wide a text is, about and rather more than less, in pixels; bold ones need the size ``BOLD``.

    Examples
    --------
    >>> width_of("Will", 10), width_of("CRM", 10)
    (19.9, 23.7)
    """
    return round(size * sum(map(_letter, text)), 1)


def _letter(letter: str) -> float:
    if letter in _THIN_LETTERS:
        return _THIN
    if letter in _WIDE_LETTERS:
        return _WIDE
    return _CAPITAL if letter.isupper() else _OTHERS


def fitting(text: str, width: float, size: float = SIZE) -> str:
    """Return a text, cut to what fits into a width."""
    if width_of(text, size) <= width:
        return text
    most = len(text) - 1
    while most > 1 and width_of(text[:most], size) + size > width:
        most -= 1
    return text[:most].rstrip() + "…"


def folded(text: str, width: float, size: float = SIZE, most: int | None = None) -> list[str]:
    """Return a text in lines that fit into a width; what does not fit into a word's or the last line is cut.

    Parameters
    ----------
    text : str
    width : float
    size : float
    most : int, optional
        Lines at most; by default as many as it takes.

    Examples
    --------
    >>> folded("at most 75 % in S7", 60, 10)
    ['at most', '75 % in S7']
    >>> folded("no dose selected (no safe dose at all)", 110, 11, most=2)
    ['no dose selected', '(no safe dose at…']
    """
    lines: list[str] = []
    for word in text.replace(" %", f"{_TIED}%").split(" "):
        word = word.replace(_TIED, " ")  # a number stays with its percent sign
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and (width_of(longer, size) <= width or len(lines) == most):
            lines[-1] = longer
        else:
            lines.append(word)
    return [fitting(line, width, size) for line in lines]


def spread(places: Sequence[float], widths: Sequence[float], low: float, high: float) -> list[float]:
    """Move labels apart that would overlap, as little as may be, within limits.

    Parameters
    ----------
    places : sequence of float, length K
        Where the middle of each would be.
    widths : sequence of float, length K
    low, high : float

    Examples
    --------
    >>> spread([50, 52, 90], [20, 20, 20], 0, 100)
    [41.0, 61.0, 90.0]
    """
    order = sorted(range(len(places)), key=lambda each: places[each])
    blocks: list[list[int]] = []
    starts: list[float] = []
    for each in order:
        blocks.append([each])
        starts.append(_start(blocks[-1], places, widths, low, high))
        while len(blocks) > 1 and starts[-2] + sum(widths[k] for k in blocks[-2]) > starts[-1]:
            merged = blocks[-2] + blocks[-1]
            blocks[-2:], starts[-2:] = [merged], [_start(merged, places, widths, low, high)]
    found = list(places)
    for block, start in zip(blocks, starts, strict=True):
        at = start
        for each in block:
            found[each] = at + widths[each] / 2
            at += widths[each]
    return found


def _start(block: Sequence[int], places: Sequence[float], widths: Sequence[float], low: float, high: float) -> float:
    """Return where a block of touching labels starts so that they lie nearest their places on average."""
    whole, before, total = sum(widths[k] for k in block), 0.0, 0.0
    for each in block:
        total += places[each] - before - widths[each] / 2
        before += widths[each]
    return max(low, min(total / len(block), high - whole))


def picture(width: float, height: float, inside: Sequence[str], alt: str, kind: str = "") -> str:
    """Return a whole chart; ``alt`` says what is to be seen in it."""
    look = {"viewBox": f"0 0 {width:.0f} {height:.0f}", "class": f"chart {kind}".strip(), "role": "img"}
    return tag("svg", {**look, "style": f"--w:{width:.0f}px", "aria-label": alt}, *inside)


def ticks(top: float, most: int = 5) -> list[float]:
    """Return round numbers from 0 to a top: no more than so many, and two at least, without which there is no scale.

    Examples
    --------
    >>> ticks(100), ticks(18), ticks(0.7), ticks(40, most=2)
    ([0.0, 25.0, 50.0, 75.0, 100.0], [0.0, 5.0, 10.0, 15.0], [0.0, 0.2, 0.4, 0.6], [0.0, 25.0])
    """
    below = float(top)
    for step in (1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 5000):
        if step > top + 1e-9:
            return [0.0, below * int(top / below + 1e-9)]
        if top / step <= most - 1 + 1e-9:
            return [float(round(step * place, 10)) for place in range(int(top / step + 1e-9) + 1)]
        below = float(step)
    return [0.0, float(top)]


def escaped(text: str) -> str:
    """Return a text as markup shows it."""
    return escape(text)
