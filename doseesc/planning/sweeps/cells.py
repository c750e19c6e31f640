"""Cells: the smallest pieces of work of a sweep, each a pure function of its own text.

A cell is one design under the truths of one variant of the study.  Its text says everything that its figures depend on:
the variant, with trials and seed, and the version of doseesc.  Its name is the SHA-256 of the text.  So a cell gives
the same bytes wherever it is computed, and one that has been computed is never computed again.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from doseesc._version import __version__
from doseesc.files import OutputError
from doseesc.inference.any_model import answers_alone
from doseesc.planning.sweeps.variants import with_effect
from doseesc.results import Results, characteristics_rows, time_rows
from doseesc.runs import run
from doseesc.study import Source, Study, file_beside, parse, read_beside

_HOW_FITTED = "fits made by NUTS"
"""In notes that say how much of the work was done before, which differs from one machine to the next."""

_KINDS = (str, str, str, int | None, int | float | None, int | float | None)

Row = tuple[str, str, str, int | None, float, float]
"""``scenario, method, metric, level, value, mcse``."""


class CellError(ValueError):
    """A cell that cannot be computed, or whose content is not what was computed."""


@dataclass(frozen=True)
class Point:
    """One design in one variant of the study.

    Attributes
    ----------
    number : int
        Its place in the plan.
    design : int
        The place of its design in the file.
    places : dict of str to int
        Which of its values each axis has, by name; axes that do not concern the design are left out.
    """

    number: int
    design: int
    places: Mapping[str, int]


@dataclass(frozen=True)
class Cell:
    """One piece of work.

    Attributes
    ----------
    name : str
        SHA-256 of the text.
    text : str
    point : Point
        What it is of.
    """

    name: str
    text: str
    point: Point


@dataclass(frozen=True)
class CellFigures:
    """What a cell found: rows of the tidy table, and notes in plain words."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def cell_text(study: Study, file: str = "") -> str:
    """Return the text of the cell of a study that has one design.

    A model of a user's own goes with it as numbers where these answer for every tally, else as its module's source.

    Parameters
    ----------
    study : Study
    file : str
        Its file, beside which the module lies.
    """
    kept = with_effect(study.model_dump(mode="json", by_alias=True))
    for scenario in kept["scenarios"]:
        scenario["description"] = ""
    document: dict[str, Any] = {"doseesc": __version__, "study": kept}
    for entry in kept["designs"]:
        if isinstance(entry.get("fitted"), str) and not answers_alone(entry["fitted"]):
            del entry["fitted"]
            module = entry["module"]
            document["modules"] = {module: read_beside(file_beside(file, module)).decode("utf-8", "surrogateescape")}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def cell_name(text: str) -> str:
    """Return the name of a cell."""
    return hashlib.sha256(text.encode()).hexdigest()


def run_cell(text: str, memory_limit: int | None = None) -> bytes:
    """Compute a cell, in one process; return the content of its file.

    Call it with :func:`doseesc.parallel.one_blas_thread`, which takes a while itself.

    Parameters
    ----------
    text : str
    memory_limit : int, optional
        As for :func:`doseesc.runs.run`.  Where it is less than by default it may decide what is simulated, so that such
        a cell must not be kept for others.

    Raises
    ------
    CellError
        If its text is of another version, or its study cannot be computed; the text says why.
    """
    document = json.loads(text)
    if document["doseesc"] != __version__:
        raise CellError(f"this cell is of doseesc {document['doseesc']}, and this is {__version__}")
    try:
        if "modules" in document:
            results = _with_modules(document, memory_limit)
        else:
            results = run(Study.model_validate(document["study"]), jobs=1, memory_limit=memory_limit)
    except (ValueError, OutputError) as error:  # such as a posterior that would not be finite
        raise CellError(str(error)) from error
    rows = [
        (scenario, method, metric, level, _plain(value), _plain(mcse))
        for scenario, _, method, metric, level, value, mcse in chain(
            characteristics_rows(results.cells), time_rows(results.times)
        )
    ]
    notes = [note for note in results.notes if _HOW_FITTED not in note]
    return _content({"cell": cell_name(text), "rows": rows, "notes": notes})


def _with_modules(document: Mapping[str, Any], memory_limit: int | None) -> Results:
    """Run a study whose model is fitted as the trial goes on, from the source of its module, in one process.

    Fits are kept in the user's cache on each machine, by model and tally, so that cells share them.
    """
    with TemporaryDirectory(prefix="doseesc-cell-") as folder:
        for name, source in document["modules"].items():
            path = file_beside(str(Path(folder, "cell.yaml")), name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(source.encode("utf-8", "surrogateescape"))
        with redirect_stderr(io.StringIO()):  # that code of the user's is run was said when the sweep was planned
            study = parse(Source(str(Path(folder, "cell.yaml")), "", "", document["study"], {}))
        for entry in study.design_entries:
            live = getattr(entry.parameters.get("fitted"), "live", None)
            if live is not None and hasattr(live, "jobs"):
                live.jobs = 1
        return run(study, jobs=1, memory_limit=memory_limit)


def read_cell(content: bytes, name: str) -> CellFigures:
    """Return what the file of a cell holds.

    Raises
    ------
    CellError
        If it is not what :func:`run_cell` returned for the cell of that name.
    """
    seal, _, body = content.partition(b"\n")
    if seal.decode("ascii", "replace") != hashlib.sha256(body).hexdigest():
        raise CellError("it is not what was written")
    try:
        document: Mapping[str, Any] = json.loads(body)
        if document["cell"] != name:
            raise CellError("it is that of another cell")
        return CellFigures(tuple(_rows(document["rows"])), tuple(map(str, document["notes"])))
    except (LookupError, TypeError, RecursionError, json.JSONDecodeError) as error:  # with a seal of somebody else's
        raise CellError("it is no cell") from error


def _content(document: Mapping[str, Any]) -> bytes:
    body = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def _rows(rows: list[list[Any]]) -> Iterator[Row]:
    nan = math.nan
    for row in rows:
        if len(row) != len(_KINDS) or not all(map(isinstance, row, _KINDS)):
            raise CellError("it is no cell")
        scenario, method, metric, level, value, mcse = row
        yield scenario, method, metric, level, nan if value is None else value, nan if mcse is None else mcse


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
