"""What the benchmarks are, in words: one that knows every outcome, and the best policy that a trial could follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.wording import in_a_row

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


def attainable_words(results: Results) -> str:
    """Say what the best policy is worth, of which designs reach a share; empty where it is not known."""
    best = results.attainable
    if best is None:
        return ""
    if best.value is None:
        return best.best_words
    return " ".join(filter(None, (f"Attainable: {best.best_words}.", best.unbound_words)))


def attainable_in_brief(results: Results, shares: bool) -> str:
    """Say in some words what the best possible policy is worth, and, if asked, what share of it designs reach."""
    best = results.attainable
    if best is None:
        return ""
    if best.value is None:
        return best.best_words
    if not shares:
        return f"best possible: {best.worth_words}."
    reached = in_a_row([f"{name} {100 * share:.0f} %" for name, _, share in best.rows() if share is not None])
    return f"Of the best possible, {best.worth_words}: {reached}." if reached else f"Best possible: {best.worth_words}."
