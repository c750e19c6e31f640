"""The table of a sweep in pieces, so that any size can be written and hashed; and what it does not say itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FORMAT = "doseesc sweep 1"
ATTRIBUTE = "doseesc_sweep"
COLUMNS = ("design", "scenario", "method", "metric", "level", "value", "mcse")
"""The columns after those of the axes."""

_MISSING = -(2**63)  # which no figure is
PIECE = 200_000
"""Rows that are handled at a time."""


OwnWeights = tuple[dict[str, Any], dict[str, float]]
"""Values of axes, and what each scenario counts in the cells that have them."""


@dataclass(frozen=True)
class Facts:
    """What a table of a sweep does not say itself.

    Attributes
    ----------
    doseesc : str
        Version.
    title : str
        Of the sweep, or else of the study.
    axes : dict of str to tuple
        The field of each axis, by its name.
    short : dict of str to str
        The axes' short names.
    weights : dict of str to float
        What each scenario counts, in all 1.
    own_weights : tuple of (dict, dict)
        Values of axes, by name, and what each scenario counts instead in the cells that have them, whose true MTDs are
        others.
    price : float
        Points of correct selection that a point of overdosing costs.
    worst_case : bool
        Whether designs are judged by the scenario where they do worst.
    notes : tuple of str
        In plain words.
    study_text : str
        The base study's file, verbatim.
    """

    doseesc: str
    title: str
    axes: Mapping[str, tuple[str | int, ...]]
    short: Mapping[str, str]
    weights: Mapping[str, float]
    price: float
    worst_case: bool
    notes: tuple[str, ...] = ()
    own_weights: tuple[OwnWeights, ...] = ()
    study_text: str = ""

    def weights_of(self, rows: pd.DataFrame) -> pd.Series[float]:
        """Return what the scenario of each row counts in its cell.

        Parameters
        ----------
        rows : DataFrame
            With ``scenario`` and the columns of the axes.
        """
        found = rows["scenario"].map(dict(self.weights)).astype(float)
        for axes, own in self._own_by_place().items():
            for place, at in rows.groupby(list(axes), sort=False, observed=True).indices.items():
                weights = own.get(place if isinstance(place, tuple) else (place,))
                if weights is not None:
                    found.iloc[at] = rows["scenario"].iloc[at].map(weights).astype(float)
        return found

    def _own_by_place(self) -> dict[tuple[str, ...], dict[tuple[Any, ...], Mapping[str, float]]]:
        """Return the own weights by the axes that tell their cells apart, and by the values there."""
        found: dict[tuple[str, ...], dict[tuple[Any, ...], Mapping[str, float]]] = {}
        for at, weights in self.own_weights:
            axes = tuple(sorted(at))
            found.setdefault(axes, {})[tuple(at[axis] for axis in axes)] = weights
        return found

    def text(self, digest: str) -> str:
        """Return the facts as text, with the hash of the table."""
        facts = {**vars(self), "axes": {name: list(field) for name, field in self.axes.items()}}
        return json.dumps({"format": FORMAT, **facts, "sha256": digest}, ensure_ascii=False)

    @staticmethod
    def from_text(text: str) -> tuple[Facts, str]:
        """Return facts, and the hash of their table.

        Raises
        ------
        ValueError
            If the text holds none.
        """
        about = json.loads(text)
        if not isinstance(about, dict) or about.pop("format", None) != FORMAT:
            raise ValueError(f"it is not in the format {FORMAT!r}")
        seal = about.pop("sha256", None)
        try:
            fields = {str(name): tuple(field) for name, field in about["axes"].items()}
            own = tuple((dict(at), dict(weights)) for at, weights in about.get("own_weights", ()))
            facts = Facts(**{**about, "axes": fields, "notes": tuple(map(str, about["notes"])), "own_weights": own})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(f"it is incomplete: {error}") from error
        if not facts.are_sound():
            raise ValueError("what it says of its axes, scenarios or title cannot be")
        return facts, str(seal)

    def are_sound(self) -> bool:
        """Tell whether facts that others may have written are of the kinds that they should be."""
        if not (isinstance(self.short, dict) and isinstance(self.weights, dict)):
            return False
        texts = (self.doseesc, self.title, self.study_text)
        names = (*self.axes, *self.short.values(), *self.weights)
        return (
            all(isinstance(each, str) for each in (*texts, *names))
            and all(each.isprintable() for each in names)
            and set(self.short) == set(self.axes)
            and all(at and set(at) <= set(self.axes) and set(own) == set(self.weights) for at, own in self.own_weights)
            and all(
                isinstance(each, int | float) and 0 <= each <= 1
                for weights in (self.weights, *(own for _, own in self.own_weights))
                for each in weights.values()
            )
            and isinstance(self.price, int | float)
        )


def kind_of(values: Iterable[Any]) -> str:
    """Return the kind of an axis's column: "boolean", "Int64" (whole numbers), "float64" or "string".

    Examples
    --------
    >>> kind_of([1, 2]), kind_of([1, 2.5]), kind_of([True]), kind_of([1, "two"])
    ('Int64', 'float64', 'boolean', 'string')
    """
    kinds = {type(each) for each in values}
    if kinds in ({bool}, {int}):
        return "boolean" if kinds == {bool} else "Int64"
    return "float64" if kinds <= {int, float} else "string"


def piece_of(axes: Mapping[str, tuple[str, Sequence[Any]]], columns: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
    """Return rows of the table.

    Parameters
    ----------
    axes : mapping of str to (str, sequence)
        The kind of each axis, and its values; None is missing.
    columns : mapping of str to sequence
        The values of :data:`COLUMNS`.
    """
    import pandas as pd

    frame = {name: _column(kind, values) for name, (kind, values) in axes.items()}
    frame |= {name: pd.array(list(columns[name]), dtype="string") for name in COLUMNS[:4]}
    frame["level"] = pd.array(list(columns["level"]), dtype="Int64")
    frame |= {name: np.asarray(columns[name], dtype=np.float64) for name in ("value", "mcse")}
    return pd.DataFrame(frame)


def _column(kind: str, values: Sequence[Any]) -> Any:
    import pandas as pd

    if kind == "float64":
        return np.array([np.nan if each is None else float(each) for each in values])
    if kind == "string":
        return pd.array([None if each is None else str(each) for each in values], dtype="string")
    return pd.array(list(values), dtype=kind)  # type: ignore[call-overload]


def pieces(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Yield a table's rows, :data:`PIECE` at a time."""
    for start in range(0, max(len(frame), 1), PIECE):
        yield frame.iloc[start : start + PIECE]


