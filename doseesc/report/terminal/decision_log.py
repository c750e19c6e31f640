"""What ``replay --log`` prints: whether the log is whole, the replay, and what became of each decision of the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from designs.rules.base import counted
from doseesc.report.terminal.lines import WIDTH, wrapped
from doseesc.report.terminal.replay import replay_lines
from doseesc.report.words import checked_answer
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.conduct import CheckedReplay

_STYLES = {"followed": "green", "not followed": "yellow"}


def checked_lines(checked: CheckedReplay, width: int = WIDTH) -> list[Text]:
    """Return whether the log is whole, a replay, and the decisions of the log, in at most ``width`` columns."""
    answer = wrapped(checked_answer(checked), "bold red" if checked.damaged else "bold", 0, width)
    lines = [*answer, Text(), *replay_lines(checked.replay, width), Text(), Text("Decisions of the log", "bold")]
    for each in checked.decisions:
        data = f"data of {each.date}, " if each.date else ""
        entered = counted(each.patients, "patient")
        file = "from this very file" if each.same_file else "from an earlier state of the file, or another"
        lines += wrapped(f"{each.number:>3}  {each.written[:10]}, {data}{entered} entered, {file}", "dim", 5, width)
        lines += wrapped(f"     {plain_words(each.recommendation)}", "", 5, width)
        how = f": {plain_words(each.how)}" if each.how else ""
        lines += wrapped(f"     {each.outcome}{how}", _STYLES.get(each.outcome, ""), 5, width)
        if each.damage:
            lines += wrapped(f"     entry {each.number} {each.damage}", "bold red", 5, width)
        for difference in each.differences:
            lines += wrapped(f"     note: {plain_words(difference)}", "yellow", 11, width)
    return lines
