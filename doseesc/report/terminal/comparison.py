"""What ``doseesc compare`` prints: settings that differ, and figures that differ by more than chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from doseesc.report.terminal.lines import wrapped
from doseesc.runs import ChangedFigure, Comparison
from doseesc.truth import DAYS_PER_MONTH
from doseesc.wording import plain_words

_SHARES = ("selected", "stopped_early", "correct_selection", "overdose_selection", "changed_decisions")
_LONG = ("duration_days", "enrolment_days")  # told in months
_LONGEST = 60
MAIN = (
    *("correct_selection", "overdose_selection", "total_patients", "total_dlts", "patients_above_mtd"),
    *("duration_days", "days_suspended", "turned_away", "backfilled"),
)
"""The figures shown unless all are asked for."""


def comparison_lines(comparison: Comparison, least: float = 2.0, every: bool = False) -> list[Text]:
    """Return the lines that ``doseesc compare`` prints.

    Parameters
    ----------
    comparison : Comparison
    least : float
        Standard errors that a difference must exceed to be shown.
    every : bool
        Also those by level and of early stops, not only :data:`MAIN`.
    """
    shown = [each for each in comparison.figures if _differs(each, least)]
    lines = wrapped(_answer(comparison, shown, least), "bold")
    settings = [Text("Settings that differ", "bold")] if comparison.changes else []
    settings += [
        Text(f"  {each.setting}: {_shown(each.first)} -> {_shown(each.second)}") for each in comparison.changes
    ]
    for which, keys in (("first", comparison.only_first), ("second", comparison.only_second)):
        if keys:
            settings.append(Text(f"  only in the {which} run: {_names(keys, comparison)}"))
    for name, (before_it, after_it) in comparison.of_attainable.items():
        if before_it != after_it:
            settings.append(Text(f"  of the attainable, {name}: {100 * before_it:.1f} % -> {100 * after_it:.1f} %"))
    lines += [Text(), *settings] if settings else []
    lines += [Text(), Text("Figures that differ", "bold")] if shown else []
    main = [each for each in shown if every or each.metric in MAIN]
    if main:
        lines += [Text(f"second minus first, {words}", "dim") for words in _error_words(comparison)]
    if len(main) < len(shown):
        words = f"the main ones, {len(main)}; all with  --all" if main else "none of the main ones; all with  --all"
        lines.append(Text(words, "dim"))
    before: tuple[str, str] | None = None
    for each in main:
        if (each.scenario, each.design) != before:
            before = each.scenario, each.design
            lines.append(Text(f"  {each.scenario}  {each.design}"))
        scale, unit = _scale(each)
        name = f"{_named(each.metric)}{_at(each.level, comparison.dose_names)}"
        error = f" ± {scale * each.mcse:.2f}" if each.mcse else ""
        values = f"{scale * each.first:7.2f} -> {scale * each.second:7.2f} {unit}"
        lines.append(Text(f"    {name:<28}{values:<22}{scale * each.difference:+7.2f}{error}"))
    return lines


def _answer(comparison: Comparison, shown: Sequence[ChangedFigure], least: float) -> str:
    """Say how many figures differ, which share of trials does most, and how many settings."""
    said = f"{len(shown)} of {len(comparison.figures)} figures differ by more than {least:g} SE and rounding"
    if not comparison.figures:
        said = "The runs have no figures in common"
    shares = [each for each in shown if each.metric in MAIN and each.metric in _SHARES]
    if shares:
        most = max(shares, key=lambda each: abs(each.difference))
        whose = f"{_named(most.metric)} of {plain_words(most.design)} in {plain_words(most.scenario)}"
        said += f", most {whose}: {100 * most.first:.1f} -> {100 * most.second:.1f} %"
    count = len(comparison.changes)
    settings = "No setting differs" if not count else "1 setting differs" if count == 1 else f"{count} settings differ"
    return f"{said}. {settings}."


def _at(level: int | None, names: Sequence[str]) -> str:
    """Return the dose of a figure with a blank before it, "" where it is of none."""
    if level is None:
        return ""
    if level == 0:
        return " none"
    return f" {plain_words(names[level - 1])}" if level <= len(names) else f" level {level}"


def _named(metric: str) -> str:
    """Name a figure.

    Examples
    --------
    >>> _named("total_dlts"), _named("duration_days"), _named("duration_days_p95")
    ('total DLTs', 'duration', 'duration, 95 % of trials')
    """
    start, _, share = metric.partition("_p")
    if metric.startswith(_LONG):
        return start.removesuffix("_days") + (f", {int(share)} % of trials" if share else "")
    return metric.replace("_", " ").replace("dlts", "DLTs")


def _differs(each: ChangedFigure, least: float) -> bool:
    """Return whether a difference is more than chance, and more than rounding as printed."""
    return abs(each.difference) > least * each.mcse and round(_scale(each)[0] * each.difference, 2) != 0


def _scale(each: ChangedFigure) -> tuple[float, str]:
    if each.metric in _SHARES:
        return 100.0, "%"
    return (1 / DAYS_PER_MONTH, "months") if each.metric.startswith(_LONG) else (1.0, "")


def _names(keys: list[tuple[str, str]], comparison: Comparison) -> str:
    """Name designs and scenarios that only one run has; a whole design or scenario once."""
    designs, scenarios = {each.design for each in comparison.figures}, {each.scenario for each in comparison.figures}
    if not designs:
        return ", ".join(f"{scenario} {design}" for scenario, design in keys)
    whole = [
        design if design not in designs else f"scenario {scenario}" if scenario not in scenarios else None
        for scenario, design in keys
    ]
    pairs = [f"{scenario} {design}" for (scenario, design), name in zip(keys, whole, strict=True) if name is None]
    return ", ".join([*dict.fromkeys(name for name in whole if name is not None), *pairs])


def _error_words(comparison: Comparison) -> list[str]:
    """Say what stands after ±."""
    kinds = {each.paired for each in comparison.figures if each.mcse > 0}
    words = {
        True: "± 1 SE of the paired difference, on the same simulated patients",
        False: "± 1 SE as of independent runs" + (", where they cannot be paired" if True in kinds else ""),
    }
    return [words[kind] for kind in (True, False) if kind in kinds]


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, dict):
        value = ", ".join(f"{key} {_shown(each)}" for key, each in value.items() if key != "name")
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
