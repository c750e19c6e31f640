"""What running a study found: every design under every toxicity scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designs.arrays import BoolArray, FloatArray
from doseesc._version import __version__
from doseesc.engines import LATTICE_LIMIT, METRICS, OperatingCharacteristics
from doseesc.files import write_file
from doseesc.results.arm_figures import ArmFigures
from doseesc.results.arms import phase2_rows, summarise_phase2
from doseesc.results.attainable import Attainable, attainable_of
from doseesc.results.cells import CHARACTERISTICS_COLUMNS, Cell, Difference, characteristics_rows
from doseesc.results.consistency import check_document, check_rebuilt
from doseesc.results.dataset import dataset_of
from doseesc.results.dataset import document_of as document_of_dataset
from doseesc.results.digest import DIGEST, digest
from doseesc.results.document import (
    arm_analysis_part,
    arm_figures_from,
    cell_from,
    cell_part,
    provenance_part,
    study_from,
    study_part,
)
from doseesc.results.formats import check_ending, content
from doseesc.results.frame import document_of as document_of_frame
from doseesc.results.frame import frame_of
from doseesc.results.plain import plain_values
from doseesc.results.policies import PolicyComparison, policies_from, policies_part
from doseesc.results.times import Times, time_rows, times_from, times_part
from doseesc.results.verdict import Verdict, verdict_of
from doseesc.results.versions import FORMAT, upgraded, version_notes

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

    from doseesc.study import Study


@dataclass(frozen=True)
class Results:
    """Everything a run found.

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

    def to_document(self) -> dict[str, Any]:
        """Return everything with its provenance as plain values, as ``results.json`` holds them.

        Its form is :class:`doseesc.results.ResultsDocument`.
        """
        study, agreement = self.study, self.agreement
        parts = ("figures", "within_2_se", "within_4_se")
        document = {
            "format": FORMAT,
            "provenance": self.provenance_now(),
            "run": {
                "finished": self.finished,
                "elapsed_seconds": round(self.elapsed, 3),
            },
            "study": study_part(study),
            "truths": [
                {
                    "scenario": name,
                    "probabilities": truth,
                    "true_mtd": study.true_mtd(truth),
                    "right": np.flatnonzero(study.right_levels(truth)),
                    "benchmark": self.benchmark.get(name),
                    "benchmark_observed": self.benchmark_observed.get(name),
                }
                for name, truth in study.truths.items()
            ],
            "cells": [
                {
                    "scenario": scenario,
                    "design": design,
                    "efficiency": self.efficiency(scenario, design),
                    **cell_part(cell),
                }
                for (scenario, design), cell in self.cells.items()
            ],
            "differences": [vars(difference) for difference in self.differences],
            "agreement": None if agreement is None else dict(zip(parts, agreement, strict=True)),
            "verdict": self.verdict.to_dict(),
            "notes": list(self.notes),
            "phase2": {
                "margin": study.true_mtd_rule.margin,
                "arms": list(phase2_rows(study, self.cells)),
                "summary": [asdict(summary) for summary in summarise_phase2(study, self.cells)],
                "analysis": arm_analysis_part(study, self.arm_analysis),
            },
            "scenario_text": study.text or None,
        }
        if self.policies is not None:
            document["policies"] = policies_part(self.policies)
        if self.attainable is not None:
            document["attainable"] = self.attainable.to_dict()
        if self.times:
            document["time"] = times_part(self.times)
        plain: dict[str, Any] = plain_values(document)
        return plain | {DIGEST: digest(plain)}

    @staticmethod
    def from_document(document: Mapping[str, Any]) -> Results:
        """Return the results that a document holds.

        Parameters
        ----------
        document : mapping
            ``results.json``, or what of it results are made of.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the document is incomplete, or says what cannot be; see :mod:`doseesc.results.consistency`.
        """
        document = upgraded(document)
        results = Results._of(document)
        complete = "agreement" in document  # what comes from a table or a data set is not
        check_document(document if complete else results.to_document(), results.study)
        if complete and document["provenance"]["doseesc"] == __version__:
            check_rebuilt(document, results.to_document())
        news = [note for note in version_notes(document) if note not in results.notes]
        return replace(results, notes=[*results.notes, *news]) if news else results

    @staticmethod
    def _of(document: Mapping[str, Any]) -> Results:
        provenance = document["provenance"]
        truths = {row["scenario"]: row for row in document["truths"]}
        policies = document.get("policies")
        return Results(
            study=study_from(document),
            method=provenance["method"],
            n_trials=provenance["trials"],
            seed=provenance["seed"],
            cells={
                (row["scenario"], row["design"]): cell_from(row, truths[row["scenario"]]) for row in document["cells"]
            },
            benchmark={row["scenario"]: np.array(row["benchmark"]) for row in document["truths"] if row["benchmark"]},
            benchmark_observed={
                row["scenario"]: np.array(row["benchmark_observed"])
                for row in document["truths"]
                if row.get("benchmark_observed")
            },
            differences=[Difference(**row) for row in document["differences"]],
            notes=list(document["notes"]),
            elapsed=document["run"]["elapsed_seconds"],
            finished=document["run"]["finished"],
            policies=None
            if policies is None
            else policies_from(policies, {name: row["right"] for name, row in truths.items()}),
            provenance=dict(provenance),
            arm_analysis=arm_figures_from(document["phase2"].get("analysis")),
            times=times_from(document.get("time")),
        )

    def to_frame(self, complete: bool = False) -> pd.DataFrame:
        """Return the tidy table ``scenario, design, method, metric, level, value, mcse``.

        Parameters
        ----------
        complete : bool
            Add all that :meth:`from_frame` needs; see :mod:`doseesc.results.frame`.
        """
        import pandas as pd

        if complete:
            return frame_of(self.to_document())
        rows = [*characteristics_rows(self.cells), *time_rows(self.times)]
        frame = pd.DataFrame(rows, columns=list(CHARACTERISTICS_COLUMNS))
        return frame.astype({"level": "Int64"})

    @staticmethod
    def from_frame(frame: pd.DataFrame) -> Results:
        """Return the results that a complete frame holds.

        Raises
        ------
        ValueError
            If the frame was not made by ``to_frame(complete=True)``, or lost rows or its ``attrs`` since.
        """
        return Results.from_document(document_of_frame(frame))

    def to_xarray(self) -> xr.Dataset:
        """Return the results by scenario, design and level; see :mod:`doseesc.results.dataset`."""
        return dataset_of(self.to_document())

    @staticmethod
    def from_xarray(dataset: xr.Dataset) -> Results:
        """Return the results that a Dataset of :meth:`to_xarray` holds.

        Raises
        ------
        ValueError
            If it is no such Dataset.
        """
        try:
            return Results.from_document(document_of_dataset(dataset))
        except (KeyError, AttributeError) as error:
            raise ValueError(f"the dataset lacks {error}") from error

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the results as one file, whole or not at all.

        Parameters
        ----------
        path : path
            Its ending says how: ``.parquet`` (:mod:`doseesc.results.frame`), ``.nc`` for netCDF
            (:mod:`doseesc.results.dataset`), or ``.csv``, the tidy table alone.
        force : bool
            Replace an earlier file.

        Raises
        ------
        OutputError
            If the ending is another, the file exists and ``force`` is not given, or writing fails.
        """
        path = Path(path)
        check_ending(path)
        return write_file(path, content(self.to_document(), path.suffix.lower()), force=force)


def _scores(
    simulated: OperatingCharacteristics, exact: OperatingCharacteristics, metric: str, max_n: int
) -> list[float]:
    value, truth = np.atleast_1d(getattr(simulated, metric)), np.atleast_1d(getattr(exact, metric))
    sd = np.atleast_1d(getattr(exact.sd, metric))
    # One rare trial may differ by as much as all its patients.
    unit = max_n if "patients" in metric or "dlts" in metric else 1
    common = simulated.n_trials * sd**2 >= 5 * unit**2
    return list((value - truth)[common] / (sd[common] / np.sqrt(simulated.n_trials)))
