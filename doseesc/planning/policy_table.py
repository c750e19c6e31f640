"""What the best policy does, in as small a table as it fits in, and where it decides otherwise than other designs.

A rule that a ward can follow looks at the level in use, the patients treated there and their DLTs.  Where the best
policy always decides the same at these, they are all one needs; where it does not, the fewest further numbers are
sought that tell its decisions apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from designs import Design, Tally
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines import Visits, row_keys, visited_states
from doseesc.planning.optimal_design import OptimalDesign


class PolicyCell(NamedTuple):
    """What the policy does at one level after so many DLTs in so many patients there.

    ``moves`` are the levels it goes to (0 = it stops), the commonest first, and ``shares`` how often it does;
    ``chance`` is the probability that a trial comes to decide here at all, summed over its decisions; ``needs`` names
    the further numbers that tell its moves apart, none where there is but one.
    """

    level: int
    n: int
    dlt: int
    moves: tuple[int, ...]
    shares: tuple[float, ...]
    chance: float
    needs: tuple[str, ...]


@dataclass(frozen=True)
class PolicyTable:
    """The smallest table of a policy.

    Attributes
    ----------
    cells : list of PolicyCell
        By level, patients and DLTs there.
    decisions : float
        Expected number of decisions in a trial.
    by_counts : float
        Share of them that the counts at the level in use settle.
    levels_alike : bool
        Whether the move, up, down or on, is the same at every level where those counts are, as in an interval design.
    """

    cells: list[PolicyCell]
    decisions: float
    by_counts: float
    levels_alike: bool


@dataclass(frozen=True)
class Differences:
    """Where another design decides otherwise at the states that the policy comes to.

    Attributes
    ----------
    decisions : float
        Expected number of the policy's decisions in a trial.
    higher, lower, stops, goes_on : float
        Expected number of those at which the other treats at a higher or lower level, stops where the policy goes on,
        or goes on where it stops.
    examples : list of (Tally, int, int, float)
        The commonest of these states, the policy's level and the other's (0 = stop), and the state's probability.
    """

    decisions: float
    higher: float
    lower: float
    stops: float
    goes_on: float
    examples: list[tuple[Tally, int, int, float]]

    @property
    def share(self) -> float:
        """Share of the decisions that differ."""
        differing = self.higher + self.lower + self.stops + self.goes_on
        return differing / self.decisions if self.decisions else 0.0


def policy_table(optimum: OptimalDesign) -> PolicyTable:
    """Return the smallest table that reproduces the best policy."""
    visits = visited_states(optimum.design)
    chance = _chances(optimum, visits)
    tally, goes = visits.tally, visits.decision.level
    own = np.column_stack([tally.level, tally.current_n, tally.current_dlt])
    cells: list[PolicyCell] = []
    settled = 0.0
    key = row_keys(own)
    for value in np.unique(key):
        rows = np.flatnonzero(key == value)
        moves, place = np.unique(goes[rows], return_inverse=True)
        weight = np.bincount(place, weights=chance[rows])
        order = np.argsort(-weight, kind="stable")
        total = float(weight.sum())
        needs = () if len(moves) == 1 else _needs(tally.take(rows), goes[rows])
        settled += total if len(moves) == 1 else 0.0
        shares = tuple((weight[order] / total).tolist()) if total > 0 else (0.0,) * len(moves)
        level, n, dlt = own[rows[0]].tolist()
        cells.append(PolicyCell(level, n, dlt, tuple(moves[order].tolist()), shares, total, needs))
    cells.sort(key=lambda cell: cell[:3])
    decisions = float(chance.sum())
    return PolicyTable(cells, decisions, settled / decisions if decisions else 1.0, _alike(cells))


def differences(optimum: OptimalDesign, other: Design, examples: int = 3) -> Differences:
    """Return where another design decides otherwise than the best policy, each state weighted by its probability.

    Parameters
    ----------
    other : Design
        For the same doses.
    examples : int
        How many of the commonest states to tell.
    """
    visits = visited_states(optimum.design, other.needed_memory)
    chance = _chances(optimum, visits)
    ours, theirs = visits.decision.level, other.decide(visits.tally).level
    both = (ours > 0) & (theirs > 0)

    def expected(where: BoolArray) -> float:
        return float(chance[where].sum())

    differs = np.flatnonzero(ours != theirs)
    commonest = differs[np.argsort(-chance[differs], kind="stable")][:examples]
    told = [
        (visits.tally.take(np.array([row])), int(ours[row]), int(theirs[row]), float(chance[row]))
        for row in commonest.tolist()
    ]
    return Differences(
        float(chance.sum()),
        expected(both & (theirs > ours)),
        expected(both & (theirs < ours)),
        expected((ours > 0) & (theirs == 0)),
        expected((ours == 0) & (theirs > 0)),
        told,
    )


def _chances(optimum: OptimalDesign, visits: Visits) -> FloatArray:
    """Return the probability under the prior that a trial comes to each state."""
    result: FloatArray = visits.orders * optimum.policy.stakes.shares(visits.tally.n, visits.tally.dlt)[1]
    return result


def _needs(tally: Tally, goes: IntArray) -> tuple[str, ...]:
    """Return the fewest further numbers that tell moves apart, of states with the same level and counts there."""
    features = {"patients so far": tally.total_n}
    level = int(tally.level[0])
    for name, at in (("the level above", level + 1), ("the level below", level - 1)):
        if 1 <= at <= tally.n_doses:
            features[f"patients at {name}"] = tally.n[:, at - 1]
            features[f"DLTs at {name}"] = tally.dlt[:, at - 1]
    for count in range(1, len(features) + 1):
        for names in combinations(features, count):
            if _tells_apart([features[name] for name in names], goes):
                return names
    return ("the counts at all levels",)


def _tells_apart(columns: list[IntArray], goes: IntArray) -> bool:
    key = row_keys(np.column_stack(columns).astype(np.int64))
    return len(np.unique(key)) == len(np.unique(np.stack([key, goes]), axis=1).T)


def _alike(cells: list[PolicyCell]) -> bool:
    moves: dict[tuple[int, int], set[int]] = {}
    for cell in cells:
        steps = {move - cell.level if move else -1000 for move in cell.moves}
        moves.setdefault((cell.n, cell.dlt), set()).update(steps)
    return all(len(steps) == 1 for steps in moves.values())
