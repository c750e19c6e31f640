"""The truths that the best possible design is best for, and others like them that it is not made for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designs import BLRM, CRM, Design, Stakes
from designs.arrays import BoolArray, FloatArray
from designs.checks import require_whole, shown
from designs.crm_grid import log_dlt_at
from doseesc.engines import check_probabilities
from doseesc.results.criterion import scenario_weights
from doseesc.study import COUNT, BareTrial, DesignPrior, Prior, PseudoUniform, ScenarioPrior, Study, Utility
from doseesc.truth import highest_right, logistic_curve

_CURVES = {
    "pseudo_uniform": "pseudo-uniform",
    "probit_steps": "probit-step",
    "logistic": "logistic",
    "ordered_uniform": "ordered uniform",
}


@dataclass(frozen=True, eq=False)
class WeightedTruths:
    """Truths of a prior.

    Attributes
    ----------
    truths : array, shape (K, J)
    weight : array, shape (K,)
    words : str
        What they are, as part of a sentence.
    drawn : bool
        Whether they are draws, of which there might as well be more or fewer.
    """

    truths: FloatArray
    weight: FloatArray
    words: str
    drawn: bool

    def half(self) -> WeightedTruths:
        """Return the first half of the truths, one at least."""
        count = max(1, len(self.truths) // 2)
        return WeightedTruths(self.truths[:count], self.weight[:count], self.words, self.drawn)


def prior_truths(study: Study | BareTrial, prior: Prior | None = None) -> WeightedTruths:
    """Return the truths of a prior; by default of the file's, else 200 pseudo-uniform curves with the file's seed.

    Raises
    ------
    ValueError
        If the file has no such scenarios or design.
    """
    chosen = study.optimal.prior if prior is None else prior
    if chosen is None:
        chosen = PseudoUniform(count=COUNT, seed=study.simulation.seed)
    if isinstance(chosen, ScenarioPrior):
        return _scenarios(study)
    if isinstance(chosen, DesignPrior):
        if chosen.design not in study.names:
            names = ", ".join(study.names) or "the designs, of which there are none"
            raise ValueError(f"prior must name one of {names}, not {chosen.design!r}")
        truths = design_draws(study.designs[chosen.design], chosen.count, chosen.seed)
        words = f"{_counted(chosen.count)} drawn from the prior of {chosen.design}, seed {chosen.seed}"
    else:
        truths = study.draw(chosen)
        words = f"{_counted(chosen.count, _CURVES[chosen.type] + ' ')}, seed {chosen.seed}"
    return WeightedTruths(truths, np.full(len(truths), 1 / len(truths)), words, True)


def given_truths(name: str, truths: Any, n_doses: int, weights: Any = None) -> WeightedTruths:
    """Return truths as they are given.

    Parameters
    ----------
    name : str
        What an error calls them.
    truths : array, shape (K, J) or (J,)
    n_doses : int
        J.
    weights : array, shape (K,), optional
        By default equal.

    Raises
    ------
    ValueError
        If they are no DLT probabilities of so many doses, or the weights are negative, all 0 or not one per truth.
    """
    try:
        rows = np.atleast_2d(check_probabilities(_numbers(name, truths), n_doses, name))
    except ValueError as error:
        raise ValueError(f"{error}; give an array of shape (truths, {n_doses})") from None
    words = f"{_counted(len(rows), 'given ')}{'' if weights is None else ', weighted'}"
    return WeightedTruths(rows, weights_of(weights, len(rows)), words, False)


def weights_of(weights: Any, count: int) -> FloatArray:
    """Return the weights (K,) of so many truths, which add up to 1; by default equal.

    Raises
    ------
    ValueError
        If they are negative, all 0, or not one per truth.
    """
    share = np.ones(count) if weights is None else _numbers("weights", weights)
    if share.shape != (count,) or not ((share >= 0) & np.isfinite(share)).all() or not share.sum() > 0:
        raise ValueError(f"weights must be {count} numbers of at least 0, one per truth, not {shown(weights)}")
    result: FloatArray = share / share.sum()
    return result


def held_out_truths(study: Study | BareTrial, count: int, prior: Prior | None = None) -> WeightedTruths:
    """Return further truths of the kind, with the next seed; instead of listed scenarios, pseudo-uniform curves."""
    require_whole("held_out", count, 2)
    chosen = study.optimal.prior if prior is None else prior
    if chosen is None or isinstance(chosen, ScenarioPrior):
        chosen = PseudoUniform(count=count, seed=study.simulation.seed)
    return prior_truths(study, chosen.model_copy(update={"count": count, "seed": chosen.seed + 1}))


def stakes_of(study: Study | BareTrial, known: WeightedTruths, utility: Utility | None = None) -> Stakes:
    """Return what a trial of the study is worth under truths, by a utility; by default the file's."""
    worth = study.optimal.utility if utility is None else utility
    return priced(known.truths, known.weight, study.right_levels(known.truths), study.target, worth)


