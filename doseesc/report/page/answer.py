"""The first screen of an answer, which the report and the app show alike, and what renders their templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from doseesc.report.page.first_screen import cards, level_weights
from doseesc.report.page.phase2_charts import dose_rows, long_unit
from doseesc.report.words import recommendation

if TYPE_CHECKING:
    from jinja2 import Environment

    from doseesc.report.page.look import Look

TEMPLATES, SCRIPTS = (Path(__file__).parent / name for name in ("templates", "scripts"))
"""Folders: templates with the style sheet, and the scripts that pages share."""


def template_environment(*folders: Path) -> Environment:
    """Return what renders templates of these folders, every text escaped.

    Parameters
    ----------
    *folders : Path
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def answer_context(look: Look) -> dict[str, Any]:
    """Return what the template of the answer, ``answer.html.j2``, shows of a run, but for its chart."""
    study = look.results.study
    return {
        "study": study,
        "results": look.results,
        "recommendation": recommendation(look.results),
        "look": look,
        "cards": cards(look),
        "dose_rows": dose_rows(look),
        "long_unit": long_unit(look),
        "arms": [arm.name for arm in study.phase2_arms if not arm.control],
        "levels": level_weights(look),
    }
