"""Worst cases in sentences: how each design does where it does least well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from doseesc.wording import in_a_row, percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.planning import WorstCases

_STEEP = 0.5  # from one dose to the next
_PLAUSIBLE = 0.3


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


def rise_words(cases: WorstCases) -> str:
    """Say how steep curves may be, as a part of a sentence; "" where they may be of any steepness."""
    if cases.steepest is None:
        return ""
    return f", rising by at most {100 * cases.steepest:.3g} points from one dose to the next"


def steep_words(cases: WorstCases) -> str:
    """Say whose worst curves rise as hardly any drug's do, and what leaves such curves out; "" where none do."""
    found = {name: [worst for case in pair for worst in case.by_level] for name, pair in cases.found.items()}
    steps = {
        name: max(float(np.diff(each.probabilities, prepend=each.probabilities[0]).max()) for each in curves)
        for name, curves in found.items()
        if curves
    }
    steep = {name: step for name, step in steps.items() if step >= _STEEP}
    if not steep:
        return ""
    limit = max(_PLAUSIBLE, cases.separation)
    return (
        f"Allowed, but hardly plausible: for {in_a_row([plain_words(name) for name in steep])} a curve rises by up to "
        f"{100 * max(steep.values()):.3g} points from one dose to the next; "
        f"with --steepest {limit:g} only curves that rise by at most {100 * limit:.3g} are looked at."
    )


def searched_words(cases: WorstCases) -> str:
    """Say which curves were searched."""
    within = f", and the MTD within {100 * cases.band:.3g} points of it" if cases.band else ", and the MTD at it"
    return (
        f"Searched were rising curves whose other doses are at least {100 * cases.separation:.3g} points from the "
        f"target of {percent_words(cases.study.target)}{within}{rise_words(cases)}; the figures are exact, the curves "
        "the worst found from many starts."
    )
