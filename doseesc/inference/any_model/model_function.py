"""A PyMC model as one vectorised function of its unconstrained parameters.

What a grid needs of a model: at many points of its *value variables*, the parameters as PyMC samples them, transformed
to the whole line, the log prior density (with the transforms' Jacobians) and the DLT probabilities.  PyTensor compiles
one function of a matrix of points; NumPy then evaluates it for all points at once.

The likelihood is no part of it: a trial's tally is binomial, and the design puts it in.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from designs.arrays import FloatArray

if TYPE_CHECKING:
    import pymc as pm


_LOWEST = -800.0  # stands for the logarithm of a probability that has underflowed


class ModelError(ValueError):
    """A PyMC model that cannot be used; the message says why and what to do."""


class Points(NamedTuple):
    """A model at G points.

    ``log_prior`` (G,) is the log prior density, ``probability`` (G, J) are the DLT probabilities as they came out,
    ``log_dlt`` and ``log_no_dlt`` (J, G) logarithms of them and of their complements, ``parameters`` (G, P) the
    parameters on their natural scale.
    """

    log_prior: FloatArray
    probability: FloatArray
    log_dlt: FloatArray
    log_no_dlt: FloatArray
    parameters: FloatArray


@dataclass(frozen=True, eq=False)
class ModelFunction:
    """The compiled function.

    Attributes
    ----------
    start : array, shape (K,)
        PyMC's own initial point.
    parameters : tuple of str
        Names of the P parameters on their natural scale; those of a vector have an index.
    n_doses : int
        Number of DLT probabilities J.
    """

    start: FloatArray
    parameters: tuple[str, ...]
    n_doses: int
    compiled: Any

    def __call__(self, points: FloatArray) -> Points:
        """Evaluate the model at points (G, K)."""
        with np.errstate(all="ignore"):  # densities and probabilities underflow far out in the tails
            log_prior, p, log_dlt, log_no_dlt, *parameters = self.compiled(points)
        return Points(
            np.where(np.isnan(log_prior), -np.inf, log_prior),
            p,
            np.maximum(np.nan_to_num(log_dlt.T, nan=_LOWEST), _LOWEST),
            np.maximum(np.nan_to_num(log_no_dlt.T, nan=_LOWEST), _LOWEST),
            np.column_stack([each.reshape(len(points), -1) for each in parameters]),
        )

    def require_probabilities(self, probability: FloatArray, parameters: FloatArray) -> None:
        """Raise ModelError unless all of ``probability`` (G, J), at ``parameters`` (G, P), lie between 0 and 1."""
        wrong = ~((probability >= 0) & (probability <= 1))
        if wrong.any():
            point, level = (int(index) for index in np.argwhere(wrong)[0])
            pairs = zip(self.parameters, parameters[point], strict=True)
            where = ", ".join(f"{name} = {value:.4g}" for name, value in pairs)
            raise ModelError(
                f"gives {probability[point, level]:.4g} for the DLT probability at level {level + 1} where {where}; it "
                f"must lie between 0 and 1"
            )


def model_function(model: pm.Model, dlt_probability: str = "p", evidence: Sequence[str] = ()) -> ModelFunction:
    """Compile a model.

    Parameters
    ----------
    model : pm.Model
        A prior and the DLT probability of every dose.
    dlt_probability : str
        Name of the variable that holds the DLT probabilities, one for each dose.
    evidence : sequence of str
        Observed variables that hold what was known before the trial; their likelihood is part of the prior.

    Raises
    ------
    ModelError
        If the model has no such variable, no free parameter, a discrete one, or other observed variables.
    """
    check_model(model, dlt_probability, evidence)
    import pytensor.tensor as pt
    from pymc.pytensorf import join_nonshared_inputs
    from pytensor.compile.mode import Mode
    from pytensor.graph.replace import vectorize_graph

    pytensor: Any = import_module("pytensor")
    point = model.initial_point()
    curve, *natural = model.replace_rvs_by_values([model[dlt_probability], *model.free_RVs])
    log_prior, curve, *natural = _plain([model.logp(), curve, *natural])
    outputs = [log_prior, curve, pt.log(curve), pt.log1p(-curve), *natural]
    joined, flat = join_nonshared_inputs(point, outputs, model.value_vars)
    points = pt.matrix("points", dtype=flat.dtype)
    # NumPy's own loops: no compiler to wait for, and fused loops would run in Python.
    plain: Any = Mode(linker="py", optimizer="fast_run")
    mode = plain.excluding("fusion", "inplace")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="PyTensor could not link to a BLAS")  # nothing here needs one
        compiled = pytensor.function([points], vectorize_graph(joined, {flat: points}), mode=mode)
    start = np.concatenate([np.ravel(point[variable.name]) for variable in model.value_vars]).astype(np.float64)
    with np.errstate(all="ignore"):
        values = compiled(start[None])
    if values[1].ndim != 2:
        shape = values[1].shape[1:]
        raise ModelError(f"has {dlt_probability!r} of shape {shape}, not a vector with one probability for each dose")
    names = [
        name
        for variable, value in zip(model.free_RVs, values[4:], strict=True)
        for name in _element_names(str(variable.name), value.shape[1:])
    ]
    return ModelFunction(start, tuple(names), int(values[1].shape[1]), compiled)


def check_model(model: pm.Model, dlt_probability: str, evidence: Sequence[str] = ()) -> None:
    """Raise ModelError unless a model gives a prior and DLT probabilities, and nothing of the trial's own data."""
    import pymc

    if not isinstance(model, pymc.Model):
        raise ModelError(f"is {type(model).__name__}, not a PyMC model")
    if dlt_probability not in model.named_vars:
        named = ", ".join(sorted(model.named_vars)) or "none"
        raise ModelError(f"has no variable {dlt_probability!r} for the DLT probabilities; its variables are {named}")
    if not model.free_RVs:
        raise ModelError("has no free parameter")
    discrete = [variable.name for variable in model.free_RVs if np.dtype(variable.dtype).kind in "biu"]
    if discrete:
        raise ModelError(f"has the discrete parameter {discrete[0]!r}; sum it out, for example by pm.Mixture")
    observed = [str(variable.name) for variable in model.observed_RVs]
    unknown = [name for name in evidence if name not in observed]
    if unknown:
        known = ", ".join(observed) or "none"
        raise ModelError(f"has no observed variable {unknown[0]!r} to be evidence; it has {known}")
    others = [name for name in observed if name not in evidence]
    if others:
        raise ModelError(
            f"has the observed variable {others[0]!r}; leave it out, since the design itself adds the binomial "
            f"likelihood of the trial's tally, or, if it holds what was known before the trial, name it in evidence"
        )


