"""What an analysis borrowed, as a figure: priors and posterior, and the weight of the history against conflict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logit

from doseesc.inference.borrowing import NOBODY
from doseesc.report.charts import dose_colour
from doseesc.report.figures.style import design_style, legend_below, panels, title

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from doseesc.analysis import Borrowed, Fit

_TICKS = (0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.95)
_ENDS = (0.0005, 0.97)


def fit_borrowing_figure(fit: Fit) -> Figure:
    """Draw :func:`borrowing_figure` for an analysis: at the doses of its Phase 2 arms, or at its highest level.

    Raises
    ------
    ValueError
        If the analysis borrows nothing.
    """
    if fit.borrowed is None:
        raise ValueError("the analysis borrows nothing")
    levels = [(dose.label, dose.amount) for dose in fit.doses if dose.kind == "level"]
    arms = {dose.amount: dose.label for dose in fit.doses if dose.kind == "arm"}
    doses = [(arms[amount], amount) for amount in sorted(arms, reverse=True)][:2] or levels[-1:]
    floor = {name: fit.model.arguments[name] for name in ("floor", "floor_prior")}
    return borrowing_figure(fit.borrowed, doses, levels, fit.study.target, **floor)


def borrowing_figure(
    borrowed: Borrowed,
    doses: Sequence[tuple[str, float]],
    levels: Sequence[tuple[str, float]],
    target: float,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> Figure:
    """Draw the priors and the posterior at some doses, and how the weight of the history falls in conflict.

    Parameters
    ----------
    borrowed : Borrowed
    doses : sequence of (str, float)
        Names and amounts of the doses to draw densities of, such as the MTD and a quarter of it.
    levels : sequence of (str, float)
        Names and amounts of the levels.
    target : float
    floor, floor_prior
        Background of DLT-like events; see :mod:`designs.floor`.

    Returns
    -------
    matplotlib Figure
        Not shown and not known to pyplot.
    """
    figure, axes = panels(len(doses) + 1, columns=len(doses) + 1, height=2.6, foot=0.5, share_y=False)
    amounts = [amount for _, amount in doses]
    before = borrowed.prior.fit(NOBODY, amounts, floor=floor, floor_prior=floor_prior)
    after = borrowed.prior.fit(borrowed.data, amounts, floor=floor, floor_prior=floor_prior)
    used = borrowed.prior.component_weights
    curves = [
        ("weak prior", "0.6", ":", before.density(borrowed.prior.with_weight(0).component_weights)),
        (
            "history predicts (MAP)",
            design_style(1)[0],
            "--",
            before.density(borrowed.prior.with_weight(1).component_weights),
        ),
        ("prior used", design_style(0)[0], "-.", before.density(used)),
        ("posterior", "black", "-", after.density(used)),
    ]
    for place, (name, amount) in enumerate(doses):
        panel = axes[place]
        for label, colour, style, (logits, density) in curves:
            panel.plot(logits, density[place], color=colour, linestyle=style, linewidth=1.3, label=label)
        title(panel, f"{name}, {amount:g}")
        _scale(panel, target)
        if place == 0:
            panel.set_ylabel("density over the log odds", fontsize=7.5)
    _conflict(axes[-1], borrowed, levels)
    handles, _ = axes[0].get_legend_handles_labels()
    legend_below(figure, [*handles, *axes[-1].get_legend_handles_labels()[0]], columns=4)
    return figure


def _scale(panel: Axes, target: float) -> None:
    panel.set_xlim(*logit(np.array(_ENDS)))
    panel.set_xticks(logit(np.array(_TICKS)), [f"{100 * tick:g}" for tick in _TICKS])
    panel.set_ylim(bottom=0)
    panel.axvline(float(logit(target)), color="0.8", linewidth=0.8, zorder=0)
    panel.set_xlabel("P(DLT), %; line: target", fontsize=7.5)


def _conflict(panel: Axes, borrowed: Borrowed, levels: Sequence[tuple[str, float]]) -> None:
    for place, (name, amount) in enumerate(levels):
        table = borrowed.conflict[borrowed.conflict["amount"] == amount]
        panel.plot(
            table["dlt"],
            100 * table["weight"],
            color=dose_colour(place + 1, len(levels)),
            marker=design_style(place)[2],
            markersize=4,
            markeredgecolor="black",
            markeredgewidth=0.4,
            linewidth=1.1,
            label=name,
        )
    panel.axhline(100 * borrowed.prior.weight, color="0.8", linewidth=0.8, zorder=0)
    panel.set_ylim(0, 100)
    title(panel, "Weight of history, %")
    panel.set_xlabel(f"DLTs of {int(borrowed.conflict['dlt'].max())} patients at the dose", fontsize=7.5)
