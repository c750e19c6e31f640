"""What ``results.json`` holds, as pydantic models: its JSON Schema is made from them, and what is read is held to them.

Levels count from 1, 0 is no dose; null is a figure that is not defined.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from doseesc.engines import BY_LEVEL, METRICS, OBSERVED_METRICS
from doseesc.results.arm_figures import ARM_METRICS
from doseesc.results.arms import Phase2Summary
from doseesc.results.cells import Difference
from doseesc.results.document_values import NotNegative, Part, Share, Whole
from doseesc.results.document_verdict import VerdictPart
from doseesc.results.times import SPREAD
from doseesc.results.versions import NEW_METRICS

Method = Literal["monte_carlo", "exact", "calendar"]
"""Simulated without a calendar, computed exactly, or simulated on the calendar."""


def _errors(name: str, text: str, metrics: tuple[str, ...], by_level: tuple[str, ...]) -> type[Part]:
    """Return a model with a spread for each figure, a list of them for figures by level."""
    fields: dict[str, Any] = {each: (list[float | None] if each in by_level else float | None, ...) for each in metrics}
    fields |= {each: (float | None, None) for each in metrics if each in NEW_METRICS}
    model: type[Part] = create_model(name, __base__=Part, __doc__=text, **fields)
    return model


_QUANTILES = ("duration_quantiles",)

Spread = _errors("Spread", "Standard deviation of each figure from trial to trial.", METRICS, BY_LEVEL)
Errors = _errors("Errors", "Monte Carlo standard error of each figure; 0 where exact.", METRICS, BY_LEVEL)
ArmErrors = _errors("ArmErrors", "Monte Carlo standard error of each figure; 0 where exact.", ARM_METRICS, ARM_METRICS)
ObservedErrors = _errors(
    "ObservedErrors",
    "Monte Carlo standard error of each figure; 0 where exact.",
    (*METRICS, *OBSERVED_METRICS),
    BY_LEVEL,
)


TimeSpread = _errors("TimeSpread", "Standard deviation of each figure from trial to trial.", SPREAD, _QUANTILES)
TimeErrors = _errors("TimeErrors", "Monte Carlo standard error of each figure.", SPREAD, _QUANTILES)


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


class MainFigures(Part):
    """The main figures of a design under a scenario."""

    selected: list[Share] = Field(description="Probability that no dose (first) and each level is selected.")
    patients: list[NotNegative] = Field(description="Expected patients at each level.")
    dlts: list[NotNegative] = Field(description="Expected DLTs at each level.")
    total_patients: NotNegative = Field(description="Expected patients.")
    total_dlts: NotNegative = Field(description="Expected DLTs.")
    stopped_early: Share = Field(description="Probability that fewer than the largest number of patients are treated.")
    untried_selection: Share | None = Field(
        default=None, description="Probability of selecting a level at which nobody was treated."
    )
    correct_selection: Share | None = Field(
        description="Probability of selecting the true MTD, or no dose where there is none."
    )
    overdose_selection: Share | None = Field(description="Probability of selecting a level above the true MTD.")
    patients_above_mtd: NotNegative | None = Field(description="Expected patients above the true MTD.")


class Characteristics(MainFigures):
    """Operating characteristics of a design under a scenario."""

    target: Share | None = Field(description="Target DLT probability.")
    true_mtd: Annotated[int, Field(ge=-1)] = Field(description="Level of the true MTD; 0 = none, -1 = not known.")
    method: Method = Field(description="How these figures were computed.")
    n_trials: Whole = Field(description="Simulated trials; 0 where exact.")
    highest_tested: Share = Field(description="Probability that the top level is selected.")
    unbounded: Share | None = Field(
        description="Probability that the top level is selected with an observed DLT rate there at or below the target."
    )
    patients_distribution: list[Share] = Field(description="Probability of each total number of patients, from 0.")
    dlts_distribution: list[Share] = Field(description="Probability of each total number of DLTs, from 0.")
    selected_and_patients: list[list[Share]] = Field(
        description="Joint probability of the level selected (rows, 0 = none) and the number of patients."
    )
    selected_and_untried: list[list[Share | None]] | None = Field(
        default=None,
        description="Joint probability of the level selected (rows, 0 = none) and nobody being treated at each level.",
    )
    reasons: dict[str, Share] = Field(description="Probability of each reason for which a trial ends.")
    sd: Spread  # type: ignore[valid-type]  # a class made from the names of the figures
    mcse: Errors  # type: ignore[valid-type]
    patients_quantiles_5_50_95: list[int] = Field(description="Quantiles of the number of patients.")
    dlts_quantiles_5_50_95: list[int] = Field(description="Quantiles of the number of DLTs.")


class CellRow(Part):
    """A design under a scenario."""

    scenario: str = Field(description="Name of the scenario.")
    design: str = Field(description="Name of the design.")
    efficiency: NotNegative | None = Field(
        description="Correct selection relative to the benchmark's in the world that the design meets; null where no "
        "dose is right."
    )
    simulated: Characteristics | None = Field(description="What the simulation found; null where it did not run.")
    exact: Characteristics | None = Field(description="The exact characteristics; null where they were not computed.")


class Agreement(Part):
    """Simulated figures compared with exact ones."""

    figures: Whole = Field(description="How many were compared.")
    within_2_se: Whole = Field(description="How many of them differ by at most 2 standard errors.")
    within_4_se: Whole = Field(description="How many of them differ by at most 4 standard errors.")


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
    mcse: ArmErrors  # type: ignore[valid-type]


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


class DrugAlone(MainFigures):
    """A design under a scenario where every patient is evaluable and only the drug causes DLTs."""

    mcse: Errors  # type: ignore[valid-type]


class PerPatient(Part):
    """What becomes of a patient enrolled at each level."""

    observed_dlt: list[Share] = Field(description="Probability that an evaluable patient is counted as a DLT.")
    evaluable: list[Share] = Field(description="Probability of being evaluable.")
    not_caused: list[Share] = Field(description="Probability of a counted DLT that is not the drug's.")
    drug_dlt: list[Share] = Field(description="Probability of a DLT caused by the drug, in the window, while alive.")
    death: list[Share] = Field(description="Probability of death in the window.")


class AsObserved(MainFigures):
    """A design under a scenario as a policy observes it: DLTs are those counted, patients those evaluable."""

    enrolled: NotNegative = Field(description="Expected patients enrolled.")
    replaced: NotNegative = Field(description="Expected patients enrolled who are not evaluable.")
    deaths: NotNegative = Field(description="Expected deaths in the window among all enrolled.")
    drug_dlts: NotNegative = Field(description="Expected patients enrolled in whom the drug causes a DLT.")
    not_caused_share: Share | None = Field(description="Share of the DLTs counted that the drug does not cause.")
    safe_stopped: Share | None = Field(
        description="Probability that no dose is selected although there is a true MTD; null where there is none."
    )
    below_mtd: Share | None = Field(description="Probability that a dose below the true MTD is selected.")
    bias_at_mtd: float | None = Field(
        description="Expected difference of the DLT rate seen at the dose selected and the drug's own probability."
    )
    enrolled_distribution: list[Share] = Field(description="Probability of each number of patients enrolled, from 0.")
    per_patient: PerPatient
    mcse: ObservedErrors  # type: ignore[valid-type]


class DrugAloneRow(Part):
    """A design under a scenario, from the drug alone."""

    scenario: str
    design: str
    simulated: DrugAlone | None
    exact: DrugAlone | None


class PolicyRow(Part):
    """A design under a scenario, as a policy observes it."""

    policy: str
    scenario: str
    design: str
    simulated: AsObserved | None
    exact: AsObserved | None


class PoliciesPart(Part):
    """What each observation model makes of the designs."""

    policies: list[str] = Field(description="In the order of the file; the first is the study's own.")
    drug_alone: list[DrugAloneRow]
    cells: list[PolicyRow]


class TimeRow(Part):
    """How long trials of a design take under a scenario, and what is waited for; a month is 365.25 / 12 days."""

    scenario: str
    design: str
    n_trials: Annotated[int, Field(ge=1)] = Field(description="Simulated trials.")
    window_days: Annotated[float, Field(gt=0)] = Field(description="The DLT window.")
    duration_days: NotNegative = Field(
        description="Mean days from the first patient's first dose, or from the opening where the file asks for it, to "
        "the last assessment."
    )
    duration_quantiles: Annotated[list[NotNegative], Field(min_length=5, max_length=5)] = Field(
        description="Days by which 5, 25, 50, 75 and 95 % of trials have ended."
    )
    duration_curve: Annotated[list[NotNegative], Field(min_length=201, max_length=201)] = Field(
        description="Days by which 0, 0.5, 1, ..., 100 % of trials have ended."
    )
    enrolment_days: NotNegative = Field(description="Mean days to the last first dose.")
    suspensions: NotNegative = Field(
        description="Mean number of times at which a patient who had come could not be treated."
    )
    days_suspended: NotNegative = Field(
        description="Mean days, in all, from such an arrival to the next first dose, or the end of enrolment."
    )
    days_waited: NotNegative = Field(description="Mean days for which patients waited, summed over the trial.")
    turned_away: NotNegative = Field(description="Mean number of patients lost because the trial waited.")
    backfilled: NotNegative = Field(
        description="Mean number of patients who were given a lower dose while the escalation waited."
    )
    pending_at_decision: NotNegative | None = Field(
        description="Patients in their DLT window at a decision, on average; null where nothing was decided."
    )
    changed_decisions: Share | None = Field(
        description="Share of decisions that the outcomes of the patients pending would have changed."
    )
    patients_per_month: NotNegative = Field(description="Patients treated per month of the duration.")
    sd: TimeSpread  # type: ignore[valid-type]  # a class made from the names of the figures
    mcse: TimeErrors  # type: ignore[valid-type]


class DesignWorth(Part):
    """What a design is worth."""

    value: float = Field(description="Expected utility under the scenarios.")
    of_attainable: float | None = Field(
        description="Share of the best policy's; null where there is none, or it is worth nothing."
    )


class AttainablePart(Part):
    """What designs are worth, beside the best policy that a real trial could follow."""

    value: float | None = Field(description="Expected utility of the best policy; null where the trial is too large.")
    designs: dict[str, DesignWorth]
    utility: str = Field(description="What it is, in words.")
    prior: str = Field(description="The truths, in words.")
    rules: list[str] = Field(description="The rules that the best policy keeps to.")
    why_not: str = Field(description="Why there is no value.")


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
    attainable: AttainablePart | None = Field(default=None, description="Only where the study asks for it.")
    time: list[TimeRow] | None = Field(default=None, description="Only where the study says how patients arrive.")


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``results.json``."""
    schema = ResultsDocument.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "doseesc results"}
