"""The scenario file: one study with its doses, designs, possible truths and Phase 2 arms, as typed, validated data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, PrivateAttr, ValidationInfo, model_validator

from designs import Design, Rule, check_design, rule_conflicts, type_names
from designs.arrays import BoolArray, FloatArray
from doseesc.engines import Calendar
from doseesc.errors import FieldPath, field_name
from doseesc.named_doses import Doses as NamedDoses
from doseesc.study.accrual_section import Arrivals
from doseesc.study.analysis_section import Analysis
from doseesc.study.arm_analysis_section import ArmAnalysis
from doseesc.study.calendar_section import BackfillSection, StaggerSection, TimeParts, calendar_of
from doseesc.study.checks import Parts, problems_across
from doseesc.study.comparison_section import Comparison
from doseesc.study.designs import Shared, build_design
from doseesc.study.dlt_times_section import AnyTimes
from doseesc.study.levels import Level, level_of
from doseesc.study.observation_section import Observations
from doseesc.study.optimal_section import Optimal, constraint_rules
from doseesc.study.phase2_section import Phase2
from doseesc.study.random_section import Ladder, RandomScenarios
from doseesc.study.schema import scenario_schema
from doseesc.study.sections import (
    About,
    Arm,
    DesignEntry,
    Doses,
    EmaxCurve,
    LogisticCurve,
    Scenarios,
    Simulation,
    TrueMtd,
)
from doseesc.study.values import Number, Positive, Section, Whole
from doseesc.study.yaml_source import Source
from doseesc.truth import (
    EVEN_TIMES,
    DoseProbability,
    EventTimes,
    LateWeibull,
    ObservationModel,
    dlt_probability_at,
    dose_status,
    highest_right,
    right_levels,
)


class Study(Section):
    """A dose-escalation study to simulate."""

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

    _origin: Source | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _check_across(self, info: ValidationInfo) -> Self:
        # A file's checks across sections are made by parse(), which reports them with their lines.
        if not (info.context or {}).get("from_file"):
            problems = problems_across(self.parts())
            if problems:
                data = self.model_dump(by_alias=True)
                raise ValueError("; ".join(f"{field_name(each.path, data)} {each.message}" for each in problems))
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy; one that is changed is no longer what its file says, and forgets the file."""
        copy = super().model_copy(update=update, deep=deep)
        if update:
            copy._origin = None
        return copy

    def read_from(self, source: Source) -> Self:
        """Take note of the file that the study was read from; return the study."""
        self._origin = source
        return self

    def to_piece(self) -> dict[str, Any]:
        """Return what pieces of work take with them: the content without its file, users' own models in memory.

        See :func:`doseesc.pieces.text_of`.
        """
        content = self.model_dump(mode="json", by_alias=True)
        for entry, written in zip(self.design_entries, content["designs"], strict=True):
            fitted = entry.parameters.get("fitted")
            if hasattr(fitted, "to_piece"):
                written["fitted"] = fitted
        return content

    @classmethod
    def from_piece(cls, given: Mapping[str, Any]) -> Self:
        """Return the study of which that is the content."""
        return cls.model_validate(given)

    @property
    def source(self) -> Path | None:
        """The file, where the study comes from one."""
        return Path(self._origin.path) if self._origin else None

    @property
    def text(self) -> str:
        """The file, verbatim."""
        return self._origin.text if self._origin else ""

    @property
    def source_sha256(self) -> str:
        """Hash of the file's bytes."""
        return self._origin.sha256 if self._origin else ""

    @property
    def n_doses(self) -> int:
        """Number of dose levels."""
        return len(self.doses.amounts)

    @property
    def dose_labels(self) -> tuple[str, ...]:
        """Labels of the dose levels, lowest first."""
        return self.doses.labels

    @property
    def named_doses(self) -> NamedDoses:
        """What the doses are called in sentences."""
        return NamedDoses(self.dose_labels, self.doses.amounts, self.doses.unit)

    @property
    def dose_amounts(self) -> FloatArray:
        """Amounts of the dose levels, shape (J,)."""
        return np.array(self.doses.amounts)

    @property
    def first_level(self) -> int:
        """Level of the first cohort, from 1."""
        return 1 if self.start_level is None else self.level_of(self.start_level)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the designs, which are not made for it."""
        return tuple(entry.name for entry in self.design_entries)

    @property
    def design_types(self) -> tuple[str, ...]:
        """Types of the designs, each once."""
        return tuple(sorted({entry.type for entry in self.design_entries}))

    @property
    def designs(self) -> dict[str, Design]:
        """The designs by name; the study gives what their entries leave out."""
        built, shared = {}, self._shared
        for place, entry in enumerate(self.design_entries):
            design, problems = build_design(entry, shared, self.doses.names, ("designs", place))
            if design is None:
                raise ValueError("; ".join(f"design {entry.name}: {each.message}" for each in problems))
            built[entry.name] = design
        return built

    @property
    def optimal_rules(self) -> tuple[Rule, ...]:
        """The constraints of the best possible design."""
        rules, problems = constraint_rules(self.optimal, self._shared, ("optimal", "constraints"))
        if problems:
            raise ValueError("; ".join(f"optimal.constraints {each.message}" for each in problems))
        return rules

    @property
    def _shared(self) -> Shared:
        """What designs take from the study."""
        return Shared(self.doses.names, self.doses.amounts, self.target, self.cohort_size, self.max_n, self.first_level)

    @property
    def truths(self) -> dict[str, FloatArray]:
        """True DLT probabilities (J,) of each scenario, by its name; those of random curves are left out."""
        return {each.name: each.probabilities(self.doses) for each in self.scenarios if each.random is None}

    @property
    def random_scenarios(self) -> dict[str, RandomScenarios]:
        """The scenarios that are random curves, by name."""
        return {each.name: each.random for each in self.scenarios if each.random is not None}

    @property
    def observations(self) -> dict[str, ObservationModel]:
        """The observation models by name, the study's own first; none where only the drug matters."""
        times = self._shared_times
        return {each.name: each.model(self.dlt_window_days, times) for each in self.observation}

    @property
    def own_policy(self) -> str | None:
        """The name of the observation model by which the study sees the trial, the first; None = the drug alone."""
        return self.observation[0].name if self.observation else None

    @property
    def own_model(self) -> ObservationModel | None:
        """The observation model of :attr:`own_policy`."""
        return None if self.own_policy is None else self.observations[self.own_policy]

    @property
    def watched_days(self) -> float:
        """Days that the study itself watches a patient for DLTs."""
        return float(self.dlt_window_days) if self.own_model is None else self.own_model.window

    @property
    def _shared_times(self) -> EventTimes:
        """The law of the time of a DLT, for policies of observation without their own."""
        law = EVEN_TIMES if self.dlt_times is None else self.dlt_times.law()
        return EVEN_TIMES if isinstance(law, LateWeibull) else law  # no policy then asks for it, see the checks

    @property
    def calendar(self) -> Calendar | None:
        """Everything about time; None where the study says nothing of accrual.

        Backfill has the responses of no scenario; see :meth:`calendar_for`.
        """
        if self.accrual is None:
            return None
        return calendar_of(self.accrual, self._time, self.dose_labels)

    def calendar_for(self, design: str, scenario: str | None = None) -> Calendar | None:
        """Return the calendar of a design's trials, with the probabilities of a response where a scenario is named."""
        calendar = self.calendar
        if calendar is None or calendar.backfill is None:
            return calendar
        chosen = self.backfill.designs if self.backfill is not None else None
        if chosen is not None and design not in chosen:
            return replace(calendar, backfill=None)
        responses = None
        if scenario is not None:
            responses = {each.name: each for each in self.scenarios}[scenario].responses(self.doses)
        return replace(calendar, backfill=replace(calendar.backfill, response_probabilities=responses))

    def warnings(self) -> list[str]:
        """Return what the designs cannot do or should not, rules that contradict one another, and idle settings.

        See :func:`designs.check_design` and :func:`designs.rule_conflicts`.
        """
        found = [
            f"{name}: {self.named_doses.in_words(sentence)}"
            for name, design in self.designs.items()
            for sentence in (*rule_conflicts(design), *check_design(design))
        ]
        if self.arm_analysis != ArmAnalysis() and all(arm.control for arm in self.phase2_arms):
            found.append("arm_analysis: changes nothing, since phase2_arms has no arm with the drug")
        return found

    def backfill_notes(self, name: str) -> list[str]:
        """Return in plain words what of the rules of backfill a design cannot follow."""
        calendar = self.calendar_for(name)
        if calendar is None or calendar.backfill is None:
            return []
        return [self.named_doses.in_words(note) for note in calendar.backfill.notes(self.designs[name])]

    def line_of(self, path: FieldPath) -> int | None:
        """Return the line of a field in the file, where the study comes from one."""
        return self._origin.line(path) if self._origin else None

    def level_of(self, dose: int | str) -> int:
        """Return the level, from 1, of a dose given by its label, amount or level.

        Raises
        ------
        ValueError
            If there is no such dose.
        """
        return level_of(dose, self.doses.names)

    def draw(self, random: RandomScenarios) -> FloatArray:
        """Draw random curves for the study's doses, shape (K, J)."""
        rule = self.true_mtd_rule
        return random.draw(Ladder(self.doses.names, self.target, rule.rule, rule.margin))

    @property
    def unsafe_above(self) -> float:
        """DLT probability above which a dose is unsafe, in every output: ``arm_analysis: {unsafe_above: ...}``.

        By default the target plus the margin of the true MTD's definition.
        """
        return self.arm_analysis.limit(self.target + self.true_mtd_rule.margin)

    def true_mtd(self, p: FloatArray) -> int:
        """Return the level of the true MTD, 0 = none, of DLT probabilities (J,) by the study's own definition.

        Where several levels are equally right it is the highest of them.
        """
        return int(highest_right(self.right_levels(p)))

    def right_levels(self, p: FloatArray) -> BoolArray:
        """Return which levels are right to select, (J + 1,) or (K, J + 1), of DLT probabilities (J,) or (K, J).

        Index 0 is "none".
        """
        rule = self.true_mtd_rule
        return right_levels(p, self.target, rule.rule, rule.margin, rule.ties)

    def dlt_probability_at(self, scenario: str, amount: float) -> DoseProbability:
        """Return the true DLT probability of any dose amount in a scenario.

        On the scenario's own curve where it has one over amounts, else by
        :func:`doseesc.truth.dlt_probability_at`.
        """
        own = {each.name: each for each in self.scenarios}[scenario]
        curve = own.curve
        if isinstance(curve, LogisticCurve | EmaxCurve):
            method = f"the scenario's {curve.type} curve"
            return DoseProbability(float(curve.at([amount])[0]), dose_status(amount, self.dose_amounts), method)
        return dlt_probability_at(amount, self.dose_amounts, own.probabilities(self.doses))

    @property
    def _time(self) -> TimeParts:
        given = self.accrual is not None
        return TimeParts(given, self.dlt_times, self.stagger, self.backfill, self.max_duration_months)

    def parts(self) -> Parts:
        """Return what the checks across sections look at."""
        return Parts(
            doses=self.doses,
            target=self.target,
            cohort_size=self.cohort_size,
            max_n=self.max_n,
            start_level=self.start_level,
            designs=list(enumerate(self.design_entries)),
            scenarios=list(enumerate(self.scenarios)),
            arms=list(enumerate(self.phase2_arms)),
            window=self.dlt_window_days,
            observations=list(enumerate(self.observation)),
            analysis=self.analysis,
            comparison=self.comparison,
            optimal=self.optimal,
            time=self._time,
        )


def json_schema(designs: Sequence[str] | None = None) -> dict[str, object]:
    """Return the JSON Schema of the scenario file, with each design's and rule's own parameters.

    Parameters
    ----------
    designs : sequence of str, optional
        Types of design to describe; by default all registered ones, third parties' included.

    Examples
    --------
    >>> json_schema()["title"]
    'doseesc scenario'
    """
    return scenario_schema(Study, type_names() if designs is None else designs)
