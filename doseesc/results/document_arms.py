"""The arms of Phase 2 in ``results.json``: their doses, and what the data of Phase 1 say of them."""

from __future__ import annotations

from pydantic import Field

from doseesc.results.arm_figures import ARM_METRICS
from doseesc.results.arms import Phase2Summary
from doseesc.results.document_figures import Method, spread_of
from doseesc.results.document_values import NotNegative, Part, Share, Whole

ArmErrors = spread_of(
    "ArmErrors", "Monte Carlo standard error of each figure; 0 where exact.", ARM_METRICS, ARM_METRICS
)


class ArmModel(Part):
    """The model of the analysis of the arms.

    logit p = log_alpha + exp(log_beta) log(dose / reference), with a bivariate normal prior on (log_alpha, log_beta).
    """

    doses: list[float]
    reference: float
    mean: tuple[float, float]
    sd: tuple[float, float]
    correlation: float
    floor: Share = Field(
        description="Probability of a DLT-like event without the drug that the analysis takes for known."
    )


class ArmRow(Part):
    """One active arm of a design under a scenario.

    Lists: first over all trials that open Phase 2, then given each level as the MTD; null where that never happens.
    """

    scenario: str
    design: str
    method: Method
    arm: str
    n_trials: Whole = Field(description="Simulated trials; 0 where exact.")
    probability: list[Share] = Field(description="Probability that Phase 2 opens, then with each level as the MTD.")
    dlt_probability: list[Share | None] = Field(description="Expected true DLT probability of the arm, the drug's own.")
    estimate: list[Share | None] = Field(description="Expected posterior mean of it.")
    bias: list[float | None] = Field(description="Expected difference of the posterior mean and the truth.")
    rmse: list[Share | None] = Field(description="Root of the expected square of the difference.")
    coverage: list[Share | None] = Field(description="Probability that the posterior interval holds the truth.")
    width: list[Share | None] = Field(description="Expected width of the interval.")
    unsafe: list[Share | None] = Field(
        description="Probability that the arm is unsafe: its true DLT probability, the drug's own, is above "
        "unsafe_above."
    )
    called_unsafe: list[Share | None] = Field(
        description="Probability that it is called unsafe: the posterior probability that it is so is above "
        "unsafe_confidence."
    )
    false_alarm: list[Share | None] = Field(
        description="Probability that the arm is called unsafe, given that it is not; null where it always is."
    )
    missed: list[Share | None] = Field(
        description="Probability that the arm is not called unsafe, given that it is; null where it never is."
    )
    mcse: ArmErrors  # type: ignore[valid-type]  # a class made from the names of the figures


class ArmAnalysisPart(Part):
    """How well an analysis of Phase 1 knows the DLT probabilities of the active arms; see phase2_arm_analysis.csv."""

    model: ArmModel
    credibility: Share = Field(description="Probability of the intervals.")
    unsafe_confidence: Share = Field(
        description="An arm is called unsafe where its posterior probability of being so is above this."
    )
    unsafe_above: Share = Field(description="DLT probability above which an arm is unsafe.")
    assumed: list[str] = Field(description="Fields of arm_analysis that hold this project's defaults.")
    figures: list[ArmRow]


class ArmDoseRow(Part):
    """The dose of an arm where a level is selected as the MTD, and how likely that is."""

    scenario: str
    design: str
    method: Method
    arm: str = Field(description="Name of the arm; empty where Phase 2 does not open.")
    mtd_level: Whole = Field(description="The level selected; 0 = none.")
    mtd: str = Field(description="Its label.")
    probability: Share = Field(description="Probability that it is selected.")
    mcse: NotNegative = Field(description="Its Monte Carlo standard error; 0 where exact.")
    asked_amount: float | None = Field(description="The arm's fraction of the MTD; null without drug.")
    amount: float | None = Field(description="The dose that the study's rule makes of it; null without drug.")
    status: str = Field(description="Whether the dose was tested, or where it lies.")
    dlt_probability: Share | None = Field(description="True DLT probability there; null without drug.")
    dlt_method: str = Field(description="How it was obtained.")
    never_given: Share | None = Field(
        default=None,
        description="Probability that it is selected and nobody in Phase 1 was given the dose; null without drug.",
    )


class Phase2Part(Part):
    """The arms of Phase 2."""

    margin: NotNegative = Field(
        description="An arm is too toxic where its true DLT probability exceeds the target by more than this."
    )
    arms: list[ArmDoseRow] = Field(description="One row per arm and level that may be the MTD, as in phase2_arms.csv.")
    summary: list[Phase2Summary] = Field(description="What each design hands to Phase 2.")
    analysis: ArmAnalysisPart | None = Field(description="null without active arms.")
