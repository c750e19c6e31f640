"""The dose-toxicity curve with its band, as draws of a model have it."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from designs.arrays import FloatArray
from doseesc.analysis.analysis_model import AnalysisModel
from doseesc.inference import CREDIBILITY, POSSIBLE, Trace, group, log_dose_weights
from doseesc.study import Study

_ENDS = ((1 - CREDIBILITY) / 2, (1 + CREDIBILITY) / 2)


def band_of_draws(
    study: Study, model: AnalysisModel, trace: Trace, amounts: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the mean curve, and the lower and upper end of its band, (A,), at amounts (A,), from a model's draws."""
    posterior = group(trace, "posterior")
    if model.name == "blrm":
        log_dose = np.log(amounts / model.arguments["reference"])
        log_alpha, log_beta = (posterior[name].values.ravel() for name in ("log_alpha", "log_beta"))
        odds = log_alpha[:, None] + np.exp(log_beta)[:, None] * log_dose
    else:
        at_levels = posterior["p"].values.reshape(-1, posterior.sizes["dose"])[:, : study.n_doses]
        odds = logit(np.clip(at_levels, *POSSIBLE)) @ log_dose_weights(study.doses.amounts, amounts.tolist()).T
    return mean_and_band(expit(odds))


def mean_and_band(draws: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, and lower and upper end of the central interval, (A,), of draws (S, A)."""
    low, high = np.quantile(draws, _ENDS, axis=0)
    return draws.mean(axis=0), low, high
