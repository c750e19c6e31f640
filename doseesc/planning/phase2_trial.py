"""From a study to its Phase 2 trial: the arms' doses once the MTD is known, and what is true of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from doseesc.phase2 import TrialArm, TrialPlan, share_out
from doseesc.results import arm_doses
from doseesc.study import Phase2, refused

if TYPE_CHECKING:
    from doseesc.study import Study

T = TypeVar("T")


def phase2_of(study: Study) -> Phase2:
    """Return the study's section ``phase2``; without one, all of it is assumed."""
    return study.phase2 or Phase2()


def planned_mtd(study: Study) -> int:
    """Return the level of the MTD that the trial is planned with, from 1."""
    mtd = phase2_of(study).mtd
    if mtd is None:
        return study.n_doses
    try:
        return study.level_of(mtd)
    except ValueError as error:
        raise refused(study, ("phase2", "mtd"), str(error), f"write one of {', '.join(study.dose_labels)}") from error


def trial_plan(study: Study, *, scenario: str, mtd_level: int) -> TrialPlan:
    """Return the Phase 2 trial that follows when a level is declared the MTD.

    Parameters
    ----------
    study : Study
    scenario : str
        Toxicity scenario.
    mtd_level : int
        From 1.

    Raises
    ------
    ScenarioError
        If the study's arms or its section ``phase2`` do not make a trial.
    """
    section = phase2_of(study)
    controls = [arm.name for arm in study.phase2_arms if arm.control]
    if len(controls) != 1 or len(study.phase2_arms) < 2:
        message = f"has {len(controls)} control arms among {len(study.phase2_arms)}, so there is nothing to compare"
        raise refused(study, ("phase2_arms",), message, "write one control arm and at least one with a fraction")
    sizes = _sizes(study, section)
    try:
        effect = section.effect.curve(float(study.dose_amounts[-1]))
        arms = []
        for dose in arm_doses(study, scenario):
            if dose.mtd_level != mtd_level or dose.amount is None:
                continue
            adverse = 1 - (1 - (dose.dlt_probability or 0.0)) * (1 - section.adverse_background)
            given = effect.at(dose.amount)
            arms.append(TrialArm(name=dose.arm, n=sizes[dose.arm], amount=dose.amount, effect=given, adverse=adverse))
        plan = TrialPlan(
            control=TrialArm(name=controls[0], n=sizes[controls[0]], adverse=section.adverse_background),
            active=tuple(sorted(arms, key=lambda arm: arm.amount or 0.0)),
            course=section.control.course(),
            strata=section.severities(),
            loss=section.loss,
            accrual=None if section.accrual is None else section.accrual.accrual(),
            analysis=section.analysis.plan(),
        )
        plan.laws()
    except ValueError as error:
        remedy = "change control, shr or mortality_rr so that improvement and death fit together"
        raise refused(study, ("phase2", "effect"), str(error), remedy) from error
    return plan


def _sizes(study: Study, section: Phase2) -> dict[str, int]:
    names = [arm.name for arm in study.phase2_arms]
    if section.total_patients is not None:
        ratios: dict[str, float] = dict.fromkeys(names, 1.0)
        if section.allocation is not None:
            ratios = _by_arm(study, "allocation", section.allocation)
        try:
            numbers = share_out(section.total_patients, [ratios[name] for name in names])
        except ValueError as error:
            raise refused(study, ("phase2", "total_patients"), str(error), "write more patients") from error
        return dict(zip(names, numbers, strict=True))
    given = section.patients_per_arm
    return dict.fromkeys(names, given) if isinstance(given, int) else _by_arm(study, "patients_per_arm", given)


def _by_arm(study: Study, field: str, given: dict[str, T]) -> dict[str, T]:
    names = [arm.name for arm in study.phase2_arms]
    if set(given) != set(names):
        message = f"names {', '.join(given)}; the arms are {', '.join(names)}"
        raise refused(study, ("phase2", field), message, "write one number for each arm")
    return dict(given)
