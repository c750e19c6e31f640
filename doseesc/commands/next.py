"""``doseesc next``: the next dose of a running trial."""

from __future__ import annotations

import typer

from doseesc.commands._calls import Call, library, script, variable
from doseesc.commands._conduct import DataFile, OneDesign, Outcomes, ask, check_one_source
from doseesc.commands._options import DURING_THE_TRIAL, Format, Printed, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data, print_found
from doseesc.commands._studies import load_call


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

    def asked(study: Call, design: str | None) -> Call:
        return library("doseesc").recommend(study, data or outcomes or "", design=design)

    if show_code:
        found = variable("recommendation")
        steps = {"study": load_call(file), "recommendation": asked(variable("study"), design)}
        print_data(script(steps, [found.sentence, found.to_frame()]))
        return
    from doseesc.report.terminal import recommendation_lines

    print_found(ask(file, design, asked), recommendation_lines, output_format)
