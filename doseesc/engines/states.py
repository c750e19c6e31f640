"""Walk all reachable tallies of a design, equal ones merged, by number of patients treated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from math import comb
from typing import Any

import numpy as np
import numpy.typing as npt

from designs import Decision, Design, Tally
from designs.arrays import IntArray

MEMORY_LIMIT = 2 * 2**30
"""Bytes that a walk may use, about, unless told otherwise."""

_REMEDY = "use Monte Carlo, larger cohorts, or a higher memory limit"
_ENOUGH = 20_000  # states held before their growth is looked at
_SURE = 10.0  # by which a forecast must exceed the limit
_EVEN = 20  # patients from which nine tenths of them are not too few


class TooManyStates(RuntimeError):
    """The enumeration would need more memory than allowed."""


@dataclass(frozen=True)
class FinalStates:
    """Where a walk ends: terminal tallies, why each ended (codes of :class:`designs.Reason`), and states met."""

    batch: Batch
    reason_code: npt.NDArray[np.int8]
    n_states: int


def walk_states(
    design: Design,
    *,
    merge: bool = True,
    memory_limit: int = MEMORY_LIMIT,
    progress: Callable[[int, int], None] | None = None,
    decided: Callable[[Tally, Decision], None] | None = None,
) -> FinalStates:
    """Walk from where nobody has been treated to all ends.

    ``progress`` is called with the patients treated in the states at hand, and the most of the trial; ``decided`` with
    the states, and what is decided there.

    Raises
    ------
    TooManyStates
        If more memory would be needed than ``memory_limit`` bytes, about; as soon as that can be foreseen.
    """
    given = Tally.empty(design.n_doses)
    keep = design.needed_memory
    root = Tally(
        given.n.astype(np.int16),
        given.dlt.astype(np.int16),
        given.level,
        {name: given.recall(name) for name in keep},
    )
    waiting: dict[int, list[Batch]] = defaultdict(list)
    orders = np.ones(1, dtype=_orders_type(design.max_n))
    waiting[int(root.total_n[0])].append(Batch(root, orders, np.ones(1, dtype=np.int64)))
    ended: list[tuple[Batch, npt.NDArray[np.int8]]] = []
    n_states, rows_held = 0, 1
    # Sorting, deciding and selecting hold a few copies of what they work on.
    bytes_per_row = 4 * (4 * design.n_doses + 8 * (3 + len(keep)))
    growth = _Growth(design.max_n, memory_limit // bytes_per_row)
    while waiting:
        patients = min(waiting)
        if progress is not None:
            progress(patients, design.max_n)
        arrived = concatenate(waiting.pop(patients))
        batch = arrived.merged() if merge else arrived
        rows_held += batch.tally.size - arrived.tally.size
        n_states += batch.tally.size
        decision = design.decide(batch.tally)
        if decided is not None:
            decided(batch.tally, decision)
        stops = decision.level == 0
        if stops.any():
            ended.append((batch.take(stops), decision.reason_code[stops]))
        for size in np.flatnonzero(np.bincount(decision.cohort_size[~stops])).tolist():
            going = ~stops & (decision.cohort_size == size)
            rows_held += int(np.count_nonzero(going)) * size
            if rows_held * bytes_per_row > memory_limit:
                raise TooManyStates(
                    f"exact enumeration needs more than {memory_limit / 2**30:.2g} GiB: over {rows_held:,} states at "
                    f"{patients} of {design.max_n} patients; {_REMEDY}"
                )
            following = batch if going.all() else batch.take(going)
            waiting[patients + size].append(following.after_cohort(decision.level[going], size))
        foreseen = growth.foreseen(patients, rows_held)
        if foreseen is not None:
            raise TooManyStates(
                f"exact enumeration would need about {foreseen * bytes_per_row / 2**30:,.0f} GiB, more than "
                f"{memory_limit / 2**30:.2g} GiB: {rows_held:,} states at {patients} of {design.max_n} patients grow "
                f"to about {foreseen:,.0f}; {_REMEDY}"
            )
    codes = np.concatenate([code for _, code in ended])
    return FinalStates(concatenate([batch for batch, _ in ended]), codes, n_states)


@dataclass(frozen=True)
class Batch:
    """Tallies with the number of orders of single outcomes, and of cohort outcomes, that lead to each."""

    tally: Tally
    orders: npt.NDArray[np.floating[Any]]
    paths: npt.NDArray[Any]

    def take(self, index: npt.NDArray[Any]) -> Batch:
        """Return the rows at ``index``."""
        return Batch(self.tally.take(index), self.orders[index], self.paths[index])

    def after_cohort(self, level: IntArray, size: int) -> Batch:
        """Return all outcomes, 0..size DLTs, of one more cohort."""
        ways = np.array([self.orders.dtype.type(str(comb(size, k))) for k in range(size + 1)])
        paths = self.paths
        if paths.dtype != object and paths.sum(dtype=np.float64) * (size + 1) > 2.0**62:
            paths = paths.astype(object)
        orders = (ways[:, None] * self.orders).ravel()
        return Batch(self.tally.outcomes(level, size), orders, np.concatenate([paths] * (size + 1)))

    def merged(self) -> Batch:
        """Merge equal tallies, adding up their numbers of orders and paths."""
        tally = self.tally
        if tally.size == 1:
            return self
        # All have the same number of patients, so the last level's follows from the others'.
        columns = [tally.n[:, :-1], tally.dlt, tally.level[:, None], *(m[:, None] for m in tally.memory.values())]
        key = row_keys(np.concatenate(columns, axis=1))
        order = np.argsort(key)
        key = key[order]
        first = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]]))
        return Batch(
            tally.take(order[first]),
            np.add.reduceat(self.orders[order], first),
            np.add.reduceat(self.paths[order], first),
        )


class _Growth:
    """How the states held grow with the patients treated: about by a power, which falls where trials end."""

    def __init__(self, max_n: int, most: int) -> None:
        self._max_n, self._most = max_n, most
        self._held: dict[int, int] = {}

    def foreseen(self, patients: int, rows: int) -> float | None:
        """Return how many states there will be, where they are far too many, and None as long as that is not sure.

        Far: by the factor :data:`_SURE`, since growth slows down.
        """
        self._held[patients] = rows
        earlier = self._held.get(patients // 2)
        if rows < _ENOUGH or earlier is None or patients >= self._max_n:
            return None
        power = np.log2(rows / earlier)
        # Most states are held before many trials have ended; where they have, the last steps tell.
        last = self._held.get(patients * 9 // 10)
        if last is not None and patients >= _EVEN:
            power = min(power, np.log(rows / last) / np.log(patients / (patients * 9 // 10)))
        expected = float(rows * (self._max_n / patients) ** power)
        return expected if expected > _SURE * self._most else None


def _orders_type(max_n: int) -> type[np.floating[Any]]:
    """Return a type of number that holds 2 to the power ``max_n``."""
    for kind in (np.float64, np.longdouble):
        if max_n < np.finfo(kind).maxexp - 2:
            return kind
    raise TooManyStates(f"exact enumeration cannot count the orders of outcomes of {max_n:,} patients; use Monte Carlo")


def concatenate(batches: list[Batch]) -> Batch:
    """Put batches under one another."""
    if len(batches) == 1:
        return batches[0]
    return Batch(
        Tally.concatenate([batch.tally for batch in batches]),
        np.concatenate([batch.orders for batch in batches]),
        np.concatenate([batch.paths for batch in batches]),
    )


def row_keys(rows: IntArray) -> npt.NDArray[np.int64]:
    """Give each row of counts (S, C) a number, the same for equal rows only.

    Examples
    --------
    >>> row_keys(np.array([[2, 0, 1], [2, 0, 1], [0, 3, 1]]))
    array([17, 17,  7])
    """
    radix = rows.max(axis=0).astype(np.int64) + 1
    span = np.cumprod(radix[::-1].astype(np.float64))[::-1]
    if span[0] < 2.0**62:
        place = np.concatenate([np.cumprod(radix[:0:-1])[::-1], [1]])
        return rows @ place
    # Too many digits for one number: number the left and the right half afresh, then the pairs.
    middle = rows.shape[1] // 2
    halves = [np.unique(row_keys(half), return_inverse=True)[1] for half in (rows[:, :middle], rows[:, middle:])]
    return row_keys(np.column_stack(halves))
