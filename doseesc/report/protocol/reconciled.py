"""The design and the final model where both speak of a dose: which says what, and which decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from designs import Tally
from doseesc.analysis import analysis_words, tally_at
from doseesc.conduct import estimate_doses
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value, number

if TYPE_CHECKING:
    from doseesc.conduct import Trial
    from doseesc.results import SavedFit, SavedRun
    from doseesc.study import Study


def final_model_blocks(saved: SavedRun, trial: Trial) -> Iterator[Block]:
    """Yield the final model, how it stands to the design, and both on the data where there are some."""
    study = saved.results.study
    own = (
        "by its own model, of section 4.1,"
        if hasattr(trial.design, "posterior")
        else "by its own rules on patients and DLTs, of section 4.1,"
    )
    given = (
        "" if "model" in study.analysis.model_fields_set else ", which the program takes where the file names no other"
    )
    yield Block("minor", "The final model, and which model decides")
    yield from paragraphs(
        f"{trial.name} decides: {own} it chooses every dose and names the MTD.",
        f"The DLT probability of each dose is reported from another model: {analysis_words(study)}{given}. It gives "
        "the posterior mean, a 90 % interval, and the probability of being above the target. It describes; it changes "
        "no dose and names no MTD.",
        f"The two need not agree: they have other curves or priors, and a dose that {trial.name} holds to be the MTD "
        "may not be the one that this model finds likeliest. Then the MTD is that of the design, which was chosen "
        "before the data, and the other is reported beside it.",
    )
    if saved.fit is not None:
        yield from _fitted_blocks(study, trial, saved.fit)


def _fitted_blocks(study: Study, trial: Trial, fit: SavedFit) -> Iterator[Block]:
    tally = tally_at(study.doses.amounts, ((each.amount, each.n, each.dlt) for each in fit.own))
    if not fit.converged:
        yield from paragraphs(f"The final model's figures are not to be relied on. {fit.verdict}.")
    yield from captioned(_both_table(study, trial, fit, tally))
    yield from paragraphs(_agreement(trial, fit, tally), *(f"Of the final model: {each}." for each in fit.notes))


def _decided_by_counts(trial: Trial) -> bool:
    """Whether patients and DLTs by dose are all that the MTD follows from."""
    return getattr(trial.design, "selection", "model") == "model" or not trial.design.needed_memory


def _both_table(study: Study, trial: Trial, fit: SavedFit, tally: Tally) -> PageTable:
    levels = {each.amount: each for each in fit.doses if each.kind == "level"}
    by_design = estimate_doses(trial.design, tally, study.target)
    rows = []
    for place, amount in enumerate(study.doses.amounts):
        found = levels.get(amount)
        if found is None:
            continue
        rows.append(
            (
                Value(trial.doses.words(place + 1), "", amount),
                Value(f"{tally.dlt[0, place]} of {tally.n[0, place]}"),
                number(float(by_design.mean[place]), 1, 100),
                number(found.mean, 1, 100),
                Value(f"{100 * found.low:.1f} to {100 * found.high:.1f}", "", found.low),
                number(found.p_over_target, 1, 100),
                Value("–") if found.p_mtd is None else number(found.p_mtd, 1, 100),
            )
        )
    return PageTable(
        "both",
        f"{trial.name} and the final model on the data so far",
        f"DLT probabilities. The estimate with {trial.name} is that of {by_design.basis}. All else is the final "
        "model's.",
        (
            "dose",
            "DLTs seen",
            f"{trial.name}: estimate, %",
            "final model: mean, %",
            "90 % interval, %",
            f"P(above {100 * fit.target:.3g} %), %",
            "P(MTD), %",
        ),
        rows,
    )


def _agreement(trial: Trial, fit: SavedFit, tally: Tally) -> str:
    """Say what each would name on the data, and whose word counts."""
    likeliest = max(
        (each for each in fit.doses if each.kind == "level"), key=lambda each: each.p_mtd or 0.0, default=None
    )
    if not tally.n.any():
        return "There are no data yet; the final model's figures are its prior."
    if not _decided_by_counts(trial):
        return (
            f"What {trial.name} decides depends on the order of the cohorts, which these counts do not hold; it is "
            "computed from the patients' file."
        )
    selected = int(trial.design.select(tally)[0])
    named = trial.doses.words(selected) if selected else "no dose"
    said = f"Had the trial ended with these data, {trial.name} would name {named} as the MTD"
    if likeliest is None or likeliest.p_mtd is None:
        return f"{said}; that is what counts."
    level = trial.doses.labels.index(likeliest.label) + 1
    other = f"the final model finds {trial.doses.words(level)} likeliest to be it ({100 * likeliest.p_mtd:.1f} %)"
    if level == selected:
        return f"{said}, and {other}: they agree."
    return f"{said}, while {other}. They differ; {trial.name} decides, and both are reported."
