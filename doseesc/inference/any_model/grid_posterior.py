"""Posteriors of DLT probabilities on a model's grid, for many tallies at once, and the grid as text.

The text holds numbers alone: reading it runs nobody's code and needs no PyMC.
"""

from __future__ import annotations

import base64
import io
import json
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.special import log_expit

from designs.arrays import BoolArray, FloatArray
from designs.grid import GridModel
from designs.tally import Tally
from doseesc.inference.any_model.nodes import ModelGrid
from doseesc.input_files import json_of

_MARK = "doseesc grid 1\n"
_MOST_BYTES = 1_000_000_000
_FACTS = ("names", "patients", "moved", "monotone", "prior")


@dataclass(frozen=True, eq=False)
class GridPosterior:
    """What a design asks of its model, by quadrature.

    Attributes
    ----------
    model : ModelGrid
    """

    model: ModelGrid

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return self.model.n_doses

    @property
    def patients(self) -> int:
        """The number of patients that it is made for; with more, answers are less accurate."""
        return self.model.patients

    @property
    def one_parameter(self) -> bool:
        """Whether the model has a single parameter, so that there is a curve at its mean."""
        return len(self.model.names) == 1

    @property
    def words(self) -> str:
        """Say what the model is and how its posterior is found."""
        nodes = f"{self.model.n_nodes:,} nodes"
        return f"The prior is {self.model.prior}; posteriors are found by quadrature on {nodes}."

    def means(self, tally: Tally) -> FloatArray:
        """Return posterior means of the DLT probabilities, shape (S, J)."""
        return self.model.grid.expect(tally, self._curve)

    def squares(self, tally: Tally) -> FloatArray:
        """Return posterior means of the squared DLT probabilities, shape (S, J)."""
        return self.model.grid.expect(tally, self._curve**2)

    def plug_in(self, tally: Tally) -> FloatArray:
        """Return the curve at the posterior mean of the only parameter, shape (S, J)."""
        return self.model.curve_at(self.model.grid.expect(tally, self.model.parameters)[:, 0])

    def exceedance(self, tally: Tally, limits: tuple[float, ...], with_means: bool = False) -> list[FloatArray]:
        """Return P(DLT probabilities > limit), (S, J) for each limit, and then the means if wanted."""
        functions = [_all_shares(self.model, limit) for limit in limits]
        functions += [self._curve] if with_means else []
        return np.split(self.model.grid.expect(tally, np.column_stack(functions)), len(functions), axis=1)

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """Return P(DLT probability at ``level`` > limits), shape (S, L)."""
        return self.model.grid.expect(tally, self.model.shares_above(level, limits))

    def settled(self, tally: Tally) -> BoolArray:
        """Return where (S,) the posterior can be relied upon: everywhere."""
        return np.ones(tally.size, dtype=np.bool_)

    def notes(self) -> list[str]:
        """Return what a reader of results should know: nothing."""
        return []

    def text(self) -> str:
        """Return the grid as text, see :func:`grid_from_text`."""
        model = self.model
        facts = json.dumps({name: getattr(model, name) for name in _FACTS})
        stream = io.BytesIO()
        kept = model.line * model.logits.shape[2] + model.place.astype(np.int64)
        parameters = model.parameters if self.one_parameter else np.zeros((0, 1))
        for array in (model.logits, kept, model.grid.log_weight, parameters):
            np.save(stream, array, allow_pickle=False)
        return _MARK + facts + "\n" + base64.b64encode(zlib.compress(stream.getvalue(), 6)).decode("ascii")

    @cached_property
    def _curve(self) -> FloatArray:
        return np.exp(self.model.grid.log_dlt).T


def grid_from_text(text: str) -> GridPosterior:
    """Read a grid that :meth:`GridPosterior.text` has written.

    Raises
    ------
    ValueError
        If the text is not one.
    """
    try:
        facts, packed = text.removeprefix(_MARK).split("\n", 1)
        unpacker = zlib.decompressobj()
        stream = io.BytesIO(unpacker.decompress(base64.b64decode(packed), _MOST_BYTES))
        if unpacker.unconsumed_tail:
            raise ValueError(f"it unfolds to more than {_MOST_BYTES / 1e6:,.0f} MB")
        logits, kept, log_weight, parameters = (np.load(stream, allow_pickle=False) for _ in range(4))
        given = _facts(facts)
        _require_arrays(logits, kept, log_weight, parameters)
        nodes = logits[:, kept // logits.shape[2], kept % logits.shape[2]]
        if not np.isfinite(nodes).all():
            raise ValueError("a DLT probability in it is none")
    except (ValueError, LookupError, TypeError, OSError, EOFError, MemoryError, zlib.error) as error:
        raise ValueError(f"is damaged: {error}") from error
    model = ModelGrid(
        grid=GridModel(log_weight, log_expit(nodes), log_expit(-nodes)),
        parameters=parameters,
        logits=logits,
        line=kept // logits.shape[2],
        place=(kept % logits.shape[2]).astype(np.float64),
        **given,
    )
    return GridPosterior(model)


def _facts(text: str) -> dict[str, Any]:
    """Return what a grid's text says besides its arrays; raise where a part is missing or of another kind."""
    known = json_of(text.encode())
    given = {name: known[name] for name in _FACTS}
    names, kinds = given["names"], {"patients": int, "moved": int | float, "monotone": bool, "prior": str}
    if not isinstance(names, list) or not all(isinstance(each, str) for each in names):
        raise ValueError("names are no names")
    for name, kind in kinds.items():
        if not isinstance(given[name], kind):
            raise ValueError(f"{name} is {given[name]!r:.50}")
    return given | {"names": tuple(names)}


def _require_arrays(logits: Any, kept: Any, log_weight: Any, parameters: Any) -> None:
    """Raise ValueError unless arrays read back are those of a grid."""
    kinds = [(each.dtype, each.ndim) for each in (logits, kept, log_weight, parameters)]
    if kinds != [(np.float64, 3), (np.int64, 1), (np.float64, 1), (np.float64, 2)]:
        raise ValueError("its arrays are not those of a grid")
    if not len(kept) or len(kept) != len(log_weight) or len(parameters) not in (0, len(kept)):
        raise ValueError("its arrays differ in length")
    within = (kept >= 0).all() and (kept < logits.shape[1] * logits.shape[2]).all()
    if not within or not all(np.isfinite(each).all() for each in (log_weight, parameters)):
        raise ValueError("a number in it is none")


@lru_cache(maxsize=64)
def _all_shares(model: ModelGrid, limit: float) -> FloatArray:
    """Return functions on the grid whose expectations are P(DLT probabilities > limit), shape (G, J)."""
    shares = [model.shares_above(level, [limit])[:, 0] for level in range(1, model.n_doses + 1)]
    return np.column_stack(shares)
