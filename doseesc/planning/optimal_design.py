"""The best possible design of a study or of bare doses, what it is worth, and how near to it other designs come.

The policy of the largest expected utility is found by backward induction (:mod:`doseesc.engines.backward_induction`)
under the truths of a prior.  So that nobody mistakes what it has learnt of these truths by heart for what a trial can
attain, its value is told on further truths as well, which it was not made for, and beside the value of the policy made
for half as many truths.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from designs import Design, Policy, PolicyDesign, Rule, Stakes
from designs.arrays import BoolArray, FloatArray
from doseesc.engines import LATTICE_LIMIT, MEMORY_LIMIT, TooManyStates, enumerate_paths, solve
from doseesc.planning.optimal_question import asked_rules, asked_trial, asked_truths, asked_utility
from doseesc.results import WeightedTruths, lattice_of, stakes_of, utilities_of
from doseesc.study import BareTrial, Prior, Study, Utility
from doseesc.truth import MtdRule, Ties

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
    study : Study or BareTrial
        What it is the best design of.
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

    study: Study | BareTrial
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
    study: Study | int | Sequence[float],
    prior: Prior | npt.ArrayLike | None = None,
    utility: Utility | None = None,
    constraints: Sequence[Rule] | None = None,
    *,
    weights: npt.ArrayLike | None = None,
    held_out: int | npt.ArrayLike | None = None,
    target: float | None = None,
    max_n: int | None = None,
    cohort_size: int | None = None,
    start_level: int | None = None,
    mtd_rule: MtdRule | None = None,
    mtd_margin: float | None = None,
    ties: Ties | None = None,
    designs: Mapping[str, Design] | None = None,
    memory_limit: int = LATTICE_LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> OptimalDesign:
    """Find the best possible design of a study, or of a trial of which only the doses and its size are given.

    Parameters
    ----------
    study : Study, or int, or sequence of float, length J
        From :func:`doseesc.load`, its section ``optimal`` saying what the following leave open; or how many dose levels
        there are, or their amounts.
    prior : array, shape (K, J), or ScenarioPrior, DesignPrior or random curves, optional
        The truths that the design is to be best for; without a study by default 200 pseudo-uniform curves.
    utility : Utility, optional
        What is to be as large as possible; without a study by default the probability of correct selection.
    constraints : sequence of Rule, optional
        What the design must keep to; without a study by default :class:`designs.NoSkipping`.
    weights : array, shape (K,), optional
        Of the truths of a prior that is an array; by default equal.
    held_out : int or array, shape (M, J), optional
        Number of further truths, on which it is judged as well, or these truths.
    target, max_n
        With bare doses, and never with a study: target DLT probability, and patients.
    cohort_size, start_level, mtd_rule, mtd_margin, ties, designs
        The same, not needed; see :func:`doseesc.study.bare_trial`.
    memory_limit : int
        Bytes that the induction may take, about; the enumeration of a design that is compared takes at most 2 GiB.
    progress : callable, optional
        Called with the patients treated in the states at hand, and the most of the trial.

    Raises
    ------
    TooManyStates
        If the trial is too large; at once where that is beyond doubt.
    ValueError
        If the prior, or a rule, does not suit the trial, or something is out of range, missing or given twice.

    Examples
    --------
    >>> import doseesc
    >>> from doseesc.study import shipped_scenarios
    >>> found = optimal_design(doseesc.load(shipped_scenarios()["nct04602104"]), held_out=100)
    >>> found.value > max(worth.value for worth in found.rivals.values())
    True

    Without a file, for three truths of which the second is twice as likely as each of the others:

    >>> truths = [[0.25, 0.45, 0.6], [0.1, 0.25, 0.45], [0.05, 0.1, 0.25]]
    >>> found = optimal_design(3, truths, weights=[1, 2, 1], target=0.25, max_n=12, held_out=100)
    >>> round(found.value, 3), found.design.n_doses
    (0.672, 3)
    """
    began = time.perf_counter()
    told: dict[str, Any] = {"target": target, "max_n": max_n, "cohort_size": cohort_size, "start_level": start_level}
    told |= {"mtd_rule": mtd_rule, "mtd_margin": mtd_margin, "ties": ties, "designs": designs}
    trial = asked_trial(study, told)
    known, others = asked_truths(trial, prior, weights, held_out)
    worth = asked_utility(trial, utility)
    lattice = lattice_of(trial, asked_rules(constraints), memory_limit=memory_limit, progress=progress)
    stakes, judged = stakes_of(trial, known, worth), stakes_of(trial, others, worth)

    def best_for(truths: WeightedTruths, gains: Stakes) -> tuple[Policy, Worth]:
        solution = solve(lattice, gains)
        policy = solution.policy(prior=truths.words, utility=worth.words)
        return policy, worth_of(PolicyDesign.of(policy), gains, judged, trial.right_levels(truths.truths))

    policy, best = best_for(known, stakes)
    half = None
    if known.drawn and len(known.truths) > 1:
        half = best_for(known.half(), stakes_of(trial, known.half(), worth))[1]
    rivals: dict[str, Worth] = {}
    left_out: dict[str, str] = {}
    for name, design in trial.designs.items():
        try:
            most = min(memory_limit, MEMORY_LIMIT)
            rivals[name] = worth_of(design, stakes, judged, trial.right_levels(known.truths), most)
        except TooManyStates as error:
            left_out[name] = str(error)
    elapsed = time.perf_counter() - began
    return OptimalDesign(
        trial, policy, known, others, worth, best, half, rivals, left_out, lattice.n_nodes, lattice.n_ends, elapsed
    )


def worth_of(
    design: Design, stakes: Stakes, judged: Stakes, right: BoolArray, memory_limit: int = MEMORY_LIMIT
) -> Worth:
    """Return what a design is worth under a prior and on further truths, exactly.

    Parameters
    ----------
    design : Design
    stakes, judged : Stakes
        Of the prior, and of the further truths.
    right : array of bool, shape (K, J + 1)
        The levels right to select under the truths of the prior.
    memory_limit : int
        Bytes that its enumeration may use.

    Raises
    ------
    TooManyStates
        If it is too large to enumerate.
    """
    paths = enumerate_paths(design, memory_limit=memory_limit)
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
