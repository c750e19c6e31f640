"""What a run's output says of itself: the study in a line, and how precise the figures are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.lines import ends
from doseesc.wording import percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results


def study_line(results: Results) -> list[Text]:
    """Return what the study is."""
    study, about = results.study, results.study.study
    title = " · ".join(plain_words(part) for part in (about.registry_id, about.short_title or about.title) if part)
    facts = (
        f"target {percent_words(study.target)} · {study.max_n} patients, cohorts of {study.cohort_size} · "
        f"window {study.dlt_window_days} days"
    )
    return ends(title, facts, "bold")


def assumed_words(results: Results) -> str:
    """Name what the file calls assumed; empty where it is nothing."""
    named = ", ".join(plain_words(each.split(":", 1)[0]) for each in results.study.study.assumptions)
    return f"assumed, not registered: {named}" if named else ""


def precision_words(results: Results) -> str:
    """Say how precise the simulation is, and whether exact figures agree with it."""
    errors = [
        float(error)
        for cell in results.cells.values()
        if cell.simulated is not None
        for error in (*cell.simulated.mcse.selected, cell.simulated.mcse.correct_selection)
    ]
    if not errors:
        return "all figures are exact"
    sentence = f"simulated to ± {100 * max(errors):.1f} points (1 SE)"
    if results.agreement is None:
        return sentence
    figures, within_2, within_4 = results.agreement
    opening = "exact values agree" if within_4 == figures else "exact values compared"
    return f"{sentence}; {opening}: {within_2} of {figures} simulated figures within 2 SE, {within_4} within 4"
