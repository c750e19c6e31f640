"""What scripts take for the truth: the DLT probabilities that a trial of the study observes, without a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designs import PendingPolicy, Weighted
from designs.pending_letters import ByTable
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
    why = "so that decisions rest on the calendar, which a script without a clock cannot express"
    if given:
        raise refused(study, (given[0],), f"is given, {why}", f"leave out  {given[0]}  in a copy of the file")
    path = ("designs", study.names.index(design), "pending")
    pending = study.designs[design].pending
    remedy = "leave out  accrual  and what rests on it in a copy of the file"
    if not isinstance(pending, ByTable):  # which is what such a design is, and cannot be exchanged
        remedy = waiting_instead(pending)
    raise refused(study, path, f"is {type(pending).__name__}(), {why}", remedy)


def waiting_instead(pending: PendingPolicy) -> str:
    """Return what to write in a design's entry so that it waits for every outcome, as a script does."""
    if isinstance(pending, Weighted):
        return "write  pending: complete  and its type without  TITE-"
    return "write  pending: complete"
