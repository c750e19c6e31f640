"""The sections of a scenario file as typed data; each checks its own fields, and editors read its descriptions.

What crosses sections (labels, numbers of doses, designs) is checked in :mod:`doseesc.study.checks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from designs.arrays import FloatArray
from doseesc.study.levels import DoseLabels, amount_labels
from doseesc.study.random_section import RandomScenarios
from doseesc.study.values import Flag, Line, Name, Number, PerDose, Positive, Probability, Section, Text, Whole
from doseesc.truth import Ties, emax_curve, logistic_curve, power_curve


class About(Section):
    """What the study is and where its facts come from."""

    title: Line = Field(min_length=1, examples=["A first-in-human study"])
    """Full title."""
    short_title: Line = Field(default="", examples=["hMSC-Exos in ARDS"])
    """Short title for tables; by default the title."""
    registry_id: Line = Field(default="", examples=["NCT04602104"])
    """Registration number."""
    notes: tuple[Text, ...] = Field(default=(), examples=[["Source: protocol version 2"]])
    """Where the facts come from."""
    assumptions: tuple[Text, ...] = Field(default=(), examples=[["target: not registered, assumed"]])
    """What is assumed and not known; shown with every result. Begin each with the key it concerns."""


class Doses(Section):
    """The dose levels, lowest first."""

    amounts: tuple[Positive, ...] = Field(min_length=1, max_length=50, examples=[[2, 8, 16]])
    """Dose amounts, increasing."""
    unit: Line = Field(default="", examples=["mg"])
    """Unit of the amounts."""
    labels: tuple[Name, ...] = Field(
        default_factory=lambda data: amount_labels(data.get("amounts", ()), data.get("unit", "")),
        examples=[["low", "medium", "high"]],
    )
    """Names of the levels, lowest first; by default the amounts with their unit, such as 40 mg, or where there is no
    unit the numbers 1, 2, 3 and so on."""

    @property
    def names(self) -> DoseLabels:
        """The labels, which know the amounts."""
        return DoseLabels(self.labels, self.amounts, self.unit)


class TrueMtd(Section):
    """How the true MTD of a scenario is defined."""

    rule: Literal["nearest", "highest_below"] = "nearest"
    """nearest: the dose nearest the target, none if even the lowest exceeds target + margin.
    highest_below: the highest dose not above target + margin."""
    margin: Probability = Field(default=0.1, examples=[0.1])
    """How far above the target a DLT probability may lie."""
    ties: Ties = "highest_below"
    """Which dose it is where several are equally near, as on a plateau. highest_below: the highest of those at or below
    the target, else the lowest of all; highest or lowest: of all; any: each counts as correct."""


class DesignEntry(BaseModel):
    """A design to compare: a name, a type, and the type's own parameters."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: Name = Field(examples=["CRM"])
    """Name in tables and commands."""
    type: Name = Field(examples=["CRM"])
    """Which design it is; doseesc explain lists them all."""

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as written in the file."""
        return dict(self.model_extra or {})


class LogisticCurve(Section):
    """DLT probability p at amount d: logit p = intercept + slope log(d / reference)."""

    type: Literal["logistic"]
    """logistic: the kind of curve."""
    intercept: Number = Field(ge=-1000, le=1000, examples=[-1.1])
    """logit p at the reference dose."""
    slope: Number = Field(ge=-1000, le=1000, examples=[0.8])
    """Increase of logit p per unit of natural log dose."""
    reference: Positive = Field(default=1.0, examples=[8])
    """Reference dose amount."""

    def at(self, amounts: Sequence[float] | FloatArray) -> FloatArray:
        """Return p at dose amounts."""
        return logistic_curve(amounts, intercept=self.intercept, slope=self.slope, reference=self.reference)


class EmaxCurve(Section):
    """DLT probability p at amount d: p = p0 + (pmax - p0) d^hill / (d^hill + d50^hill)."""

    type: Literal["emax"]
    """emax: the kind of curve."""
    d50: Positive = Field(examples=[8])
    """Amount with half the effect."""
    pmax: Probability = Field(examples=[0.5])
    """DLT probability at infinite dose."""
    p0: Probability = Field(default=0.0, examples=[0.02])
    """DLT probability without drug."""
    hill: Positive = Field(default=1.0, le=1000, examples=[1])
    """Steepness."""

    def at(self, amounts: Sequence[float] | FloatArray) -> FloatArray:
        """Return p at dose amounts."""
        return emax_curve(amounts, d50=self.d50, pmax=self.pmax, p0=self.p0, hill=self.hill)


class PowerCurve(Section):
    """DLT probability at level j: p_j = skeleton_j ^ exp(beta)."""

    type: Literal["power"]
    """power: the kind of curve."""
    skeleton: PerDose = Field(examples=[[0.05, 0.12, 0.25]])
    """Probabilities at beta = 0, by dose label or as a list."""
    beta: Number = Field(ge=-20, le=20, examples=[0.3])
    """Positive makes every dose safer, negative more toxic."""


Curve = Annotated[LogisticCurve | EmaxCurve | PowerCurve, Field(discriminator="type")]


class Scenario(Section):
    """A possible truth: the DLT probability of every dose, listed or from a curve; or random curves."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [how]} for how in ("dlt", "curve", "random")]})

    name: Name = Field(examples=["S1"])
    """Name of the scenario in tables."""
    description: Text = Field(default="", examples=["medium is the MTD"])
    """What the scenario means, in a few words."""
    dlt: PerDose | None = Field(default=None, examples=[[0.1, 0.25, 0.45]])
    """True DLT probability of every dose, by label or as a list."""
    curve: Curve | None = Field(default=None, examples=[{"type": "logistic", "intercept": -1.1, "slope": 0.8}])
    """A curve instead of listed probabilities."""
    random: RandomScenarios | None = Field(default=None, examples=[{"type": "pseudo_uniform", "count": 500}])
    """Random curves instead: for ensembles, other commands leave them aside."""
    monotone: Flag = True
    """false allows DLT probabilities that fall with the dose."""
    response: PerDose | None = Field(default=None, examples=[[0.1, 0.2, 0.3]])
    """Probability of a response at every dose, by label or as a list; backfill may ask for one."""

    def probabilities(self, doses: Doses) -> FloatArray:
        """Return the true DLT probability of every dose, shape (J,)."""
        if isinstance(self.curve, LogisticCurve | EmaxCurve):
            return self.curve.at(doses.amounts)
        if isinstance(self.curve, PowerCurve):
            return power_curve(_by_level(self.curve.skeleton, doses), beta=self.curve.beta)
        if self.dlt is None:
            raise ValueError(f"scenario {self.name} has neither dlt nor curve")
        return _by_level(self.dlt, doses)

    def responses(self, doses: Doses) -> tuple[float, ...] | None:
        """Return the probability of a response at every dose, where it is given."""
        return None if self.response is None else tuple(float(each) for each in _by_level(self.response, doses))


