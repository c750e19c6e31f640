"""A verified log of decisions in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from designs.rules.base import counted
from doseesc.wording import in_a_row

if TYPE_CHECKING:
    from doseesc.conduct import CheckedReplay

_OUTCOMES = {
    "followed": "was followed|were followed",
    "not followed": "was not followed|were not followed",
    "open": "is still open|are still open",
    "not known": "cannot be told from these data|cannot be told from these data",
}


def checked_answer(checked: CheckedReplay) -> str:
    """Say whether a log is whole, and how many of its decisions were followed."""
    decisions = checked.decisions
    log = f"The log of {counted(len(decisions), 'decision')}"
    if checked.damaged:
        where = in_a_row([str(each.number) for each in decisions if each.damage])
        return f"{log} was changed after it was written, at entry {where}: do not rely on it."
    counts = {outcome: sum(each.outcome == outcome for each in decisions) for outcome in _OUTCOMES}
    said = [f"{count} {_OUTCOMES[outcome].split('|')[count > 1]}" for outcome, count in counts.items() if count]
    return f"{log} is whole, nothing in it was changed; {in_a_row(said)}."
