"""Which design is best by the study's own criterion, whether it is ahead, and what would change that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.results.criterion import Standing, scenario_weights, standing

if TYPE_CHECKING:
    from doseesc.results.cells import Cells
    from doseesc.study import Study

_WEIGHTINGS = 20_000  # spread evenly: shares of them are right to a fraction of a point
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Leaders:
    """The designs that lead by some criterion, and what each design scores by it.

    Attributes
    ----------
    designs : tuple of str
        The best, and those that differ from it by no more than the margin; the best first.
    scores : dict of str to float
    """

    designs: tuple[str, ...]
    scores: dict[str, float]

    @property
    def ahead(self) -> str | None:
        """The design that is ahead of all others; None where several are called equal."""
        return self.designs[0] if len(self.designs) == 1 else None

    @property
    def by_score(self) -> list[str]:
        """All designs, the one that scores best first."""
        return sorted(self.scores, key=lambda name: -self.scores[name])


@dataclass(frozen=True)
class Shift:
    """The smallest change of the weights of the true MTDs that brings another design level with the best.

    Attributes
    ----------
    design : str
        The other design.
    moved : float
        What must be moved, of a total weight of 1.
    away, to : dict of int to float
        The true MTDs (0 = none) from which it is moved, and to which.
    """

    design: str
    moved: float
    away: dict[int, float]
    to: dict[int, float]


@dataclass(frozen=True)
class Verdict:
    """What the comparison of designs comes to.

    Attributes
    ----------
    standing : Standing
        The figures, and the criterion.
    leaders : Leaders
        By the study's criterion.
    margin : float
        Differences up to which designs are called equal.
    otherwise : dict of str to Leaders
        By other criteria: ``"scenarios"`` and ``"true_mtds"`` (the weights), ``"worst_case"``; the study's own is not
        among them.
    shares : dict of str to float
        Of all weightings of the true MTDs, the share in which each design is best; empty where there is only one.
        Designs that reach the same under each true MTD are best together, and each has the whole of their share.
    shift : Shift or None
        What is nearest; None where no weighting brings another design level, or designs are judged by the worst case.
    penalties : tuple of (float, str)
        The points of correct selection that a point of overdosing must cost for another design to lead, from the
        study's own upwards, and that design.
    """

    standing: Standing
    leaders: Leaders
    margin: float
    otherwise: dict[str, Leaders]
    shares: dict[str, float]
    shift: Shift | None
    penalties: tuple[tuple[float, str], ...]

    @property
    def safest_leader(self) -> str:
        """The design that is ahead; where several are called equal, of these the one that overdoses least."""
        own = self.standing
        overdose = dict(zip(own.designs, own.mean(own.overdose).tolist(), strict=True))
        return min(self.leaders.designs, key=lambda name: overdose[name])

    @property
    def shared(self) -> list[tuple[tuple[str, ...], float]]:
        """Designs that reach the same under each true MTD, with the share of weightings in which they are best.

        The largest share first; in all 1.
        """
        levels = _alike(self.standing)
        groups = dict.fromkeys(levels)
        own = [
            tuple(name for name, each in zip(self.standing.designs, levels, strict=True) if each == k) for k in groups
        ]
        return sorted(((names, self.shares[names[0]]) for names in own if self.shares), key=lambda each: -each[1])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        own = self.standing
        return {
            "weights": dict(zip(own.scenarios, own.weights.tolist(), strict=True)),
            "penalty": own.price,
            "worst_case": own.worst_case,
            "margin": self.margin,
            "scores": self.leaders.scores,
            "leaders": list(self.leaders.designs),
            "ahead": self.leaders.ahead,
            "otherwise": {name: list(each.designs) for name, each in self.otherwise.items()},
            "share_of_weightings": self.shares,
            "nearest_change": None
            if self.shift is None
            else {
                "design": self.shift.design,
                "weight_moved": self.shift.moved,
                "away_from": {str(level): moved for level, moved in self.shift.away.items()},
                "to": {str(level): moved for level, moved in self.shift.to.items()},
            },
            "penalties": [{"penalty": penalty, "design": design} for penalty, design in self.penalties],
        }


def verdict_of(study: Study, cells: Cells) -> Verdict:
    """Judge designs as their study says."""
    own = standing(study, cells)
    margin = study.comparison.margin
    return Verdict(
        own,
        leaders(own, margin),
        margin,
        _otherwise(own, study.comparison.weights, margin),
        _shares(own),
        None if own.worst_case else _shift(own),
        () if own.worst_case else _penalties(own),
    )


def leaders(own: Standing, margin: float) -> Leaders:
    """Return who leads: the best, and those that differ by no more than the margin or two standard errors."""
    scores = own.scores
    order = np.argsort(-scores, kind="stable")
    best = order[0]
    noise = 2 * np.sqrt(_variance(own, best) + np.array([_variance(own, each) for each in range(len(scores))]))
    equal = scores[best] - scores <= np.maximum(margin, noise) + _ROUNDING
    named = dict(zip(own.designs, scores.tolist(), strict=True))
    return Leaders(tuple(own.designs[each] for each in order if equal[each]), named)


def _variance(own: Standing, design: int) -> float:
    if own.worst_case:
        return float(own.error[design, np.argmin(np.where(own.weights > 0, own.values[design], np.inf))] ** 2)
    return float(own.weights**2 @ own.error[design] ** 2)


def _otherwise(own: Standing, weights: str | dict[str, float], margin: float) -> dict[str, Leaders]:
    found = {}
    for name in ("true_mtds", "scenarios"):
        if own.worst_case or weights != name:
            changed = scenario_weights(name, own.scenarios, own.true_mtds)
            found[name] = leaders(replace(own, weights=changed, worst_case=False), margin)
    if not own.worst_case:
        found["worst_case"] = leaders(replace(own, worst_case=True), margin)
    return found


def _shares(own: Standing) -> dict[str, float]:
    """Return the share of all weightings of the true MTDs in which each design is best."""
    levels, reached = own.by_true_mtd
    if len(levels) == 1 or len(own.designs) == 1:
        return {}
    best = (_weightings(len(levels)) @ reached.T).argmax(axis=1)
    share = np.bincount(best, minlength=len(own.designs)) / len(best)
    alike = np.array(_alike(own))
    return {name: float(share[alike == first].sum()) for name, first in zip(own.designs, alike, strict=True)}


def _alike(own: Standing) -> list[int]:
    """Return of each design the first that reaches the same under each true MTD, by its place."""
    reached = own.by_true_mtd[1]
    same = np.abs(reached[:, None] - reached[None]).max(axis=2) <= _ROUNDING
    return [int(row.argmax()) for row in same]


def _weightings(count: int) -> FloatArray:
    """Return weightings of so many things, spread evenly over all there are, (N, count).

    The gaps between sorted points that lie evenly in a cube, here multiples of powers of the generalised golden ratio,
    lie evenly among all weightings.
    """
    size = count - 1
    ratio = 2.0
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / (size + 1))
    steps = ratio ** -np.arange(1.0, size + 1)
    cube = np.sort((0.5 + np.arange(1, _WEIGHTINGS + 1)[:, None] * steps) % 1.0, axis=1)
    return np.diff(cube, axis=1, prepend=0.0, append=1.0)


def _shift(own: Standing) -> Shift | None:
    """Return the nearest weighting of the true MTDs in which another design is level with the best."""
    levels, reached = own.by_true_mtd
    weights = np.array([own.weights[own.true_mtds == level].sum() for level in levels])
    best = int(np.argmax(reached @ weights))
    found: list[Shift] = []
    for other in range(len(own.designs)):
        if other != best:
            shift = _moved(reached[best] - reached[other], weights)
            if shift is not None:
                away = {int(levels[place]): amount for place, amount in shift.items() if amount > 0}
                to = {int(levels[place]): -amount for place, amount in shift.items() if amount < 0}
                found.append(Shift(own.designs[other], sum(away.values()), away, to))
    return min(found, key=lambda each: each.moved) if found else None


def _moved(lead: FloatArray, weights: FloatArray) -> dict[int, float] | None:
    """Return what to take from each place (below 0: to give to it) so that a lead (K,) is nothing on average.

    The least is moved if it goes from where the lead is greatest to where it is smallest.
    """
    to = int(np.argmin(lead))
    if lead[to] >= 0:
        return None
    left = float(lead @ weights)
    moved: dict[int, float] = {}
    for place in np.argsort(-lead, kind="stable"):
        gain = float(lead[place] - lead[to])
        if left <= _ROUNDING or gain <= 0:
            break
        amount = min(float(weights[place]), left / gain)
        if amount > 0:
            moved[int(place)] = amount
            left -= amount * gain
    return moved | {to: -sum(moved.values())} if moved else {}


def _penalties(own: Standing) -> tuple[tuple[float, str], ...]:
    """Return from which penalties on, above the study's own, which other design is best."""
    correct, overdose = own.mean(own.correct), own.mean(own.overdose)
    at = own.price
    best = int(np.argmax(correct - at * overdose))
    found: list[tuple[float, str]] = []
    while True:
        safer = np.flatnonzero(overdose < overdose[best] - _ROUNDING)
        if not len(safer):
            return tuple(found)
        crossing = (correct[best] - correct[safer]) / (overdose[best] - overdose[safer])
        first = int(np.lexsort((overdose[safer], crossing))[0])
        at, best = max(at, float(crossing[first])), int(safer[first])
        found.append((at, own.designs[best]))
