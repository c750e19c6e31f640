"""``doseesc replay``: a whole trial's record beside what a design would have said."""

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
from doseesc.commands._studies import load_code, study_path


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc replay replay/levy2006 --design CRM"
    app.command(rich_help_panel=DURING_THE_TRIAL, epilog=example)(replay)


def replay(
    file: ScenarioFile,
    design: OneDesign = None,
    outcomes: Outcomes = None,
    data: DataFile = None,
    output_format: Printed = Format.table,
    show_code: ShowCode = False,
) -> None:
    """Replay a trial's record cohort by cohort, with what a design of FILE would have said each time.

    Departures of the trial from the design are marked. Without --data and --outcomes the record is the CSV file of
    FILE's name beside it; published trials are shipped so, such as replay/levy2006.
    """
    check_one_source(outcomes, data)
    beside = study_path(file).with_suffix(".csv")
    if outcomes is None and data is None:
        if not beside.is_file():
            raise typer.BadParameter(
                f"give the record by --data or --outcomes; there is no {beside.name} beside {file}", param_hint="--data"
            )
        data = beside
    if show_code:
        print_data(_code(file, design, outcomes, data, beside))
        return
    from doseesc.conduct import replay as replay_record
    from doseesc.report.terminal import replay_lines

    found = asked_of_design(replay_record, file, design, data or outcomes or "")
    print_answer(found, replay_lines, output_format)


def _code(file: str, design: str | None, outcomes: str | None, data: Path | None, beside: Path) -> str:
    lines = load_code(file)
    given = "" if design is None else f", design={design!r}"
    record = data_code(outcomes, data)
    if data == beside:
        record = 'study.source.with_suffix(".csv")'
    elif data is not None:
        lines.insert(0, "from pathlib import Path")
    return "\n".join([*lines, f"print(doseesc.replay(study, {record}{given}).to_frame())"]) + "\n"
