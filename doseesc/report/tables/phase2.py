"""What the report says of the Phase 2 trial: its arms, power, type I error, and the assurance of the programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from doseesc.phase2.power import Power, simulate_power
from doseesc.phase2.size import power_by_effect, power_by_size
from doseesc.phase2.words import level_words
from doseesc.planning.assurance import ProgrammeAssurance, programme_assurance
from doseesc.planning.phase2_trial import phase2_of, planned_mtd, trial_plan
from doseesc.report.tables.characteristics import PageTable, Value, number
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from doseesc.results.results import Results
    from doseesc.study.study import Study

TRIALS = 10_000
"""Simulated Phase 2 trials of each plan, as many as the protocol's, so that both say the same."""
CURVE_TRIALS = 2000
"""Those of each point of a curve."""

_FACTORS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
_MULTIPLES = (0.0, 0.5, 1.0, 1.5, 2.0)
_PER_ARM = {"ttci": "improves sooner", "mortality": "has fewer deaths", "reactions": "has more adverse reactions"}
_PER_TRIAL = {
    "any_ttci": "at least one dosage improves sooner",
    "all_ttci": "every dosage improves sooner",
    "any_claim": "at least one claim, either endpoint",
}


@dataclass(frozen=True)
class Phase2Study:
    """What was simulated of Phase 2.

    Attributes
    ----------
    mtd : str
        The MTD that the trial is planned with.
    scenario : str
        Toxicity scenario of its adverse reactions.
    power, null : Power
        Under the effect assumed, and under a drug that does nothing.
    by_size : list of (patients in the control arm, Power)
    by_effect : list of (multiple of the log effects, Power)
    programme : list of ProgrammeAssurance
    """

    mtd: str
    scenario: str
    power: Power
    null: Power
    by_size: list[tuple[int, Power]]
    by_effect: list[tuple[float, Power]]
    programme: list[ProgrammeAssurance]


def phase2_study(results: Results) -> Phase2Study | None:
    """Simulate the Phase 2 trial that a file describes; None where it describes none.

    Raises
    ------
    ScenarioError
        If the study's arms or its section ``phase2`` do not make a trial.
    """
    study, seed = results.study, results.seed
    if study.phase2 is None:
        return None
    scenario, level = next(iter(study.truths)), planned_mtd(study)
    plan = trial_plan(study, scenario=scenario, mtd_level=level)
    sizes = sorted({max(2, round(plan.control.n * factor)) for factor in _FACTORS})
    return Phase2Study(
        mtd=study.dose_labels[level - 1],
        scenario=scenario,
        power=simulate_power(plan, trials=TRIALS, seed=seed),
        null=simulate_power(plan.under_null(), trials=TRIALS, seed=seed),
        by_size=power_by_size(plan, sizes, trials=CURVE_TRIALS, seed=seed),
        by_effect=power_by_effect(plan, _MULTIPLES, trials=CURVE_TRIALS, seed=seed),
        programme=programme_assurance(results, trials=TRIALS, seed=seed),
    )


def trial_table(found: Phase2Study, study: Study) -> PageTable:
    """Return the arms of the trial and what is expected in each."""
    tally, plan = found.power.tally, found.power.plan
    rows = []
    for place, arm in enumerate(plan.arms):
        counts = [getattr(tally, name)[place] / tally.trials for name in ("improved", "deaths", "adverse", "lost")]
        dose = Value("no drug") if arm.amount is None else Value(plain_number(round(arm.amount, 6)), "", arm.amount)
        rows.append(
            (
                Value(arm.name),
                Value(str(arm.n), "", arm.n),
                dose,
                number(arm.effect.shr, 2),
                number(arm.effect.mortality_rr, 2),
                *(number(count) for count in counts),
            )
        )
    return PageTable(
        "phase2_trial",
        f"The Phase 2 trial if the MTD is {found.mtd}",
        f"sHR: subdistribution hazard ratio of improvement, above 1 is better; RR: relative risk of death by day 28; "
        f"both against the control, assumed. The rest are expected patients; adverse reactions are the drug's in "
        f"scenario {found.scenario} and background, to day 14.",
        (
            "arm",
            "patients",
            f"dose, {study.doses.unit or 'the unit of the doses'}",
            "sHR",
            "RR",
            "improved by day 28",
            "deaths by day 28",
            "adverse reactions",
            "lost",
        ),
        rows,
    )


