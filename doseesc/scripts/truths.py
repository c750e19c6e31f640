"""What scripts take for the truth: the DLT probabilities that a trial of the study observes, without a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.results import on_calendar
from doseesc.runs import observed_truths
from doseesc.study import refused

if TYPE_CHECKING:
    from designs.arrays import FloatArray
    from doseesc.study import Study


def truths_seen(study: Study) -> dict[str, FloatArray]:
    """Return the DLT probabilities (J,) by scenario that the figures of ``doseesc run`` rest on.

    Those of the drug alone, or where the study has an ``observation:`` what its first policy makes of them.

    Raises
    ------
    ScenarioError
        If the study has no scenario but random curves.

    Examples
    --------
    >>> from doseesc.study import load, shipped_scenarios
    >>> list(truths_seen(load(shipped_scenarios()["nct04602104"])))[:2]
    ['S0', 'S1']
    """
    if not study.truths:
        raise refused(study, ("scenarios",), "holds random curves only", "add a scenario with dlt or curve")
    return observed_truths(study) or study.truths


def refuse_calendar(study: Study, design: str) -> None:
    """Refuse a design whose figures rest on the calendar.

    Raises
    ------
    ScenarioError
        It names the section of the file, or the design's ``pending``, by which they do.
    """
    calendar = study.calendar_for(design)
    if calendar is None or design not in on_calendar(study):
        return
    named = {"stagger": calendar.stagger, "backfill": calendar.backfill, "max_duration_months": calendar.max_days}
    given = [section for section, value in named.items() if value is not None]
    why = "by which whom the design treats rests on the calendar; a script without a clock cannot express it"
    if given:
        raise refused(study, (given[0],), f"is given, {why}", f"leave out  {given[0]}  in a copy of the file")
    path = ("designs", study.names.index(design), "pending")
    policy = type(study.designs[design].pending).__name__
    raise refused(study, path, f"is {policy}(), {why}", "write  pending: complete,  or leave out  accrual")
