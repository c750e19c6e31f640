"""Bayesian analysis with PyMC and ArviZ: models, posteriors by NUTS and by quadrature, and what they say of each dose.

PyMC takes seconds to import; the names below are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.inference.convergence import judge_convergence
    from doseesc.inference.data import ToxicityData
    from doseesc.inference.fit import fit
    from doseesc.inference.models import crm_logistic, crm_power, monotone, two_parameter_logistic
    from doseesc.inference.saving import write_fit

__all__ = [
    "ToxicityData",
    "crm_logistic",
    "crm_power",
    "fit",
    "judge_convergence",
    "monotone",
    "two_parameter_logistic",
    "write_fit",
]

_HOMES = MappingProxyType(
    {
        "ToxicityData": "doseesc.inference.data",
        "crm_logistic": "doseesc.inference.models",
        "crm_power": "doseesc.inference.models",
        "fit": "doseesc.inference.fit",
        "judge_convergence": "doseesc.inference.convergence",
        "monotone": "doseesc.inference.models",
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
