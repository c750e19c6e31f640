"""Figures over doses: the assumed truths, the doses of Phase 2, and a decision table as a heat-map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.report.charts import DESIGN_COLOURS, dose_colour
from doseesc.report.figures.style import (
    TARGET_BAND,
    TRUE_MTD,
    WIDTH,
    ink_on,
    legend_below,
    new_figure,
    panels,
    plain,
    title,
)
from doseesc.report.words import true_mtd_words
from doseesc.results import arm_doses, fraction_words, phase2_rows
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.conduct import DecisionTable
    from doseesc.results import Results

_LETTERS = {"E": "#f7f7f7", "S": "#bdbdbd", "D": "#737373", "DU": "#252525", "stop": "#000000"}
_MOST_COLUMNS = 30


def truth_figure(results: Results) -> Figure:
    """Draw the true DLT probabilities of every scenario, the target with its band, and the arms at the true MTD."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import NullLocator

    study = results.study
    amounts, target, margin = study.dose_amounts, study.target, study.true_mtd_rule.margin
    untested: dict[str, Any] = {"marker": "D", "mfc": "white", "mec": "black", "ms": 5, "ls": ""}
    figure, all_axes = panels(len(study.truths), columns=3, height=1.75)
    lowest = float(amounts[0])
    for axes, (scenario, truth) in zip(all_axes, study.truths.items(), strict=True):
        right = study.right_levels(truth)
        axes.axhspan(100 * max(target - margin, 0), 100 * min(target + margin, 1), color=TARGET_BAND, zorder=0)
        axes.axhline(100 * target, color="black", lw=0.8, ls="--", zorder=1)
        axes.plot(amounts, 100 * truth, "-", color=DESIGN_COLOURS[0], lw=1.4, zorder=2)
        for level, (amount, p) in enumerate(zip(amounts, truth, strict=True), start=1):
            star = bool(right[level])
            shade = dose_colour(level, study.n_doses)
            axes.plot(amount, 100 * p, "*" if star else "o", ms=12 if star else 5.5, color=shade, mec="black", mew=0.7)
        for dose in arm_doses(study, scenario):
            if dose.mtd_level and right[dose.mtd_level] and dose.amount is not None and dose.status != "tested":
                axes.plot(dose.amount, 100 * (dose.dlt_probability or 0.0), **untested)
                lowest = min(lowest, dose.amount)
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticks(amounts, [plain_number(float(each)) for each in amounts])
        axes.set_ylim(0, 100)
        title(axes, scenario, {each.name: each.description for each in study.scenarios}[scenario])
    for axes in all_axes:
        axes.set_xlim(0.8 * lowest, 1.25 * float(amounts[-1]))
    for axes in all_axes[::3]:
        axes.set_ylabel("true P(DLT), %", fontsize=7.5)
    figure.text(0.5, 0.34 / figure.get_figheight(), f"dose, {study.doses.unit}", fontsize=7.5, ha="center")
    dashed = Line2D([], [], color="black", lw=0.8, ls="--", label=f"target {100 * target:.3g} %")
    handles: list[Any] = [dashed]
    handles.append(Patch(facecolor=TARGET_BAND, label=f"± {100 * margin:.3g} points"))
    handles.append(Line2D([], [], marker="*", ms=9, color="0.6", mec="black", ls="", label="true MTD"))
    if any(not arm.control and arm.fraction != 1 for arm in study.phase2_arms):
        handles.append(Line2D([], [], label="Phase 2 arm, untested dose", **untested))
    legend_below(figure, handles, len(handles))
    return figure


