"""The clock with an observation model against a plain simulator: one trial at a time, one event after the other."""

from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import (
    BOIN,
    CRM,
    CoherentEscalation,
    NoSkipping,
    Pending,
    Reason,
    RollingSix,
    Settled,
    Tally,
    ThreePlusThree,
    Weighted,
)
from doseesc.engines import Calendar, calendar_trials
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.patients_at_risk import UNUSABLE
from doseesc.engines.watched_patients import COUNTED, FROZEN
from doseesc.truth import Accrual, ObservationModel

TRUTH = np.array([0.10, 0.25, 0.45])
WINDOW = 14.0
SKELETON = (0.1, 0.25, 0.45)
RULES = (NoSkipping(), CoherentEscalation())
REPLACED = ObservationModel(window=WINDOW, background=0.05, death=0.35, loss=0.15, death_relative_risk=1.5)
HALF = ObservationModel(window=WINDOW, death=0.4, deaths="fraction", attributed_fraction=0.3, loss=0.2)
FROZEN_MODEL = ObservationModel(
    window=WINDOW, background=0.05, death=0.35, deaths="weight_frozen", loss=0.15, losses="weight_frozen"
)
MIXED = ObservationModel(window=WINDOW, death=0.3, deaths="weight_frozen", loss=0.3)
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3),
    "3+3 settled": ThreePlusThree(n_doses=3, pending=Settled()),
    "rolling six": RollingSix(n_doses=3),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=14),
    "BOIN settled": BOIN(target=0.25, n_doses=3, max_n=14, pending=Settled()),
    "CRM settled, rules": CRM(target=0.25, skeleton=SKELETON, max_n=12, cohort_size=2, rules=RULES, pending=Settled()),
    "TITE-BOIN": BOIN(target=0.25, n_doses=3, max_n=14, pending=Weighted()),
    "TITE-CRM": CRM(target=0.25, skeleton=SKELETON, max_n=10, cohort_size=1, rules=RULES, pending=Weighted()),
}
WEIGHING = ("TITE-BOIN", "TITE-CRM")


@dataclass
class Patient:
    level: int
    entered: float
    ends: float
    what: int

    def left(self, now):
        return bool(self.what & UNUSABLE) and self.ends <= now

    def known(self, now):
        return not self.what & (UNUSABLE | FROZEN) and self.ends <= now

    def dlt(self):
        return bool(self.what & COUNTED)


@dataclass
class Cohort:
    size: int
    members: list = field(default_factory=list)
    closed: bool = False


class Plain:
    """One trial, by the rules as they are written, in which who meets a suspension waits."""

    def __init__(self, design, fate, day, gaps):
        self.design, self.fate, self.day, self.gaps = design, fate, day, list(gaps)
        self.patients, self.cohorts = [], []
        self.firsts = self.replacements = self.seats = 0
        self.now = 0.0
        self.looks = design.fixed_cohorts or design.cohort_size == 1

    def inside(self):
        return [each for each in self.patients if not each.left(self.now)]

    def play(self):
        self.gaps.pop(0)
        while True:
            reason = self.place_or_stop()
            if reason is not None:
                return reason
            since = self.now
            if len(self.inside()) >= self.design.max_n and not self.design.waits_when_full:
                leaving = [each.ends for each in self.inside() if each.what & UNUSABLE]
                if not leaving:
                    return Reason.MAX_N
                since = min(leaving)
            self.now = since + self.gaps.pop(0)

    def place_or_stop(self):
        while True:
            while self.cohorts and all(each.left(self.now) for each in self.cohorts[-1].members):
                self.cohorts.pop()
                if self.cohorts:
                    self.cohorts[-1].closed = True
            self.cohorts = [c for c in self.cohorts if not all(each.left(self.now) for each in c.members)]
            if self.cohorts and not self.looks and not self.cohorts[-1].closed:
                cohort = self.cohorts[-1]
                if sum(not each.left(self.now) for each in cohort.members) < cohort.size:
                    self.enter(cohort, cohort.members[0].level)
                    return None
            tally, pending = self.seen()
            decision = self.design.decide(tally, pending if pending.total[0] else None)
            level, size = int(decision.level[0]), int(decision.cohort_size[0])
            reason = Reason(int(decision.reason_code[0]))
            if level == 0:
                return reason
            if size == 0:
                later = [each.ends for each in self.inside() if each.ends > self.now]
                if later:
                    self.now = min(later)
                    continue
                level, size = int(tally.level[0]), 1  # nothing more will be known
            goes_on = reason is Reason.COMPLETE_COHORT and self.cohorts and level == tally.level[0]
            if not goes_on:
                self.cohorts.append(Cohort(size))
            self.seats = len(self.inside()) + (1 if self.looks else size)
            self.enter(self.cohorts[-1], level)
            return None

    def enter(self, cohort, level):
        if self.firsts < self.seats:
            who = self.firsts
            self.firsts += 1
        else:
            who = self.design.max_n + self.replacements
            self.replacements += 1
        what, day = int(self.fate[level - 1, who]), self.day[level - 1, who]
        patient = Patient(level, self.now, self.now + day, what)
        self.patients.append(patient)
        cohort.members.append(patient)

    def seen(self):
        doses = self.design.n_doses
        known = [each for each in self.patients if each.known(self.now)]
        pending = [each for each in self.inside() if not each.known(self.now)]
        n, dlt = np.zeros((2, 1, doses), dtype=np.int64)
        for each in known:
            n[0, each.level - 1] += 1
            dlt[0, each.level - 1] += each.dlt()
        last = self.cohorts[-1].members if self.cohorts else []
        memory = {
            "last_n": sum(each.known(self.now) for each in last),
            "last_dlt": sum(each.known(self.now) and each.dlt() for each in last),
            "cohorts": len(self.cohorts),
            "cohorts_in_a_row": len(list(next(groupby(reversed(self.cohorts), key=lambda c: c.members[0].level))[1]))
            if self.cohorts
            else 0,
        }
        tally = Tally(
            n=n,
            dlt=dlt,
            level=np.array([last[0].level if last else 0]),
            memory={name: np.array([memory[name]]) for name in self.design.needed_memory},
        )
        beside = Pending(
            level=np.array([[each.level for each in pending]]).reshape(1, -1).astype(np.int64),
            days=np.array([[min(self.now, each.ends) - each.entered for each in pending]]).reshape(1, -1),
            window_days=WINDOW,
            dlt_days=np.array([[each.ends - each.entered for each in known if each.dlt()]]).reshape(1, -1),
            last_cohort=np.array([sum(any(each is other for other in last) for each in pending)]),
            n_doses=doses,
        )
        return tally, beside


