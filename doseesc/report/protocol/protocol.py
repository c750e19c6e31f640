"""The statistical section of a protocol: one list of blocks, written as Markdown and as a Word document.

What is said of designs and rules comes from themselves (``describe()``), so that it is what was simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from designs.rules import SelectionRule, StoppingRule
from designs.rules.base import counted
from doseesc.conduct import Trial, trial_of
from doseesc.files import add_files, check_absent
from doseesc.report.protocol.decisions import decision_blocks
from doseesc.report.protocol.observation import dlt_blocks
from doseesc.report.protocol.phase2 import phase2_blocks
from doseesc.report.protocol.sources import query_blocks, reference_blocks
from doseesc.report.protocol.text_blocks import Block, captioned, markdown, numbered, paragraphs
from doseesc.report.protocol.time import time_blocks
from doseesc.report.protocol.word import word_document
from doseesc.report.tables import (
    PageTable,
    Value,
    phase2_table,
    prior_table,
    safety_table,
    selection_table,
    summary_table,
    truth_table,
)
from doseesc.report.words import (
    across_scenarios,
    method_words,
    mtd_definition,
    recommendation,
    rules_of_backfill,
    ties_words,
    untried_sentences,
    verdict_words,
    weights_words,
)
from doseesc.results import PROTOCOL_FILES, WRITTEN_FILE, Cell, SavedRun, copies_of_edited, written_note

if TYPE_CHECKING:
    from doseesc.results import Results

_NAMED = 4  # designs whose figures are said beside the trial's; more are in a table only


def protocol_files(saved: SavedRun, design: str | None = None) -> dict[str, bytes]:
    """Return ``protocol.docx`` and ``protocol.md``.

    Parameters
    ----------
    saved : SavedRun
        From :func:`doseesc.results.read_results`.
    design : str, optional
        The design of the trial; by default the one the report recommends.

    Raises
    ------
    ValueError
        If the study has no such design.
    """
    blocks = list(protocol_blocks(saved, design))
    return dict(zip(PROTOCOL_FILES, (word_document(blocks), markdown(blocks).encode()), strict=True))


def write_protocol(
    saved: SavedRun, folder: str | Path, *, design: str | None = None, force: bool = False
) -> list[Path]:
    """Write the protocol into a folder; return its files, then the copies of what it replaces.

    With ``force`` earlier files are replaced; those that were edited by hand stay as numbered copies, such as
    ``protocol.edited-1.md``.

    Raises
    ------
    ValueError
        If the study has no such design.
    OutputError
        If a file exists and ``force`` is not given, or writing fails.
    """
    path = Path(folder)
    check_absent([path / name for name in PROTOCOL_FILES], force=force)
    files = protocol_files(saved, design)
    copies = copies_of_edited(path)
    add_files({**copies, **files, WRITTEN_FILE: written_note(files)}, path, force=True)
    return [path / name for name in (*files, *copies)]


def protocol_blocks(saved: SavedRun, design: str | None = None) -> Iterator[Block]:
    """Yield the protocol piece by piece; see :func:`protocol_files`."""
    study = saved.results.study
    name = recommendation(saved.results).design if design is None else design
    trial = trial_of(study, name)
    yield from numbered(_blocks(saved, trial))


def _blocks(saved: SavedRun, trial: Trial) -> Iterator[Block]:
    results, study = saved.results, saved.results.study
    yield Block("title", f"Statistical section: {study.study.title}")
    yield from paragraphs(
        f"Registry: {study.study.registry_id}." if study.study.registry_id else "",
        "Text to be edited by the trial's statistician; numbers are those of the simulation named at the end.",
    )
    if study.study.assumptions:
        yield Block("heading", "Assumptions to be confirmed")
        yield from (Block("bullet", each) for each in study.study.assumptions)
    yield from _objectives(results)
    yield from _design(trial, results)
    yield from decision_blocks(trial)
    yield from dlt_blocks(saved, trial.name)
    yield from _stopping(trial, results)
    yield from phase2_blocks(results)
    yield from time_blocks(results, trial.name)
    yield from _characteristics(saved, trial.name)
    yield from query_blocks(study.study.registry_id)
    yield from reference_blocks(results, trial)


def _objectives(results: Results) -> Iterator[Block]:
    study, ties = results.study, ties_words(results.study)
    ties = f"; {ties}" if ties else ""
    yield Block("heading", "Objectives")
    yield from paragraphs(
        f"The objective of Phase 1 is to find the maximum tolerated dose (MTD) among {study.n_doses} doses. The "
        f"target DLT probability is {100 * study.target:.4g} % within {study.dlt_window_days} days. For the evaluation "
        f"by simulation the true MTD is {mtd_definition(study)}{ties}."
    )
    if len(study.phase2_arms) > 1:
        yield from paragraphs(
            "The objectives of Phase 2 are to compare its arms in time to clinical improvement, in mortality, and in "
            "adverse reactions."
        )


def _design(trial: Trial, results: Results) -> Iterator[Block]:
    design, doses = trial.design, trial.doses
    rows = [
        (Value(str(level), "", level), Value(doses.labels[level - 1]), Value(doses.amount(level)))
        for level in range(1, design.n_doses + 1)
    ]
    yield Block("heading", "Design")
    yield from captioned(PageTable("levels", "Dose levels", "", ("level", "name", "dose"), rows))
    yield from paragraphs(
        doses.in_words(design.describe()),
        f"The first cohort is treated at {doses.words(design.start_level)}. Cohorts have "
        f"{counted(design.cohort_size, 'patient')}, and at most {_counting(results, design.max_n)} are treated.",
        design.pending.describe(design),
        rules_of_backfill(results, trial.name),
    )
    rules = design.all_rules()
    if rules:
        yield from paragraphs("In addition these rules hold:")
        yield from (Block("bullet", doses.in_words(rule.describe(design))) for rule in rules)
    prior = prior_table(results, trial.name)
    if prior is not None:
        own = [row[1:] for row in prior.rows]
        caption = "What the model believes before the first patient"
        yield from captioned(PageTable(prior.name, caption, prior.how_to_read, prior.columns[1:], own))


def _stopping(trial: Trial, results: Results) -> Iterator[Block]:
    design, words = trial.design, trial.doses.in_words
    rules = design.all_rules()
    yield Block("heading", "Stopping")
    besides = ", those backfilled not counted" if rules_of_backfill(results, trial.name) else ""
    yield Block("bullet", f"The trial stops after {_counting(results, design.max_n)}{besides}.")
    yield from (Block("bullet", words(rule.describe(design))) for rule in rules if isinstance(rule, StoppingRule))
    yield from paragraphs("Stopping that belongs to the design itself is described with it.")
    yield Block("heading", "Selection of the MTD")
    yield from paragraphs(
        "When the trial ends, the MTD is named as described with the design, from all evaluable patients. Where the "
        "highest dose is named without toxicity that bounds it, it is reported as the highest dose tested."
    )
    yield from (Block("bullet", words(rule.describe(design))) for rule in rules if isinstance(rule, SelectionRule))


def _characteristics(saved: SavedRun, name: str) -> Iterator[Block]:
    results = saved.results
    yield Block("heading", "Operating characteristics")
    evaluable = "In these tables patients are the evaluable ones, and DLTs those that count."
    yield from paragraphs(
        _in_brief(results, name),
        _compared(results),
        _error_sentence(results),
        evaluable if results.study.observation else "",
    )
    brief = _exact_where_possible(results)
    tables = [truth_table(results), summary_table(results), *_of(name, selection_table(brief), safety_table(brief))]
    handed = phase2_table(results)
    if handed is not None:
        tables += _of(name, handed)
    for table in tables:
        yield from captioned(table)
    provenance = results.provenance_now()
    yield from paragraphs(
        f"Computed with doseesc {provenance['doseesc']}: {results.n_trials:,} trials per scenario, seed "
        f"{results.seed}, {method_words(results.method)}, scenario file {provenance['scenario_file']} "
        f"(SHA-256 {provenance['scenario_sha256']})."
    )


def _in_brief(results: Results, name: str) -> str:
    summaries = {each.design: each for each in across_scenarios(results)}
    own = summaries.pop(name)
    others = ", ".join(f"{100 * each.correct:.1f} % with {each.design}" for each in summaries.values())
    against = f" (it is {others})" if 0 < len(summaries) <= _NAMED else ""
    evaluable = "evaluable patients" if results.study.observation else "patients"
    weights = weights_words(results)
    counting = f", {weights}" if weights else ""
    return (
        f"{name} selects the true MTD, or rightly none, in {100 * own.correct:.1f} % of trials on average over "
        f"{len(results.study.truths)} scenarios{counting}{against}, and in {100 * own.worst_correct:.1f} % in the "
        f"worst of them, {own.worst_scenario}. It selects a dose above the MTD in {100 * own.overdose:.1f} % and "
        f"treats {own.patients_above:.1f} of {own.patients:.1f} {evaluable} above it."
    )


def _compared(results: Results) -> str:
    """Say what the comparison of the designs comes to; where there is one, only what it must not do."""
    if len(results.verdict.standing.designs) == 1:
        return " ".join(untried_sentences(results))
    words = verdict_words(results)
    return " ".join((words.headline, *words.price, *words.flips, words.criterion))


def _error_sentence(results: Results) -> str:
    """Say how exact figures are that are given without an error of their own."""
    if all(cell.exact is not None for cell in results.cells.values()):
        return "The figures are exact, computed from every course that a trial can take."
    most = 50 / results.n_trials**0.5
    return (
        f"Where figures are simulated, percentages without an error of their own have a Monte Carlo standard error of "
        f"at most {most:.2g} points."
    )


def _exact_where_possible(results: Results) -> Results:
    """Leave out what was simulated besides being computed exactly: a protocol prints each figure once."""
    cells = {key: Cell(None, cell.exact) if cell.exact is not None else cell for key, cell in results.cells.items()}
    return replace(results, cells=cells)


def _of(name: str, *tables: PageTable) -> Iterator[PageTable]:
    """Keep the rows of one design, without its column."""
    for table in tables:
        rows = [(row[0], *row[2:]) for row in table.rows if row[1].text == name]
        columns = (table.columns[0], *table.columns[2:])
        how_to_read = table.how_to_read.replace("in small print", "in brackets")
        yield PageTable(table.name, f"{table.caption}, {name}", how_to_read, columns, rows)


def _counting(results: Results, count: int) -> str:
    """Say which patients a design counts: where some are not evaluable, those who are."""
    return counted(count, "evaluable patient" if results.study.observation else "patient")
