"""What the charts of a page have in common: which designs are shown with a colour, and a chart as the page holds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doseesc.conduct import trial_of
from doseesc.report.charts import DESIGN_COLOURS, Series, dose_colour, ink_for
from doseesc.report.words import recommendation, true_mtd_words

if TYPE_CHECKING:
    from doseesc.conduct import Doses
    from doseesc.results import Results

WIDE, NARROW = 590.0, 345.0
"""Pixels of charts on a desk and on a phone; both are in the page, and its style sheet shows one."""

_SHOWN = 4  # designs with a colour where there are more than there are colours


@dataclass(frozen=True)
class Chart:
    """A chart of the page.

    Attributes
    ----------
    name : str
    title : str
        What it finds.
    how : str
        How it is read.
    wide, narrow : str
        SVG for a desk and for a phone; empty where there are panels.
    panels : tuple of str
        Small ones, as many side by side as there is room.
    least : int
        Pixels of the narrowest panel.
    small : str
        SVG for the first screen; empty where the chart does not stand there.
    """

    name: str
    title: str
    how: str
    wide: str = ""
    narrow: str = ""
    panels: tuple[str, ...] = ()
    least: int = 160
    small: str = ""


def pair(name: str, title: str, how: str, draw: Callable[[float], str]) -> Chart:
    """Return a chart drawn for a desk and for a phone; ``draw`` takes the width."""
    return Chart(name, title, how, draw(WIDE), draw(NARROW))


@dataclass(frozen=True)
class Look:
    """How a page shows a run.

    Attributes
    ----------
    results : Results
    best : str
        The design shown first.
    series : tuple of Series
        All designs, those shown with a colour first among their like.
    doses : Doses
        What the levels are called.
    """

    results: Results
    best: str
    series: tuple[Series, ...]
    doses: Doses

    @property
    def shown(self) -> tuple[Series, ...]:
        """The designs with a colour, the best first."""
        named = [each for each in self.series if each.colour is not None]
        return tuple(sorted(named, key=lambda each: each.name != self.best))

    @property
    def scenarios(self) -> list[str]:
        """The scenarios by true MTD, none first, in the order of the file within."""
        study = self.results.study
        return sorted(study.truths, key=lambda name: study.true_mtd(study.truths[name]))

    def meaning(self, scenario: str) -> str:
        """Say what a scenario means, as its file does."""
        return next((each.description for each in self.results.study.scenarios if each.name == scenario), "")

    def true_mtd(self, scenario: str) -> str:
        """Say which dose is right in a scenario, by its name."""
        study = self.results.study
        return f"{true_mtd_words(study, study.truths[scenario])} is right"

    def shade(self, level: int) -> tuple[str, str]:
        """Return the shade of a dose and the colour of words on it; variables of the style sheet for none."""
        if level == 0:
            return "var(--none)", "var(--ink)"
        shade = dose_colour(level, self.results.study.n_doses)
        return shade, ink_for(shade)


def round_up(value: float) -> float:
    """Return the end of an axis of percentages: the next ten, at least 10.

    Examples
    --------
    >>> round_up(40.3), round_up(0), round_up(60)
    (50.0, 10.0, 60.0)
    """
    return max(10.0, 10.0 * math.ceil(value / 10 - 1e-9))


def look_of(results: Results) -> Look:
    """Decide which designs have which colour: all where there are enough colours, else those that lead."""
    best = recommendation(results).design
    names = list(results.study.names)
    leaders = list(results.verdict.leaders.designs)
    coloured = names if len(names) <= len(DESIGN_COLOURS) else _first(names, best, leaders)
    colours = {name: place for place, name in enumerate(each for each in names if each in coloured)}
    series = tuple(Series(name, place, colours.get(name), name == best) for place, name in enumerate(names))
    return Look(results, best, series, trial_of(results.study, best).doses)


def _first(names: Sequence[str], best: str, leaders: Sequence[str]) -> list[str]:
    """Return the designs shown with a colour where they are many: the leaders, and the first of the file."""
    wanted = dict.fromkeys([best, *leaders[: _SHOWN - 1], names[0]])
    return list(wanted)[:_SHOWN]
