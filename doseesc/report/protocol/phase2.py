"""Phase 2 in a protocol: its arms, how it is analysed, and what the file leaves to be assumed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from doseesc.errors import ScenarioError, field_name
from doseesc.phase2 import Power, TrialPlan, phase2_rows, simulate_power
from doseesc.planning import TRIALS, phase2_of, planned_mtd, trial_plan
from doseesc.report.protocol.open_points import open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import arms_table
from doseesc.results import fraction_words
from doseesc.study import assumptions_of

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.results import Results
    from doseesc.study import Study

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
_ANALYSED = ("Improvement", "28-day mortality", "Adverse reactions", "Secondary scores")


@dataclass(frozen=True)
class PlannedPhase2:
    """The Phase 2 trial of a study, and what it can show.

    Attributes
    ----------
    study : Study
    scenario : str
        Of the drug's adverse reactions.
    mtd_level : int
        The MTD planned with.
    power, null : Power
        Under the planned effect, and under a drug that does nothing.
    """

    study: Study
    scenario: str
    mtd_level: int
    power: Power
    null: Power

    @property
    def plan(self) -> TrialPlan:
        """The trial."""
        return self.power.plan

    @property
    def words(self) -> dict[str, str]:
        """The trial in sentences, by what they are about."""
        return dict(phase2_rows(self.plan, self.power, self.null, unit=self.study.doses.unit))


def planned_phase2(results: Results) -> PlannedPhase2 | str | None:
    """Return the Phase 2 trial, simulated with the run's seed; why it cannot be planned; None where there is none."""
    study = results.study
    if not study.phase2_arms:
        return None
    scenario = next(iter(study.truths))
    try:
        level = planned_mtd(study)
        plan = trial_plan(study, scenario=scenario, mtd_level=level)
    except ScenarioError as error:
        return "; ".join(f"{field_name(each.path, None)} {each.message}" for each in error.problems)
    power, null = (simulate_power(each, trials=TRIALS, seed=results.seed) for each in (plan, plan.under_null()))
    return PlannedPhase2(study, scenario, level, power, null)


def secondary_blocks(results: Results, trial: Trial, phase2: PlannedPhase2 | str | None) -> Iterator[Block]:
    """Yield the arms of Phase 2 and how they are compared."""
    study = results.study
    table = arms_table(results)
    yield section("10.5")
    if table is None:
        yield from paragraphs("No Phase 2 is part of this study.", open_point("analyses of further objectives"))
        return
    arms = "; ".join(f"{arm.name}: {fraction_words(arm)}" for arm in study.phase2_arms)
    yield from paragraphs(f"Phase 2 opens only if an MTD is named. Its arms are {arms}.")
    yield from captioned(table)
    if phase2 is None or isinstance(phase2, str):
        return
    yield from paragraphs(
        f"Planned with {trial.doses.words(phase2.mtd_level)} as the MTD, and with the drug's adverse reactions as in "
        f"scenario {phase2.scenario}."
    )
    yield from (Block("bullet", phase2.words[each]) for each in _ANALYSED)


def multiplicity_blocks(phase2: PlannedPhase2 | str | None) -> Iterator[Block]:
    """Yield what is adjusted for."""
    yield section("10.10")
    yield from paragraphs("Phase 1 tests no hypothesis, so that nothing is adjusted.")
    if isinstance(phase2, PlannedPhase2):
        yield from paragraphs(f"Phase 2: {phase2.words['Level and multiplicity']}")


def assumed_blocks(study: Study) -> Iterator[Block]:
    """Yield what Phase 2 rests on and the file does not say."""
    assumed = [each for each in assumptions_of(phase2_of(study)) if not each.from_file]
    if not assumed:
        return
    yield from paragraphs("Assumed of Phase 2, since the scenario file does not say:")
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
