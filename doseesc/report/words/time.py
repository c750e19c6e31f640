"""How long trials take, in words: months spelled out, years where it is long, and what is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from designs.rules.base import counted
from doseesc.engines import DURATION_LEVELS, Backfill, TimeFigures, mixture
from doseesc.results import on_calendar
from doseesc.truth import DAYS_PER_MONTH
from doseesc.wording import in_a_row, percent_words

if TYPE_CHECKING:
    from doseesc.results import Results

_UNITS = ((24 * DAYS_PER_MONTH, 12 * DAYS_PER_MONTH, "years"), (3 * DAYS_PER_MONTH, DAYS_PER_MONTH, "months"))
_NAMED = 4  # durations told one by one; of more, the shortest and the longest
_LITTLE = 0.05  # of a trial's duration: waiting for outcomes that hardly matters


def duration_words(days: float) -> str:
    """Return a duration as people write it: days, months from three on, years from two on.

    Examples
    --------
    >>> duration_words(12.2), duration_words(250), duration_words(766), duration_words(1)
    ('12 days', '8.2 months', '2.1 years', '1 day')
    """
    for least, unit, name in _UNITS:
        if days >= least:
            return f"{days / unit:.1f} {name}"
    return f"{days:.0f} day{'' if round(days) == 1 else 's'}"


def range_words(middle: float, low: float, high: float) -> str:
    """Return a duration and a range about it, in one unit.

    Examples
    --------
    >>> range_words(766, 620, 950), range_words(20, 14, 31)
    ('2.1 years (1.7 to 2.6)', '20 days (14 to 31)')
    """
    for least, unit, name in _UNITS:
        if middle >= least:
            return f"{middle / unit:.1f} {name} ({low / unit:.1f} to {high / unit:.1f})"
    return f"{duration_words(middle)} ({low:.0f} to {high:.0f})"


def span_words(low: float, high: float) -> str:
    """Return two durations in the unit of the longer.

    Examples
    --------
    >>> span_words(130, 519), span_words(520, 760)
    ('4.3 to 17.1 months', '1.4 to 2.1 years')
    """
    unit = next((unit for least, unit, _ in _UNITS if high >= least), 1.0)
    digits = 0 if unit == 1.0 else 1
    return f"{low / unit:.{digits}f} to {high / unit:.{digits}f} {duration_words(high).split()[1]}"


@dataclass(frozen=True)
class DesignTime:
    """How long trials of a design take over all scenarios, each counted equally; all in days unless said otherwise.

    Attributes
    ----------
    design : str
    median, low, high : float
        The days by which 50, 5 and 95 % of the trials have ended.
    shortest, longest : tuple of (str, float)
        The scenarios with the smallest and the largest median, and these.
    mean, suspended : float
        Mean duration, and the part of it during which a patient who had come could not be treated.
    turned_away, pending, changed : float
        Patients lost; patients pending at a decision; share of decisions that their outcomes would have changed.
    lower, upper : float
        The days by which 25 and 75 % of the trials have ended.
    suspensions : float
        Times at which a patient who had come could not be treated.
    per_month : float
        Patients treated by month of the duration, in all trials together.
    backfilled : float
        Patients given a lower dose while the escalation waited.
    """

    design: str
    median: float
    low: float
    high: float
    shortest: tuple[str, float]
    longest: tuple[str, float]
    mean: float
    suspended: float
    turned_away: float
    pending: float
    changed: float
    lower: float
    upper: float
    suspensions: float
    per_month: float
    backfilled: float = 0.0


def design_times(results: Results) -> list[DesignTime]:
    """Return how long trials of each design take, in the order of the study; nothing without a calendar."""
    found = []
    for design in results.study.names:
        times = {scenario: each for (scenario, name), each in results.times.items() if name == design}
        if times:
            found.append(_over_scenarios(design, times))
    return found


def _over_scenarios(design: str, times: dict[str, TimeFigures]) -> DesignTime:
    curves = [each.duration_curve for each in times.values()]
    low, lower, median, upper, high = map(float, mixture(curves, DURATION_LEVELS))
    medians = {scenario: float(each.duration_quantiles[2]) for scenario, each in times.items()}
    patients = sum(each.patients_per_month * each.duration_days for each in times.values())
    shortest, longest = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)

    def mean(name: str) -> float:
        values = [float(getattr(each, name)) for each in times.values()]
        there = [value for value in values if not np.isnan(value)]
        return fmean(there) if there else 0.0

    return DesignTime(
        design,
        *(median, low, high),
        shortest=(shortest, medians[shortest]),
        longest=(longest, medians[longest]),
        mean=mean("duration_days"),
        suspended=mean("days_suspended"),
        turned_away=mean("turned_away"),
        pending=mean("pending_at_decision"),
        changed=mean("changed_decisions"),
        lower=lower,
        upper=upper,
        suspensions=mean("suspensions"),
        per_month=patients / sum(each.duration_days for each in times.values()),
        backfilled=mean("backfilled"),
    )


def time_answer(times: Sequence[DesignTime], scenarios: int) -> str:
    r"""Return in one sentence how long Phase 1 takes, the shortest first.

    Examples
    --------
    >>> ends = ("S1", 400.0), ("S2", 800.0)
    >>> slow = DesignTime("CRM", 766, 620, 950, *ends, 770.0, 10.0, 0.0, 0.0, 0.0, 700, 830, 3.0, 0.7)
    >>> fast = DesignTime("3+3", 460, 130, 800, *ends, 470.0, 6.0, 0.0, 0.0, 0.0, 300, 600, 2.0, 0.7)
    >>> print(time_answer([slow, fast], 9).replace("; ", ";\n"))
    Phase 1 takes 15.1 months (4.3 to 26.3) with 3+3;
    2.1 years (1.7 to 2.6) with CRM;
    median, and 5 to 95 % of trials, over 9 scenarios counted equally.
    """
    in_words = [(range_words(each.median, each.low, each.high), each.design) for each in sorted(times, key=_median)]
    parts = [
        f"{words} with {in_a_row([design for _, design in group])}"
        for words, group in groupby(in_words, key=lambda pair: pair[0])
    ]
    if len(parts) > _NAMED:
        parts = [f"{parts[0]}, the shortest, to {parts[-1]}, the longest"]
    over = "" if scenarios == 1 else f", over {scenarios} scenarios counted equally"
    return f"Phase 1 takes {'; '.join(parts)}; median, and 5 to 95 % of trials{over}."


def leaders_time(results: Results) -> str:
    """Return in one sentence how long trials take of the designs that lead, or of the one ahead and the next one.

    Such as ``A trial takes 16.3 months with TITE-CRM and 3.1 years with CRM (medians).``; "" without a calendar, and
    where they take as long.
    """
    leaders, times = results.verdict.leaders, {each.design: each for each in design_times(results)}
    named = leaders.designs if leaders.ahead is None else leaders.by_score[:2]
    shown = sorted((times[name] for name in named if name in times), key=_median)
    parts = [
        f"{words} with {in_a_row([each.design for each in alike])}"
        for words, alike in groupby(shown, lambda each: duration_words(each.median))
    ]
    if len(parts) < 2:
        return ""
    if len(parts) > _NAMED:
        parts = [parts[0], parts[-1]]
    return f"A trial takes {in_a_row(parts)} (medians)."


def _median(each: DesignTime) -> float:
    return each.median


def pace_words(results: Results) -> str:
    """Say how many patients arrive within a DLT window, and how much of a trial waiting for outcomes takes."""
    calendar, study = results.study.calendar, results.study
    if calendar is None:
        return ""
    window = study.dlt_window_days
    arriving = calendar.arrivals_within(window)
    worst = max(design_times(results), key=lambda each: each.suspended / each.mean)
    share, days = worst.suspended / worst.mean, duration_words(worst.suspended)
    start = f"{arriving:.2g} patients arrive in a DLT window of {window} days on average"
    if share < _LITTLE:
        return (
            f"{start}, so that patients still in it hardly matter: waiting for their outcomes takes {days} of a trial, "
            f"{percent_words(round(share, 3))} of its time ({worst.design}, where it takes most)."
        )
    most = f"{days} of a trial of {worst.design}, {percent_words(round(share, 3))} of its time"
    return f"{start}; waiting for outcomes takes {most}."


def from_when(results: Results) -> str:
    """Say from when to when a trial lasts."""
    calendar = results.study.calendar
    opening = calendar is not None and calendar.first_gap
    start = "the opening of the trial" if opening else "the first dose of the first patient"
    return f"From {start} to the last assessment"


def durations_legend(results: Results) -> str:
    """Say how to read the picture of the durations."""
    return (
        "Nine trials in ten lie on the thin line, half of them on the thick one; the marker is the median, the stroke "
        f"the mean. {from_when(results)}."
    )


def calendar_legend(results: Results) -> str:
    """Say how to read the picture of a trial on the calendar."""
    left = ", death (+) or loss (○), hatched where the patient is replaced"
    ends = left if results.study.own_model is not None else ""
    backfilled = any(each.backfilled > 0 for each in results.times.values())
    mark = " at the current dose; an arrowhead at its start marks who is backfilled meanwhile"
    meanwhile = mark if backfilled else ""
    return (
        f"A bar is a patient in the DLT window, darker for a higher dose, and ends at a DLT (×){ends}; the thin line "
        "before it is the wait for the first dose. Marks at the top: the dose is raised, lowered, or the trial "
        f"stopped. Where it is shaded, a patient who has come cannot be treated{meanwhile}."
    )


def backfill_words(results: Results) -> str:
    """Say how many patients are backfilled with each design that is played so; nothing where none is.

    Examples are those of ``tite_backfill.yaml``: "Besides those of the escalation, on average 11.1 patients are
    backfilled with BF-BOIN and 8.0 with TITE-BOIN backfilled; they count among the patients treated."
    """
    found = [
        f"{each.backfilled:.1f} {'patients are backfilled ' if place == 0 else ''}with {each.design}"
        for place, each in enumerate(_with_backfill(results))
    ]
    if not found:
        return ""
    return (
        f"Besides those of the escalation, on average {in_a_row(found)}; they count among the patients treated, and "
        f"the trial lasts until they have been assessed{'; who has been replaced is not counted' * _replaces(results)}."
    )


def _replaces(results: Results) -> bool:
    model = results.study.own_model
    return model is not None and model.replaces


def counted_patients(results: Results) -> str:
    """Say which patients are counted: where some are replaced, those who are evaluable."""
    return "evaluable patients" if _replaces(results) else "patients"


def backfill_in_words(results: Results, rules: Backfill) -> str:
    """Say in plain sentences who is backfilled, and what becomes of him as the study observes its patients."""
    study = results.study
    observed = "" if study.own_model is None else f" {rules.describe_observed(study.own_model)}"
    return study.named_doses.in_words(f"{rules.describe()}{observed}")


def rules_of_backfill(results: Results, design: str) -> str:
    """Say in plain sentences who is backfilled in trials of a design; nothing where nobody is."""
    study = results.study
    calendar = study.calendar_for(design)
    if calendar is None or calendar.backfill is None:
        return ""
    rules = calendar.backfill.for_design(study.designs[design])
    most = counted(rules.most(study.designs[design]), "patient")
    said = backfill_in_words(results, rules)
    aside = ", who has been replaced aside" if _replaces(results) and rules.replace_unevaluable else ""
    return f"{said} Besides those of the escalation, at most {most} can be treated so{aside}."


def _with_backfill(results: Results) -> list[DesignTime]:
    calendars = {name: results.study.calendar_for(name) for name in results.study.names}
    return [
        each
        for each in design_times(results)
        if (calendar := calendars[each.design]) is not None and calendar.backfill is not None
    ]


def calendar_words(results: Results) -> list[str]:
    """Say what figures come from trials on the calendar, and how patients are observed in them."""
    study = results.study
    pending = on_calendar(study)
    said = []
    if pending:
        rest = "" if len(pending) == len(study.names) else "; the other designs' are those of known outcomes"
        said = [f"All figures of {in_a_row(pending)} are from trials on the calendar{rest}."]
    said += [backfill_words(results)] if _with_backfill(results) else []
    if study.own_model is not None:
        replaced = ", and whoever leaves is replaced, which takes time and patients" if study.own_model.replaces else ""
        said.append(
            f"On the calendar patients are observed as under {study.own_policy}: what happens to them is known on its "
            f"day{replaced}."
        )
    return said
