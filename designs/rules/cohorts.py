"""How many patients come next: full cohorts by level or by DLTs seen, and a sentinel part at a new level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designs.arrays import BoolArray, IntArray
from designs.checks import require_whole
from designs.decision import Reason
from designs.pending import EnteredTally
from designs.rules.base import CohortSizeRule, LimitRule, PartialCohortRule, RuledDesign, counted
from designs.rules.increments import steps_by_dlts
from designs.tally import Tally


@dataclass(frozen=True)
class CohortSizeByLevel(CohortSizeRule):
    """A full cohort's size depends on its level: crmPack's ``CohortSizeRange``.

    Parameters
    ----------
    sizes : sequence of int, length J
        Patients per cohort at each level.
    """

    sizes: tuple[int, ...]

    reason = Reason.COMPLETE_COHORT

    def __post_init__(self) -> None:
        if not isinstance(self.sizes, list | tuple) or not self.sizes:
            raise ValueError(f"sizes must be a list of cohort sizes, not {self.sizes!r}")
        object.__setattr__(self, "sizes", tuple(self.sizes))
        for size in self.sizes:
            require_whole("sizes", size, 1)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless every level has its size and the design leaves it free."""
        if len(self.sizes) != design.n_doses:
            raise ValueError(f"sizes must be {design.n_doses}, one for each level, not {len(self.sizes)}")
        require_free_cohorts(design, self)

    def full_size(self, design: RuledDesign, tally: Tally, level: IntArray) -> IntArray:
        """See :meth:`CohortSizeRule.full_size`."""
        return np.array(self.sizes)[np.maximum(level, 1) - 1]

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        sizes = ", ".join(f"{size} at level {level}" for level, size in enumerate(self.sizes, 1))
        return f"The number of patients per cohort depends on the level: {sizes}."


@dataclass(frozen=True)
class CohortSizeByDLTs(CohortSizeRule):
    """A full cohort's size depends on the DLTs seen in the whole trial: crmPack's ``CohortSizeDLT``.

    With ``((0, 1), (1, 3))``, single patients until the first DLT and cohorts of three from then on, it is the
    accelerated start of Simon et al. (1997), *Journal of the National Cancer Institute* 89:1138-1147.

    Parameters
    ----------
    sizes : sequence of (int, int)
        ``(k, size)``: from k DLTs on, cohorts of ``size``; begins with k = 0.
    """

    references = ("Simon et al. (1997), Journal of the National Cancer Institute 89:1138-1147",)

    sizes: tuple[tuple[int, int], ...]

    reason = Reason.COMPLETE_COHORT

    def __post_init__(self) -> None:
        steps = steps_by_dlts("sizes", self.sizes)
        if not steps or steps[0][0] != 0:
            raise ValueError(f"sizes must begin with the size at 0 DLTs, not {self.sizes!r}")
        for _, size in steps:
            require_whole("sizes", size, 1)
        object.__setattr__(self, "sizes", steps)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless the design leaves the size of cohorts free."""
        require_free_cohorts(design, self)

    def full_size(self, design: RuledDesign, tally: Tally, level: IntArray) -> IntArray:
        """See :meth:`CohortSizeRule.full_size`."""
        thresholds, sizes = np.array(self.sizes).T
        return sizes[np.searchsorted(thresholds, tally.total_dlt, "right") - 1]

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        first, *later = self.sizes
        rest = "".join(f", {size} from {counted(dlts, 'DLT')} on" for dlts, size in later)
        return f"The number of patients per cohort depends on the DLTs seen: {first[1]} at first{rest}."


@dataclass(frozen=True)
class SentinelAtNewDose(LimitRule, PartialCohortRule):
    """At a level never given before, treat ``k`` patients first, then the rest of the cohort before any escalation.

    While a cohort is incomplete the trial may still de-escalate or stop.  The two parts count as cohorts of their own
    for rules that look at the last cohort.  The staggering of crmPack's ``SafetyWindow`` without a clock.

    Parameters
    ----------
    k : int
        Patients to be evaluated first.
    """

    k: int = 1

    reason = Reason.COMPLETE_COHORT

    def __post_init__(self) -> None:
        require_whole("k", self.k, 1)

    def check(self, design: RuledDesign) -> None:
        """Raise ValueError unless the sentinel part is smaller than a cohort."""
        levels = np.arange(1, design.n_doses + 1)
        largest = int(design.full_cohort(Tally.empty(design.n_doses, design.n_doses), levels).max())
        if self.k >= largest:
            raise ValueError(f"k must be below the cohort size {largest}, not {self.k}")

    def bounds(self, design: RuledDesign, tally: Tally) -> tuple[IntArray, IntArray]:
        """See :meth:`LimitRule.bounds`."""
        incomplete = tally.at(tally.n) < design.full_cohort(tally, tally.level)
        return np.ones(tally.size, dtype=np.int64), np.where(incomplete, tally.level, tally.n_doses)

    def part(self, design: RuledDesign, tally: Tally, level: IntArray, cohort: IntArray) -> IntArray:
        """See :meth:`PartialCohortRule.part`."""
        there, full = tally.at(tally.n, level), design.full_cohort(tally, level)
        rest = np.where(there < full, np.minimum(cohort, full - there), cohort)
        return np.where(there == 0, np.minimum(self.k, cohort), rest)

    def waits(self, design: RuledDesign, entered: EnteredTally, level: IntArray) -> BoolArray:
        """See :meth:`Rule.waits`: the rest of the cohort waits for the first patients' outcomes."""
        there, known = entered.at(entered.n, level), entered.at(entered.known.n, level)
        incomplete = (there > 0) & (there < design.full_cohort(entered, level))
        return incomplete & (known < np.minimum(self.k, there))

    def describe(self, design: RuledDesign) -> str:
        """See :meth:`Rule.describe`."""
        return (
            f"At a level not given before, {counted(self.k, 'patient')} must be evaluated before the rest of the "
            "cohort is treated, and the cohort is completed before any escalation."
        )


def require_free_cohorts(design: RuledDesign, rule: CohortSizeRule) -> None:
    """Raise ValueError where the design's decisions presuppose its own cohort size."""
    if design.fixed_cohorts:
        raise ValueError(
            f"rules must not hold {type(rule).__name__}: {type(design).__name__} decides by cohorts of "
            f"{design.cohort_size}"
        )
