"""The worst truth for a design: the monotone curve under which it does least well.

Least chance of correct selection
    Among the curves whose true MTD is level j and stands out by a separation d, that is

        p_1 <= ... <= p_{j-1} <= target - d,    |p_j - target| <= band,    target + d <= p_{j+1} <= ... <= p_J,

    with band < d, so that level j is the dose nearest the target (band 0: exactly at it).  For "no MTD", level 0, all
    doses have p >= target + margin + d.  Without a separation there is no worst case: two doses with nearly the same p
    cannot be told apart.  This is the indifference zone of ranking and selection (Bechhofer 1954, Ann Math Stat
    25:16-39), around the target whatever the study's rule for the true MTD; the curve is the least favourable one.

Greatest chance of selecting a dose that is too toxic
    Among the curves with p_{m-1} <= bound <= p_m, for each level m, the chance of selecting level m or higher: doses
    at the bound itself count as too toxic, since the chance as a function of p has its supremum there.

With a bound on the rise from one dose to the next, ``p_{j+1} - p_j <= steepest``, both look at such curves only.
Without it the worst curve may jump from 0 to 1, which no drug is likely to do.

Each is a polynomial over a convex polytope; see :mod:`doseesc.planning.extreme_curve` for how its extreme is sought.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from designs.checks import require_number, require_probability, require_whole
from doseesc.engines import MEMORY_LIMIT, OperatingCharacteristics, Paths, Polynomial, enumerate_paths
from doseesc.planning.extreme_curve import Block, extreme_curve
from doseesc.planning.worst_truths import WorstCase, WorstCases, WorstTruth
from doseesc.study import bounded

if TYPE_CHECKING:
    from doseesc.study import Study


_AGREE = 1e-9  # by how much the polynomial and characteristics() may differ


def worst_cases(
    study: Study,
    designs: Sequence[str] | None = None,
    *,
    separation: float = 0.05,
    band: float = 0.0,
    bound: float | None = None,
    starts: int = 12,
    seed: int = 1,
    begin: Sequence[Sequence[float] | FloatArray] = (),
    steepest: float | None = None,
    memory_limit: int = MEMORY_LIMIT,
    progress: Callable[[int, int], None] | None = None,
    enumerating: Callable[[str, int, int], None] | None = None,
) -> WorstCases:
    """Find the truths under which designs of a study do least well.

    Parameters
    ----------
    study : Study
    designs : sequence of str, optional
        Their names; by default all.
    separation, band, starts, seed, begin, steepest
        As for :func:`correct_selection_worst_case`.
    bound : float, optional
        DLT probability from which a dose is too toxic; by default the target plus the margin of the true MTD.
    memory_limit : int
        Bytes that an enumeration may use.
    progress : callable, optional
        Called with the designs done and the designs in all.
    enumerating : callable, optional
        Called with a design's name, the patients treated and the most of its trial, while it is enumerated.

    Raises
    ------
    ValueError
        If an argument is out of range; the message begins with its name.
    ScenarioError
        If a design is too large to be enumerated.
    """
    margin = study.true_mtd_rule.margin
    limit = study.target + margin if bound is None else bound
    names = list(study.designs) if designs is None else list(designs)
    found = {}
    for done, name in enumerate(names):
        if progress is not None:
            progress(done, len(names))
        told = None if enumerating is None else partial(enumerating, name)
        with bounded(study, name):
            paths = enumerate_paths(study.designs[name], memory_limit=memory_limit, progress=told)
        correct = correct_selection_worst_case(
            paths,
            target=study.target,
            separation=separation,
            band=band,
            margin=margin,
            starts=starts,
            seed=seed,
            begin=begin,
            steepest=steepest,
        )
        toxic = too_toxic_worst_case(paths, bound=limit, starts=starts, seed=seed, begin=begin, steepest=steepest)
        found[name] = correct, toxic
    return WorstCases(study, separation, band, limit, found, steepest)


def correct_selection_worst_case(
    paths: Paths,
    *,
    target: float | None = None,
    separation: float = 0.05,
    band: float = 0.0,
    margin: float = 0.1,
    levels: Sequence[int] | None = None,
    starts: int = 12,
    seed: int = 1,
    begin: Sequence[Sequence[float] | FloatArray] = (),
    steepest: float | None = None,
) -> WorstCase:
    """Find the curves, well separated around the MTD, under which correct selection is least likely.

    Parameters
    ----------
    paths : Paths
        From :func:`doseesc.enumerate_paths`.
    target : float, optional
        Target DLT probability; by default the design's.
    separation : float
        Least distance from the target of the doses below and above the MTD.
    band : float
        How far from the target the MTD itself may be, less than ``separation``.
    margin : float
        No dose is the MTD where all exceed ``target + margin + separation``.
    levels : sequence of int, optional
        True MTDs to look at, 0 = none; by default all that the separation allows.
    starts : int
        Curves refined per level.
    seed : int
        Seed of the random starting curves: the same seed gives the same answer.
    begin : sequence of array, shape (J,)
        Curves from which the search begins, too, each moved into the class of curves that is looked at.
    steepest : float, optional
        Largest rise of the DLT probability from one dose to the next, at least the separation; by default any.

    Raises
    ------
    ValueError
        If an argument is out of range; the message begins with its name.

    Examples
    --------
    >>> from designs import BOIN
    >>> from doseesc.engines import enumerate_paths
    >>> paths = enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18))
    >>> worst = correct_selection_worst_case(paths, separation=0.1, levels=[2]).overall
    >>> worst.probabilities.round(3), round(worst.value, 3)
    (array([0.15, 0.25, 0.35]), 0.438)
    """
    n_doses = paths.design.n_doses
    target = paths.design.target if target is None else target
    if target is None:
        raise ValueError("target must be given: the design has none of its own")
    require_probability("target", target)
    if not 0 < require_number("separation", separation) <= min(target, 1 - target):
        raise ValueError(f"separation must be above 0 and leave room around the target {target:g}, not {separation!r}")
    if not 0 <= require_number("band", band) < separation:
        raise ValueError(f"band must be at least 0 and less than the separation {separation:g}, not {band!r}")
    require_probability("margin", margin, closed=True)
    require_whole("starts", starts, 1)
    require_whole("seed", seed, 0)
    first, steep = _begun(begin, n_doses), _steepest(steepest, separation)
    no_mtd_from = target + margin + separation
    possible = range(0 if no_mtd_from <= 1 else 1, n_doses + 1)
    chosen = list(possible) if levels is None else list(levels)
    for level in chosen:
        if level not in possible:
            raise ValueError(f"levels must lie between {possible[0]} and {n_doses}, not {level!r}")
    found = []
    for level in chosen:
        if level == 0:
            blocks = [Block(n_doses, no_mtd_from, 1.0)]
        else:
            below, above = Block(level - 1, 0.0, target - separation), Block(n_doses - level, target + separation, 1.0)
            blocks = [below, Block(1, target - band, target + band), above]
        figure = paths.polynomial(paths.selected == level)
        curve = extreme_curve(figure, blocks, sign=-1, starts=starts, seed=seed, begin=first, steepest=steep)
        oc = paths.characteristics(curve, target=target, true_mtd=level)
        found.append(_verified(level, figure, curve, oc, oc.correct_selection))
    rated = [worst for worst in found if worst.level] or found
    return WorstCase("correct_selection", tuple(found), min(rated, key=lambda worst: worst.value))


def too_toxic_worst_case(
    paths: Paths,
    *,
    bound: float,
    levels: Sequence[int] | None = None,
    starts: int = 12,
    seed: int = 1,
    begin: Sequence[Sequence[float] | FloatArray] = (),
    steepest: float | None = None,
) -> WorstCase:
    """Find the curves under which a dose whose DLT probability is at the bound or above is most likely selected.

    Parameters
    ----------
    paths : Paths
        From :func:`doseesc.enumerate_paths`.
    bound : float
        DLT probability from which a dose is too toxic.
    levels : sequence of int, optional
        Lowest levels that are too toxic; by default all.
    starts, seed, begin, steepest
        As for :func:`correct_selection_worst_case`.

    Raises
    ------
    ValueError
        If an argument is out of range; the message begins with its name.

    Examples
    --------
    >>> from designs import BOIN
    >>> from doseesc.engines import enumerate_paths
    >>> paths = enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18))
    >>> worst = too_toxic_worst_case(paths, bound=0.4).overall
    >>> worst.probabilities, round(worst.value, 3)
    (array([0. , 0.4, 0.4]), 0.696)
    """
    n_doses = paths.design.n_doses
    require_probability("bound", bound)
    require_whole("starts", starts, 1)
    require_whole("seed", seed, 0)
    first, steep = _begun(begin, n_doses), _steepest(steepest)
    found = []
    for level in range(1, n_doses + 1) if levels is None else levels:
        require_whole("levels", level, 1)
        if level > n_doses:
            raise ValueError(f"levels must lie between 1 and {n_doses}, not {level!r}")
        blocks = [Block(level - 1, 0.0, bound), Block(n_doses - level + 1, bound, 1.0)]
        figure = paths.polynomial(paths.selected >= level)
        curve = extreme_curve(figure, blocks, sign=1, starts=starts, seed=seed, begin=first, steepest=steep)
        oc = paths.characteristics(curve, true_mtd=level - 1)
        found.append(_verified(level, figure, curve, oc, oc.overdose_selection))
    return WorstCase("too_toxic_selection", tuple(found), max(found, key=lambda worst: worst.value))


def _begun(begin: Sequence[Sequence[float] | FloatArray], n_doses: int) -> list[FloatArray]:
    """Return the curves to begin from, checked."""
    curves = [np.asarray(each, float) for each in begin]
    for curve in curves:
        if curve.shape != (n_doses,) or not np.all((curve >= 0) & (curve <= 1)):
            raise ValueError(f"begin must hold curves of {n_doses} probabilities, not {curve.tolist()}")
    return curves


def _steepest(given: float | None, least: float = 0.0) -> float:
    """Return the largest rise allowed, checked; infinite where none is given."""
    if given is None:
        return math.inf
    if not max(least, 0.0) <= require_number("steepest", given) <= 1 or given == 0:
        lowest = f"above 0, at least the separation {least:g}" if least > 0 else "above 0"
        raise ValueError(f"steepest must be {lowest} and at most 1, not {given!r}")
    return float(given)


def _verified(
    level: int, figure: Polynomial, curve: FloatArray, oc: OperatingCharacteristics, value: float
) -> WorstTruth:
    """Return the curve found, evaluated anew from all ends of the design's trials."""
    if abs(value - figure(curve)[0]) > _AGREE:
        raise ArithmeticError(f"the optimum {figure(curve)[0]!r} is not confirmed: {value!r} on evaluation")
    return WorstTruth(level, float(value), curve, oc)
