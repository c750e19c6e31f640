"""What a Phase 2 trial can show: simulate it many times, analyse each trial, and count.

Trials are drawn and analysed in blocks, each with its own random streams, so that memory is bounded and the answer
does not depend on the number of processes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np
from scipy.special import ndtr

from designs.arrays import FloatArray, IntArray
from designs.checks import require_whole
from doseesc.finite import finite_numbers
from doseesc.phase2.analyses import adjust, winners
from doseesc.phase2.comparisons import (
    draw_trials,
    fewer_deaths_p,
    improvement_z,
    more_reactions_p,
    trend_p,
    trend_scores,
)
from doseesc.phase2.patients import BLOCK
from doseesc.phase2.plan import TrialPlan
from doseesc.pieces import Blocks, over_blocks


@dataclass(frozen=True)
class Tally:
    """Counts over trials; arrays over active arms (K,) or all arms (A,), the control first.

    Attributes
    ----------
    trials : int
    ttci, mortality, reactions : array, shape (K,)
        Trials in which the arm improved sooner, had fewer deaths, had more adverse reactions; the first two adjusted
        for multiplicity, the last not.
    ttci_alone, mortality_alone : array, shape (K,)
        The same with every comparison at level alpha by itself.
    any_ttci, all_ttci, any_mortality : int
        Trials in which at least one arm, or every arm, wins.
    any_reactions : int
        Trials in which at least one arm has more adverse reactions, not adjusted.
    any_claim : int
        Trials in which some arm wins on TTCI or mortality.
    trend : int
        Trials with a rising Cochran-Armitage trend of adverse reactions over the arms.
    chosen : array, shape (K,)
        Trials in which the arm wins on TTCI with the greatest z of those that win.
    improved, deaths, adverse, lost : array, shape (A,)
        Patients.
    """

    trials: int
    ttci: IntArray
    mortality: IntArray
    reactions: IntArray
    ttci_alone: IntArray
    mortality_alone: IntArray
    any_ttci: int
    all_ttci: int
    any_mortality: int
    any_reactions: int
    any_claim: int
    trend: int
    chosen: IntArray
    improved: IntArray
    deaths: IntArray
    adverse: IntArray
    lost: IntArray

    def __add__(self, other: Tally) -> Tally:
        return Tally(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True)
class Power:
    """What the simulated trials found.

    Attributes
    ----------
    plan : TrialPlan
    seed : int
    tally : Tally
    """

    plan: TrialPlan
    seed: int
    tally: Tally

    def share(self, name: str) -> Any:
        """Return a count of :class:`Tally` as share of the trials.

        Examples
        --------
        >>> from doseesc.phase2.plan import TrialArm
        >>> arms = TrialArm(name="saline", n=30), (TrialArm(name="MTD", n=30, amount=1),)
        >>> power = simulate_power(TrialPlan(control=arms[0], active=arms[1]), trials=1000, seed=1)
        >>> bool(power.share("any_ttci") < 0.05)
        True
        """
        return getattr(self.tally, name) / self.tally.trials

    def mcse(self, name: str) -> Any:
        """Return the Monte Carlo standard error of that share.

        A share of 0 or 1 has that of half a trial, since none would claim too much.
        """
        trials = self.tally.trials
        share = np.clip(self.share(name), 0.5 / trials, 1 - 0.5 / trials)
        return np.sqrt(share * (1 - share) / trials)

    @property
    def better_chosen(self) -> float | None:
        """Share of trials that choose the arm that truly helps most; None where none helps."""
        return None if self.plan.better is None else float(self.share("chosen")[self.plan.better])


def simulate_power(plan: TrialPlan, *, trials: int = 10_000, seed: int = 1, jobs: int = 1) -> Power:
    """Simulate and analyse trials.

    Parameters
    ----------
    plan : TrialPlan
    trials : int
    seed : int
        Same seed, same answer, for any ``jobs``.
    jobs : int
        Processes.

    Raises
    ------
    ValueError
        If an argument is out of range.
    """
    require_whole("trials", trials, 1)
    require_whole("seed", seed, 0)
    require_whole("jobs", jobs, 1)
    plan.laws()  # says what is impossible before any process starts
    return Power(plan, seed, reduce(add, over_blocks(partial(_play, plan, seed), trials, BLOCK, jobs)))


@finite_numbers()
def _play(plan: TrialPlan, seed: int, blocks: Blocks) -> Tally:
    return reduce(add, (_play_block(plan, seed, block, trials) for block, trials in blocks))


def _play_block(plan: TrialPlan, seed: int, block: int, trials: int) -> Tally:
    analysis = plan.analysis
    stratified = analysis.stratified
    seen = draw_trials(plan, seed=seed, block=block, trials=trials, by_stratum=stratified)
    control, active = seen[0], seen[1:]
    z = np.stack(
        [
            improvement_z(arm, control, test=analysis.ttci, death=analysis.death, stratified=stratified)
            for arm in active
        ],
        axis=-1,
    )
    fewer = np.stack(
        [fewer_deaths_p(arm, control, test=analysis.mortality, stratified=stratified) for arm in active], axis=-1
    )
    more = np.stack([more_reactions_p(arm, control, test=analysis.reactions) for arm in active], axis=-1)
    found_more = more <= analysis.alpha
    sooner = ndtr(-z)
    adjusted = [_adjusted(p, plan) for p in (sooner, fewer)]
    ttci, mortality = winners(adjusted, analysis.alpha, analysis.endpoints)
    best = np.where(ttci, z, -np.inf).argmax(axis=1)
    chosen = (np.arange(len(plan.active)) == best[:, None]) & ttci
    return Tally(
        trials=trials,
        ttci=ttci.sum(axis=0),
        mortality=mortality.sum(axis=0),
        reactions=found_more.sum(axis=0),
        ttci_alone=(sooner <= analysis.alpha).sum(axis=0),
        mortality_alone=(fewer <= analysis.alpha).sum(axis=0),
        any_ttci=int(ttci.any(axis=1).sum()),
        all_ttci=int(ttci.all(axis=1).sum()),
        any_mortality=int(mortality.any(axis=1).sum()),
        any_reactions=int(found_more.any(axis=1).sum()),
        any_claim=int((ttci | mortality).any(axis=1).sum()),
        trend=int((trend_p(seen, trend_scores(plan)) <= analysis.alpha).sum()),
        chosen=chosen.sum(axis=0),
        improved=np.array([arm.counts.improvements.sum() for arm in seen]),
        deaths=np.array([arm.counts.deaths.sum() for arm in seen]),
        adverse=np.array([arm.reactions.sum() for arm in seen]),
        lost=np.array([(arm.counts.n - arm.counts.known).sum() for arm in seen]),
    )


def _adjusted(p: FloatArray, plan: TrialPlan) -> FloatArray:
    places = range(len(plan.active))
    order = list(reversed(places)) if plan.analysis.sequence == "highest_first" else list(places)
    allocation = [arm.n / plan.control.n for arm in plan.active]
    return adjust(p, plan.analysis.multiplicity, order=order, allocation=allocation)