def priced(truths: FloatArray, weight: FloatArray, right: BoolArray, target: float, utility: Utility) -> Stakes:
    """Return what a trial is worth under truths (K, J) of given weights, by a utility.

    ``right`` (K, J + 1) tells the levels that are right to select, index 0 being "none".
    """
    if utility.gain == "correct":
        gain = right.astype(np.float64)
    else:
        distance = np.abs(truths - target) / target
        gain = np.column_stack([np.zeros(len(distance)), 1 - distance])
    above = np.arange(1, truths.shape[1] + 1) > highest_right(right)[:, None]
    price: FloatArray = utility.per_patient + utility.per_patient_above_mtd * above.astype(np.float64)
    return Stakes(truths, weight, gain, price, utility.per_dlt)


def design_draws(design: Design, count: int, seed: int) -> FloatArray:
    """Draw curves (K, J) from the prior of a design's model.

    Raises
    ------
    ValueError
        If it has none: only CRM and BLRM have, with a known floor or none.
    """
    generator = np.random.default_rng(seed)
    if isinstance(design, CRM) and design.floor_prior is None:
        parameter = generator.normal(0.0, float(design.prior_sd), count)
        curves = np.exp(log_dlt_at(parameter, design.skeleton, design.model, float(design.intercept))).T
    elif isinstance(design, BLRM) and design.floor_prior is None:
        reference = design.doses[-1] if design.reference is None else float(design.reference)
        sd = np.array(design.prior_sd)
        covariance = np.outer(sd, sd) * np.array([[1, design.prior_correlation], [design.prior_correlation, 1]])
        drawn = generator.multivariate_normal(np.array(design.prior_mean), covariance, count)
        curves = np.stack(
            [
                logistic_curve(design.doses, intercept=a, slope=float(np.exp(b)), reference=reference)
                for a, b in drawn.tolist()
            ]
        )
    else:
        raise ValueError(f"prior must name a CRM or BLRM without a prior of the floor, not {type(design).__name__}")
    floor = float(design.floor)
    return floor + (1 - floor) * np.clip(curves, 0.0, 1.0)


def _scenarios(study: Study | BareTrial) -> WeightedTruths:
    if isinstance(study, BareTrial):
        raise ValueError("prior must be truths or random curves: without a study there are no scenarios")
    if not study.truths:
        raise ValueError("prior must be random curves: the file lists no scenarios")
    truths = np.array(list(study.truths.values()))
    mtds = np.array([study.true_mtd(truth) for truth in truths])
    weight = scenario_weights(study.comparison.weights, tuple(study.truths), mtds)
    return WeightedTruths(truths, weight, f"the file's {len(truths)} scenarios, weighted as in comparison", False)


def _numbers(name: str, values: Any) -> FloatArray:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} must be numbers, as many in each row, not {shown(values)}") from None


def _counted(count: int, kind: str = "") -> str:
    return f"{count:,} {kind}curve{'s' if count != 1 else ''}"
