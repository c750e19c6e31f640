"""What ``doseesc compare-script`` prints: the verdict, the rows that differ, and known differences of conventions."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from doseesc.report.terminal.lines import WIDTH
from doseesc.scripts import ComparedRow, ScriptComparison
from doseesc.wording import in_a_row, plain_words, shorten

_MOST = 20
"""Differing rows that are shown."""

_COLUMNS = ("line", "what", "script", "doseesc", "SE", "apart")


def script_lines(comparison: ScriptComparison, every: bool = False, width: int = WIDTH) -> list[Text]:
    """Return the lines that ``doseesc compare-script`` prints.

    Parameters
    ----------
    comparison : ScriptComparison
    every : bool
        Show all rows, not only those that differ.
    width : int
        Columns for paragraphs.
    """
    lines = [Text(verdict_words(comparison), "bold")]
    lines += [Text(words) for words in _counts(comparison)]
    lines += [Text(f"note: {note}", "yellow") for note in comparison.notes]
    differing = comparison.differing
    shown: Sequence[ComparedRow] = comparison.rows if every else differing[:_MOST]
    if shown:
        lines += [Text(), *_table(shown)]
        if not every and len(differing) > _MOST:
            lines.append(Text(f"and {len(differing) - _MOST:,} more; all rows with  --all", "dim"))
    known = comparison.conventions
    if known:
        where = ", those that touch what differs first" if differing else ""
        lines += [Text(), Text(f"Known differences of conventions between programs{where}", "bold")]
        lines += [Text(line) for each in known for line in _paragraph(each.about, each.text, width)]
    return lines


def verdict_words(comparison: ScriptComparison) -> str:
    """Say in a sentence whether the script agrees."""
    name = plain_words(comparison.design)
    if comparison.agrees:
        return f"{name}: the script and doseesc agree."
    count = len(comparison.differing)
    rows = "1 row differs" if count == 1 else f"{count:,} rows differ"
    return f"{name}: the script and doseesc disagree; {rows} of {len(comparison.rows):,}."


def _counts(comparison: ScriptComparison) -> list[str]:
    words = []
    by = sorted({row.by for row in comparison.rows})
    for program in by:
        of = [row for row in comparison.rows if row.by == program]
        decisions = [row for row in of if row.kind == "decision"]
        figures = [row for row in of if row.kind == "figure"]
        parts = []
        if decisions:
            parts.append(f"{_agreeing(decisions)} decisions the same")
        if figures:
            parts.append(f"{_agreeing(figures)} figures {_within(figures)}")
        words.append(f"{program or 'script'}: {', '.join(parts)}.")
    if comparison.exact is False:
        words.append("doseesc's own figures are simulated: the design is too large to be enumerated.")
    if comparison.policy and any(row.kind == "figure" for row in comparison.rows):
        policy = plain_words(comparison.policy)
        words.append(f"Figures are of the trial as the study's observation sees it ({policy}), like those of run.")
    left_out = ((comparison.missing_decisions, "decision"), (comparison.missing, "figure"))
    told = [f"{count:,} {what}{'' if count == 1 else 's'}" for count, what in left_out if count]
    if told:
        words.append(f"The file has no row for {in_a_row(told)} of doseesc, which are not compared.")
    if not comparison.missing_decisions and not any(row.kind == "decision" for row in comparison.rows):
        words.append("The file has no decisions: those of doseesc were not compared.")
    return words


def _agreeing(rows: Sequence[ComparedRow]) -> str:
    return f"{sum(row.agrees for row in rows):,} of {len(rows):,}"


def _within(figures: Sequence[ComparedRow]) -> str:
    errors = [row.errors for row in figures if row.errors is not None]
    if not errors:
        return "the same"
    return f"within 4 standard errors (largest difference {max(errors):.1f})"


def _table(rows: Sequence[ComparedRow]) -> list[Text]:
    cells = [_COLUMNS, *(_cells(row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(_COLUMNS))]
    lines = []
    for row in cells:
        first, what, *numbers = row
        text = "  ".join(
            [
                first.rjust(widths[0]),
                what.ljust(widths[1]),
                *(each.rjust(width) for each, width in zip(numbers, widths[2:], strict=True)),
            ]
        )
        lines.append(Text(text.rstrip(), "dim" if row is cells[0] else ""))
    return lines


def _cells(row: ComparedRow) -> tuple[str, ...]:
    by = f", {row.by}" if row.by else ""
    if row.kind == "decision":
        level = "" if row.level is None else f" at level {row.level}"
        what = f"{row.quantity}{level}, {row.y} {'DLT' if row.y == '1' else 'DLTs'} in {row.n}{by}"
        return str(row.line), shorten(what, 52), str(row.theirs), str(row.ours), "", "" if row.agrees else "other"
    level = "none" if row.level == 0 else f"level {row.level}"
    what = f"{shorten(row.scenario, 24)}: {row.quantity} {level}{by}"
    apart = "" if row.errors is None else f"{row.errors:.1f} SE"
    if row.errors is None and not row.agrees:
        apart = f"{abs(float(row.theirs) - float(row.ours)):.2g}"
    se = f"{row.se:.2g}" if row.se else ""
    return str(row.line), shorten(what, 52), f"{float(row.theirs):.6g}", f"{float(row.ours):.6g}", se, apart


def _paragraph(about: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(f"{about}: {text}", width - 2, initial_indent="  ", subsequent_indent="    ")
