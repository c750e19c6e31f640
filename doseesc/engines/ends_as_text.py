"""The ways in which a design's trials can end, as text of some kilobytes from which a browser has its exact figures.

Columns of whole numbers are texts with a letter for each end, ``?`` for 0, ``@`` for 1, ``A`` for 2 and so on, which
leave out what HTML and JSON would have to escape; see :func:`letters`.  The script ``exact_ends.js`` of the page reads
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from designs import Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.exact import Paths
from doseesc.engines.states import TooManyStates, row_keys

MOST_ENDS = 50_000
"""Ends that a browser sums while a slider moves; beyond, a page would weigh megabytes."""

_FIRST = 63  # "?"
_PLAIN = 64  # numbers up to "~"
_GAP = 35  # from there on to the letters beyond Latin-1's controls
_LONGEST = 700.0  # logarithm of the most orders that a double holds
_WHOLE = 2.0**53


def ends_document(
    paths: Paths, columns: Mapping[str, npt.ArrayLike] | None = None, *, most_ends: int = MOST_ENDS
) -> dict[str, Any]:
    """Return a design's ends, those that agree in all that is kept being one, as values for JSON.

    Parameters
    ----------
    paths : Paths
    columns : mapping of str to array, shape (T,), optional
        Further figures that are fixed in each end of ``paths.tally``, such as whether a call was unsafe; their
        expectations are those of the trial.
    most_ends : int

    Returns
    -------
    dict
        ``doses`` and ``maxN``; ``n`` and ``y``, a text of letters for each dose: patients and DLTs; ``selected`` (0 =
        none) and ``reason`` (a place in ``reasons``) as letters; ``orders``, how many orders of outcomes lead to each
        end; ``columns``, lists of numbers by name.

    Raises
    ------
    TooManyStates
        If there are more than ``most_ends`` ends, or more orders of outcomes than a number holds.

    Examples
    --------
    >>> from designs import ThreePlusThree
    >>> from doseesc.engines import enumerate_paths
    >>> found = ends_document(enumerate_paths(ThreePlusThree(n_doses=1, variant="escalation_only")))
    >>> found["n"], found["y"], found["selected"], found["orders"]
    (['BBEEEBE'], ['ABABC?@'], '?????@@', [3, 1, 9, 9, 3, 1, 3])
    """
    if paths.log_coefficient.max() > _LONGEST:
        raise TooManyStates("there are more orders of outcomes than a number in a browser holds")
    reasons, reason = np.unique(paths.reason_code, return_inverse=True)
    further = {name: np.asarray(value, dtype=np.float64) for name, value in (columns or {}).items()}
    kept = [paths.selected, reason, *paths.tally.n.T, *paths.tally.dlt.T]
    kept += [np.unique(value, return_inverse=True)[1] for value in further.values()]
    rows = np.column_stack([each.astype(np.int64) for each in kept])
    first, orders = _merged(rows, np.exp(paths.log_coefficient))
    if len(first) > most_ends:
        raise TooManyStates(f"its trials can end in {len(first):,} ways, more than the {most_ends:,} that are summed")
    n_doses = paths.design.n_doses
    texts = [letters(column) for column in rows[first, : 2 + 2 * n_doses].T]
    return {
        "doses": n_doses,
        "maxN": paths.design.max_n,
        "selected": texts[0],
        "reason": texts[1],
        "reasons": [Reason(int(code)).name for code in reasons],
        "n": texts[2 : 2 + n_doses],
        "y": texts[2 + n_doses :],
        "orders": [round(each) if each < _WHOLE else float(each) for each in orders.tolist()],
        "columns": {name: value[first].tolist() for name, value in further.items()},
    }


def _merged(rows: IntArray, orders: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the first of each kind of rows (T, C), kinds in order, and the sums of ``orders`` (T,) over the kind."""
    key = row_keys(rows)
    order = np.lexsort((key, *rows.T[::-1]))
    key = key[order]
    starts = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
    return order[starts], np.add.reduceat(np.round(orders[order]), starts)


def letters(numbers: IntArray) -> str:
    """Return whole numbers from 0 as a text with a letter for each.

    Examples
    --------
    >>> letters(np.array([0, 1, 3, 12, 63, 64]))
    '?@BK~¢'
    """
    codes = numbers + _FIRST + np.where(numbers >= _PLAIN, _GAP, 0)
    return "".join(map(chr, codes.tolist()))
