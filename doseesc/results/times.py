"""Figures about time in results: as rows of the tidy table, as part of ``results.json``, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from designs import Complete, Design, Settled
from doseesc.engines import CALENDAR_METRICS, Calendar, TimeFigures
from doseesc.results.plain import figures_of

if TYPE_CHECKING:
    from doseesc.study import Study

CALENDAR = "calendar"
"""The method of figures that come from trials on the calendar."""

Times = Mapping[tuple[str, str], TimeFigures]
"""By scenario and design."""

SPREAD = (*CALENDAR_METRICS, "duration_quantiles")
"""Figures with a standard deviation and a standard error."""


def time_rows(times: Times) -> Iterator[tuple[str, str, str, str, int | None, float, float]]:
    """Yield the rows of the tidy table, of :data:`doseesc.results.cells.CHARACTERISTICS_COLUMNS`."""
    for (scenario, design), figures in times.items():
        for row in figures.rows():
            yield (scenario, design, CALENDAR, *row)


def times_part(times: Times) -> list[dict[str, Any]]:
    """Return the part ``time`` of ``results.json``."""
    return [{"scenario": scenario, "design": design, **vars(found)} for (scenario, design), found in times.items()]


def times_from(rows: Iterable[Mapping[str, Any]] | None) -> dict[tuple[str, str], TimeFigures]:
    """Return the figures that the part ``time`` holds; none where there is no such part."""
    return {
        (row["scenario"], row["design"]): TimeFigures(
            **vars(figures_of({name: value for name, value in row.items() if name not in ("scenario", "design")}))
        )
        for row in rows or ()
    }


def acts_on_calendar(design: Design, calendar: Calendar, replaces: bool = False) -> bool:
    """Tell whether what a design selects and whom it treats depends on the calendar.

    It does not where nobody but the design keeps patients from being treated, nobody is backfilled, and the design
    decides as if all outcomes were known: it waits for them, or goes on when they cannot change the decision, and none
    of the pending patients is one to be replaced (``replaces``: whether some are).  (A 3+3 or A+B that waits leaves a
    level on the calendar as soon as known DLTs condemn it; its figures are those of whole groups nevertheless.)

    Examples
    --------
    >>> from designs import CRM, Weighted
    >>> from doseesc.truth import Accrual
    >>> calendar = Calendar(accrual=Accrual(per_month=2))
    >>> policies = Complete(), Settled(), Weighted()
    >>> designs = [CRM(target=0.25, skeleton=(0.1, 0.2, 0.3), max_n=18, pending=each) for each in policies]
    >>> [acts_on_calendar(design, calendar) for design in designs]
    [False, False, True]
    """
    if calendar.stagger is not None or calendar.max_days is not None or calendar.backfill is not None:
        return True
    if type(design.pending) is Complete:
        return False
    return design.fixed_cohorts or replaces or type(design.pending) is not Settled


def most_patients(study: Study, design: str) -> int:
    """Return the most patients that a trial of a design treats, backfilled ones among them."""
    own, calendar = study.designs[design], study.calendar_for(design)
    rules = None if calendar is None else calendar.backfill
    return own.max_n + (0 if rules is None else rules.most(own))


def on_calendar(study: Study) -> list[str]:
    """Return the names of the designs whose figures depend on the calendar; see :func:`acts_on_calendar`."""
    calendars = {name: study.calendar_for(name) for name in study.names}
    replaces = any(model.replaces for model in study.observations.values())
    return [
        name
        for name, design in study.designs.items()
        if (calendar := calendars[name]) is not None and acts_on_calendar(design, calendar, replaces)
    ]
