"""Decision tables for the protocol.

A design that decides from the patients n and DLTs y at the current level alone has a table of letters over (n, y):
E escalate, S stay, D de-escalate, DU de-escalate and exclude the level and all above.  Where it weighs patients pending
by their follow-up, its table has rows over (n, y, patients pending), with limits on the follow-up; rolling six and
users' tables with patients pending have such rows without limits.  Every other design has one line per reachable tally,
with the level that follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from designs import Design, Reason, RollingSix
from designs.a_plus_b import APlusB
from designs.table_design import TableDesign
from doseesc.conduct.follow_up_rows import (
    FollowUpRow,
    TabulatedDesign,
    follow_up_legend,
    follow_up_rows,
    statistic,
    weighs_by_limits,
)
from doseesc.conduct.letter_rows import decides_by_pending, letter_legend, letter_rows
from doseesc.conduct.letters import decision_letters
from doseesc.conduct.stopping_cells import STOP, with_stops
from doseesc.conduct.trial import Trial, trial_of
from doseesc.engines import UNKNOWN, DecisionGraph, TooManyStates
from doseesc.files import plain_rows

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study

LEGEND = {
    "E": "escalate; at the highest dose stay",
    "S": "stay",
    "D": "de-escalate; at the lowest dose stay",
    "DU": "de-escalate and never return; at the lowest dose stop",
}
"""What the letters mean."""

SHOWN = {"stop": "X"}
"""How entries are written where there is room for two characters."""

_THE_END = "the trial ends, at whatever dose this is met"
STOP_MEANING = f"{_THE_END}; X in the table"

PATHWAY_LEGEND = {"E": "escalate", "S": "stay", "D": "de-escalate", "stop": "the trial ends"}

STATE_LIMIT = 200_000
"""Tallies that a table may have, unless told otherwise."""


@dataclass(frozen=True)
class DecisionTable:
    """The decision table of a design.

    Attributes
    ----------
    trial : Trial
        The design, and what the doses are called.
    cells : mapping of int to tuple of str, or None
        For n patients at the current level, none pending, the letters after 0..n DLTs; None where the design looks at
        more.
    graph : DecisionGraph or None
        All reachable tallies with their decisions, where ``cells`` is None.
    follow_up : tuple of FollowUpRow, or None
        The rows over patients pending, with limits on their follow-up where the design weighs them by such; None where
        it decides otherwise.
    """

    trial: Trial
    cells: Mapping[int, tuple[str, ...]] | None
    graph: DecisionGraph | None = None
    follow_up: tuple[FollowUpRow, ...] | None = None

    @property
    def legend(self) -> Mapping[str, str]:
        """What the letters mean."""
        if decides_by_pending(self.trial.design):
            return letter_legend(_by_pending(self.trial.design), LEGEND)
        if self.cells is None:
            return PATHWAY_LEGEND
        if self.follow_up is not None:
            ends = {STOP: _THE_END} if any(STOP in row.decision for row in self.follow_up) else {}
            return {**LEGEND, **ends, **follow_up_legend(_tabulated(self.trial.design), self.trial.window_days)}
        if isinstance(self.trial.design, APlusB):
            return _a_plus_b_legend(self.trial.design)
        stops = any(STOP in letters for letters in self.cells.values())
        return {**LEGEND, STOP: STOP_MEANING} if stops else LEGEND

    @property
    def statistic(self) -> str:
        """What the limits on follow-up are on, "STFT" or "ESS"; "" where there are none."""
        weighs = self.follow_up is not None and weighs_by_limits(self.trial.design)
        return statistic(_tabulated(self.trial.design)) if weighs else ""

    @property
    def rules(self) -> tuple[str, ...]:
        """What the design's rules add to the table, a sentence each."""
        design, doses = self.trial.design, self.trial.doses
        return tuple(doses.in_words(rule.describe(design)) for rule in design.all_rules())

    @cached_property
    def order(self) -> npt.NDArray[np.intp]:
        """The graph's nodes in the order of patients, then of the current level, then of the data."""
        if self.graph is None:
            return np.zeros(0, dtype=np.intp)
        tally = self.graph.tally
        data = np.stack([tally.n, tally.dlt], axis=2).reshape(tally.size, -1)
        return np.lexsort((*data.T[::-1], tally.level, tally.total_n))

    def letter(self, node: int) -> str:
        """Return the letter of a reachable tally."""
        if self.graph is None:
            raise ValueError("node has a meaning only in a table by reachable tallies")
        level, current = int(self.graph.level[node]), int(self.graph.tally.level[node])
        if level == 0:
            return "stop"
        return "S" if current in (0, level) else "E" if level > current else "D"

    def to_frame(self) -> pd.DataFrame:
        """Return the table.

        Returns
        -------
        DataFrame
            ``n``, ``dlt`` and ``decision``; over patients pending ``n``, ``dlt_min``, ``dlt_max``, ``pending_min``,
            ``pending_max``, ``decision`` and, with limits on follow-up, ``escalate_if_stft_ge``,
            ``deescalate_if_stft_le`` (or ``ess``) and ``followed_ge``, the share of the window; or, by reachable
            tallies, ``n_LABEL`` and ``dlt_LABEL`` for each dose, what else the design remembers, the current
            ``level``, ``decision``, ``next_level`` (0 = stop), ``next_n``, ``reason`` and, where the trial ends,
            ``mtd``.
        """
        import pandas as pd

        if self.follow_up is not None:
            name = self.statistic.lower()
            limits = [f"escalate_if_{name}_ge", f"deescalate_if_{name}_le"]
            columns = ["n", "dlt_min", "dlt_max", "pending_min", "pending_max", "decision", *limits, "followed_ge"]
            lines = [
                (r.n, *r.dlt, *r.pending, r.decision, r.escalate_from, r.deescalate_to, r.followed)
                for r in self.follow_up
            ]
            frame = pd.DataFrame(lines, columns=columns).astype(dict.fromkeys(limits, float))
            return frame if name else frame.drop(columns=[*limits, "followed_ge"])
        if self.cells is not None:
            rows = [(n, dlt, letter) for n, row in self.cells.items() for dlt, letter in enumerate(row)]
            return pd.DataFrame(rows, columns=["n", "dlt", "decision"])
        return pd.DataFrame(self._pathway_columns())

    def to_dict(self) -> dict[str, Any]:
        """Return the table with its legend and rules as plain values for JSON."""
        return {
            "design": self.trial.name,
            "legend": dict(self.legend),
            "rules": list(self.rules),
            "decisions": plain_rows(self.to_frame()),
        }

    def _pathway_columns(self) -> dict[str, Any]:
        import pandas as pd

        graph, order = self.graph, self.order
        if graph is None:
            return {}
        tally = graph.tally.take(order)
        columns: dict[str, Any] = {}
        for place, label in enumerate(self.trial.doses.labels):
            columns[f"n_{label}"], columns[f"dlt_{label}"] = tally.n[:, place], tally.dlt[:, place]
        columns |= dict(tally.memory)
        columns["level"] = tally.level
        columns["decision"] = [self.letter(int(node)) for node in order]
        columns["next_level"], columns["next_n"] = graph.level[order], graph.cohort_size[order]
        columns["reason"] = [Reason(int(code)).name for code in graph.reason_code[order]]
        going = graph.level[order] > 0
        columns["mtd"] = pd.arrays.IntegerArray(graph.selected[order].astype(np.int64), going)
        return columns


