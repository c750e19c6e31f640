"""The sections of a scenario file, what they mean, and examples of them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from doseesc.study.accrual_section import Arrivals
from doseesc.study.analysis_section import Analysis
from doseesc.study.arm_analysis_section import ArmAnalysis
from doseesc.study.calendar_section import BackfillSection, StaggerSection
from doseesc.study.comparison_section import Comparison
from doseesc.study.dlt_times_section import AnyTimes
from doseesc.study.levels import Level
from doseesc.study.observation_section import Observations
from doseesc.study.optimal_section import Optimal
from doseesc.study.phase2_section import Phase2
from doseesc.study.sections import (
    About,
    Arm,
    DesignEntry,
    Doses,
    Scenarios,
    Simulation,
    TrueMtd,
)
from doseesc.study.values import Number, Positive, Section, Whole


class StudySections(Section):
    """What a scenario file holds, section by section; :class:`doseesc.study.Study` answers questions about it."""

    study: About = Field(examples=[{"title": "My first-in-human study"}])
    """The study: its title, and what is known and assumed of it."""
    doses: Doses = Field(examples=[{"labels": ["low", "medium", "high"], "amounts": [2, 8, 16], "unit": "mg"}])
    """The doses that may be given: amounts, their unit, and labels."""
    target: Number = Field(gt=0, lt=1, examples=[0.25])
    """Target DLT probability."""
    dlt_window_days: Whole = Field(ge=1, le=3650, examples=[28])
    """Days during which a patient is watched for DLTs."""
    cohort_size: Whole = Field(ge=1, le=1000, examples=[3])
    """Patients per cohort, for designs that do not set their own."""
    max_n: Whole = Field(ge=1, le=10_000, examples=[18])
    """Most patients in the trial, for designs that do not set their own."""
    start_level: Level | None = Field(default=None, examples=["low"])
    """Dose of the first cohort, by label or level; by default the lowest."""
    true_mtd_rule: TrueMtd = Field(TrueMtd(), alias="true_mtd", examples=[{"margin": 0.1, "ties": "any"}])
    """Which dose counts as the right one under a scenario."""
    design_entries: tuple[DesignEntry, ...] = Field(
        min_length=1, alias="designs", examples=[[{"name": "BOIN", "type": "BOIN"}]]
    )
    """The designs to compare."""
    scenarios: Scenarios = Field(examples=[[{"name": "S1", "dlt": [0.1, 0.25, 0.45]}]])
    """The possible truths under which designs are compared."""
    comparison: Comparison = Field(default=Comparison(), examples=[{"weights": "scenarios", "margin": 0.02}])
    """By what designs are judged: which scenarios count how much, what counts in them, and what is called equal."""
    optimal: Optimal = Field(default=Optimal(), examples=[{"utility": {"per_patient_above_mtd": 0.02}}])
    """The best possible design, for doseesc optimal: its prior, utility and constraints."""
    observation: Observations = Field(default=(), examples=[{"background": 0.05, "mortality_28_days": 0.3}])
    """What happens to patients besides the drug and how it is counted: one policy, or several to compare, of which the
    first is the study's own.  Without it every patient is evaluable and only the drug causes DLTs."""
    accrual: Arrivals | None = Field(default=None, examples=[{"per_month": 2}])
    """How fast patients arrive; with it designs are compared on the calendar, too: how long a trial lasts, and what it
    does while patients are still in their DLT window."""
    dlt_times: AnyTimes | None = Field(default=None, examples=[{"type": "uniform"}])
    """When DLTs of the drug come within dlt_window_days; by default evenly."""
    stagger: StaggerSection | None = Field(default=None, examples=[{"days_after_first": 7}])
    """Days that must pass before the next patient at a dose is treated; by default none."""
    backfill: BackfillSection | None = Field(default=None, examples=[{"cap_per_dose": 12}])
    """Lower doses take patients who arrive while the escalation waits; by default none does."""
    max_duration_months: Positive | None = Field(default=None, examples=[36])
    """Months from the first patient after which nobody is enrolled; by default no limit."""
    phase2_arms: tuple[Arm, ...] = Field(
        default=(), examples=[[{"name": "quarter", "fraction": 0.25}, {"name": "saline", "control": True}]]
    )
    """The arms of Phase 2; none where there is no Phase 2."""
    phase2_dose_rule: Literal["exact", "nearest_tested_below"] = "exact"
    """exact gives each arm its fraction of the MTD; nearest_tested_below the nearest dose level not above it, else
    the lowest."""
    arm_analysis: ArmAnalysis = Field(
        default=ArmAnalysis(), examples=[{"unsafe_above": 0.35, "unsafe_confidence": 0.25}]
    )
    """How the arms' DLT probabilities are judged from the data of Phase 1: a model and prior that are assumptions of
    this project unless given here."""
    phase2: Phase2 | None = Field(default=None, examples=[{"patients_per_arm": 50}])
    """The Phase 2 trial of these arms; without it, and for what it leaves out, assumptions that are named with every
    result."""
    analysis: Analysis = Field(default=Analysis(), examples=[{"model": "blrm"}])
    """The Bayesian analysis of the trial's data, for doseesc fit."""
    simulation: Simulation = Field(default=Simulation(), examples=[{"trials": 10_000, "seed": 20201130}])
    """How many trials are simulated, from which seed, or whether all are enumerated."""
