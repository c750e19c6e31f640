"""How long trials take, as a table: every design under every scenario."""

from __future__ import annotations

import numpy as np

from doseesc.report.tables.table import PageTable, Value, number
from doseesc.report.words import counted_patients, duration_words, from_when
from doseesc.results import Results
from doseesc.truth import DAYS_PER_MONTH

_COLUMNS = (
    "scenario",
    "design",
    "median, months",
    "5 to 95 %",
    "25 to 75 %",
    "mean",
    "to the last first dose",
    "times it waited",
    "days it waited",
    "days patients waited",
    "turned away",
    "pending at a decision",
    "decisions changed, %",
    "patients a month",
)


def time_table(results: Results) -> PageTable | None:
    """Return how long trials take and what is waited for; None where the study says nothing about accrual."""
    if not results.times:
        return None
    backfilled = any(each.backfilled > 0 for each in results.times.values())
    place = _COLUMNS.index("turned away") + 1
    columns = (*_COLUMNS[:place], "backfilled", *_COLUMNS[place:]) if backfilled else _COLUMNS
    rows = []
    for (scenario, design), each in results.times.items():
        low, lower, median, upper, high = (float(days) / DAYS_PER_MONTH for days in each.duration_quantiles)
        rows.append(
            (
                Value(scenario),
                Value(design),
                _with_error(median, float(each.mcse.duration_quantiles[2]) / DAYS_PER_MONTH),
                Value(f"{low:.1f} to {high:.1f}", "", low),
                Value(f"{lower:.1f} to {upper:.1f}", "", lower),
                _with_error(each.duration_days / DAYS_PER_MONTH, each.mcse.duration_days / DAYS_PER_MONTH),
                number(each.enrolment_days / DAYS_PER_MONTH),
                number(each.suspensions),
                Value(f"{each.days_suspended:.0f}", "", each.days_suspended),
                Value(f"{each.days_waited:.0f}", "", each.days_waited),
                number(each.turned_away),
                *([number(each.backfilled)] if backfilled else []),
                number(each.pending_at_decision, 2),
                _with_error(100 * each.changed_decisions, 100 * each.mcse.changed_decisions),
                number(each.patients_per_month, 2),
            )
        )
    calendar = results.study.calendar
    window = duration_words(float(results.study.dlt_window_days))
    who = counted_patients(results)
    meanwhile = f"; backfilled are {who} given a lower dose meanwhile" if backfilled else ""
    lost = "" if calendar is None or calendar.accrual.arrivals_while_waiting != "turn_away" else " and is turned away"
    return PageTable(
        "time",
        "How long trials take, in months",
        f"{from_when(results)}; in small print one Monte Carlo standard error. It waits where a patient who has come "
        f"cannot be {'given the current dose' if backfilled else 'treated'}{lost}{meanwhile}; pending are patients "
        f"within {window} of their first dose, without a DLT so far; changed are decisions that would have named "
        "another dose had their outcomes been known.",
        columns,
        rows,
        2,
    )


def _with_error(value: float, error: float) -> Value:
    if np.isnan(value):
        return Value("–")
    return Value(f"{value:.1f}", f"± {error:.1f}" if error >= 0.05 else "", float(value))
