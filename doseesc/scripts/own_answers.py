"""Our own answers to what rows are about: decisions, and figures, exact where the design can be enumerated."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from designs import Design, Tally
from designs.registry import name_of_design
from doseesc.conduct import decision_letters
from doseesc.engines import OperatingCharacteristics, TooManyStates, enumerate_paths, one_truth, simulate
from doseesc.errors import Problem, show
from doseesc.scripts.rows import LAST_COHORT, Row
from doseesc.scripts.truths import truths_seen
from doseesc.wording import did_you_mean, shorten

if TYPE_CHECKING:
    from doseesc.study import Study


class OwnAnswers:
    """Decisions and figures of a design of a study.

    Attributes
    ----------
    design : Design
    truths : dict of str to array (J,)
        What the figures rest on, by scenario.
    exact : bool
        Whether the figures, once asked for, are exact.
    """

    def __init__(self, study: Study, name: str) -> None:
        self.design: Design = study.designs[name]
        self.truths = truths_seen(study)
        self._study = study
        self.exact = True

    @cached_property
    def figures(self) -> dict[str, OperatingCharacteristics]:
        """By scenario; exact where the design can be enumerated, else simulated."""
        study, truths = self._study, self.truths
        try:
            together = enumerate_paths(self.design).characteristics(np.array(list(truths.values())))
            return {scenario: one_truth(together, place) for place, scenario in enumerate(truths)}
        except TooManyStates:
            self.exact = False
            asked = study.simulation
            return {
                name: simulate(self.design, truth, n_trials=asked.trials, seed=asked.seed)
                for name, truth in truths.items()
            }

    @cached_property
    def type(self) -> str:
        """The design's type, as in scenario files."""
        return name_of_design(self.design.__class__)

    @cached_property
    def letters(self) -> dict[int, tuple[str, ...]] | None:
        """The decision table, where there is one."""
        return decision_letters(self.design)

    def problem(self, row: Row) -> Problem | None:
        """Return what is wrong with a row for this design."""
        n_doses = self.design.n_doses
        if row.kind == "setting":
            return None
        if row.level is not None and row.level > n_doses:
            return Problem(("level",), f"is {row.level}, of {n_doses} doses", f"write 0 to {n_doses}", row.line)
        if row.kind == "figure":
            if row.scenario not in self.truths:
                guess = did_you_mean(row.scenario, self.truths)
                remedy = f"{guess}the file has {', '.join(self.truths)}"
                return Problem(("scenario",), f"is {show(row.scenario)}, not in the file", remedy, row.line)
            if row.quantity != "selected" and row.level == 0:
                return Problem(("level",), "is 0, where nobody is treated", f"write 1 to {n_doses}", row.line)
            return None
        if row.quantity == "decision":
            return self._letter_problem(row)
        if len(row.n) != n_doses:
            message = f"has {len(row.n)} numbers for {n_doses} doses"
            return Problem(("n",), message, "write the patients at every level, a space between", row.line)
        if sum(row.n) > self.design.max_n:
            message = f"has {sum(row.n):,} patients, more than max_n = {self.design.max_n:,}"
            return Problem(("n",), message, "write patients of one trial", row.line)
        if row.level == 0 and sum(row.n) > 0:
            return Problem(("level",), "is 0, though patients were treated", "write that of the last cohort", row.line)
        if set(self.design.needed_memory) - set(LAST_COHORT):
            message = (
                f"is {show(row.quantity)}; the design's rules look at the course of the trial, which rows do not tell"
            )
            return Problem(("quantity",), message, "compare figures only", row.line)
        known = row.last is not None and (row.last[1] > 0 or "last_n" not in self.design.needed_memory)
        if self.design.needed_memory and not known and sum(row.n) > 0:
            remedy = "write  next_level after 1/3  for 1 DLT among the 3 patients of the last cohort"
            return Problem(("quantity",), "does not tell the last cohort, on which rules look", remedy, row.line)
        return None

    def _letter_problem(self, row: Row) -> Problem | None:
        letters = self.letters
        if letters is None:
            remedy = "write next_level rows, by patients and DLTs at every level"
            return Problem(
                ("quantity",), f"is decision; {self.type} has no table by the current level", remedy, row.line
            )
        if len(row.n) != 1 or row.n[0] not in letters:
            message = f"is {shorten(' '.join(map(str, row.n)))}, which the table does not have"
            return Problem(("n",), message, f"write one number from {min(letters)} to {max(letters)}", row.line)
        return None

    def next_levels(self, rows: list[Row]) -> list[int]:
        """Return the level that follows on each row's data, 0 = stop."""
        if not rows:
            return []
        memory = {name: np.zeros(len(rows), dtype=np.int64) for name in self.design.needed_memory}
        for place, row in enumerate(rows):
            if row.last is not None:
                for name, value in zip(reversed(LAST_COHORT), row.last, strict=True):
                    if name in memory:
                        memory[name][place] = value
        tally = Tally(
            n=np.array([row.n for row in rows]),
            dlt=np.array([row.y for row in rows]),
            level=np.array([row.level for row in rows]),
            memory=memory,
        )
        return [int(level) for level in self.design.decide(tally).level]
