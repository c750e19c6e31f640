"""The whole programme in a sentence: the power of Phase 2, and how often Phase 1 and Phase 2 both succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.phase2 import any_power
from doseesc.planning import planned_mtd, trial_plan
from doseesc.wording import in_a_row, percent

if TYPE_CHECKING:
    from doseesc.results import Results

_NAMED = 4  # designs told one by one; of more, the least and the most


def programme_success(results: Results) -> tuple[list[float], dict[str, float]] | None:
    """Return the power of Phase 2 with each MTD, and the share of programmes of each design that succeed.

    The programme succeeds where Phase 1 selects an MTD and Phase 2, with the doses that follow from it, shows that at
    least one of them improves patients sooner; the scenarios count as the study's comparison says.

    By formula (:func:`doseesc.phase2.any_power`), so that it costs nothing; ``doseesc phase2`` simulates the same.

    Returns
    -------
    tuple of list of float and dict of str to float, or None
        None for a study without a Phase 2 trial, or where the formula does not apply.
    """
    study = results.study
    if study.phase2 is None or len(study.phase2_arms) < 2:
        return None
    first = next(iter(study.truths))
    plans = [trial_plan(study, scenario=first, mtd_level=level) for level in range(1, study.n_doses + 1)]
    power = [any_power(plan) for plan in plans]
    known = [each for each in power if each is not None]
    if len(known) < len(power):
        return None
    own = results.verdict.standing
    selected = {name: [results.cells[each, name].best.selected[1:] for each in own.scenarios] for name in study.names}
    return known, {name: float(own.weights @ np.array(rows) @ np.array(known)) for name, rows in selected.items()}


def programme_words(results: Results) -> str:
    """Say what :func:`programme_success` gives for the MTD planned for; nothing where it gives nothing."""
    found = programme_success(results)
    if found is None:
        return ""
    power, succeeds = found
    told = list(succeeds)
    if len(told) > _NAMED:
        told = [min(succeeds, key=succeeds.__getitem__), max(succeeds, key=succeeds.__getitem__)]
    named = in_a_row([f"{name} {percent(succeeds[name])} %" for name in told])
    level = planned_mtd(results.study)
    return (
        f"By formula: Phase 2 power {percent(power[level - 1])} % (MTD {results.study.dose_labels[level - 1]}), "
        f"programme success {named}"
    )
