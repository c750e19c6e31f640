"""What conduct prints: the answer in one line, then why, then what is known of each dose, then what comes next."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.report.words import branches, decision_words, outcome_range
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.conduct import Recommendation

_wrapped = partial(wrapped, indent=2)
_NOTHING = "-"


def recommendation_lines(recommendation: Recommendation) -> list[Text]:
    """Return the lines that ``doseesc next`` prints."""
    lines = [Text(plain_words(recommendation.sentence), "bold green" if recommendation.level else "bold red")]
    lines += _wrapped(f"{plain_words(recommendation.trial.name)}: {recommendation.reason.sentence}")
    for effect in recommendation.rules:
        lines += _wrapped(f"  {effect.rule} {plain_words(effect.effect)}", indent=4)
        lines += _wrapped(f"    {effect.meaning}", "dim", indent=4)
    for note in recommendation.notes:
        lines += _wrapped(f"note: {plain_words(note)}", "yellow", indent=6)
    return [*lines, Text(), *_doses(recommendation), *_if_ended(recommendation), *_next(recommendation)]


def _doses(recommendation: Recommendation) -> list[Text]:
    doses, figures = recommendation.trial.doses, recommendation.estimates
    over, under = _limit("over", figures.over), _limit("under", figures.under)
    names = [cut(plain_words(doses.name(level)), 22) for level in _levels(recommendation)]
    first = max(len(each) for each in names) + 3
    figure_widths = [4, 6, 10, 15, len(over) + 2, len(under) + 2]
    room = WIDTH - first - sum(figure_widths)
    pairs = [(doses.amount(level), doses.name(level)) for level in _levels(recommendation)]
    amounts = [cut(plain_words("" if amount == name else amount), room) for amount, name in pairs]
    widths = [first, max(len(each) for each in amounts), *figure_widths]
    heads = ["", "", "n", "DLTs", "estimate", "90 % interval", over, under]
    lines = [line(heads, widths)]
    for level in _levels(recommendation):
        place = level - 1
        mark = "> " if level == recommendation.level else "  "
        interval = _NOTHING
        if not math.isnan(figures.lower[place]):
            interval = f"{percent(figures.lower[place])} to {percent(figures.upper[place])}"
        cells: list[Cell | str] = [
            Cell(mark + names[place], left=True),
            Cell(amounts[place], left=True),
            str(int(recommendation.tally.n[0, place])),
            str(int(recommendation.tally.dlt[0, place])),
            _percent(figures.mean[place]),
            interval,
            _percent(figures.overdosing[place]) if over else "",
            _percent(figures.underdosing[place]) if under else "",
        ]
        text = line(cells, widths)
        text.stylize("bold" if level == recommendation.level else "")
        lines.append(text)
    return [*lines, *_wrapped(f"in %; {recommendation.estimates.basis}", "dim")]


def _levels(recommendation: Recommendation) -> range:
    return range(1, recommendation.trial.design.n_doses + 1)


def _limit(word: str, at: float | None) -> str:
    return "" if at is None else f"P({word} {percent_words(at)})"


def _percent(value: float) -> str:
    return _NOTHING if math.isnan(value) else percent(value)


def _if_ended(recommendation: Recommendation) -> list[Text]:
    if recommendation.level == 0 or recommendation.tally.total_n[0] == 0:
        return []
    dose = plain_words(recommendation.trial.doses.words(recommendation.mtd)) if recommendation.mtd else ""
    return [
        Text(),
        Text(f"If the trial ended now, {f'the MTD would be {dose}' if dose else 'no dose would be the MTD'}."),
    ]


def _next(recommendation: Recommendation) -> list[Text]:
    if recommendation.level == 0:
        return []
    paths, doses = recommendation.next_outcomes, recommendation.trial.doses
    names = [plain_words(doses.name(level)) for level in _levels(recommendation)]
    size = "patient" if recommendation.cohort_size == 1 else f"{recommendation.cohort_size} patients"
    lines = [Text(), Text(f"After the next {size} at {names[recommendation.level - 1]}", "bold")]
    for nodes in branches(paths, 0):
        outcome = outcome_range(paths, nodes)
        dlts = f"{outcome} {'DLT' if outcome == '1' else 'DLTs'}"
        lines += _wrapped(f"  {dlts:<10}{decision_words(paths, int(nodes[0]), names)}", indent=12)
    return lines
