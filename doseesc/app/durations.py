"""How long trials last under the curve that is dragged on a page: simulated on the calendar, the same trials again.

A trial that is played out on the calendar has no polynomial, so that its duration cannot follow a curve as exact
figures do.  It is simulated where the curve is, from the study's own seed, with so few trials that an answer is there
before the next is asked for; the page says of which curve it is until it has caught up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from doseesc.runs import duration_under
from doseesc.truth import DAYS_PER_MONTH

if TYPE_CHECKING:
    from doseesc.study import Study

TRIALS = 1000
"""Simulated trials of each design: a standard error of about one part in a hundred."""


def durations(
    study: Study, truth: Sequence[float], scenario: str, designs: Collection[str], watch: Callable[[int], None]
) -> dict[str, Any]:
    """Return for each design the months that its trials last, with standard errors, as the page shows them.

    Parameters
    ----------
    study : Study
        With accrual.
    truth : sequence of float, shape (J,)
        True DLT probabilities.
    scenario : str
        The scenario that the curve was begun from, whose responses backfill may ask for; any other name is the first.
    designs : collection of str
        Names of those that the page shows.
    watch : callable
        Told how many trials more have been played; may raise to end the work.
    """
    trials = min(TRIALS, study.simulation.trials)
    found = duration_under(study, truth, like=scenario, trials=trials, designs=designs, watch=watch)
    return {
        "trials": trials,
        "designs": {
            name: {"months": each.duration_days / DAYS_PER_MONTH, "error": each.mcse.duration_days / DAYS_PER_MONTH}
            for name, each in found.items()
        },
    }
