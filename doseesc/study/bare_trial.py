"""A trial of which no file tells: its doses and size, and how its true MTD is defined, where no more is needed.

It answers to the names of a :class:`doseesc.study.Study`, with the defaults of a scenario file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from designs import Design, Rule
from designs.arrays import BoolArray, FloatArray
from designs.at_will import Proposing
from designs.checks import require_amounts, require_choice, require_probability, shown
from doseesc.named_doses import Doses
from doseesc.study.designs import Shared
from doseesc.study.optimal_section import Optimal, constraint_rules
from doseesc.study.random_section import Ladder, RandomScenarios
from doseesc.study.sections import Simulation, TrueMtd
from doseesc.truth import MTD_RULES, TIES, MtdRule, Ties, right_levels
from doseesc.wording import amount_words


@dataclass(frozen=True)
class BareTrial:
    """A trial without a file; from :func:`bare_trial`.

    Attributes
    ----------
    named_doses : Doses
    target : float
    max_n, cohort_size : int
    first_level : int
        Level of the first cohort, from 1.
    true_mtd_rule : TrueMtd
    designs : dict of str to Design
    optimal, simulation
        The sections of a file that says nothing of them.
    """

    named_doses: Doses
    target: float
    max_n: int
    cohort_size: int
    first_level: int
    true_mtd_rule: TrueMtd
    designs: dict[str, Design]
    optimal: Optimal = field(default_factory=Optimal)
    simulation: Simulation = field(default_factory=Simulation)

    @property
    def dose_labels(self) -> tuple[str, ...]:
        """Labels of the dose levels, lowest first."""
        return self.named_doses.labels

    @property
    def n_doses(self) -> int:
        """Number of dose levels."""
        return len(self.dose_labels)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the designs."""
        return tuple(self.designs)

    @property
    def optimal_rules(self) -> tuple[Rule, ...]:
        """The constraints of the best possible design where none are given."""
        amounts = self.named_doses.amounts or ()
        shared = Shared(self.dose_labels, amounts, self.target, self.cohort_size, self.max_n, self.first_level)
        return constraint_rules(self.optimal, shared, ("constraints",))[0]

    def draw(self, random: RandomScenarios) -> FloatArray:
        """Draw random curves for the doses, shape (K, J)."""
        rule = self.true_mtd_rule
        return random.draw(Ladder(self.dose_labels, self.target, rule.rule, rule.margin))

    def right_levels(self, p: FloatArray) -> BoolArray:
        """Return which levels are right to select, (K, J + 1), of DLT probabilities (K, J); index 0 is "none"."""
        rule = self.true_mtd_rule
        return right_levels(p, self.target, rule.rule, rule.margin, rule.ties)


def bare_trial(
    doses: int | Sequence[float],
    *,
    target: float,
    max_n: int,
    cohort_size: int = 3,
    start_level: int = 1,
    mtd_rule: MtdRule = "nearest",
    mtd_margin: float = 0.1,
    ties: Ties = "highest_below",
    designs: Mapping[str, Design] | None = None,
) -> BareTrial:
    """Return a trial, everything checked.

    Parameters
    ----------
    doses : int or sequence of float, length J
        How many dose levels there are, or their amounts.
    target, max_n, cohort_size, start_level
        As for :class:`designs.Design`.
    mtd_rule, mtd_margin, ties
        What the true MTD is, as for :func:`doseesc.truth.true_mtd`.
    designs : mapping of str to Design, optional
        Designs for such doses, by name.

    Raises
    ------
    ValueError
        If one is out of range.

    Examples
    --------
    >>> bare_trial([2, 8, 16], target=0.25, max_n=18).dose_labels
    ('2', '8', '16')
    """
    if isinstance(doses, int | np.integer):
        amounts, n_doses = None, doses
    elif isinstance(doses, tuple | list | np.ndarray):
        amounts = require_amounts("doses", doses)
        n_doses = len(amounts)
    else:
        raise ValueError(f"study must be a Study, a number of doses or a list of their amounts, not {shown(doses)}")
    Proposing(  # checks them, as any design does
        proposal=0, target=target, n_doses=n_doses, max_n=max_n, cohort_size=cohort_size, start_level=start_level
    )
    labels = (
        [str(level + 1) for level in range(n_doses)]
        if amounts is None
        else [amount_words(each, "") for each in amounts]
    )
    require_choice("mtd_rule", mtd_rule, MTD_RULES)
    require_probability("mtd_margin", mtd_margin, closed=True)
    require_choice("ties", ties, TIES)
    rivals = {} if designs is None else designs
    if not isinstance(rivals, Mapping):
        raise ValueError(f"designs must be a mapping of names to designs, not {shown(rivals)}")
    for name, design in rivals.items():
        if not isinstance(design, Design):
            raise ValueError(f"designs must hold designs, which {name!r} is not: {shown(design)}")
        if design.n_doses != n_doses:
            raise ValueError(f"designs must be for {n_doses} doses, {name!r} is for {design.n_doses}")
    rule = TrueMtd(rule=mtd_rule, margin=mtd_margin, ties=ties)
    return BareTrial(Doses(tuple(labels), amounts), target, max_n, cohort_size, start_level, rule, dict(rivals))
