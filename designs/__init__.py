"""Dose-escalation designs as pure functions of a tally.

>>> from designs import BOIN, Tally
>>> design = BOIN(target=0.25, n_doses=3, cohort_size=3, max_n=18)
>>> decision = design.decide(Tally.parse("1NNN 2NNT", n_doses=3))
>>> int(decision.level[0]), int(decision.cohort_size[0]), decision.reason[0].name
(1, 3, 'DEESCALATE')
"""

from designs.a_plus_b import APlusB
from designs.blrm import BLRM, BlrmPosterior
from designs.bma_crm import BMACRM, BmaPosterior
from designs.boin import BOIN
from designs.boin_boundaries import Boundaries
from designs.ccd import CCD
from designs.crm import CRM
from designs.crm_mle import CRMMLE
from designs.decision import Decision, Reason
from designs.design import Design
from designs.ewoc import EWOC, EwocPosterior
from designs.floor import target_above_floor
from designs.follow_up import FollowUpLimits, FollowUpTable, follow_up_table
from designs.i3plus3 import I3Plus3
from designs.iboin import IBOIN
from designs.indifference import IndifferenceIntervals, indifference_intervals
from designs.interval import IntervalDesign
from designs.interval_choice import target_cut_points
from designs.keyboard import Keyboard
from designs.mtpi import MTPI
from designs.mtpi2 import MTPI2
from designs.pending import EnteredTally, Pending
from designs.policies import Complete, PendingPolicy, Weighted
from designs.policy import PolicyDesign
from designs.policy_table import Policy
from designs.registry import (
    DesignType,
    design_class,
    design_names,
    design_type,
    policy_class,
    policy_names,
    type_names,
)
from designs.rolling_six import RollingSix
from designs.rule_names import UnknownName, rule_class, rule_names
from designs.rules import (
    AcceleratedTitration,
    AdmissibilityRule,
    AllOf,
    AnyOf,
    CoherentDeescalation,
    CoherentEscalation,
    CohortSizeByDLTs,
    CohortSizeByLevel,
    CohortSizeRule,
    FollowPath,
    GlobalCoherence,
    HardSafety,
    HoldingRule,
    LimitRule,
    MaximumIncrement,
    MinimumAtMTD,
    MinimumPatients,
    NoSkipping,
    PartialCohortRule,
    ProposalRule,
    RescueRule,
    Rule,
    SelectionRule,
    SelectTried,
    SentinelAtNewDose,
    StopAtDose,
    StopAtRecommended,
    StoppingRule,
    StopTooToxic,
    StopWhenPrecise,
    StopWhenRepeated,
    StopWhenStaying,
    TryRescueDose,
)
from designs.rules.conflicts import rule_conflicts
from designs.sanity import check_design
from designs.settled import Settled
from designs.skeleton import skeleton
from designs.stakes import Stakes
from designs.table_design import TableDesign
from designs.tally import Tally
from designs.three_plus_three import ThreePlusThree
from designs.tpi import TPI
from designs.weights import follow_up_weights

__all__ = [
    "BLRM",
    "BMACRM",
    "BOIN",
    "CCD",
    "CRM",
    "CRMMLE",
    "EWOC",
    "IBOIN",
    "MTPI",
    "MTPI2",
    "TPI",
    "APlusB",
    "AcceleratedTitration",
    "AdmissibilityRule",
    "AllOf",
    "AnyOf",
    "BlrmPosterior",
    "BmaPosterior",
    "Boundaries",
    "CoherentDeescalation",
    "CoherentEscalation",
    "CohortSizeByDLTs",
    "CohortSizeByLevel",
    "CohortSizeRule",
    "Complete",
    "Decision",
    "Design",
    "DesignType",
    "EnteredTally",
    "EwocPosterior",
    "FollowPath",
    "FollowUpLimits",
    "FollowUpTable",
    "GlobalCoherence",
    "HardSafety",
    "HoldingRule",
    "I3Plus3",
    "IndifferenceIntervals",
    "IntervalDesign",
    "Keyboard",
    "LimitRule",
    "MaximumIncrement",
    "MinimumAtMTD",
    "MinimumPatients",
    "NoSkipping",
    "PartialCohortRule",
    "Pending",
    "PendingPolicy",
    "Policy",
    "PolicyDesign",
    "ProposalRule",
    "Reason",
    "RescueRule",
    "RollingSix",
    "Rule",
    "SelectTried",
    "SelectionRule",
    "SentinelAtNewDose",
    "Settled",
    "Stakes",
    "StopAtDose",
    "StopAtRecommended",
    "StopTooToxic",
    "StopWhenPrecise",
    "StopWhenRepeated",
    "StopWhenStaying",
    "StoppingRule",
    "TableDesign",
    "Tally",
    "ThreePlusThree",
    "TryRescueDose",
    "UnknownName",
    "Weighted",
    "check_design",
    "design_class",
    "design_names",
    "design_type",
    "follow_up_table",
    "follow_up_weights",
    "indifference_intervals",
    "policy_class",
    "policy_names",
    "rule_class",
    "rule_conflicts",
    "rule_names",
    "skeleton",
    "target_above_floor",
    "target_cut_points",
    "type_names",
]
