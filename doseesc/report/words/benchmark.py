"""What the benchmarks are, in words: one that knows every outcome, and the best policy that a trial could follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.wording import in_a_row

if TYPE_CHECKING:
    from doseesc.results import Attainable, Results


def benchmark_words(results: Results) -> str:
    """Say what the benchmark knows, and what it sees."""
    known = (
        "exact, the true MTD's definition applied to the rates seen if every patient's outcome at every dose were known"
    )
    if not results.benchmark_observed:
        return known
    return f"{known}, from the DLTs that designs see; those are not all the drug's, so that a design can be better"


def attainable_words(results: Results, name: str = "Of the attainable") -> str:
    """Say of what best possible policy designs reach a share, which a table calls ``name``; empty where unknown."""
    best = results.attainable
    if best is None:
        return ""
    if best.value is None:
        return best.best_words
    said = f"{name}: in percent of the {_worth(best)} that {_policy(best)} reaches in these scenarios."
    return " ".join(filter(None, (said, best.unbound_words)))


def attained_words(results: Results) -> str:
    """Say what the best possible policy reaches, and how much of that each design does; empty where unknown."""
    best = results.attainable
    if best is None:
        return ""
    if best.value is None:
        return best.best_words
    reached = _reached(best)
    shares = f"; of that the designs reach: {reached}" if reached else ""
    said = f"What a trial can attain over these scenarios is {_worth(best)}, by {_policy(best)}{shares}."
    said = said.replace(",;", ";").replace(",.", ".")
    return " ".join(filter(None, (said, best.unbound_words)))


def attainable_in_brief(results: Results, shares: bool) -> str:
    """Say in some words what the best possible policy is worth, and, if asked, what share of it designs reach."""
    best = results.attainable
    if best is None:
        return ""
    if best.value is None:
        return best.best_words
    if not shares:
        return f"best possible: {_worth(best)}."
    reached = _reached(best)
    return f"Of the best possible, {_worth(best)}: {reached}." if reached else f"Best possible: {_worth(best)}."


def _reached(best: Attainable) -> str:
    return in_a_row([f"{name} {100 * share:.0f} %" for name, _, share in best.rows() if share is not None])


def _worth(best: Attainable) -> str:
    return best.worth_words if best.in_percent else f"{best.worth_words} ({best.utility})"


def _policy(best: Attainable) -> str:
    """Name the best possible policy by what it keeps to."""
    kept = f" under {in_a_row(best.rules)}" if best.rules else ""
    kept = " that skips no dose" if best.rules == ("NoSkipping",) else kept
    return f"the best possible policy{kept}, found exactly by backward induction,"
