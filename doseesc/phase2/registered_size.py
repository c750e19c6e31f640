"""Trials of several sizes beside one another: what each can show, such as 18 patients treated against 169 planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from doseesc.finite import finite_numbers
from doseesc.phase2.analyses import clopper_pearson, miettinen_nurminen, newcombe
from doseesc.phase2.detectable import DetectableEffect, detectable_shr
from doseesc.phase2.plan import TrialPlan
from doseesc.phase2.power import Power, simulate_power
from doseesc.phase2.words import ARM_CLAIMS, CLAIMS

if TYPE_CHECKING:
    import pandas as pd

ENOUGH = 0.8
"""Power at which a trial is said to show something."""

_SEARCH_TRIALS = 4000


@dataclass(frozen=True)
class SizeFigures:
    """What a trial with so many patients in all can show.

    Attributes
    ----------
    total : int
    power, null : Power
        Under the plan's effect, and under a drug that does nothing.
    mortality_half_width : float
        Expected half-width of the 95 % interval of the difference in mortality, highest dosage minus control.
    no_reaction_upper : float
        Upper 95 % Clopper-Pearson limit of the reaction rate at the highest dosage, if none is seen there.
    detectable : DetectableEffect or None
        Smallest hazard ratio of improvement at the highest dosage seen with 80 % power, not adjusted.
    """

    total: int
    power: Power
    null: Power
    mortality_half_width: float
    no_reaction_upper: float
    detectable: DetectableEffect | None

    @property
    def plan(self) -> TrialPlan:
        """The trial."""
        return self.power.plan

    @property
    def powers(self) -> dict[str, float]:
        """Power by what is to be shown, the highest dosage by itself and not adjusted where one is named."""
        return {
            CLAIMS["any_ttci"]: float(self.power.share("any_ttci")),
            f"highest dosage {ARM_CLAIMS['ttci']}": float(self.power.share("ttci_alone")[-1]),
            f"highest dosage {ARM_CLAIMS['mortality']}": float(self.power.share("mortality_alone")[-1]),
            "highest dosage has more reactions": float(self.power.share("reactions")[-1]),
        }


def compare_totals(
    plan: TrialPlan, totals: Sequence[int], *, trials: int = 10_000, seed: int = 1, jobs: int = 1
) -> list[SizeFigures]:
    """Return what trials of several sizes can show, the arms in the proportions of the plan.

    Parameters
    ----------
    plan : TrialPlan
    totals : sequence of int
        Patients in all.
    trials, seed, jobs : int
        As for :func:`doseesc.phase2.simulate_power`.

    Raises
    ------
    ValueError
        If some arm would be empty.
    """
    found = []
    for total in totals:
        sized = plan.with_total(total)
        power, null = (
            simulate_power(each, trials=trials, seed=seed, jobs=jobs) for each in (sized, sized.under_null())
        )
        search = max(min(trials, _SEARCH_TRIALS), 100)
        effect = detectable_shr(sized, power=ENOUGH, trials=search, seed=seed, jobs=jobs)
        upper = float(clopper_pearson(0, sized.active[-1].n).upper)
        found.append(SizeFigures(total, power, null, expected_half_width(sized), upper, effect))
    return found


@finite_numbers()
def expected_half_width(plan: TrialPlan) -> float:
    """Return the expected half-width of the plan's 95 % interval of the difference in mortality, nobody being lost.

    Exact: over all numbers of deaths in the highest dosage and the control.
    """
    control, *_, highest = plan.laws()
    interval = miettinen_nurminen if plan.analysis.mortality_interval == "miettinen_nurminen" else newcombe
    one, other = (np.arange(law.n + 1) for law in (highest, control))
    chance = [
        binom.pmf(count, law.n, min(float(law.course.died[-1]), 1.0))
        for count, law in ((one, highest), (other, control))
    ]
    # Numbers of deaths that hardly ever happen cost time and say nothing.
    kept = [each > 1e-7 for each in chance]
    one, other = one[kept[0]], other[kept[1]]
    limits = interval(one[:, None], highest.n, other[None], control.n)
    weight = chance[0][kept[0]][:, None] * chance[1][kept[1]][None]
    return float((weight * (limits.upper - limits.lower)).sum() / weight.sum() / 2)


def totals_frame(sizes: Sequence[SizeFigures]) -> pd.DataFrame:
    """Return ``total, metric, value, mcse``; a hazard ratio beyond those sought is not a number."""
    import pandas as pd

    rows: list[dict[str, object]] = []
    for each in sizes:

        def add(metric: str, value: float, mcse: float = 0.0, total: int = each.total) -> None:
            rows.append({"total": total, "metric": metric, "value": value, "mcse": mcse})

        for arm in each.plan.arms:
            add(f"patients, {arm.name}", float(arm.n))
        for metric in ("any_ttci", "all_ttci", "any_mortality", "any_claim", "trend"):
            add(metric, float(each.power.share(metric)), float(each.power.mcse(metric)))
        for metric in ("ttci_alone", "mortality_alone", "reactions"):
            add(f"{metric}, highest", float(each.power.share(metric)[-1]), float(each.power.mcse(metric)[-1]))
        add("any_claim, no effect", float(each.null.share("any_claim")), float(each.null.mcse("any_claim")))
        add("mortality_half_width", each.mortality_half_width)
        add("no_reaction_upper", each.no_reaction_upper)
        effect = each.detectable
        add("detectable_shr", *((np.nan, np.nan) if effect is None else (effect.shr, effect.standard_error)))
    return pd.DataFrame(rows)
