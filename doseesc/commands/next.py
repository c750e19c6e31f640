"""``doseesc next``: the next dose of a running trial."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from doseesc.commands._conduct import DataFile, OneDesign, Outcomes, check_one_source, data_code, design_name
from doseesc.commands._options import DURING_THE_TRIAL, Format, Printed, ScenarioFile, ShowCode
from doseesc.commands._printing import print_data
from doseesc.commands._studies import load_code, load_study
from doseesc.scenario_errors import ScenarioError

if TYPE_CHECKING:
    from doseesc.conduct import Recommendation


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

    study = load_study(file, warn=False)
    name = design_name(study, design)
    try:
        found = recommend(study, data or outcomes or "", design=name)
    except ScenarioError:
        raise
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--outcomes") from None
    _print(found, output_format)


def _print(found: Recommendation, output_format: Format) -> None:
    if output_format == Format.json:
        import json

        print_data(json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n")
        return
    if output_format == Format.csv:
        print_data(found.to_frame().to_csv(index=False, lineterminator="\n"))
        return
    from rich.console import Console

    from doseesc.report.conduct_table import recommendation_lines

    console = Console(highlight=False)
    for text in recommendation_lines(found):
        console.print(text, soft_wrap=True)


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
