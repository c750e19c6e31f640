"""A PyMC model of up to three parameters as a grid.

The prior is laid out on the unconstrained scale: its mode and its curvature there (with the transforms' Jacobians)
give new coordinates in which it is about a standard normal, and each gets an axis of nodes ``z = sinh(t / 3) * 3``
with t equidistant, further apart in the tails.  The trapezoidal rule on such axes converges exponentially for a smooth
model.  The box ends, and nodes are dropped, where the prior has fallen by so many powers of e that no data bring it
back; steps shrink and the box grows until the answers for a set of test tallies, extreme ones among them, stay within
the tolerance: posterior means of the DLT probabilities and their tail probabilities.

Nodes lie on lines along which one parameter alone moves, the one in which the curve is most nearly monotone; tail
probabilities are found by :mod:`doseesc.inference.line_tails`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logit

from designs.grid import CURVATURE, GridModel
from designs.tally import Tally
from doseesc.inference.line_tails import LEAST_NODES, crossings, interpolated, shares_above
from doseesc.inference.model_function import ModelError, ModelFunction, Points, model_function, prior_words

if TYPE_CHECKING:
    import pymc as pm

FloatArray = npt.NDArray[np.float64]

MOST_PARAMETERS = 3
"""Beyond, a grid has too many nodes."""

_FIRST_STEP = 0.8  # node distance in prior sds to begin with
_FINER = (1.15, 1.6)  # by how much a step shrinks at once, at least and at most
_FIRST_DROP = 24.0  # natural logarithms by which the prior falls to the end of the grid, to begin with
_DEEPER = 4.0  # how much more is tried
_ROUGH = 1e-2  # tolerance at which the ways to lay lines are compared
_MOST_NODES = {1: 4_000, 2: 40_000, 3: 180_000}  # of the box, before those without weight are dropped
_USABLE = 0.02  # by how much answers may at most move on the largest grid
_WORTH_A_WARNING = 1e-4
_REMEDY = (
    "write it in parameters that are nearly normal and independent (a hierarchical model non-centred), or use "
    "posteriors by NUTS"
)
_WIDEST = 150.0  # sides of the box in t; Cauchy's tails take half of it
_COARSE = {1: 257, 2: 49, 3: 21}  # nodes per axis where the box is looked for
_FEW = 6  # patients at each of two doses that contradict one another
_LIMITS = (0.15, 0.3, 0.6)  # DLT probabilities whose exceedance is tested


class NotSettled(ModelError):
    """Answers still moved on the largest grid."""


class _TooManyNodes(Exception):
    """A finer grid would be too large."""


@dataclass(frozen=True, eq=False)
class ModelGrid:
    """A model on G nodes, as arrays alone: it can be pickled, and needs no PyMC.

    Attributes
    ----------
    grid : GridModel
        Log prior weights (G,) and logarithms of DLT probabilities and complements (J, G).
    parameters : array, shape (G, P)
        The model's parameters at the nodes, on their natural scale; ``names`` are theirs.
    names : tuple of str
    logits : array, shape (J, lines, nodes)
        Logit DLT probabilities on all lines, nodes without weight included.
    line, place : array, shape (G,)
        Line of each of the G nodes, and its place on the line counted in nodes.
    patients : int
        For how many patients the grid is fine enough.
    moved : float
        By how much, at most, answers for the test tallies moved when each step was made finer and the box larger.
    monotone : bool
        Whether every DLT probability rises, or falls, along every line, so that tail probabilities are as accurate as
        means.
    prior : str
        The prior in PyMC's words.
    """

    grid: GridModel
    parameters: FloatArray
    names: tuple[str, ...]
    logits: FloatArray
    line: npt.NDArray[np.int64]
    place: FloatArray
    patients: int
    moved: float
    monotone: bool
    prior: str = ""

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return len(self.grid.log_dlt)

    @property
    def n_nodes(self) -> int:
        """Number of nodes G."""
        return len(self.grid.log_weight)

    def shares_above(self, level: int, limits: Sequence[float] | FloatArray) -> FloatArray:
        """Return functions on the grid whose expectations are P(DLT probability at ``level`` > limits), (G, L)."""
        values = self.logits[level - 1]
        shares = [shares_above(values, float(logit(limit)), self.line, self.place) for limit in np.asarray(limits)]
        return np.column_stack(shares)

    def curve_at(self, parameter: FloatArray) -> FloatArray:
        """Return the DLT probabilities (S, J) at values (S,) of the only parameter.

        Raises
        ------
        ValueError
            If the model has several parameters.
        """
        if len(self.names) != 1 or self.logits.shape[1] != 1:
            raise ValueError(f"curve_at needs a model of one parameter, not of {', '.join(self.names)}")
        values = self.parameters.T  # the nodes of a single line are an unbroken stretch of it
        rising = values[0, -1] > values[0, 0]
        ordered = values[0] if rising else -values[0]
        wanted = parameter if rising else -parameter
        before = np.clip(np.searchsorted(ordered, wanted, side="right") - 1, 0, len(ordered) - 2)
        rows = np.zeros(len(parameter), dtype=np.int64)
        place = self.place[0] + crossings(values, rows, before, parameter)
        return np.column_stack([1 / (1 + np.exp(-interpolated(line[0], place))) for line in self.logits])


def model_grid(
    model: pm.Model,
    dlt_probability: str = "p",
    *,
    patients: int,
    evidence: Sequence[str] = (),
    tolerance: float = 1e-7,
    parameter_means: bool = False,
) -> ModelGrid:
    """Lay a PyMC model out on a grid.

    Parameters
    ----------
    model : pm.Model
        Up to three free scalar parameters, transformed or not, the elements of vectors counted singly; no likelihood
        of the trial's own data.
    dlt_probability : str
        Name of its variable with the DLT probability of every dose.
    patients : int
        Most patients of a tally.
    evidence : sequence of str
        Observed variables that belong to the prior, see :func:`doseesc.inference.model_function.model_function`.
    tolerance : float
        By how much answers for the test tallies may still move when the grid is made finer.
    parameter_means : bool
        Whether the posterior means of the parameters must settle too; some priors have none.

    Raises
    ------
    ModelError
        If the model cannot be used; NotSettled if no grid was fine enough.
    """
    function = model_function(model, dlt_probability, evidence)
    if len(function.start) > MOST_PARAMETERS:
        raise ModelError(
            f"has {len(function.start)} parameters ({', '.join(function.parameters)}); a grid takes at most "
            f"{MOST_PARAMETERS}"
        )
    tallies = demanding_tallies(function.n_doses, patients)

    def attempt(layout: _Layout, steps: FloatArray) -> _Trial:
        boxed = layout if layout.boxed else _boxed(layout, function)
        grid = _filled(boxed, function, steps)
        functions = [np.exp(grid.grid.log_dlt).T]
        functions += [grid.shares_above(level, _LIMITS) for level in range(1, grid.n_doses + 1)]
        if parameter_means:
            functions.append(grid.parameters)
        answers = grid.grid.expect(tallies, np.column_stack(functions))
        return _Trial(boxed, steps, grid, answers, np.full(len(steps) + 1, np.inf))

    try:
        best = _best_lines(_layouts(function), attempt, max(_ROUGH, tolerance))
    except _TooManyNodes:
        raise NotSettled(f"has a prior too far from normal for a grid; {_REMEDY}") from None
    best = _refined(best, attempt, tolerance)
    grid = replace(
        best.grid, names=function.parameters, patients=patients, moved=best.most_moved, prior=prior_words(model)
    )
    if not grid.moved <= _USABLE:
        how = f"with {grid.n_nodes:,} nodes answers still move by up to {grid.moved:.2g}"
        raise NotSettled(f"has a prior too far from normal for a grid: {how}; {_REMEDY}")
    if grid.moved > max(tolerance, _WORTH_A_WARNING):
        text = f"answers for extreme tallies are good to {grid.moved:.1g} only, with {grid.n_nodes:,} nodes"
        warnings.warn(f"the model is hard for a grid: {text}", UserWarning, stacklevel=2)
    return grid


def demanding_tallies(n_doses: int, patients: int) -> Tally:
    """Return tallies that ask much of a grid: nobody, all patients at one dose, at two, and at all of them.

    With no DLT, DLTs in all patients, in one, in all but one, in half; and two cohorts that contradict one another.
    """
    n, dlt = [np.zeros(n_doses, dtype=np.int64)], [np.zeros(n_doses, dtype=np.int64)]
    unit = np.eye(n_doses, dtype=np.int64)
    half, few = patients // 2, min(_FEW, patients // 2)
    for j in range(n_doses):
        for count in sorted({0, 1, half, patients - 1, patients} & set(range(patients + 1))):
            n.append(patients * unit[j])
            dlt.append(count * unit[j])
        for k in range(j):
            n += [few * (unit[j] + unit[k])] * 2
            dlt += [few * unit[j], few * unit[k]]
            n.append(half * (unit[j] + unit[k]))
            dlt.append(half // 2 * unit[j])
    even = np.bincount(np.arange(patients) % n_doses, minlength=n_doses)
    for share in (0.0, 1.0, 0.5, np.linspace(0, 1, n_doses)):
        n.append(even)
        dlt.append(np.floor(share * even).astype(np.int64))
    return Tally(np.array(n), np.array(dlt), np.ones(len(n), dtype=np.int64))


class _Layout(NamedTuple):
    """Coordinates: unconstrained parameters = centre + scale z; the last coordinate moves the line's parameter alone.

    ``low`` and ``high`` (K,) are the ends of the box in t, ``drop`` the fall of the prior at which it ends, ``boxed``
    whether it has been seen to end there.
    """

    centre: FloatArray
    scale: FloatArray
    low: FloatArray
    high: FloatArray
    drop: float
    boxed: bool = False

    def points(self, t: FloatArray) -> FloatArray:
        return self.centre + (np.sinh(CURVATURE * t) / CURVATURE) @ self.scale.T


def _layouts(function: ModelFunction) -> list[_Layout]:
    """Return ways to lay the lines: along the parameters in which the curve is most nearly monotone."""
    mode, covariance = _normal_approximation(lambda points: function(points).log_prior, function.start)
    size = len(mode)
    layouts = []
    for k in _line_parameters(function, mode, covariance):
        order = [each for each in range(size) if each != k] + [k]
        scale = np.zeros_like(covariance)
        scale[order] = np.linalg.cholesky(covariance[np.ix_(order, order)])
        layouts.append(_Layout(mode, scale, np.full(size, -3.0), np.full(size, 3.0), _FIRST_DROP))
    return layouts


def _best_lines(layouts: list[_Layout], attempt: Callable[[_Layout, FloatArray], _Trial], tolerance: float) -> _Trial:
    """Return the layout that, refined to a rough tolerance, settles best and needs the fewest nodes."""
    trials = [attempt(layout, np.full(len(layout.centre), _FIRST_STEP)) for layout in layouts]
    if len(trials) > 1:
        trials = [_refined(trial, attempt, tolerance) for trial in trials]
    return min(trials, key=lambda trial: (max(trial.most_moved, tolerance), trial.grid.n_nodes))


def _normal_approximation(log_prior: Callable[[FloatArray], FloatArray], start: FloatArray) -> tuple[FloatArray, ...]:
    """Return mode and covariance of the normal distribution that touches the prior at its mode."""

    def minus(x: FloatArray) -> float:
        value = -float(log_prior(x[None])[0])
        return value if np.isfinite(value) else 1e10

    if minus(start) >= 1e10:
        raise ModelError("has prior density 0 at its initial point; give one by initval")
    found = minimize(minus, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10, "maxiter": 4000})
    mode = np.asarray(found.x)
    if not np.isfinite(mode).all() or np.abs(mode).max() > 1e8:
        raise ModelError("has a prior without a mode on the unconstrained scale; a proper prior is needed")
    widths = np.array([_width(log_prior, mode, unit) for unit in np.eye(len(mode))])
    precision = _curvature(log_prior, mode, 0.2 * widths)
    values, vectors = np.linalg.eigh(precision * np.outer(widths, widths))
    # A direction without curvature, as at the peak of a kinked prior, gets the scale of its width.
    values = np.where(values > 1e-3, values, 1.0)
    covariance = (vectors / values) @ vectors.T * np.outer(widths, widths)
    return mode, covariance


def _width(log_prior: Callable[[FloatArray], FloatArray], mode: FloatArray, unit: FloatArray) -> float:
    """Return how far from the mode, along one parameter, the log density falls by one half."""
    reach = np.exp(np.linspace(-12.0, 18.0, 601))
    fall = log_prior(mode[None])[0] - 0.5
    both = [log_prior(mode + sign * reach[:, None] * unit) < fall for sign in (-1, 1)]
    ends = [reach[np.argmax(fallen)] for fallen in both if fallen.any()]
    if len(ends) < 2:
        raise ModelError("has an improper prior: on the unconstrained scale its density does not fall towards infinity")
    return float(min(ends))


def _curvature(log_prior: Callable[[FloatArray], FloatArray], mode: FloatArray, step: FloatArray) -> FloatArray:
    """Return minus the matrix of second derivatives at the mode, by central differences."""
    size = len(mode)
    units = np.diag(step)
    corners = [
        mode + a * units[i] + b * units[j] for i in range(size) for j in range(size) for a in (-1, 1) for b in (-1, 1)
    ]
    values = log_prior(np.array(corners)).reshape(size, size, 4)
    values = np.where(np.isfinite(values), values, values[np.isfinite(values)].min())
    second = values[..., 0] - values[..., 1] - values[..., 2] + values[..., 3]
    return -(second + second.T) / 2 / (4 * np.outer(step, step))


def _line_parameters(function: ModelFunction, mode: FloatArray, covariance: FloatArray) -> list[int]:
    """Return the parameters in which the DLT probabilities are most nearly monotone, the others kept."""
    size = len(mode)
    sides = np.meshgrid(*[np.linspace(-3, 3, 7)] * size, indexing="ij")
    points = mode + np.column_stack([side.ravel() for side in sides]) @ np.linalg.cholesky(covariance).T
    scores = []
    for k in range(size):
        move = 0.01 * np.sqrt(covariance[k, k]) * np.eye(size)[k]
        rise = _logit(function(points + move)) - _logit(function(points - move))
        up, down = (rise > 0).mean(axis=1), (rise < 0).mean(axis=1)
        scores.append(float((np.abs(up - down) / np.maximum(up + down, 0.5)).min()))
    return [k for k in range(size) if scores[k] >= max(scores) - 0.01]


def _logit(points: Points) -> FloatArray:
    return points.log_dlt - points.log_no_dlt


def _boxed(layout: _Layout, function: ModelFunction) -> _Layout:
    """Move the sides of the box out until the prior has fallen by the drop on all of them."""
    size = len(layout.centre)
    low, high = layout.low.copy(), layout.high.copy()
    for _ in range(200):
        axes = [np.linspace(low[k], high[k], _COARSE[size]) for k in range(size)]
        weight = _log_weight(layout, function(layout.points(_product(axes))), _product(axes))
        weight = weight.reshape([_COARSE[size]] * size)
        floor = weight.max() - layout.drop
        widened = False
        for k in range(size):
            first, last = np.take(weight, 0, axis=k).max(), np.take(weight, -1, axis=k).max()
            if first > floor:
                low[k] -= 0.5 + 0.1 * abs(low[k])
            if last > floor:
                high[k] += 0.5 + 0.1 * abs(high[k])
            widened |= bool(first > floor or last > floor)
        if (high - low).max() > _WIDEST:
            raise _TooManyNodes
        if not widened:
            return layout._replace(low=low, high=high, boxed=True)
    raise ModelError("has an improper prior, or one with too heavy tails for a grid")


def _product(axes: Sequence[FloatArray]) -> FloatArray:
    return np.column_stack([side.ravel() for side in np.meshgrid(*axes, indexing="ij")])


def _log_weight(layout: _Layout, found: Points, t: FloatArray) -> FloatArray:
    return found.log_prior + np.log(np.cosh(CURVATURE * t)).sum(axis=1)


def _filled(layout: _Layout, function: ModelFunction, steps: FloatArray) -> ModelGrid:
    """Fill the grid with nodes at whole multiples of the steps."""
    axes = []
    for low, high, step in zip(layout.low, layout.high, steps, strict=True):
        first, last = int(np.floor(low / step)), int(np.ceil(high / step))
        lacking = max(LEAST_NODES - (last - first + 1), 0)
        axes.append(step * np.arange(first - lacking, last + lacking + 1))
    t = _product(axes)
    if len(t) > _MOST_NODES[len(steps)]:
        raise _TooManyNodes
    found = function(layout.points(t))
    weight = _log_weight(layout, found, t)
    kept = np.flatnonzero(weight >= weight.max() - layout.drop)
    function.require_probabilities(found.probability[kept], found.parameters[kept])
    nodes = len(axes[-1])
    logits = np.clip(_logit(found), -1000.0, 1000.0).reshape(-1, len(t) // nodes, nodes)
    rises = np.diff(logits, axis=2)[:, np.isfinite(weight.reshape(-1, nodes)).all(axis=1)]
    monotone = bool(((rises >= 0).all(axis=(1, 2)) | (rises <= 0).all(axis=(1, 2))).all())
    model = GridModel(weight[kept] - weight.max(), found.log_dlt[:, kept], found.log_no_dlt[:, kept])
    parameters = found.parameters[kept]
    place = (kept % nodes).astype(np.float64)
    return ModelGrid(model, parameters, (), logits, kept // nodes, place, 0, 0.0, monotone)


class _Trial(NamedTuple):
    """A layout with its steps (K,), the grid that they give, and its answers to the test tallies.

    ``moved`` (K + 1,) is by how much answers moved when each step was last made finer, and the box larger.
    """

    layout: _Layout
    steps: FloatArray
    grid: ModelGrid
    answers: FloatArray
    moved: FloatArray

    @property
    def most_moved(self) -> float:
        return float(self.moved.max())


def _refined(trial: _Trial, attempt: Callable[[_Layout, FloatArray], _Trial], tolerance: float) -> _Trial:
    """Make steps finer and the box larger, one at a time, until no answer moves by more than the tolerance.

    The error of a step h falls like exp(-a / h), so that a difference foretells the step that the tolerance needs.
    """
    size = len(trial.steps)
    moved = trial.moved.copy()
    factor = np.full(size, _FINER[1])
    untried = np.ones(size + 1, dtype=np.bool_)
    while untried.any():
        k = int(np.argmax(np.where(untried, moved, -1.0)))
        untried[k] = False
        try:
            if k == size:
                better = attempt(trial.layout._replace(drop=trial.layout.drop + _DEEPER, boxed=False), trial.steps)
            else:
                better = attempt(trial.layout, np.where(np.arange(size) == k, trial.steps / factor[k], trial.steps))
        except _TooManyNodes:
            continue  # what it moved by last stands
        moved[k] = np.abs(better.answers - trial.answers).max()
        if k < size:
            foreseen = np.log(tolerance) / np.log(np.clip(moved[k], 1e-300, 0.1)) / factor[k]
            factor[k] = np.clip(foreseen, *_FINER)
        if moved[k] > tolerance:
            trial = better
            untried[:] = True
    return trial._replace(moved=moved)
