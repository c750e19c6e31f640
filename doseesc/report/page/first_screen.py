"""What stands on the first screen: what is assumed, three numbers, and the data for weighing true MTDs oneself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.report.charts import Bar, Segment, stacked_bars
from doseesc.report.page.look import NARROW, WIDE
from doseesc.report.words import design_times, duration_words, programme_success
from doseesc.wording import in_a_row, percent, percent_words, plain_number

if TYPE_CHECKING:
    from doseesc.report.page.look import Look


@dataclass(frozen=True)
class Card:
    """One number; ``key`` names it for the script, ``words`` say what it is."""

    key: str
    number: str
    words: str


def chips(look: Look) -> list[str]:
    """Return the study in a few words each: doses with units, target, patients."""
    study = look.results.study
    levels = range(1, study.n_doses + 1)
    doses = ", ".join(look.doses.words(level) for level in levels)
    if study.doses.unit and all(look.doses.words(level) != look.doses.name(level) for level in levels):
        times = "× " if study.doses.unit[:1].isdigit() else ""
        named = [f"{look.doses.name(level)} {plain_number(float(study.dose_amounts[level - 1]))}" for level in levels]
        doses = f"{', '.join(named)} {times}{study.doses.unit}"
    return [
        f"{study.n_doses} doses: {doses}" if study.n_doses > 1 else f"1 dose: {doses}",
        f"target {percent_words(study.target)} DLTs in {study.dlt_window_days} days",
        f"at most {study.max_n} patients, cohorts of {study.cohort_size}",
    ]


def cards(look: Look) -> list[Card]:
    """Return the three numbers of the best design."""
    own = look.results.verdict.standing
    row = own.designs.index(look.best)
    correct = float(own.mean(own.correct)[row])
    worst = int(own.overdose[row].argmax())
    too_high = float(own.overdose[row, worst])
    where = f" ({own.scenarios[worst]})" if too_high > 0 else ""
    found = [
        Card("right", f"{percent(correct)} %", f"right dose, or rightly none, with {look.best}"),
        Card("high", f"{percent(too_high)} %", f"too high a dose in the worst case{where}"),
    ]
    succeeds = programme_success(look.results)
    if succeeds:
        chance = succeeds[look.best]
        found.append(Card("programme", f"{percent(chance)} %", "chance that Phase 1 and Phase 2 succeed"))
    else:
        patients = float(own.mean(own.patients)[row])
        calendar = look.results.study.calendar_for(look.best)
        backfilled = calendar is not None and calendar.backfill is not None
        most = "backfilled ones among them" if backfilled else f"of at most {look.results.study.max_n}"
        times = {each.design: each for each in design_times(look.results)}
        lasts = f"; {duration_words(times[look.best].median)}, median" if look.best in times else ""
        found.append(Card("patients", f"{patients:.1f}", f"patients on average, {most}{lasts}"))
    return found


def verdict_data(look: Look) -> dict[str, Any]:
    """Return what the page's script judges designs by, as :mod:`doseesc.results.criterion` does."""
    own, study = look.results.verdict.standing, look.results.study
    levels = [int(each) for each in np.unique(own.true_mtds)]
    labels = ("none is safe", *(look.doses.words(level) for level in range(1, study.n_doses + 1)))
    return {
        "designs": list(own.designs),
        "scenarios": list(own.scenarios),
        "trueMtds": own.true_mtds.tolist(),
        "levels": levels,
        "labels": [labels[level] for level in levels],
        "weights": own.weights.tolist(),
        "correct": own.correct.tolist(),
        "overdose": own.overdose.tolist(),
        "patients": own.patients.tolist(),
        "above": own.patients_above.tolist(),
        "error": own.error.tolist(),
        "penalty": own.price,
        "worstCase": own.worst_case,
        "margin": look.results.verdict.margin,
    }


def level_weights(look: Look) -> list[tuple[int, str, float]]:
    """Return the true MTDs that occur: level, words, and what each counts in percent."""
    data = verdict_data(look)
    own = look.results.verdict.standing
    return [
        (level, words, 100 * float(own.weights[own.true_mtds == level].sum()))
        for level, words in zip(data["levels"], data["labels"], strict=True)
    ]


def shares_bar(look: Look) -> tuple[str, str] | None:
    """Return the share of all weightings of the true MTDs in which each design is best, for a desk and for a phone."""
    shared = look.results.verdict.shared
    if not shared:
        return None
    named = {each.name: each for each in look.series}
    segments = []
    for designs, share in shared:
        name, colour = in_a_row(list(designs)), named[designs[0]].colour
        fill = "var(--other)" if colour is None else f"var(--d{colour})"
        are = "is" if len(designs) == 1 else "are"
        tip = f"{name} {are} best in {100 * share:.0f} % of all weightings of the true MTDs"
        segments.append(Segment(share, name, fill, "var(--bg)", tip=tip))
    alt = "; ".join(each.tip for each in segments if each.share >= 0.005)
    bars = [Bar("", tuple(segments))]
    return stacked_bars("", bars, width=WIDE, alt=alt), stacked_bars("", bars, width=NARROW - 25, alt=alt)
