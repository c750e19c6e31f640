"""The two-parameter logistic model under a mixture of normal priors, by quadrature.

The posterior of a mixture is a mixture: each component is updated by itself on the grid of
:mod:`designs.logistic_grid`, and its weight becomes proportional to prior weight times evidence.  So the components are
fitted once, and serve every choice of prior weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.special import expit, logsumexp

from designs import Tally
from designs.arrays import FloatArray
from designs.floor import require_floor, with_floor
from designs.grid import GridModel, grid_patients
from designs.logistic_grid import LogisticGrid, LogisticPrior, level_shares_above, logistic_grid
from designs.tails import LOGITS, where_tail_is
from doseesc.inference.borrowing.normal_mixture import BivariateNormal
from doseesc.inference.data import ToxicityData

_FEWEST_PATIENTS = 16  # grids at least this fine, so that few different ones are made


@dataclass(frozen=True)
class Observed:
    """Counts of a trial at a ladder of doses, in the form that grids take.

    ``doses`` (D,) are those with patients and those asked for; ``tally`` has S rows of them.
    """

    doses: tuple[float, ...]
    tally: Tally

    @classmethod
    def of(cls, data: ToxicityData, amounts: Sequence[float]) -> Observed:
        """Count the rows of ``data``, of whatever study, by dose; amounts without patients have counts of 0."""
        doses = tuple(sorted({*data.amount, *(float(amount) for amount in amounts)}))
        place = np.array([doses.index(amount) for amount in data.amount], dtype=np.int64)
        n, dlt = np.zeros((2, 1, len(doses)), dtype=np.int64)
        np.add.at(n[0], place, data.n)
        np.add.at(dlt[0], place, data.dlt)
        return cls(doses, Tally(n=n, dlt=dlt, level=np.zeros(1, dtype=np.int64)))

    def and_at(self, amount: float, n: int) -> Observed:
        """Return n + 1 tallies: ``n`` further patients at one of the doses, of whom 0, 1, ..., n have a DLT."""
        level = self.doses.index(float(amount))
        more, events = np.zeros((2, n + 1, len(self.doses)), dtype=np.int64)
        more[:, level], events[:, level] = n, np.arange(n + 1)
        levels = np.full(n + 1, level + 1)
        return Observed(self.doses, Tally(n=self.tally.n + more, dlt=self.tally.dlt + events, level=levels))


class DosePosterior(NamedTuple):
    """What the posterior says of D doses.

    ``mean`` and ``sd`` (D,) are those of the DLT probability, ``above`` (D, L) the probabilities that it exceeds the
    limits asked for.
    """

    mean: FloatArray
    sd: FloatArray
    above: FloatArray


@dataclass(frozen=True, eq=False)
class MixtureFit:
    """Posteriors of one trial under each of K normal priors.

    Parameters
    ----------
    amounts : tuple of float, length D
        Doses asked for.
    log_evidence : array, shape (K,)
        Logarithms of the marginal likelihoods, without binomial coefficients.
    mean, square : array, shape (K, D)
        Posterior means of the DLT probabilities and of their squares.
    above : array, shape (K, D, L)
        Posterior probabilities that they exceed the limits asked for.
    models : sequence, length K
        The grids, for the limits not asked for.
    tally : Tally
        What was observed, on the grids' doses.
    levels : sequence of int, length D
        Where the doses asked for are among these.
    """

    amounts: tuple[float, ...]
    log_evidence: FloatArray
    mean: FloatArray
    square: FloatArray
    above: FloatArray
    models: tuple[_Component, ...]
    tally: Tally
    levels: tuple[int, ...]

    @cached_property
    def tails(self) -> FloatArray:
        """P(DLT probability > limits), shape (K, D, M), for limits all over (0, 1)."""
        return np.stack([model.above(self.tally, self.levels, expit(LOGITS)) for model in self.models])

    def weights(self, prior_weights: Sequence[float]) -> FloatArray:
        """Return the posterior weights of the components, shape (K,)."""
        return posterior_weights(prior_weights, self.log_evidence)

    def posterior(self, prior_weights: Sequence[float]) -> DosePosterior:
        """Return the posterior of the DLT probabilities under the mixture with these prior weights (K,)."""
        weights = self.weights(prior_weights)
        mean = weights @ self.mean
        sd = np.sqrt(np.maximum(weights @ self.square - mean**2, 0.0))
        return DosePosterior(mean, sd, np.einsum("k,kdl->dl", weights, self.above))

    def quantile(self, prior_weights: Sequence[float], probability: float) -> FloatArray:
        """Return posterior quantiles of the DLT probabilities (D,) under the mixture, to about 1e-4."""
        tails = np.einsum("k,kdl->dl", self.weights(prior_weights), self.tails)
        return expit(where_tail_is(tails, LOGITS, 1 - probability))

    def density(self, prior_weights: Sequence[float]) -> tuple[FloatArray, FloatArray]:
        """Return logits (M,) and the posterior densities (D, M) there of the logit of p at each dose."""
        tails = np.einsum("k,kdl->dl", self.weights(prior_weights), self.tails)
        middle = (LOGITS[1:] + LOGITS[:-1]) / 2
        return middle, np.maximum(-np.diff(tails, axis=1), 0.0) / np.diff(LOGITS)


def fit_components(
    laws: Sequence[BivariateNormal],
    data: ToxicityData,
    *,
    reference: float,
    amounts: Sequence[float],
    limits: Sequence[float] = (),
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> MixtureFit:
    """Return the posteriors of one trial under each of several normal priors of (log_alpha, log_beta).

    Parameters
    ----------
    laws : sequence of BivariateNormal, length K
    data : ToxicityData
        What was observed; all rows share one curve.
    reference : float
        Dose amount at which logit p is log_alpha.
    amounts : sequence of float, length D
        Doses at which p is wanted, tested or not.
    limits : sequence of float, length L
        DLT probabilities whose exceedance is wanted.
    floor, floor_prior
        Background of DLT-like events; see :mod:`designs.floor`.

    Examples
    --------
    >>> from doseesc.inference.data import ToxicityData
    >>> data = ToxicityData.from_outcomes("1NNN 2NNT", amounts=[2, 8, 16])
    >>> plain = BivariateNormal(mean=(-0.7, 0.0), sd=(2.0, 1.0))
    >>> fit = fit_components([plain], data, reference=16, amounts=[2, 8, 16], limits=[0.25])
    >>> found = fit.posterior([1.0])
    >>> found.mean.round(3), found.above[:, 0].round(3)
    (array([0.079, 0.234, 0.411]), array([0.066, 0.393, 0.691]))
    """
    prior = require_floor(floor, floor_prior)
    observed = Observed.of(data, amounts)
    asked = tuple(float(amount) for amount in amounts)
    levels = tuple(observed.doses.index(amount) + 1 for amount in asked)
    models = tuple(_Component.of(law, observed, reference, float(floor), prior) for law in laws)
    moments = [model.moments(observed.tally, levels) for model in models]
    return MixtureFit(
        amounts=asked,
        log_evidence=np.array([float(model.grid.log_evidence(observed.tally)[0]) for model in models]),
        mean=np.stack([mean for mean, _ in moments]),
        square=np.stack([square for _, square in moments]),
        above=np.stack([model.above(observed.tally, levels, np.asarray(limits, dtype=float)) for model in models]),
        models=models,
        tally=observed.tally,
        levels=levels,
    )


class TallyFits(NamedTuple):
    """Posteriors of S tallies under each of K normal priors.

    ``log_evidence`` (S, K), and of the DLT probability at one dose the ``mean`` and that of its ``square`` (S, K).
    """

    log_evidence: FloatArray
    mean: FloatArray
    square: FloatArray

    def moments(self, prior_weights: Sequence[float] | FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means and standard deviations (S,) under the mixture with these prior weights (K,)."""
        weights = posterior_weights(prior_weights, self.log_evidence)
        mean = (weights * self.mean).sum(axis=1)
        return mean, np.sqrt(np.maximum((weights * self.square).sum(axis=1) - mean**2, 0.0))

    def log_marginal(self, prior_weights: Sequence[float] | FloatArray) -> FloatArray:
        """Return the logarithms (S,) of the marginal likelihoods under the mixture."""
        return logsumexp(self.log_evidence, axis=1, b=np.asarray(prior_weights))


