"""Which counts at a dose a design's decisions do not tell apart.

A trial of 3+3 or rolling six may have come to a dose in very many ways, but what it does next depends on little: a
lower dose, say, matters by whether it has six patients and whether it is closed.  So counts at a dose are put into
kinds, and two states are decided alike if their doses are of the same kinds, the current level is the same, and so is
the number of patients who may still be entered, as far as it can cut a cohort short.

Engines that keep decisions, state by state, then need few of them.  What is said here follows from the rules of
:mod:`designs.a_plus_b` and :mod:`designs.pending_letters`, for those classes themselves and without rules around them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from designs.a_plus_b import APlusB
from designs.design import Design
from designs.pending_letters import D, E, LetterTable, M, U
from designs.policies import Complete
from designs.rolling_six import RollingSix
from designs.three_plus_three import ThreePlusThree

_MOST_PATIENTS = 63  # of a trial: the arrays grow with the cube
_MOST_KINDS = 256  # bytes


class Kinds(NamedTuple):
    """Kinds of counts at a dose.

    Attributes
    ----------
    kind : array of uint8, shape (5, N + 1, N + 1, N + 1)
        By n patients entered, y DLTs known and c patients pending, of a dose further below the current level, the next
        lower one, the current one, the next higher one, and one further above.
    number : int
        How many there are.
    largest_cohort : int
        Of those the design may ask for: more patients than these to be entered make no difference.
    """

    kind: npt.NDArray[np.uint8]
    number: int
    largest_cohort: int


def kinds_of(design: Design) -> Kinds | None:
    """Return the kinds of counts that a design's decisions go by; None where no more is known than the counts.

    Examples
    --------
    Four patients without a DLT are as good as five, at a lower dose of a rolling six trial, as far as decisions go;
    four of whom one is pending are not, since that one may still close the dose:

    >>> below = kinds_of(RollingSix(n_doses=3)).kind[1]
    >>> bool(below[4, 0, 0] == below[5, 0, 0]), bool(below[4, 1, 0] == below[4, 1, 1])
    (True, False)
    """
    if design.all_rules() or design.max_n > _MOST_PATIENTS:
        return None
    if type(design) is RollingSix:
        return _of_letters(design.letter_table(int(design.max_n)), int(design.max_n))
    if type(design) in (APlusB, ThreePlusThree) and type(design.pending) is Complete:
        assert isinstance(design, APlusB)
        return _of_groups(design)
    return None


def _of_groups(design: APlusB) -> Kinds | None:
    """Return the kinds of an A+B design that waits: beyond a full group, or too many DLTs, more are the same.

    Of a dose that is not the current one the DLTs matter by whether it is too toxic, or could be named as the MTD;
    the patients matter at a dose that may be given next, which one too toxic above the current one may not.
    """
    full, enough = design.a + design.b, max(design.d, design.e) + 1
    if 2 * (full + 1) * (enough + 1) > _MOST_KINDS:
        return None
    n, dlt, pending = np.indices((int(design.max_n) + 1,) * 3)
    toxic = dlt > np.where(n <= design.a, design.d, design.e)
    accepted = ((n >= full) & (dlt <= design.e)) | ((n >= design.a) & (dlt < design.c))
    may_be_named = np.where(accepted, 2, n > 0) * (design.variant == "escalation_only")
    entered = np.minimum(n, full)
    waiting = pending > 0
    return _kinds(
        (toxic, may_be_named, waiting),
        (entered, toxic, may_be_named, waiting),
        (entered, np.minimum(dlt, enough), waiting),
        (np.where(toxic, 0, entered), toxic, waiting),
        (toxic, waiting),
        largest_cohort=full,
    )


def _of_letters(table: LetterTable, max_n: int) -> Kinds:
    """Return the kinds of a table of letters, by what :func:`designs.pending_letters.course` makes of a dose."""
    there = (slice(max_n + 1),) * 3
    letter, at_top, closed = (array[there] for array in table)
    n, dlt, pending = np.indices(letter.shape)
    worst = table.letter[n, np.minimum(dlt + pending, max_n), 0]
    may_change = (pending > 0) & ((worst == U) | (worst == M))
    below = (letter == U, letter == M, at_top, may_change)
    current = (letter == E, letter == D, letter == U, at_top, may_change)
    above = (letter == E, closed, at_top, may_change)
    return _kinds(below, below, current, above, above, largest_cohort=1)


def _kinds(*told: tuple[npt.NDArray[Any], ...], largest_cohort: int) -> Kinds:
    """Return kinds by what is told of the counts of a dose, from further below to further above."""
    found = [_numbered(*parts) for parts in told]
    return Kinds(np.stack([kind for kind, _ in found]), max(number for _, number in found), largest_cohort)


def _numbered(*parts: npt.NDArray[Any]) -> tuple[npt.NDArray[np.uint8], int]:
    """Give numbers to the combinations that there are of what is told of counts, whole numbers or truth values."""
    code = np.zeros(parts[0].shape, dtype=np.int64)
    for part in parts:
        code = code * (int(part.max()) + 1) + part
    there = np.zeros(int(code.max()) + 1, dtype=np.bool_)
    there[code] = True
    number = np.cumsum(there) - 1
    return number[code].astype(np.uint8), int(number[-1]) + 1
