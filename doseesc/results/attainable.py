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
    most_tallies,
    solve,
    walk_lattice,
)
from doseesc.results.cells import Cell
from doseesc.results.weighted_truths import prior_truths, stakes_of
from doseesc.study import BareTrial, ScenarioPrior, Study, Utility
from doseesc.wording import in_a_row, percent

_DIGITS = 9  # beyond, values depend on the order in which processors add up
_PER_TALLY, _PER_TRUTH = 3e-6, 15e-9  # seconds of this machine for a tally, and for each truth there
_CHEAP = 1.0  # seconds


ATTAINABLE_COLUMNS = ("design", "value", "of_attainable")
"""Of the table of what designs are worth, and how much of the attainable that is."""


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
    unbound : tuple of str
        Designs that the best policy is no bound for: they treat other cohorts, start elsewhere or have more patients
        than the study says, or do with profit what the rules forbid.
    """

    value: float | None
    designs: dict[str, float]
    utility: str
    prior: str
    rules: tuple[str, ...]
    why_not: str = ""
    unbound: tuple[str, ...] = ()

    def share(self, name: str) -> float | None:
        """Return how much of the attainable a design reaches; None where nothing of worth is, or it is unbound."""
        if self.value is None or self.value <= 0 or name in self.unbound:
            return None
        return self.designs[name] / self.value

    @property
    def in_percent(self) -> bool:
        """Whether it is a probability, that of correct selection without prices."""
        return self.utility == Utility().words

    @property
    def worth_words(self) -> str:
        """Write what the best policy is worth; empty where that is not known."""
        if self.value is None:
            return ""
        return f"{percent(self.value)} %" if self.in_percent else f"{self.value:.3f}"

    @property
    def best_words(self) -> str:
        """Say what the best policy is worth, and what it is best for."""
        if self.value is None:
            return f"What is attainable is not known: {self.why_not}."
        kept = in_a_row(self.rules) if self.rules else "no rule"
        return f"{self.worth_words}, {self.utility} of the best policy under {kept}, made for {self.prior}"

    @property
    def unbound_words(self) -> str:
        """Say which designs it is no bound for; empty where it is one for all."""
        if self.value is None or not self.unbound:
            return ""
        return (
            f"It is no bound for {in_a_row(self.unbound)}, whose trials have other "
            "cohorts, another start or more patients, or which may do what these rules forbid."
        )

    @property
    def words(self) -> str:
        """Say it in a sentence, and for whom it does not hold in another."""
        if self.value is None:
            return self.best_words
        reached = in_a_row([f"{name} {self._reached(name)}" for name in self.designs if name not in self.unbound])
        said = f"Of the attainable ({self.best_words}) the designs reach: {reached}." if reached else ""
        return " ".join(filter(None, (said or f"Attainable: {self.best_words}.", self.unbound_words)))

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
            "unbound": list(self.unbound),
        }

    def rows(self) -> list[tuple[str, float, float | None]]:
        """Return one row per design, as :data:`ATTAINABLE_COLUMNS`."""
        return [(name, value, self.share(name)) for name, value in self.designs.items()]


def asks_attainable(study: Study, n_truths: int) -> bool:
    """Tell whether a study asks how much of the attainable designs reach: itself, or because that is soon found."""
    asked = study.optimal.benchmark
    if asked is not None:
        return asked
    tallies = most_tallies(study.n_doses, study.max_n, study.cohort_size)
    return tallies * (_PER_TALLY + n_truths * _PER_TRUTH) <= _CHEAP


def attainable_of(
    study: Study, cells: Mapping[tuple[str, str], Cell[OperatingCharacteristics]], memory_limit: int = LATTICE_LIMIT
) -> Attainable | None:
    """Return how much of the attainable the designs of a run reach; None unless :func:`asks_attainable`.

    Unless the study itself asks, also None where all scenarios have the same true MTD: the best policy made for them
    names it without looking at a patient, which is no measure of designs.
    """
    if not asks_attainable(study, len(study.truths)):
        return None
    if study.optimal.benchmark is None and len({study.true_mtd(truth) for truth in study.truths.values()}) < 2:
        return None
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    stakes = stakes_of(study, known)
    if study.own_model is not None:
        stakes = replace(stakes, truths=study.own_model.law(known.truths).observed_dlt)
    designs = {}
    scenarios = list(study.truths)
    for name in study.names:
        figures = [cells[scenario, name].best for scenario in scenarios]
        together = _Figures(
            np.array([each.selected for each in figures]),
            np.array([each.patients for each in figures]),
            np.array([float(each.total_dlts) for each in figures]),
        )
        designs[name] = round(float(stakes.weight @ utilities_of(together, stakes)), _DIGITS)
    return attainable_under(study, stakes, designs, known.words, memory_limit)


def attainable_under(
    study: Study, stakes: Stakes, designs: dict[str, float], prior: str, memory_limit: int = LATTICE_LIMIT
) -> Attainable:
    """Return what designs are worth beside the best policy under the same weighted truths.

    Parameters
    ----------
    study : Study
    stakes : Stakes
    designs : dict of str to float
        What each design is worth under them.
    prior : str
        What the truths are, in words.
    memory_limit : int
        Bytes that the search for the best policy may take, about.
    """
    rules = tuple(type(rule).__name__ for rule in study.optimal_rules)
    try:
        value, why_not = round(solve(lattice_of(study, memory_limit=memory_limit), stakes).value, _DIGITS), ""
    except TooManyStates as error:
        value, why_not = None, str(error)
    own = study.cohort_size, study.first_level, False
    unbound = tuple(
        name
        for name, design in study.designs.items()
        if (design.cohort_size, design.start_level, design.max_n > study.max_n) != own
        or (value is not None and designs.get(name, value) > value + 10**-_DIGITS)
    )
    return Attainable(value, designs, study.optimal.utility.words, prior, rules, why_not, unbound)


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


@dataclass(frozen=True)
class _Figures:
    """What designs are judged by, a row per truth."""

    selected: FloatArray
    patients: FloatArray
    total_dlts: FloatArray
