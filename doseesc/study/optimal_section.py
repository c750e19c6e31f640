"""The section ``optimal`` of a scenario file: for what, and under what, the best possible design is sought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from designs import BLRM, CRM, Design, NoSkipping, Rule
from designs.at_will import Proposing
from doseesc.errors import FieldPath, Problem, show, suggestion
from doseesc.study.designs import Shared
from doseesc.study.parameters import refusal
from doseesc.study.random_section import OrderedUniform, ProbitSteps, PseudoUniform, RandomLogistic
from doseesc.study.rules import read_rules
from doseesc.study.values import Flag, Name, Number, Section

COUNT = 200
"""Truths of a prior that nothing else is said of."""

Price = Annotated[Number, Field(ge=0, le=1000)]


class ScenarioPrior(Section):
    """The scenarios of the file that are listed, weighted as comparison says."""

    type: Literal["scenarios"]
    """scenarios: the kind of prior."""


class DesignPrior(Section):
    """Curves drawn from the prior of a design of the file that has one, a CRM or BLRM."""

    type: Literal["design"]
    """design: the kind of prior."""
    design: Name = Field(examples=["CRM"])
    """The name of the design."""
    count: int = Field(default=COUNT, strict=True, ge=1, le=100_000, examples=[200])
    """Number of curves drawn from its prior."""
    seed: int = Field(default=1, strict=True, ge=0, le=2**63 - 2, examples=[1])
    """Seed of these draws."""


Prior = Annotated[
    ScenarioPrior | DesignPrior | PseudoUniform | ProbitSteps | RandomLogistic | OrderedUniform,
    Field(discriminator="type"),
]


class Utility(Section):
    """What a trial is worth at its end: what is gained by the dose selected, less what patients and DLTs cost."""

    gain: Literal["correct", "distance"] = "correct"
    """correct: 1 where the true MTD is selected, or none where there is none; distance: 1 less the distance of the
    selected dose's DLT probability from the target, in parts of the target, and 0 where none is selected."""
    per_patient: Price = Field(default=0.0, examples=[0.002])
    """Price of each patient."""
    per_patient_above_mtd: Price = Field(default=0.0, examples=[0.02])
    """Price of each patient treated above the true MTD, in addition."""
    per_dlt: Price = Field(default=0.0, examples=[0.01])
    """Price of each DLT."""

    @property
    def words(self) -> str:
        """What it is, as part of a sentence."""
        if self.gain == "correct":
            gain = "the probability of correct selection"
        else:
            gain = "1 less the selected dose's distance from the target, in parts of it (0 for none)"
        prices = [
            (self.per_patient, "per patient"),
            (self.per_patient_above_mtd, "per patient above the true MTD"),
            (self.per_dlt, "per DLT"),
        ]
        return ", less ".join([gain, *(f"{price:g} {each}" for price, each in prices if price)])


class Optimal(Section):
    """The best possible design that is sought: doseesc optimal, and by it the benchmark of the attainable."""

    prior: Prior | None = Field(default=None, examples=[{"type": "pseudo_uniform", "count": 200}])
    """The truths that the design is best for: random curves as in a random scenario, the file's scenarios, or draws of
    a design's prior; by default 200 pseudo-uniform curves with the file's seed."""
    utility: Utility = Field(default=Utility(), examples=[{"gain": "correct", "per_patient_above_mtd": 0.02}])
    """What is to be as large as possible."""
    constraints: tuple[dict[str, Any], ...] = Field(
        default=({"type": "NoSkipping"},), examples=[[{"type": "NoSkipping"}, {"type": "HardSafety"}]]
    )
    """What the design must keep to: rules as around any design; by default no level is skipped."""
    benchmark: Flag | None = Field(default=None, examples=[True])
    """Whether run and ensemble say how much of the attainable each design reaches; by default where that takes a second
    at most, as with 3 doses and 30 patients or 4 doses and 24 patients in cohorts of 3."""
    held_out: int = Field(default=2000, strict=True, ge=10, le=100_000, examples=[2000])
    """Number of further curves, for which the design is not made, on which it is judged, too."""


def constraint_rules(
    optimal: Optimal, shared: Shared | None, path: FieldPath
) -> tuple[tuple[Rule, ...], list[Problem]]:
    """Return the rules of the section, and what is wrong with them; ``shared`` is None where the study is wrong."""
    labels = None if shared is None else shared.labels
    rules, problems = read_rules(list(optimal.constraints), labels, None if shared is None else shared.amounts, path)
    if problems or shared is None or rules is None:
        return (NoSkipping(),), problems
    design = Proposing(
        proposal=0,
        target=shared.target,
        n_doses=shared.n_doses,
        max_n=shared.max_n,
        cohort_size=shared.cohort_size,
        start_level=shared.start_level,
    )
    for place, rule in enumerate(rules):
        try:
            rule.check(design)
        except ValueError as error:
            problems.append(refusal(error, type(rule), (*path, place)))
    return rules, problems


def optimal_problems(
    optimal: Optimal,
    shared: Shared | None,
    designs: Mapping[str, Design],
    names: Sequence[str],
    scenarios: Sequence[str],
    path: FieldPath,
) -> list[Problem]:
    """Return what is wrong between the section and the rest of the file.

    Parameters
    ----------
    designs : mapping of str to Design
        Those that are right.
    names : sequence of str
        Of all designs.
    scenarios : sequence of str
        Names of the scenarios that are no random curves.
    """
    problems = constraint_rules(optimal, shared, (*path, "constraints"))[1]
    prior = optimal.prior
    if isinstance(prior, ScenarioPrior) and not scenarios:
        message = "is scenarios, but the file lists none, only random curves"
        problems.append(Problem((*path, "prior", "type"), message, "write for example  type: pseudo_uniform"))
    if isinstance(prior, DesignPrior):
        place = (*path, "prior", "design")
        if prior.design not in names:
            problems.append(
                Problem(place, f"is {show(prior.design)}, no design of the file", suggestion(prior.design, names))
            )
        elif prior.design in designs and not isinstance(designs[prior.design], CRM | BLRM):
            message = f"is {show(prior.design)}, which has no prior of DLT curves to draw from"
            problems.append(Problem(place, message, "name a design of type CRM or BLRM"))
    return problems
