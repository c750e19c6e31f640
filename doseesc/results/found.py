"""What running a study found: every design under every toxicity scenario, and what follows from the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from designs.arrays import BoolArray, FloatArray
from doseesc.engines import LATTICE_LIMIT, OperatingCharacteristics
from doseesc.results.agreement import agreement_of
from doseesc.results.arm_figures import ArmFigures
from doseesc.results.attainable import Attainable, attainable_of
from doseesc.results.cells import Cell, Difference
from doseesc.results.document import (
    provenance_part,
)
from doseesc.results.policies import PolicyComparison
from doseesc.results.times import Times
from doseesc.results.verdict import Verdict, verdict_of

if TYPE_CHECKING:
    from doseesc.study import Study


@dataclass(frozen=True)
class Found:
    """What a run found.

    Attributes
    ----------
    study : Study
    method : str
    n_trials, seed : int
    cells : dict of (scenario, design) to Cell
    benchmark : dict of scenario to array, shape (J + 1,)
        Selection probabilities of the nonparametric optimal benchmark, from "none" on: exact, from the drug alone.
    benchmark_observed : dict of scenario to array, shape (J + 1,)
        The same with the DLTs that the first observation model shows; empty for a study without one.
    differences : list of Difference
        Paired differences between designs.
    notes : list of str
        What the reader should know, such as a design that was too large to enumerate.
    elapsed : float
        Seconds.
    finished : str
        Time in UTC.
    policies : PolicyComparison or None
        Where the study says how patients are observed: all its observation models.  ``cells`` and ``differences`` are
        then those of the first.
    provenance : mapping or None
        Where the results were read back: what they depend on, as ``results.json`` has it.
    arm_analysis : tuple of ArmFigures
        How well an analysis of Phase 1 knows the arms of Phase 2, as the first observation model shows the trial;
        empty for a study without active arms.
    times : dict of (scenario, design) to TimeFigures
        How long trials take and what is waited for; empty for a study that says nothing about accrual.
    lattice_limit : int
        Bytes that the search for the best policy may take, of which :attr:`attainable` tells the shares.
    """

    study: Study
    method: str
    n_trials: int
    seed: int
    cells: dict[tuple[str, str], Cell[OperatingCharacteristics]]
    benchmark: dict[str, FloatArray]
    differences: list[Difference]
    notes: list[str] = field(default_factory=list)
    elapsed: float = 0.0
    finished: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    policies: PolicyComparison | None = None
    provenance: Mapping[str, Any] | None = None
    arm_analysis: tuple[ArmFigures, ...] = ()
    times: Times = field(default_factory=dict)
    benchmark_observed: dict[str, FloatArray] = field(default_factory=dict)
    lattice_limit: int = LATTICE_LIMIT

    def efficiency(self, scenario: str, design: str) -> float | None:
        """Return correct selection relative to that of the benchmark in the world that the design meets.

        None where no dose is right, since the benchmark is no bound there, where it is never correct, or not there.
        """
        if not self._right[scenario][1:].any():
            return None
        best = self.benchmark_correct(scenario)
        return float(self.cells[scenario, design].best.correct_selection / best) if best else None

    def benchmark_correct(self, scenario: str) -> float | None:
        """Return how often :meth:`benchmark_met` selects a level that is right, or none where none is; None without."""
        met = self.benchmark_met(scenario)
        return None if met is None else float(met[self._right[scenario]].sum())

    def benchmark_met(self, scenario: str) -> FloatArray | None:
        """Return what the benchmark selects (J + 1,) where it sees the DLTs that designs do; None without it."""
        return self.benchmark_observed.get(scenario, self.benchmark.get(scenario))

    @cached_property
    def _right(self) -> dict[str, BoolArray]:
        """Which levels are right to select, (J + 1,), by scenario."""
        return {scenario: self.study.right_levels(truth) for scenario, truth in self.study.truths.items()}

    @cached_property
    def agreement(self) -> tuple[int, int, int] | None:
        """Simulated figures compared with exact ones: how many, and how many within 2 and 4 standard errors."""
        return agreement_of(self.cells, self.study.max_n)

    @cached_property
    def verdict(self) -> Verdict:
        """Which design is best by the study's own criterion, and what would change that."""
        return verdict_of(self.study, self.cells)

    @cached_property
    def attainable(self) -> Attainable | None:
        """How much of the attainable the designs reach; None where that takes long, unless the study asks for it."""
        return attainable_of(self.study, self.cells, self.lattice_limit)

    def provenance_now(self) -> dict[str, Any]:
        """Return what the figures depend on: this process, or what it was when results read back were made."""
        if self.provenance is not None:
            return dict(self.provenance)
        return provenance_part(self.study, self.method, self.n_trials, self.seed)
