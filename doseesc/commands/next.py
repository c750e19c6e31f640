"""``doseesc next``: the next dose of a running trial."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import typer

from doseesc.commands._calls import Call, library, script, variable
from doseesc.commands._conduct import (
    DataDate,
    DataFile,
    LogOut,
    OneDesign,
    Outcomes,
    ask,
    check_log_file,
    check_one_source,
    design_name,
)
from doseesc.commands._options import DURING_THE_TRIAL, Format, Printed, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data, print_found, terminal_width
from doseesc.commands._studies import load_call, load_study

if TYPE_CHECKING:
    from doseesc.conduct import Recommendation

WAIT = 3


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    example = 'Example:  doseesc next nct04602104 --design BOIN --outcomes "1NNN 2NNT"'
    app.command("next", rich_help_panel=DURING_THE_TRIAL, epilog=example)(next_dose)


def next_dose(
    file: ScenarioFile,
    design: OneDesign = None,
    outcomes: Outcomes = None,
    data: DataFile = None,
    date: DataDate = None,
    output_format: Printed = Format.table,
    out: LogOut = None,
    show_code: ShowCode = False,
) -> None:
    """Say what a design of FILE recommends on the data so far.

    Answers in one line, then says why and which rules had a say; then what is known of each dose, and what follows
    each outcome of the next cohort. Without data it is the first cohort's dose. What patients received may differ from
    what the design asked for: such departures are shown. --format csv prints the table of doses.

    Where patients are pending, still in their DLT window, the answer may be to wait: for whom, until when at the
    latest, and what each outcome would change. Whoever dies or is lost in the window counts as the file's observation:
    says.

    With --out FILE the answer is added to a log of decisions: when, of which data (their day, hash and counts), by
    which scenario file, design and versions, what and why.  doseesc replay --log FILE  verifies it.

    Exit code 3: the answer is to wait; nobody is to be treated now.
    """
    check_one_source(outcomes, data)

    def asked(study: Call, design: str | None) -> Call:
        return library("doseesc").recommend(study, data or outcomes or "", design=design, date=date)

    if show_code:
        found = variable("recommendation")
        name = design_name(load_study(file, warn=False), design)
        steps = {"study": load_call(file), "recommendation": asked(variable("study"), name)}
        logged = library("doseesc.conduct", "append_decision")(str(out), found, variable("study"))
        print_data(script(steps, [found.sentence, found.to_frame()], [] if out is None else [logged]))
        return
    check_log_file(out)
    study = load_study(file, warn=False)
    answer: Recommendation = ask(study, design, asked)
    from doseesc.report.terminal import recommendation_lines

    print_found(answer, partial(recommendation_lines, width=terminal_width()), output_format)
    if out is not None:
        from doseesc.conduct import append_decision

        number = append_decision(out, answer, study)
        typer.echo(f"decision {number} of the log {out}", err=output_format != Format.table)
    if answer.waits or answer.not_before is not None:
        raise typer.Exit(WAIT)
