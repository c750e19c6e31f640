"""A running trial: what a design recommends on the patients that a page sends, none of whom is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.conduct import as_date, lengthened, log_in, outcome_table, patients_in, recommend, trial_of
from doseesc.errors import ScenarioError
from doseesc.files import OutputError
from doseesc.report.page import TEMPLATES, template_environment
from doseesc.report.words import (
    after_next_words,
    estimates_words,
    if_ended_words,
    known_when_words,
    limit_words,
    window_end_words,
)
from doseesc.study import bounded
from doseesc.wording import percent

if TYPE_CHECKING:
    from jinja2 import Template

    from doseesc.app.asked import AskedConduct
    from doseesc.conduct import Recommendation, Watch
    from doseesc.study import Study

Code = Callable[[str, str, Mapping[str, Any]], str]

PATIENTS, LOG = "patients.csv", "decisions.jsonl"
"""What files are called that the page lets one download."""

_NOTHING = "–"


class Conduct:
    """Answers about running trials; made once for an app.

    Parameters
    ----------
    read : callable
        Reads a scenario file from its name and text; raises ScenarioError.
    code : callable
        Takes a file's name, ``"next"``, and what is asked besides; returns the markup of the command and the Python.
    """

    def __init__(self, read: Callable[[str, str], Study], code: Code) -> None:
        self._read, self._code = read, code

    @cached_property
    def _template(self) -> Template:
        own = Path(__file__).parent / "templates"
        return template_environment(own, TEMPLATES).get_template("conduct_answer.html.j2")

    def answer(self, asked: AskedConduct) -> dict[str, Any]:
        """Return what a design recommends, in the words of ``doseesc next``.

        Returns
        -------
        dict
            ``answer`` (markup) and ``sentence``; ``log``, the lengthened log, where one was given; ``designs``,
            ``design``, ``doses`` and ``window``, of which the page makes its fields; or ``wrong``, everything that is
            wrong, in words.
        """
        try:
            study = self._read(asked.name, asked.text)
        except ScenarioError as error:
            return {"wrong": str(error)}
        design = asked.design if asked.design in study.names else study.names[0]
        trial = trial_of(study, design)
        levels = range(1, study.n_doses + 1)
        told: dict[str, Any] = {
            "designs": list(study.names),
            "design": design,
            "doses": [{"label": study.dose_labels[k - 1], "words": trial.doses.name(k)} for k in levels],
            "window": trial.window_days,
        }
        try:
            with bounded(study):
                found = _recommended(study, design, asked)
            code = self._code(asked.name, "next", _besides(asked, design))
            told |= {"answer": self._template.render(_context(found)) + code, "sentence": found.sentence}
            if asked.log is not None:
                earlier = log_in(asked.log.encode(), LOG) if asked.log else ()
                told |= {"log": lengthened(earlier, LOG, found, study), "decisions": len(earlier) + 1}
        except (ScenarioError, OutputError, ValueError) as error:
            return told | {"wrong": str(error)}
        return told


def _besides(asked: AskedConduct, design: str) -> dict[str, str]:
    """Return what is asked besides the file, as the command takes it."""
    data = {"data": PATIENTS} if asked.patients.strip() else {"outcomes": asked.outcomes}
    return {"design": design, "date": asked.date, **data}


def _recommended(study: Study, design: str, asked: AskedConduct) -> Recommendation:
    date = as_date(asked.date or None)
    if not asked.patients.strip():
        return recommend(study, asked.outcomes, design, date=date)
    trial = trial_of(study, design)
    people = patients_in(asked.patients.encode(), PATIENTS, trial.doses, window_days=trial.window_days, date=date)
    return recommend(study, people, design)


def _context(advice: Recommendation) -> dict[str, Any]:
    """Return what the template shows."""
    head, then = after_next_words(advice)
    design = advice.trial.design
    return {
        "kind": "wait" if advice.waits else "go" if advice.level else "stop",
        "found": advice,
        "pending_policy": "" if advice.watch is None else design.pending.describe(design),
        "pending": None if advice.watch is None else _pending(advice.watch),
        "doses": _doses(advice),
        "if_ended": if_ended_words(advice),
        "after": {"head": head, "rows": then},
    }


def _pending(watch: Watch) -> dict[str, Any]:
    """Return who is pending, and what follows which of their outcomes."""
    heads, rows = outcome_table(watch)
    doses, window = watch.trial.doses, watch.standing.window_days or 0.0
    return {
        "patients": [
            (each.id, doses.name(each.level), f"{each.days:g} of {window:g}", window_end_words(watch, place))
            for place, each in enumerate(watch.patients)
        ],
        "head": known_when_words(watch) if rows else "",
        "heads": heads,
        "rows": [([*spans], then) for spans, then in rows],
    }


def _doses(advice: Recommendation) -> dict[str, Any]:
    """Return what is known of each dose."""
    figures, doses = advice.estimates, advice.trial.doses
    limits = [
        (limit_words("over", figures.over), figures.overdosing),
        (limit_words("under", figures.under), figures.underdosing),
    ]
    shown = [(head, values) for head, values in limits if head]
    pending = advice.pending_by_level.tolist()
    rows = []
    for place, waiting in enumerate(pending):
        low, high = figures.lower[place], figures.upper[place]
        cells = [str(int(advice.tally.n[0, place])), str(int(advice.tally.dlt[0, place]))]
        cells += [str(waiting)] if any(pending) else []
        cells += [_percent(figures.mean[place]), _NOTHING if math.isnan(low) else f"{percent(low)} to {percent(high)}"]
        cells += [_percent(values[place]) for _, values in shown]
        here = place + 1 == advice.level and not advice.waits
        name, amount = doses.name(place + 1), doses.amount(place + 1)
        rows.append({"dose": name, "amount": "" if amount == name else amount, "here": here, "cells": cells})
    heads = ["n", "DLTs", *(["pending"] if any(pending) else []), "estimate", "90 % interval", *(h for h, _ in shown)]
    return {"heads": heads, "rows": rows, "how": estimates_words(advice)}


def _percent(value: float) -> str:
    return _NOTHING if math.isnan(value) else percent(value)
