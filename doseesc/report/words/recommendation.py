"""Which design a report recommends, the reason in numbers, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doseesc.report.words.across import DesignSummary, across_scenarios, best_designs, worst_overdosing
from doseesc.wording import in_a_row

if TYPE_CHECKING:
    from doseesc.results import Results

_SAFER = 0.02  # a difference in overdosing that a recommendation must mention
_NAMED = 3  # designs named one by one


@dataclass(frozen=True)
class Recommendation:
    """The design recommended, the reason in numbers, and what speaks against it."""

    design: str
    reason: str
    cautions: tuple[str, ...]


def recommendation(results: Results) -> Recommendation:
    """Recommend the design that finds the MTD most often over all scenarios; among equals the safer one."""
    summaries = across_scenarios(results)
    by_name = {each.design: each for each in summaries}
    best = min(best_designs(summaries, "correct"), key=lambda name: by_name[name].overdose)
    chosen = by_name[best]
    others = [each for each in summaries if each.design != best]
    reason = (
        f"{best} selects the true MTD, or rightly none, in {100 * chosen.correct:.1f} % of trials on average over "
        f"{len(results.study.truths)} scenarios{_against(others)}. It selects a dose above the MTD in "
        f"{100 * chosen.overdose:.1f} % and treats {chosen.patients_above:.1f} of {chosen.patients:.1f} patients above "
        "it."
    )
    cautions = [_worst_overdosing(results, best)]
    cautions += _safer(chosen, others)
    cautions.append(
        f"The worst scenario of {best} is {chosen.worst_scenario}, with {100 * chosen.worst_correct:.1f} % correct "
        "selection."
    )
    open_top = mostly_unbounded(results, best)
    if open_top:
        cautions.append(
            f"In {', '.join(open_top)} most trials name the highest dose with no toxicity to bound it: call it the "
            "highest dose tested, not the MTD."
        )
    return Recommendation(best, reason, tuple(cautions))


def mostly_unbounded(results: Results, design: str) -> list[str]:
    """Return the scenarios in which most trials of a design name the highest dose without toxicity that bounds it."""
    return [
        scenario for (scenario, name), cell in results.cells.items() if name == design and cell.best.unbounded > 0.5
    ]


def _against(others: list[DesignSummary]) -> str:
    if not others:
        return ""
    near = sorted(others, key=lambda each: -each.correct)
    named = near if len(near) <= _NAMED else near[:_NAMED]
    words = [f"{100 * each.correct:.1f} % with {each.design}" for each in named]
    rest = near[len(named) :]
    if rest:
        low, high = 100 * rest[-1].correct, 100 * rest[0].correct
        words.append(f"{low:.1f} to {high:.1f} % with the other {len(rest)}")
    return f", against {in_a_row(words)}"


def _safer(chosen: DesignSummary, others: list[DesignSummary]) -> list[str]:
    safer = sorted(
        (each for each in others if each.overdose < chosen.overdose - _SAFER), key=lambda each: each.overdose
    )
    found = [
        f"{each.design} is safer on average: a dose above the MTD in {100 * each.overdose:.1f} %, and "
        f"{each.patients_above:.1f} of {each.patients:.1f} patients above it."
        for each in safer[:_NAMED]
    ]
    rest = len(safer) - len(found)
    if rest:
        found.append(f"{rest} other design{'s are' if rest > 1 else ' is'} safer on average too; see the table.")
    return found


def _worst_overdosing(results: Results, design: str) -> str:
    scenario, share = worst_overdosing(results, design, "overdose_selection")
    if share == 0:
        return f"{design} never selects a dose above the true MTD in these scenarios."
    words = f"Its worst overdosing: in {scenario} it selects a dose above the MTD in {100 * share:.1f} % of trials"
    most, patients = worst_overdosing(results, design, "patients_above_mtd")
    total = float(results.cells[most, design].best.total_patients)
    treats = f"treats {patients:.1f} of {total:.1f} patients above it"
    return f"{words} and {treats}." if most == scenario else f"{words}; in {most} it {treats}."
