"""What a run prints: the verdict and how sure it is, the designs, the scenarios, Phase 2; about a screen in all.

All tables are those of :mod:`doseesc.report.terminal.full`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text

from doseesc.report.terminal.fitted import fitted
from doseesc.report.terminal.heading import assumed_words, precision_words, study_line
from doseesc.report.terminal.lines import WIDTH, wrapped
from doseesc.report.terminal.run_tables import design_table, phase2_table, scenario_table
from doseesc.report.words import (
    attribution_finding,
    leaders_time,
    observed_words,
    untried_in_brief,
    untried_sentences,
    verdict_words,
)

if TYPE_CHECKING:
    from doseesc.results import Results

_MOST, _FEWEST = 12, 3  # designs told one by one: as many as a screen has room for
_SCREEN = 39  # lines; the command adds one that says where all of it is written


def run_lines(results: Results, width: int = WIDTH) -> list[Text]:
    """Return the answer in lines: what leads and what flips it, then the figures that it rests on.

    What would be more than a screen is told more tightly: what the figures stand on in one paragraph, tables without
    blank lines between them, without designs that are less often right, and last without some of what flips the answer.
    """
    told = _Told(results, width)
    lengths: dict[int, list[Text]] = {}
    for tight in _tightened(len(results.study.names), len(told.words.flips), width):
        screen = told.screen(tight)
        length = sum(1 for _ in fitted(screen, width))
        lengths.setdefault(length, screen)
        if length <= _SCREEN:
            break
    return lengths[min(lengths)]


@dataclass(frozen=True)
class _Tight:
    """How much is told: without so many blank lines, with so many designs and sentences on what flips the answer."""

    flowing: bool = False
    unparted: int = 0
    designs: int = _MOST
    flips: int | None = None


def _tightened(designs: int, flips: int, width: int) -> Iterator[_Tight]:
    """Yield ways to tell the answer, each tighter than the one before."""
    tight = _Tight(designs=min(designs, _MOST))
    yield tight
    for unparted in range(4):
        tight = replace(tight, flowing=True, unparted=unparted)
        yield tight
    least = tight.designs - (2 if tight.designs == designs else 1)  # that some are left out takes a line, too
    for told in range(least, _FEWEST - 1, -1):
        tight = replace(tight, designs=told)
        yield tight
    if width >= WIDTH:  # on narrower screens nothing of the verdict gives way: they scroll whatever is left out
        for told in range(flips - 1, 0, -1):
            yield replace(tight, flips=told)


class _Told:
    """The parts of the answer, each made once."""

    def __init__(self, results: Results, width: int) -> None:
        self._results, self._width = results, width
        self.words = verdict_words(results)
        self._attribution = attribution_finding(results)
        self._phase2 = phase2_table(results, width)
        self._scenarios = scenario_table(results, width)

    def screen(self, tight: _Tight) -> list[Text]:
        """Return them as lines."""
        results = self._results
        compares = len(results.study.observation) > 1  # then how DLTs are attributed is what the study asks
        found = [*study_line(results), Text(), *self._verdict(tight.flips)]
        found += wrapped(self._attribution, "bold") if compares else []
        scenarios, left_out = self._scenarios
        whole = tight.designs >= len(results.study.names)  # else the table of designs says that some are left out
        tables = [
            design_table(results, self._width, tight.designs),
            [*scenarios, *(left_out if whole else [])],
            self._phase2,
        ]
        for place, table in enumerate(tables):
            found += [*([Text()] if len(tables) - place > tight.unparted else []), *table]
        found += [] if compares or not self._attribution else wrapped(self._attribution)
        return found + _standing(results, flowing=tight.flowing)

    def _verdict(self, flips: int | None) -> list[Text]:
        results, words = self._results, self.words
        whole = untried_sentences(results)
        found = wrapped(words.headline, "bold")
        price = [leaders_time(results), *(each for each in words.price if each not in whole), untried_in_brief(results)]
        found += wrapped(" ".join(filter(None, price))) if any(price) else []
        told = words.flips[:flips]
        more = ["What else would change that: --full"] if len(told) < len(words.flips) else []
        return found + (wrapped(" ".join((*told, *more))) if told else [])


def _standing(results: Results, *, flowing: bool) -> list[Text]:
    """Return what the figures stand on: assumptions, how patients are observed, and how precise they are."""
    study, assumed = results.study, assumed_words(results)
    said = [assumed] if assumed else []
    if results.policies is not None:
        said.append(f"observed: {observed_words(study.observation[0], study.dlt_window_days)}")
    said += [_precise(results), *results.notes]
    if flowing:
        said = [" · ".join(said)]
    return [line for words in said for line in wrapped(words, "dim")]


def _precise(results: Results) -> str:
    """Say in a line whether figures are exact, and what the simulation is good for."""
    if not any(cell.simulated for cell in results.cells.values()):
        return "all figures exact"
    trials = f"{results.n_trials:,} simulated trials (seed {results.seed})"
    if results.agreement is None:
        return f"{trials}: {precision_words(results).removeprefix('simulated to ')}"
    figures, within_2, within_4 = results.agreement
    some = "exact" if all(cell.exact for cell in results.cells.values()) else "exact where possible"
    agree = "agree" if within_4 == figures else "compared"
    return f"{some}; {trials} {agree}: {within_2} of {figures} figures within 2 SE, {within_4} within 4"
