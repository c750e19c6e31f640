"""Posteriors by the no-U-turn sampler (NUTS), the same draws for the same seed.

Hoffman and Gelman (2014), *Journal of Machine Learning Research* 15:1593-1623.  By nutpie, or by PyMC
itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.checks import require_choice, require_whole
from doseesc.inference.arviz_compat import Trace, group, quiet, trace_of
from doseesc.inference.data import ToxicityData

if TYPE_CHECKING:
    import pymc as pm

MOST_DRAWS = 100_000
"""Draws, and steps before them, that a chain may have."""

MOST_CHAINS = 64

SAMPLERS = ("auto", "pymc", "nutpie")
TARGET_ACCEPT = 0.95
"""Small steps: curves that the data hardly bound have long, narrow tails."""


def require_sampling(draws: int, tune: int, chains: int, seed: int) -> None:
    """Raise ValueError unless these numbers are such as a sampler takes."""
    require_whole("draws", draws, 1, MOST_DRAWS)
    require_whole("tune", tune, 1, MOST_DRAWS)
    require_whole("chains", chains, 1, MOST_CHAINS)
    require_whole("seed", seed, 0)


@dataclass(frozen=True, eq=False)
class Sampler:
    """NUTS for one model, compiled once for any number of data sets with the same rows.

    Attributes
    ----------
    model : pm.Model
    name : {"pymc", "nutpie"}
        What samples.
    """

    model: pm.Model
    name: str
    _compiled: Any = None

    @classmethod
    def of(cls, model: pm.Model, sampler: str = "auto") -> Sampler:
        """Compile a model.

        Parameters
        ----------
        model : pm.Model
        sampler : {"auto", "pymc", "nutpie"}
            ``"auto"`` is nutpie.

        Raises
        ------
        ValueError
            If there is no such sampler.
        """
        name = chosen_sampler(sampler)
        if name == "pymc":
            return cls(model, name)
        import nutpie

        with quiet(), _compiled_quickly():
            return cls(model, name, nutpie.compile_pymc_model(model))

    def sample(
        self,
        data: ToxicityData | None = None,
        *,
        draws: int = 2000,
        tune: int = 1000,
        chains: int = 4,
        seed: int = 1,
    ) -> Trace:
        """Draw from the posterior.

        Parameters
        ----------
        data : ToxicityData, optional
            Instead of the model's own; as many rows, with the same amounts.
        draws, tune : int
            Draws of each chain that are kept, and before them those that set the sampler.
        chains : int
        seed : int

        Returns
        -------
        InferenceData or DataTree
            Groups ``posterior`` and ``sample_stats``.

        Raises
        ------
        ValueError
            If a number is too small or too large, or the data have other rows than the model's.
        """
        require_sampling(draws, tune, chains, seed)
        counts = self._counts(data)
        with quiet():
            if self.name == "nutpie":
                trace = self._by_nutpie(counts, draws, tune, chains, seed)
            else:
                trace = self._by_pymc(counts, draws, tune, chains, seed)
        posterior = group(trace, "posterior")
        unconstrained = [name for name in posterior.data_vars if str(name).endswith("__")]
        return trace_of({"posterior": posterior.drop_vars(unconstrained), "sample_stats": group(trace, "sample_stats")})

    def _counts(self, data: ToxicityData | None) -> dict[str, Any]:
        if data is None:
            return {}
        amounts = self.model["amount"].get_value()
        if len(data.amount) != len(amounts) or not np.allclose(data.amount, amounts, rtol=1e-9, atol=0.0):
            raise ValueError(f"data must have rows at the amounts {amounts.tolist()}, not {list(data.amount)}")
        return {"n": np.array(data.n, dtype=np.int64), "dlt_seen": np.array(data.dlt, dtype=np.int64)}

    def _by_nutpie(self, counts: dict[str, Any], draws: int, tune: int, chains: int, seed: int) -> Trace:
        import nutpie

        compiled = self._compiled.with_data(**counts) if counts else self._compiled
        return nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=chains,
            seed=seed,
            target_accept=TARGET_ACCEPT,
            save_warmup=False,
            progress_bar=False,
        )

    def _by_pymc(self, counts: dict[str, Any], draws: int, tune: int, chains: int, seed: int) -> Trace:
        import pymc as pm

        with self.model:
            if counts:
                pm.set_data(counts)
            return pm.sample(
                draws,
                tune=tune,
                chains=chains,
                cores=1,
                random_seed=seed,
                target_accept=TARGET_ACCEPT,
                nuts_sampler="pymc",
                progressbar=False,
                compute_convergence_checks=False,
            )


@contextmanager
def _compiled_quickly() -> Iterator[None]:
    """Have Numba optimise little and PyTensor keep nothing: compiling takes many times longer than sampling."""
    numba, pytensor = (import_module(package).config for package in ("numba", "pytensor"))  # which have no types
    before = numba.OPT
    numba.OPT = type(before)(0)
    try:
        # Of a model's many small functions few are met again, and to keep them takes a quarter of the time.
        with pytensor.change_flags(numba__cache=False):
            yield
    finally:
        numba.OPT = before


def chosen_sampler(sampler: str) -> str:
    """Return which sampler a choice means: ``"pymc"`` or ``"nutpie"``.

    Raises
    ------
    ValueError
        If there is no such sampler.
    """
    require_choice("sampler", sampler, SAMPLERS)
    return "pymc" if sampler == "pymc" else "nutpie"
