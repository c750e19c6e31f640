"""How many patients designs need, in a sentence, and what must be known beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.wording import in_a_row, percent, percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.planning import SampleSizes

_ERRORS = 2
"""Standard errors within which a goal may have been missed or reached by chance."""


def size_answer(needed: SampleSizes) -> str:
    """Return how many patients each design needs, or that none is enough and how near it comes.

    Parameters
    ----------
    needed : SampleSizes
    """
    needs = {name: needed.kept(name) for name in needed.curves}
    unable = [name for name, size in needs.items() if size is None]
    goal = (
        f"To select the true MTD in at least {percent_words(needed.correct)} of trials{_limit(needed)}, {_over(needed)}"
    )
    lacking = ""
    if unable:
        lacking = (
            f"{needed.sizes[-1]} patients are not enough with {in_a_row([_nearest(needed, name) for name in unable])}"
        )
    sizes = sorted({size for size in needs.values() if size is not None})
    if not sizes:
        return f"{goal}, {lacking}."
    parts: list[str] = []
    for size in sizes:
        names = in_a_row([plain_words(name) for name, own in needs.items() if own == size])
        parts.append(f"{size} with {names}" if parts else f"up to {size} patients with {names}")
    together = ", ".join(parts) if any(" and " in each for each in parts) else in_a_row(parts)
    return f"{goal}, a trial needs {together}{f'; {lacking}' if unable else ''}."


def size_remarks(needed: SampleSizes) -> list[str]:
    """Return what must be known beside the answer: where chances go up and down, and how sure simulated ones are."""
    remarks = []
    for name in needed.curves:
        first, kept = needed.first(name), needed.kept(name)
        if first is None or first == kept:
            continue
        shown = f"{plain_words(name)} reaches the goal with {first} patients already"
        last = needed.sizes[-1]
        if kept is None:
            remarks.append(
                f"{shown}, but does not keep it up to {last}: more patients can make a design less often right."
            )
        else:
            remarks.append(f"{shown}, but not with all larger numbers up to {last}; from {kept} on it is kept.")
    for name, curve in needed.curves.items():
        size = needed.kept(name)
        if size is None:
            size = needed.best(name)
        at = needed.at(name, size)
        near = [
            f"{words} {percent(at[figure])} % ± {percent(at[f'{figure}_se'])} points"
            for figure, words, goal in (
                ("correct", "right in", needed.correct),
                ("overdose", "above in", needed.overdose),
            )
            if goal is not None and at[f"{figure}_se"] > 0 and abs(at[figure] - goal) < _ERRORS * at[f"{figure}_se"]
        ]
        if near:
            why = "the number of random curves" if set(curve.method) == {"exact"} else "simulation"
            remarks.append(
                f"{plain_words(name)} with {size}: {in_a_row(near)}, one standard error of {why}; the number that it "
                "needs may be a neighbour."
            )
    return remarks


def crm_size_words(needed: SampleSizes) -> str:
    """Return what dfcrm's approximation asks for, or why it does not apply; "" where there is no CRM."""
    asked = needed.approximation
    if asked is None:
        return ""
    if asked.outside:
        untried = in_a_row(list(asked.outside))
        return f"dfcrm's approximation for the CRM (getn) does not apply: it was not tried for {untried}."
    return (
        f"dfcrm's approximation for the CRM (getn, Cheung 2013) asks for {asked.n} patients: right in "
        f"{percent_words(asked.correct)} of trials on {asked.n_doses} doses, an odds ratio of {asked.odds_ratio:.3g} "
        "from one to the next around the MTD; for single patients, and a start only."
    )


def _limit(needed: SampleSizes) -> str:
    if needed.overdose is None:
        return ""
    what = "a dose that is too toxic" if needed.over == "worst" else "a dose above it"
    return f" and {what} in at most {percent_words(needed.overdose)}"


def _over(needed: SampleSizes) -> str:
    if needed.over == "worst":
        return "whatever the truth"
    if needed.over == "ensemble":
        return f"on average over {needed.truths:,} random truths"
    return f"on average over the {needed.truths} scenarios" if needed.truths > 1 else "in the scenario"


def _nearest(needed: SampleSizes, name: str) -> str:
    """Say how near a design comes that does not keep the goal."""
    size = needed.best(name)
    at = needed.at(name, size)
    above = "" if needed.overdose is None else f" and {percent(at['overdose'])} % above"
    return f"{plain_words(name)} ({percent(at['correct'])} %{above} at best, with {size})"
