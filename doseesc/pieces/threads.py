"""How many threads linear algebra takes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep the linear algebra of NumPy and SciPy to one thread.

    The products of an enumeration are many and small.  Spread over threads they are no faster on an idle machine, and
    several times slower on a busy one, where the threads wait for one another.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
