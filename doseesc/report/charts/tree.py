"""A tree of decisions that grows to the right: what follows each outcome of the next cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doseesc.report.charts.svg import escaped, fitting, folded, picture, tag, tips, width_of, words

_ROW, _HEAD, _BOX, _LINE = 25.0, 24.0, 19.0, 11.5
_EDGE, _SHORT_EDGE = 62.0, 30.0  # pixels for the words on a line, and for their numbers alone
_ROOMY = 150.0  # pixels of a column that has room for words


@dataclass(frozen=True)
class Branch:
    """A decision in a tree.

    Attributes
    ----------
    number : int
        Its node, by which a page knows it.
    parent : int
        Place of the branch before in the sequence; -1 for the first.
    outcome : str
        The DLTs, written on the line that leads to it.
    text : str
    fill, ink : str
        Colours; ``fill`` empty: no box, the trial has ended.
    chance : float
        Its probability, which the line's width shows.
    share : str
        Written at the right of an end; empty for none.
    tip : str
    shorter : tuple of str
        What to write where there is no room for ``text``, each shorter than the one before.
    """

    number: int
    parent: int
    outcome: str
    text: str
    fill: str
    ink: str
    chance: float
    share: str
    tip: str
    shorter: tuple[str, ...] = ()


def decision_tree(branches: Sequence[Branch], heads: Sequence[str], *, width: float, alt: str) -> str:
    """Draw a tree; a parent comes before its children, and those stand in order.

    Parameters
    ----------
    branches : sequence of Branch
    heads : sequence of str
        Above the columns, one for each step, and above the shares.
    width : float
        Pixels.
    alt : str
        What is to be seen.
    """
    depth = [0] * len(branches)
    for place, each in enumerate(branches):
        depth[place] = 0 if each.parent < 0 else depth[each.parent] + 1
    steps = max(depth) + 1
    share = max(width_of(each.share, 11) for each in branches) + 10 if any(each.share for each in branches) else 0.0
    column = (width - share - 2) / steps
    edge = _EDGE if column >= _ROOMY else _SHORT_EDGE
    box = column - edge
    heights, rows = _heights(branches)
    at = [k * column for k in range(steps)]
    inside = [
        words(x + box / 2, 13, fitting(head, column - 4, 11), "middle", "small soft")
        for x, head in zip(at, heads, strict=False)
    ]
    if share and len(heads) > steps:
        inside.append(words(width, 13, heads[-1], "end", "small soft"))
    lines, boxes = [], []
    for place, each in enumerate(branches):
        x, y = at[depth[place]], _HEAD + _ROW * (heights[place] + 0.5)
        if each.parent >= 0:
            before = at[depth[each.parent]] + box, _HEAD + _ROW * (heights[each.parent] + 0.5)
            lines.append(_edge(each, before, (x, y), " DLT" if edge == _EDGE else ""))
        boxes.append(_box(each, x, y, box if each.fill else width - share - x - 2))
        if each.share:
            boxes.append(words(width, y + 4, each.share, "end", "small soft"))
    return picture(width, _HEAD + _ROW * rows + 2, [*inside, *lines, *boxes], alt, "tree")


def _heights(branches: Sequence[Branch]) -> tuple[list[float], int]:
    """Return the row of each branch, ends one below the other and others in the middle of theirs, and the rows."""
    children: list[list[int]] = [[] for _ in branches]
    for place, each in enumerate(branches):
        if each.parent >= 0:
            children[each.parent].append(place)
    heights, rows = [0.0] * len(branches), 0

    def settle(place: int) -> None:
        nonlocal rows
        if not children[place]:
            heights[place], rows = float(rows), rows + 1
            return
        for child in children[place]:
            settle(child)
        heights[place] = (heights[children[place][0]] + heights[children[place][-1]]) / 2

    settle(0)
    return heights, rows


def _edge(each: Branch, start: tuple[float, float], goal: tuple[float, float], unit: str) -> str:
    middle = start[0] + 0.45 * (goal[0] - start[0])
    ends = f"{middle:.1f} {start[1]:.1f} {middle - 6:.1f} {goal[1]:.1f} {goal[0]:.1f} {goal[1]:.1f}"
    look = {"class": "edge", "style": f"stroke-width:{1 + 5 * each.chance**0.5:.1f}"}
    path = tag("path", {"d": f"M{start[0]:.1f} {start[1]:.1f}C{ends}", **look})
    return path + words(goal[0] - 4, goal[1] + 4, f"{each.outcome}{unit}", "end", "small halo")


def _box(each: Branch, x: float, y: float, width: float) -> str:
    frame: dict[str, object] = {"x": x, "y": y - _BOX / 2, "width": width, "height": _BOX}
    if not each.fill:
        told = _said(each, width - 4, lines=2)
        first = y + 4 - _LINE / 2 * (len(told) - 1)
        inside = [words(x + 2, first + _LINE * place, part, "", "small") for place, part in enumerate(told)]
        return tag(
            "g",
            {"class": "node end", "data-node": each.number},
            *tips(each.tip),
            tag("rect", {**frame, "class": "ground"}),
            *inside,
        )
    look = {**frame, "rx": 4, "class": "part", "style": f"fill:{each.fill}"}
    place = {"x": x + width / 2, "y": y + 4, "text-anchor": "middle", "class": "small", "style": f"fill:{each.ink}"}
    written = tag("text", place, escaped(_said(each, width - 4, lines=1)[0]))
    return tag("g", {"class": "node", "data-node": each.number}, *tips(each.tip), tag("rect", look), written)


def _said(each: Branch, width: float, lines: int) -> list[str]:
    """Return the longest text of a branch that fits; the shortest, cut, where none does."""
    told = [folded(text, width, 11, most=lines) for text in (each.text, *each.shorter)]
    return next((parts for parts in told if not any(part.endswith("…") for part in parts)), told[-1])
