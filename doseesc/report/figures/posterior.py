"""The posterior DLT probability over the dose, with its band, the data and the arms of Phase 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doseesc.report.charts import DESIGN_COLOURS
from doseesc.report.figures.style import WIDTH, legend_below, new_figure, plain
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.results import SavedFit

_HEIGHT = 3.6


def posterior_figure(fit: SavedFit) -> Figure:
    """Draw it.

    Parameters
    ----------
    fit : SavedFit
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import NullLocator

    figure = new_figure(WIDTH, _HEIGHT)
    axes = figure.add_axes((0.08, 0.78 / _HEIGHT, 0.9, 1 - 0.95 / _HEIGHT))
    plain(axes)
    styles: dict[str, dict[str, Any]] = {
        "level": {"marker": "o", "mfc": DESIGN_COLOURS[0], "mec": "black", "ms": 6},
        "arm": {"marker": "D", "mfc": "white", "mec": "black", "ms": 6},
    }
    handles: list[Any] = []
    if fit.curve is not None:
        across = fit.curve.amount
        low, high, mean = ([100 * each for each in getattr(fit.curve, name)] for name in ("low", "high", "mean"))
        axes.fill_between(across, low, high, color="0.85", linewidth=0)
        axes.plot(across, mean, "-", color=DESIGN_COLOURS[0], lw=1.5)
        handles.append(Line2D([], [], color=DESIGN_COLOURS[0], lw=1.5, label="posterior mean"))
        handles.append(Patch(facecolor="0.85", label="90 % interval"))
    words = {"level": "dose level, 90 % interval", "arm": "arm of Phase 2"}
    for kind, style in styles.items():
        shown = [each for each in fit.doses if each.kind == kind]
        for each in shown:
            axes.plot([each.amount] * 2, [100 * each.low, 100 * each.high], color="black", lw=0.9, zorder=2)
            axes.plot(each.amount, 100 * each.mean, ls="", zorder=3, **style)
        if shown:
            handles.append(Line2D([], [], ls="", label=words[kind], **style))
    for seen in fit.pooled():
        if seen.n:
            rate = 100 * seen.dlt / seen.n
            axes.plot(seen.amount, rate, "x", color="black", ms=6, mew=1.4, zorder=4)
            place: dict[str, Any] = {"xytext": (4, 4), "textcoords": "offset points", "fontsize": 7}
            axes.annotate(f"{seen.dlt}/{seen.n}", (seen.amount, rate), **place)
    if any(each.n for each in fit.data):
        handles.append(Line2D([], [], marker="x", color="black", mew=1.4, ls="", label="observed, DLTs/patients"))
    axes.axhline(100 * fit.target, color="black", lw=0.8, ls="--", zorder=1)
    handles.append(Line2D([], [], color="black", lw=0.8, ls="--", label=f"target {100 * fit.target:.3g} %"))
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    ticks = sorted({each.amount for each in fit.doses})
    axes.set_xticks(ticks, [plain_number(float(each)) for each in ticks])
    axes.set_ylim(0, 102)
    axes.set_xlabel(f"dose, {fit.unit}" if fit.unit else "dose", fontsize=8)
    axes.set_ylabel("P(DLT), %", fontsize=8)
    legend_below(figure, handles, 4)
    return figure
