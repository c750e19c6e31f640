"""Two cells of a sweep in the terminal, one beside the other."""

from __future__ import annotations

import pandas as pd
from rich.text import Text

from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.results import CellComparison
from doseesc.wording import percent, plain_words

_NAMES = {
    "correct_selection": ("correct %", 100.0),
    "overdose_selection": ("above %", 100.0),
    "total_patients": ("patients", 1.0),
    "patients_above_mtd": ("patients above", 1.0),
    "duration_days": ("days", 1.0),
}
_WIDTHS = (26, 18, 11, 11, 14, 10)


def cell_comparison_lines(comparison: CellComparison) -> list[Text]:
    """Return the lines of a comparison: over the scenarios first, then in each."""
    over = comparison.frame[comparison.frame["scenario"].isna()].set_index("metric")["difference"]
    right, above = (100 * float(over[name]) for name in ("correct_selection", "overdose_selection"))
    answer = (
        f"{plain_words(comparison.names[1])} against {plain_words(comparison.names[0])}: the true MTD is selected in "
        f"{percent(abs(right) / 100)} points {'more' if right >= 0 else 'less'} of trials, a dose above it in "
        f"{percent(abs(above) / 100)} points {'more' if above >= 0 else 'less'}."
    )
    lines = [*wrapped(answer, "bold"), Text()]
    lines.append(line([Cell("", left=True), Cell("", left=True), "first", "second", "difference", "±"], _WIDTHS))
    for scenario, rows in comparison.frame.groupby("scenario", sort=False, dropna=False):
        name = "over all" if pd.isna(scenario) else plain_words(str(scenario))
        for row in rows.to_dict("records"):
            label, scale = _NAMES[str(row["metric"])]
            digits = 1 if scale == 100 else 2
            figures = [f"{scale * row[each]:.{digits}f}" for each in ("first", "second")]
            error = f"{scale * row['mcse']:.{digits}f}" if row["mcse"] > 0 else "exact"
            head = [Cell(cut(name, _WIDTHS[0] - 2), left=True), Cell(label, left=True)]
            lines.append(line([*head, *figures, f"{scale * row['difference']:+.{digits}f}", error], _WIDTHS))
            name = ""
    return lines
