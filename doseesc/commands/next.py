"""``doseesc next``: the next dose of a running trial."""

from __future__ import annotations

from pathlib import Path

import typer

from doseesc.commands._conduct import (
    DataFile,
    OneDesign,
    Outcomes,
    asked_of_design,
    check_one_source,
    data_code,
    print_answer,
)
from doseesc.commands._options import DURING_THE_TRIAL, Format, Printed, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._studies import load_code


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = 'Example:  doseesc next nct04602104 --design BOIN --outcomes "1NNN 2NNT"'
    app.command("next", rich_help_panel=DURING_THE_TRIAL, epilog=example)(next_dose)


def next_dose(
    file: ScenarioFile,
    design: OneDesign = None,
    outcomes: Outcomes = None,
    data: DataFile = None,
    output_format: Printed = Format.table,
    show_code: ShowCode = False,
) -> None:
    """Say what a design of FILE recommends on the data so far.

    Answers in one line, then says why and which rules had a say; then what is known of each dose, and what follows
    each outcome of the next cohort. Without data it is the first cohort's dose. What patients received may differ from
    what the design asked for: such departures are shown. --format csv prints the table of doses.
    """
    check_one_source(outcomes, data)
    if show_code:
        print_data(_code(file, design, outcomes, data))
        return
    from doseesc.conduct import recommend
    from doseesc.report.terminal import recommendation_lines

    found = asked_of_design(recommend, file, design, data or outcomes or "")
    print_answer(found, recommendation_lines, output_format)


def _code(file: str, design: str | None, outcomes: str | None, data: Path | None) -> str:
    lines = load_code(file)
    if data is not None:
        lines.insert(0, "from pathlib import Path")
    given = "" if design is None else f", design={design!r}"
    lines += [
        f"recommendation = doseesc.recommend(study, {data_code(outcomes, data)}{given})",
        "print(recommendation.sentence)",
        "print(recommendation.to_frame())",
    ]
    return "\n".join(lines) + "\n"
