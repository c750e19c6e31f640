"""What observing patients costs in each scenario: enrolment, deaths, DLTs that the drug did not cause."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from doseesc.report.tables.characteristics import PageTable, Value

_COLUMNS = MappingProxyType(
    {
        "enrolled": ("patients enrolled", 1.0),
        "replaced": ("of them replaced", 1.0),
        "deaths": ("deaths in the window", 1.0),
        "drug_dlts": ("DLTs of the drug", 1.0),
        "not_caused_share": ("counted DLTs not the drug's, %", 100.0),
        "safe_stopped": ("safe product stopped, %", 100.0),
        "below_mtd": ("below the MTD selected, %", 100.0),
        "bias_at_mtd": ("DLT rate seen at the MTD minus the true one, points", 100.0),
    }
)


def observed_table(document: dict[str, Any]) -> PageTable | None:
    """Return what the study's own observation model adds, by scenario and design; None where there is none.

    Parameters
    ----------
    document : dict
        ``results.json`` as plain values.
    """
    cells = (document.get("policies") or {"cells": []})["cells"]
    if not cells:
        return None
    policy = cells[0]["policy"]
    rows = [
        (
            Value(row["scenario"]),
            Value(row["design"]),
            *(_figure(row, name, scale) for name, (_, scale) in _COLUMNS.items()),
        )
        for row in cells
        if row["policy"] == policy
    ]
    return PageTable(
        "observed",
        f"What is observed besides, with {policy}",
        "Expected numbers per trial, of all patients enrolled. Safe product stopped: no dose is selected although "
        "there is a true MTD. The last column is the bias of the DLT rate at the dose selected. In small print the "
        "simulated values ± one Monte Carlo standard error.",
        ("scenario", "design", *(head for head, _ in _COLUMNS.values())),
        rows,
        2,
    )


def _figure(row: dict[str, Any], name: str, scale: float) -> Value:
    exact, simulated = row["exact"], row["simulated"]
    value = (exact or simulated)[name]
    if value is None:
        return Value("–")
    digits = 1 if scale > 1 else 2
    text = f"{scale * value:.{digits}f}"
    if simulated is None or simulated[name] is None:
        return Value(text, "", scale * value)
    error = f"± {scale * simulated['mcse'][name]:.{digits if scale > 1 else 3}f}"
    small = error if exact is None else f"{scale * simulated[name]:.{digits}f} {error}"
    return Value(text, small, scale * value)
