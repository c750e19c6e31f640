"""Reasons told beside the data they were given for: a sentence must fit what is seen at the level in use."""

from __future__ import annotations

from designs.decision import Reason
from designs.tally import Tally


def fitting_sentence(reason: Reason, tally: Tally, level: int, target: float | None) -> str:
    """Return the sentence of a reason for a decision on one tally.

    Where the observed DLT rate and the decision point in different ways, as after 2 DLTs in 3 patients at the lowest
    level, which cannot be left downwards, the sentence says both.

    Parameters
    ----------
    reason : Reason
    tally : Tally
        Of one trial.
    level : int
        The level decided on.
    target : float or None
        Without one, as in a 3+3, a rate is neither above nor below it.

    Examples
    --------
    >>> fitting_sentence(Reason.STAY, Tally.parse("1NTT", n_doses=3), 1, 0.25)
    'The DLT rate seen here is above the target, but does not stop the trial, and there is no lower level.'
    >>> fitting_sentence(Reason.STAY, Tally.parse("1NNT", n_doses=3), 1, 0.35)
    'The data support treating more patients at this level.'
    """
    current = int(tally.level[0])
    n, dlt = int(tally.current_n[0]), int(tally.current_dlt[0])
    above = target is not None and n > 0 and dlt > target * n
    below = target is not None and dlt < target * n
    if reason is Reason.STAY:
        if above:
            reaches = (
                "does not stop the trial, and there is no lower level" if current == 1 else "not by enough to go down"
            )
            return f"The DLT rate seen here is above the target, but {reaches}."
        if target is None and 3 * dlt > n:
            return "More patients are to be treated at this level before the design decides."
        if dlt == 0 and current == tally.n_doses:
            return "There is no higher level: more patients are treated at this one."
        return reason.sentence
    if reason is Reason.ESCALATE:
        if above:
            return "All data together support a higher level, though the DLT rate seen here is above the target."
        return reason.sentence if level == current + 1 else "The data support a higher level."
    if reason is Reason.NO_SAFE_DOSE and not tally.n[0, 0]:
        return "Stop: the levels treated are too toxic, and nobody was treated at the lowest."
    if reason is Reason.DEESCALATE and below:
        return "All data together call for a lower level, though the DLT rate seen here is below the target."
    return reason.sentence
