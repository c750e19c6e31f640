"""Dose-escalation designs as pure functions of a tally.

>>> from designs import BOIN, Tally
>>> design = BOIN(target=0.25, n_doses=3, cohort_size=3, max_n=18)
>>> decision = design.decide(Tally.parse("1NNN 2NNT", n_doses=3))
>>> int(decision.level[0]), int(decision.cohort_size[0]), decision.reason[0].name
(1, 3, 'DEESCALATE')
"""

from designs.boin import BOIN, Boundaries
from designs.crm import CRM
from designs.decision import Decision, Reason
from designs.design import Design
from designs.registry import UnknownName, design_class, design_names, rule_class, rule_names
from designs.rules import (
    AdmissibilityRule,
    CoherentEscalation,
    LimitRule,
    NoSkipping,
    Rule,
    SelectionRule,
    StopAtDose,
    StopAtRecommended,
    StoppingRule,
    StopTooToxic,
    StopWhenStaying,
)
from designs.skeleton import skeleton
from designs.tally import Tally
from designs.three_plus_three import ThreePlusThree

__all__ = [
    "BOIN",
    "CRM",
    "AdmissibilityRule",
    "Boundaries",
    "CoherentEscalation",
    "Decision",
    "Design",
    "LimitRule",
    "NoSkipping",
    "Reason",
    "Rule",
    "SelectionRule",
    "StopAtDose",
    "StopAtRecommended",
    "StopTooToxic",
    "StopWhenStaying",
    "StoppingRule",
    "Tally",
    "ThreePlusThree",
    "UnknownName",
    "design_class",
    "design_names",
    "rule_class",
    "rule_names",
    "skeleton",
]
