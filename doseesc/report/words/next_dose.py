"""What is said of a running trial beside the recommendation itself: who is pending, and what follows which outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.conduct import day_words
from doseesc.report.words.pathways import branches, decision_words, outcome_range
from doseesc.wording import percent_words, plain_words

if TYPE_CHECKING:
    from doseesc.conduct import Recommendation, Watch


def window_end_words(watch: Watch, place: int) -> str:
    """Say when the window of a pending patient ends."""
    patient = watch.patients[place]
    if patient.remaining is None:
        return "left the study"
    day = watch.window_end(patient)
    if patient.remaining == 0:
        return "overdue" if day is None else f"{day_words(day)}, overdue"
    if day is not None:
        return day_words(day)
    return "in 1 day" if patient.remaining == 1 else f"in {patient.remaining:g} days"


def known_when_words(watch: Watch) -> str:
    """Head what follows each outcome of the patients pending."""
    whose = "their outcomes are" if len(watch.open) > 1 else f"the outcome of {plain_words(watch.open[0].id)} is"
    return f"When {whose} known"


def estimates_words(recommendation: Recommendation) -> str:
    """Say what the figures of the doses are, and what they come from."""
    weighed = recommendation.watch is None or recommendation.trial.weighs_likelihood
    return f"in %; {recommendation.estimates.basis}{'' if weighed else '; of known outcomes alone'}"


def limit_words(word: str, at: float | None) -> str:
    """Head a column of probabilities of lying over or under a limit; "" where there is none.

    Examples
    --------
    >>> limit_words("over", 0.35)
    'P(over 35 %)'
    """
    return "" if at is None else f"P({word} {percent_words(at)})"


def if_ended_words(recommendation: Recommendation) -> str:
    """Say what the MTD were if the trial ended now; "" where it has ended, or not begun."""
    if recommendation.level == 0 or recommendation.tally.total_n[0] == 0:
        return ""
    dose = plain_words(recommendation.trial.doses.words(recommendation.mtd)) if recommendation.mtd else ""
    known = " on the known outcomes alone" if recommendation.watch is not None else ""
    what = f"the MTD would be {dose}" if dose else "no dose would be the MTD"
    return f"If the trial ended now, {what}{known}."


def after_next_words(recommendation: Recommendation) -> tuple[str, list[tuple[str, str]]]:
    """Say what follows each outcome of the next cohort.

    Returns
    -------
    str
        The head.
    list of (str, str)
        Numbers of DLTs, and what then; empty where there is no next cohort, or somebody is pending.
    """
    paths, doses = recommendation.next_outcomes, recommendation.trial.doses
    if recommendation.level == 0 or paths is None:
        return "", []
    names = [plain_words(doses.name(level)) for level in range(1, recommendation.trial.design.n_doses + 1)]
    size = "patient" if recommendation.cohort_size == 1 else f"{recommendation.cohort_size} patients"
    found = []
    for nodes in branches(paths, 0):
        outcome = outcome_range(paths, nodes)
        dlts = f"{outcome} {'DLT' if outcome == '1' else 'DLTs'}"
        found.append((dlts, decision_words(paths, int(nodes[0]), names)))
    return f"After the next {size} at {names[recommendation.level - 1]}", found
