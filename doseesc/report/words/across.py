"""Designs compared over all scenarios of a study: which finds the MTD best, and which is safest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doseesc.results import Results

_SHOWN = 3  # decimals: designs whose percentages or patients read the same are called equal


@dataclass(frozen=True)
class DesignSummary:
    """One design over all scenarios, which count as the study's comparison says.

    Attributes
    ----------
    design : str
    correct : float
        Mean probability of selecting the true MTD (or no dose, where none is safe enough).
    worst_correct : float
        The smallest of these probabilities, in scenario ``worst_scenario``.
    overdose : float
        Mean probability of selecting a dose above the true MTD.
    patients : float
        Mean number of patients.
    patients_above : float
        Mean number of patients treated above the true MTD.
    of_attainable : float or None
        How much of what the best possible policy is worth; None where that is not known or no bound.
    """

    design: str
    correct: float
    worst_correct: float
    worst_scenario: str
    overdose: float
    patients: float
    patients_above: float
    of_attainable: float | None = None


def across_scenarios(results: Results) -> list[DesignSummary]:
    """Return one summary per design, in the order of the study."""
    own = results.verdict.standing
    worst = own.correct.argmin(axis=1)
    means = [own.mean(each) for each in (own.correct, own.overdose, own.patients, own.patients_above)]
    return [
        DesignSummary(
            design=design,
            correct=float(means[0][place]),
            worst_correct=float(own.correct[place, worst[place]]),
            worst_scenario=own.scenarios[worst[place]],
            overdose=float(means[1][place]),
            patients=float(means[2][place]),
            patients_above=float(means[3][place]),
            of_attainable=None if results.attainable is None else results.attainable.share(design),
        )
        for place, design in enumerate(own.designs)
    ]


def worst_overdosing(results: Results, design: str, metric: str) -> tuple[str, float]:
    """Return the scenario in which a design overdoses most, and how much.

    Parameters
    ----------
    results : Results
    design : str
    metric : {"overdose_selection", "patients_above_mtd"}
        Probability of selecting a dose above the true MTD, or expected patients treated above it.
    """
    found = {scenario: getattr(cell.best, metric) for (scenario, name), cell in results.cells.items() if name == design}
    worst = max(found, key=lambda scenario: float(found[scenario]))
    return worst, float(found[worst])


def best_designs(summaries: list[DesignSummary], figure: str) -> list[str]:
    """Return the designs that are best in a figure of :class:`DesignSummary`; several where they read the same.

    More is better for ``correct`` and ``worst_correct``, less for ``overdose`` and ``patients_above``.
    """
    sign = -1 if figure in ("correct", "worst_correct") else 1
    digits = 1 if figure == "patients_above" else _SHOWN
    values = {each.design: sign * round(float(getattr(each, figure)), digits) for each in summaries}
    return [design for design, value in values.items() if value == min(values.values())]
