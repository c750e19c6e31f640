"""The power of a Phase 2 trial as a tidy table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.phase2.power import Power
from doseesc.phase2.schoenfeld import schoenfeld_power

if TYPE_CHECKING:
    import pandas as pd

PER_COMPARISON = ("ttci", "ttci_alone", "mortality", "mortality_alone", "reactions", "chosen")
PER_TRIAL = ("any_ttci", "all_ttci", "any_mortality", "any_reactions", "any_claim", "trend")
PER_ARM = ("improved", "deaths", "adverse", "lost")


def power_frame(power: Power, null: Power | None = None) -> pd.DataFrame:
    """Return  truth, arm, metric, value, mcse: shares of trials, and expected numbers of patients.

    Parameters
    ----------
    power : Power
        Under the truth; ``truth`` is "effect" in the table.
    null : Power, optional
        Under a drug that does nothing; "no effect".
    """
    import pandas as pd

    rows: list[dict[str, object]] = []

    def add(truth: str, arm: str, metric: str, value: float, mcse: float) -> None:
        rows.append({"truth": truth, "arm": arm, "metric": metric, "value": value, "mcse": mcse})

    for truth, found in (("effect", power), ("no effect", null)):
        if found is None:
            continue
        plan, tally = found.plan, found.tally
        for place, arm in enumerate(plan.active):
            for metric in PER_COMPARISON:
                add(truth, arm.name, metric, float(found.share(metric)[place]), float(found.mcse(metric)[place]))
            expected = schoenfeld_power(plan, place)
            if expected is not None:
                add(truth, arm.name, "ttci_schoenfeld", expected, 0.0)
        for metric in PER_TRIAL:
            add(truth, "", metric, float(found.share(metric)), float(found.mcse(metric)))
        for place, arm in enumerate(plan.arms):
            for metric in PER_ARM:
                share = getattr(tally, metric)[place] / (arm.n * tally.trials)
                error = arm.n * np.sqrt(share * (1 - share) / (arm.n * tally.trials))
                add(truth, arm.name, metric, float(arm.n * share), float(error))
    return pd.DataFrame(rows)
