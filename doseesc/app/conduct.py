"""A running trial: what a design recommends on the patients that a page sends, none of whom is kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.conduct import (
    as_date,
    check_log,
    lengthened,
    log_in,
    outcome_table,
    patients_in,
    recommend,
    replay,
    trial_of,
)
from doseesc.errors import ScenarioError
from doseesc.files import OutputError
from doseesc.report.page import TEMPLATES, template_environment
from doseesc.report.words import (
    after_next_words,
    checked_answer,
    estimates_words,
    if_ended_words,
    known_when_words,
    limit_words,
    window_end_words,
)
from doseesc.study import bounded
from doseesc.wording import percent

if TYPE_CHECKING:
    from jinja2 import Environment

    from doseesc.app.asked import AskedConduct
    from doseesc.app.limits import Limits
    from doseesc.conduct import Patients, Recommendation, Watch
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
    limits : Limits
    """

    def __init__(self, read: Callable[[str, str], Study], code: Code, limits: Limits) -> None:
        self._read, self._code, self._limits = read, code, limits

    @cached_property
    def _templates(self) -> Environment:
        return template_environment(Path(__file__).parent / "templates", TEMPLATES)

    def _shown(self, name: str, context: Mapping[str, Any]) -> str:
        return self._templates.get_template(name).render(context)

    def answer(self, asked: AskedConduct) -> dict[str, Any]:
        """Return what a design recommends, in the words of ``doseesc next``.

        Returns
        -------
        dict
            ``answer`` (markup) and ``sentence``; ``log``, the lengthened log, where one was given, or ``checked``
            (markup) and ``checked_sentence`` where it is to be verified, of so many ``decisions``; ``designs``,
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
            self._check(asked)
            with bounded(study):
                found = _recommended(study, design, asked)
            code = self._code(asked.name, "next", _besides(asked, design))
            shown = self._shown("conduct_answer.html.j2", _context(found))
            told |= {"answer": shown + code, "sentence": found.sentence}
            if asked.log is not None and asked.verify:
                told |= self._checked(study, design, asked)
            elif asked.log is not None:
                earlier = log_in(asked.log.encode(), LOG) if asked.log else ()
                told |= {"log": lengthened(earlier, LOG, found, study), "decisions": len(earlier) + 1}
        except (ScenarioError, OutputError, ValueError) as error:
            return told | {"wrong": str(error)}
        return told

    def _check(self, asked: AskedConduct) -> None:
        """Refuse more patients than are worked on here."""
        count = len(asked.patients.strip().splitlines()) - 1
        if not asked.patients.strip():
            count = sum(each in "NTPntp" for each in asked.outcomes)
        if count > self._limits.patients:
            most = f"here at most {self._limits.patients:,} are read; use  doseesc next"
            raise ValueError(f"the data have {count:,} patients; {most}")

    def _checked(self, study: Study, design: str, asked: AskedConduct) -> dict[str, Any]:
        """Verify a log against the data, as ``doseesc replay --log`` does; its last decision says by which design."""
        log = log_in((asked.log or "").encode(), LOG)
        named = str(log[-1].entry["design"])
        own = named if named in study.names else design
        record = _record(study, own, asked)
        date = as_date(asked.date or None) if isinstance(record, str) else None  # else patients have it
        checked = check_log(log, replay(study, record, own, date=date), study)
        answer = checked_answer(checked)
        shown = self._shown("conduct_log.html.j2", {"checked": checked, "answer": answer})
        return {"checked": shown, "checked_sentence": answer, "decisions": len(log)}


def _record(study: Study, design: str, asked: AskedConduct) -> str | Patients:
    """Return the patients that are asked about, or outcomes."""
    if not asked.patients.strip():
        return asked.outcomes
    trial, date = trial_of(study, design), as_date(asked.date or None)
    return patients_in(asked.patients.encode(), PATIENTS, trial.doses, window_days=trial.window_days, date=date)


def _besides(asked: AskedConduct, design: str) -> dict[str, str]:
    """Return what is asked besides the file, as the command takes it."""
    data = {"data": PATIENTS} if asked.patients.strip() else {"outcomes": asked.outcomes}
    return {"design": design, "date": asked.date, **data}


def _recommended(study: Study, design: str, asked: AskedConduct) -> Recommendation:
    record = _record(study, design, asked)
    if isinstance(record, str):
        return recommend(study, record, design, date=as_date(asked.date or None))
    return recommend(study, record, design)


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
