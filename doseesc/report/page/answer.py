"""The first screen of an answer, which the report and the app show alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doseesc.report.page.first_screen import cards, level_weights
from doseesc.report.page.phase2_charts import dose_rows, long_unit
from doseesc.report.words import recommendation

if TYPE_CHECKING:
    from doseesc.report.page.look import Look


def answer_context(look: Look) -> dict[str, Any]:
    """Return what the template of the answer, ``answer.html.j2``, shows of a run, but for its chart."""
    study = look.results.study
    return {
        "study": study,
        "results": look.results,
        "recommendation": recommendation(look.results),
        "look": look,
        "chosen": look.best if len(study.names) > 1 else "",
        "cards": cards(look),
        "dose_rows": dose_rows(look),
        "long_unit": long_unit(look),
        "arms": [arm.name for arm in study.phase2_arms if not arm.control],
        "levels": level_weights(look),
    }
