"""Worst cases in sentences: how each design does where it does least well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.wording import in_a_row, percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.planning import WorstCases


def worst_answer(cases: WorstCases) -> str:
    """Say which design does best where it does least well, and how the others do there."""
    values = {name: correct.overall.value for name, (correct, _) in cases.found.items()}
    if not values:
        return "There is no design to be looked at."
    order = sorted(values, key=lambda name: -values[name])
    first = f"Under the worst curve found for it {plain_words(order[0])} is right in {percent(values[order[0]])} % of"
    others = in_a_row([f"{plain_words(name)} in {percent(values[name])} %" for name in order[1:]]) if order[1:] else ""
    return f"{first} trials{f', under theirs {others}' if others else ''}."


def worst_toxic_answer(cases: WorstCases) -> str:
    """Say how often designs select a dose that is too toxic where they do so most often."""
    values = {name: toxic.overall.value for name, (_, toxic) in cases.found.items()}
    order = sorted(values, key=lambda name: values[name])
    said = in_a_row([f"{percent(values[name])} % of trials with {plain_words(name)}" for name in order])
    return f"A dose with a true P(DLT) of {percent_words(cases.bound)} or more is selected in up to {said}."


def searched_words(cases: WorstCases) -> str:
    """Say which curves were searched."""
    within = f", and the MTD within {100 * cases.band:.3g} points of it" if cases.band else ", and the MTD at it"
    return (
        f"Searched were rising curves whose other doses are at least {100 * cases.separation:.3g} points from the "
        f"target of {percent_words(cases.study.target)}{within}; the figures are exact, the curves the worst found "
        "from many starts."
    )
