"""Whether chains have converged, by stated limits.

r-hat at most 1.01 and effective sample sizes of at least 400, in the bulk and in the tails, for every free parameter
and for the DLT probability at every dose (Vehtari, Gelman, Simpson, Carpenter and Bürkner 2021, *Bayesian Analysis*
16:667-718); of the draws at most 1 in 1,000 divergent; and at least two chains, since one cannot disagree with itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from doseesc.inference.arviz_compat import Trace, ess, group, rhat

if TYPE_CHECKING:
    import xarray as xr

LARGEST_RHAT = 1.01
LEAST_ESS = 400.0
LARGEST_DIVERGENT_SHARE = 0.001


@dataclass(frozen=True)
class Convergence:
    """What the chains show.

    Attributes
    ----------
    chains, draws : int
        Chains, and draws of each.
    divergences : int
        Divergent draws, over all chains.
    rhat, ess_bulk, ess_tail : float
        The worst of all quantities looked at; not a number where it cannot be computed.
    failures : tuple of str
        What is wrong, in words.
    """

    chains: int
    draws: int
    divergences: int
    rhat: float
    ess_bulk: float
    ess_tail: float
    failures: tuple[str, ...]

    @property
    def converged(self) -> bool:
        """Whether nothing is wrong."""
        return not self.failures

    @property
    def verdict(self) -> str:
        """The verdict in one sentence."""
        if self.failures:
            return "Not converged: " + "; ".join(self.failures)
        return (
            f"Converged: r-hat at most {self.rhat:.3f}, effective sample sizes at least {self.ess_bulk:,.0f} (bulk) "
            f"and {self.ess_tail:,.0f} (tail) of {self.chains} x {self.draws:,} draws, {_count(self.divergences)}"
        )


def judge_convergence(trace: Trace, names: Sequence[str] | None = None) -> Convergence:
    """Judge chains.

    Parameters
    ----------
    trace : InferenceData or DataTree
        With groups ``posterior`` and ``sample_stats``.
    names : sequence of str, optional
        Quantities to look at; by default all of the posterior.

    Examples
    --------
    Two chains that do not know of one another:

    >>> import numpy as np, xarray as xr
    >>> from doseesc.inference.arviz_compat import trace_of
    >>> draws = np.random.default_rng(1).normal(size=(2, 1000)) + [[0.0], [3.0]]
    >>> posterior = xr.Dataset({"b": (("chain", "draw"), draws)})
    >>> stats = xr.Dataset({"diverging": (("chain", "draw"), np.zeros((2, 1000), bool))})
    >>> judge_convergence(trace_of({"posterior": posterior, "sample_stats": stats})).converged
    False
    """
    posterior = group(trace, "posterior")
    posterior = posterior[list(posterior.data_vars) if names is None else list(names)]
    chains, draws = posterior.sizes["chain"], posterior.sizes["draw"]
    divergences = int(group(trace, "sample_stats")["diverging"].sum())
    with np.errstate(all="ignore"):
        worst_rhat = float(_values(rhat(posterior)).max())
        bulk, tail = (float(_values(ess(posterior, method)).min()) for method in ("bulk", "tail"))
    failures = []
    if chains < 2:
        failures.append("a single chain cannot be compared with others")
    if np.isnan(worst_rhat) and chains > 1:
        failures.append("r-hat cannot be computed")
    elif worst_rhat > LARGEST_RHAT:
        failures.append(f"r-hat is {worst_rhat:.3f}, above {LARGEST_RHAT:g}")
    for name, value in (("bulk", bulk), ("tail", tail)):
        if np.isnan(value):
            failures.append(f"the {name} effective sample size cannot be computed")
        elif value < LEAST_ESS:
            failures.append(f"the {name} effective sample size is {value:,.0f}, below {LEAST_ESS:g}")
    if divergences > LARGEST_DIVERGENT_SHARE * chains * draws:
        failures.append(f"{_count(divergences)} among {chains * draws:,} draws")
    return Convergence(chains, draws, divergences, worst_rhat, bulk, tail, tuple(failures))


def _values(dataset: xr.Dataset) -> FloatArray:
    return np.concatenate([np.ravel(each) for each in dataset.data_vars.values()])


def _count(divergences: int) -> str:
    return "1 divergence" if divergences == 1 else f"{divergences or 'no'} divergences"
