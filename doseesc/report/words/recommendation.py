"""Which design a report shows as the best, whether it is ahead, the reason in numbers, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doseesc.report.words.verdict import verdict_words

if TYPE_CHECKING:
    from doseesc.results import Results


@dataclass(frozen=True)
class Recommendation:
    """The design shown first, and what is said of the comparison.

    Attributes
    ----------
    design : str
        The one that is ahead; where several are level, of these the one that overdoses least.
    headline, criterion : str
    price, flips : tuple of str
        See :class:`doseesc.report.words.verdict.VerdictWords`.
    cautions : tuple of str
        What else should be known.
    """

    design: str
    headline: str
    criterion: str
    price: tuple[str, ...]
    flips: tuple[str, ...]
    cautions: tuple[str, ...]


def recommendation(results: Results) -> Recommendation:
    """Return the verdict of a run in words, with the design to show first."""
    verdict = results.verdict
    own, best = verdict.standing, verdict.safest_leader
    row = own.designs.index(best)
    worst = int(own.correct[row].argmin())
    cautions = [
        f"The worst scenario of {best} is {own.scenarios[worst]}, with {100 * own.correct[row, worst]:.1f} % correct "
        "selection."
    ]
    open_top = mostly_unbounded(results, best)
    if open_top:
        cautions.append(
            f"In {', '.join(open_top)} most trials name the highest dose with no toxicity to bound it: call it the "
            "highest dose tested, not the MTD."
        )
    words = verdict_words(results)
    return Recommendation(best, words.headline, words.criterion, words.price, words.flips, tuple(cautions))


def mostly_unbounded(results: Results, design: str) -> list[str]:
    """Return the scenarios in which most trials of a design name the highest dose without toxicity that bounds it."""
    return [
        scenario for (scenario, name), cell in results.cells.items() if name == design and cell.best.unbounded > 0.5
    ]
