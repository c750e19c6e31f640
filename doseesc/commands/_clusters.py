"""Options of commands that share their work out: ``--jobs`` and ``--cluster``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from doseesc.study import Study


def shared_by(jobs: int, cluster: str | None = None) -> dict[str, Any]:
    """Return who shares the work, as arguments of the library; what it does by itself is left out."""
    return {"jobs": None if jobs == 1 else jobs, "cluster": cluster}


@contextmanager
def workers_told(study: Study, cluster: str | None, jobs: int, quiet: bool) -> Iterator[dict[str, Any]]:
    """Yield what to give the library besides: with a cluster, its workers, of whom the user is told.

    Raises
    ------
    typer.BadParameter
        If processes here are wanted, too.
    doseesc.pieces.ClusterError
        If the cluster cannot be used.
    """
    if cluster is None:
        yield {}
        return
    if jobs != 1:
        raise typer.BadParameter("counts processes here, and --cluster has workers of its own", param_hint="--jobs")
    from doseesc.pieces import connected

    with connected(cluster, study.design_types) as found:
        if not quiet:
            typer.echo(found.words, err=True)
        yield {"cluster": found}
