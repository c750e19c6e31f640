"""Modular constraints and stopping rules that go around any design.

Each rule belongs to one phase of a decision (see :mod:`designs.phases`) and answers for many tallies at once.
Within a phase the answers are combined by minimum, maximum, "and" and "or", so the order of rules is of no account.
"""

from designs.rules.base import (
    AdmissibilityRule,
    CohortSizeRule,
    HoldingRule,
    LimitRule,
    PartialCohortRule,
    ProposalRule,
    RescueRule,
    Rule,
    SelectionRule,
    StoppingRule,
    require_level,
)
from designs.rules.cohorts import CohortSizeByDLTs, CohortSizeByLevel, SentinelAtNewDose
from designs.rules.combined import AllOf, AnyOf
from designs.rules.increments import MaximumIncrement
from designs.rules.limits import CoherentDeescalation, CoherentEscalation, GlobalCoherence, NoSkipping
from designs.rules.paths import FollowPath
from designs.rules.safety import HardSafety, StopTooToxic, TryRescueDose
from designs.rules.selection import MinimumAtMTD, SelectTried
from designs.rules.stopping import (
    MinimumPatients,
    StopAtDose,
    StopAtRecommended,
    StopWhenPrecise,
    StopWhenRepeated,
    StopWhenStaying,
)
from designs.rules.titration import AcceleratedTitration

__all__ = [
    "AcceleratedTitration",
    "AdmissibilityRule",
    "AllOf",
    "AnyOf",
    "CoherentDeescalation",
    "CoherentEscalation",
    "CohortSizeByDLTs",
    "CohortSizeByLevel",
    "CohortSizeRule",
    "FollowPath",
    "GlobalCoherence",
    "HardSafety",
    "HoldingRule",
    "LimitRule",
    "MaximumIncrement",
    "MinimumAtMTD",
    "MinimumPatients",
    "NoSkipping",
    "PartialCohortRule",
    "ProposalRule",
    "RescueRule",
    "Rule",
    "SelectTried",
    "SelectionRule",
    "SentinelAtNewDose",
    "StopAtDose",
    "StopAtRecommended",
    "StopTooToxic",
    "StopWhenPrecise",
    "StopWhenRepeated",
    "StopWhenStaying",
    "StoppingRule",
    "TryRescueDose",
    "require_level",
]
