"""All tables of a page by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.tables import (
    PageTable,
    arm_analysis_table,
    arms_table,
    assumptions_table,
    assurance_table,
    differences_table,
    observation_table,
    observed_table,
    phase2_table,
    posterior_table,
    power_table,
    prior_table,
    reasons_table,
    safety_table,
    selection_table,
    summary_table,
    time_table,
    trial_table,
    truth_table,
)

if TYPE_CHECKING:
    from doseesc.planning import Phase2Answers
    from doseesc.results import SavedRun


def page_tables(saved: SavedRun, phase2: Phase2Answers | None) -> dict[str, PageTable]:
    """Return all tables that the results allow."""
    results, study = saved.results, saved.results.study
    tables = [
        summary_table(results),
        truth_table(results),
        selection_table(results),
        safety_table(results),
        reasons_table(results),
        time_table(results),
        differences_table(results),
        arms_table(results),
        phase2_table(results),
        arm_analysis_table(results),
        prior_table(results),
        observation_table(results),
        observed_table(results),
        assumptions_table(study),
    ]
    if saved.fit is not None:
        tables.append(posterior_table(saved.fit))
    if phase2 is not None:
        tables += [trial_table(phase2), power_table(phase2), assurance_table(phase2)]
    return {table.name: table for table in tables if table is not None}
