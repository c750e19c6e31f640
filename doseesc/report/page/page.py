"""``report.html``: everything a run found on one page that needs no network, and the same figures as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.conduct import trial_of
from doseesc.phase2 import phase2_rows
from doseesc.planning import Phase2Answers
from doseesc.report.page.figures import page_figures
from doseesc.report.tables import (
    arm_analysis_table,
    arms_table,
    assumptions_table,
    assurance_table,
    differences_table,
    observation_table,
    observed_table,
    phase2_table,
    posterior_table,
    power_table,
    prior_table,
    reasons_table,
    safety_table,
    selection_table,
    summary_table,
    time_table,
    trial_table,
    truth_table,
)
from doseesc.report.words import (
    DOSE_RULES,
    calendar_words,
    design_times,
    method_words,
    mtd_definition,
    observed_words,
    pace_words,
    recommendation,
    rules_of_backfill,
    time_answer,
)
from doseesc.results import SavedRun, fraction_words, on_calendar
from doseesc.runs import example_trials, typical_scenario

if TYPE_CHECKING:
    from doseesc.results import Results
    from doseesc.study import Study

TEMPLATES = Path(__file__).parent
REPORT_FILE = "report.html"
FIGURES_FOLDER = "figures"


def report_files(saved: SavedRun) -> dict[str, bytes]:
    """Return the page and its figures as files: ``report.html``, and each figure as SVG and PNG.

    Parameters
    ----------
    saved : SavedRun
        From :func:`doseesc.results.read_results`.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    results = saved.results
    examples = example_trials(results, recommendation(results).design)
    typical = typical_scenario(results)
    drawn = page_figures(saved, typical)
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("report.html.j2").render(
        _context(saved, drawn.phase2), figures=drawn.figures, examples=examples, typical=typical
    )
    files = {REPORT_FILE: (page.rstrip() + "\n").encode()}
    for name, figure in drawn.figures.items():
        files[f"{FIGURES_FOLDER}/{name}.svg"] = figure.svg
        files[f"{FIGURES_FOLDER}/{name}.png"] = figure.png
    return files


def _context(saved: SavedRun, phase2: Phase2Answers | None) -> dict[str, Any]:
    results, study = saved.results, saved.results.study
    tables = [
        summary_table(results),
        truth_table(results),
        selection_table(results),
        safety_table(results),
        reasons_table(results),
        time_table(results),
        differences_table(results),
        arms_table(results),
        phase2_table(results),
        arm_analysis_table(results),
        prior_table(results),
        observation_table(results),
        observed_table(results),
        assumptions_table(study),
    ]
    if saved.fit is not None:
        tables.append(posterior_table(saved.fit))
    if phase2 is not None:
        tables += [trial_table(phase2), power_table(phase2), assurance_table(phase2)]
    trials = {name: trial_of(study, name) for name in study.designs}
    return {
        "study": study,
        "about": study.study,
        "results": results,
        "provenance": results.provenance_now(),
        "recommendation": recommendation(results),
        "time": _time_words(results),
        "tables": {table.name: table for table in tables if table is not None},
        "doses": next(iter(trials.values())).doses,
        "designs": {
            name: {
                "design": trial.design,
                "words": trial.doses.in_words(trial.design.describe()),
                "pending": trial.design.pending.describe(trial.design),
                "backfill": rules_of_backfill(results, name),
                "rules": [trial.doses.in_words(rule.describe(trial.design)) for rule in trial.design.all_rules()],
            }
            for name, trial in trials.items()
        },
        "method": method_words(results.method),
        "dose_rule": DOSE_RULES[study.phase2_dose_rule],
        "mtd_definition": mtd_definition(results.study),
        "standard_error": 50 / float(np.sqrt(results.n_trials)),
        "assumptions": study.study.assumptions,
        "assumed": _assumed(study),
        "policies": {each.name: observed_words(each, study.dlt_window_days) for each in study.observation},
        "fractions": {arm.name: fraction_words(arm) for arm in study.phase2_arms},
        "fit": saved.fit,
        "phase2": phase2,
        "phase2_rows": [] if phase2 is None else phase2_rows(phase2.power.plan, phase2.power, phase2.null),
    }


def _time_words(results: Results) -> dict[str, Any] | None:
    """Return what is said about time: the answer, the paragraphs of its section, and what is assumed."""
    calendar = results.study.calendar
    if calendar is None or not results.times:
        return None
    return {
        "answer": time_answer(design_times(results), len(results.study.truths)),
        "words": [pace_words(results), *calendar_words(results)],
        "assumed": calendar.describe(float(results.study.dlt_window_days)),
        "on_calendar": on_calendar(results.study),
    }


def _assumed(study: Study) -> Callable[[str], bool]:
    """Return a function that says whether the file calls something an assumption, such as ``"target"``."""
    named = {each.partition(":")[0].strip().lower() for each in study.study.assumptions}
    return lambda what: what.lower() in named or "everything" in named
