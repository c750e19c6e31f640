"""Severity at baseline: strata of patients with their own course of the disease.

A patient's stratum is drawn at random, the same mix in every arm; the drug's hazard ratio and relative risk hold
within each stratum.  :data:`BERLIN` are the classes of the Berlin definition (JAMA 2012;307:2526) with 28-day
mortalities and a mix for trials like NCT04602104, and proportions improved between those of published trials; all the
project's own, chosen with the published mortalities of the classes in mind, which were known from memory.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designs.checks import require_probability
from doseesc.phase2.patients.course import ControlCourse, Course

_ROUNDING = 1e-6


@dataclass(frozen=True, kw_only=True)
class Stratum:
    """Patients of one severity.

    Parameters
    ----------
    name : str
    share : float
        Of all patients.
    course : ControlCourse
        What becomes of them without the drug.
    """

    name: str
    share: float
    course: ControlCourse

    def __post_init__(self) -> None:
        require_probability("share", self.share)


BERLIN = (
    Stratum(name="mild", share=0.15, course=ControlCourse(improved=0.58, died=0.22)),
    Stratum(name="moderate", share=0.50, course=ControlCourse(improved=0.50, died=0.30)),
    Stratum(name="severe", share=0.35, course=ControlCourse(improved=0.35, died=0.42)),
)
"""Mild, moderate and severe ARDS."""


def check_strata(strata: Sequence[Stratum]) -> None:
    """Refuse strata that do not make up all patients.

    Raises
    ------
    ValueError
        If there is only one, two share a name, shares do not add up to 1, or their days of observation differ.
    """
    if len(strata) < 2:
        raise ValueError("strata must be at least two, or none")
    names = [each.name for each in strata]
    if len(set(names)) < len(names):
        raise ValueError(f"strata must have names of their own, not {', '.join(names)}")
    total = math.fsum(each.share for each in strata)
    if abs(total - 1) > _ROUNDING:
        raise ValueError(f"strata must have shares that add up to 1, not {total:g}")
    if len({each.course.horizon for each in strata}) > 1:
        raise ValueError("strata must be observed for the same days")


def mixture(strata: Sequence[tuple[float, Course]]) -> Course:
    """Return the course of all patients from (share, course) of each stratum.

    Examples
    --------
    >>> whole = mixture([(each.share, each.course.with_drug()) for each in BERLIN])
    >>> float(whole.improved[-1].round(4)), float(whole.died[-1].round(4))
    (0.4595, 0.33)
    """
    shares = np.array([share for share, _ in strata])
    improved, died = (np.stack([getattr(course, name) for _, course in strata]) for name in ("improved", "died"))
    return Course(shares @ improved, shares @ died)
