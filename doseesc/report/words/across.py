"""Designs compared over all scenarios of a study: which finds the MTD best, and which is safest."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from doseesc.wording import in_a_row, percent

if TYPE_CHECKING:
    from doseesc.results import Results

_SHOWN = 3  # decimals: designs whose percentages or patients read the same are called equal


@dataclass(frozen=True)
class DesignSummary:
    """One design over all scenarios, each counted equally.

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
    """

    design: str
    correct: float
    worst_correct: float
    worst_scenario: str
    overdose: float
    patients: float
    patients_above: float


def across_scenarios(results: Results) -> list[DesignSummary]:
    """Return one summary per design, in the order of the study."""
    found = []
    for design in dict.fromkeys(name for _, name in results.cells):
        cells = {scenario: cell.best for (scenario, name), cell in results.cells.items() if name == design}
        worst = min(cells, key=lambda scenario: float(cells[scenario].correct_selection))
        found.append(
            DesignSummary(
                design=design,
                correct=fmean(float(best.correct_selection) for best in cells.values()),
                worst_correct=float(cells[worst].correct_selection),
                worst_scenario=worst,
                overdose=fmean(float(best.overdose_selection) for best in cells.values()),
                patients=fmean(float(best.total_patients) for best in cells.values()),
                patients_above=fmean(float(best.patients_above_mtd) for best in cells.values()),
            )
        )
    return found


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


def verdict(summaries: list[DesignSummary]) -> str:
    r"""Return one plain sentence: which design finds the MTD most often, and which is safest.

    Examples
    --------
    >>> careful = DesignSummary("3+3", 0.48, 0.1, "S2", 0.05, 12.0, 1.9)
    >>> bold = DesignSummary("CRM", 0.61, 0.5, "S3", 0.11, 17.0, 3.1)
    >>> print(verdict([careful, bold]).replace("; ", ";\n"))
    CRM finds the MTD most often (61.0 % of trials);
    3+3 selects a dose above it least often (5.0 %) and treats the fewest patients above it (1.9 of 12.0).
    """
    by_name = {each.design: each for each in summaries}
    finders = best_designs(summaries, "correct")
    selectors, treaters = best_designs(summaries, "overdose"), best_designs(summaries, "patients_above")
    alone = len(summaries) == 1
    most, least, fewest = ("", "", "") if alone else (" most often", " least often", "the fewest ")
    finding = f"the MTD{most} ({percent(by_name[finders[0]].correct)} % of trials)"
    selecting = f"a dose above it{least} ({percent(by_name[selectors[0]].overdose)} %)"
    treated = by_name[treaters[0]]
    treating = f"{fewest}patients above it ({treated.patients_above:.1f} of {treated.patients:.1f})"
    sentence = f"{_who(finders, 'find')} {finding}; {_who(selectors, 'select')} {selecting}"
    if selectors == treaters:
        return f"{sentence} and {_verb(treaters, 'treat')} {treating}."
    return f"{sentence}; {_who(treaters, 'treat')} {treating}."


def _who(designs: list[str], verb: str) -> str:
    return f"{in_a_row(designs)} {_verb(designs, verb)}"


def _verb(designs: list[str], verb: str) -> str:
    return verb + "s" if len(designs) == 1 else verb
