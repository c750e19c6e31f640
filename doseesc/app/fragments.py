"""Pieces of the page, made by the functions that make the report: whatever both show, they show alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.app.questions import DECISIONS, QUESTIONS
from doseesc.app.sizes import sizes_shown
from doseesc.app.told import Told
from doseesc.conduct import trial_of
from doseesc.report.page import (
    PANEL_SCRIPTS,
    SCRIPTS,
    TEMPLATES,
    answer_context,
    chips,
    colour_variables,
    design_page,
    durations_charts,
    example_chart,
    guide_html,
    look_of,
    overview_chart,
    panel_paths,
    patients_chart,
    selection_chart,
    template_environment,
    truth_panel_data,
    truths_chart,
    variation_chart,
)
from doseesc.report.tables import (
    reasons_table,
    safety_table,
    selection_table,
    summary_table,
    time_table,
    truth_table,
)
from doseesc.report.words import (
    calendar_words,
    crm_size_words,
    design_times,
    pace_words,
    size_answer,
    size_remarks,
    time_answer,
)
from doseesc.runs import typical_scenario

if TYPE_CHECKING:
    from designs import Design
    from doseesc.app.form import Form
    from doseesc.engines import Paths
    from doseesc.guide import GuidePage
    from doseesc.planning import SampleSizes
    from doseesc.results import Results
    from doseesc.runs import ExampleTrial

    Walk = Callable[[Design], Paths]

OWN_TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"

_MONTHS = (
    "Months alone are simulated, of trials as they go on the calendar; all other figures are of trials in which all "
    "outcomes are known before each decision."
)
_SCRIPTS = ("tables", "trees")
_OWN_SCRIPTS = (
    "app",
    "truth",
    "form",
    "questions",
    "file",
    "pages",
    "conduct",
)  # in the order in which they are loaded
_PAGES = (("explore", "Explore"), (DECISIONS, "Decisions"), ("ask", "Ask"), ("conduct", "Conduct"), ("file", "File"))


class Fragments:
    """Renders templates; made once for an app."""

    def __init__(self) -> None:
        self._environment = template_environment(OWN_TEMPLATES, TEMPLATES, SCRIPTS)

    def style_sheet(self) -> str:
        """Return the style sheet of the report and of the app."""
        colours = colour_variables()
        head = f":root{{{colours['light']}}}\n@media (prefers-color-scheme:dark){{:root{{{colours['dark']}}}}}\n"
        parts = (
            TEMPLATES / "page.css",
            *sorted(SCRIPTS.glob("*.css")),
            STATIC / "app.css",
            STATIC / "conduct.css",
            STATIC / "asked.css",
        )
        return head + colours["classes"] + "\n" + "\n".join(each.read_text(encoding="utf-8") for each in parts)

    def page(self, start: dict[str, Any], version: str, shipped: Mapping[str, str]) -> str:
        """Return the whole page, which asks for the rest.

        Parameters
        ----------
        start : dict
            Name and text of the file it begins with.
        version : str
        shipped : mapping
            What the shipped studies are about, by name.
        """
        panel = [each.stem for each in PANEL_SCRIPTS]
        scripts = [f"scripts/{name}.js" for name in (*panel, *_SCRIPTS)] + [
            f"static/{name}.js" for name in _OWN_SCRIPTS
        ]
        return self._render(
            "index.html.j2",
            start=start,
            version=version,
            shipped=shipped,
            scripts=scripts,
            pages=_PAGES,
            questions=QUESTIONS,
        )

    def guide(self, page: GuidePage | None) -> str:
        """Return a page of the guide, or the list of them."""
        return guide_html(page, served=True)

    def form(self, form: Form) -> str:
        """Return what can be typed."""
        return self._render("form.html.j2", form=form)

    def answer(self, results: Results, paths: Callable[[Walk, Design], Paths], *, timed: bool) -> dict[str, Any]:
        """Return the first screen of an answer, and what the panel "drag the truth" shows.

        Parameters
        ----------
        results : Results
        paths : callable
            Takes what enumerates a design for the panel, and the design; it may have been enumerated before.
        timed : bool
            Whether the file says how patients arrive, which these figures leave aside.
        """
        look = look_of(results)
        context = answer_context(look) | {
            "levels": [],  # the report's sliders of weights; here the truth itself is dragged
            "charts": {"overview": overview_chart(look)},
            "chips": chips(look),
            "timed": timed,
        }
        panel = truth_panel_data(
            results.study,
            start=typical_scenario(results),
            first=[look.best],
            colours={each.name: each.colour for each in look.series},
            paths=partial(paths, panel_paths),
        )
        notes = [*panel["notes"], *([_MONTHS] if timed and panel["designs"] else [])]
        return {
            "answer": self._render("answered.html.j2", **context),
            "headline": context["recommendation"].headline,
            "panel": {**panel, "timed": timed, "notes": notes},
        }

    def further(self, results: Results, *, timed: bool) -> str:
        """Return what stands below the panel: every figure of every scenario, as charts and tables."""
        look = look_of(results)
        charts = {
            each.name: each
            for each in (truths_chart(look), selection_chart(look), patients_chart(look), variation_chart(look))
        }
        tables = {
            each.name: each
            for each in (
                summary_table(results),
                truth_table(results),
                selection_table(results),
                safety_table(results),
                reasons_table(results),
            )
            if each is not None
        }
        return self._render("further.html.j2", charts=charts, tables=tables, results=results, timed=timed)

    def decisions(self, results: Results, name: str, examples: list[ExampleTrial]) -> dict[str, Any]:
        """Return what follows after which outcome by a design, and example trials of it."""
        look, study = replace(look_of(results), best=name), results.study
        typical = typical_scenario(results)
        shown = design_page(look, name, study.names.index(name), typical)
        trial = trial_of(study, name)
        words = [trial.doses.in_words(each.describe(trial.design)) for each in trial.design.all_rules()]
        html = self._render(
            "decisions.html.j2",
            name=name,
            page=shown,
            about=trial.doses.in_words(trial.design.describe()),
            rules=words,
            example=example_chart(look, examples),
            examples=examples,
        )
        return {"html": html, "walks": {} if shown.walk is None else {name: shown.walk}}

    def told(self, told: Told) -> str:
        """Return the answer to a further question."""
        return self._render("charted.html.j2", told=told)

    def code(self, command: str, python: str) -> str:
        """Return the command and the Python that answer the same."""
        return self._render("code.html.j2", command=command, python=python) if command else ""

    def sizes(self, needed: SampleSizes, results: Results) -> str:
        """Return how many patients designs need, and correct selection against the largest number of them."""
        chart, table = sizes_shown(needed, results)
        words = [size_answer(needed), *size_remarks(needed), *filter(None, [crm_size_words(needed)])]
        return self.told(Told(words[0], words[1:], [chart], [table]))

    def calendar(self, results: Results) -> str:
        """Return how long trials last, of results on the calendar."""
        answer = time_answer(design_times(results), len(results.study.truths))
        words = [pace_words(results), *calendar_words(results), f"{results.n_trials:,} simulated trials each."]
        table = time_table(results)
        return self.told(Told(answer, words, durations_charts(look_of(results)), [] if table is None else [table]))

    def _render(self, template: str, **context: Any) -> str:
        return self._environment.get_template(template).render(context)
