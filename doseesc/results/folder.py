"""The results folder: ``results.json``, ``characteristics.csv`` and ``phase2_arms.csv``, written whole or not at all.

A study with active Phase 2 arms has ``phase2_arm_analysis.csv`` besides, one that says how patients are observed
``attribution.csv``.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

from doseesc.files import ANOTHER_FOLDER, OutputError, csv_cell, write_folder
from doseesc.results.arm_figures import ARM_ANALYSIS_COLUMNS, arm_analysis_rows
from doseesc.results.arms import PHASE2_COLUMNS, phase2_rows
from doseesc.results.attainable import ATTAINABLE_COLUMNS
from doseesc.results.cells import CHARACTERISTICS_COLUMNS, characteristics_rows
from doseesc.results.edited import WRITTEN_FILE, as_written
from doseesc.results.plain import readable_json
from doseesc.results.policies import ATTRIBUTION_COLUMNS
from doseesc.results.results import Results
from doseesc.results.times import time_rows

RESULTS_FILE = "results.json"
CHARACTERISTICS_FILE = "characteristics.csv"
PHASE2_FILE = "phase2_arms.csv"
ARM_ANALYSIS_FILE = "phase2_arm_analysis.csv"
ATTRIBUTION_FILE = "attribution.csv"
ATTAINABLE_FILE = "attainable.csv"
FIT_FILE = "fit.json"
REPORT_FILE = "report.html"
SWEEP_FILE = "sweep.parquet"
_OF_A_RUN = (PHASE2_FILE, ARM_ANALYSIS_FILE, ATTRIBUTION_FILE, ATTAINABLE_FILE, REPORT_FILE, "figures")
"""What would be stale beside results of another run."""


def write_results(results: Results, folder: str | Path, *, force: bool = False) -> Path:
    """Write the results folder, whole or not at all.

    Parameters
    ----------
    results : Results
    folder : path
        The folder to write; its parents are made.
    force : bool
        Replace the results in an earlier results folder, once the new ones are complete, and remove the page and the
        protocol made from them.  Everything else in it stays, and so does a protocol that was edited by hand.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputError
        If the folder exists and may not be replaced, or writing fails.
    """
    check_folder(folder, force=force, keep=results.study.source)
    study = results.study
    files = {
        RESULTS_FILE: results_json(results),
        CHARACTERISTICS_FILE: characteristics_csv(results),
        PHASE2_FILE: _csv(PHASE2_COLUMNS, (list(row.values()) for row in phase2_rows(study, results.cells))),
    }
    if results.arm_analysis:
        rows = arm_analysis_rows(results.arm_analysis, study.dose_labels)
        files[ARM_ANALYSIS_FILE] = _csv(ARM_ANALYSIS_COLUMNS, rows)
    if results.policies is not None:
        files[ATTRIBUTION_FILE] = _csv(ATTRIBUTION_COLUMNS, results.policies.rows())
    if results.attainable is not None:
        files[ATTAINABLE_FILE] = _csv(ATTAINABLE_COLUMNS, results.attainable.rows())
    of_the_old_run = [*_OF_A_RUN, *_protocols_as_written(Path(folder))]
    drop = [name for name in of_the_old_run if name not in files]
    return write_folder(files, folder, keep=True, drop=drop)


def _protocols_as_written(folder: Path) -> list[str]:
    """Return the protocols that nobody has edited, and the note of their hashes."""
    return [] if not folder.is_dir() else [*as_written(folder), WRITTEN_FILE]


def results_json(results: Results) -> str:
    """Return everything as JSON text: the same for the same run but for its ``run`` section (time and duration)."""
    return readable_json(results.to_document()) + "\n"


def characteristics_csv(results: Results) -> str:
    """Return the tidy table of :meth:`Results.to_frame` as CSV."""
    return _csv(CHARACTERISTICS_COLUMNS, chain(characteristics_rows(results.cells), time_rows(results.times)))


def check_folder(folder: str | Path, *, force: bool = False, keep: Path | None = None) -> None:
    """Refuse a folder that must not be written; worth calling before a long computation.

    A folder that does not exist or is empty may be written.  With ``force`` an earlier results folder may be replaced,
    but no folder without a ``results.json``, none that holds ``keep`` (the scenario file), and not the one worked in.

    Raises
    ------
    OutputError
        If the folder may not be written.
    """
    path = Path(folder)
    if not os.path.lexists(path):
        parent = next(each for each in path.absolute().parents if os.path.lexists(each))
        if not (parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)):
            raise OutputError(f"{path} cannot be written: no folders can be made in {parent}\n  {ANOTHER_FOLDER}")
        return
    if not path.is_dir():
        raise OutputError(f"{path} exists and is no folder\n  {ANOTHER_FOLDER}")
    if not os.access(path, os.R_OK | os.X_OK):
        raise OutputError(f"{path} cannot be read\n  {ANOTHER_FOLDER}")
    if not any(path.iterdir()):
        return
    if not force:
        raise OutputError(f"{path} exists already\n  replace it with  --force,  or choose another with  --out DIR")
    real = path.resolve()
    if not (real / RESULTS_FILE).is_file():
        raise OutputError(f"{path} holds no {RESULTS_FILE}, so it is not replaced\n  {ANOTHER_FOLDER}")
    for precious, what in ((keep, "the scenario file"), (Path.cwd(), "the folder you work in")):
        if precious is not None and precious.resolve().is_relative_to(real):
            raise OutputError(f"{path} holds {what}, so it is not replaced\n  {ANOTHER_FOLDER}")


def check_fit_folder(folder: str | Path, *, force: bool = False) -> None:
    """Refuse a folder to which an analysis must not be added; worth calling before a long computation.

    It may be new, empty, or a results folder; with ``force`` an earlier analysis in it may be replaced.

    Raises
    ------
    OutputError
        If the folder may not be written.
    """
    path = Path(folder)
    known = path.is_dir() and any((path / name).is_file() for name in (RESULTS_FILE, FIT_FILE))
    if not known:
        check_folder(path)
    elif (path / FIT_FILE).is_file() and not force:
        raise OutputError(
            f"{path} holds an analysis already\n  replace it with  --force,  or choose another with  --out DIR"
        )
    elif Path.cwd().is_relative_to(path.resolve()):
        raise OutputError(f"{path} holds the folder you work in, so it is not replaced\n  {ANOTHER_FOLDER}")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(columns)
    texts = _Texts()
    # What is not a number is not equal to itself, and is left out.
    writer.writerows(
        [texts[item] if isinstance(item, str) else item if item == item else "" for item in row] for row in rows
    )
    return stream.getvalue()


class _Texts(dict[str, str]):
    """What cells of CSV hold for texts, each looked at once: the same few stand in thousands of rows."""

    def __missing__(self, text: str) -> str:
        found: str = csv_cell(text)
        self[text] = found
        return found
