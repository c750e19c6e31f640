"""Power of a Phase 2 trial over the number of patients and over the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.phase2 import Power
from doseesc.planning import PowerCurves
from doseesc.report.figures.style import add_caption, large_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DASHES = ("-", "--", "-.", ":")
_Z = 1.96


def power_figure(
    curves: PowerCurves,
    title: str | None = None,
    caption: str = "",
) -> Figure:
    """Draw power with 95 % Monte Carlo bands: each dosage improving patients sooner, and at least one.

    Parameters
    ----------
    curves : PowerCurves
        Of :func:`doseesc.planning.power_curves`.
    title : str, optional
    caption : str
        Written below, such as the words of :func:`doseesc.study.assumed_words`.
    """
    figure = large_figure(7.6, 3.4)
    left, right = figure.subplots(1, 2, sharey=True)
    _draw(left, [float(n) for n, _ in curves.by_size], [power for _, power in curves.by_size])
    left.set_xlabel("patients in the control arm", fontsize=8)
    left.set_ylabel("power, %", fontsize=8)
    _draw(
        right,
        [power.plan.active[-1].effect.shr for _, power in curves.by_effect],
        [power for _, power in curves.by_effect],
    )
    right.set_xlabel("subdistribution hazard ratio at the highest dosage", fontsize=8)
    left.legend(fontsize=7, frameon=False)
    if title:
        figure.suptitle(title, fontsize=10, fontweight="bold")
    add_caption(figure, caption)
    return figure


def _draw(panel: Axes, across: list[float], powers: list[Power]) -> None:
    arms = [arm.name for arm in powers[0].plan.active]
    lines = [
        (name, [(float(p.share("ttci")[place]), float(p.mcse("ttci")[place])) for p in powers])
        for place, name in enumerate(arms)
    ]
    lines.append(("at least one", [(float(p.share("any_ttci")), float(p.mcse("any_ttci"))) for p in powers]))
    for place, (name, figures) in enumerate(lines):
        share, error = 100 * np.array(figures).T
        panel.plot(across, share, linestyle=_DASHES[place % len(_DASHES)], linewidth=1.3, label=name)
        panel.fill_between(across, share - _Z * error, share + _Z * error, alpha=0.2, linewidth=0)
    panel.axhline(80, color="0.7", linewidth=0.6, zorder=0)
    panel.set_ylim(0, 100)
    panel.tick_params(labelsize=7)
    panel.spines[["top", "right"]].set_visible(False)
