"""The report's tables beyond the characteristics: Phase 2, prior beliefs, and what observation makes of the designs."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from designs import Tally
from doseesc.report.tables.characteristics import figure
from doseesc.report.tables.table import PageTable, Value, number
from doseesc.report.words import DOSE_RULES, given_words
from doseesc.results import CONTROL, Results, arm_doses, fraction_words, summarise_phase2
from doseesc.wording import plain_number

_OBSERVED = MappingProxyType(
    {
        "enrolled": ("patients enrolled", 1.0),
        "replaced": ("of them replaced", 1.0),
        "deaths": ("deaths in the window", 1.0),
        "drug_dlts": ("DLTs of the drug", 1.0),
        "not_caused_share": ("counted DLTs not the drug's, %", 100.0),
        "safe_stopped": ("safe product stopped, %", 100.0),
        "below_mtd": ("below the MTD selected, %", 100.0),
        "bias_at_mtd": ("DLT rate seen at the MTD minus the true one, points", 100.0),
    }
)


def arms_table(results: Results) -> PageTable | None:
    """Return the arms of Phase 2 for each level that may be the MTD; None without arms."""
    study = results.study
    if not study.phase2_arms:
        return None
    scenario = next(iter(study.truths))
    fractions = {arm.name: fraction_words(arm) for arm in study.phase2_arms}
    rows = []
    for dose in arm_doses(study, scenario)[1:]:
        amount = CONTROL if dose.amount is None else plain_number(round(dose.amount, 6))
        rows.append(
            (
                Value(study.dose_labels[dose.mtd_level - 1], "", dose.mtd_level),
                Value(dose.arm),
                Value(fractions[dose.arm]),
                Value(amount, "", dose.amount),
                Value(dose.status if dose.amount is None else given_words(results, dose)),
            )
        )
    return PageTable(
        "arms",
        "The arms of Phase 2 for each dose that may be the MTD",
        f"Doses in {study.doses.unit or 'the unit of the doses'}. {DOSE_RULES[study.phase2_dose_rule]} "
        "Tested is a dose that somebody in Phase 1 was given; another brings its own uncertainty.",
        ("MTD", "arm", "fraction", "dose", "tested in Phase 1?"),
        rows,
        2,
    )


def phase2_table(results: Results) -> PageTable | None:
    """Return what each design hands to Phase 2; None without arms."""
    found = summarise_phase2(results.study, results.cells)
    if not found:
        return None
    limit = 100 * results.study.unsafe_above
    arms = [arm.arm for arm in found[0].arms]
    heads = [f"{arm}: {what}" for arm in arms for what in ("P(DLT) %", f"above {limit:.3g} %, %", "never given, %")]
    rows = [
        (
            Value(each.scenario),
            Value(each.design),
            number(each.opens, 1, 100),
            *(
                number(np.nan if value is None else value, 1, 100)
                for arm in each.arms
                for value in (arm.dlt_probability, arm.too_toxic, arm.never_given)
            ),
            number(each.unbounded, 1, 100),
        )
        for each in found
    ]
    return PageTable(
        "phase2",
        "What Phase 1 hands to Phase 2",
        "Opens: an MTD is selected. P(DLT): the arm's true one, expected where Phase 2 opens. All else in % of Phase 1 "
        "trials. Never given: nobody in Phase 1 was given the arm's dose. Unbounded: the MTD is only the highest dose "
        "tested, and no toxicity bounds it.",
        ("scenario", "design", "opens, %", *heads, "unbounded MTD, %"),
        rows,
        2,
    )


def prior_table(results: Results, only: str | None = None) -> PageTable | None:
    """Return what each model believes before the first patient; None where no design has a model.

    Parameters
    ----------
    results : Results
    only : str, optional
        The one design of interest; by default all.
    """
    study = results.study
    empty = Tally.empty(study.n_doses)
    rows = []
    for name, design in study.designs.items():
        posterior = getattr(design, "posterior", None) if only in (None, name) else None
        if posterior is None or not hasattr(posterior(empty), "dlt_probability"):
            continue
        estimate = posterior(empty).dlt_probability[0]
        skeleton = getattr(design, "skeleton", None)
        for level, label in enumerate(study.dose_labels, start=1):
            low, high = design.credible_interval(empty, level)
            above = float(design.probability_above(empty, level, study.target)[0])
            rows.append(
                (
                    Value(name),
                    Value(label, "", level),
                    Value("–") if skeleton is None else number(skeleton[level - 1], 1, 100),
                    number(float(estimate[level - 1]), 1, 100),
                    Value(f"{100 * float(low[0]):.1f} to {100 * float(high[0]):.1f}", "", float(low[0])),
                    number(above, 1, 100),
                )
            )
    if not rows:
        return None
    return PageTable(
        "priors",
        "What the models believe before the first patient",
        "Estimate: what the design would use; interval: 90 % prior probability. The wider the interval the more the "
        "first patients decide.",
        ("design", "dose", "skeleton, %", "estimated P(DLT), %", "90 % interval, %", "P(above target), %"),
        rows,
        2,
    )


def observation_table(results: Results) -> PageTable | None:
    """Return what each observation model makes of the designs; None where there is none."""
    if results.policies is None:
        return None
    rows = []
    for policy, design in results.policies.groups():
        price = results.policies.price(policy, design)
        shares = (price.correct, price.overdose, price.stopped)
        patients = (price.enrolled, price.evaluable)
        rows.append(
            (
                Value(policy),
                Value(design),
                *(number(share, 1, 100) for share in shares),
                *(number(each) for each in patients),
                number(price.dlts, 2),
            )
        )
    return PageTable(
        "observation",
        "The price of attribution",
        "Means over all scenarios. The first rows are trials in which every patient is evaluable and only the drug "
        "causes DLTs; the others count background events and deaths as each policy of the file says. Safe product "
        "stopped: no dose is selected although there is a true MTD, over the scenarios in which there is one.",
        (
            "observation",
            "design",
            "correct selection, %",
            "selection above the MTD, %",
            "safe product stopped, %",
            "patients enrolled",
            "evaluable patients",
            "DLTs counted",
        ),
        rows,
        2,
    )


def observed_table(results: Results) -> PageTable | None:
    """Return what the study's own observation model adds, by scenario and design; None where there is none."""
    if results.policies is None:
        return None
    own = results.policies.policies[0]
    rows = [
        (
            Value(scenario),
            Value(design),
            *(figure(cell, name, scale=scale, digits=1 if scale > 1 else 2) for name, (_, scale) in _OBSERVED.items()),
        )
        for (policy, scenario, design), cell in results.policies.observed.items()
        if policy == own
    ]
    return PageTable(
        "observed",
        f"What is observed besides, with {own}",
        "Expected numbers per trial, of all patients enrolled. Safe product stopped: no dose is selected although "
        "there is a true MTD. The last column is the bias of the DLT rate at the dose selected. In small print the "
        "simulated values ± one Monte Carlo standard error.",
        ("scenario", "design", *(head for head, _ in _OBSERVED.values())),
        rows,
        2,
    )
