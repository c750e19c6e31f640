"""What a replay prints: the record beside what the design said, by cohorts or by days, departures marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from designs.rules.base import counted
from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.conduct import Replay

_DOSE = 24
_PATIENTS = 20


def replay_lines(replay: Replay, width: int = WIDTH) -> list[Text]:
    """Return the lines that ``doseesc replay`` prints, of at most ``width`` columns."""
    doses, design = replay.trial.doses, replay.trial.design
    levels = range(1, design.n_doses + 1)
    room = min(_DOSE, (width - 38) // 3)
    names = [cut(plain_words(doses.name(level)), room) for level in levels]
    last = replay.record.steps[-1].cohort + 1 if replay.record.steps else 0
    departed = sum(map(bool, replay.departures))
    end = f"{departed or 'no'} {'departure' if departed == 1 else 'departures'} from the design"
    answer = f"{plain_words(replay.trial.name)}, {counted(last, 'cohort')}: {end}; {_end(replay)}"
    lines = wrapped(answer, "bold", 0, width)
    if any(doses.words(level) != doses.name(level) for level in levels):
        listed = "doses: " + ", ".join(plain_words(doses.words(level)) for level in levels)
        lines += wrapped(listed, "dim", 2, width)
    lines += [Text(), *(_by_days(replay, names, width) if replay.dated else _by_cohorts(replay, names, width))]
    lines += [Text()] if replay.warnings else []
    for note in replay.warnings:
        lines += wrapped(f"note: {plain_words(note)}", "yellow", 6, width)
    return lines


def _by_cohorts(replay: Replay, names: list[str], width: int) -> list[Text]:
    column = max(max(len(name) for name in names) + 3, 8)
    pending = any(cohort.pending for cohort in replay.cohorts)
    widths = [8, column, 4, 6, 9 if pending else 0, 3, max(column + 14, 24), column + 2]
    heads = [Cell(each, left=True) for each in ("cohort", "dose")] + ["n", "DLTs", "pending" if pending else "", ""]
    heads += [Cell(each, left=True) for each in ("the design then says", "MTD so far")]
    lines = [line(heads, widths)]
    for row in range(len(replay.cohorts) + 1):
        done: list[Cell | str] = [Cell("start", left=True), "", "", "", "", ""]
        if row:
            cohort = replay.cohorts[row - 1]
            done = [
                Cell(str(row), left=True),
                Cell(names[cohort.level - 1], left=True),
                str(cohort.n),
                str(cohort.dlt),
                str(cohort.pending) if pending else "",
                "",
            ]
        said, mtd = _said(replay, row, names), _mtd(replay, row, names) if row else ""
        lines.append(line([*done, Cell(said, left=True), Cell(mtd, left=True)], widths))
        if row:
            lines += _departure(replay, row - 1, 8, width)
    return lines


def _by_days(replay: Replay, names: list[str], width: int) -> list[Text]:
    """Return a line for each day and cohort: what the design said, and who was entered."""
    column = max(max(len(name) for name in names) + 3, 8)
    said_column = max(column + 12, 21)
    patients = max(width - 12 - said_column - 9 - column, 10)
    widths = [12, said_column, 9, column, min(patients, _PATIENTS)]
    heads = [Cell(each, left=True) for each in ("day", "the design said", "pending", "given", "to patients")]
    lines = [line(heads, widths)]
    for row, step in enumerate(replay.record.steps):
        waiting = len(step.before.waiting_for)
        said = Cell(_said(replay, row, names), "yellow" if step.said.waits else "", left=True)
        given = [str(waiting) if waiting else "", names[step.level - 1], ", ".join(each.id for each in step.patients)]
        cells = [Cell(str(step.date), left=True), said, *(Cell(each, left=True) for each in given)]
        lines.append(line(cells, widths))
        lines += _departure(replay, row, 12, width)
    waiting = len(replay.record.now.waiting_for)
    now = [str(replay.record.patients.date), _said(replay, len(replay.record.steps), names)]
    now += [str(waiting) if waiting else "", "(now)", ""]
    return [*lines, line([Cell(each, "bold", left=True) for each in now], widths)]


def _departure(replay: Replay, row: int, indent: int, width: int) -> list[Text]:
    words = replay.departures[row]
    return wrapped(" " * indent + f"departure: {plain_words(words)}", "yellow", indent + 2, width) if words else []


def _said(replay: Replay, row: int, names: list[str]) -> str:
    level, size = int(replay.decision.level[row]), int(replay.decision.cohort_size[row])
    if level == 0:
        return "stop"
    return f"{names[level - 1]}, {counted(size, 'patient')}" if size else "wait"


def _mtd(replay: Replay, row: int, names: list[str]) -> str:
    """Return the MTD so far, marked where nobody has been treated at it."""
    selected = int(replay.selected[row])
    if not selected:
        return "none"
    return names[selected - 1] + ("" if replay.tally.n[row, selected - 1] else " *")


def _end(replay: Replay) -> str:
    doses, selected = replay.trial.doses, int(replay.selected[-1])
    final = replay.decision.level[-1] == 0 and not replay.record.now.waiting_for
    mtd = f"the MTD {'is' if final else 'would be'} {doses.words(selected)}"
    reason = replay.why
    known = " on the known outcomes" if replay.record.now.waiting_for else ""
    return f"{mtd if selected else 'no dose is the MTD'}{known}. {reason}"
