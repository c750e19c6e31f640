"""``doseesc replay``: a whole trial's record beside what a design would have said."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from doseesc.commands._calls import Call, library, script, variable
from doseesc.commands._conduct import (
    DataDate,
    DataFile,
    LogFile,
    OneDesign,
    Outcomes,
    ask,
    check_one_source,
    design_name,
)
from doseesc.commands._options import DURING_THE_TRIAL, Format, Printed, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data, print_found, terminal_width
from doseesc.commands._studies import load_call, load_study, study_path

if TYPE_CHECKING:
    from doseesc.conduct import Replay

LOG_CHANGED = 3


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = "Example:  doseesc replay replay/levy2006 --design CRM"
    app.command(rich_help_panel=DURING_THE_TRIAL, epilog=example)(replay)


def replay(
    file: ScenarioFile,
    design: OneDesign = None,
    outcomes: Outcomes = None,
    data: DataFile = None,
    date: DataDate = None,
    output_format: Printed = Format.table,
    log: LogFile = None,
    show_code: ShowCode = False,
) -> None:
    """Replay a trial's record cohort by cohort, with what a design of FILE would have said each time.

    Where patients have dates it is replayed day by day, with what was known on each. Departures of the trial from the
    design are marked, patients entered while the design said to wait among them. Without --data and --outcomes the
    record is the CSV file of FILE's name beside it; published trials are shipped so, such as replay/levy2006.

    With --log FILE the log of decisions of  doseesc next --out FILE  is verified: whether it was changed, whether
    scenario file, versions and data are those of then, and which recommendations were followed. --format csv prints
    the decisions then.

    Exit code 3: the log was changed after it was written.
    """
    check_one_source(outcomes, data)
    beside = study_path(file).with_suffix(".csv")
    if outcomes is None and data is None:
        if not beside.is_file():
            raise typer.BadParameter(
                f"give the record by --data or --outcomes; there is no {beside.name} beside {file}", param_hint="--data"
            )
        data = beside

    def asked(study: Call, design: str | None) -> Call:
        record = study.source.with_suffix(".csv") if data == beside else data or outcomes or ""
        return library("doseesc").replay(study, record, design=design, date=date)

    if show_code:
        name = design_name(load_study(file, warn=False), design)
        steps = {"study": load_call(file), "found": asked(variable("study"), name)}
        if log is not None:
            entries = library("doseesc.conduct", "read_log")(str(log))
            steps["checked"] = library("doseesc.conduct", "check_log")(entries, variable("found"), variable("study"))
        print_data(script(steps, [variable(list(steps)[-1]).to_frame()]))
        return
    study = load_study(file, warn=False)
    if log is None:
        answer: Replay = ask(study, design, asked)
        from doseesc.report.terminal import replay_lines

        print_found(answer, partial(replay_lines, width=terminal_width()), output_format)
        return
    from doseesc.conduct import check_log, read_log
    from doseesc.report.terminal import checked_lines
    from doseesc.study import bounded

    logged = read_log(log)
    with bounded(study):
        checked = check_log(logged, ask(study, design, asked), study)
    print_found(checked, partial(checked_lines, width=terminal_width()), output_format)
    if checked.damaged:
        raise typer.Exit(LOG_CHANGED)
