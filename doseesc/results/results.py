"""What running a study found, as documents, tables and data sets, and read back from them.

A run writes a document and no more: what reads one back, and the other forms, are imported where they are wanted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc._version import __version__
from doseesc.files import write_file
from doseesc.results.cells import CHARACTERISTICS_COLUMNS, Difference, characteristics_rows
from doseesc.results.document import (
    arm_figures_from,
    cell_from,
    study_from,
)
from doseesc.results.document_whole import whole_document
from doseesc.results.found import Found
from doseesc.results.policies import policies_from
from doseesc.results.times import time_rows, times_from
from doseesc.results.versions import upgraded, version_notes

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


@dataclass(frozen=True)
class Results(Found):
    """Everything a run found, to be written and read back in several forms.

    Attributes are those of :class:`doseesc.results.found.Found`.
    """

    def to_document(self) -> dict[str, Any]:
        """Return everything with its provenance as plain values, as ``results.json`` holds them.

        Its form is :class:`doseesc.results.ResultsDocument`.
        """
        return whole_document(self)

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
        from doseesc.results.consistency import check_document, check_rebuilt

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
            from doseesc.results.frame import frame_of

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
        from doseesc.results.frame import document_of

        return Results.from_document(document_of(frame))

    def to_xarray(self) -> xr.Dataset:
        """Return the results by scenario, design and level; see :mod:`doseesc.results.dataset`."""
        from doseesc.results.dataset import dataset_of

        return dataset_of(self.to_document())

    @staticmethod
    def from_xarray(dataset: xr.Dataset) -> Results:
        """Return the results that a Dataset of :meth:`to_xarray` holds.

        Raises
        ------
        ValueError
            If it is no such Dataset.
        """
        from doseesc.results.dataset import document_of

        try:
            return Results.from_document(document_of(dataset))
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
        from doseesc.results.formats import check_ending, content

        path = Path(path)
        check_ending(path)
        return write_file(path, content(self.to_document(), path.suffix.lower()), force=force)
