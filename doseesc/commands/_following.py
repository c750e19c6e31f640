"""The next step at the end of an answer: a command that carries the options which made the answer, and is not refused.

Where what it would write is there already it names another place, so that nothing is replaced that nobody has asked to
replace.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Collection, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

import typer

from doseesc.commands._studies import shipped_name

_WRITTEN = frozenset({"out", "figure", "assurance_file", "course_file"})  # parameters that name what is written


def next_step(*words: str | Path | None) -> str:
    """Say which command comes next, quoted as a shell takes it; words that are None are left out.

    Examples
    --------
    >>> next_step("table", "mine.yaml", "--design", "BOIN of 2015")
    "next: doseesc table mine.yaml --design 'BOIN of 2015'"
    """
    return f"next: {command_words(*words)}"


def command_words(*words: str | Path | None) -> str:
    """Return a command as it is typed; words that are None are left out."""
    return f"doseesc {shlex.join(str(each) for each in words if each is not None)}"


def next_run(file: str | Path, *options: str) -> str:
    """Say that a study is run next, into another folder where there are results already."""
    return next_step(*_run(file, options))


def next_edit(file: str, change: str, *options: str) -> str:
    """Say what is to be changed in a scenario file, and then run with ``options``; a shipped one is copied before.

    Examples
    --------
    >>> next_edit("nct04602104", "write max_n: 24 in")
    'next: doseesc scenarios copy nct04602104, write max_n: 24 in nct04602104.yaml, then doseesc run nct04602104.yaml'
    """
    if shipped_name(file) is None:
        return f"next: {change} {file}, then {command_words(*_run(file, options))}"
    name = file.removesuffix(".yaml")
    copied = free(Path(f"{name}.yaml"))
    return f"next: {copy_words(name)}, {change} {copied}, then {command_words(*_run(copied, options))}"


def next_report(folder: Path) -> str:
    """Say that the page of a results folder is made next, or opened where it is newer than what it shows.

    A page that is older is made again: it holds nothing but what is in the folder.
    """
    from doseesc.results import FIT_FILE, REPORT_FILE, RESULTS_FILE, SWEEP_FILE

    page = folder / REPORT_FILE
    if not page.exists():
        return next_step("report", folder)
    shown = [folder / name for name in (RESULTS_FILE, FIT_FILE, SWEEP_FILE)]
    newest = max((each.stat().st_mtime_ns for each in shown if each.exists()), default=0)
    return next_step("report", folder, "--force") if page.stat().st_mtime_ns < newest else f"next: open {page}"


def again(context: typer.Context, changed: Mapping[str, object]) -> str:
    """Say that the same command comes next, as :func:`changed_words` writes it."""
    return f"next: {changed_words(context, changed)}"


def changed_words(context: typer.Context, changed: Mapping[str, object], without: Collection[str] = ()) -> str:
    """Return a command with the options that were given to it and some changes.

    What it wrote it writes under another name, unless it was to replace what is there.

    Parameters
    ----------
    context : typer.Context
        Of the command.
    changed : mapping of str to object
        Values of parameters in place of those given, by their names in Python; None leaves one out.
    without : collection of str
        Parameters that are left out.
    """
    return command_words(context.info_name, *_same(context, changed, without))


def given(context: typer.Context, *names: str) -> list[str]:
    """Return options as they were given to a command, for another one where they mean the same.

    Parameters
    ----------
    context : typer.Context
    *names
        Of the parameters, in Python.
    """
    return [
        word
        for parameter in context.command.params
        if parameter.name in names and _typed(context, parameter)
        for word in _option(parameter, context.params[parameter.name])
    ]


def copy_words(name: str) -> str:
    """Return the command that copies a shipped scenario into the folder worked in, under a name that is free there."""
    copied = free(Path(f"{name}.yaml"))
    return command_words("scenarios", "copy", name, *(("--to", copied) if copied.stem != name else ()))


def results_folder(file: str | Path) -> Path:
    """Return the folder in which the results of a file are, unless another is named."""
    return Path("results") / Path(file).stem


def free(path: Path) -> Path:
    """Return a path where nothing is yet: as given, or else numbered from 2; an empty folder counts as nothing.

    Examples
    --------
    >>> free(Path("no such folder/sizes.svg")).name
    'sizes.svg'
    """
    found, number = path, 1
    while os.path.lexists(found) and not (found.is_dir() and not any(found.iterdir())):
        number += 1
        found = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return found


def _run(file: str | Path, options: Collection[str]) -> list[str | Path]:
    folder = results_folder(file)
    place = free(folder)
    return ["run", file, *options, *(() if place == folder else ("--out", place))]


def _same(context: typer.Context, changed: Mapping[str, object], without: Collection[str]) -> list[str]:
    words: list[str] = []
    for parameter in context.command.params:
        name = parameter.name
        if name in changed:
            value = changed[name]
        elif name in without or not _typed(context, parameter):
            continue
        else:
            value = context.params[name]
            if name in _WRITTEN and not context.params.get("force"):
                value = free(Path(value))
        if value is not None:
            words += [_word(value)] if parameter.param_type_name == "argument" else _option(parameter, value)
    return words


def _typed(context: typer.Context, parameter: Any) -> bool:
    """Return whether a parameter was given on the command line."""
    source = context.get_parameter_source(parameter.name)
    return source is not None and source.name == "COMMANDLINE"


def _option(parameter: Any, value: object) -> list[str]:
    """Return an option with its value as words, one that may be repeated as often as it has values."""
    name = next(each for each in parameter.opts if each.startswith("--"))
    if parameter.is_flag:
        return [name] if value else []
    values = value if isinstance(value, list | tuple) else [value]
    return [word for each in values for word in (name, _word(each))]


def _word(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)
