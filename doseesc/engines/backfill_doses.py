"""Which lower doses are open to patients who are backfilled, and which of them takes the next one."""

from __future__ import annotations

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.backfill_decisions import EscalationWithBackfill, Standing
from doseesc.engines.backfill_rates import DoseRates
from doseesc.engines.backfill_rules import Backfill


def open_doses(rules: Backfill, escalation: EscalationWithBackfill, at: Standing, responded: IntArray) -> BoolArray:
    """Return the doses (S, J) that the rules leave open.

    Parameters
    ----------
    rules : Backfill
        As the design can follow them.
    escalation : EscalationWithBackfill
    at : Standing
    responded : array of int, shape (S, J)
        Responses seen at each level.
    """
    levels = np.arange(1, at.n.shape[1] + 1)
    found: BoolArray = (levels < at.tally.level[:, None]) & (levels >= rules.lowest_level)
    if rules.highest_level is not None:
        found &= levels <= rules.highest_level
    if rules.cap_per_dose is not None:
        taken = at.n if rules.replace_unevaluable else at.n + at.backfilled.left
        found &= taken < rules.cap_per_dose
    if rules.responses_at == "dose_or_below":
        responded = np.cumsum(responded, axis=1)
    found &= responded >= rules.min_responses
    return found & (levels <= _highest(rules, escalation, at)[:, None])


def picked(rules: Backfill, doses: BoolArray, choice: FloatArray) -> IntArray:
    """Return which of several open doses (S, J) takes the next patient (S,); 0 where none is.

    ``choice`` holds numbers from 0 to 1, which decide where the dose is picked at random.
    """
    if rules.priority == "lowest":
        level = np.argmax(doses, axis=1) + 1
    elif rules.priority == "highest":
        level = doses.shape[1] - np.argmax(doses[:, ::-1], axis=1)
    else:
        passed = np.floor(choice * doses.sum(axis=1))
        level = np.argmax(np.cumsum(doses, axis=1) > passed[:, None], axis=1) + 1
    return np.where(doses.any(axis=1), level, 0)


def _highest(rules: Backfill, escalation: EscalationWithBackfill, at: Standing) -> IntArray:
    """Return the highest level (S,) that is not closed."""
    if rules.closes == "eliminated":
        return escalation.admissible(at)
    rates = DoseRates.of(escalation.design, escalation.rated(at))
    eliminated = at.ceiling if escalation.remembers else escalation.admissible(at)
    return np.minimum(eliminated, rates.closed_from() - 1)
