"""From what the user typed to a study: a file, or the name of a shipped scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from doseesc.commands._calls import Call, library

if TYPE_CHECKING:
    from designs import Design
    from doseesc.study import Study


def load_study(name: str, *, warn: bool = True, drug_alone: bool = False) -> Study:
    """Load a scenario file; where there is no such file, the shipped scenario of that name.

    What the study warns of, such as a design that cannot stop, goes to stderr; ``warn`` False leaves it out, for
    commands that serve a trial already begun.  ``drug_alone`` is for commands that look at the drug's own curve: a note
    says so where the file has an ``observation:`` that they leave aside, or designs that decide otherwise on the
    calendar than with every outcome known.

    Raises
    ------
    ScenarioError
        If neither exists, or something is wrong in the file.
    """
    from doseesc.study import load

    study = load(study_path(name))
    for warning in study.warnings() if warn else ():
        typer.echo(f"warning: {warning}", err=True)
    if drug_alone and study.observations:
        typer.echo("note: figures of the drug alone; the file's observation: is left aside here", err=True)
    if drug_alone:
        _say_time_is_left_aside(study)
    return study


def _say_time_is_left_aside(study: Study) -> None:
    if study.calendar is None:
        return
    from doseesc.results import on_calendar

    if on_calendar(study):
        besides = "the file's  accrual:" if study.backfill is None else "the file's  accrual:  and  backfill:"
        typer.echo(f"note: figures of known outcomes; patients pending, {besides}  are left aside here", err=True)


def study_path(name: str) -> Path:
    """Return the scenario file that a name means, whether or not it exists."""
    from doseesc.study import shipped_replays, shipped_scenarios

    shipped = shipped_name(name)
    return Path(name) if shipped is None else (shipped_scenarios() | shipped_replays())[shipped]


def chosen_design(study: Study, name: str) -> tuple[str, Design]:
    """Return a design of the study with its name, which may be given in any case where it is clear which is meant.

    Raises
    ------
    typer.BadParameter
        If the file has none of that name.
    """
    from doseesc.wording import did_you_mean, meant

    designs = study.designs
    found = meant(name, designs)
    if found is None:
        message = f"{name!r} is not in the file; {did_you_mean(name, designs)}there are {', '.join(designs)}"
        raise typer.BadParameter(message, param_hint="--design")
    return found, designs[found]


def check_scenario(study: Study, name: str | None) -> None:
    """Refuse a scenario that the study does not list; None is none.

    Raises
    ------
    typer.BadParameter
    """
    if name is None or name in study.truths:
        return
    from doseesc.wording import did_you_mean

    there = f"there are {', '.join(study.truths)}" if study.truths else "it lists no scenarios"
    message = f"{name!r} is not in the file; {did_you_mean(name, study.truths)}{there}"
    raise typer.BadParameter(message, param_hint="--scenario")


def name_in_file(file: str, name: str) -> str:
    """Return a design's name as the file writes it, for Python that looks it up."""
    return chosen_design(load_study(file, warn=False), name)[0]


def shipped_name(name: str) -> str | None:
    """Return the shipped scenario or replay that a name means, or None where it means a file.

    Examples
    --------
    >>> shipped_name("nct04602104"), shipped_name("nct04602104.yaml"), shipped_name("elsewhere/nct04602104.yaml")
    ('nct04602104', 'nct04602104', None)
    """
    from doseesc.study import shipped_replays, shipped_scenarios

    if Path(name).exists():
        return None
    stem = name.removesuffix(".yaml")
    return stem if stem in shipped_scenarios() | shipped_replays() else None


def load_call(name: str) -> Call:
    """Return the call of the library that loads the same study."""
    shipped = shipped_name(name)
    listed = "shipped_replays" if shipped and "/" in shipped else "shipped_scenarios"
    return library("doseesc").load(name if shipped is None else library("doseesc.study", listed)()[shipped])
