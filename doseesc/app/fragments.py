"""Pieces of the page, made by the functions that make the report: whatever both show, they show alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.report.page import (
    SCRIPTS,
    TEMPLATES,
    answer_context,
    chips,
    colour_variables,
    look_of,
    overview_chart,
    patients_chart,
    selection_chart,
    template_environment,
    truths_chart,
    variation_chart,
)
from doseesc.report.tables import reasons_table, safety_table, selection_table, summary_table, truth_table
from doseesc.report.words import method_words

if TYPE_CHECKING:
    from doseesc.app.form import Form
    from doseesc.results import Results

OWN_TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"

_SCRIPTS = ("verdict", "tables", "trees")
_PAGES = (("explore", "Explore"), ("file", "File"), ("conduct", "Conduct"))


class Fragments:
    """Renders templates; made once for an app."""

    def __init__(self) -> None:
        self._environment = template_environment(OWN_TEMPLATES, TEMPLATES, SCRIPTS)

    def style_sheet(self) -> str:
        """Return the style sheet of the report and of the app."""
        colours = colour_variables()
        head = f":root{{{colours['light']}}}\n@media (prefers-color-scheme:dark){{:root{{{colours['dark']}}}}}\n"
        parts = (TEMPLATES / "page.css", *sorted(SCRIPTS.glob("*.css")), STATIC / "app.css", STATIC / "conduct.css")
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
        scripts = [*(f"scripts/{name}.js" for name in _SCRIPTS), "static/app.js", "static/conduct.js"]
        return self._render(
            "index.html.j2", start=start, version=version, shipped=shipped, scripts=scripts, pages=_PAGES
        )

    def form(self, form: Form) -> str:
        """Return what can be typed."""
        return self._render("form.html.j2", form=form)

    def answer(self, results: Results) -> dict[str, str]:
        """Return the first screen of an answer, and what stands below it."""
        look = look_of(results)
        context = answer_context(look) | {
            "levels": [],  # the report's sliders of weights; here the truth itself is dragged
            "charts": {"overview": overview_chart(look)},
            "chips": chips(look),
        }
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
        further = self._render(
            "further.html.j2", charts=charts, tables=tables, results=results, method=method_words(results.method)
        )
        return {
            "answer": self._render("answered.html.j2", **context),
            "further": further,
            "headline": context["recommendation"].headline,
        }

    def _render(self, template: str, **context: Any) -> str:
        return self._environment.get_template(template).render(context)
