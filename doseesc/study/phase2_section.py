"""The section ``phase2`` of a scenario file; what it leaves out is this project's assumption, and said to be one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from doseesc.phase2.patients import BERLIN, MOST_PER_ARM, ControlCourse, DoseEffect, Stratum
from doseesc.study.accrual_section import Enrolment
from doseesc.study.levels import Level
from doseesc.study.values import (
    Amount,
    Flag,
    Name,
    Number,
    Positive,
    Probability,
    Section,
    WeibullScale,
    WeibullShape,
    Whole,
)
from doseesc.truth import WeibullTimes

if TYPE_CHECKING:
    from doseesc.phase2 import AnalysisPlan


def _same_or_by_arm(value: Any) -> str:
    return "by arm" if isinstance(value, dict) else "the same"


def _named_or_listed(value: Any) -> str:
    return "named" if isinstance(value, str) else "listed"


Patients = Annotated[Whole, Field(ge=1, le=MOST_PER_ARM)]
PerArm = Annotated[
    Annotated[dict[Name, Patients], Tag("by arm")] | Annotated[Patients, Tag("the same")],
    Discriminator(_same_or_by_arm),
]


def _check_room_for_both(improved: float, died: float) -> None:
    if improved + died > 1:
        remedy = {"remedy": "write probabilities of at most 1 together"}
        raise PydanticCustomError("room", "has more patients improve and die than there are", remedy)


class TruncatedWeibull(Section):
    """Weibull times, truncated at day 28."""

    one_value: ClassVar[bool] = True

    shape: WeibullShape = Field(examples=[3.5])
    """Shape of the Weibull law of the times to death: below 1 early, above 1 later."""
    scale: WeibullScale = Field(examples=[17])
    """Scale of the Weibull law, in days."""

    def __str__(self) -> str:
        return f"Weibull, shape {self.shape:g}, scale {self.scale:g} days"

    def law(self) -> WeibullTimes:
        """Return the law."""
        return WeibullTimes(shape=self.shape, scale=self.scale)


class Control(Section):
    """What becomes of patients without the drug by day 28."""

    improved: Probability = Field(default=0.5, examples=[0.5])
    """Probability of improving by two points on the ordinal scale, or live discharge."""
    died: Probability = Field(default=0.3, examples=[0.3])
    """28-day mortality."""
    improvement_times: TruncatedWeibull = Field(
        default=TruncatedWeibull(shape=3.5, scale=17.0), examples=[{"shape": 3.5, "scale": 17}]
    )
    """When they improve, given that they do."""
    death_times: TruncatedWeibull = Field(
        default=TruncatedWeibull(shape=1.4, scale=15.5), examples=[{"shape": 1.4, "scale": 15.5}]
    )
    """When they die, given that they do."""

    @model_validator(mode="after")
    def _check_room(self) -> Self:
        _check_room_for_both(self.improved, self.died)
        return self

    def course(self, stratum: Stratum | None = None) -> ControlCourse:
        """Return the course of all patients, or of a stratum's with its own proportions."""
        return ControlCourse(
            improved=self.improved if stratum is None else stratum.course.improved,
            died=self.died if stratum is None else stratum.course.died,
            improvement_times=self.improvement_times.law(),
            death_times=self.death_times.law(),
        )


class Severity(Section):
    """A stratum of patients by severity at baseline."""

    one_value: ClassVar[bool] = True

    name: Name = Field(examples=["mild"])
    """Such as mild, moderate, severe."""
    share: Annotated[Number, Field(gt=0, lt=1)] = Field(examples=[0.15])
    """Of all patients."""
    improved: Probability = Field(examples=[0.58])
    """Probability of improving by day 28 without the drug."""
    died: Probability = Field(examples=[0.22])
    """28-day mortality without the drug."""

    @model_validator(mode="after")
    def _check_room(self) -> Self:
        _check_room_for_both(self.improved, self.died)
        return self

    def __str__(self) -> str:
        return f"{self.name} ({100 * self.share:g} %; improve {100 * self.improved:g} %, die {100 * self.died:g} %)"