def whole_pieces(some: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Yield rows :data:`PIECE` at a time that come in other numbers."""
    import pandas as pd

    held: list[pd.DataFrame] = []
    rows = 0
    for frame in some:
        held.append(frame)
        rows += len(frame)
        while rows >= PIECE:
            joined = pd.concat(held, ignore_index=True)
            yield joined.iloc[:PIECE]
            held, rows = [joined.iloc[PIECE:]], rows - PIECE
    if rows:
        yield pd.concat(held, ignore_index=True)


class _Digest:
    """The hash of a table, made from its rows in whatever pieces they come."""

    def __init__(self) -> None:
        self._columns: dict[str, Any] = {}

    def update(self, frame: pd.DataFrame) -> None:
        for name in frame:
            column: Any = frame[name]
            kind = column.dtype.kind if column.dtype.kind in "fib" else "s"  # texts have several types, one meaning
            known = self._columns.setdefault(str(name), hashlib.sha256(kind.encode()))
            if kind == "f":
                known.update(column.to_numpy().astype("<f8").tobytes())
            elif kind == "s":
                known.update("".join("\1\0" if each is None else f"{each}\0" for each in _objects(column)).encode())
            else:
                known.update(column.astype("Int64").fillna(_MISSING).to_numpy(dtype="<i8").tobytes())

    def hexdigest(self) -> str:
        names = [[name, known.hexdigest()] for name, known in self._columns.items()]
        return hashlib.sha256(json.dumps(names, ensure_ascii=False).encode()).hexdigest()


def _objects(column: Any) -> list[Any]:
    """Return a column of texts, of which there are few, one after the other; None is missing."""
    codes, values = column.factorize(use_na_sentinel=True)
    return np.array([*map(str, values), None], dtype=object)[codes].tolist()


def digest_of(some: Iterable[pd.DataFrame]) -> str:
    """Return the SHA-256 of a table: of its columns' names and values, in pieces as :func:`pieces` yields them."""
    digest = _Digest()
    for frame in some:
        digest.update(frame)
    return digest.hexdigest()


def write_table(path: Path, some: Iterable[pd.DataFrame], facts: Facts | Callable[[], Facts]) -> None:
    """Write a table as a Parquet file, a row group for each piece.

    Parameters
    ----------
    path : Path
    some : iterable of DataFrame
        As :func:`pieces` yields them, so that the same table makes the same bytes.
    facts : Facts or callable
        A function gives them when all pieces are there.

    Raises
    ------
    ValueError
        If there are no rows at all.
    OSError
        If the file cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    digest, writer = _Digest(), None
    try:
        for frame in some:
            digest.update(frame)
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                writer = pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table, row_group_size=PIECE)
        if writer is None:
            raise ValueError("a sweep without any rows")
        known = facts() if callable(facts) else facts
        writer.add_key_value_metadata({ATTRIBUTE: known.text(digest.hexdigest())})
    finally:
        if writer is not None:
            writer.close()


def stamp_of(path: Path) -> str | None:
    """Return what a Parquet file says of its sweep; None where it is of none."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        found = (file.metadata.metadata or {}).get(ATTRIBUTE.encode())
    return None if found is None else found.decode()
