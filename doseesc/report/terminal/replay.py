"""What a replay prints: the record cohort by cohort beside what the design said, departures marked."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.text import Text

from designs import Reason
from doseesc.report.terminal.lines import WIDTH, Cell, fit, line
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.conduct import Replay

_DOSE = 24


def replay_lines(found: Replay) -> list[Text]:
    """Return the lines that ``doseesc replay`` prints."""
    doses, design = found.trial.doses, found.trial.design
    levels = range(1, design.n_doses + 1)
    names = [fit(plain_words(doses.name(level)), _DOSE) for level in levels]
    column = max(max(len(name) for name in names) + 3, 8)
    widths = [8, column, 4, 6, 3, max(column + 14, 24), column + 2]
    heads = [Cell(each, left=True) for each in ("cohort", "dose")] + ["n", "DLTs", ""]
    heads += [Cell(each, left=True) for each in ("the design then says", "MTD so far")]
    lines = [Text(f"{plain_words(found.trial.name)}, {len(found.cohorts)} cohorts", "bold")]
    if any(doses.words(level) != doses.name(level) for level in levels):
        listed = "doses: " + ", ".join(plain_words(doses.words(level)) for level in levels)
        lines += [Text(each, "dim") for each in textwrap.wrap(listed, WIDTH, subsequent_indent="  ")]
    lines += [Text(), line(heads, widths)]
    for row in range(len(found.cohorts) + 1):
        lines += _row(found, row, names, widths)
    departed = sum(map(bool, found.departures))
    last = f"{departed or 'no'} {'departure' if departed == 1 else 'departures'} from the design"
    lines += [Text(), *(Text(each) for each in textwrap.wrap(f"{last}; {_end(found)}", WIDTH))]
    return lines + [Text(f"note: {plain_words(note)}", "yellow") for note in found.notes]


def _row(found: Replay, row: int, names: list[str], widths: list[int]) -> list[Text]:
    """Return the lines of one cohort; row 0 is what the design says before anybody is treated."""
    level, size = int(found.decision.level[row]), int(found.decision.cohort_size[row])
    said = f"{names[level - 1]}, {size} {'patient' if size == 1 else 'patients'}" if level else "stop"
    selected = int(found.selected[row])
    done: list[Cell | str] = [Cell("start", left=True), "", "", "", ""]
    if row:
        cohort = found.cohorts[row - 1]
        done = [
            Cell(str(row), left=True),
            Cell(names[cohort.level - 1], left=True),
            str(cohort.n),
            str(cohort.dlt),
            "",
        ]
    mtd = names[selected - 1] if selected else "none" if row else ""
    lines = [line([*done, Cell(said, left=True), Cell(mtd, left=True)], widths)]
    if row and found.departures[row - 1]:
        lines.append(Text(f"        departure: {plain_words(found.departures[row - 1])}", "yellow"))
    return lines


def _end(found: Replay) -> str:
    doses, selected = found.trial.doses, int(found.selected[-1])
    mtd = f"the MTD {'is' if found.decision.level[-1] == 0 else 'would be'} {doses.words(selected)}"
    reason = Reason(int(found.decision.reason_code[-1])).sentence
    return f"{mtd if selected else 'no dose is the MTD'}. {reason}"
