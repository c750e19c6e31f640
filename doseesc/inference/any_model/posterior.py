"""The posterior of a PyMC model, as a design asks for it: on a grid or by NUTS, and as text for results.

With up to three parameters posteriors are found on a grid (:mod:`doseesc.inference.any_model.grid`), with more by NUTS
(:mod:`doseesc.inference.any_model.nuts_posterior`).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from doseesc.inference.any_model.nuts_fits import Sampler

if TYPE_CHECKING:
    import pymc as pm

    from doseesc.inference.any_model.grid_posterior import GridPosterior
    from doseesc.inference.any_model.model_source import ModelSource
    from doseesc.inference.any_model.nuts_posterior import NutsPosterior

Posterior: TypeAlias = "GridPosterior | NutsPosterior"
"""What a design asks of its model; both answer the same questions."""


class PosteriorText(str):
    """A posterior as text that a file can hold, and the posterior itself while the program runs."""

    live: Posterior

    @classmethod
    def of(cls, posterior: Posterior) -> PosteriorText:
        """Return the text of a posterior."""
        made = cls(posterior.text())
        made.live = posterior
        return made

    def to_piece(self) -> object:
        """Return what a piece of work takes with it: the text, or what makes fits by NUTS."""
        return str(self) if answers_alone(self) else self.live

    @classmethod
    def from_piece(cls, given: str | NutsPosterior) -> PosteriorText:
        """Return what :meth:`to_piece` is of."""
        return cls.of(posterior_from_text(given) if isinstance(given, str) else given)


def answers_alone(text: str) -> bool:
    """Tell whether a posterior's text answers for every tally: one by NUTS needs its model, or fits made before."""
    from doseesc.inference.any_model.nuts_posterior import MARK

    return not text.startswith(MARK)


def posterior_of_model(
    model: pm.Model,
    dlt_probability: str = "p",
    *,
    max_n: int,
    evidence: Sequence[str] = (),
    tolerance: float = 1e-7,
    parameter_means: bool = False,
    sampler: Sampler | None = None,
    cache: str = "",
    backend: str = "",
    jobs: int = 0,
    source: ModelSource | None = None,
) -> Posterior:
    """Return the posterior of a model: on a grid where it has at most three parameters, else by NUTS.

    Parameters
    ----------
    model, dlt_probability, max_n, evidence, tolerance
        As for :func:`doseesc.inference.design_from_pymc`.
    parameter_means : bool
        See :func:`doseesc.inference.any_model.grid.model_grid`.
    sampler, cache, backend, jobs, source
        See :class:`doseesc.inference.any_model.nuts_posterior.NutsPosterior`; without effect on a grid.

    Raises
    ------
    ModelError
        If the model cannot be used.
    """
    from doseesc.inference.any_model.grid import MOST_PARAMETERS, model_grid
    from doseesc.inference.any_model.grid_posterior import GridPosterior
    from doseesc.inference.any_model.model_function import model_function, prior_words
    from doseesc.inference.any_model.nuts_posterior import NutsPosterior

    function = model_function(model, dlt_probability, evidence)
    if len(function.start) <= MOST_PARAMETERS:
        grid = model_grid(
            model,
            dlt_probability,
            patients=max_n,
            evidence=evidence,
            tolerance=tolerance,
            parameter_means=parameter_means,
        )
        return GridPosterior(grid)
    return NutsPosterior.of(
        model,
        dlt_probability,
        patients=max_n,
        sampler=sampler or Sampler(),
        prior=prior_words(model),
        n_doses=function.n_doses,
        cache=cache,
        backend=backend,
        jobs=jobs,
        source=source,
    )


@lru_cache(maxsize=32)
def posterior_from_text(text: str) -> Posterior:
    """Read a posterior from its text.

    Raises
    ------
    ValueError
        If the text is not one.
    """
    from doseesc.inference.any_model.grid_posterior import grid_from_text
    from doseesc.inference.any_model.nuts_posterior import MARK, nuts_from_text

    try:
        return nuts_from_text(text) if text.startswith(MARK) else grid_from_text(text)
    except ValueError as error:
        raise ValueError(f"fitted {error}") from error
