"""From the MTD to the arms of Phase 2: which dose each arm will get, how likely, and how toxic it truly is.

Phase 1 ends with a level selected as the MTD, or with none, and then Phase 2 does not open.  An arm's dose is a
fraction of the MTD, which need not be a dose that was tested.  Two rules for the dose of an arm:

exact
    The fraction of the MTD, whether tested or not.
nearest_tested_below
    The nearest tested dose not above the fraction of the MTD; the lowest where all are above it.

The true DLT probability of an untested dose comes from the scenario's curve, or is inter- or extrapolated on log dose;
each row names the method.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from doseesc.truth import DoseProbability

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.engines import OperatingCharacteristics
    from doseesc.results.cells import Cells
    from doseesc.study import Arm, Study

NO_PHASE2 = "no MTD, so no Phase 2"
CONTROL = "no drug"
_ROUNDING = 1e-9  # relative; a quarter of 8 is the dose 2 whatever the last bit says


@dataclass(frozen=True)
class ArmDose:
    """The dose of one arm once the MTD is known.

    Attributes
    ----------
    arm : str
        Name of the arm; empty where Phase 2 does not open.
    mtd_level : int
        The level selected; 0 = none.
    asked_amount, amount : float or None
        Fraction of the MTD, and the dose that the rule makes of it; None without drug.
    status : str
        ``"tested"``, ``"between levels"``, ``"below lowest"``, ``"no drug"``, or ``"no MTD, so no Phase 2"``.
    dlt_probability : float or None
        True DLT probability there; None without drug.
    dlt_method : str
        How it was obtained.
    """

    arm: str
    mtd_level: int
    asked_amount: float | None
    amount: float | None
    status: str
    dlt_probability: float | None
    dlt_method: str


@dataclass(frozen=True)
class ArmSummary:
    """One active arm over all trials of a design under a scenario.

    Attributes
    ----------
    arm : str
    dlt_probability : float or None
        Expected true DLT probability given that Phase 2 opens; None where it never does.
    too_toxic : float
        Probability that Phase 2 opens with this arm's true DLT probability above target + margin.
    untested : float
        Probability that Phase 2 opens with this arm at a dose that is no level of Phase 1.
    below_lowest : float
        Probability that Phase 2 opens with this arm below the lowest level.
    never_given : float or None
        Probability that Phase 2 opens with this arm at a dose that nobody in Phase 1 was given: no level, or one at
        which nobody was treated; not known (NaN) of results of before that was looked at.
    """

    arm: str
    dlt_probability: float | None
    too_toxic: float
    untested: float
    below_lowest: float
    never_given: float | None = None


@dataclass(frozen=True)
class Phase2Summary:
    """Phase 2 as a design under a scenario leaves it; all probabilities are out of all Phase 1 trials.

    Attributes
    ----------
    scenario, design : str
    method : {"monte_carlo", "exact"}
    opens : float
        Probability that an MTD is selected.
    arms : tuple of ArmSummary
        The active arms in the order of the file.
    highest_tested : float
        Probability that the MTD is the highest dose tested, so that nothing above it is known.
    unbounded : float
        Probability that it is, with no more DLTs seen there than the target allows: the MTD is only the highest dose
        tested, and no toxicity bounds it.
    """

    scenario: str
    design: str
    method: str
    opens: float
    arms: tuple[ArmSummary, ...]
    highest_tested: float
    unbounded: float


def arm_doses(study: Study, scenario: str) -> list[ArmDose]:
    """Return every arm's dose for every MTD level, under one scenario's truth; the first row is "no MTD".

    Parameters
    ----------
    study : Study
    scenario : str
        Name of the scenario.
    """
    rows = [ArmDose("", 0, None, None, NO_PHASE2, None, "")]
    for level, mtd in enumerate(study.dose_amounts, start=1):
        for arm in study.phase2_arms:
            if arm.control:
                rows.append(ArmDose(arm.name, level, None, None, CONTROL, None, ""))
                continue
            asked, amount = arm_amounts(study, arm, float(mtd))
            truth: DoseProbability = study.dlt_probability_at(scenario, amount)
            rows.append(ArmDose(arm.name, level, asked, amount, truth.status, truth.probability, truth.method))
    return rows


def arm_amounts(study: Study, arm: Arm, mtd_amount: float) -> tuple[float, float]:
    """Return the amount that an active arm asks for, its fraction of the MTD, and what the study's rule makes of it.

    Raises
    ------
    ValueError
        If the arm is a control.
    """
    if arm.fraction is None:
        raise ValueError(f"arm {arm.name} has neither a fraction of the MTD nor is it a control")
    asked = arm.fraction * mtd_amount
    if study.phase2_dose_rule == "exact":
        return asked, asked
    amounts = [float(amount) for amount in study.dose_amounts]
    return asked, max((amount for amount in amounts if amount <= asked * (1 + _ROUNDING)), default=amounts[0])


def never_given(study: Study, dose: ArmDose, best: OperatingCharacteristics) -> float:
    """Return the probability that a level is selected and nobody in Phase 1 was given the dose of an arm.

    Parameters
    ----------
    study : Study
    dose : ArmDose
        Of an active arm, for that level.
    best : OperatingCharacteristics
        Of the design under the scenario.

    Returns
    -------
    float
        NaN for results of before that was looked at.
    """
    if dose.status != "tested" and not math.isnan(best.untried_selection):
        return float(best.selected[dose.mtd_level])
    assert dose.amount is not None
    level = int(np.argmin(np.abs(np.asarray(study.dose_amounts, dtype=np.float64) - dose.amount)))
    return float(best.selected_and_untried[dose.mtd_level, level])


def phase2_rows(study: Study, cells: Cells) -> Iterator[dict[str, object]]:
    """Yield the rows of :func:`phase2_arms` without pandas."""
    if not study.phase2_arms:
        return
    labels = ("none", *study.dose_labels)
    doses = {scenario: arm_doses(study, scenario) for scenario in study.truths}
    for (scenario, design), cell in cells.items():
        best = cell.best
        for dose in doses[scenario]:
            yield {
                "scenario": scenario,
                "design": design,
                "method": best.method,
                "arm": dose.arm,
                "mtd_level": dose.mtd_level,
                "mtd": labels[dose.mtd_level],
                "probability": float(best.selected[dose.mtd_level]),
                "mcse": float(best.mcse.selected[dose.mtd_level]),
                **{name: value for name, value in vars(dose).items() if name not in ("arm", "mtd_level")},
                "never_given": None if dose.amount is None else never_given(study, dose, best),
            }


PHASE2_COLUMNS = (
    *("scenario", "design", "method", "arm", "mtd_level", "mtd", "probability", "mcse"),
    *(each.name for each in fields(ArmDose) if each.name not in ("arm", "mtd_level")),
    "never_given",
)
"""Columns of :func:`phase2_arms`, in order."""


def phase2_arms(study: Study, cells: Cells) -> pd.DataFrame:
    """Return the Phase 2 arms that each design leads to under each scenario.

    One row per arm and level that may be selected as the MTD, with its probability (exact where there is one), the
    arm's dose, whether that dose was tested, and its true DLT probability there; and one row per design and scenario,
    with an empty ``arm``, for the trials that select no MTD.  Empty for a study without Phase 2 arms.

    Parameters
    ----------
    study : Study
    cells : mapping of (scenario, design) to Cell
        Of the results of the study.
    """
    import pandas as pd

    frame = pd.DataFrame(list(phase2_rows(study, cells)), columns=list(PHASE2_COLUMNS))
    amounts = ["asked_amount", "amount", "dlt_probability", "never_given"]
    frame[amounts] = frame[amounts].astype(float)
    return frame


def summarise_phase2(study: Study, cells: Cells) -> list[Phase2Summary]:
    """Summarise the Phase 2 arms of each design under each scenario; empty for a study without Phase 2 arms.

    Parameters
    ----------
    study : Study
    cells : mapping of (scenario, design) to Cell
        Of the results of the study.  An arm is too toxic where its true DLT probability exceeds
        :attr:`doseesc.study.Study.unsafe_above`.
    """
    limit = study.unsafe_above
    if not study.phase2_arms:
        return []
    active = [arm.name for arm in study.phase2_arms if not arm.control]
    doses = {scenario: arm_doses(study, scenario) for scenario in study.truths}
    found = []
    for (scenario, design), cell in cells.items():
        best = cell.best
        own = {name: [dose for dose in doses[scenario] if dose.arm == name] for name in active}
        arms = tuple(_summarise_arm(study, name, own[name], best, limit) for name in active)
        opens = sum(float(chance) for chance in best.selected[1:])
        highest, unbounded = float(best.highest_tested), float(best.unbounded)
        found.append(Phase2Summary(scenario, design, best.method, opens, arms, highest, unbounded))
    return found


def fraction_words(arm: Arm) -> str:
    """Return an arm's dose in words: ``"MTD"``, ``"MTD/4"``, ``"0.4 x MTD"``, or ``"no drug"``.

    Examples
    --------
    >>> from doseesc.study.sections import Arm
    >>> [fraction_words(Arm(name="a", fraction=f)) for f in (1, 0.25, 1 / 3, 0.4)]
    ['MTD', 'MTD/4', 'MTD/3', '0.4 x MTD']
    """
    if arm.fraction is None:
        return CONTROL
    divisor = round(1 / arm.fraction)
    if abs(arm.fraction * divisor - 1) < 1e-3:
        return "MTD" if divisor == 1 else f"MTD/{divisor}"
    return f"{arm.fraction:g} x MTD"


def _summarise_arm(
    study: Study, name: str, doses: list[ArmDose], best: OperatingCharacteristics, limit: float
) -> ArmSummary:
    chances = [float(chance) for chance in best.selected]
    opens = sum(chances[dose.mtd_level] for dose in doses)
    expected = toxic = untested = below = 0.0
    for dose in doses:
        chance = chances[dose.mtd_level]
        truth = dose.dlt_probability or 0.0
        expected += chance * truth
        toxic += chance * (truth > limit + 1e-12)
        untested += chance * (dose.status != "tested")
        below += chance * (dose.status == "below lowest")
    not_given = sum(never_given(study, dose, best) for dose in doses)
    return ArmSummary(name, expected / opens if opens > 0 else None, toxic, untested, below, not_given)
