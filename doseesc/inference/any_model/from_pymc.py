"""A PyMC model in, a design out."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from doseesc.inference.any_model.design import PymcDesign
from doseesc.inference.any_model.nuts_fits import Sampler
from doseesc.inference.any_model.posterior import PosteriorText, posterior_of_model

if TYPE_CHECKING:
    import pymc as pm

SAMPLING = MappingProxyType({"draws": "draws", "tune": "tune", "chains": "chains", "sampling_seed": "seed"})
"""Parameters of a design that are settings of NUTS, and their names there."""


def design_from_pymc(
    model: pm.Model,
    dlt_probability: str = "p",
    *,
    target: float,
    max_n: int,
    evidence: Sequence[str] = (),
    tolerance: float = 1e-7,
    **options: Any,
) -> PymcDesign:
    """Return a design whose model is written in PyMC.

    Parameters
    ----------
    model : pm.Model
        A prior, and the DLT probability of every dose; without the trial's data.
    dlt_probability : str
        Name of its variable with the DLT probabilities, lowest dose first.
    target : float
        Target DLT probability.
    max_n : int
        Most patients.
    evidence : sequence of str
        Observed variables that hold what was known before the trial; their likelihood is part of the prior.
    tolerance : float
        See :func:`doseesc.inference.any_model.grid.model_grid`.
    **options
        The other parameters of :class:`PymcDesign`.

    Raises
    ------
    ValueError
        If the model or an option cannot be used.

    Examples
    --------
    >>> import numpy as np, pymc as pm
    >>> from designs import Tally
    >>> with pm.Model() as model:
    ...     b = pm.Normal("b", 0, 1.34**0.5)
    ...     p = pm.Deterministic("p", np.array([0.05, 0.12, 0.25, 0.40, 0.55]) ** pm.math.exp(b))
    >>> design = design_from_pymc(model, target=0.25, max_n=18, selection="plug_in", feasibility_bound=None)
    >>> int(design.decide(Tally.parse("1NNN 2NNN", n_doses=5)).level[0])
    3
    """
    posterior = posterior_of_model(
        model,
        dlt_probability,
        max_n=max_n,
        evidence=evidence,
        tolerance=tolerance,
        parameter_means=options.get("selection") == "plug_in",
        sampler=Sampler(**{name: options[key] for key, name in SAMPLING.items() if key in options}),
        cache=options.get("cache", ""),
    )
    return PymcDesign(
        target=target,
        max_n=max_n,
        dlt_probability=dlt_probability,
        evidence=tuple(evidence),
        fitted=PosteriorText.of(posterior),
        **options,
    )
