"""What the comparison of designs comes to, in words: who leads, by what criterion, at what price, and what flips it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from doseesc.report.words.untried import untried_sentences
from doseesc.results import Leaders, Standing, Verdict
from doseesc.wording import in_a_row, percent, plain_number

if TYPE_CHECKING:
    from doseesc.results import Results

_SHARE = 0.005  # of all weightings: less is not told
_DEAR = 2.0  # points of correct selection for one of overdosing: more is not told
_NAMED = 3  # designs named one by one


@dataclass(frozen=True)
class VerdictWords:
    """The verdict in sentences.

    Attributes
    ----------
    headline : str
        Who is ahead, or that nobody is.
    criterion : str
        By what the designs are judged.
    price : tuple of str
        What speaks against the best, and of each design whether it can select a dose that nobody was given.
    flips : tuple of str
        What would change the answer, or that nothing examined would.
    """

    headline: str
    criterion: str
    price: tuple[str, ...]
    flips: tuple[str, ...]


def verdict_words(results: Results) -> VerdictWords:
    """Put the verdict on a run into words."""
    verdict = results.verdict
    return VerdictWords(
        _headline(verdict),
        criterion_words(results),
        (*_price(verdict), *untried_sentences(results)),
        _flips(verdict, results),
    )


def weights_words(results: Results) -> str:
    """Say what each scenario counts.

    Returns
    -------
    str
        Such as ``each true MTD counting the same``; empty where there is one scenario.
    """
    weights = results.study.comparison.weights
    if len(results.study.truths) == 1:
        return ""
    if isinstance(weights, dict):
        named = [f"{name} {plain_number(weight)}" for name, weight in weights.items() if weight]
        return f"weighted {in_a_row(named)}"
    return "each true MTD counting the same" if weights == "true_mtds" else "each scenario counting the same"


def criterion_words(results: Results) -> str:
    """Say by what designs are judged."""
    verdict, weights = results.verdict, weights_words(results)
    own = verdict.standing
    what = "the probability of selecting the true MTD, or rightly none"
    if own.worst_case:
        where = f"{what}, in the scenario where it is smallest"
    elif own.price:
        points = "point" if own.price == 1 else "points"
        where = f"{what}, less {plain_number(own.price)} {points} for each point of selecting a dose above it"
    else:
        where = what
    counting = f"; {weights}" if weights and not own.worst_case else ""
    noise = ", or two standard errors of the simulation," if own.error.any() else ""
    equal = f"; differences of up to {_points(verdict.margin)}{noise} count as none" if len(own.designs) > 1 else ""
    return f"Judged by {where}{counting}{equal}."


def _headline(verdict: Verdict) -> str:
    own, leaders = verdict.standing, verdict.leaders
    best = leaders.designs[0]
    if len(own.designs) == 1:
        share = float(own.mean(own.correct)[0])
        return f"{best} selects the right dose, or rightly none, in {percent(share)} % of trials."
    if leaders.ahead is None:
        return f"No design is ahead: {_level_words(leaders, own.price)}{_safest_words(verdict)}."
    scores = leaders.scores
    second = leaders.by_score[1]
    against = f"{percent(scores[second])} {'points' if own.price else '%'} with {second}"
    if own.price:
        return f"{best} is ahead: {percent(scores[best])} points, against {against}."
    when = "at worst it selects" if own.worst_case else "it selects"
    right = f"{when} the right dose, or rightly none, in {percent(scores[best])} % of trials"
    return f"{best} is ahead: {right}, against {against}."


def _level_words(leaders: Leaders, price: float = 0.0) -> str:
    values = [percent(leaders.scores[each]) for each in leaders.designs]
    return f"{in_a_row(list(leaders.designs))} are level ({in_a_row(values)} {'points' if price else '% right'})"


def _safest_words(verdict: Verdict) -> str:
    """Say which of the designs that are level overdoses least."""
    own = verdict.standing
    overdose = dict(zip(own.designs, own.mean(own.overdose).tolist(), strict=True))
    safest, two = verdict.safest_leader, len(verdict.leaders.designs) == 2
    least, most = percent(overdose[safest]), percent(max(overdose[name] for name in verdict.leaders.designs))
    if least == most:
        return ""
    against = f"less often ({least} against {most}" if two else f"least often ({least}, up to {most}"
    return f"; {safest} selects a dose above the MTD {against} % of trials)"


def _price(verdict: Verdict) -> tuple[str, ...]:
    """Say what speaks against the best: its worst overdosing, and who is safer by more than the margin."""
    own, best = verdict.standing, verdict.safest_leader
    row = own.designs.index(best)
    said = [_at_worst(own, row)]
    overdose = own.mean(own.overdose)
    safer = [
        (float(overdose[place]), name)
        for place, name in enumerate(own.designs)
        if overdose[place] < overdose[row] - verdict.margin
    ]
    if safer:
        named = [f"{name} ({percent(share)} %)" for share, name in sorted(safer)[:_NAMED]]
        more = len(safer) - len(named)
        named += [f"{more} more"] if more else []
        if len(own.scenarios) == 1:
            opening = "Safer"
        elif verdict.leaders.ahead is None and _safest_words(verdict):
            opening = "On average safer"  # than the headline says
        else:
            opening = f"On average {best} does so in {percent(float(overdose[row]))} % of trials; safer"
        said.append(f"{opening}: {in_a_row(named)}.")
    return tuple(said)


def _at_worst(own: Standing, row: int) -> str:
    """Say how often a design overdoses where it does so most, and how many it treats above a true MTD."""
    name, worst = own.designs[row], int(own.overdose[row].argmax())
    alone = len(own.scenarios) == 1
    if own.overdose[row, worst] == 0:
        return f"{name} never selects a dose above the MTD{'' if alone else ' in these scenarios'}."
    where = ["" if alone else f" ({each})" for each in own.scenarios]
    often = f"{percent(float(own.overdose[row, worst]))} % of trials{where[worst]}"
    said = f"{'' if alone else 'At worst '}{name} selects a dose above the MTD in {often}"
    treated = int(np.where(own.true_mtds > 0, own.patients_above[row], -1).argmax())
    if own.true_mtds[treated] < 1:
        return f"{said}."
    above, total = own.patients_above[row, treated], own.patients[row, treated]
    return f"{said} and treats {above:.1f} of {total:.1f} patients above it{where[treated]}."


def _flips(verdict: Verdict, results: Results) -> tuple[str, ...]:
    if len(verdict.standing.designs) == 1:
        return ()
    said = []
    names = {
        "true_mtds": "With each true MTD counting the same",
        "scenarios": "With each scenario counting the same",
        "worst_case": "By the scenario where each does worst",
    }
    for name, leading in verdict.otherwise.items():
        if set(leading.designs) != set(verdict.leaders.designs):
            said.append(f"{names[name]}, {_leading(leading)}.")
    if len(verdict.shares) > 1:
        (first, most), *others = verdict.shared
        if most > 1 - _SHARE:
            always = most == 1 and verdict.shift is None  # else a weighting is told below with which another leads
            which = "however the true MTDs are weighted" if always else "in nearly all ways to weight the true MTDs"
            said.append(f"{_together(first)} {which}.")
        else:
            parts = [f"{_together(first)} in {100 * most:.0f} %"]
            parts += [f"{in_a_row(list(each))} in {100 * share:.0f} %" for each, share in others if share >= _SHARE]
            said.append(f"Of all ways to weight the true MTDs, {in_a_row(parts)}.")
    if verdict.shift is not None and verdict.shift.moved > 0:
        said.append(_shift_words(verdict, results))
    said += [
        f"If a point of overdosing costs {plain_number(round(penalty, 2))} points of correct selection, {name} leads."
        for penalty, name in verdict.penalties[:1]
        if penalty <= _DEAR
    ]
    return tuple(said)


def _together(designs: tuple[str, ...]) -> str:
    """Say that a design leads, or that several that reach the same do so together.

    Examples
    --------
    >>> _together(("CRM",)), _together(("BOIN", "Keyboard"))
    ('CRM leads', 'BOIN and Keyboard together lead')
    """
    return f"{in_a_row(list(designs))} {'leads' if len(designs) == 1 else 'together lead'}"


def _leading(leaders: Leaders) -> str:
    if leaders.ahead is None:
        return _level_words(leaders)
    scores = leaders.scores
    second = leaders.by_score[1]
    return f"{leaders.ahead} leads ({percent(scores[leaders.ahead])} %, {second} {percent(scores[second])} %)"


def _shift_words(verdict: Verdict, results: Results) -> str:
    shift = verdict.shift
    assert shift is not None
    labels = ("none", *results.study.dose_labels)
    away = in_a_row([labels[level] for level in shift.away])
    to = in_a_row([labels[level] for level in shift.to])
    best = verdict.leaders.designs[0]
    return (
        f"{shift.design} overtakes {best} if more than {_points(shift.moved)} of weight move from the true MTD {away} "
        f"to {to}."
    )


def _points(value: float) -> str:
    text = percent(value)
    return f"{text.removesuffix('.0')} point{'' if text == '1.0' else 's'}"
