"""What a protocol says of drug and patients: what the study's file knows, and what the sponsor is to complete."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from doseesc.report.protocol.observation import loss_sentence
from doseesc.report.protocol.open_points import open_paragraph, open_point
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.results import fraction_words
from doseesc.wording import in_a_row

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.results import Results
    from doseesc.study import Study


def introduction_blocks(results: Results, name: str) -> Iterator[Block]:
    """Yield purpose, earlier evidence, risks and benefits."""
    study = results.study
    yield section("2")
    yield section("2.1")
    yield from paragraphs("The question of this trial is which dose is safe enough to go on with; see section 3.1.")
    yield open_paragraph("the disease and the need, the product, and earlier clinical studies of benefit and of harm")
    if study.study.notes:
        yield from paragraphs("The study's file notes:")
        yield from (Block("bullet", each) for each in study.study.notes)
    yield section("2.2")
    yield Block("minor", "Non-clinical evidence")
    yield open_paragraph(
        "findings in animals and in vitro that bear on dose, toxicity and its time course, and on the starting dose"
    )
    yield Block("minor", "Risks")
    yield from paragraphs(_risk(results, name))
    yield open_paragraph("risks that are expected of the product, and how they are kept small")
    yield Block("minor", "Benefits")
    yield open_paragraph("benefits that may be expected, and the balance of both")


def _risk(results: Results, name: str) -> str:
    """Say how many DLTs and patients above the MTD the design leads to under what is assumed."""
    cells = {scenario: cell.best for (scenario, design), cell in results.cells.items() if design == name}
    fewest, most = (choose(cells, key=lambda each: cells[each].total_dlts) for choose in (min, max))
    above = max(cells, key=lambda each: cells[each].patients_above_mtd)
    return (
        f"Under the scenarios of section 10.11 a trial has {cells[fewest].total_dlts:.1f} (scenario {fewest}) to "
        f"{cells[most].total_dlts:.1f} (scenario {most}) DLTs on average, and treats at most "
        f"{cells[above].patients_above_mtd:.1f} patients above the MTD (scenario {above})."
    )


def population_blocks() -> Iterator[Block]:
    """Yield the population, of which design and statistics know nothing."""
    yield section("5")
    yield open_paragraph("inclusion and exclusion criteria, with the reasons for them")


def intervention_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield doses, their rationale, administration, modification and assignment."""
    study, doses = results.study, trial.doses
    yield section("6")
    yield section("6.1")
    yield open_paragraph("product, formulation, manufacture and batches")
    rows = [
        (Value(str(level), "", level), Value(doses.labels[level - 1]), Value(doses.amount(level)))
        for level in range(1, study.n_doses + 1)
    ]
    yield from captioned(PageTable("levels", "Dose levels", "", ("level", "name", "dose"), rows))
    yield section("6.2")
    yield from paragraphs(*_range_words(study, trial))
    assumed = _about(study.study.assumptions, ("dose", "start"))
    yield from (Block("bullet", each) for each in assumed)
    yield open_paragraph(
        f"why the range from {doses.amount(1)} to {doses.amount(study.n_doses)}, why these steps, and why the first "
        f"patients get {doses.amount(trial.design.start_level)}"
    )
    yield section("6.3")
    yield from paragraphs(f"Known from the file: doses are in {study.doses.unit or 'a unit that is not given'}.")
    yield open_paragraph("route, device, days and times of dosing, and how long a patient is treated")
    yield section("6.4")
    yield from paragraphs(
        "Each patient belongs to the dose that the cohort was given; the figures of section 10.11 have no change of "
        "dose within a patient, neither up nor down, and a patient whose dose is changed counts at the first."
    )
    yield open_paragraph(
        "when an individual's dose is lowered, delayed or left out, and whether it may be raised again"
    )
    yield section("6.7")
    yield from paragraphs(*_assignment(study))


def _range_words(study: Study, trial: Trial) -> list[str]:
    doses, amounts, start = trial.doses, study.doses.amounts, trial.design.start_level
    factors = [f"{high / low:.3g}" for low, high in pairwise(amounts)]
    steps = factors[:1] if len(set(factors)) == 1 else factors
    place = "the lowest" if start == 1 else f"number {start} of {study.n_doses}"
    at_start = sorted(100 * float(truth[start - 1]) for truth in study.truths.values())
    each = " each time" if len(steps) < len(factors) else ""
    rising = f" From dose to dose the amount is multiplied by {in_a_row(steps)}{each}." if steps else ""
    return [
        f"Known from the file: {study.n_doses} doses from {doses.amount(1)} to {doses.amount(study.n_doses)}.{rising}",
        f"The trial begins at {doses.words(start)}, which is {place}. The scenarios assume a true DLT probability of "
        f"{at_start[0]:.3g} to {at_start[-1]:.3g} % there; that is what the evaluation covers, and no evidence.",
    ]


def _about(assumptions: Sequence[str], keys: tuple[str, ...]) -> list[str]:
    """Return the assumptions that begin with one of the keys."""
    return [each for each in assumptions if each.partition(":")[0].strip().lower().startswith(keys)]


def _assignment(study: Study) -> list[str]:
    words = [
        "Phase 1 has no control and is not randomised: patients get the dose in force in the order in which they are "
        "enrolled."
    ]
    if study.phase2_arms:
        arms = "; ".join(f"{arm.name}: {fraction_words(arm)}" for arm in study.phase2_arms)
        words.append(f"Phase 2 compares {arms}.")
        words.append(open_point("sequence, concealment and blinding of the allocation in Phase 2"))
    return words


def discontinuation_blocks(study: Study) -> Iterator[Block]:
    """Yield how patients leave."""
    yield section("7")
    yield section("7.1")
    yield from paragraphs("A patient with a DLT counts as one, whatever is given afterwards.")
    yield open_paragraph("criteria by which an individual's treatment ends, and follow-up afterwards")
    yield section("7.3")
    yield from paragraphs(loss_sentence(study))


def assessment_blocks() -> Iterator[Block]:
    """Yield the assessments, of which design and statistics know nothing."""
    yield section("8")
    yield open_paragraph("assessments of safety, activity, pharmacokinetics and biomarkers, at each dose")
