"""Work of a command shared out among the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from doseesc.study import Study


@contextmanager
def jobs_shared_out(study: Study, cluster: str | None, jobs: int, quiet: bool) -> Iterator[dict[str, int]]:
    """Yield what to ask of the library besides: with a cluster, its workers in place of processes, while this lasts.

    Raises
    ------
    typer.BadParameter
        If processes here are wanted, too.
    doseesc.cluster.ClusterError
        If the cluster cannot be used.
    """
    if cluster is None:
        yield {}
        return
    if jobs != 1:
        raise typer.BadParameter("counts processes here, and --cluster has workers of its own", param_hint="--jobs")
    from doseesc.cluster import connected, shared_out

    with connected(cluster, sorted({entry.type for entry in study.design_entries})) as found:
        if not quiet:
            typer.echo(found.words, err=True)
        with shared_out(found) as threads:
            yield {"jobs": threads}
