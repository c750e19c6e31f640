"""The Phase 2 trial and the whole programme: a sentence, charts, tables, and the rest as the command prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.app.told import Told
from doseesc.report.page import assurance_chart, look_of, power_charts
from doseesc.report.tables import assumptions_table, assurance_table, power_table, trial_table
from doseesc.report.terminal import answer_lines
from doseesc.report.words import assumed_count_words, power_answer

if TYPE_CHECKING:
    from doseesc.planning import Phase2Answers, PowerCurves
    from doseesc.results import Results


def phase2_told(answers: Phase2Answers, curves: PowerCurves, phase1: Results) -> Told:
    """Return the answer.

    Parameters
    ----------
    answers : Phase2Answers
        With the programme's assurance.
    curves : PowerCurves
    phase1 : Results
        Over which the assurance averages.
    """
    caution = assumed_count_words(answers)
    tables = [trial_table(answers), power_table(answers), assurance_table(answers), assumptions_table(answers.study)]
    return Told(
        power_answer(answers.power, answers.null, answers.title),
        [f"{caution[0].upper()}{caution[1:]}."] if caution else [],
        [assurance_chart(look_of(phase1), answers), *power_charts(curves, answers)],
        [each for each in tables if each is not None],
        printed="\n".join(each.plain.rstrip() for each in answer_lines(answers)),
    )
