"""The secondary outcomes of a Phase 2 trial, for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.text import Text

from doseesc.phase2 import MODEL_VISITS, SecondaryRow, TrialPlan
from doseesc.phase2.patients import SCORES
from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.wording import percent, plain_words

_DAYS = (0, 7, 14, 28, 60)
_COLUMN = 10
_POWERS = 19
_ANALYSES = {"ancova": "covariance", "mmrm": "mixed model", "ranks": "ranks"}


def secondary_lines(rows: Sequence[SecondaryRow], plan: TrialPlan, trials: int) -> list[Text]:
    """Return means by arm and power by analysis, at baseline, days 7, 14, 28 and 60."""
    active = [arm.name for arm in plan.active]
    by = {(row.outcome, row.day, row.arm): row for row in rows}
    names = [cut(plain_words(arm.name), _COLUMN - 2) for arm in plan.arms]
    title = f"secondary outcomes, {trials:,} trials: means, then power % by covariance / mixed model / ranks"
    widths = (32, 4, *(_COLUMN for _ in names), *(_POWERS for _ in active))
    head: list[Cell | str] = [Cell("outcome", left=True), "day", *names]
    lines = [Text(title, "bold")]
    lines.append(line([*head, *(cut(plain_words(name), _POWERS - 2) for name in active)], widths))
    before = None
    for outcome, day in dict.fromkeys((row.outcome, row.day) for row in rows if row.day in _DAYS):
        cells: list[Cell | str] = [Cell("" if outcome == before else f"  {outcome}", left=True), str(day)]
        before = outcome
        cells += [f"{by[outcome, day, arm.name].mean:.1f}" for arm in plan.arms]
        cells += [_powers(by[outcome, day, name]) for name in active]
        lines.append(line(cells, widths))
    wrong = ", ".join(
        f"{each.name} {each.low:g} to {each.high:g}, not {each.registry_range}"
        for each in SCORES
        if each.registry_range
    )
    legend = (
        f"the plan's analysis: {_ANALYSES[plan.analysis.secondary]} · covariance: adjusted for baseline among "
        "survivors, which conditions on survival; so do ICU days of survivors · mixed model: for repeated measures at "
        f"days {', '.join(str(day) for day in MODEL_VISITS)}, unstructured covariance · ranks: death as worst · "
        f"one-sided, unadjusted · ranges (those registered for NCT04602104 are wrong): {wrong} · how scores follow the "
        "course of the disease is assumed, not registered"
    )
    if plan.strata:
        legend += " · scores at baseline are alike in all severities, which differ in their course"
    return lines + wrapped(legend, "dim")


def _powers(row: SecondaryRow) -> str:
    shown = [
        "-" if np.isnan(share) else percent(share) for share in (row.ancova_power, row.mmrm_power, row.ranks_power)
    ]
    return "" if shown == ["-"] * 3 else " / ".join(shown)
