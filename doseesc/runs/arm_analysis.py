"""What an analysis of Phase 1 says about the arms of Phase 2, and how often it is right.

Once an MTD is declared, the DLT probability at each active arm's dose, which need not be a tested one, has a posterior
given the final tally.  The model is the same for every design: see :mod:`doseesc.engines.dose_posterior`.  Every way in
which trials of a design can end has its posterior, so that with the probability of each end under a scenario

    coverage, bias and root mean squared error of the posterior, and how often it calls an arm unsafe

are sums; counted ends, of simulated trials, give them with Monte Carlo errors.  An arm is unsafe where its true DLT
probability, the drug's own, is above a limit, and is called unsafe where the posterior probability of that is above a
confidence.  All figures are given that Phase 2 opens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from designs import Tally
from designs.arrays import FloatArray, IntArray
from doseesc.engines import MEMORY_LIMIT, DosePosterior, TrialEnds, row_keys
from doseesc.results import CALENDAR, ArmFigures, arm_doses, arm_figures
from doseesc.study import refused

if TYPE_CHECKING:
    from doseesc.study import Study

_MANY = 500  # patients, whose number is then what takes the memory

Endings = Mapping[tuple[str, str], tuple[TrialEnds, FloatArray]]
"""How trials ended, by scenario and design, with the probability (or, simulated, the number) of each end."""


def analyse_arms(
    study: Study, exact: Endings, simulated: Endings, on_clock: Endings, n_trials: int
) -> tuple[ArmFigures, ...]:
    """Judge the analysis of the active arms; nothing for a study without active arms.

    The posterior is found once for each distinct final tally of all designs.

    Parameters
    ----------
    study : Study
    exact, simulated, on_clock : Endings
        Computed exactly, simulated without a calendar, and on it.
    n_trials : int
        Simulated trials of each scenario and design.
    """
    names = [arm.name for arm in study.phase2_arms if not arm.control]
    if not names:
        return ()
    every = {id(ends): ends for ends, _ in (*exact.values(), *simulated.values(), *on_clock.values())}
    judged = dict(zip(every, _judge(study, list(every.values())), strict=True))
    truths = {scenario: true_probabilities(study, scenario) for scenario in study.truths}
    limit = study.unsafe_above
    engines = (("monte_carlo", simulated, n_trials), (CALENDAR, on_clock, n_trials), ("exact", exact, 0))
    found = []
    for scenario, truth in truths.items():
        for design, (method, endings, trials) in product(study.names, engines):
            if (scenario, design) not in endings:
                continue
            ends, weight = endings[scenario, design]
            tallies = judged[id(ends)]
            figures = arm_figures(
                *(tallies.selected, tallies.merge(weight), tallies.posterior, truth),
                limit=limit,
                confidence=study.arm_analysis.unsafe_confidence,
                n_trials=trials,
            )
            found += [
                ArmFigures(scenario, design, method, name, trials, *each)
                for name, each in zip(names, figures, strict=True)
            ]
    return tuple(found)


def require_analysis_fits(study: Study) -> None:
    """Raise ScenarioError, before anything is computed, where the analysis of the arms would take too much memory."""
    active = sum(not arm.control for arm in study.phase2_arms)
    if not active:
        return
    most = max(design.max_n for design in study.designs.values())
    try:
        needed = study.arm_analysis.model(study.doses.amounts).bytes_needed(most, active)
        message = f"makes the analysis of the Phase 2 arms take {needed / 2**30:,.1f} GiB for {most:,} patients"
    except ValueError as error:
        needed, message = np.inf, f"is too much for the analysis of the Phase 2 arms: its {error}"
    if needed > MEMORY_LIMIT:
        place = "arm_analysis" if most <= _MANY else "max_n"
        remedy = "give a narrower prior_sd" if most <= _MANY else "give a smaller one, or leave phase2_arms out"
        raise refused(study, (place,), message, remedy)


def arms_analysed(study: Study, policy: str | None) -> bool:
    """Tell whether the arms are analysed as an observation model shows the trial (None: the drug alone).

    Only as the study's own does, and where there are active arms.
    """
    return policy == study.own_policy and any(not arm.control for arm in study.phase2_arms)


def true_probabilities(study: Study, scenario: str) -> FloatArray:
    """Return the true DLT probabilities (J, A) of the active arms for each level that may be the MTD."""
    found = [dose.dlt_probability for dose in arm_doses(study, scenario) if dose.dlt_probability is not None]
    return np.array(found).reshape(study.n_doses, -1)


@dataclass(frozen=True)
class _Judged:
    """Distinct final tallies (U,), in an order that is theirs alone: the MTD in each, and the posterior (U, A).

    ``place`` (T,) tells which of them each of T ends has.
    """

    selected: IntArray
    posterior: DosePosterior
    place: IntArray

    def merge(self, weight: FloatArray) -> FloatArray:
        """Return the weights (U,) of the tallies from those of the ends (T,)."""
        return np.bincount(self.place, weights=weight, minlength=len(self.selected)).astype(np.float64)


def _judge(study: Study, every: list[TrialEnds]) -> Iterator[_Judged]:
    """Yield the posteriors at the active arms' doses for each of several sets of ends."""
    rows = np.concatenate([np.column_stack([ends.n, ends.dlt, ends.selected]) for ends in every])
    _, first, place = np.unique(row_keys(rows), return_index=True, return_inverse=True)
    n, dlt = rows[first, : study.n_doses], rows[first, study.n_doses : -1]
    selected = rows[first, -1]
    doses = arm_doses(study, next(iter(study.truths)))
    amounts = np.array([dose.amount for dose in doses if dose.amount is not None]).reshape(study.n_doses, -1)
    given, limit, most = study.arm_analysis, study.unsafe_above, int(n.sum(axis=1).max())
    model = given.model(study.doses.amounts)
    whole = np.full((len(DosePosterior._fields), len(first), amounts.shape[1]), np.nan)
    for level in range(1, study.n_doses + 1):
        at = np.flatnonzero(selected == level)
        if len(at):
            tally = Tally(n=n[at], dlt=dlt[at], level=selected[at])
            whole[:, at] = model.posterior(
                tally, amounts[level - 1], above=limit, credibility=given.credibility, patients=most
            )
    start = 0
    for ends in every:
        met, merged = np.unique(place[start : start + len(ends.selected)], return_inverse=True)
        yield _Judged(selected[met], DosePosterior(*whole[:, met]), merged)
        start += len(ends.selected)