def fit_tallies(
    laws: Sequence[BivariateNormal],
    observed: Observed,
    *,
    reference: float,
    amount: float,
    floor: float = 0.0,
    floor_prior: tuple[float, float] | None = None,
) -> TallyFits:
    """Return the posteriors of many tallies at once; see :func:`fit_components`."""
    level = observed.doses.index(float(amount))
    parts = []
    for law in laws:
        grid = _Component.of(law, observed, reference, float(floor), floor_prior).grid
        p = np.exp(grid.log_dlt[level])
        moments = grid.expect(observed.tally, np.column_stack([p, p**2]))
        parts.append(np.column_stack([grid.log_evidence(observed.tally), moments]))
    evidence, mean, square = np.stack(parts, axis=-1).transpose(1, 0, 2)
    return TallyFits(evidence, mean, square)


def posterior_weights(prior_weights: Sequence[float] | FloatArray, log_evidence: FloatArray) -> FloatArray:
    """Return posterior weights (..., K) of components from prior weights (K,) and log evidences (..., K).

    Examples
    --------
    >>> posterior_weights([0.5, 0.5], np.log([0.03, 0.01]))
    array([0.75, 0.25])
    """
    score = log_evidence - log_evidence.max(axis=-1, keepdims=True)
    weight = np.asarray(prior_weights) * np.exp(score)
    return weight / weight.sum(axis=-1, keepdims=True)


class _Component(NamedTuple):
    """The model under one normal prior: its nodes, and the grid with the floor's likelihood."""

    prior: LogisticPrior
    nodes: LogisticGrid
    grid: GridModel

    @classmethod
    def of(
        cls,
        law: BivariateNormal,
        observed: Observed,
        reference: float,
        floor: float,
        floor_prior: tuple[float, float] | None,
    ) -> _Component:
        prior = LogisticPrior(observed.doses, float(reference), law.mean, law.sd, law.correlation)
        patients = grid_patients(_FEWEST_PATIENTS, observed.tally)
        nodes = logistic_grid(prior, patients)
        return cls(prior, nodes, with_floor(nodes.grid, floor, floor_prior, patients))

    def moments(self, tally: Tally, levels: Sequence[int]) -> tuple[FloatArray, FloatArray]:
        """Return posterior means (D,) of p at levels and of its square, for a single tally."""
        curve = np.exp(self.grid.log_dlt[np.array(levels) - 1]).T
        mean, square = np.split(self.grid.expect(tally, np.hstack([curve, curve**2]))[0], 2)
        return mean, square

    def above(self, tally: Tally, levels: Sequence[int], limits: FloatArray) -> FloatArray:
        """Return P(p > limits) at levels, shape (D, L), for a single tally."""
        shares = np.hstack([level_shares_above(self.prior, self.nodes, level, limits) for level in levels])
        return np.clip(self.grid.expect(tally, shares)[0], 0.0, 1.0).reshape(len(levels), -1)
