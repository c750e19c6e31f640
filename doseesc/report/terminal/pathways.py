"""Dose-transition pathways as an indented tree for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.text import Text
from rich.tree import Tree

from designs import Reason
from designs.arrays import IntArray
from designs.rules.base import counted
from doseesc.engines import Pathways
from doseesc.report.words import (
    MOST_PERCENTAGES,
    branches,
    decision_words,
    outcome_words,
    percents,
    start_words,
    weights_of,
)


def pathways_lines(paths: Pathways, truths: Mapping[str, Any], labels: Sequence[str], design: str) -> list[Text | Tree]:
    """Return what it is a tree of, and the tree; arguments as of :func:`pathways_tree`, and the design's name."""
    names = list(truths)
    which = f"lowest to highest of {len(names)} scenarios" if len(names) > MOST_PERCENTAGES else " · ".join(names)
    head = f"{design} · {counted(paths.n_paths, 'path')} over {counted(paths.n_cohorts, 'cohort')}"
    head += f" · in brackets: probability, {which}" if names else ""
    return [Text(head, "bold"), pathways_tree(paths, truths, labels)]


def pathways_tree(
    paths: Pathways, truths: Mapping[str, Any] | None = None, labels: Sequence[str] | None = None
) -> Tree:
    """Return the tree, one line per decision.

    Neighbouring outcomes that end in the same decision share a line.

    Parameters
    ----------
    paths : Pathways
    truths : mapping of str to array, shape (J,)
        True DLT probabilities by the name of their scenario, for the percentages in brackets; of more than four
        scenarios the lowest and the highest.
    labels : sequence of str, length J
        Names of the dose levels; by default their numbers.

    Examples
    --------
    >>> from rich import print
    >>> from designs import BOIN
    >>> from doseesc.engines.pathways import pathways
    >>> paths = pathways(BOIN(target=0.25, n_doses=3, max_n=18), n_cohorts=1)
    >>> print(pathways_tree(paths, {"S": [0.1, 0.25, 0.5]}, labels=["low", "medium", "high"]))
    nobody treated → start at low
    ├── 0 DLT of 3 → escalate to medium (73 %)
    ├── 1–2 DLT of 3 → stay at low (27 %)
    └── 3 DLT of 3 → stop, no dose selected (no safe dose) (0.1 %)
    """
    names = labels or [str(level) for level in range(1, paths.design.n_doses + 1)]
    weights = weights_of(paths, truths or {})
    tree = Tree(_line(start_words(paths), paths, np.array([0]), names), guide_style="dim")
    waiting = [(tree, 0)]
    while waiting:
        branch, node = waiting.pop()
        for group in branches(paths, node):
            line = _line(outcome_words(paths, group), paths, group, names)
            if len(weights):
                line.append(f" ({percents(weights[:, group].sum(axis=1))})", style="dim")
            waiting.append((branch.add(line), int(group[0])))
    return tree


def _line(outcome: str, paths: Pathways, group: IntArray, labels: Sequence[str]) -> Text:
    node = int(group[0])
    line = Text(f"{outcome} → ", no_wrap=True, overflow="ignore")
    return line.append(decision_words(paths, node, labels), style=_style(paths, node))


def _style(paths: Pathways, node: int) -> str:
    if paths.stopped[node]:
        return "bold" if paths.selected[node] else "bold red"
    step = int(paths.decision.level[node]) - int(paths.tally.level[node])
    if Reason(int(paths.decision.reason_code[node])) is Reason.START or step == 0:
        return ""
    return "green" if step > 0 else "yellow"
