"""What ``doseesc table`` prints: letters over patients and DLTs, limits on follow-up, or a line per reachable tally."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.conduct import SHOWN, last_telling
from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.report.words import follow_up_cells, follow_up_heads
from doseesc.wording import plain_words

if TYPE_CHECKING:
    from doseesc.conduct import DecisionTable

ROWS = 60
"""Lines of a table by tallies that are printed; all are written."""

_STYLES = {"E": "green", "S": "", "D": "yellow", "DU": "red", "stop": "red"}
_HEAD = 7
_FOLLOW_UP_WIDTHS = [10, 7, 9, 12, 24, 18]


def table_lines(table: DecisionTable, width: int = WIDTH) -> list[Text]:
    """Return the lines that ``doseesc table`` prints, with the columns that there is room for."""
    title = Text(f"Decision table of {plain_words(table.trial.name)}", "bold")
    if table.follow_up is not None:
        body = _follow_up(table)
    else:
        body = _tallies(table, width) if table.cells is None else _grid(table, width)
    legend = [f"{letter} {meaning}" for letter, meaning in table.legend.items()]
    lines = [title, Text(), *body, Text(), *(Text(each) for each in legend)]
    for rule in table.rules:
        lines += wrapped(f"and: {rule}", "dim", 2)
    return lines


def _grid(table: DecisionTable, width: int) -> list[Text]:
    """Return DLTs down and patients at the dose across, as many across as there is room for, cohort by cohort."""
    cells = table.cells or {}
    room = (width - _HEAD) // 3
    shown = list(cells)
    if len(shown) > room:
        size = table.trial.design.cohort_size
        shown = [n for n in shown if n % size == 0][:room]
    most = max(shown)
    widths = [_HEAD] + [3] * len(shown)
    lines = [Text(f"{'DLTs':<{_HEAD}}patients at the dose", "dim"), line(["", *map(str, shown)], widths)]
    last = last_telling(cells[n] for n in shown)  # rows below say nothing new
    for dlts in range(last + 1):
        head = f"{dlts}+" if dlts == last < most else str(dlts)
        letters = [cells[n][dlts] if dlts <= n else "" for n in shown]
        lines.append(
            line(
                [Cell(head, left=True), *(Cell(SHOWN.get(each, each), _STYLES.get(each, "")) for each in letters)],
                widths,
            )
        )
    return lines


def _follow_up(table: DecisionTable) -> list[Text]:
    """Return a line for each row over patients pending, cohort by cohort, as papers print them."""
    rows = [row for row in table.follow_up or () if row.n % table.trial.design.cohort_size == 0]
    shown = rows if len(rows) <= ROWS else [row for row in rows if row.n < rows[ROWS].n] or rows[:ROWS]
    heads = follow_up_heads(table)
    widths = _FOLLOW_UP_WIDTHS[: len(heads)]
    lines = [line([Cell(each, "dim", left=True) for each in heads], widths)]
    before = 0
    for row in shown:
        n, *cells = follow_up_cells(row)
        head = "" if row.n == before else f"{n:>4}"
        styled = [Cell(each, left=True) for each in (head, *cells)][: len(heads)]
        styled[3] = Cell(styled[3].text, _STYLES.get(row.decision, ""), left=True)
        lines.append(line(styled, widths))
        before = row.n
    more = len(rows) - len(shown)
    if more > 0:
        lines.append(Text(f"... and {more:,} more; all with  --out table.csv  or  --format csv", "dim"))
    return lines


def _tallies(table: DecisionTable, width: int) -> list[Text]:
    graph = table.graph
    if graph is None:
        return []
    doses, order = table.trial.doses, table.order
    names = [cut(plain_words(doses.name(level + 1)), 12) for level in range(len(doses.labels))]
    column = max(max(len(name) for name in names) + 2, 7)
    memory = {name: max(len(name) + 2, 6) for name in graph.tally.memory}
    tail_widths = [*memory.values(), column + 2, 6, column + 2, 5, column]
    tail_heads = [*(name.replace("_", " ") for name in memory), "now", "", "next", "n", "MTD"]
    side_by_side = column * len(names) + sum(tail_widths) <= width
    widths = [*([column] * len(names) if side_by_side else [6 * len(names)]), *tail_widths]
    heads = [*(names if side_by_side else ["lowest to highest"]), *tail_heads]
    lines = [Text("DLTs / patients at each dose", "dim"), line(heads, widths)]
    for node in order[:ROWS]:
        n, dlt, now = graph.tally.n[node], graph.tally.dlt[node], int(graph.tally.level[node])
        data = [f"{y}/{k}" if k else "." for y, k in zip(dlt, n, strict=True)]
        letter, level = table.letter(int(node)), int(graph.level[node])
        selected = int(graph.selected[node])
        tail: list[Cell | str] = [
            *(str(int(values[node])) for values in graph.tally.memory.values()),
            names[now - 1] if now else "",
            Cell(letter, _STYLES[letter]),
            names[level - 1] if level else "",
            str(int(graph.cohort_size[node])) if level else "",
            "" if level else names[selected - 1] if selected else "none",
        ]
        lines.append(line([*(data if side_by_side else [" ".join(data)]), *tail], widths))
    more = graph.size - ROWS
    if more > 0:
        lines.append(Text(f"... and {more:,} more; all with  --out table.csv  or  --format csv", "dim"))
    return lines
