"""Trials with backfill, patient by patient, and their decisions, against another program and published examples."""

from dataclasses import replace

import numpy as np
import pytest
from support import golden

from designs import BOIN, Complete, Pending, Tally, Weighted
from doseesc.engines import DAILY, Backfill, Calendar, GivenBackfill, GivenPatients, calendar_trials
from doseesc.engines.backfill_conflict import own_step
from doseesc.engines.backfill_decisions import Backfilled, EscalationWithBackfill, Standing
from doseesc.engines.backfill_doses import open_doses, picked
from doseesc.truth import Accrual

TRIALS = golden("backfill.json", "trials")
UNITS = golden("backfill.json", "unit_decisions")
EXAMPLES = golden("backfill.json", "published_examples")
TURN_AWAY = Accrual(per_month=DAILY.per_month, arrivals_while_waiting="turn_away")
IMPUTED = Weighted(suspend_above=0.49, minimum_followed=0.25)


def rules_of(kind, item, doses):
    rules = Backfill.named("BF-BOIN" if kind == "bf" else "BE-BOIN")
    return replace(
        rules,
        cap_per_dose=item.get("n_cap", 12),
        priority=item.get("backfill_dose", "highest"),
        conflict=item.get("conflict_dose", rules.conflict),
        response_probabilities=(0.3,) * doses,
    )


def padded(values, size, fill):
    return np.array([[*values, *[fill] * (size - len(values))]], dtype=float)


def played(design, rules, truth, window, patients, gaps, accrual):
    """Play a trial of patients (dlt, days to the DLT, days to the response, backfilled) in the order of first doses."""
    parts = []
    for backfilled, size in ((False, design.max_n), (True, rules.most(design))):
        some = [each for each in patients if bool(each[3]) == backfilled]
        latent, after, response = ([each[column] for each in some] for column in range(3))
        parts.append(
            [padded([1 - dlt for dlt in latent], size, 1), padded(after, size, 0), padded(response, size, np.inf)]
        )
    escalation, others = parts
    given = GivenBackfill(
        escalation=GivenPatients(latent=escalation[0], dlt_day=escalation[1], gaps=gaps),
        latent=others[0],
        dlt_day=others[1],
        response_day=np.concatenate([escalation[2], others[2]], axis=1),
    )
    calendar = Calendar(accrual=accrual, backfill=rules)
    (trial,) = calendar_trials(design, truth, window_days=window, calendar=calendar, patients=given.patients())
    return trial


@pytest.mark.parametrize("item", TRIALS, ids=lambda item: f"{item['id']} {item['name']}")
def test_trials(item):
    doses, kind = len(item["p_true"]), item["design_kind"]
    design = BOIN(
        target=item["target"],
        n_doses=doses,
        max_n=item["n_cohort"] * item["cohort_size"],
        cohort_size=item["cohort_size"],
        stop_at_n=item["n_earlystop"],
        stay_at_one_of_three=item.get("stay_1_of_3", False),
        pending=Complete() if kind == "bf" else IMPUTED,
    )
    response = [
        np.inf if at is None else at - entry for at, entry in zip(item["response_at"], item["entry"], strict=True)
    ]
    patients = list(
        zip(item["dlt"], [after or 0 for after in item["dlt_after"]], response, item["backfilled"], strict=True)
    )
    gaps = padded([0, *item["gaps"]], len(item["gaps"]) + 40, 1e9)
    accrual = TURN_AWAY if item.get("no_slot") == "leave" else DAILY
    # The probabilities lie between the latent numbers of who has a DLT, 0, and of who has none, 1.
    trial = played(design, rules_of(kind, item, doses), [0.5] * doses, item["window"], patients, gaps, accrual)
    assert trial.level.tolist() == item["dose"]
    assert trial.backfilled.tolist() == item["backfilled"]
    assert trial.entered == pytest.approx(item["entry"], abs=1e-9)
    assert trial.selected == (item["mtd"] or 0)
    assert trial.duration_days == pytest.approx(item["duration"], abs=1e-9)
    assert trial.turned_away == item["turned_away"]
    assert len(trial.suspensions) == item["suspensions"]
    assert sum(end - start for start, end in trial.suspensions) == pytest.approx(item["time_suspended"], abs=1e-9)


@pytest.mark.parametrize("item", EXAMPLES, ids=lambda item: item["what"][:30])
def test_published_examples(item):
    kind, window = item["design"], item["window"]
    design = BOIN(
        target=item["target"],
        n_doses=5,
        max_n=item["n_cohort"] * item["cohort_size"],
        cohort_size=item["cohort_size"],
        stop_at_n=item["n_earlystop"],
        stay_at_one_of_three=item.get("stay_on_1_of_3", False),
        pending=Complete() if kind == "bf" else IMPUTED,
    )
    response = [day or np.inf for day in item["response_day"]]
    dlt = [day > 0 for day in item["dlt_day"]]
    patients = list(zip(dlt, item["dlt_day"], response, item["backfilled"], strict=True))
    arrivals = [*item["arrival"], *([item["next_arrival"]] if "next_arrival" in item else [])]
    gaps = padded(np.diff(arrivals, prepend=0), len(arrivals) + 10, 1e9)
    queue = Accrual(per_month=DAILY.per_month, arrivals_while_waiting="queue")
    trial = played(design, rules_of(kind, item, 5), [0.5] * 5, window, patients, gaps, queue)
    later = {int(number) - 1: day for number, day in item.get("enrolled_later", {}).items()}
    assert trial.level.tolist() == item["dose"]
    assert trial.backfilled.tolist() == [bool(each) for each in item["backfilled"]]
    assert trial.entered.tolist() == [later.get(place, day) for place, day in enumerate(item["arrival"])]
    assert trial.selected == item["mtd"]


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
    rules = replace(rules_of(item["design"], item, doses), cap_per_dose=item["n_cap"])
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
