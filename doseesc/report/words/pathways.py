"""Dose-transition pathways in words: what is said of a node, and which siblings are told together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from designs import Reason
from designs.arrays import FloatArray, IntArray
from designs.rules.base import counted
from doseesc.engines import Pathways

MOST_PERCENTAGES = 4
"""Percentages next to one another; of more, the lowest and the highest are given."""

_PLAIN = (Reason.START, Reason.ESCALATE, Reason.STAY, Reason.DEESCALATE)  # said by the decision itself


def branches(paths: Pathways, node: int) -> list[IntArray]:
    """Return the nodes after ``node``, neighbours of the same decision that lead no further together."""
    groups: list[list[int]] = []
    for child in paths.children(node):
        if groups and _same_end(paths, groups[-1][-1], int(child)):
            groups[-1].append(int(child))
        else:
            groups.append([int(child)])
    return [np.array(group) for group in groups]


def outcome_words(paths: Pathways, nodes: IntArray) -> str:
    """Say what the cohorts leading to these siblings showed, such as ``"0-1 DLT of 3"``."""
    parent = int(paths.parent[nodes[0]])
    return f"{outcome_range(paths, nodes)} DLT of {paths.decision.cohort_size[parent]}"


def outcome_range(paths: Pathways, nodes: IntArray) -> str:
    """Return the DLTs leading to these siblings, such as ``"0-1"``."""
    first, last = int(paths.dlts[nodes[0]]), int(paths.dlts[nodes[-1]])
    return str(first) if first == last else f"{first}–{last}"


def decision_words(paths: Pathways, node: int, labels: Sequence[str]) -> str:
    """Say the decision at a node, such as ``"de-escalate to low"``."""
    reason = Reason(int(paths.decision.reason_code[node]))
    level = int(paths.decision.level[node])
    if level == 0:
        return f"stop, {mtd_words(paths, node, labels)}"
    current = int(paths.tally.level[node])
    verb = (
        "start at" if current == 0 else ("de-escalate to", "stay at", "escalate to")[int(np.sign(level - current)) + 1]
    )
    why = "" if reason in _PLAIN else f" ({reason_words(reason)})"
    size = int(paths.decision.cohort_size[node])
    before = int(paths.parent[node])
    usual = paths.design.cohort_size if before < 0 else int(paths.decision.cohort_size[before])
    count = "" if size == usual else f", {counted(size, 'patient')}"
    return f"{verb} {labels[level - 1]}{count}{why}"


def mtd_words(paths: Pathways, node: int, labels: Sequence[str]) -> str:
    """Say which dose is selected where the trial has ended at a node, and why it has."""
    reason, selected = Reason(int(paths.decision.reason_code[node])), int(paths.selected[node])
    why = "" if reason is Reason.MTD_FOUND else f" ({reason_words(reason)})"
    return f"{f'MTD {labels[selected - 1]}' if selected else 'no dose selected'}{why}"


def reason_words(reason: Reason) -> str:
    """Return the reason's name in lower-case words."""
    return reason.name.lower().replace("_", " ")


def start_words(paths: Pathways) -> str:
    """Say what is known before the first cohort looked ahead to."""
    n, dlt = int(paths.tally.total_n[0]), int(paths.tally.total_dlt[0])
    if n == 0:
        return "nobody treated"
    return f"{counted(n, 'patient')}, {counted(dlt, 'DLT')}"


def percents(weights: FloatArray) -> str:
    """Return probabilities (K,) as percentages, of more than four the lowest and the highest.

    Examples
    --------
    >>> percents(np.array([0.17, 0.004]))
    '17 · 0.4 %'
    >>> percents(np.linspace(0.1, 0.5, 9))
    '10 to 50 %'
    """
    if len(weights) > MOST_PERCENTAGES:
        low, high = _percent(float(weights.min())), _percent(float(weights.max()))
        return f"{low} %" if low == high else f"{low} to {high} %"
    return " · ".join(_percent(float(weight)) for weight in weights) + " %"


def weights_of(paths: Pathways, truths: Mapping[str, Any]) -> FloatArray:
    """Return the probability of each node under each scenario, shape (K, N)."""
    if not truths:
        return np.zeros((0, paths.n_nodes))
    return paths.probability(np.array(list(truths.values()), dtype=np.float64))


def _percent(weight: float) -> str:
    percent = 100 * weight
    if percent in (0.0, 100.0) or 9.95 <= percent < 99.5:
        return f"{percent:.0f}"
    return "<0.1" if percent < 0.05 else f"{percent:.1f}"


def _same_end(paths: Pathways, a: int, b: int) -> bool:
    if not (_is_end(paths, a) and _is_end(paths, b)):
        return False
    decision = paths.decision
    same = (
        decision.level[a] == decision.level[b]
        and decision.cohort_size[a] == decision.cohort_size[b]
        and decision.reason_code[a] == decision.reason_code[b]
    )
    return bool(same and (decision.level[a] > 0 or paths.selected[a] == paths.selected[b]))


def _is_end(paths: Pathways, node: int) -> bool:
    return bool(paths.stopped[node] or paths.depth[node] == paths.n_cohorts)
