"""The model of an analysis that borrows: from the section ``borrow`` to the robust MAP prior, or that of EXNEX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from doseesc.analysis.analysis_model import AnalysisModel
from doseesc.inference import GridPosterior, LogDensity, ToxicityData
from doseesc.inference.borrowing import (
    BivariateNormal,
    HalfNormal,
    Hierarchy,
    Known,
    LogNormal,
    RobustPrior,
    robust_prior,
)
from doseesc.study import Borrow

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True)
class BorrowingModel(AnalysisModel):
    """The two-parameter logistic model under a robust MAP prior; that of EXNEX, given the other studies, is one.

    Attributes
    ----------
    prior : RobustPrior
    history : ToxicityData
        The historical studies.
    section : Borrow
        How they are borrowed from.
    hierarchy : Hierarchy
        How studies relate.
    """

    prior: RobustPrior
    history: ToxicityData
    section: Borrow
    hierarchy: Hierarchy

    def prior_with(self, chance: float) -> RobustPrior:
        """Return the prior with another weight of the history, or under EXNEX another chance of every study."""
        if self.section.method == "map":
            return self.prior.with_weight(chance)
        return _prior(self.history, self.hierarchy, chance, chance)

    def in_pymc(self, data: ToxicityData, further: Sequence[float] = ()) -> pm.Model:
        """See :meth:`AnalysisModel.in_pymc`."""
        from doseesc.inference.borrowing import robust_map

        return robust_map(data, self.prior, further=further, **self._given)

    def log_density(self, data: ToxicityData, further: Sequence[float] = ()) -> LogDensity:
        """See :meth:`AnalysisModel.log_density`."""
        from doseesc.inference.borrowing import robust_map_density

        return robust_map_density(data, self.prior, further=further, **self._given)

    def on_grid(self, data: ToxicityData, further: Sequence[float] = ()) -> GridPosterior:
        """See :meth:`AnalysisModel.on_grid`."""
        from doseesc.inference.borrowing import robust_map_grid

        return robust_map_grid(data, self.prior, further=further, **self._given)

    @property
    def differences(self) -> str:
        """How much studies differ, in words."""
        given = self.section.heterogeneity
        if isinstance(given, str):
            return f"differences between studies {given.replace('_', ' ')}"
        priors = given.log_alpha.law(), given.log_beta.law()
        return f"between-study sd of log_alpha {_law(priors[0])}, of log_beta {_law(priors[1])}"

    @property
    def _given(self) -> dict[str, Any]:
        return {name: self.arguments[name] for name in ("levels", "floor", "floor_prior")}


def borrowing_model(borrow: Borrow, arguments: Mapping[str, Any], words: str) -> BorrowingModel:
    """Return the model of an analysis that borrows.

    Parameters
    ----------
    borrow : Borrow
        The section.
    arguments : mapping
        Those of :func:`doseesc.inference.two_parameter_logistic`; its prior is that of the mean over studies and
        the weak part, where the section has no other.
    words : str
        That model in words.
    """
    base = BivariateNormal(
        mean=tuple(arguments["prior_mean"]),
        sd=tuple(arguments["prior_sd"]),
        correlation=float(arguments["prior_correlation"]),
    )
    hierarchy = borrow.hierarchy(float(arguments["reference"]), base)
    parameters = 2 + (arguments["floor_prior"] is not None)
    return BorrowingModel(
        name="blrm",
        arguments=arguments,
        parameters=parameters,
        words=f"{words}; {_borrowed_words(borrow)}",
        prior=_prior(borrow.history(), hierarchy, borrow.chance, borrow.chance_of_studies),
        history=borrow.history(),
        section=borrow,
        hierarchy=hierarchy,
    )


@lru_cache(maxsize=16)
def _prior(history: ToxicityData, hierarchy: Hierarchy, weight: float, exchangeable: float) -> RobustPrior:
    return robust_prior(history, hierarchy, weight, exchangeable)


def _borrowed_words(borrow: Borrow) -> str:
    share = f"{100 * borrow.chance:.3g} %"
    return f"{share} borrowed" if borrow.method == "map" else f"EXNEX, each study exchangeable to {share}"


def _law(prior: LogNormal | HalfNormal | Known) -> str:
    if isinstance(prior, LogNormal):
        return f"log-normal (median {prior.median:.3g}, log sd {prior.log_sd:.3g})"
    return f"half-normal ({prior.scale:.3g})" if isinstance(prior, HalfNormal) else f"{prior.value:.3g}"
