"""What a sweep found, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doseesc.results import best_cell
from doseesc.wording import in_a_row, percent, plain_number, plain_words

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.results import SweepResults

_ALIKE = 0.01
"""Cells whose scores differ by less are said to be about as good."""


def sweep_verdict(results: SweepResults, summary: pd.DataFrame) -> str:
    """Return which cell does best, by how much, and what comes near it.

    Parameters
    ----------
    results : SweepResults
    summary : DataFrame
        As :meth:`doseesc.results.SweepResults.summary` gives it.
    """
    best = best_cell(summary)
    near = int((summary["score"] >= best["score"] - _ALIKE).sum()) - 1
    judged = "in the scenario where it does worst" if results.facts.worst_case else "over the scenarios"
    right, above = (f"{percent(best[name])} %" for name in ("correct_selection", "overdose_selection"))
    sentence = (
        f"{cell_words(results, best)} does best of {len(summary):,} {judged}: it selects the true MTD in {right} of "
        f"trials and a dose above it in {above}, with {best['total_patients']:.1f} patients on average."
    )
    if not near:
        return f"{sentence} No other cell comes within 1 point."
    others = "1 other cell comes" if near == 1 else f"{near:,} other cells come"
    return f"{sentence} {others} within 1 point of it."


def cell_words(results: SweepResults, row: Any) -> str:
    """Return a row of a summary in words: its design, and the values of the axes that concern it."""
    import pandas as pd

    axes = [f"{results.facts.short[name]} {axis_value(row[name])}" for name in results.varied if pd.notna(row[name])]
    return plain_words(str(row["design"])) + (f" with {in_a_row(axes)}" if axes else "")


def axis_value(value: Any) -> str:
    """Return the value of an axis as people write it; a dash where it does not concern the design."""
    import pandas as pd

    if pd.isna(value):
        return "–"
    if type(value).__name__.startswith("bool"):
        return "true" if value else "false"
    return plain_words(str(value)) if isinstance(value, str) else plain_number(float(value))


def span_of_seconds(seconds: float) -> str:
    """Return a time in words.

    Examples
    --------
    >>> span_of_seconds(0.2), span_of_seconds(75), span_of_seconds(5400), span_of_seconds(400000)
    ('1 second', '75 seconds', '90 minutes', '111 hours')
    """
    for size, name, most in ((1, "second", 120), (60, "minute", 120), (3600, "hour", 1e9)):
        count = max(round(seconds / size), 1)
        if count <= most:
            return f"{count:,} {name}{'s' if count != 1 else ''}"
    return "more than can be waited for"
