"""A PyMC model of up to three parameters as a grid.

The prior, with the transforms' Jacobians, is laid out on the unconstrained scale, see
:mod:`doseesc.inference.any_model.grid_layout`.  The trapezoidal rule on such axes converges exponentially for a smooth
model.  The box ends, and nodes are dropped, where the prior has fallen by so many powers of e that no data bring it
back; steps shrink and the box grows until the answers for a set of test tallies, extreme ones among them, stay within
the tolerance: posterior means of the DLT probabilities and their tail probabilities.

Nodes lie on lines along which one parameter alone moves, the one in which the curve is most nearly monotone; tail
probabilities are found by :mod:`doseesc.inference.any_model.line_tails`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from designs.arrays import FloatArray
from designs.tally import Tally
from doseesc.inference.any_model.grid_layout import Layout, TooManyNodes, boxed, filled, layouts
from doseesc.inference.any_model.model_function import ModelError, model_function, prior_words
from doseesc.inference.any_model.nodes import ModelGrid

if TYPE_CHECKING:
    import pymc as pm


MOST_PARAMETERS = 3
"""Beyond, a grid has too many nodes."""

_FIRST_STEP = 0.8  # node distance in prior sds to begin with
_FINER = (1.15, 1.6)  # by how much a step shrinks at once, at least and at most
_DEEPER = 4.0  # how much more is tried
_ROUGH = 1e-2  # tolerance at which the ways to lay lines are compared
_USABLE = 0.02  # by how much answers may at most move on the largest grid
_WORTH_A_WARNING = 1e-4
_REMEDY = (
    "write it in parameters that are nearly normal and independent (a hierarchical model non-centred), or use "
    "posteriors by NUTS"
)
_FEW = 6  # patients at each of two doses that contradict one another
_LIMITS = (0.15, 0.3, 0.6)  # DLT probabilities whose exceedance is tested


class NotSettled(ModelError):
    """Answers still moved on the largest grid."""


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
        Observed variables that belong to the prior, see
        :func:`doseesc.inference.any_model.model_function.model_function`.
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

    def attempt(layout: Layout, steps: FloatArray) -> _Trial:
        in_box = layout if layout.boxed else boxed(layout, function)
        grid = filled(in_box, function, steps)
        functions = [np.exp(grid.grid.log_dlt).T]
        functions += [grid.shares_above(level, _LIMITS) for level in range(1, grid.n_doses + 1)]
        if parameter_means:
            functions.append(grid.parameters)
        answers = grid.grid.expect(tallies, np.column_stack(functions))
        return _Trial(in_box, steps, grid, answers, np.full(len(steps) + 1, np.inf))

    try:
        best = _best_lines(layouts(function), attempt, max(_ROUGH, tolerance))
    except TooManyNodes:
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


class _Trial(NamedTuple):
    """A layout with its steps (K,), the grid that they give, and its answers to the test tallies.

    ``moved`` (K + 1,) is by how much answers moved when each step was last made finer, and the box larger.
    """

    layout: Layout
    steps: FloatArray
    grid: ModelGrid
    answers: FloatArray
    moved: FloatArray

    @property
    def most_moved(self) -> float:
        return float(self.moved.max())


def _best_lines(ways: list[Layout], attempt: Callable[[Layout, FloatArray], _Trial], tolerance: float) -> _Trial:
    """Return the layout that, refined to a rough tolerance, settles best and needs the fewest nodes."""
    trials = [attempt(layout, np.full(len(layout.centre), _FIRST_STEP)) for layout in ways]
    if len(trials) > 1:
        trials = [_refined(trial, attempt, tolerance) for trial in trials]
    return min(trials, key=lambda trial: (max(trial.most_moved, tolerance), trial.grid.n_nodes))


def _refined(trial: _Trial, attempt: Callable[[Layout, FloatArray], _Trial], tolerance: float) -> _Trial:
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
        except TooManyNodes:
            continue  # what it moved by last stands
        moved[k] = np.abs(better.answers - trial.answers).max()
        if k < size:
            foreseen = np.log(tolerance) / np.log(np.clip(moved[k], 1e-300, 0.1)) / factor[k]
            factor[k] = np.clip(foreseen, *_FINER)
        if moved[k] > tolerance:
            trial = better
            untried[:] = True
    return trial._replace(moved=moved)
