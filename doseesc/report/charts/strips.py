"""Trials patient by patient: dots in the order of the patients on lanes of doses, or bars on the calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doseesc.report.charts.svg import BOLD, fitting, folded, line, picture, rectangle, tag, ticks, tips, width_of, words

_LANE, _TITLE, _STEP, _BETWEEN = 20.0, 22.0, 15.0, 8.0
_PATIENT, _SAID, _MARKS = 9.0, 15.0, 7.0
_ENDS = {
    "DLT": "M-3-3.5L3 3.5M3-3.5L-3 3.5",
    "died": "M-1-3H1V-1H3V1H1V3H-1V1H-3V-1H-1Z",
    "lost": "M-3 0A3 3 0 1 1 3 0A3 3 0 1 1-3 0Z",
}
_MOVES = {1: "M0-7L4 0H-4Z", -1: "M0 0L4-7H-4Z", 0: "M-3-7H3V0H-3Z"}


@dataclass(frozen=True)
class StripCohort:
    """Patients treated together; the first ``dlts`` of them are drawn as those with a DLT."""

    level: int
    patients: int
    dlts: int
    tip: str


def trial_strip(
    title: str, cohorts: Sequence[StripCohort], doses: Sequence[str], outcome: str, *, width: float, alt: str
) -> str:
    """Draw a trial as dots, one for each patient, on a lane for each dose; filled where there is a DLT.

    Parameters
    ----------
    title : str
    cohorts : sequence of StripCohort
        In the order of the trial.
    doses : sequence of str
        Names of the levels, the lowest first.
    outcome : str
        Written below.
    width : float
        Pixels.
    alt : str
        What is to be seen.
    """
    left = min(max(width_of(dose, 11) for dose in doses) + 8, 0.35 * width)
    patients = sum(each.patients for each in cohorts)
    step = min(_STEP, (width - left - _BETWEEN * len(cohorts) - 6) / max(patients, 1))
    bottom = _TITLE + _LANE * len(doses)

    def lane(level: int) -> float:
        return bottom - _LANE * (level - 0.5)

    inside = [words(0, 13, fitting(title, width, BOLD), kind="strong")]
    for level, dose in enumerate(doses, start=1):
        inside.append(words(0, lane(level) + 4, fitting(dose, left - 4, 11), kind="small soft"))
        inside.append(line(left, lane(level), width, lane(level), "grid"))
    x, before = left + 8, 0.0
    for each in cohorts:
        y = lane(each.level)
        if before:
            inside.append(line(x - _BETWEEN - step / 2, before, x - step / 4, y, "move"))
        dots = []
        for patient in range(each.patients):
            kind = "dlt" if patient < each.dlts else "fine"
            dots.append(tag("circle", {"cx": x, "cy": y, "r": min(5.5, 0.42 * step), "class": kind}))
            x += step
        inside.append(tag("g", {}, *tips(each.tip), *dots))
        x, before = x + _BETWEEN, y
    for said in folded(outcome, width, 11):
        bottom += _SAID
        inside.append(words(0, bottom, said, kind="small"))
    return picture(width, bottom + 6, inside, alt, "strip")


@dataclass(frozen=True)
class CalendarPatient:
    """A patient on the calendar, in months; ``end`` is "DLT", "died", "lost" or empty."""

    arrived: float
    start: float
    stop: float
    fill: str
    end: str = ""
    replaced: bool = False
    backfilled: bool = False
    tip: str = ""


def calendar_strip(
    title: str,
    patients: Sequence[CalendarPatient],
    waits: Sequence[tuple[float, float]],
    moves: Sequence[tuple[float, int]],
    end: float,
    *,
    width: float,
    alt: str,
) -> str:
    """Draw a trial on the calendar: a bar for each patient, waiting shaded, months below.

    Parameters
    ----------
    title : str
    patients : sequence of CalendarPatient
        In the order of their first doses.
    waits : sequence of (float, float)
        Months from when to when somebody waits.
    moves : sequence of (float, int)
        Months at which the dose is raised, 1, or lowered, -1, or the trial ends, 0.
    end : float
        Of the axis, months.
    width : float
        Pixels.
    alt : str
        What is to be seen.
    """
    scale = (width - 16) / end
    top = _TITLE + _MARKS
    bottom = top + _PATIENT * len(patients)
    inside = [words(0, 13, fitting(title, width, BOLD), kind="strong")]
    for start, stop in waits:
        inside.append(rectangle(8 + scale * start, top, scale * (stop - start), bottom - top, {"class": "band"}))
    for tick in ticks(end, max(3, min(8, int(width / 55)))):
        x = 8 + scale * tick
        inside += [line(x, top, x, bottom, "grid"), words(x, bottom + 14, f"{tick:g}", "middle", "small soft")]
    for month, way in moves:
        place = {"transform": f"translate({8 + scale * month:.1f} {top - 3:.1f})", "class": "change"}
        inside.append(tag("path", {"d": _MOVES[way], **place}))
    inside.append(words(width, bottom + 29, "months since the first patient's first dose", "end", "small soft"))
    for row, each in enumerate(patients):
        y = top + _PATIENT * row
        parts = []
        if each.start > each.arrived:
            parts.append(line(8 + scale * each.arrived, y + 4, 8 + scale * each.start, y + 4, "whisker"))
        bar = 8 + scale * each.start, y + 1, max(scale * (each.stop - each.start), 2), 7
        parts.append(rectangle(*bar, {"class": "part", "style": f"fill:{each.fill}"}))
        if each.replaced:
            parts.append(rectangle(*bar, {"fill": "url(#hatch)"}))
        if each.backfilled:
            parts.append(tag("path", {"d": f"M{8 + scale * each.start:.1f} {y + 1.5:.1f}l5 3l-5 3Z", "class": "open"}))
        x = 8 + scale * each.stop
        if each.end:
            place = {"transform": f"translate({8 + scale * each.stop:.1f} {y + 4.5:.1f})"}
            parts.append(
                tag("path", {"d": _ENDS[each.end], **place, "class": "cross" if each.end == "DLT" else "open"})
            )
        inside.append(tag("g", {}, *tips(each.tip), *parts))
    return picture(width, bottom + 34, inside, alt, "calendar")
