"""Single decisions with backfill, state by state, against another program's."""

from __future__ import annotations

import numpy as np

from designs import BOIN, Complete, Pending, Tally, Weighted
from doseesc.engines import (
    Backfilled,
    EscalationWithBackfill,
    Standing,
    open_doses,
    own_step,
    picked,
)
from doseesc.validation.cases.backfill import rules_of
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden

_WINDOW = 90.0
_STEPS = {1: "E", 0: "S", -1: "D"}


def unit_decisions() -> Comparison:
    """Compare the next dose, the step at the current dose alone, and where a patient would be backfilled."""
    seen = Differences()
    for item in golden("backfill.json", "unit_decisions"):
        doses, where = len(item["n"]), f"state {item['id']}"
        design = BOIN(
            target=item["target"],
            n_doses=doses,
            max_n=60,
            elimination_cutoff=1 - 1e-15,  # in these states no dose counts as eliminated
            stay_at_one_of_three=item["stay_on_1_of_3"],
            pending=Complete() if item["design"] == "bf" else Weighted(suspend_above=0.49),
        )
        rules = rules_of(item["design"], item, doses)
        escalation, at = EscalationWithBackfill(design, rules), _standing(item)
        decision = escalation.decide(at, np.array([0]))
        waits = item["decision"] == "SUS"
        seen.equal(f"{where}, waits", bool(decision.waits[0]), waits)
        if not waits:
            seen.equal(f"{where}, next dose", decision.level[0], item["next_dose"])
            step, _ = own_step(design, design.seen(at.tally, at.pending) if item["design"] == "be" else at.tally)
            seen.equal(f"{where}, step", _STEPS[int(step[0])], item["own_decision"])
        first = item["lowest_dose_with_response"]
        responded = np.array([[int(dose == first) for dose in range(1, doses + 1)]])
        chosen = picked(rules, open_doses(rules, escalation, at, responded), np.zeros(1))
        seen.equal(f"{where}, backfilled next", chosen[0], item["open_backfill_dose"] or 0)
    return seen.result


def _standing(item: Item) -> Standing:
    """Return the state as a trial stands, patients pending at a dose followed equally long."""
    n, known, dlt, backfilled = (np.array([item[name]]) for name in ("n", "assessed", "dlts", "backfilled"))
    places = [
        (dose, _WINDOW * item["stft"][dose - 1] / count)
        for dose, count in enumerate(item["pending"], 1)
        for _ in range(count)
    ]
    level = np.array([[dose for dose, _ in places]], dtype=np.int64).reshape(1, -1)
    days = np.array([[day for _, day in places]]).reshape(1, -1)
    nobody = np.zeros_like(n)
    return Standing(
        tally=Tally(n=known, dlt=dlt, level=np.array([item["current_dose"]])),
        pending=Pending(level=level, days=days, window_days=_WINDOW, n_doses=n.shape[1], last_cohort=np.zeros(1, int)),
        pending_backfilled=np.ones(level.shape, dtype=bool),
        n=n,
        all_n=n,
        all_dlt=dlt,
        last_dlt=np.zeros(1, dtype=np.int64),
        last_n=np.zeros(1, dtype=np.int64),
        backfilled=Backfilled(backfilled, nobody, nobody, backfilled, nobody, nobody),
        waited_for=np.ones(1, dtype=bool),
        ceiling=np.array([n.shape[1]]),
    )
