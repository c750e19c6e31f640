"""A user's decision table over (patients entered, DLTs, patients pending): its rows, and whether it says enough.

A row has the letters of :mod:`designs.pending_letters` after 0, 1, ... DLTs, for a number of patients entered at the
level and a number of them pending.  "-" stands for a state that no trial reaches.  After a U more DLTs are U, too, so
letters may end there.  The largest number of patients is the most that a level is given: with E there and nothing
above, the level is the MTD once nobody is pending.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import pairwise

import numpy as np

from designs.checks import shown
from designs.pending_letters import LETTERS, D, E, Letters, LetterTable, M, S, U, W
from designs.rules.base import counted

PendingRows = tuple[tuple[int, int, str], ...]
"""(patients entered, patients pending, letters) in order."""

State = tuple[int, int, int]
"""(patients entered, DLTs, patients pending) at a level."""

_ABSENT = np.int8(-1)
_SHOWN = 5
_MOST_ENTERED = 60  # states are as many as its cube


def pending_rows(table: object) -> PendingRows:
    """Return the rows of a table as written, in order.

    Parameters
    ----------
    table : mapping or sequence
        ``{3: {0: "ESU", 1: "SSU", 2: "SS", 3: "S"}, ...}``: by patients entered, then by patients pending; plain
        letters stand for nobody pending.  Or (entered, pending, letters) triples.

    Raises
    ------
    ValueError
        If a row is not of this form, is given twice, or becomes milder with more DLTs.

    Examples
    --------
    >>> pending_rows({2: {0: "SSU", 1: "ss"}, 1: "SS"})
    ((1, 0, 'SS'), (2, 0, 'SSU'), (2, 1, 'SS'))
    """
    rows = sorted(_row(*given) for given in _given(table))
    for first, second in pairwise(rows):
        if first[:2] == second[:2]:
            raise ValueError(f"table has two rows for {_who(*first[:2])}")
    return tuple(rows)


def rows_from_states(states: Mapping[State, str]) -> PendingRows:
    """Return rows from a letter for each (entered, DLTs, pending).

    Examples
    --------
    >>> rows_from_states({(2, 2, 0): "U", (2, 0, 0): "S", (1, 0, 1): "S"})
    ((1, 1, 'S'), (2, 0, 'S-U'))
    """
    rows: dict[tuple[int, int], dict[int, str]] = {}
    for (n, y, c), letter in states.items():
        rows.setdefault((n, c), {})[y] = letter
    return pending_rows([(n, c, "".join(row.get(y, "-") for y in range(max(row) + 1))) for (n, c), row in rows.items()])


def states_of(rows: PendingRows) -> dict[State, str]:
    """Return the letter of each (entered, DLTs, pending) of which rows say one; after a U more DLTs are U, too.

    Examples
    --------
    >>> states_of(((1, 1, "S"), (2, 0, "S-U")))
    {(1, 0, 1): 'S', (2, 0, 0): 'S', (2, 2, 0): 'U'}
    """
    letter = _letters(rows)
    return {(int(n), int(y), int(c)): LETTERS[letter[n, y, c]] for n, y, c in np.argwhere(letter != _ABSENT) if n > 0}


def require_decisions(rows: PendingRows, cohort_size: int, max_n: int) -> None:
    """Raise ValueError, naming the states, where a trial can reach one without a decision or one where it is stuck."""
    letter = _letters(rows)
    most = len(letter) - 1
    missing: set[State] = set()
    stuck: set[State] = set()
    seen: set[State] = set()
    waiting = [(min(cohort_size, most), 0, min(cohort_size, most))]
    while waiting:
        state = waiting.pop()
        n, y, c = state
        if state in seen or n >= max_n:
            continue
        seen.add(state)
        here = letter[state] if n <= most else _ABSENT
        if here == _ABSENT:
            missing.add(state)
            continue
        if here == W and c == 0:
            stuck.add(state)
        if here in (U, M):
            continue
        waiting += [(n, y + dlts, left) for left in range(c) for dlts in range(c - left + 1)]
        if here == E and n == most:
            continue
        if here in (E, S, D):
            more = min(cohort_size, most - n) if n < most else cohort_size
            waiting.append((n + more, y, c + more))
    if stuck:
        raise ValueError(f"table must not wait where nobody is pending, as with {_patients(min(stuck))}")
    if missing:
        named = [_patients(state) for state in sorted(missing)]
        listed = "; ".join(named[:_SHOWN]) + (f"; and {len(named) - _SHOWN} more" if len(named) > _SHOWN else "")
        raise ValueError(
            f"table has no decision for states that a trial can reach by cohorts of {cohort_size}: {listed}"
        )


@lru_cache(maxsize=64)
def letters_of(rows: PendingRows, largest_n: int) -> LetterTable:
    """Return the letters of rows; a level with more patients than the table has is as toxic as its last rows say."""
    letter = _letters(rows)
    most = len(letter) - 1
    n, y, c = np.ogrid[: most + 1, : most + 1, : most + 1]
    # States that only a real trial can be in (part of a cohort): go on with the level, or wait where it is full.
    letter = np.where(letter == _ABSENT, np.where(n < most, S, W), letter)
    full = np.where((letter == E) & (c == 0), M, W)
    at_top = np.where(np.isin(letter, (E, S, D)), np.where(n < most, S, full), letter)
    size = max(most, largest_n)
    n, y, c = (np.minimum(axis, most) for axis in np.ogrid[: size + 1, : size + 1, : size + 1])
    y, c = np.broadcast_arrays(y, np.minimum(c, np.maximum(n - y, 0)))[:2]
    return LetterTable.of(letter[n, y, c], at_top[n, y, c])


def known_letters(rows: PendingRows) -> dict[int, str]:
    """Return the letters where nobody is pending, as a table without pending patients has them, by patients."""
    letter = _letters(rows)
    return {
        n: "".join("-" if place == _ABSENT else LETTERS[place] for place in letter[n, : n + 1, 0])
        for n in sorted({n for n, _, _ in rows})
    }


def _letters(rows: PendingRows) -> Letters:
    """Return the letters of all states, with U carried on to more DLTs."""
    most = max(n for n, _, _ in rows)
    letter = np.full((most + 1,) * 3, _ABSENT)
    letter[0, 0, 0] = S
    for n, c, written in rows:
        for y, each in enumerate(written):
            letter[n, y, c] = _ABSENT if each == "-" else LETTERS.index(each)
    entered, pending = np.ogrid[: most + 1, : most + 1]
    for y in range(1, most + 1):
        carried = (letter[:, y] == _ABSENT) & (letter[:, y - 1] == U) & (y + pending <= entered)
        letter[:, y][carried] = U
    return letter


def _given(table: object) -> Iterator[tuple[object, object, object]]:
    if not isinstance(table, Mapping):
        if not isinstance(table, list | tuple) or not all(isinstance(row, list | tuple) for row in table):
            raise ValueError(
                f"table must have rows of patients entered, patients pending and letters, not {shown(table)}"
            )
        for n, c, letters in table:
            yield n, c, letters
        return
    for n, by_pending in table.items():
        if isinstance(by_pending, Mapping):
            for c, letters in by_pending.items():
                yield n, c, letters
        else:
            yield n, 0, by_pending


def _row(entered: object, pending: object, letters: object) -> tuple[int, int, str]:
    try:
        n, c, written = int(str(entered)), int(str(pending)), str(letters).strip().upper()
    except ValueError:
        raise ValueError(
            f"table must map numbers of patients entered and pending to letters, not {shown(entered)}, {shown(pending)}"
        ) from None
    if n > _MOST_ENTERED:
        raise ValueError(
            f"table must have at most {_MOST_ENTERED} patients entered at a level where it says what happens while "
            f"some are pending, not {shown(n)}"
        )
    if n < 1 or not 0 <= c <= n:
        raise ValueError(f"table must have at least one patient entered and no more pending, not {_who(n, c)}")
    if not 1 <= len(written) <= n - c + 1:
        raise ValueError(
            f"table row for {_who(n, c)} must have at most {n - c + 1} letters, for 0 to {counted(n - c, 'DLT')}, "
            f"not {shown(written)}"
        )
    if set(written) - set(LETTERS) - {"-"}:
        raise ValueError(
            f"table row for {_who(n, c)} must hold the letters {', '.join(LETTERS)} and - only, not {shown(written)}"
        )
    said = written.replace("-", "")
    if list(said) != sorted(said, key=LETTERS.index):
        raise ValueError(f"table row for {_who(n, c)} must not become milder with more DLTs, as {shown(written)} does")
    return n, c, written


def _who(n: int, c: int) -> str:
    return f"{counted(n, 'patient')}, {c} pending"


def _patients(state: State) -> str:
    n, y, c = state
    return f"{counted(n, 'patient')}, {counted(y, 'DLT')}, {c} pending"
