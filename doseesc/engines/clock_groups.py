"""The groups of A+B designs on the calendar, when they are left and for what: for `doseesc.engines.clock_complete`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from designs import Design, Reason
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.decision_graph import UNKNOWN, DecisionGraph


class Group(NamedTuple):
    """Groups of G trials: their rows in the block, the nodes where they began, and their patients and DLTs."""

    row: IntArray
    start: IntArray
    entered: IntArray
    dlts: IntArray

    def take(self, index: IntArray) -> Group:
        """Return some of them."""
        return Group(*(each[index] for each in self))


class GroupGraph(DecisionGraph):
    """The decisions of an A+B design, in which partly filled groups are nodes, too."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self._after = np.empty((0, 0), dtype=np.int64)
        self._goes_on = np.empty((0, 0), dtype=np.int8)
        self._condemned = np.empty(0, dtype=np.bool_)
        self.calm = True
        """Whether no group met so far is broken off without a DLT in it."""

    def after(self, start: IntArray, entered: IntArray, dlts: IntArray) -> IntArray:
        """Return the nodes that trials reach from nodes ``start`` after so many patients and DLTs."""
        way = entered * (entered + 1) // 2 + dlts
        self._widen(int(way.max(initial=0)))
        found = _cell(self._after, start, way)
        if found.min(initial=0) == UNKNOWN:
            self.explore(start)
            found = _cell(self._after, start, way)
        return found

    def goes_on(self, start: IntArray, entered: IntArray, dlts: IntArray) -> BoolArray:
        """Tell where the group begun at nodes ``start`` is to be completed after so many patients and DLTs."""
        way = entered * (entered + 1) // 2 + dlts
        if self._goes_on.shape != self._after.shape or way.max(initial=0) >= self._after.shape[1]:
            self.after(start, entered, dlts)
        found = _cell(self._goes_on, start, way)
        if found.min(initial=0) == UNKNOWN:
            self.after(start, entered, dlts)
            found = _cell(self._goes_on, start, way)
        return found == 1

    def condemned(self, node: IntArray) -> BoolArray:
        """Tell at which nodes the DLTs condemn the current level."""
        if len(self._condemned) < self.size:
            self._condemned = self.design.condemns(self.tally)
        return self._condemned[node]

    def explore(self, node: IntArray) -> None:
        """Learn all that the groups begun at nodes can lead to, at once, since designs are slow to ask one by one."""
        self._widen(0)
        new = self._after[node, 0] == UNKNOWN
        if not new.any():
            return
        start = np.unique(node[new])
        most = int(self.cohort_size[start].max())
        entered, dlts = np.tril_indices(most + 1)
        node = np.repeat(start, len(entered))
        entered, dlts = np.tile(entered, len(start)), np.tile(dlts, len(start))
        asked = (entered > 0) & (entered <= self.cohort_size[node])
        node, entered, dlts = node[asked], entered[asked], dlts[asked]
        target = self.locate(self.tally.take(node).after(self.level[node], entered, dlts))
        self._widen(most * (most + 1) // 2 + most)
        way = entered * (entered + 1) // 2 + dlts
        self._after[start, 0], self._after[node, way] = start, target
        self._goes_on[start, 0] = self.reason_code[start] == Reason.COMPLETE_COHORT
        completed = self.reason_code[target] == Reason.COMPLETE_COHORT
        self._goes_on[node, way] = completed
        self.calm &= bool(completed[(dlts == 0) & (entered < self.cohort_size[node])].all())

    def _widen(self, way: int) -> None:
        nodes, ways = self._after.shape
        more = max(self.size - nodes, 0), max(way + 1 - ways, 0)
        if any(more):
            self._after = np.pad(self._after, ((0, more[0]), (0, more[1])), constant_values=UNKNOWN)
            self._goes_on = np.pad(self._goes_on, ((0, more[0]), (0, more[1])), constant_values=UNKNOWN)


def _cell(table: npt.NDArray[Any], row: IntArray, column: IntArray) -> npt.NDArray[Any]:
    """Return single cells of a table; quicker than by two indices."""
    return table.ravel().take(row * table.shape[1] + column)


class Groups:
    """The patients of A+B trials, by their numbers: the ends of their assessments, and whether they are DLTs."""

    def __init__(self, graph: GroupGraph, size: int) -> None:
        self._graph = graph
        self._assessed = np.full((graph.design.max_n, size), -np.inf)
        self._dlt = np.zeros((graph.design.max_n, size), dtype=np.bool_)
        self._patients = 0
        graph.explore(np.zeros(1, dtype=np.int64))

    def enter(self, row: IntArray | slice, assessed: FloatArray, dlt: BoolArray) -> None:
        """Note the next patient of each trial."""
        self._assessed[self._patients, row], self._dlt[self._patients, row] = assessed, dlt
        self._patients += 1

    def leave_off(self, group: Group, now: FloatArray) -> BoolArray:
        """Tell which groups are full or, as far as is known by now, not to be completed."""
        opens = group.entered >= self._graph.cohort_size[group.start]
        for some in (np.flatnonzero((group.dlts > 0) & ~opens), *self._without_dlt(group, opens)):
            part = group.take(some)
            known = (self._times(part) <= now[some]).sum(axis=0)
            opens[some] = ~self._graph.goes_on(part.start, part.entered, known)
        return opens

    def decided(self, group: Group, now: FloatArray, all_known: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return what is decided about groups: the nodes reached, the patients pending then in all, and the days.

        That is when all is known, with all DLTs, or before, when known DLTs condemn the level; and not before the
        patient comes who is to be treated next.
        """
        node, day = self._graph.after(group.start, group.entered, group.dlts), all_known.copy()
        pending = np.zeros(len(day), dtype=np.int64)
        some = np.flatnonzero(self._graph.condemned(node) & (all_known > now))  # fewer DLTs condemn nothing else
        if len(some):
            part = group.take(some)
            # The day of the first, second, ... DLT, after one on which there is none.
            times = np.vstack([np.full(len(some), -np.inf), np.sort(self._times(part), axis=0)])
            waiting = np.ones(len(some), dtype=np.bool_)
            for known, day_known in enumerate(times):
                there = waiting & (known <= part.dlts)
                reached = self._graph.after(part.start, part.entered, np.where(there, known, 0))
                next_known = times[known + 1] if known + 1 < len(times) else np.full(len(some), np.inf)
                earlier = day_known < all_known[some]
                leaves = there & (next_known > now[some]) & earlier & self._graph.condemned(reached)
                which = some[leaves]
                node[which], day[which] = reached[leaves], np.maximum(now[which], day_known[leaves])
                waiting &= ~leaves
            left = some[~waiting]
            pending[left] = (self._assessed[:, group.row[left]] > day[left]).sum(axis=0)
        self._graph.explore(node)
        return node, pending, day

    def _without_dlt(self, group: Group, opens: BoolArray) -> list[IntArray]:
        """Return the groups without a DLT that have to be looked at: none where such groups are always completed."""
        return [] if self._graph.calm else [np.flatnonzero((group.dlts == 0) & ~opens)]

    def _times(self, group: Group) -> FloatArray:
        """Return the days of the DLTs of groups, (patients, G), infinite where there is none."""
        place = np.arange(int(group.entered.max(initial=0)))[:, None]
        number = np.maximum(self._patients - group.entered + place, 0)
        there = (place < group.entered) & self._dlt[np.minimum(number, len(self._dlt) - 1), group.row]
        return np.where(there, self._assessed[np.minimum(number, len(self._dlt) - 1), group.row], np.inf)
