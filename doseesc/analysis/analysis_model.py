"""A model of the analysis with its prior: in PyMC, as a log density that needs no compiling, and on a grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doseesc.inference import GridPosterior, LogDensity, ToxicityData, densities, grids, models

if TYPE_CHECKING:
    import pymc as pm


MODELS = ("crm_power", "crm_logistic", "blrm", "monotone")
MOST_PARAMETERS = 3
"""Of models whose posterior is found by quadrature too."""
_FUNCTIONS = {"blrm": "two_parameter_logistic"}


@dataclass(frozen=True)
class AnalysisModel:
    """A model with its prior.

    Attributes
    ----------
    name : str
        One of :data:`MODELS`.
    arguments : mapping
        What its functions in :mod:`doseesc.inference.models`, :mod:`doseesc.inference.densities` and
        :mod:`doseesc.inference.grids` take.
    parameters : int
        Number of free parameters.
    words : str
        The model and its prior in a sentence.
    """

    name: str
    arguments: Mapping[str, Any]
    parameters: int
    words: str

    def in_pymc(self, data: ToxicityData, further: Sequence[float] = ()) -> pm.Model:
        """Return the PyMC model."""
        found: pm.Model = getattr(models, self._function)(data, further=further, **self.arguments)
        return found

    def log_density(self, data: ToxicityData, further: Sequence[float] = ()) -> LogDensity:
        """Return the same model as a log density that needs no compiling."""
        found: LogDensity = getattr(densities, self._function)(data, further=further, **self.arguments)
        return found

    def on_grid(self, data: ToxicityData, further: Sequence[float] = ()) -> GridPosterior:
        """Return the posterior by quadrature; only for at most :data:`MOST_PARAMETERS` parameters."""
        found: GridPosterior = getattr(grids, self._function)(data, further=further, **self.arguments)
        return found

    @property
    def _function(self) -> str:
        return _FUNCTIONS.get(self.name, self.name)
