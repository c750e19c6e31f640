"""A protocol's design and statistics: one list of blocks, written as Markdown and as a Word document.

What is said of designs and rules comes from themselves (``describe()``), so that it is what was simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from doseesc.conduct import Trial, trial_of
from doseesc.files import add_files, check_absent
from doseesc.report.protocol.background import (
    assessment_blocks,
    discontinuation_blocks,
    intervention_blocks,
    introduction_blocks,
    population_blocks,
)
from doseesc.report.protocol.characteristics import characteristics_blocks
from doseesc.report.protocol.coverage import coverage_blocks
from doseesc.report.protocol.escalation import escalation_blocks
from doseesc.report.protocol.front import summary_blocks, title_blocks
from doseesc.report.protocol.objectives import objective_blocks
from doseesc.report.protocol.observation import dlt_blocks
from doseesc.report.protocol.phase2 import PlannedPhase2, multiplicity_blocks, planned_phase2, secondary_blocks
from doseesc.report.protocol.phase2_size import phase2_size_blocks
from doseesc.report.protocol.rationale import rationale_blocks
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.sources import glossary_blocks, query_blocks, reference_blocks
from doseesc.report.protocol.statistics import (
    committee_blocks,
    general_blocks,
    interim_blocks,
    primary_blocks,
    safety_blocks,
    set_blocks,
)
from doseesc.report.protocol.stopping import stopping_blocks
from doseesc.report.protocol.text_blocks import Block, markdown, numbered
from doseesc.report.protocol.time import time_blocks
from doseesc.report.protocol.word import About, word_document
from doseesc.report.words import recommendation
from doseesc.results import PROTOCOL_FILES, WRITTEN_FILE, SavedRun, copies_of_edited, written_note

if TYPE_CHECKING:
    from doseesc.results import Results


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
    word = word_document(blocks, _about(saved.results))
    return dict(zip(PROTOCOL_FILES, (word, markdown(blocks).encode()), strict=True))


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
    blocks = list(_blocks(saved, trial_of(study, name)))
    end = [*coverage_blocks(blocks), *glossary_blocks(), *reference_blocks(saved.results, trial_of(study, name))]
    yield from numbered([*blocks, *end])


def _about(results: Results) -> About:
    """Return the properties of the file: whose it is, what it is of, and the day of its figures."""
    about = results.study.study
    name = about.registry_id or about.short_title or about.title
    return About(about.title, f"Sponsor of {name}", about.registry_id, datetime.fromisoformat(results.finished))


def _blocks(saved: SavedRun, trial: Trial) -> Iterator[Block]:
    """Yield the sections in the order of the template, those that look at all others left out."""
    results = saved.results
    study = results.study
    phase2 = planned_phase2(results)
    planned = phase2 if isinstance(phase2, PlannedPhase2) else None
    yield from title_blocks(results)
    yield from summary_blocks(saved, trial, planned)
    yield from introduction_blocks(results, trial.name)
    yield from objective_blocks(results, planned)
    yield section("4")
    yield from escalation_blocks(results, trial)
    yield from rationale_blocks(results, trial)
    yield from stopping_blocks(results, trial)
    yield from time_blocks(results, trial.name)
    yield from population_blocks()
    yield from intervention_blocks(results, trial)
    yield from discontinuation_blocks(study)
    yield from assessment_blocks()
    yield from dlt_blocks(study)
    yield section("10")
    yield from general_blocks(results)
    yield from set_blocks(results)
    yield from primary_blocks(saved, trial)
    yield from secondary_blocks(results, trial, phase2)
    yield from safety_blocks(study.watched_days)
    yield from interim_blocks(results, trial)
    yield from multiplicity_blocks(phase2)
    yield section("10.11")
    yield from characteristics_blocks(results, trial)
    yield from phase2_size_blocks(phase2, results.seed)
    yield from committee_blocks()
    yield section("12")
    yield from query_blocks(study.study.registry_id)
