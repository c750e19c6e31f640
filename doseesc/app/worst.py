"""The truths under which designs do least well, as a sentence, two charts and two tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.app.told import Told, series_of
from doseesc.report.charts import Curve, Frame, curve_plot
from doseesc.report.page import pair
from doseesc.report.tables import PageTable, Value, number
from doseesc.report.words import searched_words, steep_words, worst_answer, worst_toxic_answer
from doseesc.wording import percent

if TYPE_CHECKING:
    from doseesc.planning import WorstCase, WorstCases
    from doseesc.report.page import Chart

_HEIGHT = 240.0


def worst_told(cases: WorstCases, *, dragged: bool) -> Told:
    """Return the answer.

    Parameters
    ----------
    cases : WorstCases
    dragged : bool
        Whether the search began from the truth that is dragged on the page, too.
    """
    answer, toxic = worst_answer(cases), worst_toxic_answer(cases)
    begun = ["The curve that is dragged on the page Explore was among the starts."] if dragged else []
    curves = [
        {"words": f"{design}, {what}", "truth": [round(float(p), 4) for p in case.overall.probabilities]}
        for design, pair_of in cases.found.items()
        for what, case in zip(("least correct selection", "most often too toxic"), pair_of, strict=True)
    ]
    order = sorted(cases.found, key=lambda name: -cases.found[name][0].overall.value)
    return Told(
        answer,
        [each for each in (toxic, steep_words(cases), searched_words(cases), *begun) if each],
        [
            _chart(cases, 0, "The curve under which each design is least often right", order),
            _chart(cases, 1, "The curve under which each most often selects a dose that is too toxic", order),
        ],
        [_table(cases, 0), _table(cases, 1)],
        curves,
    )


def _chart(cases: WorstCases, which: int, title: str, order: list[str]) -> Chart:
    """Return the worst curve of each design."""
    study = cases.study
    levels = [float(level) for level in range(1, study.n_doses + 1)]
    found = {name: pair_of[which].overall for name, pair_of in cases.found.items()}
    curves = [
        Curve(
            f"{each.name} {percent(found[each.name].value)} %",
            levels,
            found[each.name].probabilities.tolist(),
            look=f"c{each.colour}",
        )
        for each in series_of(list(found), order)
        if each.colour is not None
    ]
    frame = Frame(
        tuple(zip(levels, study.dose_labels, strict=True)),
        level=study.target,
        level_name=f"target {100 * study.target:.3g} %",
    )
    done = "is right" if which == 0 else "selects such a dose"
    how = f"True DLT probability in %, by dose; beside each name how often the design {done} there."
    name = ("worst_correct", "worst_toxic")[which]
    return pair(
        name, title, how, lambda width: curve_plot("", curves, [], frame, width=width, height=_HEIGHT, alt=title)
    )


def _table(cases: WorstCases, which: int) -> PageTable:
    study = cases.study
    rows = []
    for design, pair_of in cases.found.items():
        case = pair_of[which]
        for worst in case.by_level:
            mark = "the worst" if worst is case.overall else ""
            figures = [number(float(p), scale=100) for p in (*worst.probabilities, worst.value)]
            rows.append((Value(design), Value(_class(case, worst.level, study.dose_labels), mark), *figures))
    asked = "true MTD" if which == 0 else "too toxic"
    figure = "right, %" if which == 0 else "too toxic selected, %"
    caption = "Least correct selection, by true MTD" if which == 0 else "Most selection of a dose that is too toxic"
    how = "For each class of curves the worst that was found: its true DLT probabilities, and the exact figure."
    columns = ("design", asked, *(f"P(DLT) at {label}, %" for label in study.dose_labels), figure)
    return PageTable(("worst_correct", "worst_toxic")[which], caption, how, columns, rows, heads=2)


def _class(case: WorstCase, level: int, labels: tuple[str, ...]) -> str:
    if not level:
        return "none, all too toxic"
    return labels[level - 1] if case.figure == "correct_selection" else f"from {labels[level - 1]}"
