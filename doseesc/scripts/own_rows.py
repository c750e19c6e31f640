"""Our own decisions and figures as the rows that scripts print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import Design, Tally
from designs.arrays import IntArray
from doseesc.conduct import decision_letters, reachable
from doseesc.engines import OperatingCharacteristics, TooManyStates, enumerate_paths
from doseesc.scripts.rows import COLUMNS, FIGURES, LAST_COHORT

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study


def can_be_enumerated(design: Design) -> bool:
    """Tell whether all ways in which a design's trials can go can be enumerated.

    Examples
    --------
    >>> from designs import BOIN
    >>> can_be_enumerated(BOIN(target=0.3, n_doses=3, max_n=9))
    True
    """
    try:
        enumerate_paths(design)
    except TooManyStates:
        return False
    return True


def script_rows(study: Study, design: str, characteristics: Mapping[str, OperatingCharacteristics]) -> pd.DataFrame:
    """Return decisions and figures of a design in the form that ``doseesc compare-script`` reads.

    Parameters
    ----------
    study : Study
    design : str
        Name of the design in the study.
    characteristics : mapping of str to OperatingCharacteristics
        Its figures, by scenario.

    Returns
    -------
    DataFrame
        With the columns :data:`COLUMNS`.
    """
    import pandas as pd

    rows = [
        _row("setting", "design", design),
        _row("setting", "file_sha256", study.source_sha256),
        *_trials(characteristics),
        *_decisions(study.designs[design]),
        *(row for scenario, each in characteristics.items() for row in _figures(scenario, each)),
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _row(kind: str, quantity: str, value: object, **more: object) -> dict[str, Any]:
    return {**dict.fromkeys(COLUMNS, ""), "kind": kind, "quantity": quantity, "value": value, **more}


def _trials(characteristics: Mapping[str, OperatingCharacteristics]) -> list[dict[str, Any]]:
    simulated = {each.n_trials for each in characteristics.values() if each.method != "exact"}
    return [_row("setting", "trials", simulated.pop())] if len(simulated) == 1 else []


def _decisions(design: Design) -> Iterator[dict[str, Any]]:
    letters = decision_letters(design)
    if letters is not None:
        for n, row in letters.items():
            yield from (_row("decision", "decision", letter, n=n, y=dlt) for dlt, letter in enumerate(row))
        return
    memory = design.needed_memory
    if set(memory) - set(LAST_COHORT):  # what rests on the course of the trial is not in the rows
        return
    graph = reachable(design)
    tally = graph.tally
    for node in range(graph.size):
        last = "" if not memory else f" after {'/'.join(str(each[node]) for each in _last_cohort(tally))}"
        patients, dlts = (" ".join(map(str, np.asarray(each[node]))) for each in (tally.n, tally.dlt))
        level, following = int(tally.level[node]), int(graph.level[node])
        yield _row("decision", f"next_level{last}", following, level=level, n=patients, y=dlts)


def _last_cohort(tally: Tally) -> list[IntArray]:
    """Return DLTs and patients of the last cohort, as far as they are remembered."""
    return [tally.memory[name] for name in reversed(LAST_COHORT) if name in tally.memory]


def _figures(scenario: str, own: OperatingCharacteristics) -> Iterator[dict[str, Any]]:
    for quantity in FIGURES:
        values, errors = getattr(own, quantity), getattr(own.mcse, quantity)
        for level, (value, error) in enumerate(zip(values, errors, strict=True), start=quantity != FIGURES[0]):
            yield _row("figure", quantity, float(value), scenario=scenario, level=level, se=float(error))
