"""What observing patients costs in each scenario: enrolment, deaths, DLTs that the drug did not cause."""

from __future__ import annotations

from math import isnan
from types import MappingProxyType

from doseesc.engines import Observed
from doseesc.report.tables.table import PageTable, Value
from doseesc.results import Cell, Results

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


def observed_table(results: Results) -> PageTable | None:
    """Return what the study's own observation model adds, by scenario and design; None where there is none."""
    if results.policies is None:
        return None
    own = results.policies.policies[0]
    rows = [
        (
            Value(scenario),
            Value(design),
            *(_figure(cell, name, scale) for name, (_, scale) in _COLUMNS.items()),
        )
        for (policy, scenario, design), cell in results.policies.observed.items()
        if policy == own
    ]
    return PageTable(
        "observed",
        f"What is observed besides, with {own}",
        "Expected numbers per trial, of all patients enrolled. Safe product stopped: no dose is selected although "
        "there is a true MTD. The last column is the bias of the DLT rate at the dose selected. In small print the "
        "simulated values ± one Monte Carlo standard error.",
        ("scenario", "design", *(head for head, _ in _COLUMNS.values())),
        rows,
        2,
    )


def _figure(cell: Cell[Observed], name: str, scale: float) -> Value:
    value = getattr(cell.best, name)
    if isnan(value):
        return Value("–")
    digits = 1 if scale > 1 else 2
    text = f"{scale * value:.{digits}f}"
    simulated = cell.simulated
    if simulated is None or isnan(getattr(simulated, name)):
        return Value(text, "", scale * value)
    error = f"± {scale * getattr(simulated.mcse, name):.{digits if scale > 1 else 3}f}"
    small = error if cell.exact is None else f"{scale * getattr(simulated, name):.{digits}f} {error}"
    return Value(text, small, scale * value)
