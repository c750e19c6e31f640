"""How figures were computed, what their errors are, and how arms get their doses."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.results import Results

DOSE_RULES = MappingProxyType(
    {
        "exact": "An arm gets its fraction of the MTD, whether that dose was tested or not.",
        "nearest_tested_below": "An arm gets the highest tested dose not above its fraction of the MTD, or the lowest "
        "where all are above it.",
    }
)
"""What ``phase2_dose_rule`` says, in words."""

_WORDS = MappingProxyType(
    {
        "both": "exact enumeration and simulation",
        "exact": "exact enumeration",
        "monte_carlo": "simulation",
        "auto": "exact enumeration where possible, else simulation",
    }
)


def method_words(method: str) -> str:
    """Return a method's name in a scenario file as words.

    Examples
    --------
    >>> method_words("both")
    'exact enumeration and simulation'
    """
    return _WORDS.get(method, method.replace("_", " "))


def error_words(results: Results) -> str:
    """Say what stands behind the numbers."""
    kinds = {(cell.exact is not None, cell.simulated is not None) for cell in results.cells.values()}
    words = []
    if (True, True) in kinds:
        words.append("Exact values; in small print the simulated ones ± one Monte Carlo standard error.")
    elif (True, False) in kinds:
        words.append("Exact values, without simulation error.")
    if (False, True) in kinds:
        words.append("Simulated values carry ± one Monte Carlo standard error in small print.")
    return " ".join(words)
