"""Fits by NUTS of users' own models, shared out while the rest of a study is done here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doseesc.pieces import Jobs
    from doseesc.study import Study


@contextmanager
def fits_by(study: Study, workers: Jobs) -> Iterator[Jobs]:
    """Let workers make the fits of a study's designs that need NUTS, while this lasts; gives who is to do the rest.

    These fits take nearly all the time of a study that has any.  So its trials are then played here, by the process
    that knows which fits are needed, and no fit is made twice.

    Parameters
    ----------
    study : Study
    workers : int or Workers
        With one process all is left as it is.
    """
    lives: list[Any] = [getattr(entry.parameters.get("fitted"), "live", None) for entry in study.design_entries]
    fitting = [each for each in lives if hasattr(each, "jobs")]
    if workers == 1 or not fitting:
        yield workers
        return
    before = [each.jobs for each in fitting]
    for each in fitting:
        each.jobs = workers
    try:
        yield 1
    finally:
        for each, jobs in zip(fitting, before, strict=True):
            each.jobs = jobs
