"""What running a study found: every design under every toxicity scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.engines.characteristics import OperatingCharacteristics
from doseesc.engines.figures import METRICS

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import xarray as xr

    from doseesc.results.arm_figures import ArmFigures
    from doseesc.results.policies import PolicyComparison
    from doseesc.study.study import Study


@dataclass(frozen=True)
class Cell:
    """One design under one scenario: what was simulated and what was computed exactly, where it was."""

    simulated: OperatingCharacteristics | None
    exact: OperatingCharacteristics | None

    @property
    def best(self) -> OperatingCharacteristics:
        """The exact characteristics where there are any, else the simulated ones."""
        chosen = self.exact or self.simulated
        assert chosen is not None, "a cell holds at least one of the two"
        return chosen


@dataclass(frozen=True)
class Difference:
    """``design_a`` minus ``design_b`` in one figure, on the same simulated patients."""

    scenario: str
    design_a: str
    design_b: str
    metric: str
    difference: float
    mcse: float


@dataclass(frozen=True)
class Results:
    """Everything a run found.

    Attributes
    ----------
    study : Study
    method : str
    n_trials, seed : int
    cells : dict of (scenario, design) to Cell
    benchmark : dict of scenario to array, shape (J,)
        Selection probabilities of the nonparametric optimal benchmark, always simulated, from the drug alone.
    differences : list of Difference
        Paired differences between designs.
    notes : list of str
        What the reader should know, such as a design that was too large to enumerate.
    elapsed : float
        Seconds.
    policies : PolicyComparison or None
        Where the study says how patients are observed: all its observation models.  ``cells`` and ``differences`` are
        then those of the first.
    provenance : mapping or None
        Where the results were read back: what they depend on, as ``results.json`` has it.
    arm_analysis : tuple of ArmFigures
        How well an analysis of Phase 1 knows the arms of Phase 2, as the first observation model shows the trial;
        empty for a study without active arms.
    """

    study: Study
    method: str
    n_trials: int
    seed: int
    cells: dict[tuple[str, str], Cell]
    benchmark: dict[str, FloatArray]
    differences: list[Difference]
    notes: list[str] = field(default_factory=list)
    elapsed: float = 0.0
    policies: PolicyComparison | None = None
    provenance: Mapping[str, Any] | None = None
    arm_analysis: tuple[ArmFigures, ...] = ()

    def efficiency(self, scenario: str, design: str) -> float | None:
        """Return correct selection relative to the benchmark's; None where there is no true MTD or no benchmark."""
        mtd = self.cells[scenario, design].best.true_mtd
        if scenario not in self.benchmark or mtd < 1 or self.benchmark[scenario][mtd - 1] == 0:
            return None
        return float(self.cells[scenario, design].best.correct_selection / self.benchmark[scenario][mtd - 1])

    @property
    def agreement(self) -> tuple[int, int, int] | None:
        """Simulated figures compared with exact ones: how many, and how many within 2 and 4 standard errors.

        The standard error is the exact one.  Figures that hang on fewer than about five trials are left out, since
        their simulated values are not nearly normal.
        """
        scores = [
            score
            for cell in self.cells.values()
            if cell.exact is not None and cell.simulated is not None
            for metric in METRICS
            for score in _scores(cell.simulated, cell.exact, metric, self.study.max_n)
        ]
        if not scores:
            return None
        z = np.abs(scores)
        return len(z), int((z <= 2).sum()), int((z <= 4).sum())

    def to_frame(self, complete: bool = False) -> pd.DataFrame:
        """Return the tidy table ``scenario, design, method, metric, level, value, mcse``.

        Parameters
        ----------
        complete : bool
            Add all that :meth:`from_frame` needs; see :mod:`doseesc.results.frame`.
        """
        import pandas as pd

        if complete:
            from doseesc.results.frame import to_complete_frame

            return to_complete_frame(self)
        frames = []
        for (scenario, design), cell in self.cells.items():
            for found in (cell.simulated, cell.exact):
                if found is not None:
                    frame = found.to_frame()
                    frame.insert(0, "method", found.method)
                    frame.insert(0, "design", design)
                    frame.insert(0, "scenario", scenario)
                    frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @staticmethod
    def from_frame(frame: pd.DataFrame) -> Results:
        """Return the results that a complete frame holds, without ``policies``.

        Raises
        ------
        ValueError
            If the frame was not made by ``to_frame(complete=True)``, or lost rows or its ``attrs`` since.
        """
        from doseesc.results.frame import from_complete_frame

        return from_complete_frame(frame)

    def to_xarray(self) -> xr.Dataset:
        """Return the results by scenario, design and level; see :mod:`doseesc.results.dataset`."""
        from doseesc.results.dataset import to_xarray

        return to_xarray(self)

    @staticmethod
    def from_xarray(dataset: xr.Dataset) -> Results:
        """Return the results that a Dataset of :meth:`to_xarray` holds, without ``policies``.

        Raises
        ------
        ValueError
            If it is no such Dataset.
        """
        from doseesc.results.dataset import from_xarray

        return from_xarray(dataset)

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the results as one file, by its ending; see :func:`doseesc.results.files.save_results`."""
        from doseesc.results.files import save_results

        return save_results(self, path, force=force)


def _scores(
    simulated: OperatingCharacteristics, exact: OperatingCharacteristics, metric: str, max_n: int
) -> list[float]:
    value, truth = np.atleast_1d(getattr(simulated, metric)), np.atleast_1d(getattr(exact, metric))
    sd = np.atleast_1d(getattr(exact.sd, metric))
    # One rare trial may differ by as much as all its patients.
    unit = max_n if "patients" in metric or "dlts" in metric else 1
    common = simulated.n_trials * sd**2 >= 5 * unit**2
    return list((value - truth)[common] / (sd[common] / np.sqrt(simulated.n_trials)))
