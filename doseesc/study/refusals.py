"""What of a study cannot be computed, said as all that is wrong in its file: file, line, field, value, and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from designs.settled import Settled, TooManyCompletions
from doseesc.engines import TooManyStates
from doseesc.errors import FieldPath, Problem, ScenarioError

if TYPE_CHECKING:
    from doseesc.study.study import Study

_SMALLER = "write a larger  cohort_size  or a smaller  max_n;  doseesc run --method monte_carlo  simulates instead"
SMALLER_LATTICE = "write a larger  cohort_size,  a smaller  max_n,  or further  optimal.constraints"
"""What to do where the best possible design is too large to be found."""

_NO_SETTLING = "write  pending: complete,  a smaller  cohort_size,  or fewer patients per month"


def refused(study: Study, path: FieldPath, message: str, remedy: str) -> ScenarioError:
    """Return the error of a field of the study's file."""
    problem = Problem(path, message, remedy, study.line_of(path))
    return ScenarioError(str(study.source or "study"), [problem], {"designs": [{"name": each} for each in study.names]})


@contextmanager
def bounded(study: Study, design: str | None = None, remedy: str = _SMALLER) -> Iterator[None]:
    """Say of a design that is too large to be computed where in the study's file it stands, and what to write instead.

    Parameters
    ----------
    study : Study
    design : str, optional
        Name of the design at work; by default it is what the study says of all.
    remedy : str
        What to do where there are too many states.

    Raises
    ------
    ScenarioError
        Instead of :class:`doseesc.engines.TooManyStates` and :class:`designs.settled.TooManyCompletions`.
    """
    try:
        yield
    except TooManyStates as error:
        path: FieldPath = ("max_n",) if design is None else ("designs", study.names.index(design))
        why = str(error).partition("; ")[0]
        raise refused(study, path, f"is too large with {_size(study, design)}: {why}", remedy) from error
    except TooManyCompletions as error:
        name = design or _name_of(study, error)
        path = ("designs",) if name is None else ("designs", study.names.index(name), "pending")
        raise refused(study, path, f"is Settled(), but {error}", _NO_SETTLING) from error


def _size(study: Study, design: str | None) -> str:
    of = study if design is None else study.designs[design]
    return f"{of.n_doses} doses, {of.max_n:,} patients and cohorts of {of.cohort_size:,}"


def _name_of(study: Study, error: TooManyCompletions) -> str | None:
    """Return the design that cannot decide; the only one that settles, where engines have changed it."""
    designs = study.designs
    same = [name for name, each in designs.items() if each == error.design]
    settling = [name for name, each in designs.items() if isinstance(each.pending, Settled)]
    found = same or settling
    return found[0] if len(found) == 1 else None
