"""An ensemble in the terminal: every design over all random curves, and over those of each true MTD."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from doseesc.planning import EnsembleResults
from doseesc.report.terminal.lines import Cell, cut, ends, line, wrapped
from doseesc.report.words import ensemble_answer
from doseesc.wording import percent, percent_words, plain_words

_NAME = 26
_WIDTHS = (_NAME, 10, 8, 8, 12, 8, 12, 8)
_CURVES = {
    "pseudo_uniform": "pseudo-uniform",
    "probit_steps": "probit steps",
    "logistic": "logistic",
    "ordered_uniform": "ordered uniform",
}


def ensemble_lines(ensemble: EnsembleResults) -> list[Text]:
    """Return the lines of the table."""
    study, count = ensemble.study, len(ensemble.truths)
    title = " · ".join(
        plain_words(part) for part in (study.study.registry_id, study.study.short_title or study.study.title) if part
    )
    drawn = f"{_curves(count, 'random')}, {_CURVES[ensemble.random.type]} · seed {ensemble.random.seed}"
    how = f"{drawn} · {ensemble.elapsed:.1f} s"
    lines = [*ends(title, f"target {percent_words(study.target)} · {how}", "bold"), Text()]
    lines += [*wrapped(ensemble_answer(ensemble), "bold"), Text()]
    lines.append(line(["", "correct %", "", "", "above %", "", "n above", ""], _WIDTHS))
    lines.append(line(["", "mean", "5 %", "95 %", "mean", "95 %", "mean", "of n"], _WIDTHS))
    groups: list[int | None] = [None, *(int(level) for level in np.unique(ensemble.true_mtd))]
    for mtd in groups if len(groups) > 2 else [None]:
        curves = count if mtd is None else int((ensemble.true_mtd == mtd).sum())
        label = "none" if mtd == 0 else f"{plain_words(study.dose_labels[mtd - 1])}" if mtd else ""
        name = f"All {_curves(count)}" if mtd is None else f"True MTD {label}: {_curves(curves)}"
        lines.append(Text(name, "bold" if mtd is None else ""))
        lines += [_row(ensemble, design, mtd) for design in ensemble.figures]
    legend = [
        "correct: % of trials that select the true MTD (no dose, where none is safe enough); mean over the curves, and "
        "the values that 5 % and 95 % of the curves do not exceed",
        "above: % that select a dose above it",
        "n above: patients treated above it",
    ]
    exact = [name for name, figures in ensemble.figures.items() if figures.method == "exact"]
    legend.append("all figures are exact" if len(exact) == len(ensemble.figures) else "exact but for designs marked ~")
    lines.append(Text())
    for each in (" · ".join(legend), *map(plain_words, ensemble.notes)):
        lines += wrapped(each, "dim")
    return lines


def _row(ensemble: EnsembleResults, design: str, mtd: int | None) -> Text:
    def mean(metric: str) -> float:
        return ensemble.mean(design, metric, mtd)

    def quantile(metric: str, level: float) -> str:
        return percent(ensemble.quantile(design, metric, level, mtd))

    mark = "" if ensemble.figures[design].method == "exact" else " ~"
    cells: list[Cell | str] = [Cell("  " + cut(plain_words(design), _NAME - 5) + mark, left=True)]
    cells += [percent(mean("correct_selection")), *(quantile("correct_selection", level) for level in (0.05, 0.95))]
    cells += [percent(mean("overdose_selection")), quantile("overdose_selection", 0.95)]
    cells += [f"{mean('patients_above_mtd'):.2f}", f"{mean('total_patients'):.1f}"]
    return line(cells, _WIDTHS)


def _curves(count: int, kind: str = "") -> str:
    return f"{count:,} {kind + ' ' if kind else ''}curve{'s' if count != 1 else ''}"
