"""Walk everything a trial under given rules may come to, see :mod:`doseesc.engines.lattice`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from designs import (
    HardSafety,
    MinimumAtMTD,
    MinimumPatients,
    NoSkipping,
    SelectTried,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
)
from designs.arrays import IntArray
from designs.at_will import Proposing, StopAtWill
from designs.rules import AdmissibilityRule, Rule, SelectionRule, StoppingRule
from designs.tally import MEMORY, Tally
from designs.tally_keys import TallyKeys
from doseesc.engines.lattice import IMPOSSIBLE, STOP, Lattice, Moves, Rung
from doseesc.engines.states import TooManyStates

LATTICE_LIMIT = 4 * 2**30
"""Bytes that a lattice may take, about, unless told otherwise."""

_BLOCK = 2**16  # nodes decided at a time
_BY_COUNTS = (
    HardSafety,
    StopTooToxic,
    SelectTried,
    MinimumAtMTD,
)  # rules of selection that see patients and DLTs alone
_LEVEL_FREE = (*_BY_COUNTS, MinimumPatients, StopAtDose, StopAtRecommended, StopAtWill)  # the level in use is all one


def walk_lattice(
    rules: tuple[Rule, ...],
    *,
    target: float,
    n_doses: int,
    max_n: int,
    cohort_size: int = 3,
    start_level: int = 1,
    memory_limit: int = LATTICE_LIMIT,
    progress: Callable[[int, int], None] | None = None,
) -> Lattice:
    """Walk from where nobody has been treated to all ends.

    Parameters
    ----------
    rules : tuple of Rule
        The constraints.
    target, n_doses, max_n, cohort_size, start_level
        As for :class:`designs.Design`; the target is that of rules without their own.
    memory_limit : int
        Bytes that the lattice may take, about.
    progress : callable, optional
        Called with the patients treated in the nodes at hand, and the most of the trial.

    Raises
    ------
    TooManyStates
        If it would be larger; at once where that is beyond doubt.
    ValueError
        If a rule cannot go with such a trial.
    """
    proposing = [
        Proposing(
            proposal=level,
            target=target,
            n_doses=n_doses,
            max_n=max_n,
            cohort_size=cohort_size,
            start_level=start_level,
            rules=rules,
        )
        for level in range(n_doses + 1)
    ]
    design = proposing[0]
    _refuse_hopeless(n_doses, max_n, cohort_size, memory_limit)
    free = all(map(_level_free, design.all_rules()))
    try:
        keys = TallyKeys(n_doses, max_n, not free, design.needed_memory)
    except ValueError as error:
        raise TooManyStates(f"backward induction {error}; {_REMEDY}") from None
    walk = _Walk(proposing, keys, memory_limit)
    while walk.arrived:
        patients = min(walk.arrived)
        if progress is not None:
            progress(patients, max_n)
        walk.step(patients)
    return Lattice(proposing, keys, walk.rungs)


_REMEDY = "choose larger cohorts, fewer patients or doses, or rules that leave fewer choices"


class _Walk:
    def __init__(self, proposing: list[Proposing], keys: TallyKeys, memory_limit: int) -> None:
        self.design, self.proposing, self.keys, self._limit = proposing[0], proposing, keys, memory_limit
        # At the end of the trial rules of selection alone are asked.
        self._ends_by_counts = not keys.memory and all(map(_selects_by_counts, self.design.all_rules()))
        self._lasting_names = [name for name in keys.memory if name in ("cohorts", "cohorts_in_a_row")]
        self.rungs: dict[int, Rung] = {}
        self.arrived: dict[int, list[tuple[Moves, IntArray]]] = defaultdict(list)
        start = Moves(np.zeros(1, dtype=np.int64), 0, np.zeros((1, 1), dtype=np.int32))
        empty = Tally.empty(self.design.n_doses)
        self.arrived[0].append((start, keys.of(empty)[None]))

    def step(self, patients: int) -> None:
        """Make the rung of so many patients."""
        arrivals = self.arrived.pop(patients)
        nodes = np.sort(np.concatenate([reached.ravel() for _, reached in arrivals]))
        nodes = nodes[np.concatenate([[True], nodes[1:] != nodes[:-1]])]
        for moves, reached in arrivals:
            for dlt, row in enumerate(reached):
                moves.following[dlt] = np.searchsorted(nodes, row)
        leads_to, sizes = self._decided(nodes, patients)
        self.rungs[patients] = rung = Rung(nodes, leads_to, [], 0)
        self._make_moves(rung, sizes, patients)
        held = sum(each.nbytes for each in self.rungs.values())
        held += sum(reached.nbytes for several in self.arrived.values() for _, reached in several)
        if held > self._limit:
            held_nodes = sum(len(each.keys) for each in self.rungs.values())
            raise TooManyStates(
                f"backward induction needs more than {self._limit / 2**30:.2g} GiB: {held_nodes:,} states up to "
                f"{patients} of {self.design.max_n} patients; {_REMEDY}"
            )

    def _decided(self, nodes: IntArray, patients: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int16]]:
        """Return level and size of the cohort (S, J + 1) that each proposal leads to; level 0 stops, -1 cannot be."""
        shape = len(nodes), len(self.proposing)
        if patients >= self.design.max_n:  # whatever is proposed, the trial ends
            return np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int16)
        level, size = np.empty(shape, dtype=np.int32), np.empty(shape, dtype=np.int16)
        for start in range(0, len(nodes), _BLOCK):
            rows = slice(start, start + _BLOCK)
            tally = self.keys.tally(nodes[rows])
            for proposal, design in enumerate(self.proposing):
                decision = design.decide(tally)
                level[rows, proposal], size[rows, proposal] = decision.level, decision.cohort_size
        level[:, 0][level[:, 0] > 0] = -1  # a stop that is held back
        return level, size

    def _make_moves(self, rung: Rung, sizes: npt.NDArray[np.int16], patients: int) -> None:
        """Replace the decisions in ``rung.leads_to`` by the numbers of their moves, and see where these lead."""
        level, keys = rung.leads_to, self.keys
        going = level > 0
        if not going.any():
            level[~going] = np.where(level[~going] < 0, IMPOSSIBLE, STOP)
            return
        counts = rung.keys // keys.context_radix
        new_tally = np.concatenate([[True], counts[1:] != counts[:-1]])
        owner = np.cumsum(new_tally) - 1  # the tally of each node
        lasting = self._lasting(rung, level)
        used_sizes = np.flatnonzero(np.bincount(sizes[going]))
        wide = len(used_sizes) * (1 if lasting is None else len(lasting[0]))
        slot = np.searchsorted(used_sizes, sizes) if len(used_sizes) > 1 else np.zeros(1, dtype=np.int64)
        if lasting is not None:
            slot = slot * len(lasting[0]) + lasting[1]
        number = (owner[:, None] * self.design.n_doses + (level - 1)) * wide + slot
        used = np.zeros((owner[-1] + 1) * self.design.n_doses * wide, dtype=np.bool_)
        used[number[going]] = True
        place = np.cumsum(used) - 1
        impossible = level < 0
        level[going] = place[number[going]]
        level[~going] = STOP
        level[impossible] = IMPOSSIBLE
        move = np.flatnonzero(used)
        rung.n_moves = len(move)
        tally_of, rest = np.divmod(move, self.design.n_doses * wide)
        dose, rest = np.divmod(rest, wide)
        first = counts[new_tally][tally_of]  # the tally's own number, without a context
        size_of, memory_of = np.divmod(rest, 1 if lasting is None else len(lasting[0]))
        pair = first // (keys.place[dose] // keys.context_radix) % keys.radix
        n, dlt = keys.counts_of(pair)
        for place_of_size, size in enumerate(used_sizes.tolist()):
            rows = np.flatnonzero(size_of == place_of_size)
            context = self._contexts(dose[rows] + 1, size, memory_of[rows], lasting, patients + size)
            base = first[rows] * keys.context_radix
            reached = np.empty((size + 1, len(rows)), dtype=np.int64)
            for k in range(size + 1):
                change = keys.pair(n[rows] + size, dlt[rows] + k) - pair[rows]
                reached[k] = base + change * keys.place[dose[rows]] + context[k]
            moves = Moves(rows, size, np.empty(reached.shape, dtype=np.int32))
            rung.moves.append(moves)
            self.arrived[patients + size].append((moves, reached))

    def _lasting(self, rung: Rung, level: IntArray) -> tuple[IntArray, IntArray] | None:
        """Return distinct values (V, names) of memory that builds on older memory, and which apply (S, J + 1)."""
        names = self._lasting_names
        if not names:
            return None
        tally = self.keys.tally(rung.keys)
        moved = level != tally.level[:, None]
        nothing = np.zeros(1, dtype=np.int64)
        after = [MEMORY[name](tally.memory[name][:, None], moved, nothing, nothing) for name in names]
        rows = np.stack([np.broadcast_to(each, level.shape).ravel() for each in after], axis=1)
        values, which = np.unique(rows, axis=0, return_inverse=True)
        return values, which.reshape(level.shape)

    def _contexts(
        self,
        level: IntArray,
        size: int,
        memory_of: IntArray,
        lasting: tuple[IntArray, IntArray] | None,
        patients: int,
    ) -> list[IntArray]:
        """Return the numbers of the contexts after 0, 1, ... DLTs."""
        if self._ends_by_counts and patients >= self.design.max_n:
            return [np.zeros(len(level), dtype=np.int64)] * (size + 1)
        known = {"last_n": np.full(len(level), size)}
        if lasting is not None:
            known |= {name: lasting[0][memory_of, column] for column, name in enumerate(self._lasting_names)}
        return [self.keys.context(level, known | {"last_dlt": np.full(len(level), k)}) for k in range(size + 1)]


def _selects_by_counts(rule: Rule) -> bool:
    """Tell whether, at the end of a trial, the rule sees patients and DLTs alone."""
    safety = isinstance(rule, StoppingRule) and rule.selects_none
    return isinstance(rule, _BY_COUNTS) or not (isinstance(rule, AdmissibilityRule | SelectionRule) or safety)


def _level_free(rule: Rule) -> bool:
    """Tell whether the rule is the same whatever the level in use."""
    if isinstance(rule, NoSkipping):
        return rule.reference == "highest_tried" and not rule.down
    return type(rule) in _LEVEL_FREE


def most_tallies(n_doses: int, max_n: int, cohort_size: int) -> float:
    """Return how many tallies there are with every lower dose tried, which a lattice has about: before any walk.

    Examples
    --------
    >>> most_tallies(3, 18, 3), most_tallies(2, 2, 1)
    (5040.0, 10.0)
    """
    cohorts = max_n // cohort_size
    outcomes = np.array([0.0, *(cohort_size * c + 1.0 for c in range(1, cohorts + 1))])
    ways, total = np.array([1.0]), 1.0
    for _ in range(n_doses):
        ways = np.convolve(ways, outcomes)[: cohorts + 1]
        total += float(ways.sum())
    return total


def _refuse_hopeless(n_doses: int, max_n: int, cohort_size: int, memory_limit: int) -> None:
    """Refuse at once what would take many times the memory, were every tally with its lower doses tried reached."""
    total = most_tallies(n_doses, max_n, cohort_size)
    needed = total * 4 * (n_doses + 1 + 2)
    if needed > 10 * memory_limit:
        raise TooManyStates(
            f"backward induction would need about {needed / 2**30:,.0f} GiB, more than {memory_limit / 2**30:.2g} GiB: "
            f"{n_doses} doses and {max_n} patients in cohorts of {cohort_size} have about {total:,.0f} tallies; "
            f"{_REMEDY}"
        )
