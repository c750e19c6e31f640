"""Phase 2 in a protocol: its arms, and the sample size with the power that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from doseesc.errors import ScenarioError
from doseesc.phase2 import ARM_CLAIMS, CLAIMS, Power, phase2_rows, simulate_power
from doseesc.planning import TRIALS, phase2_of, planned_mtd, trial_plan
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value, arms_table
from doseesc.report.words import DOSE_RULES
from doseesc.results import Results, fraction_words
from doseesc.study import Study, assumptions_of

_NAMES = MappingProxyType(
    {
        "patients_per_arm": "patients per arm",
        "control.improved": "share of patients who improve without the drug",
        "control.died": "share of patients who die without the drug",
        "control.improvement_times": "times to improvement without the drug",
        "control.death_times": "times to death without the drug",
        "effect.shr": "subdistribution hazard ratio of improvement at the MTD",
        "effect.mortality_rr": "relative risk of death at the MTD",
        "effect.dose_response": "effect of lower doses",
        "effect.at_dose": "dose that has the full effect",
        "adverse_background": "share of patients with adverse reactions without the drug",
        "loss": "share of patients lost to follow-up",
        "mtd": "MTD that the trial is planned with",
        "analysis.ttci": "test of improvement",
        "analysis.death": "death before improvement",
        "analysis.mortality": "test of mortality",
        "analysis.reactions": "test of adverse reactions",
        "analysis.multiplicity": "adjustment over dosages",
        "analysis.endpoints": "order of the outcomes",
        "analysis.alpha": "level",
    }
)
_CHOICES = MappingProxyType(
    {"chi_square": "chi-square test", "fisher": "Fisher's exact test", "hierarchical": "improvement first"}
)


def phase2_blocks(results: Results) -> Iterator[Block]:
    """Yield the section on Phase 2; nothing for a study without its arms."""
    study = results.study
    table = arms_table(results)
    if table is None:
        return
    yield Block("heading", "Phase 2 arms and sample size")
    arms = "; ".join(f"{arm.name}: {fraction_words(arm)}" for arm in study.phase2_arms)
    yield from paragraphs(
        f"Phase 2 opens only if an MTD is named. Its arms are {arms}. {DOSE_RULES[study.phase2_dose_rule]}"
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
    power, null = (simulate_power(each, trials=TRIALS, seed=seed) for each in (plan, plan.under_null()))
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
                f"{_name(each.key)}: {_plain(each.value) or each.basis}{f' ({each.basis})' if each.value else ''}",
            )
            for each in assumed
        )


def _name(key: str) -> str:
    return _NAMES.get(key, _plain(key).replace(".", ", "))


def _plain(word: str) -> str:
    """Say a choice as a reader does: ``"chi_square"`` is the chi-square test."""
    return _CHOICES.get(word, word.replace("_", " "))


def _power_table(power: Power, null: Power) -> PageTable:
    arms = power.plan.active
    claims: list[tuple[str, str, int | None]] = [
        *((f"{arm.name} {ARM_CLAIMS['ttci']}", "ttci", place) for place, arm in enumerate(arms)),
        (CLAIMS["any_ttci"], "any_ttci", None),
        (CLAIMS["all_ttci"], "all_ttci", None),
        *(
            (f"{arm.name} {ARM_CLAIMS['mortality']}, tested by itself", "mortality_alone", place)
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


def _share(power: Power, name: str, place: int | None) -> Value:
    share, error = (
        100 * float(each if place is None else each[place]) for each in (power.share(name), power.mcse(name))
    )
    return Value(f"{share:.1f}", f"± {error:.2f}", share)
