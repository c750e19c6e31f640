"""Compiled functions: how they are compiled, in one place.

Numba takes a third of a second to import, so that modules which compile are imported where a clock is run, and by no
other module.  What has been compiled is kept on disk beside the source, or in the user's cache, for later processes.

Numba knows a compiled function by its own file alone.  These put one another in place across files, so their names on
disk tell all of their sources: after any change, of an upgrade too, they are compiled anew.

Compiling takes half a minute to a minute.  So that nobody takes the program for stuck, it is told on the log "doseesc"
when it begins; a program that sets up no log has it on standard error.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np
from numba.core import event

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")

as_index = np.uint64
"""Makes an index of a number that is not negative: without a sign, it is not asked whether it counts from the end.

For brackets alone, where it saves a sixth of the time; reckoned with a number that has a sign it becomes a fraction.
"""

_HERE = Path(__file__).parent


def compiled(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function of arrays and numbers at its first call, or load it from the cache."""
    result: Callable[Parameters, Returned] = numba.njit(cache=True, nogil=True, error_model="numpy")(_named(function))
    return result


def compiled_inner(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function that makes no arrays, to be put in place where it is called.

    Such functions hand on all that a trial is, some fifteen arrays, to one another: called, or with their references
    counted, they would take several times as long.
    """
    compile_it = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=False)
    result: Callable[Parameters, Returned] = compile_it(_named(function))
    return result


def compiled_sums(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function as :func:`compiled_inner` does, whose sums may be taken in any order: several at a time.

    For callers that do not rely on the last digits of a sum.
    """
    compile_it = numba.njit(
        cache=True, nogil=True, error_model="numpy", forceinline=True, _nrt=False, fastmath={"reassoc", "contract"}
    )
    result: Callable[Parameters, Returned] = compile_it(_named(function))
    return result


@cache
def source_digest() -> str:
    """Return what tells this version of the compiled functions' sources from others."""
    digest = hashlib.sha256()
    for source in (*sorted(_HERE.glob("*.py")), _HERE.parent / "truth" / "arrivals.py"):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:12]


def _named(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Return a copy of a function under a name that tells its sources."""
    given = cast("FunctionType", function)
    copy = FunctionType(given.__code__, given.__globals__, given.__name__, given.__defaults__, given.__closure__)
    copy.__qualname__ = f"{given.__qualname__}_{source_digest()}"
    copy.__doc__, copy.__annotations__ = given.__doc__, given.__annotations__
    return cast("Callable[Parameters, Returned]", copy)


class _Watch(event.Listener):  # type: ignore[misc]  # Numba has no types
    """Is told by Numba of what is compiled, and not of what is loaded from disk."""

    def on_start(self, event: Any) -> None:
        """Tell it, of functions from here."""
        if event.data["dispatcher"].py_func.__qualname__.endswith(source_digest()):
            _tell()

    def on_end(self, event: Any) -> None:
        """Do nothing: what has been compiled is there."""


@cache
def _tell() -> None:
    """Tell once that functions are being compiled; as a warning, which is the least that is shown without a log."""
    logging.getLogger("doseesc").warning(
        "note: compiling what plays trials on the calendar, which takes up to a minute; it is kept for later runs"
    )


event.register("numba:compile", _Watch())
