"""The Phase 2 trial in sentences: how likely it is to show anything, and how much of it is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.study import assumptions_of
from doseesc.wording import percent, plain_words

if TYPE_CHECKING:
    from doseesc.phase2 import Power
    from doseesc.planning import Phase2Answers


def power_answer(power: Power, null: Power, title: str) -> str:
    """Say how likely the trial is to show anything, and by chance alone.

    Parameters
    ----------
    power, null : Power
        Under the truth, and under a drug that does nothing.
    title : str
        Which trial it is.
    """
    plan = power.plan
    shares = power.share("any_ttci"), null.share("any_ttci"), power.mcse("any_ttci")
    share, without, error = (percent(float(each)) for each in shares)
    best = ""
    if plan.better is not None and power.better_chosen is not None and len(plan.active) > 1:
        better = plain_words(plan.active[plan.better].name)
        best = f" and chooses {better}, the better, in {percent(power.better_chosen)} %"
    patients = sum(arm.n for arm in plan.arms)
    return (
        f"{plain_words(title)}, {patients} patients: shows in {share} % of trials that at least one dosage improves "
        f"sooner{best}; a drug that does nothing would seem to in {without} %. Simulated to ± {error} points (1 SE)."
    )


def assumed_count_words(answers: Phase2Answers) -> str:
    """Say how much of the trial is assumed; "" where nothing is."""
    assumed = [each for each in assumptions_of(answers.section) if not each.from_file]
    if not assumed:
        return ""
    if answers.study.phase2 is None:
        return "the file has no  phase2:  section: all of Phase 2 is assumed (this project's ARDS values)"
    return f"{len(assumed)} value{'s' if len(assumed) > 1 else ''} of Phase 2 assumed, not in the file"
