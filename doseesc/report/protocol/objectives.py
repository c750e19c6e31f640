"""Objectives with their estimands, and what intercurrent events do to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from doseesc.report.protocol.open_points import open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.report.words import mtd_definition, ties_words

if TYPE_CHECKING:
    from doseesc.report.protocol.phase2 import PlannedPhase2
    from doseesc.results import Results
    from doseesc.study import Observation, Study

_COUNTED = "counts as a DLT"
_REPLACED = "not evaluable, replaced: the DLT probability is of those observed to the end of the window or to a DLT"
_FREE = "counts as no DLT"
_FROZEN = "kept, with the weight of the follow-up until then"
_OUTCOMES = {"replaced": _REPLACED, "dlt_free": _FREE, "weight_frozen": _FROZEN}


def objective_blocks(results: Results, phase2: PlannedPhase2 | None) -> Iterator[Block]:
    """Yield the section on objectives and estimands."""
    study, ties = results.study, ties_words(results.study)
    ties = f"; {ties}" if ties else ""
    yield section("3")
    yield section("3.1")
    yield from paragraphs(
        f"The objective of Phase 1 is to find the maximum tolerated dose (MTD) among {study.n_doses} doses. The "
        f"target DLT probability is {100 * study.target:.4g} % within {study.dlt_window_days} days. For the evaluation "
        f"by simulation the true MTD is {mtd_definition(study)}{ties}."
    )
    yield from captioned(_estimand_table(study))
    yield from captioned(_event_table(study))
    yield section("3.2")
    if len(study.phase2_arms) > 1:
        yield from paragraphs(
            "The objectives of Phase 2 are to compare its arms in time to clinical improvement, in mortality, and in "
            "adverse reactions."
        )
    if phase2 is not None:
        yield from captioned(_phase2_table(phase2))
    yield from paragraphs(open_point("further objectives, such as activity, pharmacokinetics and pharmacodynamics"))


def _estimand_table(study: Study) -> PageTable:
    counted = "attributed to the product" if study.observation and study.observation[0].adjudication else "of any cause"
    rows = [
        ("Population", "DLT-evaluable patients, see section 10.2"),
        ("Treatment", "Each dose as first given, see section 6.1"),
        ("Endpoint", f"A DLT within {study.watched_days:g} days of the first dose, see section 9.1"),
        ("Summary", "The DLT probability at each dose; the MTD follows from it by the rule of section 4.1"),
    ]
    if study.observation:
        rows[2] = (rows[2][0], f"A DLT {counted} within {study.watched_days:g} days of the first dose, see section 9.1")
    cells = [(Value(name), Value(words)) for name, words in rows]
    return PageTable("estimand", "The primary estimand", "", ("attribute", "in this trial"), cells)


def _event_table(study: Study) -> PageTable:
    """Say what each intercurrent event in the DLT window does, as the study observes its patients."""
    own = study.observation[0] if study.observation else None
    rows = [
        ("Event of the underlying disease that looks like a DLT", _background(own)),
        ("Death without a DLT before", _death(own)),
        (
            "Loss to follow-up without a DLT before",
            _OUTCOMES[own.losses] if own is not None else _open("loss to follow-up"),
        ),
        ("Treatment stopped early without a DLT", _open("treatment stopped early")),
        ("Other treatment that may hide or cause a DLT", _open("other treatment")),
    ]
    cells = [(Value(name), Value(words)) for name, words in rows]
    caption = "Intercurrent events in the DLT window, and what they do to the primary estimand"
    return PageTable("events", caption, "", ("event", "what is done"), cells)


def _open(event: str) -> str:
    return open_point(f"what {event} does to the patient's outcome")


def _background(own: Observation | None) -> str:
    if own is None:
        return _open("an event of the disease")
    if own.adjudication is None:
        return f"{_COUNTED}, whatever its cause"
    return "judged by a committee; does not count where it is recognised as the disease's"


def _death(own: Observation | None) -> str:
    if own is None:
        return _open("death")
    if own.deaths == "all_count":
        return f"{_COUNTED}, whatever its cause"
    if own.deaths == "fraction":
        rest = _OUTCOMES[own.unattributed or "dlt_free"]
        return f"{_COUNTED} where it is attributed to the product; otherwise {rest}"
    return _OUTCOMES[own.deaths]


def _phase2_table(phase2: PlannedPhase2) -> PageTable:
    plan = phase2.plan
    days, analysis = plan.course.horizon, plan.analysis
    deaths = {
        "day_28": f"Who dies before improvement stays at risk to day {days}, as not improved by then",
        "at_death": "Who dies before improvement is censored at death, as if the course of those alive held on",
    }
    improvement = "Death comes first in the comparison" if analysis.ttci == "win_ratio" else deaths[analysis.death]
    if analysis.ttci == "gray":
        improvement = "Death before improvement is a competing event"
    rows = [
        (f"Time to clinical improvement, to day {days}", improvement),
        (f"{days}-day mortality", "Death is the outcome; loss to follow-up before is missing"),
        ("Adverse reactions, to day 14", open_point("how death before day 14 is counted")),
    ]
    cells = [(Value(name), Value(words)) for name, words in rows]
    caption = "Outcomes of Phase 2, and what death does to them"
    return PageTable("phase2_events", caption, "", ("outcome", "what death does"), cells)
