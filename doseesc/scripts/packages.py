"""The field's packages in R: what they are asked where they are installed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from designs import BOIN, CRM, MTPI, MTPI2, TPI, Design, ThreePlusThree
from doseesc.scripts.r_values import r_value

PACKAGE_TRIALS = 1_000
"""Trials that a package simulates under each scenario."""

_LEAST_EXCLUDED = 2  # patients from whom on escalation excludes a level


@dataclass(frozen=True)
class PackageCode:
    """A package that knows a design by the same conventions, or why none is asked.

    Attributes
    ----------
    name : str
        Of the package; empty where none is asked.
    template : str
        What asks it.
    values : dict
        What is filled into that.
    why_not : str
        Why none is asked.
    """

    name: str = ""
    template: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    why_not: str = ""


def package_code(design: Design) -> PackageCode:
    """Return the package to be asked about a design, or why there is none."""
    if type(design) is BOIN:
        return _boin(design)
    if type(design) is CRM:
        return _crm(design)
    if type(design) is ThreePlusThree:
        return _three_plus_three(design)
    if isinstance(design, MTPI | MTPI2 | TPI):
        return _interval(design)
    return _none("BOIN, dfcrm and escalation do not have this design")


def _none(why: str) -> PackageCode:
    return PackageCode(why_not=f"No package is asked: {why}.")


def _boin(design: BOIN) -> PackageCode:
    if design.stay_at_one_of_three:
        return _none("BOIN on CRAN has no stay_at_one_of_three")
    if not 0.05 <= design.target <= 0.6:
        return _none("BOIN takes targets from 0.05 to 0.6")
    why = ""
    if design.rules:
        why = "BOIN has no further rules"
    elif design.max_n % design.cohort_size:
        why = "BOIN's trials consist of whole cohorts"
    elif design.titration and design.start_level > 1:
        why = "BOIN's titration begins at the lowest dose, whatever the start dose"
    return PackageCode("BOIN", "boin", {"simulates": not why, "why": why})


def _crm(design: CRM) -> PackageCode:
    if design.estimate != "plug_in":
        return _none("dfcrm estimates the curve at the posterior mean of the parameter")
    if design.floor > 0:
        return _none("dfcrm's model has no floor")
    return PackageCode("dfcrm", "dfcrm")


def _three_plus_three(design: ThreePlusThree) -> PackageCode:
    if design.variant == "six_at_mtd":
        return _none("escalation's 3+3 accepts the top dose with three patients")
    if design.rules or design.start_level > 1 or design.max_n < 6 * design.n_doses:
        return _none("escalation's 3+3 begins at the lowest dose, without rules or a largest number of patients")
    return PackageCode("escalation", "three_plus_three", {"deescalates": design.variant == "deescalation"})


def _interval(design: MTPI | MTPI2 | TPI) -> PackageCode:
    if design.exclusion_certainty is None:
        return _none("escalation always excludes levels")
    whole = design.cohort_size >= max(design.exclusion_min_n, _LEAST_EXCLUDED)
    if not whole:
        return _none(f"escalation excludes from {_LEAST_EXCLUDED} patients on")
    if isinstance(design, TPI):
        if design.exclusion_prior() != (design.alpha, design.beta):
            return _none("escalation's TPI excludes by the prior of its decisions")
        return PackageCode(
            "escalation",
            "interval",
            {"selector": "get_tpi", "interval": f"k1 = {r_value(design.k1)}, k2 = {r_value(design.k2)}"},
        )
    widths = f"epsilon1 = {r_value(design.epsilon1)}, epsilon2 = {r_value(design.epsilon2)}"
    selector = "get_mtpi" if isinstance(design, MTPI) else "get_mtpi2"
    return PackageCode("escalation", "interval", {"selector": selector, "interval": widths})
