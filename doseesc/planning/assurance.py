"""Assurance of the programme: the chance that Phase 2 succeeds, the MTD being uncertain.

    assurance = sum over levels of  P(Phase 1 declares the level the MTD) P(Phase 2 succeeds | its doses)

A Phase 1 that declares no MTD is a programme that ends.  Success is that at least one dosage improves patients sooner,
by the study's test and adjustment; it is *acceptable* where the dosage chosen has a true DLT probability not above
target + margin.  (What the drug does depends on the dose given; so a toxicity scenario matters by the MTD it leads to.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designs.arrays import FloatArray
from doseesc.phase2 import Power, simulate_power
from doseesc.planning.phase2_trial import trial_plan
from doseesc.results import arm_doses

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.results import Results
    from doseesc.study import Study


_ROUNDING = 1e-12


@dataclass(frozen=True)
class ProgrammeAssurance:
    """One design under one toxicity scenario.

    Attributes
    ----------
    scenario, design : str
    method : {"exact", "monte_carlo"}
        How the probabilities of the MTDs were found.
    mtd : array, shape (J+1,)
        Probability that each level is declared the MTD, 0 = none.
    success_by_mtd : array, shape (J,)
        Chance that Phase 2 succeeds after each.
    acceptable_by_mtd : array, shape (J,)
        Chance that it does with an acceptable dosage.
    success, acceptable : float
        Assurance, out of all programmes.
    mcse : float
        Monte Carlo standard error of ``success``.
    """

    scenario: str
    design: str
    method: str
    mtd: FloatArray
    success_by_mtd: FloatArray
    acceptable_by_mtd: FloatArray
    success: float
    acceptable: float
    mcse: float

    @property
    def no_programme(self) -> float:
        """Probability that no MTD is declared."""
        return float(self.mtd[0])


def programme_assurance(
    results: Results, *, trials: int = 10_000, seed: int | None = None, jobs: int = 1
) -> list[ProgrammeAssurance]:
    """Return the assurance of every design under every toxicity scenario.

    Parameters
    ----------
    results : Results
        Of :func:`doseesc.run`; exact probabilities of the MTD are used where there are any.
    trials : int
        Phase 2 trials per level.
    seed : int, optional
        By default that of the results.
    jobs : int
        Processes; the answer does not depend on it.

    Raises
    ------
    ScenarioError
        If the study has no Phase 2 trial.
    """
    study = results.study
    seed = results.seed if seed is None else seed
    levels = range(1, study.n_doses + 1)
    first = next(iter(study.truths))
    # Improvement and death depend on the doses alone, so one simulation serves all toxicity scenarios.
    powers = [
        simulate_power(trial_plan(study, scenario=first, mtd_level=level), trials=trials, seed=seed, jobs=jobs)
        for level in levels
    ]
    success = np.array([float(power.share("any_ttci")) for power in powers])
    error = np.array([float(power.mcse("any_ttci")) for power in powers])
    acceptable = {
        scenario: np.array([_acceptable(study, scenario, level, powers[level - 1]) for level in levels])
        for scenario in study.truths
    }
    found = []
    for (scenario, design), cell in results.cells.items():
        best = cell.best
        chance = np.asarray(best.selected, dtype=np.float64)
        assurance = float(chance[1:] @ success)
        # The levels' trials share their random numbers, so that their errors add up.
        variance = float(chance[1:] @ error) ** 2
        if best.n_trials:
            second = float(chance[1:] @ success**2)
            variance += max(second - assurance**2, 0.0) / best.n_trials
        found.append(
            ProgrammeAssurance(
                scenario=scenario,
                design=design,
                method=best.method,
                mtd=chance,
                success_by_mtd=success,
                acceptable_by_mtd=acceptable[scenario],
                success=assurance,
                acceptable=float(chance[1:] @ acceptable[scenario]),
                mcse=float(np.sqrt(variance)),
            )
        )
    return found


def assurance_frame(study: Study, programme: list[ProgrammeAssurance]) -> pd.DataFrame:
    """Return one row per scenario, design and declared MTD; the MTD "none" is no programme."""
    import pandas as pd

    rows = []
    for each in programme:
        success = np.concatenate([[0.0], each.success_by_mtd])
        acceptable = np.concatenate([[0.0], each.acceptable_by_mtd])
        for level, label in enumerate(("none", *study.dose_labels)):
            rows.append(
                {
                    "scenario": each.scenario,
                    "design": each.design,
                    "method": each.method,
                    "mtd": label,
                    "probability": float(each.mtd[level]),
                    "success_if_declared": float(success[level]),
                    "acceptable_if_declared": float(acceptable[level]),
                    "contribution": float(each.mtd[level] * success[level]),
                    "assurance": each.success,
                    "assurance_acceptable": each.acceptable,
                    "mcse": each.mcse,
                }
            )
    return pd.DataFrame(rows)


def _acceptable(study: Study, scenario: str, level: int, power: Power) -> float:
    """Return the share of trials that choose a dosage whose DLT probability is acceptable."""
    limit = study.unsafe_above + _ROUNDING
    dlt = {dose.arm: dose.dlt_probability for dose in arm_doses(study, scenario) if dose.mtd_level == level}
    chosen = np.asarray(power.share("chosen"))
    return float(
        sum(share for arm, share in zip(power.plan.active, chosen, strict=True) if (dlt[arm.name] or 0.0) <= limit)
    )
