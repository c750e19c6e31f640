"""What of a design the script in R needs: its template, and what is filled in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from designs import (
    BLRM,
    BMACRM,
    BOIN,
    CCD,
    CRM,
    CRMMLE,
    EWOC,
    IBOIN,
    MTPI,
    MTPI2,
    TPI,
    Complete,
    Design,
    I3Plus3,
    Keyboard,
    RollingSix,
    ThreePlusThree,
)
from designs.a_plus_b import APlusB
from designs.interval import IntervalDesign
from designs.pending_letters import ByTable
from designs.registry import name_of_design
from designs.settled import Settled
from designs.table_design import TableDesign
from doseesc.conduct import MOST_LETTERED
from doseesc.scripts.r_rules import Inexpressible
from doseesc.scripts.rows import LAST_COHORT
from doseesc.scripts.truths import waiting_instead

_REPEATED = "cohorts_in_a_row"


@dataclass(frozen=True)
class DesignCode:
    """What the script needs to know of a design.

    Attributes
    ----------
    template : str
        Name of the template of the design.
    values : dict
        What is filled into it besides the design itself.
    lettered : bool
        Whether decisions are letters by patients and DLTs at the current level.
    model_based : bool
        Whether posterior probabilities are those of a model of all doses.
    """

    template: str
    values: dict[str, Any] = field(default_factory=dict)
    lettered: bool = True
    model_based: bool = False


def design_code(design: Design) -> DesignCode:
    """Return what the script needs to know of a design.

    Raises
    ------
    Inexpressible
        If the script cannot express the design, or one of its options.

    Examples
    --------
    >>> design_code(BOIN(target=0.3, n_doses=3, max_n=18)).template
    'boin'
    """
    make = _KNOWN.get(type(design))
    if make is None:
        known = ", ".join(name_of_design(kind) for kind in _KNOWN)
        named = name_of_design(type(design))
        raise Inexpressible(f"is {named}, a type that the script cannot express", ("type",), f"it can express {known}")
    if isinstance(design, TableDesign) and design.by_pending:
        raise Inexpressible(
            "says what happens while patients are pending, which the script, waiting for every outcome, cannot express",
            ("table",),
        )
    # What waits until no outcome can change a decision decides as what waits for all.
    expressed = (ByTable,) if isinstance(design, RollingSix) else (Complete, Settled)
    if type(design.pending) not in expressed:
        message = f"is {type(design.pending).__name__}(), which the script, a cohort after another, cannot express"
        remedy = f"{waiting_instead(design.pending)},  or compare by a script of your own"
        raise Inexpressible(message, ("pending",), remedy)
    if design.max_n > MOST_LETTERED and not isinstance(design, APlusB):
        what = f"has {design.max_n:,} patients, of which the script's table would be too large"
        raise Inexpressible(what, (), f"write a  max_n  of at most {MOST_LETTERED:,}")
    code = make(design)
    if set(design.needed_memory) - ({*LAST_COHORT, _REPEATED} if code.lettered else {*LAST_COHORT}):
        what = "look at the course of the trial, which the script's rows by patients and DLTs cannot tell"
        raise Inexpressible(what, ("rules",))
    return code


def _boin(design: Any) -> DesignCode:
    return DesignCode("boin", {"p_safe": design._p_safe, "p_toxic": design._p_toxic})


def _a_plus_b(design: Any) -> DesignCode:
    return DesignCode("a_plus_b", {"grouped": True})


def _interval(how: str, **more: Any) -> Callable[[Any], DesignCode]:
    def code(design: IntervalDesign) -> DesignCode:
        values = {
            "how": how,
            "prior": how in ("mtpi", "keys", "tpi"),
            "certainty": design.exclusion_certainty,
            "exclusion_prior": design.exclusion_prior(),
            **more,
        }
        if isinstance(design, Keyboard):
            values["scaled"] = design.end_keys == "scaled"
        if isinstance(design, TableDesign):
            values["table_n"] = "as.numeric(names(written))"
            values["written"] = [row for row in design.known_rows if row[0] <= design.max_n]
        return DesignCode("interval", values)

    return code


def _crm(design: CRM) -> DesignCode:
    _refuse_floor_prior(design)
    return DesignCode("crm", {"known_floor": design.floor}, lettered=False, model_based=True)


def _bma_crm(design: BMACRM) -> DesignCode:
    return DesignCode("bma_crm", {"known_floor": 0.0}, lettered=False, model_based=True)


def _crm_mle(design: CRMMLE) -> DesignCode:
    return DesignCode("crm_mle", {"initial": design._sequence}, lettered=False)


def _rolling_six(design: RollingSix) -> DesignCode:
    if design.variant == "iq":
        raise Inexpressible("is iq, whose closing of levels rests on the order of outcomes", ("variant",))
    return DesignCode("rolling_six", {"finishes": True}, lettered=False)


def _blrm(design: BLRM) -> DesignCode:
    _refuse_floor_prior(design)
    reference = design.doses[-1] if design.reference is None else design.reference
    return DesignCode("blrm", {"reference": reference}, lettered=False, model_based=True)


def _ewoc(design: EWOC) -> DesignCode:
    return DesignCode("ewoc", {"range": design._range}, lettered=False, model_based=True)


def _refuse_floor_prior(design: CRM | BLRM) -> None:
    if design.floor_prior is not None:
        what = "gives the floor a prior, which the script cannot express"
        raise Inexpressible(what, ("floor_prior",), "give a known  floor  instead")


def _iboin(design: IBOIN) -> DesignCode:
    worth = [int(each) for each in np.broadcast_to(np.asarray(design.prior_n), design.n_doses)]
    return DesignCode("iboin", {**_boin(design).values, "prior_n": worth}, lettered=False)


_KNOWN: dict[type[Design], Callable[[Any], DesignCode]] = {
    ThreePlusThree: _a_plus_b,
    APlusB: _a_plus_b,
    BOIN: _boin,
    Keyboard: _interval("keys"),
    MTPI: _interval("mtpi"),
    MTPI2: _interval("keys", scaled=True),
    TPI: _interval("tpi"),
    CCD: _interval("ccd"),
    I3Plus3: _interval("i3plus3"),
    TableDesign: _interval("table"),
    CRM: _crm,
    BMACRM: _bma_crm,
    CRMMLE: _crm_mle,
    IBOIN: _iboin,
    BLRM: _blrm,
    EWOC: _ewoc,
    RollingSix: _rolling_six,
}
