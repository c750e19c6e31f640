"""``report.html``: the verdict and everything behind it on one page that needs no network, and figures as files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.conduct import trial_of
from doseesc.phase2 import phase2_rows
from doseesc.report.page.answer import answer_context
from doseesc.report.page.charts import page_charts
from doseesc.report.page.design_charts import design_page
from doseesc.report.page.figures import page_figures
from doseesc.report.page.first_screen import chips, shares_bar, verdict_data
from doseesc.report.page.further_charts import posterior_finding
from doseesc.report.page.look import look_of
from doseesc.report.page.next_dose import next_doses
from doseesc.report.page.page_tables import page_tables
from doseesc.report.page.style import colour_variables
from doseesc.report.page.template import template
from doseesc.report.page.truth_panel import truth_panel_data
from doseesc.report.words import (
    DOSE_RULES,
    calendar_words,
    design_times,
    method_words,
    mtd_definition,
    observed_words,
    pace_words,
    programme_words,
    rules_of_backfill,
    time_answer,
)
from doseesc.results import REPORT_FILE, SavedRun, fraction_words, on_calendar
from doseesc.runs import example_trials, typical_scenario

if TYPE_CHECKING:
    from doseesc.report.page.figures import Drawn
    from doseesc.report.page.look import Look
    from doseesc.results import Results
    from doseesc.runs import ExampleTrial
    from doseesc.study import Study

FIGURES_FOLDER = "figures"


def report_files(saved: SavedRun) -> dict[str, bytes]:
    """Return the page and figures as files: ``report.html``, and each figure for slides as SVG and PNG.

    Parameters
    ----------
    saved : SavedRun
        From :func:`doseesc.results.read_results`.
    """
    typical = typical_scenario(saved.results)
    drawn = page_figures(saved, typical)
    files = {REPORT_FILE: page_html(saved, drawn, typical).encode()}
    for name, figure in drawn.figures.items():
        files[f"{FIGURES_FOLDER}/{name}.svg"] = figure.svg
        files[f"{FIGURES_FOLDER}/{name}.png"] = figure.png
    return files


def page_html(saved: SavedRun, drawn: Drawn, typical: str) -> str:
    """Return the page.

    Parameters
    ----------
    saved : SavedRun
    drawn : Drawn
        What was simulated for the figures, of Phase 2 and on the calendar.
    typical : str
        The scenario whose probabilities the trees show.
    """
    look = look_of(saved.results)
    examples = example_trials(saved.results, look.best)
    page = template("report.html.j2").render(_context(saved, look, drawn, examples, typical))
    return page.rstrip() + "\n"


def _context(saved: SavedRun, look: Look, drawn: Drawn, examples: list[ExampleTrial], typical: str) -> dict[str, Any]:
    results, study = saved.results, saved.results.study
    phase2 = None if drawn.phase2 is None else drawn.phase2[0]
    designs = _designs(look, typical)
    return {
        **answer_context(look),
        "about": study.study,
        "provenance": results.provenance_now(),
        "colours": colour_variables(),
        "chips": chips(look),
        "programme": programme_words(results),
        "shares": shares_bar(look),
        "next": [] if saved.fit is None else next_doses(look, saved.fit),
        "fit_finding": "" if saved.fit is None else posterior_finding(saved.fit),
        "verdict_data": verdict_data(look),
        "truth_panel": _truth_panel(look, typical),
        "walks": {name: each["page"].walk for name, each in designs.items() if each["page"].walk is not None},
        "charts": page_charts(saved, look, drawn, examples),
        "examples": examples,
        "typical": typical,
        "time": _time_words(results),
        "tables": page_tables(saved, phase2),
        "doses": look.doses,
        "designs": designs,
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


def _designs(look: Look, typical: str) -> dict[str, dict[str, Any]]:
    """Return what is shown of each design, the one shown first at the front."""
    results, study = look.results, look.results.study
    names = sorted(study.names, key=lambda name: name != look.best)
    found = {}
    for name in names:
        trial = trial_of(study, name)
        found[name] = {
            "design": trial.design,
            "place": study.names.index(name),
            "words": trial.doses.in_words(trial.design.describe()),
            "pending": trial.design.pending.describe(trial.design),
            "backfill": rules_of_backfill(results, name),
            "rules": [trial.doses.in_words(rule.describe(trial.design)) for rule in trial.design.all_rules()],
            "page": design_page(look, name, study.names.index(name), typical),
        }
    return found


def _truth_panel(look: Look, typical: str) -> dict[str, Any]:
    """Return what the panel shows whose curve can be dragged."""
    first = [each.name for each in look.shown]
    colours = {each.name: each.colour for each in look.series}
    return truth_panel_data(look.results.study, start=typical, first=first, colours=colours)


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
