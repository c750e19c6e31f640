"""The states in which a design has to decide, and how often trials come to each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from designs import Decision, Design, Tally
from designs.arrays import FloatArray
from designs.tally import MEMORY
from doseesc.engines.states import Batch, concatenate


@dataclass(frozen=True, eq=False)
class Visits:
    """States in which a design has to decide, the start left out.

    Attributes
    ----------
    tally : Tally
        Distinct states, S of them.
    orders : array, shape (S,)
        The number of orders of single outcomes that lead to each.
    decision : Decision
        What the design decides.
    """

    tally: Tally
    orders: FloatArray
    decision: Decision


def visited_states(design: Design, memory: tuple[str, ...] = ()) -> Visits:
    """Walk the states in which a design has to decide; those with all patients are left out.

    Parameters
    ----------
    design : Design
    memory : tuple of str
        Names of :data:`designs.tally.MEMORY` by which states are told apart besides, so that another design can be
        asked, too.
    """
    names = [name for name in MEMORY if name in (*design.needed_memory, *memory)]
    root = Tally.empty(design.n_doses)
    root = Tally(root.n, root.dlt, root.level, {name: root.memory[name] for name in names})
    waiting: dict[int, list[Batch]] = defaultdict(list)
    waiting[0].append(Batch(root, np.ones(1), np.ones(1, dtype=np.int64)))
    met: list[tuple[Batch, Decision]] = []
    while waiting:
        patients = min(waiting)
        batch = concatenate(waiting.pop(patients)).merged()
        if patients >= design.max_n:
            continue
        decision = design.decide(batch.tally)
        if patients:
            met.append((batch, decision))
        for size in np.unique(decision.cohort_size[decision.level > 0]).tolist():
            going = (decision.level > 0) & (decision.cohort_size == size)
            waiting[patients + size].append(batch.take(going).after_cohort(decision.level[going], size))
    if not met:
        nobody = batch.take(np.zeros(0, dtype=np.int64))
        met = [(nobody, design.decide(nobody.tally))]
    whole = concatenate([batch for batch, _ in met])
    level, size, reason = (
        np.concatenate([getattr(decision, name) for _, decision in met])
        for name in ("level", "cohort_size", "reason_code")
    )
    return Visits(whole.tally, whole.orders.astype(np.float64), Decision(level, size, reason))
