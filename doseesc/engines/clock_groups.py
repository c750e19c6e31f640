"""The groups of A+B designs on the calendar, when they are left and for what: for `doseesc.engines.clock_complete`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs import Design, Reason
from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines.decision_graph import UNKNOWN, DecisionGraph


class Group(NamedTuple):
    """Groups of G trials: places in the arrays and in the block, the nodes where they began, and their patients."""

    place: IntArray
    row: IntArray
    start: IntArray
    entered: IntArray
    dlts: IntArray


class GroupGraph(DecisionGraph):
    """The decisions of an A+B design, in which partly filled groups are nodes, too."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self._after = np.empty((0, 0), dtype=np.int64)
        self._goes_on = np.empty((0, 0), dtype=np.int8)
        self._condemned = np.empty(0, dtype=np.bool_)

    def after(self, start: IntArray, entered: IntArray, dlts: IntArray) -> IntArray:
        """Return the nodes that trials reach from nodes ``start`` after so many patients and DLTs."""
        way = entered * (entered + 1) // 2 + dlts
        self._widen(int(way.max(initial=0)))
        found = self._after[start, way]
        if found.min(initial=0) == UNKNOWN:
            self._explore(np.unique(start[found == UNKNOWN]))
            found = self._after[start, way]
        return found

    def goes_on(self, start: IntArray, entered: IntArray, dlts: IntArray) -> BoolArray:
        """Tell where the group begun at nodes ``start`` is to be completed after so many patients and DLTs."""
        way = entered * (entered + 1) // 2 + dlts
        if self._goes_on.shape != self._after.shape or way.max(initial=0) >= self._after.shape[1]:
            self.after(start, entered, dlts)
        found = self._goes_on[start, way]
        if found.min(initial=0) == UNKNOWN:
            self.after(start, entered, dlts)
            found = self._goes_on[start, way]
        return found == 1

    def condemned(self, node: IntArray) -> BoolArray:
        """Tell at which nodes the DLTs condemn the current level."""
        if len(self._condemned) < self.size:
            self._condemned = self.design.condemns(self.tally)
        return self._condemned[node]

    def _explore(self, start: IntArray) -> None:
        """Learn all that the groups begun at nodes can lead to, at once, since designs are slow to ask one by one."""
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
        self._goes_on[node, way] = self.reason_code[target] == Reason.COMPLETE_COHORT

    def _widen(self, way: int) -> None:
        nodes, ways = self._after.shape
        more = max(self.size - nodes, 0), max(way + 1 - ways, 0)
        if any(more):
            self._after = np.pad(self._after, ((0, more[0]), (0, more[1])), constant_values=UNKNOWN)
            self._goes_on = np.pad(self._goes_on, ((0, more[0]), (0, more[1])), constant_values=UNKNOWN)


class Groups:
    """The patients of A+B trials: those entered since the last decision by their places, and all of them by number."""

    def __init__(self, graph: GroupGraph, size: int) -> None:
        self._graph = graph
        self._assessed = np.full((1, size), np.inf)
        self._dlt = np.zeros((1, size), dtype=np.bool_)
        self._everybody = np.full((graph.design.max_n, size), -np.inf)

    def enter(self, number: int, row: IntArray, place: IntArray, assessed: FloatArray, dlt: BoolArray) -> None:
        """Note patients: the day of the end of their assessment, and whether it is a DLT."""
        if (most := int(place.max(initial=0))) >= len(self._assessed):
            more = ((0, most + 1 - len(self._assessed)), (0, 0))
            self._assessed = np.pad(self._assessed, more, constant_values=np.inf)
            self._dlt = np.pad(self._dlt, more)
        column = np.arange(len(place))
        self._assessed[place, column], self._dlt[place, column] = assessed, dlt
        self._everybody[number, row] = assessed

    def leave_off(self, start: IntArray, entered: IntArray, dlts: IntArray, now: FloatArray) -> BoolArray:
        """Tell which groups are full or, as far as is known by now, not to be completed."""
        known = np.zeros(len(start), dtype=np.int64)
        some = np.flatnonzero(dlts)
        known[some] = (self._times(some, entered[some]) <= now[some]).sum(axis=0)
        return ~self._graph.goes_on(start, entered, known)

    def decided(self, group: Group, now: FloatArray, all_known: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return what is decided about groups: the nodes reached, the patients pending then in all, and the days.

        That is when all is known, with all DLTs, or before, when known DLTs condemn the level; and not before the
        patient comes who is to be treated next.
        """
        dlts, day = group.dlts.copy(), all_known.copy()
        pending = np.zeros(len(day), dtype=np.int64)
        some = np.flatnonzero(all_known > now)
        if not len(some):
            return self._graph.after(group.start, group.entered, dlts), pending, day
        times = np.sort(self._times(group.place[some], group.entered[some]), axis=0)
        waiting = np.ones(len(some), dtype=np.bool_)
        for known in range(1, len(times) + 1):
            there = waiting & (known <= dlts[some])
            node = self._graph.after(group.start[some], group.entered[some], np.where(there, known, 0))
            seen_already = (known < len(times)) & (times[min(known, len(times) - 1)] <= now[some])
            leaves = there & ~seen_already & self._graph.condemned(node) & (times[known - 1] < all_known[some])
            which = some[leaves]
            dlts[which], day[which] = known, np.maximum(now[which], times[known - 1][leaves])
            waiting &= ~leaves
        left = some[~waiting]
        pending[left] = (self._everybody[:, group.row[left]] > day[left]).sum(axis=0)
        return self._graph.after(group.start, group.entered, dlts), pending, day

    def _times(self, place: IntArray, entered: IntArray) -> FloatArray:
        """Return the days of the DLTs of some groups, (patients, S), infinite where there is none."""
        there = np.arange(len(self._assessed))[:, None] < entered
        return np.where(there & self._dlt[:, place], self._assessed[:, place], np.inf)

    def keep(self, rows: IntArray) -> None:
        """Leave only some trials."""
        self._assessed, self._dlt = self._assessed[:, rows], self._dlt[:, rows]
