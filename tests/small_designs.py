"""Small designs of others: one that keeps the contract of a design, and one that breaks it."""

from dataclasses import dataclass

import numpy as np

from designs import Design


@dataclass(frozen=True, kw_only=True)
class Steady(Design):
    """Stays at its level, and selects it."""

    def propose(self, tally):
        return self.move_to(tally, tally.level)

    def pick(self, tally):
        return tally.level


class Guesses(Steady):
    """Selects by the size of the batch."""

    def pick(self, tally):
        return np.full(tally.size, 1 if tally.size > 1 else 2)
