"""A design on one page: its decisions as ranges of DLTs, the tree of its first cohorts, and the same in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Reason
from designs.rules.base import counted
from doseesc.conduct import letter_table, trial_of
from doseesc.engines import Pathways, TooManyPathways, pathways
from doseesc.report.charts import Branch, decision_tree
from doseesc.report.page.look import NARROW, WIDE, Chart
from doseesc.report.tables import PageTable, Value
from doseesc.report.words import branches, decision_words, mtd_words, outcome_range, outcome_words, percents

if TYPE_CHECKING:
    from designs.arrays import FloatArray
    from doseesc.report.page.look import Look
    from doseesc.results import Results

_MOST_SIZES = 12
_MOST_ROWS = 20
_AHEAD = 4  # cohorts that can be clicked through
_MOST_NODES = 1500
_WORDS = {"E": "escalate", "S": "stay", "D": "de-escalate", "DU": "de-escalate, exclude", "stop": "stop"}
_NEVER = "–"
_ARROWS = {-1: "↓ ", 0: "= ", 1: "↑ "}


@dataclass(frozen=True)
class Told:
    """A branch of a tree in words, with what follows."""

    words: str
    then: tuple[Told, ...] = field(default=())


@dataclass(frozen=True)
class DesignPage:
    """What is shown of a design.

    Attributes
    ----------
    name : str
    decisions : PageTable or None
        By patients at the current dose; None where the design looks at more.
    letters : tuple of str
        Of its columns, which colour them.
    legend : tuple of str
        What the columns mean.
    tree : Chart or None
    told : Told or None
        The tree in words.
    walk : dict or None
        The tree as plain values, further ahead, for a page to click through.
    """

    name: str
    decisions: PageTable | None
    letters: tuple[str, ...]
    legend: tuple[str, ...]
    tree: Chart | None
    told: Told | None
    walk: dict[str, Any] | None


def design_page(look: Look, name: str, place: int, typical: str) -> DesignPage:
    """Return what is shown of a design.

    Parameters
    ----------
    look : Look
    name : str
    place : int
        The design's place in the study.
    typical : str
        The scenario whose probabilities the tree shows.
    """
    study = look.results.study
    trial = trial_of(study, name)
    table = letter_table(trial)
    decisions: PageTable | None = None
    letters: tuple[str, ...] = ()
    legend: tuple[str, ...] = ()
    if table is not None and table.cells is not None:
        legend = tuple(table.legend.values())
        decisions, letters = _ranges(table.cells, name, place, trial.design.cohort_size)
    truth = as_counted(look.results, study.truths[typical])
    short, long = _ahead(trial.design, 2, _MOST_ROWS), _ahead(trial.design, _AHEAD, None)
    chart = None if short is None else _tree(look, name, place, short, truth, typical)
    told = None if short is None else Told("", _told(short, 0, study.dose_labels))
    return DesignPage(name, decisions, letters, legend, chart, told, None if long is None else _walk(look, long))


def as_counted(results: Results, truth: FloatArray) -> FloatArray:
    """Return the probability that an evaluable patient is counted as a DLT, which is what a design meets."""
    own = next(iter(results.study.observations.values()), None)
    return truth if own is None else own.law(truth).observed_dlt


def _ranges(cells: Any, name: str, place: int, cohort: int) -> tuple[PageTable, tuple[str, ...]]:
    """Return the table of letters as ranges of DLTs, one row for each number of patients."""
    sizes = list(cells)
    if len(sizes) > _MOST_SIZES:
        sizes = [n for n in sizes if n % cohort == 0] or sizes
    letters = [letter for letter in _WORDS if any(letter in cells[n] for n in sizes)]
    rows = []
    for n in sizes:
        found = {letter: [y for y, each in enumerate(cells[n]) if each == letter] for letter in letters}
        rows.append((Value(str(n), "", n), *(Value(_spans(found[letter])) for letter in letters)))
    first = cohort if cohort in sizes else sizes[0]
    said = [(_spans([y for y, each in enumerate(cells[first]) if each == letter]), letter) for letter in letters]
    follows = "; ".join(f"{spans} DLT: {_WORDS[letter]}" for spans, letter in said if spans != _NEVER)
    table = PageTable(
        f"decisions_{place}",
        f"{name}: of the {counted(first, 'patient')} at the current dose, {follows}",
        "Find the row of the patients treated at the current dose: the column that holds their DLTs says what follows.",
        ("patients", *(_WORDS[letter] for letter in letters)),
        rows,
    )
    return table, tuple(letters)


def _spans(numbers: list[int]) -> str:
    """Write numbers as ranges, such as "0–1"; a dash where there are none."""
    spans = []
    for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        spans.append(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}")
    return ", ".join(spans) or _NEVER


def _ahead(design: Any, cohorts: int, most_rows: int | None) -> Pathways | None:
    """Look as many cohorts ahead as can be shown."""
    for count in range(cohorts, 0, -1):
        try:
            found = pathways(design, count, node_limit=_MOST_NODES)
        except TooManyPathways:
            continue
        if most_rows is None or found.n_paths <= most_rows:
            return found
    return None


def _tree(look: Look, name: str, place: int, paths: Pathways, truth: FloatArray, typical: str) -> Chart:
    labels = look.results.study.dose_labels
    weights = paths.probability(truth)
    drawn: list[Branch] = []

    def add(nodes: Any, parent: int) -> None:
        node = int(nodes[0])
        level, current = int(paths.decision.level[node]), int(paths.tally.level[node])
        text, (fill, ink) = f"■ {mtd_words(paths, node, labels)}", ("", "")
        if level:
            arrow = _ARROWS[int(np.sign(level - current))] if current else ""
            text, (fill, ink) = f"{arrow}{labels[level - 1]}", look.shade(level)
        chance, end = float(weights[nodes].sum()), not len(paths.children(node))
        outcome = "" if parent < 0 else outcome_range(paths, nodes)
        words = decision_words(paths, node, labels)
        said = words if parent < 0 else f"{outcome_words(paths, nodes)}: {words}"
        tip = f"{said}; in {100 * chance:.3g} % of trials in {typical}"
        share = percents(np.array([chance])) if end else ""
        brief = text.replace("no dose selected", "no dose")
        shorter = (brief, brief.partition(" (")[0])
        drawn.append(Branch(node, parent, outcome, text, fill, ink, chance, share, tip, shorter))
        here = len(drawn) - 1
        for group in branches(paths, node):
            add(group, here)

    add(np.array([0]), -1)
    ahead = int(paths.depth.max())
    heads = ["first cohort", *(f"after cohort {k}" for k in range(1, ahead + 1)), f"in {typical}"]
    title = f"{name}: {_first_step(paths, labels)}"
    sizes = f"cohorts of {int(paths.decision.cohort_size[0])}"
    how = (
        f"Follow the DLTs of each cohort ({sizes}) from left to right: the box is the dose that comes next, ↑ higher, "
        f"= same, ↓ lower; ■ the trial has ended. Lines are as wide as what happens is likely in {typical}."
    )
    wide, narrow = (decision_tree(drawn, heads, width=width, alt=title) for width in (WIDE, NARROW))
    return Chart(f"tree_{place}", title, how, wide, narrow)


def _first_step(paths: Pathways, labels: Any) -> str:
    """Say what follows the first cohort."""
    said = [
        f"{outcome_range(paths, nodes)} DLT: {decision_words(paths, int(nodes[0]), labels)}" for nodes in _alike(paths)
    ]
    return f"after the first {int(paths.decision.cohort_size[0])} patients, {'; '.join(said)}"


def _alike(paths: Pathways) -> list[Any]:
    """Return the outcomes of the first cohort, neighbours with the same decision together."""
    children = [int(node) for node in paths.children(0)]
    same = groupby(children, lambda node: (int(paths.decision.level[node]), int(paths.decision.reason_code[node])))
    return [np.array(list(group)) for _, group in same]


def _told(paths: Pathways, node: int, labels: Any) -> tuple[Told, ...]:
    return tuple(
        Told(
            f"{outcome_words(paths, nodes)}: {decision_words(paths, int(nodes[0]), labels)}",
            _told(paths, int(nodes[0]), labels),
        )
        for nodes in branches(paths, node)
    )


def _reason(look: Look, paths: Pathways, node: int) -> str:
    """Say why the design decides as it does there, on the data that it has then."""
    reason, level = Reason(int(paths.decision.reason_code[node])), int(paths.decision.level[node])
    return look.doses.in_words(paths.design.why(reason, paths.tally.take(np.array([node])), level))


def _walk(look: Look, paths: Pathways) -> dict[str, Any]:
    """Return the tree as plain values, a list for each property of the nodes."""
    labels = look.results.study.dose_labels
    said = [decision_words(paths, node, labels) for node in range(paths.n_nodes)]
    why = [_reason(look, paths, node) for node in range(paths.n_nodes)]
    truths = {
        scenario: [round(float(p), 4) for p in as_counted(look.results, truth)]
        for scenario, truth in look.results.study.truths.items()
    }
    texts, reasons = list(dict.fromkeys(said)), list(dict.fromkeys(why))
    return {
        "parent": paths.parent.tolist(),
        "dlts": paths.dlts.tolist(),
        "level": paths.decision.level.tolist(),
        "size": paths.decision.cohort_size.tolist(),
        "said": [texts.index(each) for each in said],
        "texts": texts,
        "reason": [reasons.index(each) for each in why],
        "reasons": reasons,
        "selected": paths.selected.tolist(),
        "doses": [look.doses.words(level) for level in range(1, look.results.study.n_doses + 1)],
        "truths": truths,
    }
