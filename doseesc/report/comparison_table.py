"""What ``doseesc compare`` prints: settings that differ, and figures that differ by more than chance."""

from __future__ import annotations

import math
from typing import Any

from rich.text import Text

from doseesc.comparison import Comparison

_SHARES = ("selected", "stopped_early", "correct_selection", "overdose_selection")
_LONGEST = 60


def comparison_lines(found: Comparison, least: float = 2.0) -> list[Text]:
    """Return the lines that ``doseesc compare`` prints.

    Parameters
    ----------
    found : Comparison
    least : float
        Standard errors that a difference must exceed to be shown.
    """
    lines = [Text("Settings that differ" if found.changes else "No setting differs", "bold")]
    lines += [Text(f"  {each.setting}: {_shown(each.first)} -> {_shown(each.second)}") for each in found.changes]
    for which, keys in (("first", found.only_first), ("second", found.only_second)):
        if keys:
            names = ", ".join(f"{scenario} {design}" for scenario, design in keys)
            lines.append(Text(f"  only in the {which} run: {names}"))
    shown = [each for each in found.figures if abs(each.difference) > least * each.mcse + 1e-9]
    lines += [Text(), Text(f"{len(shown)} of {len(found.figures)} figures differ by more than {least:g} SE", "bold")]
    before: tuple[str, str] | None = None
    for each in shown:
        if (each.scenario, each.design) != before:
            before = each.scenario, each.design
            lines.append(Text(f"  {each.scenario}  {each.design}"))
        scale, unit = (100.0, "%") if each.metric in _SHARES else (1.0, "")
        level = "" if each.level is None else f" level {each.level}" if each.level else " none"
        name = f"{each.metric.replace('_', ' ')}{level}"
        error = f" ± {scale * each.mcse:.2f}" if each.mcse else ""
        values = f"{scale * each.first:7.2f} -> {scale * each.second:7.2f} {unit}"
        lines.append(Text(f"    {name:<28}{values:<22}{scale * each.difference:+7.2f}{error}"))
    return lines


def _shown(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
