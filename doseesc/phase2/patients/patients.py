"""Patients of Phase 2 trials, many trials side by side.

Every patient has up to four latent uniform numbers: for the course of the disease, for loss to follow-up, for an
adverse reaction, and for severity where there are strata.  The first orders patients from those who improve first to
those who die first, so that a better arm makes the same patient do better.  The numbers come from a stream per block of
:data:`BLOCK` trials, arm and purpose, and are drawn patient by patient: trial t's patient i is the same whatever the
numbers of trials, patients or workers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from designs.arrays import BoolArray, FloatArray, IntArray
from designs.checks import require_probability, require_whole
from doseesc.phase2.analyses import CENSORED, DIED, IMPROVED, DayCounts
from doseesc.phase2.patients.course import Course

MOST_PER_ARM = 100_000
"""Patients that an arm may have."""

BLOCK = 1024
"""Trials per block; bounds the memory."""
PIECE = 1024
"""Patients per arm drawn at a time where only counts are wanted; bounds it for large trials."""

_STREAM = 2  # keeps Phase 2's random numbers apart from Phase 1's, which are spawned from the same seed
_PURPOSES = 4
_COURSE, _LOSS, _REACTION, _SEVERITY = range(_PURPOSES)


@dataclass(frozen=True, kw_only=True)
class ArmLaw:
    """How patients of one arm fare.

    Parameters
    ----------
    n : int
        Patients per trial.
    course : Course
        Improvement and death of all patients.
    adverse : float
        Probability of an adverse reaction by its day (14 in the registry), independent of the course.
    loss : float
        Probability of loss to follow-up before the last day; the day is uniform.
    strata : tuple of (float, Course)
        Share and course of each severity, where there are such; ``course`` is then their mixture.
    """

    n: int
    course: Course
    adverse: float = 0.0
    loss: float = 0.0
    strata: tuple[tuple[float, Course], ...] = ()

    def __post_init__(self) -> None:
        require_whole("n", self.n, 1, MOST_PER_ARM)
        require_probability("adverse", self.adverse, closed=True)
        require_probability("loss", self.loss, closed=True)


@dataclass(frozen=True)
class ArmPatients:
    """The patients of one arm in a block of trials.

    Attributes
    ----------
    code : array, shape (n, T)
        Way and day observation ended, as  kind * D + day - 1  (see :class:`DayCounts`).
    reaction : array of bool, shape (n, T)
        Adverse reaction.
    horizon : int
        Days D.
    stratum : array, shape (n, T), or None
        Place of each patient's severity, from 0; None without strata.
    strata : int
        Severities.
    """

    code: IntArray
    reaction: BoolArray
    horizon: int
    stratum: IntArray | None = None
    strata: int = 0

    @property
    def kind(self) -> IntArray:
        """0 improved, 1 died, 2 censored."""
        return self.code // self.horizon

    @property
    def day(self) -> IntArray:
        """Day that observation ended."""
        return self.code % self.horizon + 1

    @property
    def day_counts(self) -> DayCounts:
        """The patients as counts per day."""
        return DayCounts.of_codes(self.code, self.horizon)

    @property
    def day_counts_by_stratum(self) -> tuple[DayCounts, ...]:
        """The patients of each severity as counts per day; some may have none in some trial."""
        if self.stratum is None:
            return (self.day_counts,)
        return DayCounts.of_strata(self.code, self.stratum, self.strata, self.horizon)

    @property
    def reactions(self) -> IntArray:
        """Patients with an adverse reaction, per trial."""
        return self.reaction.sum(axis=0)


def draw_arm(law: ArmLaw, *, seed: int, block: int, arm: int, trials: int = BLOCK) -> ArmPatients:
    """Draw one arm of a block of trials.

    Parameters
    ----------
    law : ArmLaw
    seed : int
    block, arm : int
        Which stream: the same numbers for the same three.
    trials : int
        How many of the block's trials are kept.

    Examples
    --------
    >>> from doseesc.phase2.patients.course import ControlCourse
    >>> drawn = draw_arm(ArmLaw(n=50, course=ControlCourse().with_drug()), seed=1, block=0, arm=0)
    >>> bool(abs(drawn.day_counts.deaths.mean() / 50 - 0.30) < 0.01)
    True
    """
    return _drawn(law, law.n, trials, _Streams(seed, block, arm))


def draw_pieces(
    law: ArmLaw, *, seed: int, block: int, arm: int, trials: int = BLOCK, patients: int = PIECE
) -> Iterator[ArmPatients]:
    """Draw the same patients in pieces of at most so many per trial, so that large trials need no more memory."""
    streams = _Streams(seed, block, arm)
    for start in range(0, law.n, patients):
        yield _drawn(law, min(patients, law.n - start), trials, streams)


def _table(course: Course) -> tuple[FloatArray, npt.NDArray[np.int32]]:
    """Return upper ends of the latent number's intervals, and the code of each interval.

    In order: improved on days 1 to D, neither, died on days D to 1.
    """
    days = course.horizon
    upper = np.concatenate([course.improved, 1 - course.died[::-1]])
    ways = ((IMPROVED, range(days)), (CENSORED, (days - 1,)), (DIED, range(days - 1, -1, -1)))
    return upper, np.array([kind * days + day for kind, order in ways for day in order], dtype=np.int32)


def _tables(courses: Sequence[Course]) -> tuple[FloatArray, npt.NDArray[np.int32]]:
    """Return the tables of several courses one after another: that of the k-th for latent numbers from k to k + 1."""
    tables = [_table(course) for course in courses]
    upper = np.concatenate([np.append(place + ends, place + 1.0) for place, (ends, _) in enumerate(tables)])
    return upper[:-1], np.concatenate([codes for _, codes in tables])


def _find(upper: FloatArray, latent: FloatArray) -> IntArray:
    return np.searchsorted(upper, latent.ravel(), side="right").reshape(latent.shape)


class _Streams:
    """The random numbers of one arm in a block of trials, a stream for each purpose, in order of patients."""

    def __init__(self, seed: int, block: int, arm: int) -> None:
        sequences = (np.random.SeedSequence(seed, spawn_key=(_STREAM, block, arm, each)) for each in range(_PURPOSES))
        self._generators = [np.random.Generator(np.random.PCG64(each)) for each in sequences]

    def uniform(self, purpose: int, n: int, trials: int) -> FloatArray:
        """Return the numbers of the next n patients, shape (n, trials)."""
        latent = self._generators[purpose].random((n, BLOCK))
        return latent if trials == BLOCK else np.ascontiguousarray(latent[:, :trials])


def _drawn(law: ArmLaw, n: int, trials: int, streams: _Streams) -> ArmPatients:
    days = law.course.horizon
    latent = streams.uniform(_COURSE, n, trials)
    stratum = None
    if law.strata:
        ends = np.cumsum([share for share, _ in law.strata])[:-1]
        stratum = _find(ends, streams.uniform(_SEVERITY, n, trials))
        latent = latent + stratum
    upper, codes = _tables([course for _, course in law.strata] or [law.course])
    code = codes[_find(upper, latent)]
    if law.loss > 0 and days > 1:
        # A day of 1 to D - 1, uniformly, from the same number that says whether the patient is lost.
        latent = streams.uniform(_LOSS, n, trials)
        lost = np.flatnonzero(latent.ravel() < law.loss)
        day = 1 + (latent.ravel()[lost] / law.loss * (days - 1)).astype(np.int32)
        flat = code.ravel()
        before = day < flat[lost] % days + 1
        flat[lost[before]] = CENSORED * days + day[before] - 1
        code = flat.reshape(code.shape)
    if law.adverse == 0:
        reaction = np.zeros(code.shape, dtype=np.bool_)
    else:
        reaction = streams.uniform(_REACTION, n, trials) < law.adverse
    return ArmPatients(code, reaction, days, stratum, len(law.strata))
