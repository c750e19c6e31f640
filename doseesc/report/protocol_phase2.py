"""Phase 2 in a protocol: its arms, and the sample size with the power that it gives."""

from __future__ import annotations

from collections.abc import Iterator

from doseesc.arms import fraction_words
from doseesc.phase2.assumptions import assumptions_of
from doseesc.phase2.planning import phase2_of, planned_mtd, trial_plan
from doseesc.phase2.power import Power, simulate_power
from doseesc.phase2.words import phase2_rows
from doseesc.report.further_tables import arms_table
from doseesc.report.page_tables import PageTable, Value
from doseesc.report.text_blocks import Block, captioned, paragraphs
from doseesc.results import Results
from doseesc.scenario import Study
from doseesc.scenario_errors import ScenarioError

_TRIALS = 10_000
_RULES = {
    "exact": "An arm gets its fraction of the MTD, whether that dose was tested or not.",
    "nearest_tested_below": "An arm gets the highest tested dose not above its fraction of the MTD, or the lowest "
    "where all are above it.",
}


def phase2_blocks(results: Results) -> Iterator[Block]:
    """Yield the section on Phase 2; nothing for a study without its arms."""
    study = results.study
    table = arms_table(results)
    if table is None:
        return
    yield Block("heading", "Phase 2 arms and sample size")
    arms = "; ".join(f"{arm.name}: {fraction_words(arm)}" for arm in study.phase2_arms)
    yield from paragraphs(
        f"Phase 2 opens only if an MTD is named. Its arms are {arms}. {_RULES[study.phase2_dose_rule]}"
    )
    yield from captioned(table)
    yield from _size_blocks(study, results.seed)


def _size_blocks(study: Study, seed: int) -> Iterator[Block]:
    """Yield sample size, analysis and power, simulated with the run's seed."""
    yield Block("subheading", "Sample size and analysis of Phase 2")
    scenario = next(iter(study.truths))
    try:
        level = planned_mtd(study)
        plan = trial_plan(study, scenario=scenario, mtd_level=level)
    except ScenarioError as error:
        yield from paragraphs(f"The sample size is to be given here; the study's Phase 2 cannot be planned: {error}")
        return
    power, null = (simulate_power(each, trials=_TRIALS, seed=seed) for each in (plan, plan.under_null()))
    yield from paragraphs(
        f"Planned with {study.dose_labels[level - 1]} as the MTD, and with the drug's adverse reactions as in scenario "
        f"{scenario}."
    )
    yield from (Block("bullet", words) for _, words in phase2_rows(plan, power, null))
    yield from captioned(_power_table(power, null))
    assumed = [each for each in assumptions_of(phase2_of(study)) if not each.from_file]
    if assumed:
        yield from paragraphs("Assumed, since the scenario file does not say:")
        yield from (
            Block(
                "bullet",
                f"{_key_words(each.key)}: {each.value or each.basis}{f' ({each.basis})' if each.value else ''}",
            )
            for each in assumed
        )


def _key_words(key: str) -> str:
    """Say where a value stands in the scenario file, such as ``"control, improvement times"``."""
    return key.replace("_", " ").replace(".", ", ")


def _power_table(power: Power, null: Power) -> PageTable:
    arms = power.plan.active
    claims: list[tuple[str, str, int | None]] = [
        *((f"{arm.name} improves sooner", "ttci", place) for place, arm in enumerate(arms)),
        ("at least one dosage improves sooner", "any_ttci", None),
        ("every dosage improves sooner", "all_ttci", None),
        *(
            (f"{arm.name} has fewer deaths, tested by itself", "mortality_alone", place)
            for place, arm in enumerate(arms)
        ),
        ("at least one claim, on either outcome", "any_claim", None),
    ]
    rows = [(Value(claim), *(_share(found, name, place) for found in (power, null))) for claim, name, place in claims]
    return PageTable(
        "power",
        "Power of Phase 2",
        f"{power.tally.trials:,} simulated trials each, ± one Monte Carlo standard error. Without effect: the same "
        "trial of a drug that does nothing, that is type I error.",
        ("claim", "planned effect, % of trials", "without effect, % of trials"),
        rows,
    )


def _share(found: Power, name: str, place: int | None) -> Value:
    share, error = (
        100 * float(each if place is None else each[place]) for each in (found.share(name), found.mcse(name))
    )
    return Value(f"{share:.1f}", f"± {error:.2f}", share)
