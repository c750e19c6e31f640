"""All charts of a page by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.page.further_charts import (
    attribution_chart,
    calendar_chart,
    durations_charts,
    example_chart,
    posterior_chart,
)
from doseesc.report.page.phase2_charts import arms_chart, assurance_chart, power_charts
from doseesc.report.page.scenario_charts import (
    benchmark_chart,
    overview_chart,
    patients_chart,
    selection_chart,
    truths_chart,
    variation_chart,
)

if TYPE_CHECKING:
    from doseesc.report.page.figures import Drawn
    from doseesc.report.page.look import Chart, Look
    from doseesc.results import SavedRun
    from doseesc.runs import ExampleTrial


def page_charts(saved: SavedRun, look: Look, drawn: Drawn, examples: list[ExampleTrial]) -> dict[str, Chart]:
    """Draw all charts that the results allow, but those of single designs."""
    charts = [
        overview_chart(look),
        truths_chart(look),
        selection_chart(look),
        patients_chart(look),
        variation_chart(look),
        benchmark_chart(look),
        *durations_charts(look),
        calendar_chart(look, drawn.timed),
        example_chart(look, examples),
        arms_chart(look),
        attribution_chart(look),
        None if saved.fit is None else posterior_chart(saved.fit),
    ]
    if drawn.phase2 is not None:
        answers, curves = drawn.phase2
        charts += [*power_charts(curves, answers), assurance_chart(look, answers)]
    return {chart.name: chart for chart in charts if chart is not None}
