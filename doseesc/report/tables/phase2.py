"""What the report says of the Phase 2 trial: its arms, power, type I error, and the assurance of the programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.phase2 import ARM_CLAIMS, CLAIMS, Power, level_words
from doseesc.planning import Phase2Answers, phase2_of
from doseesc.report.tables.table import PageTable, Value, number
from doseesc.study import assumptions_of
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from doseesc.study import Study

_PER_ARM = {**ARM_CLAIMS, "reactions": "has more adverse reactions"}


def trial_table(answers: Phase2Answers) -> PageTable:
    """Return the arms of the trial and what is expected in each."""
    tally, plan = answers.power.tally, answers.power.plan
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
        f"The Phase 2 trial if the MTD is {answers.mtd_label}",
        f"sHR: subdistribution hazard ratio of improvement, above 1 is better; RR: relative risk of death by day 28; "
        f"both against the control, assumed. The rest are expected patients; adverse reactions are the drug's in "
        f"scenario {answers.scenario} and background, to day 14.",
        (
            "arm",
            "patients",
            f"dose, {answers.study.doses.unit or 'the unit of the doses'}",
            "sHR",
            "RR",
            "improved by day 28",
            "deaths by day 28",
            "adverse reactions",
            "lost",
        ),
        rows,
    )


def power_table(answers: Phase2Answers) -> PageTable:
    """Return power and type I error of every comparison, with standard errors."""
    plan = answers.power.plan
    rows = [
        (Value(f"{arm.name} {words}"), _share(answers.power, metric, place), _share(answers.null, metric, place))
        for metric, words in _PER_ARM.items()
        for place, arm in enumerate(plan.active)
    ]
    rows += [
        (Value(CLAIMS[metric]), _share(answers.power, metric), _share(answers.null, metric))
        for metric in ("any_ttci", "all_ttci", "any_claim")
    ]
    analysis = plan.analysis
    gate = "Deaths count only where all dosages improve sooner. " if analysis.endpoints == "hierarchical" else ""
    return PageTable(
        "power",
        "What the Phase 2 trial shows, % of trials",
        f"Each dosage against the control. {level_words(analysis)} {gate}Adverse reactions are unadjusted. No effect: "
        "the same trial with a drug that does nothing, so that shares are errors. ± one Monte Carlo standard error "
        f"({answers.power.tally.trials:,} trials).",
        ("what is shown", "with the effect assumed, %", "with no effect, %"),
        rows,
    )


def assurance_table(answers: Phase2Answers) -> PageTable:
    """Return the chance that the whole programme succeeds, by scenario and design."""
    study = answers.study
    rows = [
        (
            Value(each.scenario),
            Value(each.design),
            Value(f"{100 * each.success:.1f}", f"± {100 * each.mcse:.1f}", 100 * each.success),
            number(each.acceptable, 1, 100),
            *(number(float(p), 1, 100) for p in each.mtd),
        )
        for each in answers.programme
    ]
    after = ", ".join(
        f"{label} {100 * p:.0f} %"
        for label, p in zip(study.dose_labels, answers.programme[0].success_by_mtd, strict=True)
    )
    limit = 100 * study.unsafe_above
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
        for each in assumptions_of(phase2_of(study))
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
