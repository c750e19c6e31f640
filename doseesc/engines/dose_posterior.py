"""The posterior of the DLT probability at any dose, tested or not, for many final tallies at once.

The model is that of :mod:`designs.logistic_grid`, the same whatever design ran the trial:

    logit p(d) = log_alpha + exp(log_beta) log(d / reference)

so that data at the tested doses speak of every other dose too.  Where the trial counts DLT-like events that the drug
does not cause, the model may know their rate, ``floor``; p is the drug's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from designs import Tally
from designs.arrays import FloatArray
from designs.floor import with_floor
from designs.logistic_grid import LogisticPrior, level_shares_above, logistic_grid, require_logistic_grid
from designs.tails import where_tail_is

# Inverse hyperbolic sines of the logits between which ends of intervals are interpolated, for up to _PATIENTS.
_FIRST, _LAST, _LIMITS = -5.3, 4.5, 49
_PATIENTS = 100


def _limits(patients: int) -> int:
    """Return at how many limits tail probabilities are found for the ends of intervals."""
    return 1 + int(np.ceil((_LIMITS - 1) * np.sqrt(max(1.0, patients / _PATIENTS))))


class DosePosterior(NamedTuple):
    """Posterior of the DLT probability at A doses for S tallies, each (S, A): mean, interval, P(above a limit)."""

    mean: FloatArray
    lower: FloatArray
    upper: FloatArray
    above: FloatArray


@dataclass(frozen=True)
class DoseModel:
    """The two-parameter logistic model with a bivariate normal prior on (log_alpha, log_beta).

    Parameters
    ----------
    doses : tuple of float, length J
        Amounts at which patients are treated.
    reference : float
        Amount at which log_alpha is the logit DLT probability.
    mean, sd : pair of float
        Prior means and standard deviations of (log_alpha, log_beta).
    correlation : float
    floor : float
        Known probability of a DLT-like event without the drug.

    Examples
    --------
    A quarter of the highest dose, at which nobody was treated:

    >>> model = DoseModel(doses=(2.0, 8.0, 16.0), reference=16.0, mean=(-0.693, 0.0), sd=(2.0, 1.0))
    >>> tally = Tally.parse("1NNN 2NNN 3NTNNNN", n_doses=3)
    >>> posterior = model.posterior(tally, [4.0, 16.0], above=0.35, credibility=0.9)
    >>> posterior.mean.round(3), posterior.upper.round(3)
    (array([[0.04 , 0.168]]), array([[0.146, 0.396]]))
    """

    doses: tuple[float, ...]
    reference: float
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float = 0.0
    floor: float = 0.0

    def posterior(
        self, tally: Tally, amounts: npt.ArrayLike, *, above: float, credibility: float, patients: int | None = None
    ) -> DosePosterior:
        """Return the posterior of the DLT probability at A amounts, by quadrature.

        Means and tail probabilities are good to about 1e-6, ends of intervals to about 1e-4.

        Parameters
        ----------
        tally : Tally
            S tallies of J doses.
        amounts : array, shape (A,)
            Dose amounts, tested or not.
        above : float
            Limit of the DLT probability.
        credibility : float
            Probability of the equal-tailed interval.
        patients : int, optional
            Most patients of any tally, for which the grid is fine enough; by default those of these tallies.
        """
        most = max(1, int(tally.total_n.max(initial=0)) if patients is None else patients)
        grid = logistic_grid(self._prior(self.doses), most)
        places = np.linspace(_FIRST, _LAST, _limits(most))
        limits = np.append(expit(np.sinh(places)), above)
        at = self._prior(tuple(float(amount) for amount in np.asarray(amounts, dtype=np.float64)))
        curves = expit(at.mean_log_alpha(grid.z_beta) + at.residual_sd * grid.z_alpha + at.slope(grid.z_beta))
        shares = [level_shares_above(at, grid, place, limits) for place in range(1, len(at.doses) + 1)]
        model = with_floor(grid.grid, self.floor, None, most)
        expected = model.expect(tally, np.column_stack([curves.T, *shares]))
        mean, tails = expected[:, : len(at.doses)], expected[:, len(at.doses) :]
        tails = tails.reshape(tally.size, len(at.doses), len(limits))
        falling = tails[..., :-1].reshape(-1, len(places))
        lower, upper = (
            expit(np.sinh(where_tail_is(falling, places, tail, cubic=True))).reshape(mean.shape)
            for tail in ((1 + credibility) / 2, (1 - credibility) / 2)
        )
        return DosePosterior(mean, lower, upper, np.clip(tails[..., -1], 0.0, 1.0))

    def bytes_needed(self, patients: int, amounts: int) -> float:
        """Return how many bytes :meth:`posterior` takes, about, for tallies of so many patients at so many amounts.

        Raises
        ------
        ValueError
            If the grid alone would be too large.

        Examples
        --------
        >>> model = DoseModel(doses=(2.0, 8.0, 16.0), reference=16.0, mean=(-0.693, 0.0), sd=(2.0, 1.0))
        >>> [round(model.bytes_needed(patients, amounts=2) / 1e6) for patients in (18, 2_000)]
        [5, 1704]
        """
        nodes = require_logistic_grid(self._prior(self.doses), patients)
        return 8.0 * nodes * 2 * amounts * (_limits(patients) + 2)

    def _prior(self, doses: tuple[float, ...]) -> LogisticPrior:
        return LogisticPrior(doses, self.reference, self.mean, self.sd, self.correlation)