def arms_figure(results: Results) -> Figure | None:
    """Draw which dose each active arm of Phase 2 gets, by scenario and design; None without such arms."""
    from matplotlib.patches import Patch

    study = results.study
    active = [arm for arm in study.phase2_arms if not arm.control]
    if not active:
        return None
    names, scenarios = list(study.designs), list(study.truths)
    rows = {
        (scenario, name): -(k * (len(names) + 0.8) + d)
        for k, scenario in enumerate(scenarios)
        for d, name in enumerate(names)
    }
    height = 0.17 * (len(names) + 0.8) * len(scenarios) + 1.0
    figure = new_figure(WIDTH, height)
    share = 0.8 / len(active)
    listing = list(phase2_rows(study, results.cells))
    untested = False
    for column, arm in enumerate(active):
        axes = figure.add_axes((0.18 + share * column, 0.65 / height, share - 0.02, 1 - 0.95 / height))
        plain(axes)
        title(axes, f"{arm.name} ({fraction_words(arm)})")
        left = dict.fromkeys(rows, 0.0)
        for row in listing:
            if row["arm"] != arm.name and row["mtd_level"] != 0:
                continue
            key = (str(row["scenario"]), str(row["design"]))
            chance, level = 100 * float(str(row["probability"])), int(str(row["mtd_level"]))
            shade = dose_colour(level, study.n_doses)
            hatch = "////" if level and row["status"] != "tested" else ""
            untested |= bool(hatch)
            edge = "0.4" if not level or not hatch else "white" if ink_on(shade) == "white" else "0.3"
            axes.barh(rows[key], chance, 0.85, left=left[key], color=shade, edgecolor=edge, hatch=hatch, lw=0.4)
            if chance > 9 and level:
                words = plain_number(round(float(str(row["amount"])), 4))
                box = {"boxstyle": "square,pad=0.3", "facecolor": shade, "edgecolor": "none"}
                middle = left[key] + chance / 2
                axes.text(middle, rows[key], words, fontsize=6, ha="center", va="center", color=ink_on(shade), bbox=box)
            left[key] += chance
        axes.set_xlim(0, 100)
        axes.set_ylim(min(rows.values()) - 0.9, max(rows.values()) + 0.9)
        marks = {each: f"{each} {TRUE_MTD} {true_mtd_words(study, study.truths[each])}" for each in scenarios}
        ticks = [f"{marks[each]} · {name}" if d == 0 else name for each in scenarios for d, name in enumerate(names)]
        axes.set_yticks(list(rows.values()), ticks if column == 0 else [])
        axes.set_xlabel("% of Phase 1 trials", fontsize=7.5)
    patches = [
        Patch(facecolor=dose_colour(level, study.n_doses), edgecolor="0.4", label=f"MTD {label}")
        for level, label in enumerate(study.dose_labels, start=1)
    ]
    patches.append(Patch(facecolor="white", edgecolor="0.4", label="no MTD, no Phase 2"))
    if untested:
        patches.append(Patch(facecolor="white", edgecolor="0.4", hatch="////", label="untested dose"))
    legend_below(figure, patches, min(len(patches), 6))
    return figure


def table_figure(table: DecisionTable) -> Figure | None:
    """Draw a decision table over patients and DLTs; None where the design has no such table."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Patch

    from doseesc.conduct import SHOWN

    if table.cells is None:
        return None
    columns = [n for n in table.cells if n % table.trial.design.cohort_size == 0] or list(table.cells)
    if len(table.cells) <= _MOST_COLUMNS:
        columns = list(table.cells)
    columns = columns[:_MOST_COLUMNS]
    most = max(columns)
    height = 0.22 * (most + 1) + 1.0
    figure = new_figure(min(WIDTH, max(3.4, 0.33 * len(columns) + 1.9)), height)
    axes = figure.add_axes(
        (0.7 / figure.get_figwidth(), 0.85 / height, 1 - 0.8 / figure.get_figwidth(), 1 - 0.95 / height)
    )
    plain(axes)
    shades = np.ones((most + 1, len(columns), 3))
    for x, n in enumerate(columns):
        for dlts, letter in enumerate(table.cells[n]):
            shades[dlts, x] = to_rgb(_LETTERS[letter])
            axes.text(
                x, dlts, SHOWN.get(letter, letter), ha="center", va="center", fontsize=7, color=ink_on(_LETTERS[letter])
            )
    axes.imshow(shades, origin="lower", aspect="auto", interpolation="nearest")
    for edge in range(max(len(columns), most + 1)):
        axes.axvline(edge - 0.5, color="white", lw=0.8)
        axes.axhline(edge - 0.5, color="white", lw=0.8)
    axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(-0.5, most + 0.5))
    axes.set_xticks(range(len(columns)), [str(n) for n in columns])
    axes.set_yticks(np.arange(0, most + 1, 1 if most < 20 else 2))
    axes.set_xlabel("patients treated at the current dose", fontsize=8)
    axes.set_ylabel("DLTs among them", fontsize=8)
    short = {"E": "escalate", "S": "stay", "D": "de-escalate", "DU": "exclude", "stop": "stop"}
    used = [letter for letter in _LETTERS if any(letter in row for row in table.cells.values())]
    patches = [
        Patch(facecolor=_LETTERS[each], edgecolor="0.4", label=f"{SHOWN.get(each, each)} {short[each]}")
        for each in used
    ]
    legend_below(figure, patches, 4 if len(columns) > 9 else 2)
    return figure