class RandomOnly(Section):
    """Random curves alone, for ensembles."""

    random: RandomScenarios = Field(examples=[{"type": "pseudo_uniform", "count": 500}])
    """The random curves."""


def _named(value: Any) -> Any:
    """Take random curves alone for a list of one scenario."""
    return [{"name": "random", **value}] if isinstance(value, dict) and set(value) == {"random"} else value


Scenarios = Annotated[
    tuple[Scenario, ...],
    Field(min_length=1),
    BeforeValidator(_named, json_schema_input_type=Annotated[tuple[Scenario, ...], Field(min_length=1)] | RandomOnly),
]
"""A list of scenarios, or ``{random: {...}}`` alone."""


class Arm(Section):
    """An arm of Phase 2: a control, or a fraction of the MTD."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["fraction"]}, {"required": ["control"]}]})

    name: Name = Field(examples=["dosage 1"])
    """Name of the arm in tables."""
    control: Flag = False
    """true for an arm without the drug."""
    fraction: Annotated[Positive, Field(le=1)] | None = Field(default=None, examples=[0.25])
    """Dose as a fraction of the MTD."""


class Simulation(Section):
    """How the designs' characteristics are computed."""

    trials: Whole = Field(default=10_000, ge=1, le=1_000_000_000, examples=[10_000])
    """Number of simulated trials per design and scenario."""
    seed: Whole = Field(default=1, ge=0, le=2**63 - 1, examples=[20201130])
    """Seed of the random numbers: the same seed gives the same answer."""
    method: Literal["monte_carlo", "exact", "both", "auto"] = "auto"
    """monte_carlo simulates, exact enumerates all trials, both does both and compares; auto is exact where it fits
    into memory, else monte_carlo."""


def _by_level(values: dict[str, float] | tuple[float, ...], doses: Doses) -> FloatArray:
    if isinstance(values, dict):
        names = doses.names
        by_level = {names.level(dose): value for dose, value in values.items()}
        values = tuple(by_level[level] for level in range(1, len(doses.labels) + 1))
    return np.asarray(values, dtype=np.float64)
