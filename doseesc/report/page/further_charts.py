"""Charts of the data observed, of attribution and of time, and example trials patient by patient."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.report.charts import (
    CalendarPatient,
    Curve,
    DotRow,
    Frame,
    Measure,
    Point,
    Range,
    RangeRow,
    StripCohort,
    calendar_strip,
    curve_plot,
    dot_plot,
    range_plot,
    trial_strip,
)
from doseesc.report.figures import dose_changes
from doseesc.report.page.look import NARROW, WIDE, Chart, pair
from doseesc.report.words import (
    attribution_finding,
    calendar_legend,
    design_times,
    duration_words,
    durations_legend,
    range_words,
    span_words,
)
from doseesc.truth import DAYS_PER_MONTH
from doseesc.wording import amount_words, percent, plain_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from doseesc.report.page.look import Look
    from doseesc.results import SavedFit
    from doseesc.runs import ExampleTrial, TimedTrial

_STRIP, _SMALL = 345.0, 310.0


def posterior_chart(fit: SavedFit) -> Chart:
    """Return the posterior over the dose, with the data."""
    unit = f" {fit.unit}" if fit.unit else ""
    points = [
        Point(
            each.amount,
            each.mean,
            each.label,
            f"{each.label}: {percent(each.mean)} % (90 % interval {percent(each.low)} to {percent(each.high)})",
            "dot" if each.kind == "level" else "open",
            each.low,
            each.high,
        )
        for each in fit.doses
    ]
    points += [
        Point(seen.amount, seen.dlt / seen.n, f"{seen.dlt}/{seen.n}", f"observed: {seen.dlt} DLT of {seen.n}", "seen")
        for seen in fit.pooled()
        if seen.n
    ]
    curves = []
    if fit.curve is not None:
        curves.append(Curve("", fit.curve.amount, fit.curve.mean, fit.curve.low, fit.curve.high))
    amounts = sorted({each.amount for each in fit.doses})
    frame = Frame(
        tuple((each, plain_number(each)) for each in amounts),
        f"dose{f', {fit.unit}' if fit.unit else ''}",
        logarithmic=True,
        level=fit.target,
        level_name=f"target {100 * fit.target:.3g} %",
        up="P(DLT), %",
    )
    title = posterior_finding(fit)
    levels = [each for each in points if each.kind != "open"]
    small = curve_plot("", curves, levels, frame, width=_SMALL, height=170.0, alt=title)
    how = (
        "Posterior mean of the DLT probability in % with its 90 % band over the dose; dots are dose levels, diamonds "
        f"arms of Phase 2, crosses the rates observed, DLTs of patients. Amounts in{unit or ' the unit of the doses'}."
    )
    wide, narrow = (
        curve_plot("", curves, points, frame, width=width, height=height, alt=title)
        for width, height in ((WIDE, 300.0), (NARROW, 250.0))
    )
    return Chart("posterior", title, how, wide, narrow, small=small)


def posterior_finding(fit: SavedFit) -> str:
    """Say what the posterior believes of the dose nearest the target."""
    levels = [each for each in fit.doses if each.kind == "level"] or fit.doses
    near = min(levels, key=lambda each: abs(each.mean - fit.target))
    patients, dlts = sum(each.n for each in fit.data), sum(each.dlt for each in fit.data)
    amount = amount_words(near.amount, fit.unit)
    seen = f"After {dlts} DLT{'' if dlts == 1 else 's'} in {patients} patients " if patients else "Before any data "
    return (
        f"{seen}the dose nearest the target of {100 * fit.target:.3g} % is {near.label} ({amount}): P(DLT) "
        f"{percent(near.mean)} % (90 % interval {percent(near.low)} to {percent(near.high)})"
    )


def attribution_chart(look: Look) -> Chart | None:
    """Return what each policy of attribution makes of the designs; None where there is none."""
    policies = look.results.policies
    if policies is None:
        return None
    prices = {pair: policies.price(*pair) for pair in policies.groups()}
    names = list(dict.fromkeys(policy for policy, _ in prices))
    rows = [
        DotRow(
            name,
            "",
            (
                tuple(100 * prices[name, each.name].correct for each in look.series),
                tuple(100 * prices[name, each.name].stopped for each in look.series),
            ),
        )
        for name in names
    ]
    title = attribution_finding(look.results).removesuffix(".")
    how = (
        "Means over all scenarios, by policy; the first row is the drug alone, with every patient evaluable. Stopped: "
        "no dose is selected although one is right."
    )
    measures = (
        Measure("right dose selected, % of trials", short="right dose, %"),
        Measure("safe product stopped, %", short="stopped, %"),
    )

    def draw(width: float) -> str:
        return dot_plot(rows, measures, look.series, width=width, alt=title)

    return pair("attribution", title, how, draw)


def durations_charts(look: Look) -> list[Chart]:
    """Return how long trials take, in two numbers and as ranges; nothing where the study has no calendar."""
    times = look.results.times
    if not times:
        return []
    quantiles = {key: np.asarray(each.duration_quantiles) / DAYS_PER_MONTH for key, each in times.items()}
    top = max(float(each[4]) for each in quantiles.values())
    ranges, rows = [], []
    for name in look.scenarios:
        nothing = np.full(5, np.nan)
        own = [quantiles.get((name, each.name), nothing) for each in look.series]
        values = tuple(tuple(float(each[place]) for each in own) for place in (2, 4))
        rows.append(DotRow(name, look.meaning(name), values, look.true_mtd(name)))
        for each in look.shown:
            if (name, each.name) in quantiles:
                low, lower, middle, upper, high = (float(value) for value in quantiles[name, each.name])
                mean = float(times[name, each.name].duration_days) / DAYS_PER_MONTH
                span = Range(low, high, middle, mean, lower, upper)
                ranges.append(RangeRow(f"{name} {look.meaning(name)}", each.name, each.place, each.colour, (span,)))
    best = next(each for each in design_times(look.results) if each.design == look.best)
    title = f"{look.best} takes {range_words(best.median, best.low, best.high)}, the median and nine in ten trials"
    measures = (Measure("median, months", top), Measure("19 in 20 end by, months", top, short="95 %, months"))
    how = "Months from the first patient's first dose to the last assessment."

    def dots(width: float) -> str:
        return dot_plot(rows, measures, look.series, width=width, alt=title)

    def spans(width: float) -> str:
        return range_plot(ranges, (("months that a trial takes", top),), width=width, alt=title)

    (quick, shortest), (slow, longest) = best.shortest, best.longest
    said = f"The median of {look.best} runs from {span_words(shortest, longest)}, {quick} to {slow}"
    more = pair("duration_ranges", said, durations_legend(look.results), spans)
    return [pair("durations", title, how, dots), more]


def calendar_chart(look: Look, trials: Sequence[TimedTrial]) -> Chart | None:
    """Return trials on the calendar, the same patients under several designs; None where there are none."""
    if not trials:
        return None
    end = max(each.trial.duration_days for each in trials) / DAYS_PER_MONTH
    labels = look.results.study.dose_labels
    panels = []
    for timed in trials:
        trial = timed.trial
        found = f"MTD {labels[trial.selected - 1]}" if trial.selected else "no MTD"
        title = f"{timed.design}: {found} after {duration_words(trial.duration_days)}"
        waits = [(start / DAYS_PER_MONTH, stop / DAYS_PER_MONTH) for start, stop in trial.suspensions]
        patients = [_on_calendar(look, timed, k) for k in range(trial.size)]
        moves = [(day / DAYS_PER_MONTH, way) for day, way in dose_changes(trial)]
        panels.append(calendar_strip(title, patients, waits, moves, end, width=_STRIP, alt=title))
    first = trials[0]
    title = (
        f"The same patients in {first.scenario}: {first.design} ends after {duration_words(first.trial.duration_days)}"
    )
    how = (
        f"{calendar_legend(look.results)} Trial {first.number:,} of the simulation, in which {first.design} takes a "
        "median time; light to dark by dose."
    )
    return Chart("calendar", title, how, panels=tuple(panels), least=int(_STRIP))


def _on_calendar(look: Look, timed: TimedTrial, k: int) -> CalendarPatient:
    trial = timed.trial
    level = int(trial.level[k])
    ended = "DLT" if trial.has_dlt[k] else "died" if trial.died[k] else "lost" if trial.lost[k] else ""
    arrived, entered, assessed = (float(each[k]) for each in (trial.arrived, trial.entered, trial.assessed))
    said = [f"patient {k + 1} at {look.doses.words(level)}, from day {entered:.0f}"]
    said += [ended] if ended else []
    said += ["replaced"] if trial.replaced[k] else []
    said += [f"waited {entered - arrived:.0f} days"] if entered > arrived else []
    return CalendarPatient(
        arrived / DAYS_PER_MONTH,
        entered / DAYS_PER_MONTH,
        assessed / DAYS_PER_MONTH,
        look.shade(level)[0],
        ended,
        bool(trial.replaced[k]),
        bool(trial.backfilled[k]),
        ", ".join(said),
    )


def example_chart(look: Look, examples: Sequence[ExampleTrial]) -> Chart:
    """Return example trials as strips of dots."""
    names = [look.doses.name(level) for level in range(1, look.results.study.n_doses + 1)]
    panels = []
    for trial in examples:
        cohorts = [
            StripCohort(
                names.index(step.dose) + 1,
                step.patients,
                step.dlts,
                f"cohort {step.cohort}: {step.dlts} DLT of {step.patients} at {step.dose}"
                f"{f' ({step.story})' if str(step.story) else ''}; {step.decision}. {step.reason}",
            )
            for step in trial.steps
        ]
        title = f"{trial.scenario}, {100 * trial.quantile:.3g} % quantile of DLTs"
        outcome = f"{trial.outcome[0].upper()}{trial.outcome[1:]}"
        patients, dlts = sum(each.patients for each in cohorts), sum(each.dlts for each in cohorts)
        alt = f"{title}: {dlts} DLT in {patients} patients. {outcome}"
        panels.append(trial_strip(title, cohorts, names, outcome, width=_STRIP, alt=alt))
    ends = [trial.outcome.partition(":")[0] == "no dose selected" for trial in examples]
    title = f"Five trials of {look.best}, from benign to toxic" if len(examples) == 5 else f"Trials of {look.best}"
    stopped = f"; {sum(ends)} select{'s' if sum(ends) == 1 else ''} no dose" if any(ends) else ""
    how = "Each dot is a patient, from left to right in cohorts; a filled one had a DLT. The height is the dose."
    return Chart("examples", f"{title}{stopped}", how, panels=tuple(panels), least=int(_STRIP))
