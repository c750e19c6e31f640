"""One posterior by NUTS for each distinct tally, kept on disk.

A fit is a piece of work (:mod:`doseesc.pieces`): this process makes it, others, or a cluster, and it is written here.
A model is compiled once in each of them, with the tally as data that can be exchanged; nutpie samples, or PyMC itself.
Fits are kept in a folder named by a hash of all that they depend on:

* the model: its log density and its DLT probabilities as PyTensor prints them, graph by graph, with every constant
  and every shared value by their bytes, so that a changed prior, dose or formula gives another folder, and renamed
  Python variables or comments do not;
* the sampler's settings and who samples.

A run that is stopped goes on where it was; see :mod:`doseesc.inference.any_model.nuts_cache`.
"""

from __future__ import annotations

import hashlib
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from designs.arrays import FloatArray
from doseesc.errors import CannotCompute
from doseesc.inference.any_model.model_source import ModelSource
from doseesc.inference.any_model.nuts_cache import Counts, FitName, write_fit
from doseesc.inference.arviz_compat import ess, rhat
from doseesc.pieces import answers

if TYPE_CHECKING:
    import pymc as pm

    from doseesc.pieces import Jobs

MOST_R_HAT = 1.02
LEAST_ESS = 200.0
MOST_DIVERGENT = 0.02
"""A fit has converged where r-hat of every DLT probability is at most 1.02, its bulk and tail ESS at least 200, and at
most 2 % of the draws diverged."""

_EDGE = 1e-12  # DLT probabilities are kept this far from 0 and 1, where gradients are no numbers


class Sampler(NamedTuple):
    """Settings of NUTS: draws and tuning steps of each of the chains, and a seed."""

    draws: int = 500
    tune: int = 500
    chains: int = 4
    seed: int = 1


Sample = Callable[[FloatArray, FloatArray, Sampler, int], tuple[FloatArray, float]]
"""Samples a model, given patients and DLTs (J,), settings and a seed: draws and the share that diverged."""


class Task(NamedTuple):
    """A fit to be made: patients and DLTs (J,) of a tally, hash of model and settings, and the file for it."""

    n: Counts
    dlt: Counts
    model: str
    file: str


def model_hash(model: pm.Model, dlt_probability: str, sampler: Sampler, backend: str) -> str:
    """Return what names the folder of a model's fits: the same in every process, another where the model changes."""
    from pytensor.compile.sharedvalue import SharedVariable
    from pytensor.graph.basic import Constant
    from pytensor.graph.traversal import ancestors
    from pytensor.printing import debugprint

    curve = model.replace_rvs_by_values([model[dlt_probability]])[0]
    outputs = [model.logp(), curve]
    hashed = hashlib.sha256(repr((tuple(sampler), backend)).encode())
    hashed.update(str(debugprint(outputs, file="str", print_type=True)).encode())
    every: Any = ancestors(outputs)
    for variable in every:
        if isinstance(variable, Constant | SharedVariable):
            constant: Any = variable
            value = constant.get_value() if isinstance(variable, SharedVariable) else constant.data
            hashed.update(repr(np.shape(value)).encode() + np.asarray(value).tobytes())
    return hashed.hexdigest()[:32]


@dataclass(frozen=True)
class FittedModel:
    """A model as whoever fits it gets it; equal keys and samplers are equal models.

    Attributes
    ----------
    key : str
        See :func:`model_hash`.
    backend : {"nutpie", "pymc"}
        Who samples.
    dlt_probability : str
        Name of the variable that holds the DLT probabilities.
    origin : ModelSource or bytes
        The module that builds it; where there is none, as of a model made in Python, the model itself.
    """

    key: str
    backend: str
    dlt_probability: str = field(compare=False)
    origin: ModelSource | bytes = field(compare=False, repr=False)


def fitted_model(
    model: pm.Model, dlt_probability: str, key: str, backend: str, source: ModelSource | None
) -> FittedModel:
    """Return a model as others fit it."""
    import cloudpickle

    return FittedModel(key, backend, dlt_probability, cloudpickle.dumps(model) if source is None else source)


def fit_all(model: FittedModel, tasks: Sequence[Task], sampler: Sampler, jobs: Jobs) -> Iterator[bool]:
    """Make fits, in this process or by workers, and write them here; yields for each whether it has converged."""
    for task, draws, converged in answers(partial(_fit, model, sampler), tasks, jobs, in_order=False):
        write_fit(
            Path(task.file), FitName(task.model, task.n, task.dlt, draws.shape[0] * draws.shape[1]), draws, converged
        )
        yield converged


