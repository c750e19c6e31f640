"""Safety: levels excluded and trials stopped as too toxic, and the last resort before that.

The posterior criterion is that of every model-assisted design (BOIN's ``cutoff.eli``), of escalation's
``stop_when_too_toxic`` and of crmPack's ``StoppingLowestDoseHSRBeta`` and ``IncrementsHSRBeta``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.beta_binomial import tail_at
from designs.checks import require_beta_parameter, require_choice, require_probability, require_whole
from designs.decision import Reason
from designs.rules.base import (
    AdmissibilityRule,
    PatientsRule,
    RescueRule,
    RuledDesign,
    StoppingRule,
    counted,
    own_or_target,
    require_level,
)
from designs.tally import Tally


@dataclass(frozen=True)
class HardSafety(AdmissibilityRule):
    """Exclude a level, and all above, on its own data: the beta-binomial hard safety rule.

    A level with at least ``min_n`` patients and P(p > ``above`` | Beta(a + y, b + n - y)) > ``confidence`` is excluded
    whatever the design's model says, together with all higher ones; where the lowest is, the trial ends without a dose.
    crmPack's ``IncrementsHSRBeta``; with its defaults, BOIN's elimination.

    Parameters
    ----------
    above : float, optional
        The limit; by default the design's target.
    confidence : float
        Posterior probability above which a level is excluded.
    min_n : int
        Fewest patients at a level for it to be excluded.
    a : float
        First parameter of the beta prior; with ``b`` uniform by default.
    b : float
        Second parameter of the beta prior.
    """

    above: float | None = None
    confidence: float = 0.95
    min_n: int = 3
    a: float = 1.0
    b: float = 1.0

    def __post_init__(self) -> None:
        if self.above is not None:
            require_probability("above", self.above)
        require_probability("confidence", self.confidence)
        require_whole("min_n", self.min_n, 1)
        for name in ("a", "b"):
            require_beta_parameter(name, getattr(self, name))

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if neither the rule nor the design has a limit."""
        own_or_target("above", self.above, design, self)

    def ceiling(self, design: RuledDesign, tally: Tally) -> IntArray:
        """See :meth:`AdmissibilityRule.ceiling`."""
        above = own_or_target("above", self.above, design, self)
        tail = tail_at(above, tally.n, tally.dlt, design.max_n, float(self.a), float(self.b))
        excluded = (tally.n >= self.min_n) & (tail > self.confidence)
        return np.where(excluded.any(axis=1), np.argmax(excluded, axis=1), tally.n_doses)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        above = own_or_target("above", self.above, design, self)
        return (
            f"A level with at least {counted(self.min_n, 'patient')} is excluded together with all above once the "
            f"probability that its DLT rate exceeds {above:.4g} is more than {self.confidence:.4g} "
            f"(its own data, prior Beta({self.a:g}, {self.b:g}))."
        )


@dataclass(frozen=True)
class StopTooToxic(StoppingRule):
    """Stop, and select nothing, when a level is too likely to be too toxic.

    The trial ends where P(DLT probability at ``level`` > ``above`` | data) >= ``confidence``.

    Parameters
    ----------
    level : int
        The level looked at, usually the lowest.
    above : float, optional
        The limit; by default the design's target.
    confidence : float
        The posterior probability from which on the trial stops.
    by : {"design", "beta_binomial"}
        Whose posterior: the design's (model-based designs answer from their model, others from the level's own data
        with a uniform prior), or in any case the level's own data with a uniform prior.
    """

    level: int = 1
    above: float | None = None
    confidence: float = 0.95
    by: str = "design"

    reason = Reason.LEVEL_TOO_TOXIC

    def __post_init__(self) -> None:
        require_whole("level", self.level, 1)
        require_probability("confidence", self.confidence)
        if self.above is not None:
            require_probability("above", self.above)
        require_choice("by", self.by, ("design", "beta_binomial"))

    @property
    def selects_none(self) -> bool:
        """See :attr:`StoppingRule.selects_none`."""
        return True

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the level does not exist, or neither the rule nor the design has a limit."""
        require_level(self.level, design)
        own_or_target("above", self.above, design, self)

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        above = own_or_target("above", self.above, design, self)
        if self.by == "design":
            tail = design.probability_above(tally, self.level, above)
        else:
            n, dlt = tally.n[:, self.level - 1], tally.dlt[:, self.level - 1]
            tail = tail_at(above, n, dlt, design.max_n)
        return (tail >= self.confidence) & (tally.total_n > 0)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        above = own_or_target("above", self.above, design, self)
        data = " (its own data, uniform prior)" if self.by == "beta_binomial" else ""
        return (
            f"The trial stops without a dose once the probability that the DLT rate at level {self.level} exceeds "
            f"{above:.4g} is {self.confidence:.4g} or more{data}."
        )


@dataclass(frozen=True)
class TryRescueDose(PatientsRule, RescueRule):
    """Where a safety rule would stop the trial, treat at a lower level first until ``n`` patients are there.

    For trials that start above the lowest level: a model may condemn a level at which nobody was ever treated.
    escalation's ``try_rescue_dose``.  A level excluded on data is never tried; limits on how far to move do not apply;
    once ``n`` patients are at the level, the safety rule has its way.

    Parameters
    ----------
    n : int
        Patients at the level before a safety rule may stop the trial.
    level : int
        The level to try.
    """

    level: int = 1

    reason = Reason.RESCUE

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("level", self.level, 1)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the level does not exist."""
        require_level(self.level, design)

    def rescue(self, design: RuledDesign, tally: Tally) -> IntArray:
        """See :meth:`RescueRule.rescue`."""
        return np.where(tally.n[:, self.level - 1] < self.n, self.level, 0)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return (
            f"Before the trial is stopped for toxicity, {counted(self.n, 'patient')} must have been treated at "
            f"level {self.level}."
        )
