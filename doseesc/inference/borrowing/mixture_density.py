"""The two-parameter logistic model under a robust MAP prior as a log density that needs no compiling."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from doseesc.inference.borrowing.borrowing import RobustPrior
from doseesc.inference.curves_by_hand import LineCurve
from doseesc.inference.data import ToxicityData
from doseesc.inference.log_density import LogDensity, log_density
from doseesc.inference.log_dose import line_weights


def robust_map_density(
    data: ToxicityData,
    prior: RobustPrior,
    *,
    levels: Sequence[float],
    further: Sequence[float] = (),
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> LogDensity:
    """Return the density of :func:`doseesc.inference.borrowing.robust_map`; the arguments are the same."""
    mixture = prior.mixture
    curve = LineCurve(
        np.array(mixture.weights),
        np.array([law.mean for law in mixture.components]),
        np.array([law.covariance for law in mixture.components]),
        last_is_weak=0 < prior.weight < 1,
    )
    at = partial(line_weights, prior.reference)
    return log_density(curve, at, data, levels=levels, further=further, floor=floor, floor_prior=floor_prior)
