"""Answers about a Phase 2 trial for the terminal: what is assumed comes first in one line, and last in full."""

from __future__ import annotations

from rich.text import Text

from doseesc.phase2 import CLAIMS, duration_words
from doseesc.planning import Phase2Answers
from doseesc.report.terminal.lines import wrapped
from doseesc.report.terminal.phase2_analyses import analyses_lines
from doseesc.report.terminal.phase2_power import assumption_lines, assurance_lines, power_lines, size_lines
from doseesc.report.terminal.phase2_precision import precision_lines
from doseesc.report.terminal.phase2_secondary import secondary_lines
from doseesc.report.terminal.phase2_totals import totals_lines
from doseesc.study import assumptions_of


def answer_lines(answers: Phase2Answers) -> list[Text]:
    """Return the lines about a Phase 2 trial, a blank one between its parts."""
    lines: list[Text] = []
    for part in answer_parts(answers):
        lines += [*([Text()] if lines and part else []), *part]
    return lines


def answer_parts(answers: Phase2Answers) -> list[list[Text]]:
    """Return the parts of what is printed, each a list of lines."""
    study, plan = answers.study, answers.plan
    reactions = answers.scenario
    if study.dlt_window_days != plan.reaction_days:
        reactions += f" (P(DLT) in {study.dlt_window_days:g} days, taken for {plan.reaction_days})"
    parts = [
        headline(answers),
        power_lines(answers.power, answers.null, answers.title, reactions),
        precision_lines(plan),
    ]
    if plan.accrual is not None:
        parts.append([Text("duration", "bold"), *wrapped(duration_words(plan), "dim")])
    if answers.totals:
        parts.append(totals_lines(answers.totals))
    if answers.size is not None and answers.wanted is not None and answers.measure is not None:
        parts.append(size_lines(answers.size, answers.wanted, CLAIMS[answers.measure]))
    if answers.analyses:
        parts.append(analyses_lines(answers.analyses, plan))
    if answers.programme:
        observed = next(iter(study.observations), "")
        parts.append(assurance_lines(answers.programme, study.dose_labels, observed))
    if answers.secondary:
        parts.append(secondary_lines(answers.secondary, plan, answers.secondary_trials))
    parts.append(assumption_lines(answers.section))
    return parts


def headline(answers: Phase2Answers) -> list[Text]:
    """Return one line about how much of the trial is assumed; none where nothing is."""
    assumed = [each for each in assumptions_of(answers.section) if not each.from_file]
    if not assumed:
        return []
    if answers.study.phase2 is None:
        words = (
            "the file has no  phase2:  section: all of Phase 2 is assumed (this project's ARDS values, listed below)"
        )
    else:
        count = f"{len(assumed)} value{'s' if len(assumed) > 1 else ''}"
        words = f"{count} of Phase 2 assumed, not in the file (listed below)"
    return [Text(words, "yellow")]
