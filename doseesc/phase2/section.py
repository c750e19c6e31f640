"""The section ``phase2`` of a scenario file; what it leaves out is this project's assumption, and said to be one."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from doseesc.event_times import WeibullTimes
from doseesc.phase2.course import ControlCourse
from doseesc.phase2.effect import DoseEffect
from doseesc.phase2.plan import AnalysisPlan
from doseesc.scenario_levels import Level
from doseesc.scenario_sections import Name, Number, Positive, Probability, Section, Whole


def _same_or_by_arm(value: Any) -> str:
    return "by arm" if isinstance(value, dict) else "the same"


Patients = Annotated[Whole, Field(ge=1, le=100_000)]
PerArm = Annotated[
    Annotated[dict[Name, Patients], Tag("by arm")] | Annotated[Patients, Tag("the same")],
    Discriminator(_same_or_by_arm),
]

_BASIS = MappingProxyType(
    {
        "patients_per_arm": "169 patients were planned, perhaps 3 x 50 of them in Phase 2",
        "control.improved": "ACTT-1, ventilated patients on placebo",
        "control.died": "recommended for this protocol, between trials' controls of 20 and 40 %",
        "control.improvement_times": "fit to Wang et al. 2020",
        "control.death_times": "fit to ACTT-1 and Wang et al. 2020",
        "effect.shr": "a large effect",
        "effect.mortality_rr": "paired with sHR 1.5",
        "effect.dose_response": "MTD/4 has half the log effect of the MTD",
        "effect.at_dose": "the highest dose level",
        "adverse_background": "related events of grade 3 or more to day 14",
        "loss": "between 0 and 10 %",
        "mtd": "the highest dose level",
        "analysis.death": "as the published antiviral trials",
        "analysis.multiplicity": "not registered",
        "analysis.endpoints": "not registered",
        "analysis.alpha": "one-sided",
    }
)


class Assumption(NamedTuple):
    """A value that Phase 2 rests on: where it stands in the file, whether the file gives it, and its basis if not."""

    key: str
    value: str
    from_file: bool
    basis: str


class TruncatedWeibull(Section):
    """Weibull times, truncated at day 28."""

    shape: Annotated[Number, Field(ge=0.1, le=50)] = Field(examples=[3.5])
    """Below 1: early; above 1: later."""
    scale: Positive = Field(examples=[17])
    """Days."""

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
    improvement_times: TruncatedWeibull = Field(default=TruncatedWeibull(shape=3.5, scale=17.0))
    """When they improve, given that they do."""
    death_times: TruncatedWeibull = Field(default=TruncatedWeibull(shape=1.4, scale=15.5))
    """When they die, given that they do."""

    @model_validator(mode="after")
    def _check_room(self) -> Self:
        if self.improved + self.died > 1:
            remedy = {"remedy": "write probabilities of at most 1 together"}
            raise PydanticCustomError("room", "has more patients improve and die than there are", remedy)
        return self

    def course(self) -> ControlCourse:
        """Return the course."""
        return ControlCourse(
            improved=self.improved,
            died=self.died,
            improvement_times=self.improvement_times.law(),
            death_times=self.death_times.law(),
        )


class Effect(Section):
    """What the drug does, and how that depends on its dose."""

    shr: Positive = Field(default=1.5, le=100, examples=[1.5])
    """Subdistribution hazard ratio of improvement at at_dose; above 1 the drug helps."""
    mortality_rr: Positive = Field(default=0.75, le=100, examples=[0.75])
    """Relative risk of death by day 28 at at_dose; below 1 the drug helps."""
    dose_response: Literal["emax", "log_linear", "plateau", "none"] = "log_linear"
    """How the logarithms of both depend on the dose; plateau: every dose has the whole effect."""
    at_dose: Positive | None = Field(default=None, examples=[16])
    """Dose amount that shr and mortality_rr refer to; by default the highest dose level."""
    no_effect_dose: Positive | None = Field(default=None, examples=[1])
    """For log_linear: the dose without effect; by default a sixteenth of at_dose."""
    ed50: Positive | None = Field(default=None, examples=[4])
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
        return DoseEffect(
            reference=highest if self.at_dose is None else self.at_dose,
            shr=self.shr,
            mortality_rr=self.mortality_rr,
            shape=self.dose_response,
            no_effect_dose=self.no_effect_dose,
            ed50=self.ed50,
            hill=self.hill,
        )


class Analysis(Section):
    """How the trial is analysed; each active arm is tested against the control, one-sided."""

    ttci: Literal["log_rank", "cox_score", "gray", "win_ratio"] = "log_rank"
    """Test of the time to clinical improvement; win_ratio puts death first."""
    death: Literal["day_28", "at_death"] = "day_28"
    """When log_rank and cox_score censor the dead."""
    mortality: Literal["chi_square", "fisher"] = "chi_square"
    """Test of 28-day mortality."""
    reactions: Literal["chi_square", "fisher"] = "fisher"
    """Test of more adverse reactions than in the control."""
    alpha: Annotated[Number, Field(gt=0, lt=0.5)] = Field(default=0.025, examples=[0.025])
    """One-sided level."""
    multiplicity: Literal["none", "bonferroni", "holm", "hochberg", "dunnett", "fixed_sequence"] = "holm"
    """Over the active arms."""
    sequence: Literal["highest_first", "lowest_first"] = "highest_first"
    """Order of doses of fixed_sequence."""
    endpoints: Literal["hierarchical", "separate"] = "hierarchical"
    """hierarchical: mortality is tested only where all arms have won on TTCI; separate: each at alpha."""

    def plan(self) -> AnalysisPlan:
        """Return the plan of analysis."""
        return AnalysisPlan(**self.model_dump())


class Phase2(Section):
    """The Phase 2 trial of the arms in phase2_arms."""

    patients_per_arm: PerArm = Field(default=50, examples=[50])
    """Patients per arm, or a number for each arm by its name."""
    control: Control = Control()
    """What becomes of patients without the drug."""
    effect: Effect = Effect()
    """What the drug does."""
    adverse_background: Probability = Field(default=0.05, examples=[0.05])
    """Probability of an adverse reaction by day 14 that the drug does not cause."""
    loss: Probability = Field(default=0.03, examples=[0.03])
    """Probability of loss to follow-up before day 28."""
    mtd: Level | None = Field(default=None, examples=["medium"])
    """The MTD to plan with, by label or level; by default the highest dose level."""
    analysis: Analysis = Analysis()
    """How the trial is analysed."""

    def assumptions(self) -> list[Assumption]:
        """Return every value that the trial rests on, and which of them the file does not give."""
        return list(_leaves(self, ""))


def _leaves(section: Section, prefix: str, given: bool = True) -> Iterator[Assumption]:
    for name in type(section).model_fields:
        value, from_file = getattr(section, name), given and name in section.model_fields_set
        key = f"{prefix}{name}"
        if isinstance(value, Section) and not isinstance(value, TruncatedWeibull):
            yield from _leaves(value, f"{key}.", from_file)
        elif from_file or key in _BASIS:
            basis = "" if from_file else _BASIS[key]
            yield Assumption(key, "" if value is None else _shown(value), from_file, basis)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{arm} {count}" for arm, count in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
