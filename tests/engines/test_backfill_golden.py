"""Trials with backfill, patient by patient, and their decisions, against another program and published examples."""

import numpy as np
import pytest
from support import golden, name_of, passes

from designs import BOIN, Complete, Pending, Tally, Weighted
from doseesc.engines.backfill_conflict import own_step
from doseesc.engines.backfill_decisions import Backfilled, EscalationWithBackfill, Standing
from doseesc.engines.backfill_doses import open_doses, picked
from doseesc.validation.cases import backfill
from doseesc.validation.cases.backfill import rules_of

UNITS = golden("backfill.json", "unit_decisions")


@pytest.mark.parametrize("case", [backfill.trials, backfill.published_examples], ids=name_of)
def test_golden_and_published_trials(case):
    passes(case)


@pytest.mark.parametrize("item", UNITS, ids=lambda item: str(item["id"]))
def test_unit_decisions(item):
    doses = len(item["n"])
    design = BOIN(
        target=item["target"],
        n_doses=doses,
        max_n=60,
        elimination_cutoff=1 - 1e-15,  # in these states no dose counts as eliminated
        stay_at_one_of_three=item["stay_on_1_of_3"],
        pending=Complete() if item["design"] == "bf" else Weighted(suspend_above=0.49),
    )
    rules = rules_of(item["design"], item, doses)
    escalation = EscalationWithBackfill(design, rules)
    at = standing_of(item)
    decision = escalation.decide(at, np.array([0]))
    if item["decision"] == "SUS":
        assert decision.waits[0]
    else:
        assert decision.level[0] == item["next_dose"]
        step, _ = own_step(design, design.seen(at.tally, at.pending) if item["design"] == "be" else at.tally)
        assert {1: "E", 0: "S", -1: "D"}[int(step[0])] == item["own_decision"]
    first = item["lowest_dose_with_response"]
    responded = np.array([[int(dose == first) for dose in range(1, doses + 1)]])
    is_open = open_doses(rules, escalation, at, responded)
    assert picked(rules, is_open, np.zeros(1))[0] == (item["open_backfill_dose"] or 0)


def standing_of(item, window=90.0):
    """The state of an item as a trial stands, patients pending at a dose followed equally long."""
    n, known, dlt, backfilled = (np.array([item[name]]) for name in ("n", "assessed", "dlts", "backfilled"))
    places = [
        (dose, window * item["stft"][dose - 1] / count)
        for dose, count in enumerate(item["pending"], 1)
        for _ in range(count)
    ]
    level = np.array([[dose for dose, _ in places]], dtype=np.int64).reshape(1, -1)
    days = np.array([[day for _, day in places]]).reshape(1, -1)
    nobody = np.zeros_like(n)
    return Standing(
        tally=Tally(n=known, dlt=dlt, level=[item["current_dose"]]),
        pending=Pending(level=level, days=days, window_days=window, n_doses=n.shape[1], last_cohort=np.zeros(1, int)),
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
