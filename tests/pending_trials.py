"""Trials played with patients pending, outcome by outcome, for tests of designs that decide while they are."""

from dataclasses import dataclass, field

import numpy as np

from designs import Tally
from doseesc.validation.cases.rolling_six import pending_at

WINDOW = 28


@dataclass
class Trial:
    """A trial under way: the patients, each as [level, outcome], outcome None while pending."""

    n_doses: int
    level: int = 0
    patients: list[list[int | None]] = field(default_factory=list)

    def count(self, outcome):
        """Patients with an outcome (0, 1 or None) at each level."""
        return [
            sum(1 for level, known in self.patients if level == dose and known is outcome)
            for dose in range(1, self.n_doses + 1)
        ]

    def state(self):
        """What a design is asked about: the tally of the known, and the pending."""
        without, dlt = np.array(self.count(0)), np.array(self.count(1))
        known = Tally(n=[without + dlt], dlt=[dlt], level=[self.level])
        places = [level for level, outcome in self.patients if outcome is None]
        return known, pending_at(places, self.n_doses)

    def open(self):
        """The patients pending."""
        return [patient for patient in self.patients if patient[1] is None]


def looks(design, choose, most_looks=400):
    """Play a trial and yield (trial, decision) at every look.

    ``choose(number)`` picks one of so many possibilities: whether an outcome comes next or the next patient, for whom
    the design is asked, and which outcome it is.  Where the decision is to wait an outcome comes next.
    """
    trial = Trial(design.n_doses)
    waits = False
    for _ in range(most_looks):
        if trial.open() and (waits or choose(2)):
            trial.open()[choose(len(trial.open()))][1] = choose(2) * choose(2)  # one in four has a DLT
            if not waits:
                continue
        known, pending = trial.state()
        decision = design.decide(known, pending)
        yield trial, decision
        going, waits = decision.level[0] > 0, bool(decision.waits[0])
        if not going:
            return
        if waits:
            assert trial.open(), "waits for nobody"
            continue
        trial.level = int(decision.level[0])
        trial.patients += [[trial.level, None] for _ in range(int(decision.cohort_size[0]))]
    raise AssertionError("the trial does not end")