def prior_words(model: pm.Model) -> str:
    """Return the prior in PyMC's words, such as ``b ~ Normal(0, 1.16)``."""
    return ", ".join(" ".join(str(variable.str_repr()).split()) for variable in model.free_RVs)


def _plain(outputs: list[Any]) -> list[Any]:
    """Take out what stands in the way of evaluating many points at once.

    The marks that pm.Deterministic leaves hide log(sigmoid(x)) from PyTensor's rewrites, and a check of a parameter
    would refuse all points for one far out: there, the density is 0.
    """
    import pytensor.tensor as pt
    from pytensor.compile.ops import ViewOp
    from pytensor.graph.replace import clone_replace
    from pytensor.graph.traversal import ancestors
    from pytensor.raise_op import CheckAndRaise

    while True:
        hidden = [
            each
            for each in ancestors(outputs)
            if each.owner is not None and isinstance(each.owner.op, ViewOp | CheckAndRaise)
        ]
        if not hidden:
            return outputs
        value, *conditions = hidden[0].owner.inputs
        if conditions:
            holds: Any = pt.stack([pt.as_tensor(each) for each in conditions])
            value = pt.switch(holds.all(), value, -np.inf)
        outputs = clone_replace(outputs, {hidden[0]: value})


def _element_names(name: str, shape: tuple[int, ...]) -> list[str]:
    return [name + (f"[{', '.join(map(str, index))}]" if index else "") for index in np.ndindex(shape)]
