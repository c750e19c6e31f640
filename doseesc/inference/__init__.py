"""Bayesian analysis with PyMC and ArviZ: models, posteriors by NUTS and by quadrature, and designs made of any model.

PyMC takes seconds to import; the names below are looked up when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.inference.pymc_design import PymcDesign, design_from_pymc

__all__ = ["PymcDesign", "design_from_pymc"]

_HOMES = MappingProxyType(
    {
        "PymcDesign": "doseesc.inference.pymc_design",
        "design_from_pymc": "doseesc.inference.pymc_design",
    }
)


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'doseesc.inference' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
