"""Charts of Phase 2: the doses it gets, its power, and the chance that the whole programme succeeds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from doseesc.report.charts import (
    Bar,
    Curve,
    DotRow,
    Frame,
    Measure,
    Segment,
    curve_plot,
    dot_plot,
    stacked_bars,
)
from doseesc.report.page.look import NARROW, WIDE, Chart, pair, round_up
from doseesc.report.words import given_words
from doseesc.results import arm_doses
from doseesc.wording import amount_words, in_a_row, percent, plain_number

if TYPE_CHECKING:
    from doseesc.phase2 import Power
    from doseesc.planning import Phase2Answers, PowerCurves
    from doseesc.report.page.look import Look

_SHORT = 8  # characters of a unit
_WANTED = 0.8  # a power that is mostly asked for


@dataclass(frozen=True)
class DoseRow:
    """What follows where Phase 1 names a dose.

    Attributes
    ----------
    mtd : str
        The dose named, with its amount; or that none is.
    arms : tuple of str
        The dose of each active arm of Phase 2, with its unit where that is short; empty where Phase 2 does not open.
    given : tuple of str
        Of each, whether anybody in Phase 1 was given it; empty where that is certain.
    share : float
        Of all trials, over the scenarios as the study weighs them.
    fill : str
    """

    mtd: str
    arms: tuple[str, ...]
    given: tuple[str, ...]
    share: float
    fill: str


def dose_rows(look: Look) -> list[DoseRow]:
    """Return what Phase 2 gets for each dose that may be named, and how often the best design names it."""
    study, own = look.results.study, look.results.verdict.standing
    selected = np.array([look.results.cells[name, look.best].best.selected for name in own.scenarios])
    shares = own.weights @ selected
    doses = arm_doses(study, own.scenarios[0]) if study.phase2_arms else []
    rows = []
    unit = "" if long_unit(look) else study.doses.unit
    for level in range(1, study.n_doses + 1):
        active = [each for each in doses if each.mtd_level == level and each.amount is not None]
        amounts = tuple(amount_words(round(each.amount, 6), unit) for each in active if each.amount)
        said = [given_words(look.results, each) for each in active]
        given = tuple("" if each == "tested" else each for each in said)
        name = look.doses.name(level) if long_unit(look) else look.doses.words(level)
        rows.append(DoseRow(name, amounts, given, float(shares[level]), look.shade(level)[0]))
    rows.append(DoseRow("none", (), (), float(shares[0]), look.shade(0)[0]))
    return rows


def long_unit(look: Look) -> str:
    """Return the unit of the doses where it is too long to stand in every cell, else ""."""
    unit = look.results.study.doses.unit
    return unit if len(unit) > _SHORT else ""


def arms_chart(look: Look) -> Chart | None:
    """Return how often each pair of doses goes into Phase 2, by scenario; None without arms."""
    study = look.results.study
    if not any(not arm.control for arm in study.phase2_arms):
        return None
    own = look.results.verdict.standing
    bars = []
    doses = {name: arm_doses(study, name) for name in own.scenarios}
    for name in look.scenarios:
        selected = look.results.cells[name, look.best].best.selected
        segments = []
        for level in (*range(1, study.n_doses + 1), 0):
            active = [each for each in doses[name] if each.mtd_level == level and each.amount is not None]
            said = " and ".join(plain_number(round(each.amount or 0.0, 4)) for each in active) or "none"
            fill, ink = look.shade(level)
            asked = "no Phase 2" if level == 0 else f"{said} {study.doses.unit}".strip()
            tip = f"{name}: {asked} in {percent(float(selected[level]))} % of trials"
            segments.append(Segment(float(selected[level]), f"{said}:" if level else "none:", fill, ink, tip=tip))
        bars.append(Bar(f"{name}", tuple(segments)))
    rows = dose_rows(look)
    most = max(rows, key=lambda row: row.share)
    times = " × " if study.doses.unit[:1].isdigit() else " "
    unit = times + long_unit(look) if long_unit(look) else ""
    got = f"{in_a_row(list(most.arms))}{unit}" if most.arms else "nothing, for no MTD is named"
    title = f"After {look.best}, Phase 2 most often gets {got}: in {percent(most.share)} % of trials"
    arms = [arm.name for arm in study.phase2_arms if not arm.control]
    how = (
        f"Shares of trials of {look.best} in each scenario by the doses of {in_a_row(arms)}"
        f"{f' in {study.doses.unit}' if study.doses.unit else ''}, light to dark by the MTD named."
    )
    return pair("arms", title, how, lambda width: stacked_bars("", bars, width=width, alt=title))


def power_charts(curves: PowerCurves, answers: Phase2Answers) -> list[Chart]:
    """Return the power over the number of patients, with the number planned, and over the effect."""
    planned = answers.plan.control.n
    sizes = [n for n, _ in curves.by_size]
    found = [power for _, power in curves.by_size]
    any_power = [float(power.share("any_ttci")) for power in found]
    at_plan = float(answers.power.share("any_ttci"))
    enough = _reached(sizes, any_power, _WANTED)
    more = (
        f"; {100 * _WANTED:.0f} % takes about {10 * math.ceil(enough / 10)}"  # the curve tells it no better
        if enough is not None and at_plan < _WANTED
        else f"; {100 * _WANTED:.0f} % is not reached with up to {sizes[-1]}"
        if enough is None
        else ""
    )
    shown = f"some dosage improves patients sooner in {percent(at_plan)} % of trials"
    title = f"With the {planned} patients planned in the control arm {shown}{more}"
    frame = Frame(
        tuple((float(n), str(n)) for n in sizes),
        "patients in the control arm",
        level=_WANTED,
        level_name=f"{100 * _WANTED:.0f} %",
        planned=float(planned),
        planned_name=f"planned: {planned}",
        up="power, %",
    )
    how = f"Power in %; bands are 95 % Monte Carlo intervals of {found[0].tally.trials:,} trials each."
    charts = [_power_chart("power", title, how, [float(n) for n in sizes], found, frame)]
    effects = [power.plan.active[-1].effect.shr for _, power in curves.by_effect]
    tested = [power for _, power in curves.by_effect]
    none = float(answers.null.share("any_ttci"))  # of more trials than the curve's first point, and told elsewhere too
    title = (
        f"A drug that does nothing is taken to work in {percent(none)} % of trials; at a ratio of {effects[-1]:.3g} "
        f"one that works is found in {percent(float(tested[-1].share('any_ttci')))} %"
    )
    effect = answers.plan.active[-1].effect.shr
    frame = Frame(
        tuple((each, f"{each:.2f}") for each in effects),
        "hazard ratio (sHR) at the highest dosage",
        level=_WANTED,
        level_name=f"{100 * _WANTED:.0f} %",
        planned=float(effect),
        planned_name=f"assumed: {effect:.3g}",
        up="power, %",
    )
    how += " sHR: the subdistribution hazard ratio of improvement, above 1 is better."
    charts.append(_power_chart("effect", title, how, effects, tested, frame))
    return charts


def _power_chart(name: str, title: str, how: str, across: list[float], powers: list[Power], frame: Frame) -> Chart:
    arms = [arm.name for arm in powers[0].plan.active]
    curves = []
    for place, arm in enumerate([*arms, "at least one"]):
        any_of = place == len(arms)
        share = np.array([float(p.share("any_ttci") if any_of else p.share("ttci")[place]) for p in powers])
        error = 1.96 * np.array([float(p.mcse("any_ttci") if any_of else p.mcse("ttci")[place]) for p in powers])
        low, high = np.clip(share - error, 0, 1).tolist(), np.clip(share + error, 0, 1).tolist()
        curves.append(Curve(arm, across, share.tolist(), low, high, f"c{place % 8}"))
    wide, narrow = (
        curve_plot("", curves, [], frame, width=width, height=height, alt=title)
        for width, height in ((WIDE * 0.8, 240.0), (NARROW, 210.0))
    )
    return Chart(name, title, how, wide, narrow)


def _reached(sizes: list[int], powers: list[float], wanted: float) -> float | None:
    """Return where a curve reaches a power, between its points on a straight line; None where it does not."""
    for before in range(len(sizes) - 1):
        low, high = powers[before], powers[before + 1]
        if low < wanted <= high:
            return sizes[before] + (sizes[before + 1] - sizes[before]) * (wanted - low) / (high - low)
    return float(sizes[0]) if powers[0] >= wanted else None


def assurance_chart(look: Look, answers: Phase2Answers) -> Chart:
    """Return the chance that the programme succeeds, by scenario and design."""
    found = {(each.scenario, each.design): each for each in answers.programme}
    rows = [
        DotRow(
            name,
            look.meaning(name),
            (
                tuple(100 * found[name, each.name].success for each in look.series),
                tuple(100 * found[name, each.name].acceptable for each in look.series),
            ),
            look.true_mtd(name),
        )
        for name in look.scenarios
    ]
    own = [found[name, look.best].success for name in look.scenarios]
    title = (
        f"With {look.best} Phase 1 and Phase 2 together succeed in {percent(min(own))} to {percent(max(own))} % of "
        "programmes, by scenario"
    )
    limit = 100 * answers.study.unsafe_above
    how = (
        "The MTD is not taken as known: power is averaged over the MTDs that Phase 1 may name. At the right: success "
        f"with a dosage whose true DLT probability is at most {limit:.3g} %."
    )
    top = round_up(100 * max(each.success for each in answers.programme))
    measures = (
        Measure("programme succeeds, %", top, short="success, %"),
        Measure("acceptable dosage, %", top, short="acceptable, %"),
    )
    return pair("assurance", title, how, lambda width: dot_plot(rows, measures, look.series, width=width, alt=title))