def _fit(model: FittedModel, sampler: Sampler, task: Task) -> tuple[Task, FloatArray, bool]:
    sample = _compiled(model)
    seed = int(np.random.SeedSequence([sampler.seed, *task.n, *task.dlt]).generate_state(1)[0] % 2**31)
    draws, divergent = sample(np.array(task.n, dtype=np.float64), np.array(task.dlt, dtype=np.float64), sampler, seed)
    return task, draws, divergent <= MOST_DIVERGENT and _mixed(draws)


def _mixed(draws: FloatArray) -> bool:
    """Judge draws (chains, draws, J) by r-hat and effective sample sizes."""
    import xarray

    data = xarray.Dataset({"p": (("chain", "draw", "dose"), draws)})
    sizes = [np.min(ess(data, method)["p"].values) for method in ("bulk", "tail")]
    return bool(np.max(rhat(data)["p"].values) <= MOST_R_HAT and min(sizes) >= LEAST_ESS)


@lru_cache(maxsize=8)
def _compiled(fitted: FittedModel) -> Sample:
    """Compile a model once in this process, whatever it is fitted to; returns what samples it for any tally.

    Raises
    ------
    CannotCompute
        If a package is missing here, or the model cannot be built.
    """
    missing = [name for name in dict.fromkeys(("pymc", fitted.backend)) if find_spec(name) is None]
    if missing:
        raise CannotCompute(
            f"fits by NUTS need {' and '.join(missing)}, not installed where they are made, on {socket.gethostname()}"
        )
    if isinstance(fitted.origin, bytes):
        import cloudpickle

        model = cloudpickle.loads(fitted.origin)
    else:
        model = fitted.origin.build()
    with_data = _with_data(model, fitted.dlt_probability)
    return _by_nutpie(with_data) if fitted.backend == "nutpie" else _by_pymc(with_data)


def _with_data(model: pm.Model, dlt_probability: str) -> pm.Model:
    """Return the model with a likelihood of a tally that can be exchanged without compiling anew."""
    import pymc
    import pytensor.tensor as pt
    from pymc.model.fgraph import clone_model

    with_data: pm.Model = clone_model(model)
    with with_data:
        p = with_data[dlt_probability]
        n_doses = int(np.size(pymc.draw(p, random_seed=1)))
        n = pymc.Data("doseesc_n", np.zeros(n_doses))
        dlt = pymc.Data("doseesc_dlt", np.zeros(n_doses))
        inside = pt.clip(p, _EDGE, 1 - _EDGE)
        likelihood = dlt * pt.log(inside) + (n - dlt) * pt.log1p(-inside)
        pymc.Potential("doseesc_likelihood", likelihood.sum())
        pymc.Deterministic("doseesc_p", p)
    return with_data


def _by_nutpie(model: Any) -> Sample:
    import nutpie

    compiled = nutpie.compile_pymc_model(model)

    def sample(n: FloatArray, dlt: FloatArray, sampler: Sampler, seed: int) -> tuple[FloatArray, float]:
        trace = nutpie.sample(
            compiled.with_data(doseesc_n=n, doseesc_dlt=dlt),
            draws=sampler.draws,
            tune=sampler.tune,
            chains=sampler.chains,
            cores=1,
            seed=seed,
            progress_bar=False,
        )
        return _drawn(trace)

    return sample


def _by_pymc(model: Any) -> Sample:
    import pymc

    with model:
        step = pymc.NUTS()

    def sample(n: FloatArray, dlt: FloatArray, sampler: Sampler, seed: int) -> tuple[FloatArray, float]:
        logging.getLogger("pymc").setLevel(logging.ERROR)  # else it reports every fit
        with model:
            pymc.set_data({"doseesc_n": n, "doseesc_dlt": dlt})
            trace = pymc.sample(
                step=step,
                draws=sampler.draws,
                tune=sampler.tune,
                chains=sampler.chains,
                cores=1,
                random_seed=seed,
                progressbar=False,
                compute_convergence_checks=False,
            )
        return _drawn(trace)

    return sample


def _drawn(trace: Any) -> tuple[FloatArray, float]:
    draws = np.asarray(trace["posterior"]["doseesc_p"].values, dtype=np.float64)
    divergent = float(np.mean(np.asarray(trace["sample_stats"]["diverging"].values)))
    return draws, divergent
