"""The best possible design of a study, how much it is worth, and how near to it the designs of the study come.

The policy of the largest expected utility is found by backward induction (:mod:`doseesc.engines.backward_induction`)
under the truths of a prior.  So that nobody mistakes what it has learnt of these truths by heart for what a trial can
attain, its value is told on further truths as well, which it was not made for, and beside the value of the policy made
for half as many truths.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Design, Policy, PolicyDesign, Rule, Stakes
from designs.arrays import BoolArray, FloatArray
from doseesc.engines import (
    LATTICE_LIMIT,
    Lattice,
    OperatingCharacteristics,
    TooManyStates,
    enumerate_paths,
    solve,
    walk_lattice,
)
from doseesc.planning.weighted_truths import WeightedTruths, held_out_truths, prior_truths, stakes_of
from doseesc.study import Prior, Study, Utility

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Worth:
    """What a design is worth.

    Attributes
    ----------
    value : float
        Expected utility under the prior.
    above_mtd : float
        Expected patients above the true MTD under the prior.
    held_out : array, shape (M,)
        Utility under each of the truths that nothing was made for.
    """

    value: float
    above_mtd: float
    held_out: FloatArray

    @property
    def held_out_mean(self) -> float:
        """Its mean."""
        return float(self.held_out.mean())


@dataclass(frozen=True, eq=False)
class OptimalDesign:
    """The best policy of a study under a prior, a utility and rules.

    Attributes
    ----------
    study : Study
    policy : Policy
    prior, held_out : WeightedTruths
        The truths that it is best for, and those on which it is judged, too.
    utility : Utility
    best : Worth
        What it is worth.
    half : Worth or None
        The same of the policy made for the first half of the truths, ``value`` being under that half; None where they
        are listed scenarios.
    rivals : dict of str to Worth
        What the designs of the study are worth.
    left_out : dict of str to str
        Designs that are not compared, and why.
    n_states, n_ends : int
        Distinct states that a trial under the rules can be in, and those with all patients.
    elapsed : float
        Seconds.
    """

    study: Study
    policy: Policy
    prior: WeightedTruths
    held_out: WeightedTruths
    utility: Utility
    best: Worth
    half: Worth | None
    rivals: dict[str, Worth]
    left_out: dict[str, str]
    n_states: int
    n_ends: int
    elapsed: float

    @property
    def value(self) -> float:
        """Expected utility of the best policy."""
        return self.best.value

    @cached_property
    def design(self) -> PolicyDesign:
        """The design that decides by the policy."""
        return PolicyDesign.of(self.policy)

    def share(self, name: str) -> float:
        """Return how much of the attainable a design reaches; NaN where nothing of worth is attainable."""
        return self.rivals[name].value / self.value if self.value > 0 else float("nan")

    def advantage(self, name: str) -> tuple[float, float]:
        """Return by how much it beats a design on truths that it is not made for: the mean and its standard error."""
        gained = self.best.held_out - self.rivals[name].held_out
        return float(gained.mean()), float(gained.std(ddof=1) / np.sqrt(len(gained)))

    def to_frame(self) -> pd.DataFrame:
        """Return one row for the optimum and each design: ``design, value, of_attainable, held_out, held_out_se``."""
        import pandas as pd

        rows = []
        for name, worth in {"": self.best, **self.rivals}.items():
            se = float(worth.held_out.std(ddof=1) / np.sqrt(len(worth.held_out)))
            share = self.share(name) if name else 1.0
            rows.append((name or "optimum", worth.value, share, worth.held_out_mean, se))
        return pd.DataFrame(rows, columns=["design", "value", "of_attainable", "held_out", "held_out_se"])

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the policy itself, for JSON."""
        return {
            "sha256": self.policy.digest,
            "prior": self.prior.words,
            "utility": self.utility.words,
            "rules": [type(rule).__name__ for rule in self.policy.rules],
            "value": self.value,
            "held_out": {"truths": self.held_out.words, "value": self.best.held_out_mean},
            "half_as_many_truths": None
            if self.half is None
            else {"value": self.half.value, "held_out": self.half.held_out_mean},
            "designs": {
                name: {"value": worth.value, "of_attainable": self.share(name), "held_out": worth.held_out_mean}
                for name, worth in self.rivals.items()
            },
            "left_out": self.left_out,
            "states": self.n_states,
            "decisions": len(self.policy.keys),
        }


