"""Bayesian analysis with PyMC and ArviZ: models, posteriors by NUTS and by quadrature; any model as a design.

PyMC takes seconds to import; the names below are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.inference.borrowing import RobustPrior, robust_prior
    from doseesc.inference.borrowing_models import exnex, robust_map
    from doseesc.inference.convergence import judge_convergence
    from doseesc.inference.data import ToxicityData
    from doseesc.inference.from_pymc import design_from_pymc
    from doseesc.inference.heterogeneity import Heterogeneity
    from doseesc.inference.hierarchy import Hierarchy, hierarchy_posterior
    from doseesc.inference.models import crm_logistic, crm_power, monotone, two_parameter_logistic
    from doseesc.inference.normal_mixture import BivariateNormal
    from doseesc.inference.pymc_design import PymcDesign
    from doseesc.inference.saving import write_fit
    from doseesc.inference.trial_fit import fit

__all__ = [
    "BivariateNormal",
    "Heterogeneity",
    "Hierarchy",
    "PymcDesign",
    "RobustPrior",
    "ToxicityData",
    "crm_logistic",
    "crm_power",
    "design_from_pymc",
    "exnex",
    "fit",
    "hierarchy_posterior",
    "judge_convergence",
    "monotone",
    "robust_map",
    "robust_prior",
    "two_parameter_logistic",
    "write_fit",
]

_HOMES = MappingProxyType(
    {
        "BivariateNormal": "doseesc.inference.normal_mixture",
        "Heterogeneity": "doseesc.inference.heterogeneity",
        "Hierarchy": "doseesc.inference.hierarchy",
        "PymcDesign": "doseesc.inference.pymc_design",
        "RobustPrior": "doseesc.inference.borrowing",
        "ToxicityData": "doseesc.inference.data",
        "crm_logistic": "doseesc.inference.models",
        "crm_power": "doseesc.inference.models",
        "design_from_pymc": "doseesc.inference.from_pymc",
        "exnex": "doseesc.inference.borrowing_models",
        "fit": "doseesc.inference.trial_fit",
        "hierarchy_posterior": "doseesc.inference.hierarchy",
        "judge_convergence": "doseesc.inference.convergence",
        "monotone": "doseesc.inference.models",
        "robust_map": "doseesc.inference.borrowing_models",
        "robust_prior": "doseesc.inference.borrowing",
        "two_parameter_logistic": "doseesc.inference.models",
        "write_fit": "doseesc.inference.saving",
    }
)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'doseesc.inference' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
