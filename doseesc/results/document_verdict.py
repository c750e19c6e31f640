"""The verdict in ``results.json``: which design is best by the study's criterion, and what would change that."""

from __future__ import annotations

from pydantic import Field

from doseesc.results.document_values import NotNegative, Part, Share


class PenaltyRow(Part):
    """From which penalty on which design leads."""

    penalty: NotNegative = Field(description="Points of correct selection that a point of overdosing costs.")
    design: str


class NearestChange(Part):
    """The smallest change of the true MTDs' weights that brings another design level with the best."""

    design: str
    weight_moved: Share = Field(description="Of a total weight of 1.")
    away_from: dict[str, Share] = Field(description="By level of the true MTD, 0 where no dose is one.")
    to: dict[str, Share] = Field(description="By level of the true MTD, 0 where no dose is one.")


class VerdictPart(Part):
    """What the comparison of the designs comes to."""

    weights: dict[str, Share] = Field(description="What each scenario counts, in all 1.")
    penalty: NotNegative = Field(description="Points of correct selection that a point of overdosing costs; 0: none.")
    worst_case: bool = Field(description="Whether designs are judged by the scenario where they do worst.")
    margin: Share = Field(description="Designs that differ by no more are called equal.")
    scores: dict[str, float] = Field(description="What each design reaches.")
    leaders: list[str] = Field(description="The best design, and those that are called equal to it.")
    ahead: str | None = Field(description="The design that is ahead; null where several are called equal.")
    otherwise: dict[str, list[str]] = Field(description="The designs that lead by other criteria.")
    share_of_weightings: dict[str, Share] = Field(
        description="Share of all weightings of the true MTDs in which each design is best, alone or with designs that "
        "reach the same; empty where there is one true MTD."
    )
    nearest_change: NearestChange | None = Field(description="null where no weighting changes the answer.")
    penalties: list[PenaltyRow] = Field(description="Penalties above the study's own at which another design leads.")
