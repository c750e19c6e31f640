"""The comparisons, made again on this machine."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from doseesc.pieces import answers
from doseesc.validation.comparing import Comparison
from doseesc.validation.requirements import Case, Requirement
from doseesc.validation.uncompiled import compare_uncompiled


@dataclass(frozen=True, kw_only=True)
class Made:
    """A comparison that was made.

    Attributes
    ----------
    case : Case
    comparison : Comparison or None
        None where it failed with an error.
    error : str
        The error, empty where there was none.
    seconds : float
    uncompiled : bool
        Whether functions that are otherwise compiled were read by Python.
    """

    case: Case
    comparison: Comparison | None
    error: str
    seconds: float
    uncompiled: bool

    @property
    def passed(self) -> bool:
        """Whether it was made, and every difference was within its tolerance."""
        return self.comparison is not None and self.comparison.passed


def make(
    wanted: Sequence[Requirement],
    *,
    quick: bool,
    jobs: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Made]:
    """Make the comparisons of requirements, each once; return them by name.

    Parameters
    ----------
    wanted : sequence of Requirement
    quick : bool
        Only those that are quick, of which those that compile are made uncompiled.
    jobs : int
        Processes.
    progress : callable, optional
        Called with the comparisons made and those in all.
    """
    cases = {case.name: case for each in wanted for case in each.cases if case.quick or not quick}
    found: dict[str, Made] = {}
    if progress is not None:
        progress(0, len(cases))
    ask = partial(_make, compiling=not quick)
    with warnings.catch_warnings():
        # Of processes that joblib replaces because comparisons that compile or draw have grown them: nothing is lost.
        warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given to the executor")
        for made in answers(ask, cases.values(), jobs, in_order=False):
            found[made.case.name] = made
            if progress is not None:
                progress(len(found), len(cases))
    return {name: found[name] for name in cases}


def _make(case: Case, *, compiling: bool) -> Made:
    """Make one comparison; an installation that is broken may fail in it in any way, which is a finding."""
    began = time.perf_counter()
    comparison, error, uncompiled = None, "", case.compiles and not compiling
    log = logging.getLogger("doseesc")
    level = log.level
    log.setLevel(logging.ERROR)  # how far an enumeration is, is no news here
    try:
        comparison = compare_uncompiled(case.name) if uncompiled else case.compare()
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    finally:
        log.setLevel(level)
    seconds = time.perf_counter() - began
    return Made(case=case, comparison=comparison, error=error, seconds=seconds, uncompiled=uncompiled)
