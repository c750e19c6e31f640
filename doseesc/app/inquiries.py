"""Answers to further questions about the study on a page, by the functions that the commands call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from doseesc.app.jobs import enumerated
from doseesc.app.optimum import optimum_told
from doseesc.app.phase2 import phase2_told
from doseesc.app.random_truths import ensemble_told
from doseesc.app.worst import worst_told
from doseesc.errors import Problem, ScenarioError
from doseesc.planning import (
    answer,
    differences,
    optimal_design,
    policy_table,
    power_curves,
    run_ensemble,
    sample_size,
    sizes_of,
    without_time,
    worst_cases,
)
from doseesc.report.page import CURVE_TRIALS, report_files
from doseesc.report.protocol import protocol_files
from doseesc.results import REPORT_FILE, SavedRun
from doseesc.runs import example_trials, run
from doseesc.study import SMALLER_LATTICE, bounded

if TYPE_CHECKING:
    from doseesc.app.fragments import Fragments
    from doseesc.app.jobs import Report
    from doseesc.app.limits import Limits
    from doseesc.app.told import Told
    from doseesc.results import Results
    from doseesc.study import Study

_CALENDAR_TRIALS = 4000
_SIZES = 8  # largest numbers of patients that are compared
GOAL = 0.6  # chance of selecting the right dose; the table has the numbers for any other


@dataclass(frozen=True)
class Asked:
    """A question and all that answering it needs.

    Attributes
    ----------
    study : Study
    design : str
        The design that it is about; "" for the first.
    truth : tuple of float
        The curve that is dragged on the page, from which a search begins, too; empty where none is.
    exact : callable
        Returns the exact answer to the study.
    fragments : Fragments
    limits : Limits
    report : callable
        Takes what is being done, how much is done and how much there is; ends the work where it is not wanted.
    """

    study: Study
    design: str
    truth: tuple[float, ...]
    exact: Callable[[], Results]
    fragments: Fragments
    limits: Limits
    report: Report

    @property
    def told(self) -> dict[str, Any]:
        """What functions of the library take to report their progress."""
        return {"progress": partial(self.report, "working"), "enumerating": self.enumerating}

    def html(self, told: Told) -> dict[str, Any]:
        """Return an answer for the page."""
        return {"html": self.fragments.told(told)}

    def enumerating(self, name: str, done: int, most: int) -> None:
        """Report how far a design is enumerated."""
        enumerated(self.report, name, done, most)


def begun(study: Study, truth: tuple[float, ...]) -> list[tuple[float, ...]]:
    """Return the curves from which a search begins, too: that on the page, unless it is of another study."""
    return [truth] if len(truth) == study.n_doses else []


def size_step(study: Study) -> int:
    """Return from which number of patients to the next designs are looked at."""
    return study.cohort_size * max(1, round(2 * study.max_n / study.cohort_size / _SIZES))


def calendar_trials(study: Study) -> int:
    """Return how many trials are simulated on the calendar."""
    return min(study.simulation.trials, _CALENDAR_TRIALS)


def told_besides(study: Study, design: str, truth: tuple[float, ...]) -> dict[str, Any]:
    """Return what questions say besides what they are called, for their command and their Python."""
    step, trials = size_step(study), calendar_trials(study)
    return {"design": design, "begin": begun(study, truth), "goal": GOAL, "by": step, "trials": trials}


def _decisions(asked: Asked) -> dict[str, Any]:
    asked.report("decisions", 0, 1)
    results = asked.exact()
    name = asked.design if asked.design in results.study.names else results.study.names[0]
    return asked.fragments.decisions(results, name, example_trials(results, name))


def _worst(asked: Asked) -> dict[str, Any]:
    begin = begun(asked.study, asked.truth)
    most = asked.limits.states_bytes
    found = worst_cases(without_time(asked.study), begin=begin, memory_limit=most, **asked.told)
    return asked.html(worst_told(found, dragged=bool(begin)))


def _size(asked: Asked) -> dict[str, Any]:
    study = asked.study
    needed = sample_size(
        study,
        GOAL,
        sizes=sizes_of(study, by=size_step(study)),
        on_calendar=False,
        method="exact",
        memory_limit=asked.limits.states_bytes,
        progress=partial(asked.report, "numbers of patients"),
    )
    return {"html": asked.fragments.sizes(needed, asked.exact())}


def _calendar(asked: Asked) -> dict[str, Any]:
    if asked.study.calendar is None:
        _refuse("accrual", "is left out", "say under Arrivals and time how many patients arrive per month")
    trials = calendar_trials(asked.study)
    results = run(
        asked.study.model_copy(update={"phase2_arms": ()}),
        method="auto",
        trials=trials,
        memory_limit=asked.limits.states_bytes,
        progress=partial(asked.report, "trials simulated"),
        enumerating=asked.enumerating,
    )
    return {"html": asked.fragments.calendar(results)}


def _phase2(asked: Asked) -> dict[str, Any]:
    phase1 = run(
        asked.study,
        method="auto",
        memory_limit=asked.limits.states_bytes,
        progress=partial(asked.report, "trials simulated"),
        enumerating=asked.enumerating,
    )
    asked.report("simulating Phase 2", 0, 0)
    found = answer(asked.study, assurance=True, phase1=phase1)
    asked.report("simulating Phase 2 with other numbers of patients, and other effects", 0, 0)
    curves = power_curves(found.plan, trials=CURVE_TRIALS, seed=found.power.seed)
    return asked.html(phase2_told(found, curves, phase1))


def _ensemble(asked: Asked) -> dict[str, Any]:
    found = run_ensemble(without_time(asked.study), memory_limit=asked.limits.states_bytes, **asked.told)
    return asked.html(ensemble_told(found))


def _optimum(asked: Asked) -> dict[str, Any]:
    study = without_time(asked.study)
    with bounded(asked.study, remedy=SMALLER_LATTICE):
        told = partial(asked.report, "patients in the states at hand")
        found = optimal_design(study, memory_limit=asked.limits.states_bytes, progress=told)
    apart = {name: differences(found, study.designs[name]) for name in found.rivals}
    return asked.html(optimum_told(found, policy_table(found), apart))


def _run(asked: Asked) -> Any:
    results = run(
        asked.study,
        memory_limit=asked.limits.states_bytes,
        progress=partial(asked.report, "trials simulated"),
        enumerating=asked.enumerating,
    )
    return SavedRun(results)


def _report(asked: Asked) -> dict[str, Any]:
    saved = _run(asked)
    asked.report("writing the report", 0, 0)
    return {"file": (REPORT_FILE, "text/html", report_files(saved)[REPORT_FILE])}


def _protocol(asked: Asked) -> dict[str, Any]:
    saved = _run(asked)
    asked.report("writing the protocol", 0, 0)
    files = protocol_files(saved)
    name = next(each for each in files if each.endswith(".docx"))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    return {"file": (name, kind, files[name])}


def _refuse(key: str, message: str, remedy: str) -> None:
    raise ScenarioError("study", [Problem((key,), message, remedy)])


ANSWERS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "decisions": _decisions,
    "worst": _worst,
    "size": _size,
    "calendar": _calendar,
    "phase2": _phase2,
    "ensemble": _ensemble,
    "optimum": _optimum,
    "report": _report,
    "protocol": _protocol,
}
"""What answers the questions of :data:`doseesc.app.questions.QUESTIONS`."""
