"""The part of every model that meets the data: DLTs observed above a background, and p at the doses of interest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designs.floor import require_floor
from doseesc.inference.data import ToxicityData

POSSIBLE = (1e-300, 1 - 1e-16)
"""Bounds of probabilities in computations: gradients of logarithms beyond would not be numbers."""


def coordinates(data: ToxicityData, doses: Sequence[float]) -> dict[str, Any]:
    """Return the coordinates of a model: ``dose`` by amounts, ``study`` by names, ``observation`` by number."""
    return {
        "dose": [float(dose) for dose in doses],
        "study": list(data.studies),
        "observation": np.arange(len(data.n)),
    }


def observe_dlts(
    data: ToxicityData,
    p: Any,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> None:
    """Add to the model at hand that the DLTs of ``data`` were observed.

    A share ``f`` of the patients would have a DLT-like event without any drug, so that p_observed = 1 - (1 - f)(1 - p);
    see :mod:`designs.floor`.  Makes the data ``n``, ``dlt_seen``, ``amount`` and ``study_index``, the observed variable
    ``dlt`` (all with dim ``observation``), and ``floor`` where that is estimated.  ``n`` and ``dlt_seen`` may be
    replaced by ``pm.set_data`` without compiling anew.

    Parameters
    ----------
    data : ToxicityData
    p : tensor, one per row of the data
        The drug's own DLT probability.
    floor : float
        Known floor.
    floor_prior : pair of float, optional
        Parameters of a beta prior of the floor, where it is not known.

    Raises
    ------
    ValueError
        If floor or floor_prior are none, or both are given.
    """
    import pymc as pm

    prior = require_floor(floor, floor_prior)
    n = pm.Data("n", np.array(data.n, dtype=np.int64), dims="observation")
    dlt = pm.Data("dlt_seen", np.array(data.dlt, dtype=np.int64), dims="observation")
    pm.Data("amount", np.array(data.amount), dims="observation")
    pm.Data("study_index", data.study_index, dims="observation")
    seen = p
    if prior is not None:
        background = pm.Beta("floor", *prior)
        seen = background + (1 - background) * p
    elif floor:
        seen = floor + (1 - floor) * p
    pm.Binomial("dlt", n=n, p=pm.math.clip(seen, *POSSIBLE), observed=dlt, dims="observation")
