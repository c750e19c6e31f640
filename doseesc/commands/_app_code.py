"""What the app shows of itself: the command, and the Python, that answer what is on the page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from doseesc.commands._calls import Call, library, script, variable


def study_command(name: str) -> str:
    """Return the command that gives the exact figures of a file."""
    return f"doseesc run {shlex.quote(name)} --method exact\n"


def study_code(name: str) -> str:
    """Return the Python that gives the exact figures of a file, time left aside, as the page shows them."""
    results, timeless = variable("results"), library("doseesc.planning", "without_time")(variable("study"))
    return _script(name, "results", library("doseesc").run(timeless, method="exact"), results.to_frame())


def question_code(name: str, question: str, told: Mapping[str, Any]) -> tuple[str, str]:
    """Return the command and the Python that answer a question about a file.

    Parameters
    ----------
    name : str
        Of the file.
    question : str
        As the app's page calls it, or "next" for what a design recommends in a running trial.
    told : mapping
        What the question says besides: ``design``; ``begin``, curves from which a search begins; ``goal`` and ``by``,
        how often a design is to be right, and steps of numbers of patients; ``trials``; ``outcomes``, ``data`` and
        ``date`` of a trial.

    Examples
    --------
    >>> print(question_code("mine.yaml", "size", {"goal": 0.6, "by": 3})[0], end="")
    doseesc size mine.yaml --correct 0.6 --by 3 --method exact
    """
    study, found = variable("study"), variable("found")
    file, folder = shlex.quote(name), shlex.quote(f"results/{PurePath(name).stem}")
    design, planning = told.get("design") or None, "doseesc.planning"
    named = f" --design {shlex.quote(design)}" if design else ""

    def asked(words: str, call: Call) -> tuple[str, str]:
        return f"doseesc {words}\n", _script(name, "found", call, found.to_frame())

    match question:
        case "worst":
            begin = [list(each) for each in told.get("begin", ())] or None
            same = "".join(f" --begin {','.join(str(float(p)) for p in curve)}" for curve in begin or ())
            return asked(f"worst-case {file}{same}", library(planning, "worst_cases")(study, begin=begin))
        case "size":
            sizes = library(planning, "sizes_of")(study, by=told["by"])
            options = {"sizes": sizes, "on_calendar": False, "method": "exact"}
            call = library(planning, "sample_size")(study, told["goal"], **options)
            return asked(f"size {file} --correct {told['goal']:g} --by {told['by']} --method exact", call)
        case "calendar":
            call = library("doseesc").run(study, method="auto", trials=told["trials"])
            return asked(f"run {file} --method auto --trials {told['trials']} --full", call)
        case "phase2":
            call = library(planning, "answer")(study, assurance=True)
            csv = library(planning, "phase2_power_csv")(found)
            return f"doseesc phase2 {file} --assurance --full\n", _script(name, "found", call, csv, found.programme)
        case "ensemble":
            return asked(f"ensemble {file}", library(planning, "run_ensemble")(study))
        case "optimum":
            return asked(f"optimal {file}", library("doseesc").optimal_design(study))
        case "report" | "protocol":
            ran, wrote = f"doseesc run {file} --out {folder}\n", f"doseesc {question} {folder}\n"
            return ran + wrote, _files_script(name, question)
        case "decisions":
            call = library("doseesc").decision_table(study, design=design)
            words, python = asked(f"table {file}{named}", call)
            return f"{words}doseesc paths {file}{named}\n", python
        case "next":
            data, outcomes, date = (told.get(key) or None for key in ("data", "outcomes", "date"))
            given = (
                f" --data {shlex.quote(data)}" if data else f" --outcomes {shlex.quote(outcomes)}" if outcomes else ""
            )
            dated = f" --date {shlex.quote(date)}" if date else ""
            call = library("doseesc").recommend(study, data or outcomes or "", design=design, date=date)
            python = _script(name, "recommendation", call, variable("recommendation").sentence)
            return f"doseesc next {file}{named}{given}{dated}\n", python
    raise ValueError(f"question must be one of the app's page, not {question!r}")


def _script(file: str, result: str, call: Call, *shown: Call) -> str:
    return script({"study": library("doseesc").load(file), result: call}, shown)


def _files_script(name: str, question: str) -> str:
    """Return the Python that writes the report or the protocol of a file into the folder worked in."""
    study, results, saved = variable("study"), variable("results"), variable("saved")
    steps = {
        "study": library("doseesc").load(name),
        "results": library("doseesc").run(study),
        "saved": library("doseesc.results", "SavedRun")(results),
    }
    if question == "report":
        files = library("doseesc.report.page", "report_files")(saved)
    else:
        files = library("doseesc.report.protocol", "protocol_files")(saved)
    return script(steps, done=[library("doseesc.files", "add_files")(files, ".")])
