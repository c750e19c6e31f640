"""Answers about a Phase 2 trial as files and as one JSON document; each says what it assumes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doseesc.files import csv_text, rounded_rows
from doseesc.phase2 import analyses_frame, duration_words, phase2_rows, power_frame, secondary_frame, totals_frame
from doseesc.planning.assurance import assurance_frame
from doseesc.planning.phase2_answers import Phase2Answers
from doseesc.study import Assumption, assumptions_of

if TYPE_CHECKING:
    import pandas as pd

POWER_FILE = "phase2_power.csv"
ASSUMPTIONS_FILE = "phase2_assumptions.csv"
TOTALS_FILE = "phase2_totals.csv"
ANALYSES_FILE = "phase2_analyses.csv"
SECONDARY_FILE = "phase2_secondary.csv"
ASSURANCE_FILE = "phase2_assurance.csv"


def phase2_power_csv(answers: Phase2Answers) -> str:
    """Return the table of power as CSV; its column ``assumed`` names what the file does not give."""
    return _csv(power_frame(answers.power, answers.null), answers)


def phase2_files(answers: Phase2Answers) -> dict[str, str]:
    """Return the text of every file by its name."""
    import pandas as pd

    assumptions = pd.DataFrame(assumptions_of(answers.section), columns=list(Assumption._fields))
    found = {
        POWER_FILE: phase2_power_csv(answers),
        ASSUMPTIONS_FILE: csv_text(assumptions),
    }
    if answers.totals:
        found[TOTALS_FILE] = _csv(totals_frame(answers.totals), answers)
    if answers.analyses:
        found[ANALYSES_FILE] = _csv(analyses_frame(answers.analyses), answers)
    if answers.secondary:
        found[SECONDARY_FILE] = _csv(secondary_frame(answers.secondary), answers)
    if answers.programme:
        found[ASSURANCE_FILE] = _csv(assurance_frame(answers.study, answers.programme), answers)
    return found


def phase2_document(answers: Phase2Answers) -> dict[str, Any]:
    """Return everything as plain values, for JSON."""
    size = answers.size
    return {
        "assumptions": [each._asdict() for each in assumptions_of(answers.section)],
        "in_file": answers.study.phase2 is not None,
        "scenario": answers.scenario,
        "mtd": answers.mtd_label,
        "trials": answers.power.tally.trials,
        "seed": answers.power.seed,
        "words": dict(phase2_rows(answers.plan, answers.power, answers.null)),
        "duration": duration_words(answers.plan) if answers.plan.accrual else None,
        "power": rounded_rows(power_frame(answers.power, answers.null)),
        "size": None
        if size is None
        else {
            "n": size.n,
            "total": size.plan.total,
            "standard_error": size.standard_error,
            "power": answers.wanted,
            "measure": answers.measure,
        },
        "totals": rounded_rows(totals_frame(answers.totals)),
        "analyses": rounded_rows(analyses_frame(answers.analyses)),
        "secondary": rounded_rows(secondary_frame(answers.secondary)),
        "assurance": rounded_rows(assurance_frame(answers.study, answers.programme)),
    }


def _csv(frame: pd.DataFrame, answers: Phase2Answers) -> str:
    assumed = [
        f"{each.key} {each.value or each.basis}" for each in assumptions_of(answers.section) if not each.from_file
    ]
    return csv_text(frame.assign(assumed="; ".join(assumed)))
