"""Policies about patients pending: what waits, and what goes on, by deciding every way in which they can turn out."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from designs import BOIN, CRM, MTPI2, Complete, Pending, Settled, Tally, ThreePlusThree
from doseesc.validation.comparing import Comparison, Differences

_WINDOW = 14
_SHARED: dict[str, Any] = {"target": 0.25, "max_n": 15, "cohort_size": 3}
_SETS = 60


def _designs(policy: Any) -> dict[str, Any]:
    return {
        "BOIN": BOIN(n_doses=3, pending=policy, **_SHARED),
        "mTPI-2": MTPI2(n_doses=3, pending=policy, **_SHARED),
        "CRM": CRM(skeleton=(0.1, 0.25, 0.4), pending=policy, **_SHARED),
        "3+3": ThreePlusThree(n_doses=3, pending=policy),
    }


def _known(rng: np.random.Generator, three_plus_three: bool) -> tuple[Tally, int]:
    """Return known patients of one trial, and how many pend at its level; those of a 3+3 are in groups of three."""
    level, waiting = int(rng.integers(1, 4)), int(rng.integers(1, 4))
    group = 3 if three_plus_three or rng.random() < 0.5 else 6
    n, dlt = np.zeros((1, 3), dtype=int), np.zeros((1, 3), dtype=int)
    n[0, : level - 1], n[0, level - 1] = 3, group - waiting
    if not three_plus_three:
        dlt[0, : level - 1] = rng.binomial(3, 0.15, level - 1)
    dlt[0, level - 1] = rng.binomial(group - waiting, 0.3)
    return Tally(n=n, dlt=dlt, level=np.array([level])), waiting


def _pending(known: Tally, waiting: int) -> Pending:
    level = np.full((1, waiting), known.level[0])
    return Pending(level=level, days=np.full((1, waiting), 3.0), window_days=_WINDOW, n_doses=3)


def _completions(design: Any, known: Tally, waiting: int) -> set[tuple[int, int]]:
    """Return level and cohort of every way in which the pending patients, one by one, can turn out."""
    place, found = int(known.level[0]) - 1, set()
    for outcomes in itertools.product((0, 1), repeat=waiting):
        n, dlt = known.n.copy(), known.dlt.copy()
        n[0, place] += waiting
        dlt[0, place] += sum(outcomes)
        decision = design.decide(Tally(n=n, dlt=dlt, level=known.level))
        found.add((int(decision.level[0]), int(decision.cohort_size[0])))
    return found


def settled() -> Comparison:
    """Compare whether trials wait, and else what they decide, with all outcomes of the pending decided one by one."""
    seen = Differences()
    waited = 0
    for name, design in _designs(Settled()).items():
        rng = np.random.default_rng(11)
        for number in range(_SETS):
            known, waiting = _known(rng, name == "3+3")
            decision = design.decide(known, _pending(known, waiting))
            possible = _completions(design, known, waiting)
            where = f"{name}, set {number}"
            seen.equal(f"{where}, waits", bool(decision.waits[0]), len(possible) > 1)
            if len(possible) == 1:
                ours = (int(decision.level[0]), int(decision.cohort_size[0]))
                seen.equal(f"{where}, decides", ours, next(iter(possible)))
            waited += len(possible) > 1
    seen.holds("some wait and some do not", 0 < waited < _SETS * len(_designs(Settled())))
    return seen.result


def complete() -> Comparison:
    """Check that with somebody pending trials wait, but where a 3+3 has left the dose, and with nobody they decide."""
    seen = Differences()
    for name, design in _designs(Complete()).items():
        rng = np.random.default_rng(12)
        for number in range(_SETS):
            known, waiting = _known(rng, name == "3+3")
            decision = design.decide(known, _pending(known, waiting))
            possible = _completions(design, known, waiting)
            ours, where = (int(decision.level[0]), int(decision.cohort_size[0])), f"{name}, set {number}"
            seen.holds(f"{where}, waits or cannot be otherwise", decision.waits[0] or possible == {ours})
            if name != "3+3":  # which leaves a dose at its second DLT
                seen.holds(f"{where}, waits", decision.waits[0])
            followed = design.decide(known, _pending(known, 0))
            alone = design.decide(known)
            same = (followed.level, followed.cohort_size), (alone.level, alone.cohort_size)
            seen.equal(f"{where}, nobody pending", np.concatenate(same[0]), np.concatenate(same[1]))
    return seen.result
