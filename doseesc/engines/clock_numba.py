"""Compiled functions: how they are compiled, in one place.

Numba takes a third of a second to import, so that modules which compile are imported where a clock is run, and by no
other module.  What has been compiled is kept on disk beside the source, or in the user's cache, for later processes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import numba

Parameters = ParamSpec("Parameters")
Returned = TypeVar("Returned")


def compiled(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function of arrays and numbers at its first call, or load it from the cache."""
    result: Callable[Parameters, Returned] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return result


def compiled_inner(function: Callable[Parameters, Returned]) -> Callable[Parameters, Returned]:
    """Compile a function that makes no arrays."""
    result: Callable[Parameters, Returned] = numba.njit(cache=True, nogil=True, error_model="numpy", _nrt=False)(
        function
    )
    return result
