"""Charts of what designs do in the scenarios: the overview, the curves, selection, patients, and the benchmark."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from doseesc.report.charts import (
    Bar,
    Curve,
    DotRow,
    Frame,
    Measure,
    Point,
    Range,
    RangeRow,
    Segment,
    curve_plot,
    dot_plot,
    range_plot,
    stacked_bars,
)
from doseesc.report.page.look import Chart, pair, round_up
from doseesc.report.words import attained_words, benchmark_words
from doseesc.wording import in_a_row, percent, plain_number

if TYPE_CHECKING:
    from doseesc.report.page.look import Look

_PANEL, _BARS = 165.0, 345.0


def overview_chart(look: Look) -> Chart:
    """Return the chart of the first screen: correct selection and overdosing of every design in every scenario."""
    own = look.results.verdict.standing
    told, note = _telling(look)
    rows = []
    for name in look.scenarios:
        at = own.scenarios.index(name)
        values = tuple(tuple(100 * float(each) for each in figure[:, at]) for figure in (own.correct, own.overdose))
        rows.append(DotRow(name, look.meaning(name), values, look.true_mtd(name), note if name == told else ""))
    top = round_up(100 * float(own.overdose.max()))
    measures = (
        Measure("right dose selected, % of trials", short="right dose, %", share=1.5),
        Measure("too high a dose selected, %", top, short="too high, %"),
    )
    best = own.designs.index(look.best)
    worst = int(own.correct[best].argmin())
    title = (
        f"{look.best} is right in {percent(own.correct[best].min())} to {percent(own.correct[best].max())} % of trials;"
        f" hardest is {own.scenarios[worst]}"
    )
    alt = f"{title}. Dots by scenario for {in_a_row([each.name for each in look.shown])}. {note}"
    how = (
        "A dot is a design in a scenario; scenarios stand under the dose that is right in them. Right: the true MTD is "
        "selected, or no dose where none is safe enough."
    )
    return pair("overview", title, how, lambda width: dot_plot(rows, measures, look.series, width=width, alt=alt))


def _telling(look: Look) -> tuple[str, str]:
    """Return the scenario in which the designs that lead, or the best two, differ most, and what they do there."""
    own, leaders = look.results.verdict.standing, look.results.verdict.leaders
    if len(own.designs) < 2:
        return "", ""
    named = leaders.designs if len(leaders.designs) > 1 else leaders.by_score[:2]
    shown = [own.designs.index(name) for name in named]
    gaps = [np.ptp(figure[shown], axis=0) for figure in (own.correct, own.overdose)]
    figure, at = np.unravel_index(int(np.argmax(gaps)), (2, len(own.scenarios)))
    values = (own.correct, own.overdose)[int(figure)][shown, at]
    low, high = shown[int(values.argmin())], shown[int(values.argmax())]
    what = "right" if figure == 0 else "too high"
    words = (
        f"{own.scenarios[at]} differs most: {own.designs[high]} {percent(values.max())} % {what}, "
        f"{own.designs[low]} {percent(values.min())} %"
    )
    return own.scenarios[at], words


def truths_chart(look: Look) -> Chart:
    """Return the curves that are assumed."""
    study = look.results.study
    target, margin = study.target, study.true_mtd_rule.margin
    amounts = [float(each) for each in study.dose_amounts]
    panels = []
    for name in look.scenarios:
        truth, right = study.truths[name], study.right_levels(study.truths[name])
        points = [
            Point(amount, float(p), "", f"{look.doses.words(level)}: {percent(p)} %", "star" if right[level] else "dot")
            for level, (amount, p) in enumerate(zip(amounts, truth, strict=True), start=1)
        ]
        frame = Frame(
            tuple((amount, plain_number(amount)) for amount in amounts),
            logarithmic=True,
            level=target,
            band=(max(target - margin, 0.0), min(target + margin, 1.0)),
        )
        said = ", ".join(f"{percent(p)} % at {look.doses.name(k)}" for k, p in enumerate(truth, start=1))
        alt = f"{name}, {look.true_mtd(name)}: true DLT probability {said}"
        title = f"{name} {look.meaning(name)}"
        curve = [Curve("", amounts, [float(p) for p in truth])]
        panels.append(curve_plot(title, curve, points, frame, width=_PANEL, height=124, alt=alt))
    unit = study.doses.unit or "the unit of the doses"
    how = (
        f"True DLT probability in % over the dose in {unit}; the star is the dose that is right to select, the dashed "
        f"line the target of {100 * target:.3g} % in its margin."
    )
    return Chart("truths", _truths_title(look), how, panels=tuple(panels), least=int(_PANEL))


def _truths_title(look: Look) -> str:
    study = look.results.study
    levels = [study.true_mtd(study.truths[name]) for name in study.truths]
    labels = ("none", *study.dose_labels)
    counts = [f"{labels[level]} in {levels.count(level)}" for level in sorted(set(levels))]
    return f"What is assumed: the right dose is {in_a_row(counts)} of {len(levels)} scenarios"


def selection_chart(look: Look) -> Chart:
    """Return which dose each design selects, one panel for each scenario."""
    study, results = look.results.study, look.results
    labels = ("none", *study.dose_labels)
    panels = []
    for name in look.scenarios:
        bars = []
        for each in look.shown:
            best = results.cells[name, each.name].best
            segments = []
            for level, label in enumerate(labels):
                fill, ink = look.shade(level)
                said = "no dose" if level == 0 else look.doses.words(level)
                tip = f"{each.name}, {name}: {said} in {percent(float(best.selected[level]))} % of trials"
                share, right = float(best.selected[level]), bool(best.right[level])
                segments.append(Segment(share, label, fill, ink, right, tip=tip))
            bars.append(Bar(each.name, tuple(segments), each.place))
        first = results.cells[name, look.shown[0].name].best
        most = int(np.argmax(first.selected))
        alt = (
            f"{name}, {look.true_mtd(name)}: {look.shown[0].name} selects {labels[most]} most often, in "
            f"{percent(float(first.selected[most]))} % of trials"
        )
        panels.append(stacked_bars(f"{name} {look.meaning(name)}", bars, width=_BARS, alt=alt))
    how = "Shares of trials by the dose selected, light to dark; the framed part is right, all to its right too high."
    return Chart("selection", _selection_title(look), how, panels=tuple(panels), least=int(_BARS))


def _selection_title(look: Look) -> str:
    own = look.results.verdict.standing
    row = own.designs.index(look.best)
    hits = sum(
        bool(cell.best.right[int(np.argmax(cell.best.selected))])
        for (_, design), cell in look.results.cells.items()
        if design == look.best
    )
    too_high = float(own.mean(own.overdose)[row])
    too_low = 1 - too_high - float(own.mean(own.correct)[row])
    return (
        f"{look.best} most often selects the right dose in {hits} of {len(own.scenarios)} scenarios; where it errs, it "
        f"errs {'low' if too_low > too_high else 'high'} ({percent(too_low)} % too low or none, {percent(too_high)} % "
        "too high)"
    )


def patients_chart(look: Look) -> Chart:
    """Return patients treated, and those above the true MTD."""
    own = look.results.verdict.standing
    most = max(float(own.patients.max()), 1.0)
    rows = []
    for name in look.scenarios:
        at = own.scenarios.index(name)
        values = tuple(tuple(float(each) for each in figure[:, at]) for figure in (own.patients, own.patients_above))
        rows.append(DotRow(name, look.meaning(name), values, look.true_mtd(name)))
    measures = (Measure("patients per trial", most), Measure("of them above the right dose", most, short="too high"))
    row = own.designs.index(look.best)
    at = int(np.where(own.true_mtds > 0, own.patients_above[row], -1).argmax())
    title = (
        f"{look.best} treats at most {own.patients_above[row, at]:.1f} of {own.patients[row, at]:.1f} patients above a "
        f"right dose ({own.scenarios[at]})"
    )
    how = "Expected numbers per trial. Where no dose is right, all patients are treated too high."
    return pair("patients", title, how, lambda width: dot_plot(rows, measures, look.series, width=width, alt=title))


def variation_chart(look: Look) -> Chart:
    """Return how patients and DLTs vary from trial to trial."""
    tops = {
        what: max(float(cell.best.quantiles(what)[2]) for cell in look.results.cells.values())
        for what in ("patients", "dlts")
    }
    rows = []
    for name in look.scenarios:
        for each in look.shown:
            best = look.results.cells[name, each.name].best
            ranges = []
            for what in tops:
                low, middle, high = (float(value) for value in best.quantiles(what))
                ranges.append(Range(low, high, middle, float(getattr(best, f"total_{what}"))))
            rows.append(RangeRow(f"{name} {look.meaning(name)}", each.name, each.place, each.colour, tuple(ranges)))
    own = [look.results.cells[name, look.best].best.quantiles("patients") for name in look.scenarios]
    title = (
        f"Nine in ten trials of {look.best} treat {int(min(each[0] for each in own))} to "
        f"{int(max(each[2] for each in own))} patients"
    )
    how = "Lines from the 5 to the 95 % quantile over trials; the dot is the median, the stroke the mean."
    measures = (("patients per trial", max(tops["patients"], 1.0)), ("DLTs per trial", max(tops["dlts"], 1.0)))
    return pair("variation", title, how, lambda width: range_plot(rows, measures, width=width, alt=title))


def benchmark_chart(look: Look) -> Chart | None:
    """Return correct selection relative to the benchmark's; None where nothing was compared with it."""
    results = look.results
    rows, own = [], []
    for name in look.scenarios:
        found = [results.efficiency(name, each.name) for each in look.series]
        values = tuple(math.nan if each is None else 100 * each for each in found)
        if not all(math.isnan(each) for each in values):
            rows.append(DotRow(name, look.meaning(name), (values,), look.true_mtd(name)))
            mine = values[[each.name for each in look.series].index(look.best)]
            own += [] if math.isnan(mine) else [mine]
    if not rows or not own:
        return None
    most = max(max((v for v in row.values[0] if not math.isnan(v)), default=0.0) for row in rows)
    measures = (
        Measure(
            "correct selection, % of the benchmark's",
            short="% of the benchmark's",
            top=max(round_up(most), 100.0),
            mark=100.0,
            digits=0,
        ),
    )
    title = f"{look.best} reaches {min(own):.0f} to {max(own):.0f} % of what a benchmark that knows everything reaches"
    how = (
        f"At 100 %, the dashed line, a design does as well as the optimal benchmark ({benchmark_words(look.results)}); "
        f"more is possible where it leans towards the right dose. {attained_words(results)}"
    )
    return pair("benchmark", title, how, lambda width: dot_plot(rows, measures, look.series, width=width, alt=title))
