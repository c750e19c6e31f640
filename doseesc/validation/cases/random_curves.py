"""Random curves of true DLT probabilities, against published calibrations and published series."""

from __future__ import annotations

import numpy as np

from doseesc.truth import logistic_steps, probit_steps, true_mtd
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden, reference

_CURVES = 40_000


def published_distances() -> Comparison:
    """Compare the mean distance of the doses beside the MTD from the target, calibrated to two or three digits."""
    seen = Differences()
    for case in golden("random_truths.json", "probit_steps"):
        target, n_doses, generator = case["target"], case["n_doses"], np.random.default_rng(2)
        distances = []
        where = f"target {target}, {n_doses} doses, step {case['step_mean']}"
        for mtd in range(1, n_doses + 1):
            curves = probit_steps(
                generator,
                _CURVES // n_doses,
                n_doses=n_doses,
                target=target,
                mtd=mtd,
                mtd_margin=1.0,
                step_mean=case["step_mean"],
            )
            seen.holds(f"{where}, true MTD {mtd}", bool((true_mtd(curves, target) == mtd).all()))
            beside = [level - 1 for level in (mtd - 1, mtd + 1) if 1 <= level <= n_doses]
            distances.append(np.abs(curves[:, beside] - target).min(axis=1))
        seen.close(where, np.concatenate(distances).mean(), case["distance"], within=0.0025)
    return seen.result


def published_series() -> Comparison:
    """Compare quartiles of the lowest dose and of the logit step with those of 155 published series.

    The tails of the fit are those of normal distributions, and are not compared.
    """
    seen, series = Differences(), reference("random_truths.json")["published_series"]
    curves = logistic_steps(np.random.default_rng(1), _CURVES, n_doses=4)
    quartiles = slice(1, 4)
    levels = np.array(series["levels"])[quartiles]
    seen.close("lowest dose", np.quantile(curves[:, 0], levels), series["lowest_dose"][quartiles], within=0.003)
    steps = np.diff(np.log(curves / (1 - curves)), axis=1)
    seen.holds("steps of a curve are equal", np.allclose(steps, steps[:, :1], rtol=0, atol=1e-9))
    seen.close("logit step", np.quantile(steps[:, 0], levels), series["logit_step"][quartiles], within=0.03)
    return seen.result