Strata = Annotated[
    Annotated[Literal["berlin"], Tag("named")]
    | Annotated[tuple[Severity, ...], Field(min_length=2, max_length=20), Tag("listed")],
    Discriminator(_named_or_listed),
]


class Effect(Section):
    """What the drug does, and how that depends on its dose."""

    shr: Positive = Field(default=1.5, le=100, examples=[1.5])
    """Subdistribution hazard ratio of improvement at at_dose; above 1 the drug helps."""
    mortality_rr: Positive = Field(default=0.75, le=100, examples=[0.75])
    """Relative risk of death by day 28 at at_dose; below 1 the drug helps."""
    dose_response: Literal["emax", "log_linear", "plateau", "none"] = "log_linear"
    """How the logarithms of both depend on the dose; plateau: every dose has the whole effect."""
    at_dose: Amount | None = Field(default=None, examples=[16])
    """Dose amount that shr and mortality_rr refer to; by default the highest dose level."""
    no_effect_dose: Amount | None = Field(default=None, examples=[1])
    """For log_linear: the dose without effect; by default a sixteenth of at_dose."""
    ed50: Amount | None = Field(default=None, examples=[4])
    """For emax: the dose with half the greatest effect; by default a quarter of at_dose."""
    hill: Positive = Field(default=1.0, le=100, examples=[1])
    """For emax: steepness."""

    def curve(self, highest: float) -> DoseEffect:
        """Return the effect by dose.

        Raises
        ------
        ValueError
            If the dose without effect is not below the reference.
        """
        own = self.model_dump(exclude={"at_dose", "dose_response"})
        return DoseEffect(reference=highest if self.at_dose is None else self.at_dose, shape=self.dose_response, **own)


class Phase2Analysis(Section):
    """How the trial is analysed; each active arm is tested against the control, one-sided."""

    ttci: Literal["log_rank", "cox_score", "gray", "win_ratio"] = "log_rank"
    """Test of the time to clinical improvement; win_ratio puts death first."""
    death: Literal["day_28", "at_death"] = "day_28"
    """When log_rank and cox_score censor the dead."""
    stratified: Flag = False
    """Tests of improvement and mortality stratified by severity: log-rank, and Cochran-Mantel-Haenszel."""
    mortality: Literal["chi_square", "fisher"] = "chi_square"
    """Test of 28-day mortality."""
    mortality_interval: Literal["miettinen_nurminen", "newcombe"] = "miettinen_nurminen"
    """Interval of the difference in mortality."""
    reactions: Literal["chi_square", "fisher"] = "fisher"
    """Test of more adverse reactions than in the control."""
    trend: Literal["ranks", "doses"] = "ranks"
    """Scores of the Cochran-Armitage trend of reactions over the arms: 0, 1, 2 and so on, or the doses."""
    secondary: Literal["ancova", "mmrm", "ranks"] = "ancova"
    """Secondary scores: covariance among survivors, a mixed model for repeated measures, or death as worst rank."""
    alpha: Annotated[Number, Field(gt=0, lt=0.5)] = Field(default=0.025, examples=[0.025])
    """One-sided level."""
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg", "dunnett", "fixed_sequence"] = "holm"
    """Over the active arms."""
    sequence: Literal["highest_first", "lowest_first"] = "highest_first"
    """Order of doses of fixed_sequence."""
    endpoints: Literal["hierarchical", "separate"] = "hierarchical"
    """hierarchical: mortality is tested only where all arms have won on TTCI; separate: each at alpha."""

    @model_validator(mode="after")
    def _check_stratified(self) -> Self:
        if not self.stratified:
            return self
        from doseesc.phase2 import STRATIFIED_TTCI_TESTS

        if self.ttci not in STRATIFIED_TTCI_TESTS:
            remedy = {"remedy": f"write ttci: {', '.join(STRATIFIED_TTCI_TESTS[:-1])} or {STRATIFIED_TTCI_TESTS[-1]}"}
            raise PydanticCustomError("stratified", "has ttci {ttci} stratified", remedy | {"ttci": self.ttci})
        if self.mortality != "chi_square":
            remedy = {"remedy": "write mortality: chi_square, which is then Cochran-Mantel-Haenszel"}
            raise PydanticCustomError("stratified", "has Fisher's test stratified", remedy)
        return self

    def plan(self) -> AnalysisPlan:
        """Return the plan of analysis."""
        from doseesc.phase2 import AnalysisPlan

        return AnalysisPlan(**self.model_dump())


