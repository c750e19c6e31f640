"""How many patients Phase 2 needs for a stated power, beside those planned and registered, and why they differ."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from doseesc.phase2 import (
    ARM_CLAIMS,
    CLAIMS,
    ENOUGH,
    Power,
    SampleSize,
    detectable_shr,
    sample_size,
    simulate_power,
)
from doseesc.planning import TRIALS, phase2_of, power_curves
from doseesc.report.figures import power_figure
from doseesc.report.protocol.open_points import open_paragraph, open_point
from doseesc.report.protocol.phase2 import PlannedPhase2, assumed_blocks
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.wording import percent_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVE_TRIALS = 2000


def phase2_size_blocks(phase2: PlannedPhase2 | str | None, seed: int) -> Iterator[Block]:
    """Yield the sample size of Phase 2; nothing for a study without it."""
    if phase2 is None:
        return
    yield Block("minor", "Phase 2")
    if isinstance(phase2, str):
        yield from paragraphs(
            open_point("the sample size of Phase 2"), f"The study's Phase 2 cannot be planned: {phase2}."
        )
        return
    words = phase2.words
    about = ("Arms and patients", "Course without the drug", "Effect planned for", "Duration")  # power: in the table
    yield from (Block("bullet", words[each]) for each in about if each in words)
    yield from captioned(_power_table(phase2.power, phase2.null))
    yield from _needed_blocks(phase2, seed)
    yield Block("figure", "Power of Phase 2", draw=partial(_curves, phase2, seed))
    yield Block(
        "note",
        "Left: power over the number of patients in the control arm, the others in proportion, with the effect planned "
        "for. Right: over the hazard ratio at the highest dosage, with the patients planned; at a ratio of 1 it is the "
        f"type I error. The grey line is 80 %; bands: 95 % Monte Carlo, {_CURVE_TRIALS:,} trials each.",
    )
    yield from assumed_blocks(phase2.study)


def _needed_blocks(phase2: PlannedPhase2, seed: int) -> Iterator[Block]:
    try:
        size = sample_size(phase2.plan, power=ENOUGH, trials=TRIALS, seed=seed)
    except ValueError as error:
        yield from paragraphs(f"No number of patients gives {percent_words(ENOUGH)} power: {error}.")
        return
    totals = [total for total in phase2_of(phase2.study).compare_totals if total != phase2.plan.total]
    found = [(phase2.plan.total, "planned in the file", phase2.power)]
    registry = phase2.study.study.registry_id
    named = f"named in the file for {registry}" if registry else "named in the file"
    for total in totals:
        try:
            plan = phase2.plan.with_total(total)
        except ValueError:
            continue  # too few for its arms, which says enough
        found.append((total, named, simulate_power(plan, trials=TRIALS, seed=seed)))
    yield from captioned(_size_table(size, found))
    yield from paragraphs(_difference(phase2, size, found, seed))
    yield open_paragraph("which number of patients, effect and power the sponsor plans Phase 2 with")


def _size_table(size: SampleSize, sizes: list[tuple[int, str, Power]]) -> PageTable:
    claim = "any_ttci"
    rows = [
        (
            Value(str(total), "", total),
            Value(basis),
            Value(str(power.plan.control.n), "", power.plan.control.n),
            Value(
                f"{100 * float(power.share(claim)):.1f}",
                f"± {100 * float(power.mcse(claim)):.2f}",
                100 * float(power.share(claim)),
            ),
        )
        for total, basis, power in sorted(sizes, key=lambda each: each[0])
    ]
    needed = (
        Value(str(size.plan.total), "", size.plan.total),
        Value(f"needed for {percent_words(ENOUGH)} power"),
        Value(str(size.n), f"± {size.standard_error:.1f}", size.n),
        Value(f"{100 * ENOUGH:.1f}", "", 100 * ENOUGH),
    )
    return PageTable(
        "sizes",
        "Patients of Phase 2: needed for the stated power, planned and registered",
        f"Power that {CLAIMS[claim]}, under the effect planned for; ± one Monte Carlo standard error.",
        ("patients in all", "which number", "in the control arm", "power, %"),
        [*rows, needed],
    )


def _difference(phase2: PlannedPhase2, size: SampleSize, sizes: list[tuple[int, str, Power]], seed: int) -> str:
    """Say why the numbers differ."""
    total, _, power = max(sizes, key=lambda each: each[0])
    share = 100 * float(power.share("any_ttci"))
    best = phase2.plan.active[-1].effect
    if total >= size.plan.total:
        return (
            f"The largest number in the file, {total}, is enough: {percent_words(ENOUGH)} power takes "
            f"{size.plan.total} patients."
        )
    seen = detectable_shr(power.plan, power=ENOUGH, seed=seed)
    shows = f"Of the highest dosage by itself, {total} patients show with {percent_words(ENOUGH)} power no " + (
        f"hazard ratio below {seen.shr:.2f}." if seen is not None else "effect that is looked for."
    )
    return (
        f"{percent_words(ENOUGH)} power takes {size.plan.total} patients, {size.plan.total - total} more than the "
        f"largest number in the file, {total}, which has {share:.1f} %. The difference comes from the effect that is "
        f"planned for, a subdistribution hazard ratio of {best.shr:.3g} at the highest dosage and no more at lower "
        f"ones: the power rests on the number of patients who improve, and on how far the arms differ. {shows} The "
        "numbers in the file are not derived from the effect; a larger effect, more patients or less power would bring "
        "them together."
    )


def _curves(phase2: PlannedPhase2, seed: int) -> Figure:
    return power_figure(power_curves(phase2.plan, trials=_CURVE_TRIALS, seed=seed))


def _power_table(power: Power, null: Power) -> PageTable:
    arms = power.plan.active
    claims: list[tuple[str, str, int | None]] = [
        *((f"{arm.name} {ARM_CLAIMS['ttci']}", "ttci", place) for place, arm in enumerate(arms)),
        (CLAIMS["any_ttci"], "any_ttci", None),
        (CLAIMS["all_ttci"], "all_ttci", None),
        *(
            (f"{arm.name} {ARM_CLAIMS['mortality']}, tested by itself", "mortality_alone", place)
            for place, arm in enumerate(arms)
        ),
        ("at least one claim, on either outcome", "any_claim", None),
    ]
    rows = [(Value(claim), *(_share(found, name, place) for found in (power, null))) for claim, name, place in claims]
    return PageTable(
        "power",
        "Power of Phase 2",
        f"{power.tally.trials:,} simulated trials each, ± one Monte Carlo standard error. Without effect: the same "
        "trial of a drug that does nothing, that is type I error.",
        ("claim", "planned effect, % of trials", "without effect, % of trials"),
        rows,
    )


def _share(power: Power, name: str, place: int | None) -> Value:
    share, error = (
        100 * float(each if place is None else each[place]) for each in (power.share(name), power.mcse(name))
    )
    return Value(f"{share:.1f}", f"± {error:.2f}", share)
