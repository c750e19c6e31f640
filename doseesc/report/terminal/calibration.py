"""A calibration in the terminal: the best candidates, and what the design as it was comes to."""

from __future__ import annotations

import numpy as np
from rich.text import Text

from designs import CRM
from designs.arrays import FloatArray
from doseesc.named_doses import Doses
from doseesc.planning import Calibration, Objective, OptimalSkeleton
from doseesc.report.terminal.lines import Cell, line, wrapped
from doseesc.wording import in_a_row, percent, plain_words

_FIGURES = ("score", "correct", "at worst", "overdose", "n above", "n")
_SHOWN = 10


def calibration_lines(calibration: Calibration, label: str, doses: Doses | None = None) -> list[Text]:
    """Return the lines of the table.

    Parameters
    ----------
    calibration : Calibration
    label : str
        The design's name.
    doses : Doses, optional
        What they are called; by default by their levels.
    """
    names = list(calibration.grid)
    widths = [6, *(max(10, len(name) + 2) for name in names), *(10 for _ in _FIGURES)]
    heading = line([Cell("", left=True), *names, *_FIGURES], widths)
    heading.stylize("bold")
    lines = [
        *wrapped(_answer(calibration, label), "bold"),
        Text(f"write in the file: {yaml_words(calibration)}"),
        Text(),
        *wrapped(f"{label}: {len(calibration.score)} candidates · score: {calibration.objective.words}"),
        Text(),
        heading,
    ]
    for place, alike in enumerate(_best_first(calibration)[:_SHOWN], start=1):
        row = alike[0]
        cells: list[Cell | str] = [Cell("best" if place == 1 else str(place), left=True)]
        cells += [f"{value:.4g}" for value in calibration.values[row]]
        text = line([*cells, *_figures(calibration, calibration.figures[row], float(calibration.score[row]))], widths)
        if len(alike) > 1:
            text.append(f"  and {len(alike) - 1} like it")
        if place == 1:
            text.stylize("bold")
        lines.append(text)
    own: list[Cell | str] = [Cell("now", left=True), *("" for _ in names)]
    lines.append(line([*own, *_figures(calibration, calibration.design_figures, calibration.design_score)], widths))
    lines.append(Text())
    for legend in (
        "correct, at worst: mean and smallest P(correct selection), %; overdose: mean P(selecting above the MTD), %",
        "n above, n: mean patients above the MTD and in all; now: the design as it is",
    ):
        lines.append(Text(legend, style="dim"))
    lines += wrapped(_price(calibration.objective, calibration.figures[calibration.best], calibration.design_figures))
    lines += [each for words in _edges(calibration) for each in wrapped(words)]
    return lines + _one_mtd(calibration.objective, doses)


def skeleton_lines(best: OptimalSkeleton, label: str, doses: Doses | None = None) -> list[Text]:
    """Return what a search found of a design's skeleton, and what to write in the file."""
    before, after = percent(best.start_score), percent(best.score)
    ended = "" if best.converged else ", the last search ended unfinished: give more with --starts"
    return [
        *wrapped(f"{label}: {best.objective.words}: {before} before, {after} with the best skeleton found"),
        Text(f"{best.evaluations} skeletons judged exactly{ended}"),
        *wrapped(_price(best.objective, best.figures, best.start_figures)),
        Text(f"write in the file: skeleton: {best.guesses}"),
        *_one_mtd(best.objective, doses),
    ]


def _answer(calibration: Calibration, label: str) -> str:
    """Say what is best, and whether it is better than the design as it is."""
    best = in_a_row([f"{name} {value:.4g}" for name, value in calibration.best_values.items()])
    score = float(calibration.score[calibration.best])
    change = 100 * (score - calibration.design_score)
    against = f"{percent(score)} against {percent(calibration.design_score)} now"
    if round(change, 1) <= 0:
        return f"Nothing tried is better than {label} as it is ({percent(calibration.design_score)}); next best {best}."
    little = ", which is less than a point" if change < 1 else ""
    return f"Best for {label}: {best}; score {against}{little}."


def _one_mtd(objective: Objective, doses: Doses | None) -> list[Text]:
    """Say what a calibration is worth on truths with one and the same MTD."""
    mtds = np.unique(objective.true_mtd)
    if len(mtds) > 1:
        return []
    level = int(mtds[0])
    name = "none" if level == 0 else f"level {level}" if doses is None else plain_words(doses.name(level))
    return wrapped(f"all truths have the same MTD, {name}: the best is the one that favours it, whatever the data")


def yaml_words(calibration: Calibration) -> str:
    """Return what to write in the scenario file for the best candidate."""
    values = dict(calibration.best_values)
    parts = []
    if isinstance(calibration.best_design, CRM) and "halfwidth" in values:
        halfwidth = values.pop("halfwidth")
        guesses = np.array(calibration.best_design.skeleton)
        nearest = int(np.argmin(np.abs(guesses - calibration.best_design.target))) + 1
        parts.append(f"skeleton: {{halfwidth: {halfwidth:.6g}, prior_mtd: {int(values.pop('prior_mtd', nearest))}}}")
    parts += [f"{name}: {value:.6g}" for name, value in values.items()]
    return ", ".join(parts)


def _price(objective: Objective, best: FloatArray, now: FloatArray) -> str:
    """Say what the best design gains over the design as it is, and what that costs in overdosing."""
    correct, overdose, above, *_ = (best - now) @ objective.weights
    gain = f"the best against now: correct {100 * correct:+.1f} points, overdose {100 * overdose:+.1f} points, "
    weigh = f"--criterion penalised --penalty {objective.penalty:g} takes overdosing off the score"
    if objective.criterion == "penalised":
        weigh = f"overdosing counts {objective.penalty:g} times; another weight by --penalty"
    if objective.criterion == "utility":
        weigh = "other prices by optimal.utility in the file"
    return f"{gain}{above:+.2f} patients above the MTD; {weigh}"


def _edges(calibration: Calibration) -> list[str]:
    """Say where the grid was widened because the best lay at its edge, and where the best still lies at one."""
    said = []
    if calibration.added:
        added = "; ".join(
            f"{name} {', '.join(f'{value:.4g}' for value in values)}" for name, values in calibration.added.items()
        )
        said.append(f"the best lay at the edge of the grid, which was widened and searched again: {added} added")
    if calibration.at_edge:
        names = in_a_row(calibration.at_edge)
        said.append(f"the best lies at the edge of the grid still for {names}; --widen N or --grid goes on")
    return said


def _best_first(calibration: Calibration) -> list[list[int]]:
    """Return the candidates by falling score, those of the same figures together; the best one is the very first."""
    order = np.argsort(-calibration.score, kind="stable")
    alike: dict[bytes, list[int]] = {}
    for row in [calibration.best, *order[order != calibration.best].tolist()]:
        alike.setdefault(calibration.figures[row].tobytes(), []).append(row)
    return list(alike.values())


def _figures(calibration: Calibration, figures: FloatArray, score: float) -> list[str]:
    weights = calibration.objective.weights
    correct, overdose, above, patients = figures[:4]
    return [
        percent(score),
        percent(float(correct @ weights)),
        percent(float(correct.min())),
        percent(float(overdose @ weights)),
        f"{above @ weights:.2f}",
        f"{patients @ weights:.1f}",
    ]
