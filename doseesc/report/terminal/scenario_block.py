"""One scenario in about nine lines: what each design selects, whom it treats, and how often it is right."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.text import Text

from designs.arrays import BoolArray, FloatArray
from doseesc.report.terminal.lines import WIDTH, Cell, cut, line
from doseesc.wording import percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.results import Results

_SECTION = 11  # columns for the indent and "selected" or "patients"
_NONE = 8
_RATINGS = {"correct": 9, "simulated": 13, "above": 7, "efficiency": 7}
_HEADS = {"correct": "correct", "simulated": "simulated", "above": "above", "efficiency": "effic."}
_DROPPED_FIRST = ("efficiency", "simulated", "above")  # where many doses leave too little room
_MANY = 5  # designs beyond which patients are left to the table over all scenarios and to the files
_MTD = "bold green"
_QUIET = "dim"


@dataclass(frozen=True)
class BlockLayout:
    """Columns of the blocks, the same for all scenarios of a study.

    Attributes
    ----------
    label : int
        Width of the first column.
    doses : tuple of int
        Width of each dose's column.
    ratings : tuple of str
        The columns after the doses that have room: ``correct``, ``simulated``, ``above``, ``efficiency``.
    """

    label: int
    doses: tuple[int, ...]
    ratings: tuple[str, ...]

    @classmethod
    def of(cls, results: Results, width: int = WIDTH) -> BlockLayout:
        """Return the layout for a run: ratings are left out where there are too few columns for all."""
        study = results.study
        doses = tuple(max(7, len(plain_words(label)) + 3) for label in study.dose_labels)
        names = [
            len("drug alone" if results.benchmark_observed else "benchmark"),
            *(min(len(plain_words(name)), 16) for name in study.names),
        ]
        least = _SECTION + max(names) + 1
        compared = any(cell.exact and cell.simulated for cell in results.cells.values())
        ratings = [name for name in _RATINGS if compared or name != "simulated"]
        ratings = [name for name in ratings if results.benchmark or name != "efficiency"]
        for dropped in _DROPPED_FIRST:
            if least + sum(doses) + _NONE + sum(_RATINGS[name] for name in ratings) > width:
                ratings = [name for name in ratings if name != dropped]
        used = sum(doses) + _NONE + sum(_RATINGS[name] for name in ratings)
        return cls(max(least, min(34, width - used)), doses, tuple(ratings))

    def line(self, label: Cell | str, doses: Sequence[Cell | str], none: Cell | str, ratings: dict[str, str]) -> Text:
        """Return one line of a block."""
        first = label if isinstance(label, Cell) else Cell(label, left=True)
        cells = [first, *doses, none, *(ratings.get(name, "") for name in self.ratings)]
        return line(cells, [self.label, *self.doses, _NONE, *(_RATINGS[name] for name in self.ratings)])

    def row_label(self, section: str, name: str) -> str:
        """Return the first cell of a row."""
        return "  " + section.ljust(_SECTION - 2) + cut(plain_words(name), self.label - _SECTION - 1)


def scenario_block(results: Results, scenario: str, layout: BlockLayout) -> list[Text]:
    """Return the lines of one scenario."""
    study = results.study
    right = study.right_levels(study.truths[scenario])
    lines = _heading(results, scenario, layout, right)
    for place, name in enumerate(study.names):
        lines.append(_selected_row(results, scenario, name, layout, right, "" if place else "selected"))
    lines += _benchmark_row(results, scenario, layout, right)
    for place, name in enumerate(study.names if len(study.names) <= _MANY else ()):
        lines.append(_patients_row(results, scenario, name, layout, "" if place else "patients"))
    return lines


def _heading(results: Results, scenario: str, layout: BlockLayout, right: BoolArray) -> list[Text]:
    """Return the scenario's name over as many lines as it needs, beside the dose labels and true DLT probabilities."""
    study = results.study
    description = next(each.description for each in study.scenarios if each.name == scenario)
    indent = min(len(plain_words(scenario)) + 2, layout.label // 2)
    title = f"{plain_words(scenario)}  {plain_words(description)}".rstrip()
    titles = [*textwrap.wrap(title, layout.label - 1, subsequent_indent=" " * indent), ""]
    labels = [
        Cell(plain_words(label) + "*", _MTD) if right[level] else Cell(plain_words(label))
        for level, label in enumerate(study.dose_labels, start=1)
    ]
    none = Cell("none*", _MTD) if right[0] else Cell("none")
    curve = enumerate(study.truths[scenario], start=1)
    truths = [_starred(percent_words(float(p)), level, right) for level, p in curve]
    first = layout.line(Cell(titles[0], "bold", left=True), labels, none, _HEADS)
    second = layout.line(Cell(titles[1], "bold", left=True), truths, "", {})
    second.append("  true P(DLT)", _QUIET)
    empty = ["" for _ in labels]
    further = [layout.line(Cell(each, "bold", left=True), empty, "", {}) for each in titles[2:] if each]
    return [first, second, *further]


def _selected_row(
    results: Results, scenario: str, name: str, layout: BlockLayout, right: BoolArray, section: str
) -> Text:
    characteristics = results.cells[scenario, name].best
    doses = [_starred(percent(float(p)), level, right) for level, p in enumerate(characteristics.selected[1:], start=1)]
    none = _starred(percent(float(characteristics.selected[0])), 0, right)
    efficiency = results.efficiency(scenario, name)
    ratings = {
        "correct": percent(float(characteristics.correct_selection)),
        "simulated": _simulated(results, scenario, name, "correct_selection", 100.0, 1),
        "above": percent(float(characteristics.overdose_selection)),
        "efficiency": "none" if efficiency is None else f"{100 * efficiency:.0f}",
    }
    return layout.line(layout.row_label(section, _marked(results, name)), doses, none, ratings)


def _benchmark_row(results: Results, scenario: str, layout: BlockLayout, right: BoolArray) -> list[Text]:
    """Return the benchmark in the world that the designs meet, and where that is another one from the drug alone."""
    rows = []
    for name, benchmark in (("benchmark", results.benchmark_observed), ("drug alone", results.benchmark)):
        if scenario in benchmark:
            label = name if results.benchmark_observed else "benchmark"
            rows.append(_one_benchmark(benchmark[scenario], label, layout, right))
    return rows


def _one_benchmark(chances: FloatArray, label: str, layout: BlockLayout, right: BoolArray) -> Text:
    none, *doses = (_starred(percent(float(p)), level, right) for level, p in enumerate(chances))
    above = float(chances[int(np.flatnonzero(right)[-1]) + 1 :].sum())
    ratings = {"correct": percent(float(chances[right].sum())), "above": percent(above)}
    row = layout.line(layout.row_label("", label), doses, none, ratings)
    row.stylize(_QUIET)
    return row


def _patients_row(results: Results, scenario: str, name: str, layout: BlockLayout, section: str) -> Text:
    characteristics = results.cells[scenario, name].best
    share = float(characteristics.patients_above_mtd) / float(characteristics.total_patients)
    ratings = {
        "correct": f"DLT {float(characteristics.total_dlts):.1f}",
        "simulated": _simulated(results, scenario, name, "total_patients", 1.0, 2),
        "above": percent(share),
    }
    doses = [f"{float(patients):.1f}" for patients in characteristics.patients]
    total = f"n {float(characteristics.total_patients):.1f}"
    return layout.line(layout.row_label(section, _marked(results, name)), doses, total, ratings)


def _starred(text: str, level: int, right: BoolArray) -> Cell:
    return Cell(text, _MTD if right[level] else "")


def _simulated(results: Results, scenario: str, name: str, metric: str, scale: float, digits: int) -> str:
    """Return a simulated value and its standard error, where the cell beside it is exact."""
    cell = results.cells[scenario, name]
    if cell.exact is None or cell.simulated is None:
        return ""
    value, error = float(getattr(cell.simulated, metric)), float(getattr(cell.simulated.mcse, metric))
    return f"{scale * value:.{digits}f} ± {scale * error:.{digits}f}"


def _marked(results: Results, name: str) -> str:
    """Mark a design that could only be simulated in a run whose other figures are exact."""
    exact = {design for (_, design), cell in results.cells.items() if cell.exact is not None}
    return f"{name} ~" if exact and name not in exact else name
