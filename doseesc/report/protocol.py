"""The statistical section of a protocol: one list of blocks, written as Markdown and as a Word document.

What is said of designs and rules comes from themselves (``describe()``), so that it is what was simulated.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.arms import fraction_words
from doseesc.letter_table import LetterTable, letters
from doseesc.report.further_tables import arms_table, phase2_table, prior_table
from doseesc.report.page_tables import (
    PageTable,
    Value,
    mtd_definition,
    safety_table,
    selection_table,
    summary_table,
    truth_table,
)
from doseesc.report.recommendation import recommendation
from doseesc.report.text_blocks import Block, markdown, word_document
from doseesc.results import Cell
from doseesc.saved import SavedRun
from doseesc.trial import Trial, trial_of

if TYPE_CHECKING:
    from doseesc.results import Results

PROTOCOL_FILES = ("protocol.docx", "protocol.md")
_QUERIES = Path(__file__).parent.parent / "registry_queries.json"
_MOST_COLUMNS = 12


def protocol_files(saved: SavedRun, design: str | None = None) -> dict[str, bytes]:
    """Return ``protocol.docx`` and ``protocol.md``.

    Parameters
    ----------
    saved : SavedRun
        From :func:`doseesc.saved.read_results`.
    design : str, optional
        The design of the trial; by default the one the report recommends.

    Raises
    ------
    ValueError
        If the study has no such design.
    """
    blocks = list(protocol_blocks(saved, design))
    return dict(zip(PROTOCOL_FILES, (word_document(blocks), markdown(blocks).encode()), strict=True))


def protocol_blocks(saved: SavedRun, design: str | None = None) -> Iterator[Block]:
    """Yield the protocol piece by piece; see :func:`protocol_files`."""
    results, study = saved.results, saved.results.study
    name = recommendation(results).design if design is None else design
    trial = trial_of(study, name)
    yield Block("title", f"Statistical section: {study.study.title}")
    yield from _paragraphs(
        f"Registry: {study.study.registry_id}." if study.study.registry_id else "",
        "Text to be edited by the trial's statistician; numbers are those of the simulation named at the end.",
    )
    if study.study.assumptions:
        yield Block("heading", "Assumptions to be confirmed")
        yield from (Block("bullet", each) for each in study.study.assumptions)
    yield from _objectives(results)
    yield from _design(trial, results)
    yield from _decisions(trial)
    yield from _dlts(results)
    yield from _stopping(trial)
    yield from _phase2(results)
    yield from _characteristics(saved, trial.name)
    yield from _queries(study.study.registry_id)
    yield from _references(results, trial)


def registry_queries(registry_id: str) -> list[dict[str, str]]:
    """Return what to ask the sponsor about a registry entry: ``where``, ``problem``, ``query`` and ``basis``."""
    known: dict[str, list[dict[str, str]]] = json.loads(_QUERIES.read_text(encoding="utf-8"))
    return known.get(registry_id, [])


def _objectives(results: Results) -> Iterator[Block]:
    study = results.study
    yield Block("heading", "Objectives")
    yield from _paragraphs(
        f"The objective of Phase 1 is to find the maximum tolerated dose (MTD) among {study.n_doses} doses. The "
        f"target DLT "
        f"probability is {100 * study.target:.4g} % within {study.dlt_window_days} days. For the evaluation by "
        f"simulation "
        f"the true MTD is {mtd_definition(results)}."
    )


def _design(trial: Trial, results: Results) -> Iterator[Block]:
    design, doses = trial.design, trial.doses
    rows = [
        (Value(str(level), "", level), Value(doses.labels[level - 1]), Value(doses.amount(level)))
        for level in range(1, design.n_doses + 1)
    ]
    yield Block("heading", "Design")
    levels = PageTable("levels", "Dose levels", "", ("level", "name", "dose"), rows)
    yield Block("table", "Dose levels", levels)
    yield from _paragraphs(
        design.describe(),
        f"The first cohort is treated at {doses.words(design.start_level)}. Cohorts have "
        f"{_patients(design.cohort_size)}, "
        f"and at most {_patients(design.max_n)} are treated.",
    )
    rules = design.own_rules() + design.rules
    if rules:
        yield from _paragraphs("In addition these rules hold, whatever their order:")
        yield from (Block("bullet", rule.describe(design)) for rule in rules)
    prior = prior_table(results)
    own = [] if prior is None else [row for row in prior.rows if row[0].text == trial.name]
    if prior is not None and own:
        yield Block("table", prior.caption, PageTable(prior.name, prior.caption, prior.how_to_read, prior.columns, own))


def _decisions(trial: Trial) -> Iterator[Block]:
    cells = letters(trial.design)
    if cells is None:
        return
    table = LetterTable(trial, cells)
    size = trial.design.cohort_size
    shown = list(cells) if len(cells) <= _MOST_COLUMNS else [n for n in cells if n % size == 0][:_MOST_COLUMNS]
    rows = [
        (Value(str(dlts)), *(Value(cells[n][dlts] if dlts <= n else "") for n in shown))
        for dlts in range(max(shown) + 1)
    ]
    caption = "Decisions by patients (columns) and DLTs (rows) at the current dose"
    yield Block("heading", "Decision table")
    yield Block("table", caption, PageTable("decisions", caption, "", ("DLTs", *(f"{n}" for n in shown)), rows))
    yield from (Block("bullet", f"{letter}: {meaning}") for letter, meaning in table.legend.items())


def _dlts(results: Results) -> Iterator[Block]:
    study = results.study
    yield Block("heading", "Dose-limiting toxicity, evaluability and attribution")
    yield from _paragraphs(
        f"A patient is evaluable for DLTs after {study.dlt_window_days} days of observation, or with a DLT. The list "
        f"of "
        "events that are DLTs, who attributes them, and how deaths and losses within the window are counted are to be "
        "given here."
    )
    if study.observation:
        for policy in study.observation:
            given = policy.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
            shown = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in given.items())
            yield Block("bullet", f"Policy {policy.name} in the simulation: {shown}.")
    else:
        yield from _paragraphs(
            "In the simulation every patient is evaluable, and only the drug causes DLTs; the price of background "
            "events "
            "and deaths is not part of the figures below."
        )


def _stopping(trial: Trial) -> Iterator[Block]:
    design = trial.design
    from designs.rules import SelectionRule, StoppingRule

    rules = design.own_rules() + design.rules
    yield Block("heading", "Stopping")
    yield Block("bullet", f"The trial stops after {_patients(design.max_n)}.")
    yield from (Block("bullet", rule.describe(design)) for rule in rules if isinstance(rule, StoppingRule))
    yield from _paragraphs("Stopping that belongs to the design itself is described with it.")
    yield Block("heading", "Selection of the MTD")
    yield from _paragraphs(
        "When the trial ends, the MTD is named as described with the design, from all evaluable patients. Where the "
        "highest dose is named without toxicity that bounds it, it is reported as the highest dose tested."
    )
    yield from (Block("bullet", rule.describe(design)) for rule in rules if isinstance(rule, SelectionRule))


def _phase2(results: Results) -> Iterator[Block]:
    study = results.study
    table = arms_table(results)
    if table is None:
        return
    yield Block("heading", "Phase 2 arms")
    arms = "; ".join(f"{arm.name}: {fraction_words(arm)}" for arm in study.phase2_arms)
    yield from _paragraphs(
        f"Phase 2 opens only if an MTD is named. Its arms are {arms}. Doses follow the rule "
        f"{study.phase2_dose_rule.replace('_', ' ')}. The sample size of Phase 2 is to be given here."
    )
    yield Block("table", table.caption, table)


def _characteristics(saved: SavedRun, name: str) -> Iterator[Block]:
    results = saved.results
    yield Block("heading", "Operating characteristics")
    yield from _paragraphs(recommendation(results).reason)
    brief = _exact_where_possible(results)
    own_tables = _of(name, selection_table(brief), safety_table(brief))
    for table in (truth_table(results), summary_table(results), *own_tables):
        yield Block("table", f"{table.caption}. {table.how_to_read}", table)
    handed = phase2_table(results)
    if handed is not None:
        (own,) = _of(name, handed)
        yield Block("table", f"{own.caption}. {own.how_to_read}", own)
    provenance = saved.document["provenance"]
    yield from _paragraphs(
        f"Computed with doseesc {provenance['doseesc']}: {results.n_trials:,} trials per scenario, seed "
        f"{results.seed}, method {results.method.replace('_', ' ')}, scenario file {provenance['scenario_file']} "
        f"(SHA-256 {provenance['scenario_sha256']})."
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
        yield PageTable(table.name, f"{table.caption}, {name}", table.how_to_read, columns, rows)


def _queries(registry_id: str) -> Iterator[Block]:
    queries = registry_queries(registry_id)
    if not queries:
        return
    yield Block("heading", "Queries to the sponsor")
    yield from _paragraphs(
        f"The registry entry {registry_id} leaves these points open; nothing was corrected silently."
    )
    rows = [
        (Value(str(k)), *(Value(each[key]) for key in ("where", "problem", "query")))
        for k, each in enumerate(queries, 1)
    ]
    table = PageTable("queries", "Queries", "", ("no.", "registry text", "problem", "query"), rows)
    yield Block("table", f"Queries on {registry_id}", table)


def _references(results: Results, trial: Trial) -> Iterator[Block]:
    """List the publications that the documentation of the design and of its base classes names, and the benchmark."""
    found = _citations(type(trial.design))
    if results.benchmark:
        found.append("O'Quigley, Paoletti and Maccario (2002), Biostatistics 3:51-56 (optimal benchmark).")
    yield Block("heading", "References")
    yield from (Block("bullet", each) for each in dict.fromkeys(found))


def _citations(kind: type[Any]) -> list[str]:
    pattern = re.compile(r"[A-Z][^.;()]{3,120}?\(\d{4}\),\s\*[^*]+\*(?:\s[\d:()\-]*\d)?")
    found = []
    for each in kind.__mro__:
        module = sys.modules.get(each.__module__)
        text = " ".join((getattr(module, "__doc__", None) or "").split())
        if each.__module__ != "builtins":
            found += [match.group(0).replace("*", "").strip() + "." for match in pattern.finditer(text)]
    return found


def _patients(count: int) -> str:
    return f"{count} patient{'s' if count != 1 else ''}"


def _paragraphs(*texts: str) -> Iterator[Block]:
    yield from (Block("paragraph", text) for text in texts if text)
