"""Random monotone dose-toxicity curves: (count, J) arrays of true DLT probabilities from a random generator.

Pseudo-uniform (Clertant and O'Quigley 2017, J R Stat Soc B 79:1487-1508)
    1. Draw the MTD's level j with equal probabilities, or take the one given.
    2. Draw M ~ Beta(max(J - j, 1/2), 1) and set the upper bound B = target + (1 - target) M.
    3. Draw J sorted uniforms on [0, B], given that level j is the MTD.

    Step 3 is usually done by drawing until level j is the MTD by chance, which takes very long for the top dose of a
    long ladder.  Here the condition is met directly.  With d the distance of p_j from the target, the doses below lie
    in [0, target - d] and those above in [target + d, B], so the density of p_j is proportional to

        (target - d)^(j - 1) (B - target - d)^(J - j),

    which is largest at d = 0: p_j is drawn by rejection against a uniform, the others are then sorted uniforms.

Probit steps (Paoletti, O'Quigley and Maccario 2004, Comput Stat Data Anal 45:197-214, as in Liu and Yuan 2015, J R
Stat Soc C 64:507-523)
    The MTD's probit is normal around the target's; from there every step down or up is the square of a normal, and
    the first one is lengthened, where p_j misses the target, by what it takes for level j to stay the nearest.

Logistic
    logit p_j = a + b (j - 1), with a normal and b normal given b > 0.  By default a and b follow 155 published series
    of dose levels with their DLTs (the data set of github.com/brockk/dosefindingdata, rates shrunk by a hierarchical
    model; nearly all in oncology): P(DLT) at the lowest level has quartiles 0.028, 0.046, 0.075, the mean step of the
    logit from level to level 0.52, 0.76, 0.96.

Ordered uniform
    J sorted uniforms.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, ndtr, ndtri

from designs.arrays import FloatArray, IntArray
from designs.checks import require_number, require_probability, require_whole
from doseesc.truth.mtd import MtdRule


def pseudo_uniform(
    generator: np.random.Generator,
    count: int,
    *,
    n_doses: int,
    target: float,
    mtd: int | None = None,
    mtd_rule: MtdRule = "nearest",
    mtd_margin: float = 0.1,
) -> FloatArray:
    """Draw curves whose MTD is given, or drawn with equal probabilities, by the pseudo-uniform algorithm.

    Parameters
    ----------
    generator : numpy.random.Generator
    count : int
        Number of curves K.
    n_doses : int
        Number of dose levels J.
    target : float
        Target DLT probability.
    mtd : int, optional
        Level of the MTD; 0 for curves that are too toxic at every dose.  By default drawn from 1 to J.
    mtd_rule, mtd_margin
        What makes a level the MTD, see :func:`doseesc.truth.true_mtd`.  With ``"nearest"`` and a margin of 1 the
        algorithm is the published one; a smaller margin also bounds the lowest dose where that is the MTD.  With
        ``"highest_below"`` the limit ``target + margin`` takes the target's place, and the doses up to the MTD are
        sorted uniforms below it, those above the MTD between it and B.

    Returns
    -------
    array, shape (K, J)

    Examples
    --------
    >>> from doseesc.truth.mtd import true_mtd
    >>> curves = pseudo_uniform(np.random.default_rng(1), 4, n_doses=5, target=0.25, mtd=3)
    >>> curves.shape, true_mtd(curves, 0.25)
    ((4, 5), array([3, 3, 3, 3]))
    """
    limit = _checked_limit(count, n_doses, target, mtd_rule, mtd_margin)
    level = _levels(generator, count, n_doses, mtd, lowest=0)
    nearest = mtd_rule == "nearest"
    centre = np.where(level > 0, target, limit) if nearest else np.full(count, limit)
    top = centre + (1 - centre) * generator.beta(np.maximum(n_doses - level, 0.5), 1.0)
    at = _nearest(generator, level, top, target, limit, n_doses) if nearest else centre
    distance = np.where(level > 0, np.abs(at - target), 0.0) if nearest else np.zeros(count)
    low, high = (centre - distance)[:, None], (centre + distance)[:, None]
    doses = np.arange(1, n_doses + 1)
    uniform = generator.random((count, n_doses))
    curves = np.where(doses <= level[:, None], uniform * low, high + uniform * (top[:, None] - high))
    if nearest:
        curves = np.where(doses == level[:, None], at[:, None], curves)
    return np.sort(curves, axis=1)


def probit_steps(
    generator: np.random.Generator,
    count: int,
    *,
    n_doses: int,
    target: float,
    mtd: int | None = None,
    mtd_margin: float = 0.1,
    mtd_sd: float = 0.05,
    step_mean: float = 0.55,
    step_sd: float = 0.35,
) -> FloatArray:
    """Draw curves whose probit takes random steps down and up from the MTD.

    Parameters
    ----------
    generator : numpy.random.Generator
    count, n_doses, target
        As for :func:`pseudo_uniform`.
    mtd : int, optional
        Level of the dose nearest the target; by default drawn from 1 to J.
    mtd_margin : float
        The lowest dose, where that is the MTD, is not above ``target + mtd_margin``.
    mtd_sd : float
        Standard deviation of the MTD's probit around the target's.
    step_mean, step_sd : float
        Mean and standard deviation of the normals whose squares are the steps of the probit.

    Returns
    -------
    array, shape (K, J)

    Examples
    --------
    >>> probit_steps(np.random.default_rng(1), 2, n_doses=3, target=0.25, mtd=2).round(2)
    array([[0.13, 0.25, 0.53],
           [0.1 , 0.28, 0.49]])
    """
    limit = _checked_limit(count, n_doses, target, "nearest", mtd_margin)
    for name, sd in (("mtd_sd", mtd_sd), ("step_sd", step_sd)):
        if require_number(name, sd) < 0:
            raise ValueError(f"{name} must not be negative, not {sd!r}")
    require_number("step_mean", step_mean)
    level = _levels(generator, count, n_doses, mtd, lowest=1)
    # The normal around the target's probit is cut where level j could not be the MTD whatever the others are.
    lowest, highest = max(0.0, 2 * target - 1), np.where(level == 1, min(limit, 1.0), min(2 * target, 1.0))
    centre = ndtri(target)
    uniform = generator.random(count)
    at = np.full(count, centre)
    if mtd_sd:
        cut_low, cut_high = (ndtr((ndtri(edge) - centre) / mtd_sd) for edge in (lowest, highest))
        at = centre + mtd_sd * ndtri(cut_low + (cut_high - cut_low) * uniform)
    step = generator.normal(step_mean, step_sd, (count, n_doses)) ** 2
    mirrored = ndtri(np.clip(2 * target - ndtr(at), 0.0, 1.0))
    doses = np.arange(1, n_doses + 1)
    below = np.where(doses < level[:, None], step, 0.0)
    above = np.where(doses > level[:, None], step, 0.0)
    # The step between level j and j - 1 has the place of dose j - 1, that between j and j + 1 the place of j + 1.
    falls = np.cumsum(below[:, ::-1], axis=1)[:, ::-1]
    rises = np.cumsum(above, axis=1)
    start_below, start_above = np.minimum(at, mirrored)[:, None], np.maximum(at, mirrored)[:, None]
    probit = np.where(doses < level[:, None], start_below - falls, start_above + rises)
    probit = np.where(doses == level[:, None], at[:, None], probit)
    return np.asarray(ndtr(probit))


def logistic_steps(
    generator: np.random.Generator,
    count: int,
    *,
    n_doses: int,
    intercept_mean: float = -3.03,
    intercept_sd: float = 0.78,
    step_mean: float = 0.74,
    step_sd: float = 0.32,
) -> FloatArray:
    """Draw curves whose logit rises by the same random step from level to level.

    Parameters
    ----------
    generator : numpy.random.Generator
    count, n_doses
        As for :func:`pseudo_uniform`.
    intercept_mean, intercept_sd : float
        Mean and standard deviation of the logit at the lowest dose.
    step_mean, step_sd : float
        Mean and standard deviation of the step, before it is restricted to positive values.

    Returns
    -------
    array, shape (K, J)

    Examples
    --------
    >>> logistic_steps(np.random.default_rng(1), 1, n_doses=4).round(3)
    array([[0.059, 0.074, 0.093, 0.115]])
    """
    require_whole("count", count, 1)
    require_whole("n_doses", n_doses, 1)
    for name, number in (("intercept_mean", intercept_mean), ("step_mean", step_mean)):
        require_number(name, number)
    for name, sd in (("intercept_sd", intercept_sd), ("step_sd", step_sd)):
        if require_number(name, sd) < 0:
            raise ValueError(f"{name} must not be negative, not {sd!r}")
    if step_sd == 0 and step_mean < 0:
        raise ValueError(f"step_mean must not be negative where step_sd is 0, not {step_mean!r}")
    intercept = generator.normal(intercept_mean, intercept_sd, count)
    uniform = generator.random(count)
    if step_sd == 0:
        step = np.full(count, float(step_mean))
    else:
        # -step / sd is a standard normal moved by -mean / sd, restricted to negative values.
        step = np.maximum(step_mean - step_sd * ndtri(uniform * ndtr(step_mean / step_sd)), 0.0)
    return np.asarray(expit(intercept[:, None] + step[:, None] * np.arange(n_doses)))


def ordered_uniform(
    generator: np.random.Generator, count: int, *, n_doses: int, lowest: float = 0.0, highest: float = 1.0
) -> FloatArray:
    """Draw curves of sorted uniforms between ``lowest`` and ``highest``, shape (K, J).

    Examples
    --------
    >>> ordered_uniform(np.random.default_rng(1), 1, n_doses=3, highest=0.6).round(3)
    array([[0.086, 0.307, 0.57 ]])
    """
    require_whole("count", count, 1)
    require_whole("n_doses", n_doses, 1)
    require_probability("lowest", lowest, closed=True)
    require_probability("highest", highest, closed=True)
    if highest <= lowest:
        raise ValueError(f"highest must exceed lowest, {lowest!r}, not {highest!r}")
    return np.sort(generator.uniform(lowest, highest, (count, n_doses)), axis=1)


def _checked_limit(count: int, n_doses: int, target: float, rule: MtdRule, margin: float) -> float:
    """Check the arguments; return what the lowest dose must not exceed if it is to be an MTD."""
    require_whole("count", count, 1)
    require_whole("n_doses", n_doses, 1)
    require_probability("target", target)
    require_probability("mtd_margin", margin, closed=True)
    if rule not in ("nearest", "highest_below"):
        raise ValueError(f"mtd_rule must be nearest or highest_below, not {rule!r}")
    return min(target + margin, 1.0)


def _levels(generator: np.random.Generator, count: int, n_doses: int, mtd: int | None, lowest: int) -> IntArray:
    if mtd is None:
        return generator.integers(1, n_doses, count, endpoint=True)
    require_whole("mtd", mtd, lowest)
    if mtd > n_doses:
        raise ValueError(f"mtd must be at most the number of doses, {n_doses}, not {mtd!r}")
    return np.full(count, mtd, dtype=np.int64)


def _nearest(
    generator: np.random.Generator, level: IntArray, top: FloatArray, target: float, limit: float, n_doses: int
) -> FloatArray:
    """Draw the DLT probability of the MTD given that it is the nearest, and where lowest not above the limit."""
    room = top - target
    lowest = np.where(level < n_doses, np.maximum(target - room, 0.0), 0.0)
    highest = np.minimum(top, np.where(level > 1, 2 * target, limit))
    at = np.full(len(level), target)
    waiting = np.flatnonzero(level > 0)
    while len(waiting):
        tried = lowest[waiting] + (highest - lowest)[waiting] * generator.random(len(waiting))
        distance = np.abs(tried - target)
        below, above = level[waiting] - 1, n_doses - level[waiting]
        density = np.maximum(1 - distance / target, 0.0) ** below
        # Without doses above there is no condition; 0 ** 0 is 1.
        density *= np.maximum(1 - distance / np.maximum(room[waiting], np.finfo(float).tiny), 0.0) ** above
        taken = generator.random(len(waiting)) < density
        at[waiting[taken]] = tried[taken]
        waiting = waiting[~taken]
    return at
