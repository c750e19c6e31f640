"""The whole programme in a sentence: the power of Phase 2, and how often Phase 1 and Phase 2 both succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.phase2 import any_power
from doseesc.planning import planned_mtd, trial_plan
from doseesc.wording import in_a_row, percent

if TYPE_CHECKING:
    from doseesc.results import Results

_NAMED = 4  # designs told one by one; of more, the best, and the least and the most


def programme_words(results: Results) -> str:
    """Say what power Phase 2 has with the MTD planned for, and what share of the programmes of each design succeeds.

    The programme succeeds where Phase 1 selects an MTD and Phase 2, with the doses that follow from it, shows that at
    least one of them improves patients sooner; the scenarios count as the study's comparison says.

    By formula (:func:`doseesc.phase2.any_power`), so that it costs nothing; ``doseesc phase2`` simulates the same.

    Returns
    -------
    str
        Empty for a study without a Phase 2 trial, or where the formula does not apply.
    """
    power, succeeds = power_words(results), programme_success(results)
    if not power:
        return ""
    if len(succeeds) <= _NAMED:
        said = in_a_row([f"{name} {percent(share)} %" for name, share in succeeds.items()])
    else:
        best = results.verdict.safest_leader
        ends = (min(succeeds, key=succeeds.__getitem__), max(succeeds, key=succeeds.__getitem__))
        least, most = (f"{percent(succeeds[name])} % ({name})" for name in ends)
        said = f"{best} {percent(succeeds[best])} %, with all designs from {least} to {most}"
    return f"By formula: Phase 2 {power}, programme success {said}"


def power_words(results: Results) -> str:
    """Say what power Phase 2 has with the MTD planned for; nothing where :func:`programme_words` says nothing."""
    power = _power_by_mtd(results)
    if power is None:
        return ""
    level = planned_mtd(results.study)
    return f"power {percent(power[level - 1])} % (MTD {results.study.dose_labels[level - 1]})"


def programme_success(results: Results) -> dict[str, float]:
    """Return the chance that Phase 1 and Phase 2 both succeed with each design, as :func:`programme_words` says it.

    Returns
    -------
    dict of str to float
        Empty for a study without a Phase 2 trial, or where the formula does not apply.
    """
    power = _power_by_mtd(results)
    return {} if power is None else _success(results, power)


def _success(results: Results, power: list[float]) -> dict[str, float]:
    own = results.verdict.standing
    selected = {
        name: [results.cells[each, name].best.selected[1:] for each in own.scenarios] for name in results.study.names
    }
    return {name: float(own.weights @ np.array(rows) @ np.array(power)) for name, rows in selected.items()}


def _power_by_mtd(results: Results) -> list[float] | None:
    """Return the power of Phase 2 for each level that may be the MTD; None where the formula does not give all."""
    study = results.study
    if study.phase2 is None or len(study.phase2_arms) < 2:
        return None
    first = next(iter(study.truths))
    plans = [trial_plan(study, scenario=first, mtd_level=level) for level in range(1, study.n_doses + 1)]
    known = [power for power in map(any_power, plans) if power is not None]
    return known if len(known) == len(plans) else None