def played(name, model, per_month, trials=25, seed=4):
    """Yield pairs of a trial on the clock and the plain simulator's, of the same patients."""
    design, accrual = DESIGNS[name], Accrual(per_month=per_month)
    calendar = Calendar(accrual=accrual)
    found = calendar_trials(
        design, TRUTH, window_days=WINDOW, calendar=calendar, n_trials=trials, seed=seed, observation=model
    )
    drawn = DrawnPatients(
        calendar, TRUTH, WINDOW, patients=design.max_n, trials=trials, seed=seed, index=0, model=model
    )
    fates, numbers = drawn.fates(), drawn.numbers(300)
    for row, trial in enumerate(found):
        gaps = numbers[row] / (accrual.per_month * 12 / 365.25)
        plain = Plain(design, fates.fate[row], fates.fate_day[row], gaps)
        yield trial, plain, plain.play()


CASES = [
    *((name, model, pace) for name in DESIGNS for model in (REPLACED, HALF) for pace in (2.0, 15.0)),
    *((name, model, pace) for name in WEIGHING for model in (FROZEN_MODEL, MIXED) for pace in (2.0, 15.0)),
]


@pytest.mark.parametrize(("name", "model", "per_month"), CASES)
def test_every_patient_of_every_trial_is_the_plain_simulators(name, model, per_month):
    replaced = 0
    for trial, plain, reason in played(name, model, per_month):
        assert trial.level.tolist() == [each.level for each in plain.patients]
        np.testing.assert_allclose(trial.entered, [each.entered for each in plain.patients], rtol=1e-9)
        np.testing.assert_allclose(trial.assessed, [each.ends for each in plain.patients], rtol=1e-9)
        assert trial.has_dlt.tolist() == [each.dlt() for each in plain.patients]
        assert trial.replaced.tolist() == [bool(each.what & UNUSABLE) for each in plain.patients]
        assert trial.duration_days == pytest.approx(max(each.ends for each in plain.patients))
        if reason is not Reason.MAX_N:
            assert trial.reason is reason
        replaced += trial.replaced.sum()
    assert (replaced > 0) == model.replaces


@settings(max_examples=25, deadline=None)
@given(
    name=st.sampled_from(sorted(DESIGNS)),
    per_month=st.floats(0.5, 40),
    how=st.sampled_from(["wait", "turn_away", "queue"]),
    death=st.floats(0, 0.6),
    loss=st.floats(0, 0.4),
    seed=st.integers(0, 50),
)
def test_who_leaves_never_counts_and_nobody_is_decided_on_before_known(name, per_month, how, death, loss, seed):
    design = DESIGNS[name]
    model = ObservationModel(window=WINDOW, background=0.1, death=death, loss=loss)
    calendar = Calendar(accrual=Accrual(per_month=per_month, arrivals_while_waiting=how))
    for trial in calendar_trials(
        design, TRUTH, window_days=WINDOW, calendar=calendar, n_trials=4, seed=seed, observation=model
    ):
        assert not (trial.replaced & trial.has_dlt).any()
        assert (trial.replaced <= (trial.died | trial.lost)).all()
        assert (~trial.replaced).sum() <= design.max_n
        assert (trial.assessed - trial.entered <= WINDOW * (1 + 1e-9)).all()
        assert trial.duration_days == trial.assessed.max()
        whole = ~(trial.has_dlt | trial.replaced)
        np.testing.assert_allclose((trial.assessed - trial.entered)[whole], WINDOW)
        for day in trial.entered:
            inside = (trial.entered <= day) & ~(trial.replaced & (trial.assessed <= day))
            assert inside.sum() <= design.max_n
        if name == "BOIN":  # it waits for all: at a new level nobody is left who could still have an outcome
            for i in range(1, trial.size):
                if trial.level[i] != trial.level[i - 1]:
                    assert (trial.assessed[:i] <= trial.entered[i]).all()
