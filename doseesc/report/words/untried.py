"""Doses that nobody was given, in words: what a design must not name as the MTD, and arms of Phase 2 may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.results import ArmDose, never_given
from doseesc.wording import in_a_row, percent

if TYPE_CHECKING:
    from doseesc.results import Results

_RARE = 0.0005  # reads as 0.0 %
_REMEDY = "the rule SelectTried forbids that"


def untried_words(results: Results, design: str) -> str:
    """Say how often a design selects a dose that nobody was given.

    Returns
    -------
    str
        One sentence with each scenario; empty where it never does, or earlier results do not know.
    """
    told = _chances(results, design)
    if not told:
        return ""
    where = in_a_row([f"{percent(chance)} % ({name})" for name, chance in told.items()])
    return f"{design} can select a dose that nobody was given, in {where} of trials; {_REMEDY}."


def untried_sentences(results: Results) -> tuple[str, ...]:
    """Return the sentence of each design that can select a dose that nobody was given."""
    return tuple(filter(None, (untried_words(results, name) for name in results.study.names)))


def untried_in_brief(results: Results) -> str:
    """Name the designs that can select a dose that nobody was given, each with the scenario where it does so most."""
    found = {name: told for name in results.study.names if (told := _chances(results, name))}
    if not found:
        return ""
    worst = {name: max(told, key=told.__getitem__) for name, told in found.items()}
    often = [f"{percent(found[name][place])} % ({place})" for name, place in worst.items()]
    return (
        f"{in_a_row(list(found))} can select a dose that nobody was given, in up to {in_a_row(often)} of trials; "
        f"{_REMEDY}."
    )


def _chances(results: Results, design: str) -> dict[str, float]:
    chances = {
        scenario: float(cell.best.untried_selection)
        for (scenario, its_design), cell in results.cells.items()
        if its_design == design
    }
    return {name: chance for name, chance in chances.items() if chance >= _RARE}


def given_words(results: Results, dose: ArmDose) -> str:
    """Say whether the dose of an arm, for a level that may be the MTD, has been given to anybody in Phase 1.

    Returns
    -------
    str
        ``"tested"`` for a level at which somebody is always treated where that MTD is selected; else what it is, and
        in how many of all trials, at most, that MTD is selected and nobody was given it.
    """
    if dose.status != "tested":
        return {"between levels": "untested"}.get(dose.status, dose.status)
    most = max(never_given(results.study, dose, cell.best) for cell in results.cells.values())
    if most >= _RARE:
        return f"up to {percent(most)} % untested"
    return "tested" if most < _RARE else "a dose level"  # earlier results do not know
