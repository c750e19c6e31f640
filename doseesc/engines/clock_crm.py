"""Trials of the TITE-CRM on the calendar in compiled code.

At every look the posterior mean of the parameter is a sum over the nodes of :meth:`designs.CRM.quadrature`.  The
likelihood of the patients whose outcome is known is kept at the nodes, and each pending patient multiplies in the
factor 1 - w F of its weight; no exponential is taken.  What a decision needs beyond the mean is in
:mod:`doseesc.engines.clock_crm_model`.

Sums are not those of :meth:`designs.CRM.decide` to the last digit.  So where one comes very near a limit, which
happens in next to no trial, the design itself is asked; all other decisions are the same either way.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designs import CRM, Reason
from designs.arrays import FloatArray, IntArray
from doseesc.engines.clock_arrays import (
    LEVEL,
    LOOK,
    NOW,
    PATIENTS,
    PENDING,
    Setting,
    Trials,
)
from doseesc.engines.clock_batches import decide_looks
from doseesc.engines.clock_crm_model import NEAR, Model, model_of
from doseesc.engines.clock_followed import Followed, follow_if_over
from doseesc.engines.clock_instants import followed
from doseesc.engines.clock_mechanics import advance, apply, note_decision
from doseesc.engines.clock_numba import compiled, compiled_inner, compiled_sums
from doseesc.engines.clock_one_place import placed
from doseesc.engines.clock_rules import TOO_TOXIC, UNSURE, WAITS, bounded, knows_setting, stopped

_START = int(Reason.START)
_BELOW_ONE = 1 - 2.0**-53
_LEAST_LIKELIHOOD = 1e-200  # below, digits might be lost to underflow


class Bench(NamedTuple):
    """Where one trial's likelihoods are worked out at the nodes, and which patients are in them.

    Attributes
    ----------
    known, final, product : array, shape (G,)
        Prior times the likelihood of the outcomes known, of all patients entered followed to the end, and of everybody
        as seen now.
    in_known : array of int, shape (2, J)
        Patients without and with a DLT in ``known``.
    dlt_days : array, shape (P,)
        Days from first dose to the DLTs known, in order.
    """

    known: FloatArray
    final: FloatArray
    product: FloatArray
    in_known: IntArray
    dlt_days: FloatArray


class CrmDecisions:
    """Decisions of one TITE-CRM.

    Parameters
    ----------
    design : CRM
        One that :func:`doseesc.engines.clock_crm_model.is_tite_crm`.
    """

    def __init__(self, design: CRM) -> None:
        self._design = design
        self._model = model_of(design)
        nodes, doses = len(self._model.node), design.n_doses
        known, final, product = np.empty((3, nodes))
        self._bench = Bench(known, final, product, np.empty((2, doses), dtype=np.int64), np.empty(design.max_n))

    def know(self, setting: Setting) -> bool:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: where nothing else goes on."""
        return knows_setting(setting)

    def run(self, trials: Trials, setting: Setting, running: IntArray, ends: Followed) -> IntArray:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: until it is too near a limit to tell."""
        return _play(trials, setting, self._model, self._bench, running, ends)

    def look(self, trials: Trials, setting: Setting, looking: IntArray) -> None:
        """See :class:`doseesc.engines.clock_compiled.Decisions`: ask the design itself."""
        decide_looks(self._design, trials, setting, looking)


@compiled
def _play(x: Trials, setting: Setting, model: Model, bench: Bench, running: IntArray, ends: Followed) -> IntArray:
    """Run trials to their ends, or to looks that the design itself is to decide; return their status."""
    status = np.empty(len(running), dtype=np.int64)
    for r in range(len(running)):
        s = placed(x, ends, running[r])
        status[r] = _play_one(x, setting, model, bench, s)
        follow_if_over(x, s, ends, running[r])
    return status


@compiled_inner
def _play_one(x: Trials, setting: Setting, model: Model, bench: Bench, s: int) -> int:
    counts = x.counts[s]
    _copy(model.prior, bench.known)
    _copy(model.prior, bench.final)
    bench.in_known[:] = 0
    in_final = 0
    while True:
        status = advance(x, setting, s)
        if status != LOOK:
            return status
        if counts[PATIENTS] == 0:
            apply(x, setting, s, model.start_level, min(model.cohort_size, setting.max_n), _START)
            continue
        _take_in_known(x, model, bench, s)
        _take_in_pending(x, setting, model, bench, s)
        answer = _answer(x, setting, model, bench.product, x.dlt[s], s, False)
        if answer == UNSURE:
            return status
        if answer == WAITS:
            apply(x, setting, s, counts[LEVEL], 0, 0)
            continue
        changed = False
        if counts[PENDING] > 0:
            for i in range(in_final, counts[PATIENTS]):
                _multiply(bench.final, model.has_dlt if x.has_dlt[s, i] else model.no_dlt, x.level[s, i] - 1)
            in_final = counts[PATIENTS]
            later = _answer(x, setting, model, bench.final, x.all_dlt[s], s, True)
            if later == UNSURE:
                return status
            changed = max(later, 0) != max(answer, 0)
        note_decision(x, s, 0, changed)
        size = min(model.cohort_size, setting.max_n - counts[PATIENTS])
        apply(x, setting, s, max(answer, 0), size, max(-answer, 0))


@compiled_inner
def _answer(
    x: Trials, setting: Setting, model: Model, likelihood: FloatArray, dlt: IntArray, s: int, later: bool
) -> int:
    """Return the decision; with ``later``, once everybody entered is followed to the end."""
    total, first, above = _sums(model, likelihood)
    if not total > _LEAST_LIKELIHOOD:
        return UNSURE
    mean, tail = first / total, above / total
    level = 1
    for edge in model.beyond:
        level += mean > edge
        if abs(mean - edge) < NEAR:
            return UNSURE
    if abs(tail - model.confidence) < NEAR:
        return UNSURE
    if tail >= model.confidence:
        return TOO_TOXIC
    level = stopped(x, model.rules, s, bounded(x, model.rules, s, level, dlt, later))
    if level > 0 and not later and x.counts[s, PENDING] > 0 and _suspended(x, setting, model, s, level):
        return WAITS
    return level


@compiled_inner
def _suspended(x: Trials, setting: Setting, model: Model, s: int, level: int) -> bool:
    """Say whether the policy about pending patients holds back a step to ``level``."""
    current, there, shortest = x.counts[s, LEVEL], 0, np.inf
    for k in range(x.counts[s, PENDING]):
        i = x.place[s, k]
        if x.level[s, i] == current:
            there += 1
            shortest = min(shortest, followed(x, setting, s, i))
    n = x.n[s, current - 1]
    if level >= current and there > model.suspend_above * n:
        return True
    return level > current and (n - there < model.minimum_known or shortest < model.minimum_followed * setting.window)


@compiled_inner
def _take_in_known(x: Trials, model: Model, bench: Bench, s: int) -> None:
    for j in range(x.n.shape[1]):
        with_dlt, without = x.dlt[s, j], x.known[s, j] - x.dlt[s, j]
        while bench.in_known[0, j] < without:
            _multiply(bench.known, model.no_dlt, j)
            bench.in_known[0, j] += 1
        while bench.in_known[1, j] < with_dlt:
            _multiply(bench.known, model.has_dlt, j)
            bench.in_known[1, j] += 1


@compiled_inner
def _take_in_pending(x: Trials, setting: Setting, model: Model, bench: Bench, s: int) -> None:
    """Work out the likelihood of everybody as seen now, pending patients by their weights."""
    _copy(bench.known, bench.product)
    dlts = _sort_dlt_days(x, bench, s) if len(model.shares) == 0 else 0
    for k in range(x.counts[s, PENDING]):
        i = x.place[s, k]
        weight = min(_weight(setting, model, bench, followed(x, setting, s, i), dlts), _BELOW_ONE)
        j = x.level[s, i] - 1
        for g in range(len(bench.product)):
            bench.product[g] *= (1 - weight) + weight * model.no_dlt[j, g]


@compiled_inner
def _weight(setting: Setting, model: Model, bench: Bench, days: float, dlts: int) -> float:
    parts = len(model.shares)
    if parts == 1 or (parts == 0 and dlts == 0):
        return days / setting.window
    if parts == 0:
        before = 0
        while before < dlts and bench.dlt_days[before] <= days:
            before += 1
        left = bench.dlt_days[before - 1] if before > 0 else 0.0
        right = bench.dlt_days[before] if before < dlts else setting.window
        within = (days - left) / (right - left) if right > left else 0.0
        return (before + within) / (dlts + 1)
    weight = 0.0
    for before in range(parts):
        weight += model.shares[before] * min(max(days / setting.window * parts - before, 0.0), 1.0)
    return weight


@compiled_inner
def _sort_dlt_days(x: Trials, bench: Bench, s: int) -> int:
    """Put the days of the DLTs known in order; return how many there are."""
    dlts = 0
    for i in range(x.counts[s, PATIENTS]):
        if x.has_dlt[s, i] and x.assessed[s, i] <= x.days[s, NOW]:
            days, at = x.assessed[s, i] - x.entered[s, i], dlts
            while at > 0 and bench.dlt_days[at - 1] > days:
                bench.dlt_days[at] = bench.dlt_days[at - 1]
                at -= 1
            bench.dlt_days[at] = days
            dlts += 1
    return dlts


@compiled_inner
def _copy(source: FloatArray, to: FloatArray) -> None:
    for g in range(len(source)):
        to[g] = source[g]


@compiled_inner
def _multiply(likelihood: FloatArray, factor: FloatArray, j: int) -> None:
    for g in range(len(likelihood)):
        likelihood[g] *= factor[j, g]


@compiled_sums
def _sums(model: Model, likelihood: FloatArray) -> tuple[float, float, float]:
    """Return the sums over the nodes of the likelihood, of it times the parameter, and of the tail's shares."""
    total, first, above = 0.0, 0.0, 0.0
    for g in range(len(likelihood)):
        total += likelihood[g]
        first += likelihood[g] * model.node[g]
    for g in range(len(model.share)):
        above += likelihood[g] * model.share[g]
    return total, first, above
