"""The same Phase 2 trials by every analysis, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from doseesc.phase2 import ALL_ARMS, AnalysisRow, TrialPlan
from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.wording import percent, plain_words

_ENDPOINTS = {"ttci": "improvement", "mortality": "28-day mortality", "reactions": "adverse reactions"}
_NAMES = {
    "log_rank": "log-rank",
    "cox_score": "Cox score",
    "gray": "Gray",
    "win_ratio": "win ratio",
    "chi_square": "chi-square",
    "fisher": "Fisher",
    "mantel_haenszel": "Cochran-Mantel-Haenszel",
    "miettinen_nurminen": "Miettinen-Nurminen interval",
    "newcombe": "Newcombe interval",
}


def analyses_lines(rows: Sequence[AnalysisRow], plan: TrialPlan) -> list[Text]:
    """Return power by analysis and arm; of intervals the coverage and half-width."""
    names = [arm.name for arm in plan.active]
    widths = (58, *(13 for _ in names))
    by = {(row.endpoint, row.analysis, row.figure, row.arm): row for row in rows}
    heads = [cut(plain_words(name), 12) for name in names]
    lines = [
        Text("The same trials by every analysis, % of trials, each dosage by itself", "bold"),
        line([Cell("  analysis", left=True), *heads], widths),
    ]
    before = None
    for endpoint, analysis, figure in dict.fromkeys((row.endpoint, row.analysis, row.figure) for row in rows):
        if endpoint != before:
            lines.append(Text("  " + _ENDPOINTS[endpoint]))
            before = endpoint
        cells = [
            percent(by[endpoint, analysis, figure, name].value) if (endpoint, analysis, figure, name) in by else ""
            for name in names
        ]
        if (endpoint, analysis, figure, ALL_ARMS) in by:
            cells[-1] = percent(by[endpoint, analysis, figure, ALL_ARMS].value)
        lines.append(line([Cell("    " + _words(analysis, figure), left=True), *cells], widths))
    largest = max(row.mcse for row in rows)
    legend = (
        f"one-sided, not adjusted; simulated to ± {100 * largest:.1f} points (1 SE) at most · coverage: how often the "
        "95 % interval of the difference in mortality holds the true one · trend: over all arms"
    )
    return lines + wrapped(legend, "dim")


def _words(analysis: str, figure: str) -> str:
    name, *more = analysis.split(", ")
    words = [_NAMES.get(name, f"Cochran-Armitage {name}")]
    words += [
        {"day_28": "dead censored at day 28", "at_death": "dead censored at death"}.get(each, each) for each in more
    ]
    if figure != "power":
        words.append("coverage" if figure == "coverage" else "mean half-width, points")
    return ", ".join(words)
