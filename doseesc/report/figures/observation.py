"""The price of events that the drug did not cause, as a figure: each observation model beside the drug alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.figures.characteristics import ERROR, marker_handles
from doseesc.report.figures.style import WIDTH, design_style, legend_below, new_figure, plain
from doseesc.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LONGEST = 30


def observation_figure(results: Results) -> Figure | None:
    """Draw mean correct selection and how often a safe product is stopped, by observation; None without any."""
    if results.policies is None:
        return None
    groups = results.policies.groups()
    policies, designs = (list(dict.fromkeys(key[part] for key in groups)) for part in (0, 1))
    height = max(0.32, 0.1 * len(designs)) * len(policies) + 1.1
    figure = new_figure(WIDTH, height)
    for column, words in enumerate(("correct selection", "safe product stopped")):
        axes = figure.add_axes((0.28 + 0.37 * column, 0.85 / height, 0.335, 1 - 0.95 / height))
        plain(axes)
        for policy, design in groups:
            colour, _, marker = design_style(designs.index(design))
            price = results.policies.price(policy, design)
            share = price.stopped if column else price.correct
            error = price.stopped_error if column else price.correct_error
            y = -policies.index(policy) + ((len(designs) - 1) / 2 - designs.index(design)) * min(
                0.18, 0.8 / len(designs)
            )
            at = 100 * share
            if error > 0:
                axes.errorbar(at, y, xerr=200 * error, zorder=1, **ERROR)
            axes.plot(at, y, marker, color=colour, ms=5.5, mec="black", mew=0.5)
        names = [each if len(each) <= _LONGEST else each[: _LONGEST - 1] + "…" for each in policies]
        axes.set_yticks([-place for place in range(len(policies))], names if column == 0 else [])
        axes.set_ylim(-len(policies) + 0.5, 0.5)
        axes.set_xlim(left=0)
        axes.grid(axis="x", color="0.9", lw=0.6)
        axes.set_xlabel(f"{words}, % of trials", fontsize=8)
    legend_below(figure, marker_handles(designs, ls=""), len(designs))
    return figure
