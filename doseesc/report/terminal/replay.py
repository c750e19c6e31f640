"""What a replay prints: the record cohort by cohort beside what the design said, departures marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from designs import Reason
from doseesc.report.terminal.lines import Cell, cut, line, wrapped
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.conduct import Replay

_DOSE = 24


def replay_lines(replay: Replay) -> list[Text]:
    """Return the lines that ``doseesc replay`` prints."""
    doses, design = replay.trial.doses, replay.trial.design
    levels = range(1, design.n_doses + 1)
    names = [cut(plain_words(doses.name(level)), _DOSE) for level in levels]
    column = max(max(len(name) for name in names) + 3, 8)
    widths = [8, column, 4, 6, 3, max(column + 14, 24), column + 2]
    heads = [Cell(each, left=True) for each in ("cohort", "dose")] + ["n", "DLTs", ""]
    heads += [Cell(each, left=True) for each in ("the design then says", "MTD so far")]
    lines = [Text(f"{plain_words(replay.trial.name)}, {len(replay.cohorts)} cohorts", "bold")]
    if any(doses.words(level) != doses.name(level) for level in levels):
        listed = "doses: " + ", ".join(plain_words(doses.words(level)) for level in levels)
        lines += wrapped(listed, "dim", 2)
    lines += [Text(), line(heads, widths)]
    for row in range(len(replay.cohorts) + 1):
        lines += _row(replay, row, names, widths)
    departed = sum(map(bool, replay.departures))
    last = f"{departed or 'no'} {'departure' if departed == 1 else 'departures'} from the design"
    lines += [Text(), *wrapped(f"{last}; {_end(replay)}")]
    return lines + [Text(f"note: {plain_words(note)}", "yellow") for note in replay.notes]


def _row(replay: Replay, row: int, names: list[str], widths: list[int]) -> list[Text]:
    """Return the lines of one cohort; row 0 is what the design says before anybody is treated."""
    level, size = int(replay.decision.level[row]), int(replay.decision.cohort_size[row])
    said = f"{names[level - 1]}, {size} {'patient' if size == 1 else 'patients'}" if level else "stop"
    selected = int(replay.selected[row])
    done: list[Cell | str] = [Cell("start", left=True), "", "", "", ""]
    if row:
        cohort = replay.cohorts[row - 1]
        done = [
            Cell(str(row), left=True),
            Cell(names[cohort.level - 1], left=True),
            str(cohort.n),
            str(cohort.dlt),
            "",
        ]
    mtd = names[selected - 1] if selected else "none" if row else ""
    lines = [line([*done, Cell(said, left=True), Cell(mtd, left=True)], widths)]
    if row and replay.departures[row - 1]:
        lines.append(Text(f"        departure: {plain_words(replay.departures[row - 1])}", "yellow"))
    return lines


def _end(replay: Replay) -> str:
    doses, selected = replay.trial.doses, int(replay.selected[-1])
    mtd = f"the MTD {'is' if replay.decision.level[-1] == 0 else 'would be'} {doses.words(selected)}"
    reason = Reason(int(replay.decision.reason_code[-1])).sentence
    return f"{mtd if selected else 'no dose is the MTD'}. {reason}"
