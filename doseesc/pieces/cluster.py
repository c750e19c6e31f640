"""The workers of a Dask cluster: who they are, whether they are fit for the work, and work handed to them.

What is sent to them is text, so that a worker needs the same doseesc and nothing else from this machine; what is
installed there is asked first.  A worker that is lost loses nothing but time: the scheduler has others do its pieces of
work again.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

from doseesc._version import __version__
from doseesc.errors import CannotCompute
from doseesc.pieces.piece import Piece, do
from doseesc.pieces.text import NoText

_PATIENCE = "15s"
_AHEAD = 3
"""Tasks that each thread of a worker has waiting, so that it need not wait for the next."""

_SHOWN = 5  # workers


class ClusterError(CannotCompute):
    """A cluster that cannot be used; the text says why, and what to do."""


@dataclass(frozen=True)
class Cluster:
    """A cluster whose workers have been asked.

    Attributes
    ----------
    client : distributed.Client
    address : str
        Of the scheduler.
    workers : dict of str to int
        Threads of each worker, by its address.
    dashboard : str
        Address of the scheduler's page of what its workers are at; "" where it has none.
    """

    client: Any
    address: str
    workers: Mapping[str, int]
    dashboard: str
    here: ClassVar[bool] = False

    @property
    def threads(self) -> int:
        """How many tasks the workers can do at a time."""
        return sum(self.workers.values())

    @property
    def words(self) -> str:
        """What there is, in a line."""
        several = "" if len(self.workers) == 1 else "s"
        page = f" · dashboard {self.dashboard}" if self.dashboard else ""
        return f"{len(self.workers):,} worker{several} of {self.address}, doseesc {__version__} on all{page}"

    def each(self, pieces: Iterable[Piece]) -> Iterator[tuple[int, tuple[list[Any], float]]]:
        """Yield the number of each piece with its answers and the seconds they took, as soon as they are there.

        Raises
        ------
        ClusterError
            If the workers that do a piece die of it, again and again, the scheduler is lost, or a worker lacks room.
        """
        distributed: Any = import_module("distributed")
        running = distributed.as_completed(loop=self.client.loop)
        numbers: dict[str, int] = {}
        run = uuid.uuid4().hex[:8]

        def ended() -> tuple[int, tuple[list[Any], float]]:
            future = next(running)
            try:
                return numbers.pop(future.key), future.result()
            finally:
                future.release()

        try:
            for number, piece in enumerate(pieces):
                future = self.client.submit(do, piece, key=f"doseesc-{run}-{number}", pure=False)
                numbers[future.key] = number
                running.add(future)
                if len(numbers) >= _AHEAD * max(self.threads, 1):
                    yield ended()
            while numbers:
                yield ended()
        except NoText as error:
            raise ClusterError(f"this cannot be sent to a cluster: {error}") from error
        except distributed.KilledWorker as error:
            raise ClusterError(
                f"workers die of a piece of work, {error.last_worker.address} at last\n"
                "  give them more memory, or see their logs; what is done is kept"
            ) from error
        except (distributed.CancelledError, OSError) as error:
            raise ClusterError(
                f"the work of {self.address} has broken off: {error}\n  what is done is kept; see the logs there"
            ) from error


@contextmanager
def connected(address: str, design_types: Collection[str] = ()) -> Iterator[Cluster]:
    """Connect to a scheduler and ask its workers; disconnect at the end.

    Parameters
    ----------
    address : str
        Such as ``tcp://10.0.0.1:8786``.
    design_types : collection of str
        Types of design that the workers must know.

    Raises
    ------
    ClusterError
        If Dask is not installed here, nobody answers, there is no worker, or one is not fit for the work.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as error:
        raise ClusterError("a cluster needs Dask\n  pip install 'doseesc[cluster]'") from error
    logging.getLogger("distributed").setLevel(logging.ERROR)
    try:
        client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        message = f"no Dask scheduler answers at {address}"
        raise ClusterError(f"{message}\n  start one with  dask scheduler,  and give the address it prints") from error
    try:
        yield _asked(client, address, design_types)
    finally:
        client.close(timeout=5)


def _asked(client: Any, address: str, design_types: Collection[str]) -> Cluster:
    info = client.scheduler_info(n_workers=-1)
    workers = {name: int(each["nthreads"]) for name, each in info["workers"].items()}
    if not workers:
        raise ClusterError(f"the scheduler {address} has no workers\n  start some with  dask worker {address}")
    found = client.run(_asks_for(tuple(design_types)), on_error="return")
    unfit = {name: words for name, facts in found.items() if (words := _unfit(facts))}
    if unfit:
        told = [f"  {name} {words}" for name, words in list(unfit.items())[:_SHOWN]]
        told += [f"  and {len(unfit) - _SHOWN:,} more"] if len(unfit) > _SHOWN else []
        message = f"{len(unfit):,} of {len(workers):,} workers cannot do this:"
        remedy = f"  install doseesc {__version__} there, and what else is named, then start them again"
        raise ClusterError("\n".join([message, *told, remedy]))
    return Cluster(client, address, workers, str(getattr(client, "dashboard_link", "") or ""))


def _asks_for(design_types: tuple[str, ...]) -> Callable[[], dict[str, Any]]:
    """Return what a worker is asked; the function itself is sent, since the worker's doseesc may not know it."""

    def facts() -> dict[str, Any]:
        from importlib import import_module

        version = import_module("doseesc").__version__
        lacking = []
        for name in design_types:
            try:
                import_module("designs").design_type(name)
            except Exception as error:  # of others' packages, too
                lacking.append(f"{name} ({str(error).splitlines()[0]})" if str(error) else name)
        return {"doseesc": version, "lacking": lacking}

    return facts


def _unfit(facts: Any) -> str:
    """Say what a worker lacks; "" where it is fit."""
    if isinstance(facts, BaseException):
        if isinstance(facts, ModuleNotFoundError):
            return f"lacks the package {facts.name}"
        return f"gives no answer: {type(facts).__name__}: {facts}"
    if facts["doseesc"] != __version__:
        return f"has doseesc {facts['doseesc']}, and this is {__version__}"
    return f"lacks the designs {', '.join(facts['lacking'])}" if facts["lacking"] else ""