def optimal_design(
    study: Study,
    *,
    prior: Prior | None = None,
    utility: Utility | None = None,
    rules: tuple[Rule, ...] | None = None,
    held_out: int | None = None,
    memory_limit: int = LATTICE_LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> OptimalDesign:
    """Find the best possible design of a study.

    Parameters
    ----------
    study : Study
        From :func:`doseesc.load`; its section ``optimal`` says what the following leave open.
    prior : ScenarioPrior, DesignPrior or random curves, optional
        The truths that the design is to be best for.
    utility : Utility, optional
        What is to be as large as possible.
    rules : tuple of Rule, optional
        What the design must keep to.
    held_out : int, optional
        Number of further truths, on which it is judged as well.
    memory_limit : int
        Bytes that the induction may take, about.
    progress : callable, optional
        Called with the patients treated in the states at hand, and the most of the trial.

    Raises
    ------
    TooManyStates
        If the trial is too large; at once where that is beyond doubt.
    ValueError
        If the prior, or a rule, does not suit the study.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study import shipped_scenarios
    >>> found = optimal_design(doseesc.load(shipped_scenarios()["nct04602104"]), held_out=100)
    >>> found.value > max(worth.value for worth in found.rivals.values())
    True
    """
    began = time.perf_counter()
    known = prior_truths(study, prior)
    others = held_out_truths(study, study.optimal.held_out if held_out is None else held_out, prior)
    worth = study.optimal.utility if utility is None else utility
    lattice = lattice_of(study, rules, memory_limit=memory_limit, progress=progress)
    stakes, judged = stakes_of(study, known, worth), stakes_of(study, others, worth)

    def best_for(truths: WeightedTruths, gains: Stakes) -> tuple[Policy, Worth]:
        solution = solve(lattice, gains)
        policy = solution.policy(prior=truths.words, utility=worth.words)
        return policy, worth_of(PolicyDesign.of(policy), gains, judged, study.right_levels(truths.truths))

    policy, best = best_for(known, stakes)
    half = None
    if known.drawn and len(known.truths) > 1:
        half = best_for(known.half(), stakes_of(study, known.half(), worth))[1]
    rivals: dict[str, Worth] = {}
    left_out: dict[str, str] = {}
    for name, design in study.designs.items():
        try:
            rivals[name] = worth_of(design, stakes, judged, study.right_levels(known.truths))
        except TooManyStates as error:
            left_out[name] = str(error)
    elapsed = time.perf_counter() - began
    return OptimalDesign(
        study, policy, known, others, worth, best, half, rivals, left_out, lattice.n_nodes, lattice.n_ends, elapsed
    )


def lattice_of(
    study: Study,
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


def worth_of(design: Design, stakes: Stakes, judged: Stakes, right: BoolArray) -> Worth:
    """Return what a design is worth under a prior and on further truths, exactly.

    Parameters
    ----------
    design : Design
    stakes, judged : Stakes
        Of the prior, and of the further truths.
    right : array of bool, shape (K, J + 1)
        The levels right to select under the truths of the prior.

    Raises
    ------
    TooManyStates
        If it is too large to enumerate.
    """
    paths = enumerate_paths(design)
    figures = paths.characteristics(stakes.truths, true_mtd=right)
    value = float(stakes.weight @ utilities_of(figures, stakes))
    above = float(stakes.weight @ figures.patients_above_mtd)
    return Worth(value, above, utilities_of(paths.characteristics(judged.truths), judged))


def utilities(design: Design, stakes: Stakes) -> FloatArray:
    """Return the expected utility of a design under each truth (K,), exactly.

    Raises
    ------
    TooManyStates
        If it is too large to enumerate.
    """
    return utilities_of(enumerate_paths(design).characteristics(stakes.truths), stakes)


def utilities_of(figures: OperatingCharacteristics, stakes: Stakes) -> FloatArray:
    """Return the expected utility under each truth (K,) of ``stakes`` from the exact characteristics under these."""
    gained = (figures.selected * stakes.gain).sum(axis=1)
    paid = (figures.patients * stakes.prices).sum(axis=1) + stakes.dlt_price * figures.total_dlts
    result: FloatArray = gained - paid
    return result
