"""How doses are escalated: the design and its decisions, when the next cohort opens, and who is treated besides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designs import Complete
from designs.rules.base import counted
from doseesc.engines import pathways
from doseesc.report.figures import pathways_figure
from doseesc.report.protocol.decisions import decision_blocks
from doseesc.report.protocol.open_points import open_paragraph, open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, prior_table
from doseesc.report.words import design_times, rules_of_backfill
from doseesc.runs import typical_scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from doseesc.conduct import Trial
    from doseesc.results import Results

_MOST_COHORTS = 3  # with more a tree is wider than a page
_MOST_NODES = 2000
_ROOM = 7.4, 9.8  # inches; printed a tenth smaller they fit a page


def escalation_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield the section on the design."""
    design, doses = trial.design, trial.doses
    yield section("4.1")
    yield Block("minor", "Dose escalation")
    yield from paragraphs(
        doses.in_words(design.describe()),
        f"The first cohort is treated at {doses.words(design.start_level)}. Cohorts have "
        f"{counted(design.cohort_size, 'patient')}, and at most {counting(results, design.max_n)} are treated.",
    )
    rules = design.all_rules()
    if rules:
        yield from paragraphs("In addition these rules hold:")
        yield from (Block("bullet", doses.in_words(rule.describe(design))) for rule in rules)
    yield from paragraphs("No other adaptation is planned.")
    yield from _prior_blocks(results, trial)
    yield from decision_blocks(trial)
    yield from _tree_blocks(results, trial)
    yield Block("minor", "When the next cohort opens, and DLTs that come late")
    yield from _opening_blocks(results, trial)
    yield Block("minor", "Sentinel patients and staggered dosing")
    yield from _stagger_blocks(results, trial)
    yield Block("minor", "Expansion and backfill")
    yield from paragraphs(
        "No expansion cohort is part of this design.",
        rules_of_backfill(results, trial.name) or "Nobody is backfilled: lower doses take no patients meanwhile.",
    )


def counting(results: Results, count: int) -> str:
    """Say which patients a design counts: where some are not evaluable, those who are."""
    return counted(count, "evaluable patient" if results.study.observation else "patient")


def _prior_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    prior = prior_table(results, trial.name)
    if prior is not None:
        own = [row[1:] for row in prior.rows]
        yield Block("minor", "Prior of the design's model")
        caption = "What the model believes before the first patient"
        yield from captioned(PageTable(prior.name, caption, prior.how_to_read, prior.columns[1:], own))
        yield open_paragraph("why this prior, and on what knowledge of the drug it rests")


def _opening_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    design, days = trial.design, f"{results.study.watched_days:g} days"
    yield from paragraphs(design.pending.describe(design))
    if isinstance(design.pending, Complete):
        yield from paragraphs(
            "So every DLT within the window is known when a dose is decided, and none within it can come late."
        )
    else:
        times = {each.design: each for each in design_times(results)}.get(trial.name)
        changed = (
            ""
            if times is None
            else f" On average {100 * times.changed:.1f} % of decisions would have named another dose had all outcomes "
            "been known."
        )
        yield from paragraphs(
            "A DLT that comes after a decision, but within the patient's window, counts from the next decision on; the "
            f"decision made without it is not taken back for patients already treated.{changed}"
        )
    yield from paragraphs(
        f"A toxicity later than {days} after the first dose is recorded as an adverse event and is no DLT: it changes "
        "no decision of the design."
    )
    yield open_paragraph(
        "what is done for patients still on a dose at which a DLT comes late, and whether late toxicity is put before "
        "the committee of section 11.4"
    )


def _stagger_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    calendar = results.study.calendar_for(trial.name) or results.study.calendar
    if calendar is not None and calendar.stagger is not None:
        yield from paragraphs(f"{calendar.stagger.describe()} The simulated trials keep to that.")
        return
    yield from paragraphs(
        "The study's file gives no days between the patients of a cohort, and the simulated trials have none. "
        + open_point("whether a first patient is treated alone at each new dose, and the days to the next")
    )


def _tree_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    tree, scenario = _tree(results, trial), typical_scenario(results)
    if tree is None:
        return
    yield Block("figure", f"Every path of the first cohorts with {trial.name}", draw=lambda: tree)
    yield Block(
        "note",
        "A box is the dose of the next cohort, the number on a line the DLTs of the cohort before; at the right, the "
        f"probability of each path in scenario {scenario}.",
    )


def _tree(results: Results, trial: Trial) -> Figure | None:
    """Return the tree over as many cohorts as a page can show in its own size; None where not even one can be shown."""
    study, scenario = results.study, typical_scenario(results)
    truth = (
        study.truths[scenario] if study.own_model is None else study.own_model.law(study.truths[scenario]).observed_dlt
    )
    for cohorts in range(_MOST_COHORTS, 0, -1):
        try:
            paths = pathways(trial.design, cohorts, node_limit=_MOST_NODES)
            figure = pathways_figure(paths, {scenario: truth}, study.dose_labels)
        except ValueError:
            continue  # too many paths to be read: look one cohort less ahead
        width, height = figure.get_size_inches()
        if width <= _ROOM[0] and height <= _ROOM[1]:
            return figure
    return None
