"""How many patients designs need, in the terminal: the answer, then each design at growing numbers of patients."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from doseesc.planning import SampleSizes
from doseesc.report.terminal.lines import Cell, cut, ends, line, wrapped
from doseesc.report.words import crm_size_words, size_answer, size_remarks
from doseesc.truth import DAYS_PER_MONTH
from doseesc.wording import percent, percent_words, plain_words

_NAME, _NUMBER = 20, 12
_WHERE = {
    "scenarios": "over the scenarios as comparison: weighs them",
    "ensemble": "over the random curves",
    "worst": "under the truth where that is least",
}


def size_lines(needed: SampleSizes) -> list[Text]:
    """Return the lines of an answer of :func:`doseesc.planning.sample_size`."""
    study = needed.study
    title = plain_words(study.study.short_title or study.study.title)
    lines = [*ends(title, f"target {percent_words(study.target)}", "bold"), Text()]
    lines += [*wrapped(size_answer(needed), "bold"), Text()]
    for remark in size_remarks(needed):
        lines += wrapped(remark)
    approximation = crm_size_words(needed)
    lines += wrapped(approximation) if approximation else []
    if lines[-1].plain:
        lines.append(Text())
    timed = any(not np.isnan(curve.duration_days).all() for curve in needed.curves.values())
    errors = any(curve.correct_se.any() for curve in needed.curves.values())
    heads = ["correct %", *(["±"] if errors else []), "too toxic %" if needed.over == "worst" else "above %", "mean n"]
    heads += ["months"] if timed else []
    widths = (_NAME, 8, *(8 if head == "±" else _NUMBER for head in heads))
    lines.append(line([Cell("design", left=True), "up to n", *heads], widths))
    for design, curve in needed.curves.items():
        reached, kept = needed.reached(design), needed.kept(design)
        for place, size in enumerate(needed.sizes):
            name = cut(plain_words(design), _NAME - 1) if not place else ""
            cells: list[Cell | str] = [Cell(name, left=True), str(size), percent(curve.correct[place])]
            cells += [percent(curve.correct_se[place])] if errors else []
            cells += [percent(curve.overdose[place]), f"{curve.patients[place]:.1f}"]
            if timed:
                days = curve.duration_days[place]
                cells.append("–" if np.isnan(days) else f"{days / DAYS_PER_MONTH:.1f}")
            row = line(cells, widths)
            if reached[place]:
                row.append("  goal, kept" if size == kept else "  goal")
            if size == kept:
                row.stylize("bold")
            lines.append(row)
    lines += [Text(), *_legend(needed, timed, errors)]
    for note in needed.notes:
        lines += wrapped(plain_words(note), "dim")
    return lines


def _legend(needed: SampleSizes, timed: bool, errors: bool) -> list[Text]:
    worst = needed.over == "worst"
    source = "the number of random curves" if needed.over == "ensemble" else "simulation"
    parts = [
        "correct: % of trials that select the true MTD (no dose, where none is safe enough), " + _WHERE[needed.over],
        f"±: its standard error, of {source}" if errors else "",
        "too toxic: % that select such a dose, under the truth where that is most" if worst else "",
        "" if worst else "above: % that select a dose above it",
        "up to n: patients at most · mean n: on average" + (", under the worst truth" if worst else ""),
        "months: mean duration" if timed else "",
        "goal: it is reached; kept: from here on, up to the largest n",
    ]
    methods = {method for curve in needed.curves.values() for method in curve.method}
    if methods == {"exact"}:
        parts.append("chances are exact" + (" under each of the curves" if needed.over == "ensemble" else ""))
    else:
        by_design = [name for name, curve in needed.curves.items() if set(curve.method) == {"exact"}]
        parts.append("simulated" + (f", but for {', '.join(map(plain_words, by_design))}" if by_design else ""))
    return wrapped(" · ".join(part for part in parts if part), "dim")
