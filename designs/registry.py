"""Designs by name; third-party designs arrive through the entry-point group ``doseesc.designs``."""

from __future__ import annotations

import re
from importlib.metadata import EntryPoint, entry_points
from typing import NamedTuple

from designs.a_plus_b import APlusB
from designs.blrm import BLRM
from designs.bma_crm import BMACRM
from designs.boin import BOIN
from designs.ccd import CCD
from designs.crm import CRM
from designs.crm_mle import CRMMLE
from designs.design import Design
from designs.ewoc import EWOC
from designs.i3plus3 import I3Plus3
from designs.iboin import IBOIN
from designs.keyboard import Keyboard
from designs.mtpi import MTPI
from designs.mtpi2 import MTPI2
from designs.policies import Complete, PendingPolicy, Weighted
from designs.policy import PolicyDesign
from designs.rolling_six import RollingSix
from designs.rule_names import UnknownName, called, known_by
from designs.settled import Settled
from designs.table_design import TableDesign
from designs.three_plus_three import ThreePlusThree
from designs.tpi import TPI

GROUP = "doseesc.designs"

_BUILT_IN: dict[str, type[Design]] = {
    "3+3": ThreePlusThree,
    "CRM": CRM,
    "BOIN": BOIN,
    "mTPI": MTPI,
    "mTPI-2": MTPI2,
    "Keyboard": Keyboard,
    "TPI": TPI,
    "CCD": CCD,
    "i3+3": I3Plus3,
    "BLRM": BLRM,
    "EWOC": EWOC,
    "BMA-CRM": BMACRM,
    "CRM-MLE": CRMMLE,
    "A+B": APlusB,
    "iBOIN": IBOIN,
    "RollingSix": RollingSix,
    "table": TableDesign,
    "policy": PolicyDesign,
}
_TITE = ("BOIN", "CRM", "Keyboard", "mTPI", "mTPI-2", "BLRM", "EWOC", "BMA-CRM", "CRM-MLE")
_POLICIES: dict[str, type[PendingPolicy]] = {policy.__name__: policy for policy in (Complete, Settled, Weighted)}


def design_names() -> list[str]:
    """Return the names of all designs, the built-in ones first."""
    return [*_BUILT_IN, *sorted(_third_party())]


def design_class(name: str) -> type[Design]:
    """Return the design of a name, in any case, its words apart or joined in any way.

    Raises
    ------
    UnknownName
        If there is none; it suggests the nearest name.
    TypeError
        If an entry point leads to something that is not a design.

    Examples
    --------
    >>> design_class("boin").__name__, design_class("rolling six").__name__
    ('BOIN', 'RollingSix')
    """
    built_in = called(name, _BUILT_IN, _plain)
    if built_in is not None:
        return built_in
    entry = called(name, _third_party(), _plain)
    if entry is None:
        raise UnknownName("design", name, design_names())
    loaded = entry.load()
    if not (isinstance(loaded, type) and issubclass(loaded, Design)):
        raise TypeError(f"entry point {entry.name!r} of {GROUP} must lead to a subclass of designs.Design")
    return loaded


class DesignType(NamedTuple):
    """What a type in a scenario file stands for: a design, and its policy about pending patients; None = any."""

    design: type[Design]
    policy: type[PendingPolicy] | None


def type_names() -> list[str]:
    """Return the names of all types of design: those of the designs, and the short ones of time-to-event designs."""
    return [*_BUILT_IN, *_tite_types(), *sorted(_third_party())]


def design_type(name: str) -> DesignType:
    """Return what a type's name stands for, as :func:`design_class` reads it.

    ``TITE-X`` is the design X whose ``pending`` is :class:`designs.Weighted`.

    Raises
    ------
    UnknownName, TypeError
        As for :func:`design_class`.

    Examples
    --------
    >>> design_type("TITE-CRM")
    DesignType(design=<class 'designs.crm.CRM'>, policy=<class 'designs.policies.Weighted'>)
    >>> design_type("CRM").policy is None
    True
    """
    weighing = called(name, _tite_types(), _plain)
    if weighing is not None:
        return DesignType(weighing, Weighted)
    try:
        return DesignType(design_class(name), None)
    except UnknownName:
        raise UnknownName("design", name, type_names()) from None


def policy_names() -> list[str]:
    """Return the names of what a design may do about pending patients."""
    return list(_POLICIES)


def policy_class(name: str) -> type[PendingPolicy]:
    """Return the policy of a name, in any case.

    Raises
    ------
    UnknownName
        If there is none; it suggests the nearest name.
    """
    return known_by("policy", name, _POLICIES)


def name_of_design(design: type[Design]) -> str:
    """Return the name of a design, as scenario files have it; that of its class where it is not registered.

    Examples
    --------
    >>> name_of_design(MTPI2)
    'mTPI-2'
    """
    built_in = next((name for name, known in _BUILT_IN.items() if known is design), None)
    if built_in is not None:
        return built_in  # without a look at what is installed, which takes a while
    home = f"{design.__module__}:{design.__qualname__}"
    named = [name for name, entry in _third_party().items() if entry.value == home]
    return named[0] if named else design.__name__


def _tite_types() -> dict[str, type[Design]]:
    return {f"TITE-{name}": _BUILT_IN[name] for name in _TITE}


def _plain(name: str) -> str:
    return re.sub(r"(?<=[a-z])[ _-](?=[a-z])", "", name.lower())


def _third_party() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=GROUP)}
