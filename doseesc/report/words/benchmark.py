"""What the optimal benchmark is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.results import Results


def benchmark_words(results: Results) -> str:
    """Say what the benchmark knows, and what it sees."""
    known = (
        "exact, the true MTD's definition applied to the rates seen if every patient's outcome at every dose were known"
    )
    if not results.benchmark_observed:
        return known
    return f"{known}, from the DLTs that designs see; those are not all the drug's, so that a design can be better"
