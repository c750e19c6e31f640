"""NUTS for the built-in models without compiling: nutpie draws, from log densities written by hand.

To compile a model takes PyMC most of a minute, which nothing keeps for the next run; to evaluate a density of a few
numbers in Python takes microseconds.  The trace has the groups and variables that the same model in PyMC would have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.inference.arviz_compat import Trace, group, quiet, trace_of
from doseesc.inference.log_density import LogDensity
from doseesc.inference.predictive import PRIOR_DRAWS
from doseesc.inference.sampling import TARGET_ACCEPT, require_sampling

if TYPE_CHECKING:
    import xarray as xr

_POINT = "x"


def sample_density(
    density: LogDensity, *, draws: int = 2000, tune: int = 1000, chains: int = 4, seed: int = 1
) -> Trace:
    """Draw from a posterior by nutpie.

    Parameters
    ----------
    density : LogDensity
    draws, tune, chains, seed
        See :meth:`doseesc.inference.Sampler.sample`.

    Returns
    -------
    InferenceData or DataTree
        Groups ``posterior``, ``sample_stats``, ``prior``, ``prior_predictive``, ``posterior_predictive``,
        ``observed_data`` and ``constant_data``.

    Raises
    ------
    ValueError
        If a number is too small.
    """
    require_sampling(draws, tune, chains, seed)
    import nutpie
    from nutpie.compiled_pyfunc import from_pyfunc

    function = density.function()
    for_prior, for_replicates, for_starts = np.random.SeedSequence(seed).spawn(3)
    starts = np.random.default_rng(for_starts).integers(2**63)

    def first_point(of_chain: int) -> FloatArray:
        return density.draw_prior(np.random.default_rng([int(starts), int(of_chain)]), 1)[0]

    compiled = from_pyfunc(
        density.size,
        lambda: function,
        lambda *_: lambda x: {_POINT: np.array(x, dtype=np.float64)},
        [np.dtype(np.float64)],
        [(density.size,)],
        [_POINT],
        make_initial_point_fn=first_point,
    )
    with quiet():
        found = nutpie.sample(
            compiled,
            draws=draws,
            tune=tune,
            chains=chains,
            cores=1,  # chains would wait for one another, since Python runs one function at a time
            seed=seed,
            target_accept=TARGET_ACCEPT,
            save_warmup=False,
            progress_bar=False,
        )
    x = group(found, "posterior")[_POINT].values
    prior = density.draw_prior(np.random.default_rng(for_prior), PRIOR_DRAWS)[None]
    random = np.random.default_rng(for_replicates)
    return trace_of(
        {
            "posterior": _named(density, x),
            "sample_stats": group(found, "sample_stats"),
            "prior": _named(density, prior),
            "prior_predictive": _replicates(density, prior, random),
            "posterior_predictive": _replicates(density, x, random),
            "observed_data": _by_row(density, {"dlt": density.data.dlt}),
            "constant_data": _by_row(
                density,
                {
                    "n": density.data.n,
                    "dlt_seen": density.data.dlt,
                    "amount": density.data.amount,
                    "study_index": density.data.study_index,
                },
            ),
        }
    )


def _named(density: LogDensity, x: FloatArray) -> xr.Dataset:
    """Return what draws x (C, S, D) mean, with the dims that PyMC's models give it."""
    import xarray as xr

    further = {"p": "dose", "share": "level"}
    named = density.named(x)
    columns = {name: (_dims(x, further.get(name)), values) for name, values in named.items()}
    coords: dict[str, Any] = {"dose": list(density.doses)}
    if "share" in named:
        coords["level"] = np.arange(1, named["share"].shape[-1] + 1)
    return xr.Dataset(columns, coords={**_draws_of(x), **coords})


def _replicates(density: LogDensity, x: FloatArray, random: np.random.Generator) -> xr.Dataset:
    """Return DLTs of as many patients as there are data of, for each draw."""
    import xarray as xr

    n = np.array(density.data.n, dtype=np.int64)
    seen = random.binomial(n, np.clip(density.seen(x), 0.0, 1.0))
    coords = {**_draws_of(x), "observation": np.arange(len(n))}
    return xr.Dataset({"dlt": (_dims(x, "observation"), seen)}, coords=coords)


def _by_row(density: LogDensity, columns: dict[str, Any]) -> xr.Dataset:
    import xarray as xr

    rows = np.arange(len(density.data.n))
    return xr.Dataset(
        {name: ("observation", np.asarray(values)) for name, values in columns.items()}, coords={"observation": rows}
    )


def _draws_of(x: FloatArray) -> dict[str, Any]:
    return {"chain": np.arange(x.shape[0]), "draw": np.arange(x.shape[1])}


def _dims(x: FloatArray, further: str | None) -> tuple[str, ...]:
    return ("chain", "draw") if further is None else ("chain", "draw", further)