def decision_table(
    study: Study | Design, design: str | Design | None = None, *, state_limit: int = STATE_LIMIT
) -> DecisionTable:
    """Return the decision table of a design.

    Parameters
    ----------
    study : Study or Design
        The study with its doses and designs, or a design alone.
    design : str or Design, optional
        The design's name in the study; may be left out where there is only one.
    state_limit : int
        Reachable tallies that a table may have.

    Raises
    ------
    ValueError
        If no design is meant.
    TooManyStates
        If more tallies can be reached.

    Examples
    --------
    >>> from designs import BOIN
    >>> decision_table(BOIN(target=0.3, n_doses=5, max_n=30)).cells[6]
    ('E', 'E', 'S', 'D', 'DU', 'DU', 'DU')
    """
    trial = trial_of(study, design)
    return letter_table(trial) or DecisionTable(trial, None, reachable(trial.design, state_limit))


def letter_table(trial: Trial) -> DecisionTable | None:
    """Return the table of letters, or of rows over patients pending; None where the design has neither."""
    if decides_by_pending(trial.design):
        return DecisionTable(trial, None, follow_up=letter_rows(_by_pending(trial.design)))
    cells = decision_letters(trial.design)
    if cells is None:
        return None
    weighs = weighs_by_limits(trial.design)
    if not isinstance(trial.design, APlusB):  # whose letters say themselves where the trial ends
        cells = with_stops(trial.design, cells)
    return DecisionTable(trial, cells, follow_up=follow_up_rows(_tabulated(trial.design)) if weighs else None)


def reachable(design: Design, state_limit: int = STATE_LIMIT) -> DecisionGraph:
    """Return the graph of all tallies that a trial can reach.

    Raises
    ------
    TooManyStates
        If there are more than ``state_limit``.
    """
    graph = DecisionGraph(design)
    seen = 0
    while seen < graph.size:
        fresh = np.arange(seen, graph.size)
        seen = graph.size
        width = graph.following.shape[1]
        dlts = np.arange(width)
        possible = (graph.level[fresh] > 0)[:, None] & (dlts <= graph.cohort_size[fresh][:, None])
        edges = (fresh[:, None] * width + dlts)[possible & (graph.following[fresh] == UNKNOWN)]
        if len(edges):
            graph.expand(edges)
        if graph.size > state_limit:
            raise TooManyStates(
                f"its table would have over {state_limit:,} lines; use  doseesc paths  to look a few cohorts ahead"
            )
    return graph


def _tabulated(design: Design) -> TabulatedDesign:
    return cast("TabulatedDesign", design)  # those that weigh by limits have a table


def _by_pending(design: Design) -> RollingSix | TableDesign:
    return cast("RollingSix | TableDesign", design)


def _a_plus_b_legend(design: APlusB) -> Mapping[str, str]:
    full = design.a + design.b
    fill = f"fill it up to {full} patients" if design.variant == "six_at_mtd" else "end"
    last = "end; the level below is the MTD" if design.variant == "escalation_only" else "de-escalate and never return"
    return {
        "E": f"escalate; where no higher level is left, {fill}, this level being the MTD",
        "S": f"treat {design.b} more at this level",
        "DU": f"too toxic: {last}",
    }
