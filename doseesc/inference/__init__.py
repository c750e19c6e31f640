"""Bayesian analysis with PyMC and ArviZ: models, posteriors by NUTS and by quadrature; any model as a design.

PyMC takes seconds to import; the names below are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.analysis.fit import fit
    from doseesc.inference.any_model.design import PymcDesign
    from doseesc.inference.any_model.from_pymc import design_from_pymc
    from doseesc.inference.borrowing.borrowing import RobustPrior, robust_prior
    from doseesc.inference.borrowing.borrowing_models import exnex, robust_map
    from doseesc.inference.borrowing.heterogeneity import Heterogeneity
    from doseesc.inference.borrowing.hierarchy import Hierarchy, hierarchy_posterior
    from doseesc.inference.borrowing.normal_mixture import BivariateNormal
    from doseesc.inference.convergence import judge_convergence
    from doseesc.inference.data import ToxicityData
    from doseesc.inference.models import crm_logistic, crm_power, monotone, two_parameter_logistic
    from doseesc.report.fit_files import write_fit

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
        "BivariateNormal": "doseesc.inference.borrowing.normal_mixture",
        "Heterogeneity": "doseesc.inference.borrowing.heterogeneity",
        "Hierarchy": "doseesc.inference.borrowing.hierarchy",
        "PymcDesign": "doseesc.inference.any_model.design",
        "RobustPrior": "doseesc.inference.borrowing.borrowing",
        "ToxicityData": "doseesc.inference.data",
        "crm_logistic": "doseesc.inference.models",
        "crm_power": "doseesc.inference.models",
        "design_from_pymc": "doseesc.inference.any_model.from_pymc",
        "exnex": "doseesc.inference.borrowing.borrowing_models",
        "fit": "doseesc.analysis.fit",
        "hierarchy_posterior": "doseesc.inference.borrowing.hierarchy",
        "judge_convergence": "doseesc.inference.convergence",
        "monotone": "doseesc.inference.models",
        "robust_map": "doseesc.inference.borrowing.borrowing_models",
        "robust_prior": "doseesc.inference.borrowing.borrowing",
        "two_parameter_logistic": "doseesc.inference.models",
        "write_fit": "doseesc.report.fit_files",
    }
)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'doseesc.inference' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
