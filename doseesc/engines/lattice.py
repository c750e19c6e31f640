"""Everything a trial under given rules may come to, whatever is decided: the ground of backward induction.

A node is a tally with what the rules must know besides (the level in use, memory).  At every node each proposal, to
stop or to go to level 1, 2, ... J, leads through the rules to a *move*: so many patients at a level; or to the end of
the trial.  A move leads to one node for each number of DLTs.  The lattice is walked once by number of patients; it
knows no truth and no utility, so that one serves them all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs.arrays import IntArray
from designs.at_will import Proposing
from designs.decision import Decision
from designs.tally import Tally
from designs.tally_keys import TallyKeys

STOP, IMPOSSIBLE = -1, -2
"""What a proposal leads to where it leads to no move."""


@dataclass(eq=False)
class Moves:
    """Moves of one cohort size from the nodes of one number of patients.

    Attributes
    ----------
    row : array of int, shape (P,)
        Their place among all moves of these nodes.
    patients : int
        Size of the cohort.
    following : array of int32, shape (patients + 1, P)
        The nodes after 0, 1, ... DLTs, among those of so many patients more.
    """

    row: IntArray
    patients: int
    following: npt.NDArray[np.int32]


@dataclass(eq=False)
class Rung:
    """The nodes of one number of patients.

    Attributes
    ----------
    keys : array of int64, shape (S,)
        Their numbers, increasing; see :class:`designs.tally_keys.TallyKeys`.
    leads_to : array of int32, shape (S, J + 1)
        The move that each proposal leads to; :data:`STOP` or :data:`IMPOSSIBLE` where it leads to none.
    moves : list of Moves
    n_moves : int
    """

    keys: IntArray
    leads_to: npt.NDArray[np.int32]
    moves: list[Moves]
    n_moves: int

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return self.keys.nbytes + self.leads_to.nbytes + sum(m.following.nbytes + m.row.nbytes for m in self.moves)


@dataclass(frozen=True, eq=False)
class Lattice:
    """All nodes, by number of patients.

    Attributes
    ----------
    proposing : list of Proposing
        Designs with the rules, one for each proposal.
    keys : TallyKeys
        How nodes are numbered.
    rungs : dict of int to Rung
        By number of patients, increasing.
    """

    proposing: list[Proposing]
    keys: TallyKeys
    rungs: dict[int, Rung]

    @property
    def design(self) -> Proposing:
        """A design with the rules."""
        return self.proposing[0]

    def decisions(self, tally: Tally, proposal: int) -> Decision:
        """Return what the rules make of a proposal; 0 = to stop."""
        return self.proposing[proposal].decide(tally)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return sum(len(rung.keys) for rung in self.rungs.values())

    @property
    def n_ends(self) -> int:
        """Number of nodes with all patients."""
        return len(self.rungs[max(self.rungs)].keys)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        return sum(rung.nbytes for rung in self.rungs.values())
