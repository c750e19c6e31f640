"""A piece of work: one question and some tasks, as one text, which whoever does it reads and answers alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from doseesc._version import __version__
from doseesc.errors import CannotCompute
from doseesc.pieces.text import NoText, text_of, value_of
from doseesc.pieces.threads import one_blas_thread


class Piece(NamedTuple):
    """What is handed to a worker.

    Attributes
    ----------
    ask : str or callable
        What is asked, with all that tasks share, and the version, as text.  The thing itself only where it has no text
        and workers are processes of this machine, as for a design that was written in a notebook.
    tasks : str or list
        The same of the tasks.
    """

    ask: Any
    tasks: Any


class WrongVersion(CannotCompute):
    """A piece of work of another version of doseesc."""


class Asked:
    """A question whose pieces are made.

    Parameters
    ----------
    ask : callable
    here : bool
        Whether workers understand live objects, too.

    Raises
    ------
    NoText
        If they do not, and it has no text.
    """

    def __init__(self, ask: Callable[[Any], Any], here: bool) -> None:
        self._here = here
        self._ask: Any = ask
        try:
            self._ask = json.dumps({"doseesc": __version__, "ask": text_of(ask)})
        except NoText:
            if not here:
                raise

    def of(self, tasks: Sequence[Any]) -> Piece:
        """Return the piece of some tasks."""
        try:
            return Piece(self._ask, text_of(list(tasks)))
        except NoText:
            if not self._here:
                raise
            return Piece(self._ask, list(tasks))


def do(piece: Piece) -> tuple[list[Any], float]:
    """Do a piece of work, with one thread and one process; return the answers to its tasks, and the seconds it took.

    Raises
    ------
    WrongVersion
        If it is of another version.
    Exception
        What is raised by what is asked.
    """
    began = time.perf_counter()
    ask = _asked(piece.ask) if isinstance(piece.ask, str) else piece.ask
    tasks = value_of(piece.tasks) if isinstance(piece.tasks, str) else piece.tasks
    with one_blas_thread():
        found = [ask(task) for task in tasks]
    return found, time.perf_counter() - began


@lru_cache(maxsize=4)
def _asked(text: str) -> Callable[[Any], Any]:
    """Read what is asked, once for all pieces that share it."""
    document = json.loads(text)
    if document["doseesc"] != __version__:
        raise WrongVersion(f"this piece of work is of doseesc {document['doseesc']}, and this is {__version__}")
    asked: Callable[[Any], Any] = value_of(document["ask"])
    return asked
