"""What an analysis borrowed, for the terminal: patients, the weight of the history, and what hangs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from doseesc.report.terminal.lines import WIDTH, Cell, cut, line, wrapped
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.analysis import Borrowed

_HEAD, _FIGURE = 34, 13
_SIZES = (
    ("weak", "the weak prior"),
    ("map", "what the history predicts (MAP)"),
    ("robust", "the prior used"),
    ("borrowed", "borrowed"),
    ("borrowed_after", "of it left after the data"),
)


def history_words(borrowed: Borrowed) -> str:
    """Say from what is borrowed, and how much it weighs."""
    return "; ".join(_history(borrowed))


def _history(borrowed: Borrowed) -> tuple[str, str]:
    history = ", ".join(
        f"{plain_words(name)} ({rows.patients} patients, {sum(rows.dlt)} DLTs)"
        for name, rows in ((name, borrowed.history.of_study(name)) for name in borrowed.history.studies)
    )
    what = "weight of the history" if borrowed.strata is None else "the trial is exchangeable with these (EXNEX)"
    before, after = percent(borrowed.prior.weight), percent(borrowed.weight_after)
    return (
        f"Borrowed from {history}; {borrowed.differences}",
        f"{what}: {before} % before the data, {after} % after them",
    )


def borrowing_lines(borrowed: Borrowed, labels: Sequence[str], amounts: Sequence[float], target: float) -> list[Text]:
    """Return the tables.

    Parameters
    ----------
    borrowed : Borrowed
    labels : sequence of str
        Names of the doses of the answer.
    amounts : sequence of float
        Their amounts; those that ``borrowed`` was made with.
    target : float
    """
    source, weight = _history(borrowed)
    lines = [*wrapped(source, "bold"), Text(f"  {weight}")]
    for heads, chosen in _in_width(labels, amounts):
        lines += [Text(), *_size_lines(borrowed, heads, chosen)]
    lines += [Text(), *_conflict_lines(borrowed, _first_names(labels, amounts))]
    for heads, chosen in _in_width(labels, amounts):
        lines += [Text(), *_sensitivity_lines(borrowed.sensitivity, heads, chosen, target)]
    if borrowed.strata is not None:
        for heads, chosen in _in_width(labels, amounts):
            lines += [Text(), *_strata_lines(borrowed.strata, heads, chosen)]
    return lines + wrapped(
        "patients worth: how many fewer patients at the dose would leave one as sure at the end of a trial of "
        f"{borrowed.patients}, on average (predictive effective sample size); what is left may be negative where not "
        "knowing whether to believe the history costs more than it brings · ELIR of the MAP prior, at the reference "
        f"dose {borrowed.prior.reference:g} alone: {borrowed.elir['map']:.1f} patients",
        "dim",
    )


def _size_lines(borrowed: Borrowed, labels: Sequence[str], amounts: Sequence[float]) -> list[Text]:
    sizes = {row["amount"]: row for row in borrowed.sizes.to_dict("records")}
    lines = [_row(Cell("patients worth", "bold", left=True), [Cell(label, "bold") for label in labels])]
    for column, words in _SIZES:
        lines.append(_row(Cell(f"  {words}", left=True), [f"{sizes[amount][column]:.1f}" for amount in amounts]))
    return lines


def _conflict_lines(borrowed: Borrowed, labels: dict[float, str]) -> list[Text]:
    weights: dict[float, list[float]] = {}
    for row in borrowed.conflict.to_dict("records"):
        weights.setdefault(row["amount"], []).append(row["weight"])
    count = max(len(each) for each in weights.values())
    widths = (_HEAD, *(7 for _ in range(count)))
    head = f"DLTs of {count - 1} patients at one dose"
    lines = [line([Cell(head, "bold", left=True), *(Cell(str(dlt), "bold") for dlt in range(count))], widths)]
    for amount, of_dose in weights.items():
        name = cut(plain_words(labels.get(amount, f"{amount:g}")), _HEAD - 24)
        lines.append(line([Cell(f"  weight of history %, {name}", left=True), *map(percent, of_dose)], widths))
    return lines


def _sensitivity_lines(
    table: pd.DataFrame, labels: Sequence[str], amounts: Sequence[float], target: float
) -> list[Text]:
    rows = {(row["weight"], row["amount"]): row for row in table.to_dict("records")}
    lines = [_row(Cell("weight before (after)", "bold", left=True), [Cell(label, "bold") for label in labels])]
    shown: tuple[tuple[str, Callable[[dict[Any, Any]], str]], ...] = (
        ("mean P(DLT) %", lambda row: percent(row["mean"])),
        ("90 % interval", lambda row: f"{percent(row['lower'])}-{percent(row['upper'])}"),
        (f"P(over {percent_words(target)}) %", lambda row: percent(row["above_target"])),
    )
    for title, show in shown:
        for place, weight in enumerate(dict.fromkeys(weight for weight, _ in rows)):
            of_weight = [rows[weight, amount] for amount in amounts]
            name = title if place == 0 else ""
            head = f"  {name:<18}{100 * weight:>4.0f} ({100 * of_weight[0]['weight_after']:.0f})"
            lines.append(_row(Cell(head, left=True), [show(row) for row in of_weight]))
    return lines


def _strata_lines(table: pd.DataFrame, labels: Sequence[str], amounts: Sequence[float]) -> list[Text]:
    lines = [_row(Cell("mean P(DLT) % (exchangeable %)", "bold", left=True), [Cell(each, "bold") for each in labels])]
    for study, rows in table.groupby("study", sort=False):
        means = dict(zip(rows["amount"], rows["mean"], strict=True))
        after = percent(rows["exchangeable_after"].iloc[0])
        head = f"  {cut(plain_words(str(study)), _HEAD - 12)} ({after})"
        lines.append(_row(Cell(head, left=True), [percent(means[amount]) for amount in amounts]))
    return lines


def _in_width(labels: Sequence[str], amounts: Sequence[float]) -> list[tuple[list[str], list[float]]]:
    """Split the doses, each amount once, into groups that fit beside one another."""
    first = list(dict.fromkeys(float(amount) for amount in amounts))
    by_amount = _first_names(labels, amounts)
    names = [cut(plain_words(by_amount[amount]), _FIGURE - 1) for amount in first]
    most = (WIDTH - _HEAD) // _FIGURE
    return [(names[start : start + most], first[start : start + most]) for start in range(0, len(first), most)]


def _first_names(labels: Sequence[str], amounts: Sequence[float]) -> dict[float, str]:
    """Return the first name of each amount: that of a level, where an arm has the same."""
    return {float(amount): label for label, amount in zip(reversed(labels), reversed(amounts), strict=True)}


def _row(head: Cell, figures: Sequence[Cell | str]) -> Text:
    return line([head, *figures], (_HEAD, *(_FIGURE for _ in figures)))