class Phase2(Section):
    """The Phase 2 trial of the arms in phase2_arms."""

    patients_per_arm: PerArm = Field(default=50, examples=[50])
    """Patients per arm, or a number for each arm by its name."""
    total_patients: Patients | None = Field(default=None, examples=[169])
    """Patients in all, instead of patients_per_arm."""
    allocation: dict[Name, Positive] | None = Field(default=None, examples=[{"control": 2, "MTD/4": 1, "MTD": 1}])
    """With total_patients: how many to each arm, as a ratio; by default the same to each."""
    compare_totals: tuple[Patients, ...] = Field(default=(), max_length=10, examples=[[18, 169]])
    """Numbers of patients in all whose trials are compared: what each can show."""
    control: Control = Field(default=Control(), examples=[{"improved": 0.5, "died": 0.3}])
    """What becomes of patients without the drug."""
    strata: Strata | None = Field(default=None, examples=["berlin"])
    """Severities with their own improvement and mortality: a list, or berlin for assumed ones of the Berlin classes."""
    effect: Effect = Field(default=Effect(), examples=[{"shr": 1.5, "mortality_rr": 0.75}])
    """What the drug does."""
    adverse_background: Probability = Field(default=0.05, examples=[0.05])
    """Probability of an adverse reaction by day 14 that the drug does not cause."""
    loss: Probability = Field(default=0.03, examples=[0.03])
    """Probability of loss to follow-up before day 28."""
    accrual: Enrolment | None = Field(default=None, examples=[{"per_month": 6}])
    """How fast patients are enrolled, for the trial's duration."""
    mtd: Level | None = Field(default=None, examples=["medium"])
    """The MTD to plan with, by label or level; by default the highest dose level."""
    analysis: Phase2Analysis = Field(default=Phase2Analysis(), examples=[{"ttci": "log_rank", "alpha": 0.025}])
    """How the trial is analysed."""

    @model_validator(mode="after")
    def _check_numbers(self) -> Self:
        if self.total_patients is not None and "patients_per_arm" in self.model_fields_set:
            remedy = {"remedy": "write one of the two"}
            raise PydanticCustomError("numbers", "gives both patients_per_arm and total_patients", remedy)
        if self.allocation is not None and self.total_patients is None:
            remedy = {"remedy": "write total_patients, or patients_per_arm with a number for each arm"}
            raise PydanticCustomError("numbers", "gives an allocation without total_patients", remedy)
        return self

    @model_validator(mode="after")
    def _check_strata(self) -> Self:
        if self.strata is None:
            if self.analysis.stratified:
                remedy = {"remedy": "write strata, such as  strata: berlin"}
                raise PydanticCustomError("strata", "has a stratified analysis without strata", remedy)
            return self
        if {"improved", "died"} & self.control.model_fields_set:
            remedy = {"remedy": "leave improved and died of control out: the strata have their own"}
            raise PydanticCustomError("strata", "gives both strata and one course of all patients", remedy)
        if self.strata != "berlin":
            total = math.fsum(each.share for each in self.strata)
            if abs(total - 1) > 1e-6:
                remedy = {"remedy": "write shares that add up to 1", "total": f"{total:g}"}
                raise PydanticCustomError("strata", "has strata whose shares add up to {total}", remedy)
            if len({each.name for each in self.strata}) < len(self.strata):
                raise PydanticCustomError("strata", "has two strata of one name", {"remedy": "give each its own"})
        return self

    def severities(self) -> tuple[Stratum, ...]:
        """Return the strata; none where all patients have one course."""
        if self.strata is None:
            return ()
        given = BERLIN if self.strata == "berlin" else tuple(_stratum(each) for each in self.strata)
        return tuple(Stratum(name=each.name, share=each.share, course=self.control.course(each)) for each in given)


def _stratum(given: Severity) -> Stratum:
    return Stratum(name=given.name, share=given.share, course=ControlCourse(improved=given.improved, died=given.died))
