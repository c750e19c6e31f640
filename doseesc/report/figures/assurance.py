"""Assurance of the programme as a figure: each design in each toxicity scenario, split by the MTD declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from doseesc.planning import ProgrammeAssurance
from doseesc.report.charts import dose_colour
from doseesc.report.figures.style import TRUE_MTD, add_caption, legend_below, panels, title

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEVEL_NAMES = 4  # more designs have their names written upright
_UPRIGHT = 0.075  # inches per letter


def assurance_figure(
    programme: Sequence[ProgrammeAssurance],
    labels: Sequence[str],
    caption: str = "",
    true_mtds: Mapping[str, str] | None = None,
) -> Figure:
    """Draw the chance that the whole programme succeeds, one panel per toxicity scenario and one bar per design.

    A bar's parts are the MTDs that Phase 1 may declare, light to dark, each as high as its probability times the chance
    that Phase 2 then succeeds; the diamond is success with a dosage that is not too toxic; the line reaches two Monte
    Carlo standard errors either way.

    Parameters
    ----------
    programme : sequence of ProgrammeAssurance
        Of :func:`doseesc.planning.programme_assurance`.
    labels : sequence of str
        Of the dose levels, lowest first.
    caption : str
        Written below, such as the words of :func:`doseesc.study.assumed_words`.
    true_mtds : mapping of str to str, optional
        The true MTD of each scenario, written beside its name.

    Raises
    ------
    ValueError
        If there is nothing to draw.
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    if not programme:
        raise ValueError("programme must hold at least one design in one scenario")
    scenarios = list(dict.fromkeys(each.scenario for each in programme))
    designs = list(dict.fromkeys(each.design for each in programme))
    by = {(each.scenario, each.design): each for each in programme}
    upright = _UPRIGHT * max(len(each) for each in designs) if len(designs) > _LEVEL_NAMES else 0.0
    figure, grid = panels(
        len(scenarios), columns=3, height=1.6 + upright, foot=0.5 + upright, between=0.62 + 0.8 * upright
    )
    diamond: dict[str, Any] = {"marker": "D", "mfc": "white", "mec": "black", "ms": 4.5, "ls": "", "zorder": 3}
    for place, (axes, scenario) in enumerate(zip(grid, scenarios, strict=True)):
        for across, design in enumerate(designs):
            if (scenario, design) in by:
                _bar(axes, across, by[scenario, design], len(labels), diamond)
        axes.set_xticks(range(len(designs)), designs, rotation=0 if len(designs) <= _LEVEL_NAMES else 90)
        axes.set_xlim(-0.6, len(designs) - 0.4)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        title(axes, scenario if true_mtds is None else f"{scenario}  {TRUE_MTD} {true_mtds[scenario]}")
        if place % 3 == 0:
            axes.set_ylabel("programmes, %", fontsize=7.5)
    highest = max(100 * (each.success + 2 * each.mcse) for each in programme)
    grid[0].set_ylim(0, max(1.1 * highest, 1.0))
    handles: list[Any] = [
        Patch(facecolor=dose_colour(level, len(labels)), edgecolor="0.4", label=f"success after the MTD {label}")
        for level, label in enumerate(labels, start=1)
    ]
    handles.append(Line2D([], [], label="success, dosage not too toxic", **diamond))
    legend_below(figure, handles, len(handles))
    add_caption(figure, caption)
    return figure


def _bar(axes: Any, across: int, each: ProgrammeAssurance, n_doses: int, diamond: dict[str, Any]) -> None:
    bottom = 0.0
    for level, (chance, success) in enumerate(zip(each.mtd[1:], each.success_by_mtd, strict=True), start=1):
        part = 100 * float(chance * success)
        shade = dose_colour(level, n_doses)
        axes.bar(across, part, 0.62, bottom=bottom, color=shade, edgecolor="0.4", linewidth=0.4)
        bottom += part
    axes.errorbar(across, bottom, 200 * each.mcse, color="black", linewidth=0.9, capsize=2, zorder=4)
    axes.plot(across, 100 * each.acceptable, **diamond)
