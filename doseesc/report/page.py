"""``report.html``: everything a run found on one page that needs no network, and the same figures as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from doseesc.report.across import across_scenarios, best_designs, verdict
from doseesc.report.example_trials import example_trials
from doseesc.report.further_tables import arms_table, observation_table, phase2_table, prior_table
from doseesc.report.page_figures import page_figures
from doseesc.report.page_tables import (
    differences_table,
    mtd_definition,
    reasons_table,
    safety_table,
    selection_table,
    summary_table,
    truth_table,
)
from doseesc.results import Results
from doseesc.saved import SavedRun
from doseesc.trial import trial_of

TEMPLATES = Path(__file__).parent / "templates"
REPORT_FILE = "report.html"
FIGURES_FOLDER = "figures"

_SAFER = 0.02  # a difference in overdosing that a recommendation must mention


@dataclass(frozen=True)
class Recommendation:
    """The design recommended, the reason in numbers, and what speaks against it."""

    design: str
    reason: str
    cautions: tuple[str, ...]


def report_files(saved: SavedRun) -> dict[str, bytes]:
    """Return the page and its figures as files: ``report.html``, and each figure as SVG and PNG.

    Parameters
    ----------
    saved : SavedRun
        From :func:`doseesc.saved.read_results`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    results = saved.results
    examples = example_trials(results, recommendation(results).design)
    typical = examples[min(1, len(examples) - 1)].scenario
    figures = page_figures(saved, typical)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        _context(saved), figures=figures, examples=examples, typical=typical
    )
    files = {REPORT_FILE: (page.rstrip() + "\n").encode()}
    for name, figure in figures.items():
        files[f"{FIGURES_FOLDER}/{name}.svg"] = figure.svg
        files[f"{FIGURES_FOLDER}/{name}.png"] = figure.png
    return files


def recommendation(results: Results) -> Recommendation:
    """Recommend the design that finds the MTD most often over all scenarios; among equals the safer one."""
    summaries = across_scenarios(results)
    by_name = {each.design: each for each in summaries}
    best = min(best_designs(summaries, "correct"), key=lambda name: by_name[name].overdose)
    chosen = by_name[best]
    others = [each for each in summaries if each.design != best]
    compared = " and ".join(f"{100 * each.correct:.1f} % with {each.design}" for each in others)
    against = f", against {compared}" if others else ""
    reason = (
        f"{best} selects the true MTD, or rightly none, in {100 * chosen.correct:.1f} % of trials on average over "
        f"{len(results.study.truths)} scenarios{against}. It selects a dose above the MTD in "
        f"{100 * chosen.overdose:.1f} % and treats {chosen.patients_above:.1f} of {chosen.patients:.1f} patients above "
        "it."
    )
    cautions = [
        f"{each.design} is safer on average: a dose above the MTD in {100 * each.overdose:.1f} %, and "
        f"{each.patients_above:.1f} of {each.patients:.1f} patients above it."
        for each in others
        if each.overdose < chosen.overdose - _SAFER
    ]
    cautions.append(
        f"The worst scenario of {best} is {chosen.worst_scenario}, with {100 * chosen.worst_correct:.1f} % correct "
        "selection."
    )
    open_top = [
        scenario for (scenario, design), cell in results.cells.items() if design == best and cell.best.unbounded > 0.5
    ]
    if open_top:
        cautions.append(
            f"In {', '.join(open_top)} most trials name the highest dose with no toxicity to bound it: call it the "
            "highest dose tested, not the MTD."
        )
    return Recommendation(best, reason, tuple(cautions))


def _context(saved: SavedRun) -> dict[str, Any]:
    results, study = saved.results, saved.results.study
    tables = [
        summary_table(results),
        truth_table(results),
        selection_table(results),
        safety_table(results),
        reasons_table(results),
        differences_table(results),
        arms_table(results),
        phase2_table(results),
        prior_table(results),
        observation_table(saved.document),
    ]
    trials = {name: trial_of(study, name) for name in study.designs}
    return {
        "study": study,
        "about": study.study,
        "results": results,
        "document": saved.document,
        "provenance": saved.document["provenance"],
        "recommendation": recommendation(results),
        "verdict": verdict(across_scenarios(results)),
        "tables": {table.name: table for table in tables if table is not None},
        "doses": next(iter(trials.values())).doses,
        "designs": {
            name: {
                "design": trial.design,
                "words": trial.design.describe(),
                "rules": [rule.describe(trial.design) for rule in trial.design.own_rules() + trial.design.rules],
            }
            for name, trial in trials.items()
        },
        "mtd_definition": mtd_definition(results),
        "standard_error": 50 / float(np.sqrt(results.n_trials)),
        "assumptions": study.study.assumptions,
        "fractions": _fractions(results),
    }


def _fractions(results: Results) -> dict[str, str]:
    from doseesc.arms import fraction_words

    return {arm.name: fraction_words(arm) for arm in results.study.phase2_arms}
