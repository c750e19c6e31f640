"""Answers about a Phase 2 trial for the terminal: the answer, how much is assumed, then the figures."""

from __future__ import annotations

from rich.text import Text

from doseesc.phase2 import CLAIMS, duration_words
from doseesc.planning import Phase2Answers
from doseesc.report.terminal.lines import wrapped
from doseesc.report.terminal.phase2_analyses import analyses_lines
from doseesc.report.terminal.phase2_power import (
    assumption_lines,
    assurance_lines,
    power_lines,
    size_lines,
)
from doseesc.report.terminal.phase2_precision import precision_lines
from doseesc.report.terminal.phase2_secondary import secondary_lines
from doseesc.report.terminal.phase2_totals import totals_lines, totals_verdicts
from doseesc.report.words import assumed_count_words, power_answer


def answer_lines(answers: Phase2Answers, full: bool = True) -> list[Text]:
    """Return the lines about a Phase 2 trial, a blank one between its parts.

    Parameters
    ----------
    answers : Phase2Answers
    full : bool
        All there is, and not the answer, the trial, and what was asked for alone.
    """
    answer = wrapped(power_answer(answers.power, answers.null, answers.title), "bold")
    caution, *parts = answer_parts(answers, full)
    # Where nothing of the trial is the study's own, that comes before any figure.
    lines = [*caution, *answer] if answers.study.phase2 is None else [*answer, *caution]
    for part in parts:
        lines += [*([Text()] if part else []), *part]
    return lines


def answer_parts(answers: Phase2Answers, full: bool = True) -> list[list[Text]]:
    """Return the parts of what is printed after the answer, each a list of lines: first how much is assumed."""
    study, plan = answers.study, answers.plan
    reactions = answers.scenario
    if study.dlt_window_days != plan.reaction_days:
        reactions += f" (P(DLT) in {study.dlt_window_days:g} days, taken for {plan.reaction_days})"
    parts = [
        headline(answers),
        power_lines(answers.power, answers.null, answers.title, reactions, full),
    ]
    if full:
        parts.append(precision_lines(plan))
    if full and plan.accrual is not None:
        parts.append([Text("duration", "bold"), *wrapped(duration_words(plan), "dim")])
    if answers.totals:
        parts.append(totals_lines(answers.totals) if full else totals_verdicts(answers.totals))
    if answers.size is not None and answers.wanted is not None and answers.measure is not None:
        parts.append(size_lines(answers.size, answers.wanted, CLAIMS[answers.measure]))
    if answers.analyses:
        parts.append(analyses_lines(answers.analyses, plan))
    if answers.programme:
        observed = next(iter(study.observations), "")
        parts.append(assurance_lines(answers.programme, study.dose_labels, observed))
    if answers.secondary:
        parts.append(secondary_lines(answers.secondary, plan, answers.secondary_trials))
    if full:
        parts.append(assumption_lines(answers.section))
    else:
        parts.append(wrapped("analysis, precision, duration and every assumption: --full", "dim"))
    return parts


def headline(answers: Phase2Answers) -> list[Text]:
    """Return one line about how much of the trial is assumed; none where nothing is."""
    words = assumed_count_words(answers)
    return [Text(words, "yellow")] if words else []
