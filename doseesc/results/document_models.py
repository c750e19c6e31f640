"""What ``results.json`` holds, as pydantic models: its JSON Schema is made from them, and what is read is held to them.

Levels count from 1, 0 is no dose; null is a figure that is not defined.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from doseesc.results.cells import Difference
from doseesc.results.document_arms import Phase2Part
from doseesc.results.document_figures import CellRow
from doseesc.results.document_policies import PoliciesPart
from doseesc.results.document_time import TimeRow
from doseesc.results.document_values import NotNegative, Part, Share, Whole
from doseesc.results.document_verdict import VerdictPart


class Provenance(Part):
    """What the figures depend on."""

    doseesc: str = Field(description="Version of doseesc.")
    python: str = Field(description="Version of Python.")
    packages: dict[str, str] = Field(description="Versions of the packages that were installed, by name.")
    scenario_file: str | None = Field(
        description="Name of the scenario file, without its folder; null where the study comes from none."
    )
    scenario_sha256: str | None = Field(description="Hash of the scenario file's bytes.")
    method: Literal["monte_carlo", "exact", "both", "auto"] = Field(
        description="How it was computed; both: simulated and exactly."
    )
    trials: Annotated[int, Field(ge=1)] = Field(description="Simulated trials per scenario.")
    seed: Whole = Field(description="Seed of the random numbers.")


def _time(value: str) -> str:
    datetime.fromisoformat(value)
    return value


class Run(Part):
    """The only part that differs between two runs of the same study."""

    finished: Annotated[str, AfterValidator(_time)] = Field(description="Time in UTC.")
    elapsed_seconds: NotNegative = Field(description="How long the run took.")


class Truth(Part):
    """A scenario."""

    scenario: str = Field(description="Name of the scenario.")
    probabilities: list[Share] = Field(description="True DLT probability of each level.")
    true_mtd: Whole = Field(description="Level of the true MTD, 0 where no dose is one; of several the highest.")
    right: list[Whole] | None = Field(
        default=None, description="Levels that are right to select, 0 being none: the true MTD, or all ties."
    )
    benchmark: list[Share] | None = Field(
        description="Probability that the nonparametric optimal benchmark selects no dose (first) and each level."
    )
    benchmark_observed: list[Share] | None = Field(
        default=None, description="The same with the DLTs that the study's first observation model shows."
    )


class Agreement(Part):
    """Simulated figures compared with exact ones."""

    figures: Whole = Field(description="How many were compared.")
    within_2_se: Whole = Field(description="How many of them differ by at most 2 standard errors.")
    within_4_se: Whole = Field(description="How many of them differ by at most 4 standard errors.")


class DesignWorth(Part):
    """What a design is worth."""

    value: float = Field(description="Expected utility under the scenarios.")
    of_attainable: float | None = Field(
        description="Share of the best policy's; null where there is none, it is worth nothing, or it is no bound."
    )


class AttainablePart(Part):
    """What designs are worth, beside the best policy that a real trial could follow."""

    value: float | None = Field(description="Expected utility of the best policy; null where the trial is too large.")
    designs: dict[str, DesignWorth]
    utility: str = Field(description="What it is, in words.")
    prior: str = Field(description="The truths, in words.")
    rules: list[str] = Field(description="The rules that the best policy keeps to.")
    why_not: str = Field(description="Why there is no value.")
    unbound: list[str] = Field(
        default=[],
        description="Designs that the best policy is no bound for: of other cohorts, start or size, or which do what "
        "the rules forbid.",
    )


class ResultsDocument(Part):
    """``results.json`` as doseesc run writes it.

    Levels count from 1, 0 is no dose; null is a figure that is not defined.
    """

    format: Literal["doseesc results 2", "doseesc results 1"]
    provenance: Provenance
    run: Run
    study: dict[str, Any] = Field(
        description="The study with all defaults written out; see the schema of scenario files."
    )
    truths: list[Truth] = Field(description="The scenarios.")
    cells: list[CellRow] = Field(description="Every design under every scenario.")
    differences: list[Difference] = Field(
        description="Figures of two designs on the same simulated patients: design_a minus design_b, and the standard "
        "error of the paired difference."
    )
    agreement: Agreement | None = Field(description="null where nothing was both simulated and computed exactly.")
    verdict: VerdictPart | None = Field(default=None, description="What the comparison of the designs comes to.")
    notes: list[str] = Field(description="What the reader should know.")
    phase2: Phase2Part
    scenario_text: str | None = Field(description="The scenario file, verbatim.")
    sha256: str | None = Field(
        default=None,
        description="Hash of all but run: of the JSON with sorted keys, no spaces, and whole numbers without a point.",
    )
    policies: PoliciesPart | None = Field(
        default=None, description="Only where the study says how patients are observed."
    )
    attainable: AttainablePart | None = Field(default=None, description="Where it is soon found, or asked for.")
    time: list[TimeRow] | None = Field(default=None, description="Only where the study says how patients arrive.")


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``results.json``."""
    schema = ResultsDocument.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "doseesc results"}
