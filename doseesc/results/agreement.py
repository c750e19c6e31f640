"""How simulated figures agree with exact ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from doseesc.engines import METRICS, OperatingCharacteristics
from doseesc.results.cells import Cell


def agreement_of(
    cells: Mapping[tuple[str, str], Cell[OperatingCharacteristics]], max_n: int
) -> tuple[int, int, int] | None:
    """Return how many figures were compared, and how many are within 2 and 4 standard errors; None where none are.

    The standard error is the exact one.  Figures that hang on fewer than about five trials are left out, since
    their simulated values are not nearly normal.
    """
    scores = [
        score
        for cell in cells.values()
        if cell.exact is not None and cell.simulated is not None
        for metric in METRICS
        for score in _scores(cell.simulated, cell.exact, metric, max_n)
    ]
    if not scores:
        return None
    z = np.abs(scores)
    return len(z), int((z <= 2).sum()), int((z <= 4).sum())


def _scores(
    simulated: OperatingCharacteristics, exact: OperatingCharacteristics, metric: str, max_n: int
) -> list[float]:
    value, truth = np.atleast_1d(getattr(simulated, metric)), np.atleast_1d(getattr(exact, metric))
    sd = np.atleast_1d(getattr(exact.sd, metric))
    # One rare trial may differ by as much as all its patients.
    unit = max_n if "patients" in metric or "dlts" in metric else 1
    common = simulated.n_trials * sd**2 >= 5 * unit**2
    return list((value - truth)[common] / (sd[common] / np.sqrt(simulated.n_trials)))
