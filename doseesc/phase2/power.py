"""What a Phase 2 trial can show: simulate it many times, analyse each trial, and count.

Trials are drawn and analysed in blocks, each with its own random streams, so that memory is bounded and the answer
does not depend on the number of processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from designs.checks import require_whole
from doseesc.phase2.day_counts import DayCounts
from doseesc.phase2.exact_tables import fisher_p
from doseesc.phase2.gray import gray
from doseesc.phase2.log_rank import cox_score, log_rank
from doseesc.phase2.multiplicity import adjust, winners
from doseesc.phase2.patients import block_sizes, draw_arm
from doseesc.phase2.plan import AnalysisPlan, TrialPlan
from doseesc.phase2.proportions import chi_square_z, cochran_armitage_z
from doseesc.phase2.win_ratio import win_ratio

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.integer[Any]]


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
    blocks = list(enumerate(block_sizes(trials)))
    if jobs == 1 or len(blocks) == 1:
        return Power(plan, seed, _play(plan, seed, blocks))
    from joblib import Parallel, delayed

    chunks = [blocks[start::jobs] for start in range(min(jobs, len(blocks)))]
    parts = Parallel(n_jobs=jobs)(delayed(_play)(plan, seed, chunk) for chunk in chunks)
    return Power(plan, seed, _total(parts))


def _total(parts: Sequence[Tally]) -> Tally:
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _play(plan: TrialPlan, seed: int, blocks: Sequence[tuple[int, int]]) -> Tally:
    return _total([_play_block(plan, seed, block, trials) for block, trials in blocks])


def _play_block(plan: TrialPlan, seed: int, block: int, trials: int) -> Tally:
    counts, reactions = [], []
    for arm, law in enumerate(plan.laws()):
        patients = draw_arm(law, seed=seed, block=block, arm=arm, trials=trials)
        counts.append(patients.day_counts)
        reactions.append(patients.reactions)
    analysis, control = plan.analysis, counts[0]
    z = np.stack([_ttci_z(arm, control, analysis) for arm in counts[1:]], axis=-1)
    # Where an arm's patients are all lost, nothing is known of its deaths, and nothing is claimed.
    known = [np.maximum(arm.known, 1) for arm in counts]
    fewer = np.stack(
        [
            _table_p(arm.deaths, n, control.deaths, known[0], analysis.mortality, more=False)
            for arm, n in zip(counts[1:], known[1:], strict=True)
        ],
        axis=-1,
    )
    sizes = np.array([arm.n for arm in plan.arms])
    more = np.stack(
        [
            _table_p(each, n, reactions[0], sizes[0], analysis.reactions, more=True)
            for each, n in zip(reactions[1:], sizes[1:], strict=True)
        ],
        axis=-1,
    )
    adverse = np.stack(reactions, axis=-1)
    trend = cochran_armitage_z(adverse, np.broadcast_to(sizes, adverse.shape), np.arange(len(sizes)))
    sooner = ndtr(-z)
    adjusted = [_adjusted(p, plan) for p in (sooner, fewer)]
    ttci, mortality = winners(adjusted, analysis.alpha, analysis.endpoints)
    best = np.where(ttci, z, -np.inf).argmax(axis=1)
    chosen = (np.arange(len(plan.active)) == best[:, None]) & ttci
    return Tally(
        trials=trials,
        ttci=ttci.sum(axis=0),
        mortality=mortality.sum(axis=0),
        reactions=(more <= analysis.alpha).sum(axis=0),
        ttci_alone=(sooner <= analysis.alpha).sum(axis=0),
        mortality_alone=(fewer <= analysis.alpha).sum(axis=0),
        any_ttci=int(ttci.any(axis=1).sum()),
        all_ttci=int(ttci.all(axis=1).sum()),
        any_mortality=int(mortality.any(axis=1).sum()),
        any_claim=int((ttci | mortality).any(axis=1).sum()),
        trend=int((ndtr(-trend) <= analysis.alpha).sum()),
        chosen=chosen.sum(axis=0),
        improved=np.array([arm.improvements.sum() for arm in counts]),
        deaths=np.array([arm.deaths.sum() for arm in counts]),
        adverse=adverse.sum(axis=0),
        lost=np.array([(arm.n - arm.known).sum() for arm in counts]),
    )


def _ttci_z(arm: DayCounts, control: DayCounts, analysis: AnalysisPlan) -> FloatArray:
    if analysis.ttci == "win_ratio":
        return win_ratio(arm, control).z
    if analysis.ttci == "gray":
        return gray(arm, control).z
    test = log_rank if analysis.ttci == "log_rank" else cox_score
    return test(arm, control, death=analysis.death).z


def _table_p(x1: IntArray, n1: Any, x0: IntArray, n0: Any, test: str, *, more: bool) -> FloatArray:
    if test == "fisher":
        return fisher_p(x1, n1, x0, n0, alternative="greater" if more else "less")
    z = chi_square_z(x1, n1, x0, n0)
    return ndtr(-z if more else z)


def _adjusted(p: FloatArray, plan: TrialPlan) -> FloatArray:
    places = range(len(plan.active))
    order = list(reversed(places)) if plan.analysis.sequence == "highest_first" else list(places)
    allocation = [arm.n / plan.control.n for arm in plan.active]
    return adjust(p, plan.analysis.multiplicity, order=order, allocation=allocation)
