"""The front of a protocol: what study it is of, what is assumed, the synopsis, the schema and the schedule."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from designs.rules.base import counted
from doseesc.report.figures import schema_figure
from doseesc.report.protocol.observation import most_enrolled
from doseesc.report.protocol.open_points import open_paragraph, open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.report.words import across_scenarios, design_times, range_words
from doseesc.results import fraction_words

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.report.protocol.phase2 import PlannedPhase2
    from doseesc.results import Results, SavedRun


def title_blocks(results: Results) -> Iterator[Block]:
    """Yield the title, how the document is to be used, and what is assumed."""
    about = results.study.study
    yield Block("title", about.title)
    registry = f" Registry: {about.registry_id}." if about.registry_id else ""
    yield from paragraphs(
        f"Protocol of an early phase dose-finding trial ({phase_words(results)}): its design and statistics.{registry}",
        "Sections have the numbers and names of the protocol template of ICH M11; those of the template that are not "
        "here have nothing that follows from design and statistics. What only the sponsor can say is marked "
        "\N{LEFT DOUBLE QUOTATION MARK}To be completed by the sponsor\N{RIGHT DOUBLE QUOTATION MARK} and listed once "
        "in section 12.6; section 12.5 says where each item of SPIRIT-DEFINE is met. Numbers are those of the "
        "computation named in section 10.1.",
    )
    if about.assumptions:
        yield Block("minor", "Assumptions to be confirmed")
        yield from (Block("bullet", each) for each in about.assumptions)


def summary_blocks(saved: SavedRun, trial: Trial, phase2: PlannedPhase2 | None) -> Iterator[Block]:
    """Yield synopsis, schema and schedule."""
    results = saved.results
    yield section("1")
    yield section("1.1")
    yield from captioned(_synopsis(results, trial, phase2))
    yield section("1.2")
    yield Block(
        "figure",
        "The trial and what follows it" if results.study.phase2_arms else "The course of the trial",
        draw=partial(schema_figure, results.study, trial),
    )
    yield Block("note", _schema_words(results, trial))
    yield section("1.3")
    days = f"{results.study.watched_days:g} days"
    yield from paragraphs(
        f"Known from the design: every patient is observed for DLTs for {days} from the first dose, and the dose of "
        "the next cohort is decided on the data of that day."
        + (f" Phase 2 follows patients to day {phase2.plan.course.horizon}." if phase2 is not None else "")
    )
    yield open_paragraph("visits, their windows, and what is assessed at each")


def phase_words(results: Results) -> str:
    """Say which phases the study has."""
    return "Phase 1, dose escalation, with Phase 2" if results.study.phase2_arms else "Phase 1, dose escalation"


def _synopsis(results: Results, trial: Trial, phase2: PlannedPhase2 | None) -> PageTable:
    study, design, doses = results.study, trial.design, trial.doses
    about = study.study
    own = {each.design: each for each in across_scenarios(results)}[trial.name]
    times = {each.design: each for each in design_times(results)}.get(trial.name)
    patients = "evaluable patients" if study.observation else "patients"
    enrolled = most_enrolled(results, trial.name)
    rows = [
        ("Title", about.title),
        ("Short title", about.short_title),
        ("Registry", about.registry_id),
        ("Sponsor", open_point("name and address")),
        ("Phase", phase_words(results)),
        ("Population", open_point("disease and severity, age")),
        (
            "Primary objective",
            f"To find the MTD among {study.n_doses} doses; target DLT probability {_target(results)}",
        ),
        ("Doses", "; ".join(doses.words(level) for level in range(1, study.n_doses + 1))),
        ("Design", f"{trial.name}, first cohort at {doses.words(design.start_level)}, {_cohorts(design.cohort_size)}"),
        (
            "Number of patients",
            f"At most {design.max_n} {patients}"
            + (f"; at most {enrolled} enrolled in 95 % of trials" if enrolled is not None else ""),
        ),
        ("DLT window", f"{study.watched_days:g} days"),
        (
            "What the design can do",
            f"Names the right dose in {100 * own.correct:.1f} % of trials on average over the scenarios of section "
            f"10.11, one above it in {100 * own.overdose:.1f} %",
        ),
        ("Duration of Phase 1", "" if times is None else f"{range_words(times.median, times.low, times.high)}"),
        ("Phase 2", "" if not study.phase2_arms else _arms(results, phase2)),
        ("Committee", open_point("who decides on doses; see section 11.4")),
    ]
    table = [(Value(name), Value(words)) for name, words in rows if words]
    return PageTable("synopsis", "Synopsis", "", ("item", "this trial"), table)


def _cohorts(size: int) -> str:
    return "single patients" if size == 1 else f"cohorts of {size}"


def _target(results: Results) -> str:
    study = results.study
    return f"{100 * study.target:.4g} % within {study.dlt_window_days} days"


def _arms(results: Results, phase2: PlannedPhase2 | None) -> str:
    sizes = {} if phase2 is None else {arm.name: arm.n for arm in phase2.plan.arms}
    arms = []
    for arm in results.study.phase2_arms:
        size = f", {counted(sizes[arm.name], 'patient')}" if arm.name in sizes else ""
        arms.append(f"{arm.name} ({fraction_words(arm)}{size})")
    return f"Arms {', '.join(arms)}"


def _schema_words(results: Results, trial: Trial) -> str:
    """Say the figure in words, for those who cannot see it."""
    words = (
        f"{_cohorts(trial.design.cohort_size).capitalize()} are treated one after another, beginning at "
        f"{trial.doses.words(trial.design.start_level)}. After each, {trial.name} says whether the dose is raised, "
        "kept or lowered, or the trial ends, with an MTD or without one."
    )
    if not results.study.phase2_arms:
        return words
    arms = ", ".join(arm.name for arm in results.study.phase2_arms)
    return f"{words} Without an MTD there is no Phase 2; with one, its arms are {arms}."
