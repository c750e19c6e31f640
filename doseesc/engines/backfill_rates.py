"""DLT rates that backfill compares with a design's own limits: of single doses, and pooled over neighbouring ones.

A rate calls for a step, +1 (escalate), 0 (stay) or -1 (de-escalate), as the design's own table or limits say.  What it
is made of depends on what the design does about patients pending:

* where it waits for outcomes (BF-BOIN, Zhao, Yuan, Korn and Freidlin 2024, *Clinical Cancer Research* 30:673): the DLTs
  and the patients whose outcome is known;
* where it imputes outcomes (BE-BOIN, Chen, Zhao, Takeda and Yuan 2026, doi 10.1007/s43441-026-00994-0, equations 1
  and 2): to the DLTs of each dose those expected of its pending patients are added, with the dose's own posterior mean,
  and all patients entered count;
* where it uses the effective sample size: the DLTs, and known patients with the follow-up of the others.

Pooled rates add up both parts over the doses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from designs import BOIN, Design, EnteredTally, IntervalDesign, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from designs.follow_up import weighing

Steps = npt.NDArray[np.int8]

NO_DATA = np.int8(2)
"""Stands for a step where a dose has no patient to go by."""


def reads_rates(design: Design) -> TypeGuard[BOIN | IntervalDesign]:
    """Tell whether a design reads the DLT rate of a dose as a decision."""
    return isinstance(design, BOIN | IntervalDesign)


@dataclass(frozen=True, eq=False)
class DoseRates:
    """What the rates of S trials are made of, and what they call for.

    Attributes
    ----------
    design : BOIN or IntervalDesign
    how : {"counts", "imputation", "ess"}
        What rates are made of.
    dlts, patients : array, shape (S, J)
        DLTs known or expected, and the patients that they are among.
    """

    design: BOIN | IntervalDesign
    how: str
    dlts: FloatArray
    patients: FloatArray

    @classmethod
    def of(cls, design: Design, tally: Tally) -> DoseRates:
        """Take what a design sees: the tally of the known, or that of everybody entered, where it weighs them.

        Raises
        ------
        ValueError
            If the design does not read rates.
        """
        if not reads_rates(design):
            raise ValueError(f"design must be one that reads DLT rates, not {type(design).__name__}")
        if not isinstance(tally, EnteredTally):
            return cls(design, "counts", tally.dlt.astype(np.float64), tally.n.astype(np.float64))
        pending, known = tally.pending, tally.known.n
        followed = pending.sum_at(tally.weight)
        if weighing(design).estimate == "ess":
            return cls(design, "ess", tally.dlt.astype(np.float64), known + followed)
        mean = (tally.dlt + float(design.target) / 2) / (known + 1)
        expected = mean / (1 - mean) * (pending.count - followed)
        return cls(design, "imputation", tally.dlt + expected, tally.n.astype(np.float64))

    def steps(self) -> Steps:
        """Return what the rate of each dose calls for, shape (S, J)."""
        return self._step(self.dlts, self.patients)

    def pooled(self, low: IntArray, high: IntArray) -> Steps:
        """Return what the rate pooled over the levels ``low`` to ``high`` (S,) calls for, shape (S,)."""
        levels = np.arange(1, self.dlts.shape[1] + 1)
        within = (levels >= low[:, None]) & (levels <= high[:, None])
        return self._step((self.dlts * within).sum(axis=1), (self.patients * within).sum(axis=1))

    def closed_from(self) -> IntArray:
        """Return the lowest level (S,) that is too toxic to be backfilled; one above the highest where none is.

        It is where its own rate and that pooled with the next level both call for de-escalation.
        """
        doses = self.dlts.shape[1]
        above = np.minimum(np.arange(1, doses + 1), doses - 1)
        with_next = self._step(self.dlts + self.dlts[:, above], self.patients + self.patients[:, above])
        closed: BoolArray = (self.steps() == -1) & (with_next == -1)
        return np.where(closed.any(axis=1), np.argmax(closed, axis=1) + 1, doses + 1)

    def _step(self, dlts: FloatArray, patients: FloatArray) -> Steps:
        if self.how == "imputation":
            raises, lowers = self.design.rate_limits()
            with np.errstate(invalid="ignore"):
                rate = dlts / patients
            step = (rate <= raises).astype(np.int8) - (rate > lowers)
        elif self.how == "ess":
            y = dlts.astype(np.int64)
            limits = self.design.ess_limits(int(y.max(initial=0)))
            up = patients >= limits.escalate_from[y]
            step = up.astype(np.int8) - (~up & (patients <= limits.deescalate_to[y]))
        else:
            n = patients.astype(np.int64)
            step = self.design.complete_steps(int(n.max(initial=0)))[n, dlts.astype(np.int64)]
        return np.where(patients > 0, step, NO_DATA).astype(np.int8)
