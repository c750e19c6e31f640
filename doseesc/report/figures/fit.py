"""Figures of an analysis: the curve, each dose's marginal, prior against posterior, the chains, and the MTD."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.inference import group
from doseesc.report.charts import DESIGN_COLOURS, dose_colour
from doseesc.report.figures.borrowing import fit_borrowing_figure
from doseesc.report.figures.style import WIDTH, design_style, legend_below, new_figure, panels, plain, title
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.analysis import Fit, Sampled


_BAND = "#9ecae1"
_LINE = DESIGN_COLOURS[0]
_PRIOR = "0.55"
_BINS = 40
_NEAR_AXIS = 0.2  # labels of arms in this part of the axis go to the right of their lines
_RANK_BINS = 20


def fit_figures(fit: Fit) -> dict[str, Figure]:
    """Return all figures by the names of their files."""
    figures = {
        "fit_curve": curve_figure(fit),
        "fit_marginals": marginal_figure(fit),
        "fit_prior_posterior": prior_figure(fit),
        "fit_mtd": mtd_figure(fit),
    }
    if fit.sampled is not None:
        figures["fit_chains"] = chains_figure(fit.sampled)
    if fit.borrowed is not None:
        figures["fit_borrowing"] = fit_borrowing_figure(fit)
    return figures


def curve_figure(fit: Fit) -> Figure:
    """Draw the posterior mean curve with its 90 % band, the data, and the doses of the Phase 2 arms."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import NullLocator

    figure, (axes,) = panels(1, columns=1, height=3.0)
    amount, mean, low, high = (np.array(fit.curve[name]) for name in ("amount", "mean", "low", "high"))
    axes.fill_between(amount, 100 * low, 100 * high, color=_BAND, alpha=0.6, lw=0)
    axes.plot(amount, 100 * mean, color=_LINE, lw=1.6)
    axes.axhline(100 * fit.study.target, color="black", lw=0.8, ls="--")
    handles: list[Any] = [
        Line2D([], [], color=_LINE, lw=1.6, label="posterior mean"),
        Patch(facecolor=_BAND, alpha=0.6, label="90 % interval"),
        Line2D([], [], color="black", lw=0.8, ls="--", label=f"target {100 * fit.study.target:.3g} %"),
        Line2D([], [], color="0.4", marker="o", ls="", ms=6, label="observed DLT rate (patients)"),
    ]
    for each, n, dlt in _pooled(fit):
        axes.plot(
            each, 100 * dlt / n, "o", ms=3.5 + 0.9 * np.sqrt(n), color="0.4", mec="white", zorder=3, clip_on=False
        )
        axes.annotate(
            f"{dlt}/{n}", (each, 100 * dlt / n), xytext=(5, 5), textcoords="offset points", fontsize=7, color="0.25"
        )
    arms = [dose for dose in fit.doses if dose.kind == "arm"]
    for dose in arms:
        right = dose.amount < amount[0] * (amount[-1] / amount[0]) ** _NEAR_AXIS
        axes.axvline(dose.amount, color=design_style(5)[0], lw=0.9, ls=":")
        axes.annotate(
            dose.label,
            (dose.amount, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(3 if right else -3, -3),
            textcoords="offset points",
            fontsize=7,
            color=design_style(5)[0],
            ha="left" if right else "right",
            va="top",
        )
    if arms:
        handles.append(Line2D([], [], color=design_style(5)[0], lw=0.9, ls=":", label="Phase 2 arm"))
    axes.set_xscale("log")
    axes.xaxis.set_minor_locator(NullLocator())
    ticks = sorted({dose.amount for dose in fit.doses})
    axes.set_xticks(ticks, [plain_number(each) for each in ticks])
    axes.set_xlim(amount[0], amount[-1])
    axes.set_ylim(0, 100)
    axes.set_xlabel(f"dose, {fit.study.doses.unit}" if fit.study.doses.unit else "dose", fontsize=7.5)
    axes.set_ylabel("P(DLT), %", fontsize=7.5)
    _mark(axes, fit)
    legend_below(figure, handles, 3)
    return figure


def marginal_figure(fit: Fit) -> Figure:
    """Draw the posterior of the DLT probability at each dose, with the intervals' limits."""
    from matplotlib.lines import Line2D

    figure, all_axes = panels(len(fit.doses), columns=3, height=1.7, share_y=False)
    edges = np.linspace(0.0, 1.0, _BINS + 1)
    shares = fit.shares_between(edges)
    limits = fit.question.limits
    for axes, dose in zip(all_axes, fit.doses, strict=True):
        shade = dose_colour(dose.place + 1, fit.study.n_doses) if dose.kind == "level" else _BAND
        axes.stairs(shares[dose.place], 100 * edges, fill=True, color=shade, lw=0)
        axes.axvline(100 * fit.study.target, color="black", lw=0.8, ls="--")
        for limit in limits:
            axes.axvline(100 * limit, color="0.5", lw=0.6, ls=":")
        axes.set_yticks([])
        axes.set_xlim(0, 100)
        title(axes, dose.label, plain_number(dose.amount))
    for axes in all_axes[-3:]:
        axes.set_xlabel("P(DLT), %", fontsize=7.5)
    handles = [
        Line2D([], [], color="black", lw=0.8, ls="--", label=f"target {100 * fit.study.target:.3g} %"),
        Line2D([], [], color="0.5", lw=0.6, ls=":", label="limits of the intervals"),
    ]
    _mark(all_axes[0], fit)
    legend_below(figure, handles, 2)
    return figure


def prior_figure(fit: Fit) -> Figure:
    """Draw prior and posterior of the DLT probability at each dose as means with 90 % intervals."""
    from matplotlib.lines import Line2D

    figure, (axes,) = panels(1, columns=1, height=0.7 + 0.42 * len(fit.doses), foot=0.55)
    known = fit.posterior
    bands = {"prior": fit.prior_band(), "posterior": (known.mean, known.low, known.high)}
    styles = {"prior": (_PRIOR, 0.15, "s"), "posterior": (_LINE, -0.15, "o")}
    for source, (colour, shift, marker) in styles.items():
        mean, low, high = (100 * column for column in bands[source])
        for row, dose in enumerate(fit.doses):
            height = -row + shift
            axes.plot([low[dose.place], high[dose.place]], [height, height], color=colour, lw=2)
            axes.plot(mean[dose.place], height, marker, color=colour, ms=5)
    axes.axvline(100 * fit.study.target, color="black", lw=0.8, ls="--")
    labels = [f"{dose.label} ({plain_number(dose.amount)})" for dose in fit.doses]
    axes.set_yticks([-row for row in range(len(fit.doses))], labels)
    axes.set_xlim(0, 100)
    axes.set_xlabel("P(DLT), %: mean and 90 % interval", fontsize=7.5)
    box = axes.get_position()
    axes.set_position((0.26, box.y0, 0.71, box.height))
    _mark(axes, fit)
    handles = [
        Line2D([], [], color=colour, marker=marker, lw=2, label=source)
        for source, (colour, _, marker) in styles.items()
    ]
    legend_below(figure, handles, 2)
    return figure


def chains_figure(sampled: Sampled) -> Figure:
    """Draw for each free parameter the chains' traces, and beside it the ranks of their draws.

    Where the chains agree, the ranks of each are uniform (Vehtari et al. 2021, *Bayesian Analysis* 16:667-718).
    """
    from scipy.stats import rankdata

    quantities = _parameters(sampled)
    height = 1.35 * len(quantities) + 0.5
    figure = new_figure(WIDTH, height)
    grid = figure.add_gridspec(
        len(quantities), 2, left=0.1, right=0.98, top=1 - 0.3 / height, bottom=0.42 / height, hspace=0.75, wspace=0.16
    )
    for row, (name, values) in enumerate(quantities):
        trace, ranks = (figure.add_subplot(grid[row, column]) for column in (0, 1))
        for axes in (trace, ranks):
            plain(axes)
        order = rankdata(values).reshape(values.shape)
        uniform = values.size / len(values) / _RANK_BINS
        edges = np.linspace(0.5, values.size + 0.5, _RANK_BINS + 1)
        for chain, draws in enumerate(values):
            colour = design_style(chain)[0]
            trace.plot(draws, color=colour, lw=0.4, alpha=0.8)
            counts, _ = np.histogram(order[chain], bins=edges)
            ranks.stairs(counts / uniform, edges, baseline=None, color=colour, lw=0.9)
        ranks.axhline(1.0, color="black", lw=0.8, ls="--")
        ranks.set_ylim(bottom=0)
        title(trace, name, "trace")
        title(ranks, name, "ranks")
        if row == len(quantities) - 1:
            trace.set_xlabel("draw", fontsize=7.5)
            ranks.set_xlabel("rank over all chains (height: share of uniform)", fontsize=7.5)
    return figure


def mtd_figure(fit: Fit) -> Figure:
    """Draw the probability that each level is the MTD."""
    figure, (axes,) = panels(1, columns=1, height=2.2, foot=0.25)
    names = ("none", *fit.study.dose_labels)
    for level, share in enumerate(fit.posterior.mtd.tolist()):
        shade = dose_colour(level, fit.study.n_doses)
        axes.bar(level, 100 * share, color=shade, edgecolor="black", lw=0.7, width=0.7)
        axes.text(level, 100 * share + 1, f"{100 * share:.1f}", ha="center", va="bottom", fontsize=7.5)
    axes.set_xticks(range(len(names)), names)
    axes.set_ylim(0, 108)
    axes.set_ylabel("probability of being the MTD, %", fontsize=7.5)
    _mark(axes, fit)
    return figure


def _mark(axes: Axes, fit: Fit) -> None:
    """Say on the figure where its chains have not converged."""
    if not fit.converged:
        colour = "#b30000"
        axes.figure.text(0.985, 0.99, "NOT CONVERGED", ha="right", va="top", color=colour, fontsize=9, weight="bold")


def _parameters(sampled: Sampled) -> list[tuple[str, FloatArray]]:
    """Return each scalar parameter's name and draws (chain, draw)."""
    quantities = []
    for name, values in group(sampled.trace, "posterior").data_vars.items():
        if name == "p":
            continue
        columns = values.values.reshape(*values.shape[:2], -1)
        many = columns.shape[-1] > 1
        for place in range(columns.shape[-1]):
            quantities.append((f"{name} {place + 1}" if many else str(name), columns[..., place]))
    return quantities


def _pooled(fit: Fit) -> list[tuple[float, int, int]]:
    counts: dict[float, list[int]] = {}
    for amount, n, dlt in zip(fit.data.amount, fit.data.n, fit.data.dlt, strict=True):
        row = counts.setdefault(amount, [0, 0])
        row[0] += n
        row[1] += dlt
    return [(amount, n, dlt) for amount, (n, dlt) in sorted(counts.items()) if n]
