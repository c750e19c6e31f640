"""Everything asked about a study's Phase 2 trial, answered at once: what the command prints, saves and draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doseesc.phase2 import (
    AnalysisRow,
    Power,
    SampleSize,
    SecondaryRow,
    SizeFigures,
    TrialPlan,
    compare_totals,
    power_by_effect,
    power_by_size,
    sample_size,
    simulate_analyses,
    simulate_power,
    simulate_secondary,
)
from doseesc.planning.assurance import ProgrammeAssurance, programme_assurance
from doseesc.planning.phase2_trial import phase2_of, planned_mtd, trial_plan
from doseesc.results import Results
from doseesc.runs import run
from doseesc.study import Phase2, refused

if TYPE_CHECKING:
    from doseesc.study import Study

TRIALS = 10_000
"""Simulated trials of each plan, if no other number is asked for."""
SECONDARY_TRIALS = 1000
"""Trials of secondary outcomes, if no more are asked for."""

_SIZES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)  # of the plan's patients
_EFFECTS = (0.0, 0.5, 1.0, 1.5, 2.0)  # of its log effects


@dataclass(frozen=True)
class Phase2Answers:
    """What was found about one Phase 2 trial.

    Attributes
    ----------
    study : Study
    scenario : str
        Toxicity scenario of the adverse reactions.
    mtd_level : int
        The MTD planned with.
    power, null : Power
        Under the plan's effect, and under a drug that does nothing.
    wanted, measure : float and str, or None
        Power asked for, and of what.
    size : SampleSize or None
    totals : list of SizeFigures
        Of the file's ``compare_totals``.
    analyses : list of AnalysisRow
    secondary : list of SecondaryRow
    programme : list of ProgrammeAssurance
    """

    study: Study
    scenario: str
    mtd_level: int
    power: Power
    null: Power
    wanted: float | None
    measure: str | None
    size: SampleSize | None
    totals: list[SizeFigures]
    analyses: list[AnalysisRow]
    secondary: list[SecondaryRow]
    programme: list[ProgrammeAssurance]

    @property
    def plan(self) -> TrialPlan:
        """The trial."""
        return self.power.plan

    @property
    def section(self) -> Phase2:
        """The study's section, or one of assumptions only."""
        return phase2_of(self.study)

    @property
    def mtd_label(self) -> str:
        """Label of the MTD planned with."""
        return self.study.dose_labels[self.mtd_level - 1]

    @property
    def title(self) -> str:
        """What the trial is, in a few words."""
        return f"Phase 2 with the MTD {self.mtd_label}"

    @property
    def secondary_trials(self) -> int:
        """Trials of the secondary outcomes."""
        return min(self.power.tally.trials, SECONDARY_TRIALS)


def answer(
    study: Study,
    *,
    scenario: str | None = None,
    mtd_level: int | None = None,
    size: float | None = None,
    measure: str = "any_ttci",
    analyses: bool = False,
    secondary: bool = False,
    assurance: bool = False,
    totals: bool = True,
    phase1: Results | None = None,
    trials: int = TRIALS,
    seed: int | None = None,
    jobs: int = 1,
) -> Phase2Answers:
    """Answer what is asked about a study's Phase 2 trial.

    Parameters
    ----------
    study : Study
    scenario : str, optional
        Toxicity scenario of the adverse reactions; by default the first.
    mtd_level : int, optional
        By default the file's.
    size : float, optional
        Find the smallest trial with this power of ``measure`` (see :func:`doseesc.phase2.sample_size`).
    measure : str
    analyses, secondary, assurance : bool
        Also all analyses, the secondary outcomes, the programme's assurance.
    totals : bool
        Also the trials of the file's ``compare_totals``.
    phase1 : Results, optional
        Of the study's Phase 1, over which the assurance averages; without them the study is run.
    trials, seed, jobs : int
        As for :func:`doseesc.phase2.simulate_power`; seed by default the file's.

    Raises
    ------
    ScenarioError
        If the study's arms or its section ``phase2`` do not make a trial.
    ValueError
        If there is no such scenario, or the power cannot be had.
    """
    if not study.truths:
        raise ValueError("study must have a scenario with dlt, not random curves only")
    scenario = next(iter(study.truths)) if scenario is None else scenario
    mtd_level = planned_mtd(study) if mtd_level is None else mtd_level
    seed = study.simulation.seed if seed is None else seed
    plan = trial_plan(study, scenario=scenario, mtd_level=mtd_level)
    power, null = (simulate_power(each, trials=trials, seed=seed, jobs=jobs) for each in (plan, plan.under_null()))
    sized = None
    if size is not None:
        sized = sample_size(plan, power=size, measure=measure, trials=trials, seed=seed, jobs=jobs)
    return Phase2Answers(
        study=study,
        scenario=scenario,
        mtd_level=mtd_level,
        power=power,
        null=null,
        wanted=size,
        measure=None if size is None else measure,
        size=sized,
        totals=_totals(study, plan, trials, seed, jobs) if totals else [],
        analyses=simulate_analyses(plan, trials=trials, seed=seed, jobs=jobs) if analyses else [],
        secondary=simulate_secondary(plan, trials=min(trials, SECONDARY_TRIALS), seed=seed, jobs=jobs)
        if secondary
        else [],
        programme=_programme(study, phase1, trials, seed, jobs) if assurance else [],
    )


@dataclass(frozen=True)
class PowerCurves:
    """Power of a plan, were it larger, or its effect stronger.

    Attributes
    ----------
    by_size : list of (patients in the control arm, Power)
    by_effect : list of (multiple of the log effects, Power)
    """

    by_size: list[tuple[int, Power]]
    by_effect: list[tuple[float, Power]]


def power_curves(plan: TrialPlan, *, trials: int, seed: int, jobs: int = 1) -> PowerCurves:
    """Simulate a plan with half to four times its patients, and with none to twice its log effects."""
    sizes = sorted({max(2, round(plan.control.n * factor)) for factor in _SIZES})
    return PowerCurves(
        by_size=power_by_size(plan, sizes, trials=trials, seed=seed, jobs=jobs),
        by_effect=power_by_effect(plan, _EFFECTS, trials=trials, seed=seed, jobs=jobs),
    )


def _totals(study: Study, plan: TrialPlan, trials: int, seed: int, jobs: int) -> list[SizeFigures]:
    totals: Sequence[int] = phase2_of(study).compare_totals
    for total in totals:
        try:
            plan.with_total(total)
        except ValueError as error:
            raise refused(study, ("phase2", "compare_totals"), str(error), "write more patients") from error
    return compare_totals(plan, totals, trials=trials, seed=seed, jobs=jobs)


def _programme(study: Study, phase1: Results | None, trials: int, seed: int, jobs: int) -> list[ProgrammeAssurance]:
    results = run(study, method="auto", seed=seed, jobs=jobs) if phase1 is None else phase1
    return programme_assurance(results, trials=trials, seed=seed, jobs=jobs)
