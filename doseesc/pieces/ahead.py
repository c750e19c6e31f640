"""Things made one ahead of whoever uses them, in a thread beside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


def one_ahead(make: Callable[[Given], Made], things: Sequence[Given]) -> Iterator[tuple[Given, Made]]:
    """Yield each thing with what is made of it, while the next one is being made.

    This saves time where making and using both leave Python's lock free, as drawing random numbers and playing compiled
    trials do.  What is made of a single thing is made without a thread.  An error in the making is raised where the
    thing would be yielded.

    Parameters
    ----------
    make : callable
        Called in another thread, with one thing after the other.
    things : sequence

    Examples
    --------
    >>> list(one_ahead(str, [1, 2, 3]))
    [(1, '1'), (2, '2'), (3, '3')]
    """
    if len(things) < 2:
        yield from ((thing, make(thing)) for thing in things)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=1) as beside:
        coming = beside.submit(make, things[0])
        for following, thing in enumerate(things, 1):
            made = coming.result()
            if following < len(things):
                coming = beside.submit(make, things[following])
            yield thing, made
