"""Analysis sets, the analysis of the primary objective, interim decisions, and who takes them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from designs.rules import SelectionRule
from doseesc.report.protocol.observation import evaluable_words, policy_blocks
from doseesc.report.protocol.open_points import open_paragraph, open_point
from doseesc.report.protocol.reconciled import final_model_blocks
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.report.words import method_words, untried_words

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.results import Results, SavedRun


def general_blocks(results: Results) -> Iterator[Block]:
    """Yield how the figures of the protocol were computed."""
    provenance = results.provenance_now()
    yield section("10.1")
    yield from paragraphs(
        f"Computed with doseesc {provenance['doseesc']}: {results.n_trials:,} trials per scenario, seed "
        f"{results.seed}, {method_words(results.method)}, scenario file {provenance['scenario_file']} "
        f"(SHA-256 {provenance['scenario_sha256']}). File, seed and version give the same figures again; the decisions "
        "of the trial are computed by the same program from the same file."
    )
    yield open_paragraph("where the statistical analysis plan, this file and the program's version are kept")


def set_blocks(results: Results) -> Iterator[Block]:
    """Yield the analysis sets."""
    study = results.study
    rows = [
        ("Enrolled", open_point("from which moment a patient counts as enrolled"), "Numbers of patients, replacements"),
        ("Safety", "All patients who got any amount of the product, by the dose first given", "Adverse events"),
        ("DLT-evaluable", evaluable_words(study), "Dose decisions, MTD, DLT probability by dose"),
    ]
    if study.phase2_arms:
        rows += [
            (
                "Phase 2, randomised",
                "All patients randomised, by the arm they were allocated to",
                "Outcomes of Phase 2",
            ),
            ("Phase 2, safety", "All patients treated, by what they got", "Adverse reactions of Phase 2"),
        ]
    yield section("10.2")
    cells = [tuple(map(Value, row)) for row in rows]
    yield from captioned(PageTable("sets", "Analysis sets", "", ("set", "who belongs to it", "used for"), cells))


def primary_blocks(saved: SavedRun, trial: Trial) -> Iterator[Block]:
    """Yield the analysis of the primary objective: how the MTD is named, the final model, missing data, sensitivity."""
    design, words = trial.design, trial.doses.in_words
    yield section("10.4")
    yield Block("minor", "How the MTD is named")
    yield from paragraphs(
        "When the trial ends, the MTD is named as described with the design in section 4.1, from all DLT-evaluable "
        "patients. Where the highest dose is named without toxicity that bounds it, it is reported as the highest dose "
        "tested, not as the MTD."
    )
    rules = [rule for rule in design.all_rules() if isinstance(rule, SelectionRule)]
    yield from (Block("bullet", words(rule.describe(design))) for rule in rules)
    yield from _untried_blocks(saved.results, trial.name)
    yield from final_model_blocks(saved, trial)
    yield Block("minor", "Missing data")
    yield from paragraphs(
        "A patient whose DLT status at the end of the window is not known is treated as in the table of intercurrent "
        "events of section 3.1."
    )
    if not saved.results.study.observation:
        yield open_paragraph("what is done where a DLT status stays unknown")
    yield Block("minor", "Sensitivity analyses")
    yield from policy_blocks(saved.results, trial.name)
    yield open_paragraph("further sensitivity analyses of the DLT probabilities")


def _untried_blocks(results: Results, name: str) -> Iterator[Block]:
    """Yield how often the design names a dose that nobody was given; nothing where earlier results do not know."""
    chances = [cell.best.untried_selection for (_, design), cell in results.cells.items() if design == name]
    said = untried_words(results, name)
    if said:
        yield from paragraphs(said)
        yield open_paragraph("what is reported as the MTD where the design names a dose that nobody was given")
    elif not any(math.isnan(each) for each in chances):
        yield from paragraphs(
            f"Under none of the scenarios of section 10.11 does {name} name a dose that nobody was given"
            + (" in as many as 0.05 % of trials." if max(chances) > 0 else ".")
        )


def safety_blocks(study_days: float) -> Iterator[Block]:
    """Yield the analysis of safety."""
    yield section("10.7")
    yield from paragraphs(
        "DLTs and patients are reported by the dose first given, with the observed rate and its interval; toxicity "
        f"after {study_days:g} days is reported beside them."
    )
    yield open_paragraph("tables of adverse events, laboratory values and vital signs")


def interim_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield the decisions on doses as interim analyses."""
    design = trial.design
    when = "patient" if design.cohort_size == 1 else "cohort"
    yield section("10.9")
    yield from paragraphs(
        f"The dose is decided before each {when} from the data of all patients so far, by the design of section 4.1: "
        f"at most {-(-design.max_n // design.cohort_size)} times in full cohorts, until one of the rules of section "
        "4.3 ends the trial. No other interim analysis is part of this design, and none tests a hypothesis."
    )


def committee_blocks() -> Iterator[Block]:
    """Yield who decides on which data, and what an override means."""
    yield section("11")
    yield section("11.4")
    yield Block("minor", "Dose-review committee")
    yield open_paragraph("members, quorum, chair, independence of the sponsor, and the charter")
    yield Block("minor", "Data cut")
    yield from paragraphs(
        "Each decision is on the data of one day: for every patient treated, the dose first given, the days followed, "
        "and whether a DLT has been seen. The program keeps a log of these decisions, with the day and a hash of the "
        "data."
    )
    yield open_paragraph("how long before the meeting the data are cut, how they are checked, and who sees them")
    yield Block("minor", "Override")
    yield from paragraphs(
        "The operating characteristics of section 10.11 are those of trials in which every recommendation of the "
        "design is followed. After a decision that departs from one the design goes on from the data at the doses "
        "that were given; a replay of the record shows where that was."
    )
    yield open_paragraph(
        "whether the committee may choose only a lower dose or a stop, or a higher dose too, and who must agree"
    )
