"""A model on the nodes of a grid, as arrays.

Nodes lie on lines along which one parameter alone moves; tail probabilities are found by
:mod:`doseesc.inference.any_model.line_tails`.  How nodes are placed is the matter of
:mod:`doseesc.inference.any_model.grid_layout`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from designs.arrays import FloatArray
from designs.grid import GridModel
from doseesc.inference.any_model.line_tails import crossings, interpolated, shares_above


@dataclass(frozen=True, eq=False)
class ModelGrid:
    """A model on G nodes, as arrays alone: it can be pickled, and needs no PyMC.

    Attributes
    ----------
    grid : GridModel
        Log prior weights (G,) and logarithms of DLT probabilities and complements (J, G).
    parameters : array, shape (G, P)
        The model's parameters at the nodes, on their natural scale; ``names`` are theirs.
    names : tuple of str
    logits : array, shape (J, lines, nodes)
        Logit DLT probabilities on all lines, nodes without weight included.
    line, place : array, shape (G,)
        Line of each of the G nodes, and its place on the line counted in nodes.
    patients : int
        For how many patients the grid is fine enough.
    moved : float
        By how much, at most, answers for the test tallies moved when each step was made finer and the box larger.
    monotone : bool
        Whether every DLT probability rises, or falls, along every line, so that tail probabilities are as accurate as
        means.
    prior : str
        The prior in PyMC's words.
    """

    grid: GridModel
    parameters: FloatArray
    names: tuple[str, ...]
    logits: FloatArray
    line: npt.NDArray[np.int64]
    place: FloatArray
    patients: int
    moved: float
    monotone: bool
    prior: str = ""

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return len(self.grid.log_dlt)

    @property
    def n_nodes(self) -> int:
        """Number of nodes G."""
        return len(self.grid.log_weight)

    def shares_above(self, level: int, limits: Sequence[float] | FloatArray) -> FloatArray:
        """Return functions on the grid whose expectations are P(DLT probability at ``level`` > limits), (G, L)."""
        values = self.logits[level - 1]
        shares = [shares_above(values, float(logit(limit)), self.line, self.place) for limit in np.asarray(limits)]
        return np.column_stack(shares)

    def curve_at(self, parameter: FloatArray) -> FloatArray:
        """Return the DLT probabilities (S, J) at values (S,) of the only parameter.

        Raises
        ------
        ValueError
            If the model has several parameters.
        """
        if len(self.names) != 1 or self.logits.shape[1] != 1:
            raise ValueError(f"curve_at needs a model of one parameter, not of {', '.join(self.names)}")
        values = self.parameters.T  # the nodes of a single line are an unbroken stretch of it
        rising = values[0, -1] > values[0, 0]
        ordered = values[0] if rising else -values[0]
        wanted = parameter if rising else -parameter
        before = np.clip(np.searchsorted(ordered, wanted, side="right") - 1, 0, len(ordered) - 2)
        rows = np.zeros(len(parameter), dtype=np.int64)
        place = self.place[0] + crossings(values, rows, before, parameter)
        return np.column_stack([1 / (1 + np.exp(-interpolated(line[0], place))) for line in self.logits])
