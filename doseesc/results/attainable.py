"""How much of the attainable designs reach: what they are worth, beside the best policy under the same truths.

The nonparametric benchmark sees what no trial can see; the best policy is what a real trial could do.  It is found by
backward induction under the scenarios of the study, weighted as the comparison says, in the world that the designs
meet: where a study says how patients are observed, with the DLTs that are counted there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from designs import Rule, Stakes
from designs.arrays import FloatArray
from doseesc.engines import (
    LATTICE_LIMIT,
    Lattice,
    OperatingCharacteristics,
    TooManyStates,
    solve,
    walk_lattice,
)
from doseesc.results.cells import Cell
from doseesc.results.weighted_truths import prior_truths, stakes_of
from doseesc.study import BareTrial, ScenarioPrior, Study, Utility
from doseesc.wording import in_a_row, percent

_DIGITS = 9  # beyond, values depend on the order in which processors add up


class SelectedAndTreated(Protocol):
    """What of a design's characteristics its utility depends on."""

    @property
    def selected(self) -> FloatArray:
        """Probability that each level is selected, "none" first."""

    @property
    def patients(self) -> FloatArray:
        """Expected patients at each level."""

    @property
    def total_dlts(self) -> Any:
        """Expected DLTs."""


@dataclass(frozen=True)
class Attainable:
    """What designs are worth, and what could be attained.

    Attributes
    ----------
    value : float or None
        Expected utility of the best policy; None where the trial is too large for it.
    designs : dict of str to float
        That of each design.
    utility, prior : str
        What it is, and under which truths, in words.
    rules : tuple of str
        The rules that the best policy keeps to.
    why_not : str
        Why there is no value.
    """

    value: float | None
    designs: dict[str, float]
    utility: str
    prior: str
    rules: tuple[str, ...]
    why_not: str = ""

    def share(self, name: str) -> float | None:
        """Return how much of the attainable a design reaches; None where nothing of worth is attainable."""
        return self.designs[name] / self.value if self.value is not None and self.value > 0 else None

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        kept = in_a_row(self.rules) if self.rules else "no rule"
        if self.value is None:
            return f"What is attainable is not known: {self.why_not}."
        reached = in_a_row([f"{name} {self._reached(name)}" for name in self.designs])
        worth = f"{percent(self.value)} %" if self.utility == Utility().words else f"{self.value:.3f}"
        best = f"{worth}, {self.utility} of the best policy under {kept}, made for {self.prior}"
        return f"Of the attainable ({best}) the designs reach: {reached}."

    def _reached(self, name: str) -> str:
        share = self.share(name)
        return f"{self.designs[name]:.3f}" if share is None else f"{100 * share:.0f} %"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, with the shares."""
        of = {name: {"value": value, "of_attainable": self.share(name)} for name, value in self.designs.items()}
        return {
            "value": self.value,
            "designs": of,
            "utility": self.utility,
            "prior": self.prior,
            "rules": list(self.rules),
            "why_not": self.why_not,
        }


def attainable_of(study: Study, cells: Mapping[tuple[str, str], Cell[OperatingCharacteristics]]) -> Attainable | None:
    """Return how much of the attainable the designs of a run reach; None unless the study asks for it."""
    if not study.optimal.benchmark:
        return None
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    stakes = stakes_of(study, known)
    if study.own_model is not None:
        stakes = replace(stakes, truths=study.own_model.law(known.truths).observed_dlt)
    designs = {}
    for name in study.names:
        worth = [
            utilities_of(cells[scenario, name].best, _one(stakes, row))[0] for row, scenario in enumerate(study.truths)
        ]
        designs[name] = round(float(stakes.weight @ np.array(worth)), _DIGITS)
    return attainable_under(study, stakes, designs, known.words)


def attainable_under(study: Study, stakes: Stakes, designs: dict[str, float], prior: str) -> Attainable:
    """Return what designs are worth beside the best policy under the same weighted truths.

    Parameters
    ----------
    study : Study
    stakes : Stakes
    designs : dict of str to float
        What each design is worth under them.
    prior : str
        What the truths are, in words.
    """
    rules = tuple(type(rule).__name__ for rule in study.optimal_rules)
    try:
        value, why_not = round(solve(lattice_of(study), stakes).value, _DIGITS), ""
    except TooManyStates as error:
        value, why_not = None, str(error)
    return Attainable(value, designs, study.optimal.utility.words, prior, rules, why_not)


def lattice_of(
    study: Study | BareTrial,
    rules: tuple[Rule, ...] | None = None,
    *,
    memory_limit: int = LATTICE_LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> Lattice:
    """Return everything that trials of a study may come to under rules; by default those of the file.

    Raises
    ------
    TooManyStates
        If that is too much.
    """
    return walk_lattice(
        study.optimal_rules if rules is None else rules,
        target=study.target,
        n_doses=study.n_doses,
        max_n=study.max_n,
        cohort_size=study.cohort_size,
        start_level=study.first_level,
        memory_limit=memory_limit,
        progress=progress,
    )


def utilities_of(figures: SelectedAndTreated, stakes: Stakes) -> FloatArray:
    """Return the expected utility under each truth (K,) of ``stakes`` from the exact characteristics under these."""
    gained = (np.atleast_2d(figures.selected) * stakes.gain).sum(axis=1)
    paid = (np.atleast_2d(figures.patients) * stakes.prices).sum(axis=1) + stakes.dlt_price * figures.total_dlts
    result: FloatArray = gained - paid
    return result


def _one(stakes: Stakes, row: int) -> Stakes:
    rows = slice(row, row + 1)
    return Stakes(stakes.truths[rows], np.ones(1), stakes.gain[rows], stakes.prices[rows], stakes.dlt_price)
