"""Stopping: enough patients, enough precision, or a level recommended often enough; and not before so many patients.

The two kinds of "enough patients" differ between packages and change results, so each has its name: escalation's
``stop_when_n_at_dose`` is :class:`StopAtRecommended` (dose "recommended") and :class:`StopAtDose` (a level, or "any");
BOIN's ``n.earlystop`` is :class:`StopWhenStaying`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.checks import require_number, require_probability, require_whole, shown
from designs.decision import Reason
from designs.rules.base import HoldingRule, PatientsRule, RuledDesign, StoppingRule, counted, require_level
from designs.tally import Tally


@dataclass(frozen=True)
class StopAtRecommended(PatientsRule, StoppingRule):
    """Stop when ``n`` patients have been treated at the level that the next cohort would get.

    Parameters
    ----------
    n : int
        Patients at the level recommended next, who are enough.
    """

    reason = Reason.ENOUGH_AT_DOSE

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return (level > 0) & (tally.at(tally.n, level) >= self.n)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return f"The trial stops once {counted(self.n, 'patient')} were treated at the level recommended next."


@dataclass(frozen=True)
class StopAtDose(PatientsRule, StoppingRule):
    """Stop when ``n`` patients have been treated at ``level``, or at any one level where it is not given.

    Parameters
    ----------
    n : int
        Patients at one level, who are enough.
    level : int, optional
        The level; by default any.
    """

    level: int | None = None

    reason = Reason.ENOUGH_AT_DOSE

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.level is not None:
            require_whole("level", self.level, 1)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the level does not exist."""
        if self.level is not None:
            require_level(self.level, design)

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        treated = tally.n.max(axis=1) if self.level is None else tally.n[:, self.level - 1]
        result: BoolArray = treated >= self.n
        return result

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        where = "any one level" if self.level is None else f"level {self.level}"
        return f"The trial stops once {counted(self.n, 'patient')} were treated at {where}."


@dataclass(frozen=True)
class StopWhenStaying(PatientsRule, StoppingRule):
    """Stop when ``n`` patients have been treated at the current level *and* the next cohort would stay there.

    This is BOIN's ``n.earlystop``; :class:`StopAtRecommended` also stops before a move.

    Parameters
    ----------
    n : int
        Patients at the current level, who are enough if the trial would stay there.
    """

    reason = Reason.STAYING_AT_DOSE

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return (level == tally.level) & (tally.at(tally.n) >= self.n)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return (
            f"The trial stops once {counted(self.n, 'patient')} were treated at the current level and the decision is "
            "to stay there."
        )


@dataclass(frozen=True)
class StopWhenRepeated(StoppingRule):
    """Stop when so many cohorts in a row were all at one level and the next would be too.

    The "consensus" of dtpcrm and, in patients instead of cohorts, :class:`StopWhenStaying`.

    Parameters
    ----------
    cohorts : int
        Cohorts in a row at one level, which are enough.
    """

    cohorts: int = field(metadata={"example": 3})

    reason = Reason.SAME_LEVEL_REPEATED
    memory = ("cohorts_in_a_row",)

    def __post_init__(self) -> None:
        require_whole("cohorts", self.cohorts, 1)

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        return (level == tally.level) & (tally.recall("cohorts_in_a_row") >= self.cohorts)

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return (
            f"The trial stops once {counted(self.cohorts, 'cohort')} in a row were treated at one level and it is "
            "recommended again."
        )


@dataclass(frozen=True)
class StopWhenPrecise(StoppingRule):
    """Stop when the MTD is estimated precisely enough; exactly one of the three measures is given.

    escalation's ``stop_when_tox_ci_covered``, bcrm's ``precision``, crmPack's ``StoppingTDCIRatio`` and
    ``StoppingMTDCV`` are of this kind.

    Parameters
    ----------
    width : float, optional
        Largest width of the credible interval of the DLT probability at the level that the next cohort would get.
    ratio : float, optional
        Largest ratio of that interval's upper end to its lower end.
    cv : float, optional
        Largest coefficient of variation of the MTD's posterior, as a fraction (0.4 is 40 %); for designs that have
        one, :meth:`designs.Design.mtd_cv`.
    credibility : float
        Posterior probability of the equal-tailed interval.
    """

    width: float | None = field(default=None, metadata={"example": 0.4})
    ratio: float | None = None
    cv: float | None = None
    credibility: float = 0.9

    reason = Reason.PRECISE

    def __post_init__(self) -> None:
        if sum(measure is not None for measure in (self.width, self.ratio, self.cv)) != 1:
            raise ValueError("width must be given, or ratio, or cv: exactly one of the three")
        if self.width is not None:
            require_probability("width", self.width)
        if self.ratio is not None and require_number("ratio", self.ratio) <= 1:
            raise ValueError(f"ratio must exceed 1, not {shown(self.ratio)}")
        if self.cv is not None and require_number("cv", self.cv) <= 0:
            raise ValueError(f"cv must be positive, not {shown(self.cv)}")
        require_probability("credibility", self.credibility)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the coefficient of variation is asked of a design that has none."""
        if self.cv is not None and design.mtd_cv(Tally.empty(design.n_doses)) is None:
            raise ValueError(
                f"cv must be left out with {type(design).__name__}, which has no posterior distribution of the MTD; "
                "give width or ratio"
            )

    def stops(self, design: RuledDesign, tally: Tally, level: IntArray) -> BoolArray:
        """See :meth:`StoppingRule.stops`."""
        if self.cv is not None:
            spread = design.mtd_cv(tally)
            result: BoolArray = np.zeros(tally.size, dtype=np.bool_) if spread is None else spread <= self.cv
            return result
        lower, upper = design.credible_interval(tally, np.maximum(level, 1), self.credibility)
        precise = upper - lower <= self.width if self.width is not None else upper <= lower * float(self.ratio or 0)
        return (level > 0) & precise

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        if self.cv is not None:
            return f"The trial stops once the coefficient of variation of the MTD is {self.cv:.4g} or less."
        interval = f"the {100 * self.credibility:.4g} % interval of the DLT rate at the level recommended next"
        if self.width is not None:
            return f"The trial stops once {interval} is at most {self.width:.4g} wide."
        return f"The trial stops once the upper end of {interval} is at most {self.ratio:.4g} times the lower."


@dataclass(frozen=True)
class MinimumPatients(PatientsRule, HoldingRule):
    """Do not stop before ``n`` patients have been treated, except for safety.

    Holds back every stopping rule but those of safety; a design that has run its own course (3+3) ends all the same.
    Inside :class:`AllOf` it is a condition like the others: at least ``n`` patients.  crmPack's
    ``StoppingMinPatients``, bcrm's ``nmin``.

    Parameters
    ----------
    n : int
        Fewest patients in the whole trial.
    """

    reason = Reason.RULES_MET

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError if the trial never treats that many."""
        self.check_reachable(design)

    def holds(self, design: RuledDesign, tally: Tally) -> BoolArray:
        """See :meth:`HoldingRule.holds`."""
        return tally.total_n < self.n

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return f"Except for safety, the trial does not stop before {counted(self.n, 'patient')} have been treated."