def power_table(found: Phase2Study) -> PageTable:
    """Return power and type I error of every comparison, with standard errors."""
    plan = found.power.plan
    rows = [
        (Value(f"{arm.name} {words}"), _share(found.power, metric, place), _share(found.null, metric, place))
        for metric, words in _PER_ARM.items()
        for place, arm in enumerate(plan.active)
    ]
    rows += [
        (Value(words), _share(found.power, metric), _share(found.null, metric)) for metric, words in _PER_TRIAL.items()
    ]
    analysis = plan.analysis
    gate = "Deaths count only where all dosages improve sooner. " if analysis.endpoints == "hierarchical" else ""
    return PageTable(
        "power",
        "What the Phase 2 trial shows, % of trials",
        f"Each dosage against the control. {level_words(analysis)} {gate}Adverse reactions are unadjusted. No effect: "
        "the same trial with a drug that does nothing, so that shares are errors. ± one Monte Carlo standard error "
        f"({found.power.tally.trials:,} trials).",
        ("what is shown", "with the effect assumed, %", "with no effect, %"),
        rows,
    )


def assurance_table(found: Phase2Study, study: Study) -> PageTable:
    """Return the chance that the whole programme succeeds, by scenario and design."""
    rows = [
        (
            Value(each.scenario),
            Value(each.design),
            Value(f"{100 * each.success:.1f}", f"± {100 * each.mcse:.1f}", 100 * each.success),
            number(each.acceptable, 1, 100),
            *(number(float(p), 1, 100) for p in each.mtd),
        )
        for each in found.programme
    ]
    after = ", ".join(
        f"{label} {100 * p:.0f} %"
        for label, p in zip(study.dose_labels, found.programme[0].success_by_mtd, strict=True)
    )
    limit = 100 * (study.target + study.true_mtd_rule.margin)
    return PageTable(
        "assurance",
        "Assurance: the chance that Phase 1 and Phase 2 together succeed",
        "The MTD is not taken as known: power is averaged over the MTDs that Phase 1 may declare; without an MTD there "
        f"is no success. Power after each MTD: {after}. Acceptable: success with a dosage whose true DLT probability "
        f"is at most {limit:.3g} %. ± one Monte Carlo standard error.",
        (
            "scenario",
            "design",
            "assurance, %",
            "acceptable, %",
            *(f"MTD {label}, %" for label in ("none", *study.dose_labels)),
        ),
        rows,
        2,
    )


def assumptions_table(study: Study) -> PageTable | None:
    """Return every value that Phase 2 rests on, with its source; None where the file describes no Phase 2."""
    if study.phase2 is None:
        return None
    rows = [
        (Value(each.key), Value(each.value or "–"), Value("the file" if each.from_file else f"assumed: {each.basis}"))
        for each in phase2_of(study).assumptions()
    ]
    return PageTable(
        "phase2_assumptions",
        "What Phase 2 rests on",
        "The keys are those of the section phase2 of the scenario file. What the file does not give is this program's "
        "assumption, with its basis; the file's own values are its authors'.",
        ("key", "value", "source"),
        rows,
    )


def _share(power: Power, metric: str, place: int | None = None) -> Value:
    share, error = np.atleast_1d(power.share(metric)), np.atleast_1d(power.mcse(metric))
    at = 0 if place is None else place
    return Value(f"{100 * share[at]:.1f}", f"± {100 * error[at]:.1f}", 100 * float(share[at]))
