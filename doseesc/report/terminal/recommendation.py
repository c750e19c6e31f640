"""What conduct prints: the answer in one line, then why, then what is known of each dose, then what comes next."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.conduct import day_words, outcome_table
from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.report.words import (
    after_next_words,
    estimates_words,
    if_ended_words,
    known_when_words,
    limit_words,
    window_end_words,
)
from doseesc.wording import percent, plain_words

if TYPE_CHECKING:
    from doseesc.conduct import Recommendation, Watch

_NOTHING = "-"
_NAME = 22  # columns of a dose's name
_AMOUNT = 16  # columns below which an amount that is cut says nothing
_OUTCOMES = 16  # lines about pending outcomes


def recommendation_lines(recommendation: Recommendation, width: int = WIDTH) -> list[Text]:
    """Return the lines that ``doseesc next`` prints, of at most ``width`` columns."""
    style = "bold yellow" if recommendation.waits else "bold green" if recommendation.level else "bold red"
    lines = wrapped(plain_words(recommendation.sentence), style, 2, width)
    lines += wrapped(f"{plain_words(recommendation.trial.name)}: {recommendation.why}", "", 2, width)
    design = recommendation.trial.design
    if recommendation.watch is not None:
        lines += wrapped(f"  {design.pending.describe(design)}", "dim", 2, width)
    for effect in recommendation.rules:
        lines += wrapped(f"  {effect.rule} {plain_words(effect.effect)}", "", 4, width)
        lines += wrapped(f"    {effect.meaning}", "dim", 4, width)
    for note in recommendation.notes:
        lines += wrapped(f"note: {plain_words(note)}", "yellow", 6, width)
    if recommendation.watch is not None:
        lines += _pending(recommendation.watch, width)
    lines += [Text(), *_doses(recommendation, width)]
    return [*lines, *_if_ended(recommendation, width), *_next(recommendation, width)]


def _pending(watch: Watch, width: int) -> list[Text]:
    """Return who is pending, and what their outcomes would change."""
    when = "" if watch.date is None else f" on {day_words(watch.date)}"
    doses, window = watch.trial.doses, watch.standing.window_days or 0.0
    rows = [
        (
            cut(plain_words(each.id), _NAME),
            cut(plain_words(doses.name(each.level)), _NAME),
            f"{each.days:g} of {window:g}",
            window_end_words(watch, place),
        )
        for place, each in enumerate(watch.patients)
    ]
    titles = ("patient", "dose", "days", "window ends")
    widths = [max(map(len, column)) + 3 for column in zip(titles, *rows, strict=True)]
    lines = [Text(), Text(f"Pending{when}", "bold")]
    lines += [
        line([Cell("", left=True), *(Cell(each, left=True) for each in row)], [2, *widths]) for row in (titles, *rows)
    ]
    heads, found = outcome_table(watch)
    if not found:
        return lines
    lines += [Text(), Text(known_when_words(watch), "bold")]
    cells = [
        [plain_words(each) for each in row] for row in ([heads] if heads else []) + [list(row) for row, _ in found]
    ]
    columns = [max(map(len, column)) + 3 for column in zip(*cells, strict=True)]
    if heads:
        lines.append(line([Cell("", left=True), *(Cell(each, left=True) for each in cells.pop(0))], [2, *columns]))
    for spans, (_, then) in list(zip(cells, found, strict=True))[:_OUTCOMES]:
        start = "  " + "".join(f"{each:<{column}}" for each, column in zip(spans, columns, strict=True))
        lines += wrapped(start + plain_words(then), "", len(start), width)
    if len(found) > _OUTCOMES:
        lines.append(Text(f"  and {len(found) - _OUTCOMES} more; all are in  --format json", "dim"))
    return lines


def _doses(recommendation: Recommendation, width: int) -> list[Text]:
    doses, figures = recommendation.trial.doses, recommendation.estimates
    over, under = limit_words("over", figures.over), limit_words("under", figures.under)
    names = [cut(plain_words(doses.name(level)), _NAME) for level in _levels(recommendation)]
    pending = recommendation.pending_by_level.tolist()
    first = max(len(each) for each in names) + 3
    columns = [4, 6, 9 if any(pending) else 0, 10, 15, len(over) + 2 if over else 0, len(under) + 2 if under else 0]
    if first + sum(columns) > width:
        columns[-1], under = 0, ""
    pairs = [(doses.amount(level), doses.name(level)) for level in _levels(recommendation)]
    room = width - first - sum(columns)
    amounts = [plain_words("" if amount == name else amount) for amount, name in pairs]
    fits = room >= min(_AMOUNT, max(len(each) for each in amounts))
    amounts = [cut(each, room) if fits else "" for each in amounts]
    widths = [first, max(len(each) for each in amounts), *columns]
    heads = ["", "", "n", "DLTs", "pending" if any(pending) else "", "estimate", "90 % interval", over, under]
    lines = [line(heads, widths)]
    for level in _levels(recommendation):
        place = level - 1
        there = level == recommendation.level and not recommendation.waits
        interval = _NOTHING
        if not math.isnan(figures.lower[place]):
            interval = f"{percent(figures.lower[place])} to {percent(figures.upper[place])}"
        cells: list[Cell | str] = [
            Cell(("> " if there else "  ") + names[place], left=True),
            Cell(amounts[place], left=True),
            str(int(recommendation.tally.n[0, place])),
            str(int(recommendation.tally.dlt[0, place])),
            str(pending[place]) if any(pending) else "",
            _percent(figures.mean[place]),
            interval,
            _percent(figures.overdosing[place]) if over else "",
            _percent(figures.underdosing[place]) if under else "",
        ]
        text = line(cells, widths)
        text.stylize("bold" if there else "")
        lines.append(text)
    return [*lines, *wrapped(estimates_words(recommendation), "dim", 2, width)]


def _levels(recommendation: Recommendation) -> range:
    return range(1, recommendation.trial.design.n_doses + 1)


def _percent(value: float) -> str:
    return _NOTHING if math.isnan(value) else percent(value)


def _if_ended(recommendation: Recommendation, width: int) -> list[Text]:
    said = if_ended_words(recommendation)
    return [Text(), *wrapped(said, "", 2, width)] if said else []


def _next(recommendation: Recommendation, width: int) -> list[Text]:
    head, found = after_next_words(recommendation)
    if not found:
        return []
    lines = [Text(), Text(head, "bold")]
    for dlts, then in found:
        lines += wrapped(f"  {dlts:<10}{then}", "", 12, width)
    return lines
