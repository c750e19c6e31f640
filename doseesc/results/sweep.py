"""What a sweep found: one tidy table, its axes as columns, and what it takes to judge its designs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.files import OutputError, write_file_by
from doseesc.results.sweep_table import ATTRIBUTE, COLUMNS, Facts, digest_of, pieces, write_table

if TYPE_CHECKING:
    import pandas as pd

REPLICATES = ("simulation", "seed")
"""The field of which values are replicates: figures are means over them."""

SUMMED = ("correct_selection", "overdose_selection", "total_patients", "patients_above_mtd", "duration_days")
"""The figures of a summary, as far as there are any."""


@dataclass(frozen=True)
class SweepResults:
    """The figures of every cell of a sweep.

    Attributes
    ----------
    frame : DataFrame
        One row per figure: a column for each axis, missing where it does not concern the design, then
        :data:`COLUMNS`.
    facts : Facts
    """

    frame: pd.DataFrame
    facts: Facts

    @property
    def axes(self) -> tuple[str, ...]:
        """Names of the axes."""
        return tuple(self.facts.axes)

    @property
    def compared(self) -> tuple[str, ...]:
        """Names of the axes by which cells are told apart, which are all but the seeds of replicates."""
        return tuple(name for name, field in self.facts.axes.items() if tuple(field) != REPLICATES)

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of those by which cells are told apart that have more than one value."""
        return tuple(name for name in self.compared if self.frame[name].nunique() > 1)

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.frame

    @property
    def digest(self) -> str:
        """SHA-256 of the table: the same wherever, and in whatever order, its cells were computed."""
        return digest_of(pieces(self.frame))

    def best_method(self) -> pd.DataFrame:
        """Return the rows of the whole trial's figures (no level), exact where they are known exactly."""
        rows = self.frame[self.frame["level"].isna()]
        keys = [*self.axes, "design", "scenario", "metric"]
        order = rows["method"].map({"exact": 0}).fillna(1)
        ordered = rows.assign(_order=order).sort_values("_order", kind="stable")
        return ordered.drop_duplicates(keys).drop(columns="_order").sort_index()

    def summary(self) -> pd.DataFrame:
        """Return one row per design and combination, in the order of the table.

        Columns are ``design``, the axes but replicates' seeds, the figures of :data:`SUMMED` as means over the
        scenarios by their weights in the cell, ``mcse`` (of ``correct_selection``) and ``overdose_mcse``, ``score``, by
        which the study judges, and ``pareto``: no other cell selects rightly as often and overdoses as rarely, and
        better in one of the two.
        """
        rows = self.best_method()
        rows = rows[rows["metric"].isin(SUMMED)]
        keys = ["design", *self.compared]
        found = rows.drop_duplicates(keys)[keys].reset_index(drop=True)
        rows = rows.assign(
            cell=rows.groupby(keys, sort=False, dropna=False).ngroup(),  # by which all that follows is put together
            weight=self.facts.weights_of(rows),
            variance=rows["mcse"] ** 2,
        )
        each = (
            rows.groupby(["cell", "scenario", "metric"], sort=False)
            .agg(value=("value", "mean"), variance=("variance", "sum"), n=("value", "size"), weight=("weight", "first"))
            .reset_index()
        )
        each["variance"] /= each["n"] ** 2
        each["weighted"] = each["value"] * each["weight"]
        each["spread"] = each["variance"] * each["weight"] ** 2
        means = each.groupby(["cell", "metric"])["weighted"].sum().unstack("metric")
        for name in SUMMED:
            if name in means:
                found[name] = means[name]
        for name, metric in (("mcse", "correct_selection"), ("overdose_mcse", "overdose_selection")):
            own = each[each["metric"] == metric]
            found[name] = np.sqrt(own.groupby("cell")["spread"].sum())
        found["score"] = self._scores(each)
        found["pareto"] = pareto(found["correct_selection"].to_numpy(), found["overdose_selection"].to_numpy())
        return found

    def _scores(self, each: pd.DataFrame) -> pd.Series[float]:
        """Return by what the study judges, by the number of the cell."""
        pair = each[each["metric"].isin(SUMMED[:2])]
        wide = pair.pivot(index=["cell", "scenario", "weight"], columns="metric", values="value").reset_index()
        wide["score"] = wide["correct_selection"] - self.facts.price * wide["overdose_selection"]
        if self.facts.worst_case:
            return wide[wide["weight"] > 0].groupby("cell")["score"].min()
        return wide.assign(score=wide["score"] * wide["weight"]).groupby("cell")["score"].sum()

    def beside(self, summary: pd.DataFrame, cell: Any, free: Sequence[str]) -> pd.DataFrame:
        """Return the rows of a summary of a cell's design that differ from it in the axes ``free`` at most."""
        found = summary[summary["design"] == cell["design"]]
        for name in self.varied:
            if name not in free and not _is_missing(cell[name]):
                found = found[found[name] == cell[name]]
        return found

    def along(self, summary: pd.DataFrame, name: str) -> dict[str, pd.DataFrame]:
        """Return by design the rows of a summary along an axis, the others as in the design's best cell.

        Designs of which the axis is none, or has one value there, are left out.
        """
        found = {}
        for design, own in summary.groupby("design", sort=False):
            best = best_cell(own)
            if not _is_missing(best[name]):
                cells = self.beside(own, best, [name]).sort_values(name)
                if len(cells) > 1:
                    found[str(design)] = cells
        return found

    def save(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the table as a Parquet file, whole or not at all; :func:`doseesc.read` reads it.

        Raises
        ------
        OutputError
            If the file exists and ``force`` is not given, its ending is another, or writing fails.
        """
        path = Path(path)
        if path.suffix.lower() != ".parquet":
            raise OutputError(f"{path} must end in .parquet\n  a sweep is written as one Parquet file")
        return write_file_by(path, lambda fresh: write_table(fresh, pieces(self.frame), self.facts), force=force)

    def stamped(self) -> pd.DataFrame:
        """Return the table with what :meth:`from_frame` needs in its ``attrs``."""
        frame = self.frame.copy(deep=False)
        frame.attrs = {ATTRIBUTE: self.facts.text(self.digest)}
        return frame

    @staticmethod
    def from_frame(frame: pd.DataFrame) -> SweepResults:
        """Return what a table of :meth:`stamped` holds.

        Raises
        ------
        ValueError
            If it is none, or was changed since.
        """
        if ATTRIBUTE not in frame.attrs:
            raise ValueError(f"the table lacks attrs[{ATTRIBUTE!r}], which tells of the sweep")
        facts, seal = Facts.from_text(frame.attrs[ATTRIBUTE])
        missing = [name for name in (*facts.axes, *COLUMNS) if name not in frame]
        if missing:
            raise ValueError(f"the table lacks the columns {', '.join(missing)}")
        found = SweepResults(frame, facts)
        if found.digest != seal:
            raise ValueError("it was changed after it was written: what it holds is not what its sha256 is of")
        return found


def best_cell(summary: pd.DataFrame) -> pd.Series[Any]:
    """Return the row of a summary with the highest score, the first of several."""
    return summary.iloc[int(summary["score"].to_numpy().argmax())]


def _is_missing(value: Any) -> bool:
    import pandas as pd

    return bool(pd.isna(value))


def pareto(good: Any, bad: Any) -> Any:
    """Return which of several points no other beats: as much of what is good, as little of what is bad, one better.

    Examples
    --------
    >>> pareto(np.array([0.5, 0.6, 0.6, 0.4]), np.array([0.1, 0.2, 0.3, 0.1])).tolist()
    [True, True, False, False]
    """
    order = np.lexsort((-good, bad))
    best_before = np.full(len(order), -np.inf)
    sorted_good, sorted_bad = good[order], bad[order]
    running = np.maximum.accumulate(sorted_good)
    best_before[1:] = running[:-1]
    # Of points that are alike in both all are kept, or none.
    alike = np.zeros(len(order), dtype=bool)
    alike[1:] = (sorted_good[1:] == sorted_good[:-1]) & (sorted_bad[1:] == sorted_bad[:-1])
    kept = sorted_good > best_before
    for place in np.flatnonzero(alike):
        kept[place] = kept[place - 1]
    found = np.zeros(len(order), dtype=bool)
    found[order] = kept
    return found
