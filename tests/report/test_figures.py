"""The report's figures with few and with many designs: nothing is cut off, and every design can be told."""

import json

import numpy as np
import pytest

from doseesc.files import OutputError
from doseesc.report.figures.selection import selection_figure
from doseesc.report.page.figure_plans import figure_plans, phase2_plans
from doseesc.report.page.figures import phase2_on_page
from doseesc.report.tables.phase2 import assumptions_table, assurance_table, power_table, trial_table
from doseesc.report.tables.posterior import posterior_table
from doseesc.report.words.recommendation import recommendation
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load

STUDY = """\
study: {title: Figures}
doses: {labels: [first dose, second, third, fourth, fifth], amounts: [50, 100, 200, 400, 800], unit: mg}
target: 0.3
dlt_window_days: 28
cohort_size: 3
max_n: 12
designs:
  - {name: 3+3, type: 3+3}
  - {name: CRM, type: CRM, skeleton: {halfwidth: 0.06, prior_mtd: third}}
  - {name: BOIN, type: BOIN}
%s
scenarios:
  - {name: middle, description: a long description of what is meant by it, dlt: [0.07, 0.15, 0.3, 0.45, 0.58]}
  - {name: none, dlt: [0.5, 0.6, 0.7, 0.78, 0.85]}
observation:
  - {name: deaths replaced, background: 0.05, mortality_28_days: 0.3, deaths: replaced}
phase2_arms:
  - {name: control, control: true}
  - {name: quarter, fraction: 0.25}
  - {name: full, fraction: 1}
phase2: {patients_per_arm: 20}
simulation: {trials: 100, seed: 7, method: monte_carlo}
"""
MORE = "\n".join(f"  - {{name: BOIN variant {k}, type: BOIN, elimination_cutoff: 0.9{k}}}" for k in range(1, 6))
FIT = {
    "model": "power",
    "verdict": "converged",
    "converged": False,
    "target": 0.3,
    "unit": "mg",
    "doses": [
        {"label": "first dose", "amount": 50, "kind": "level", "p_mtd": 0.2}
        | {"mean": 0.1, "low": 0.02, "high": 0.3, "p_over_target": 0.05, "p_unsafe": 0.01},
        {"label": "quarter", "amount": 75, "kind": "arm"}
        | {"mean": 0.2, "low": 0.04, "high": 0.5, "p_over_target": 0.2, "p_unsafe": 0.1},
    ],
    "curve": {"amount": [25, 50, 100], "mean": [0.05, 0.1, 0.3], "low": [0.01, 0.02, 0.1], "high": [0.2, 0.3, 0.6]},
    "data": [
        {"study": "ours", "amount": 50, "n": 3, "dlt": 1},
        {"study": "another", "amount": 50, "n": 6, "dlt": 1},
    ],
}


@pytest.fixture(scope="module", params=["", MORE], ids=["few designs", "many designs"])
def saved(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("figures")
    (folder / "study.yaml").write_text(STUDY % request.param)
    made = write_results(run(load(folder / "study.yaml")), folder / "out")
    (made / "fit.json").write_text(json.dumps(FIT))
    return read_results(made)


def test_nothing_is_cut_off(saved):
    plans = [*figure_plans(saved, "middle"), *phase2_plans(*phase2_on_page(saved.results))]
    drawn = 0
    for plan in plans:
        figure = None if plan.name[-1] in "45678" else plan.draw()  # of many designs, three are enough
        if figure is None:
            continue
        figure.canvas.draw()
        inside, whole = figure.get_tightbbox(figure.canvas.get_renderer()), figure.bbox_inches
        assert whole.x0 - 0.02 <= inside.x0, plan.name
        assert inside.x1 <= whole.x1 + 0.02, plan.name
        assert whole.y0 - 0.02 <= inside.y0, plan.name
        assert inside.y1 <= whole.y1 + 0.02, plan.name
        drawn += 1
    assert drawn >= 14


def test_every_design_is_named_in_rows_where_there_are_many(saved):
    names = list(saved.results.study.designs)
    figures = {
        plan.name: plan.draw() for plan in figure_plans(saved, "middle") if plan.name in ("safety", "efficiency")
    }
    for figure in (*figures.values(), selection_figure(saved.results)):
        rows = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        keys = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
        assert set(names) <= set(rows if len(names) > 6 else keys)


def test_simulated_prices_of_observation_carry_errors(saved):
    policies, designs = 2, len(saved.results.study.designs)
    figure = next(plan.draw() for plan in figure_plans(saved, "middle") if plan.name == "observation")
    drawn = [len(axes.containers) for axes in figure.axes]
    assert drawn[0] == policies * designs  # every mean of correct selection has an error


def test_heat_map_of_selection_holds_the_shares_and_frames_the_true_mtd(saved):
    if len(saved.results.study.designs) <= 6:
        pytest.skip("bars are drawn for few designs")
    axes = selection_figure(saved.results).axes[0]
    written = np.reshape([int(text.get_text()) for text in axes.texts], (-1, 6))
    for row, name in zip(written, saved.results.study.designs, strict=False):
        assert np.abs(row - 100 * saved.results.cells["middle", name].best.selected).max() <= 0.5 + 1e-9
    assert axes.patches[0].get_x() == 2.5
    assert [label.get_text() for label in axes.get_xticklabels()][3] == "★ third"


def test_worst_overdosing_is_named_with_its_scenario(saved):
    found = recommendation(saved.results)
    cells = saved.results.cells
    worst = max(("middle", "none"), key=lambda each: cells[each, found.design].best.overdose_selection)
    share = 100 * cells[worst, found.design].best.overdose_selection
    assert any(f"selects a dose above the MTD in {share:.1f} % of trials ({worst})" in each for each in found.price)


def test_phase2_tables_hold_what_was_simulated(saved):
    found, _ = phase2_on_page(saved.results)
    power = {row[0].text: row for row in power_table(found).rows}
    row = power["full improves sooner"]
    assert row[1].key == pytest.approx(100 * found.power.share("ttci")[-1])
    assert row[1].small == f"± {100 * found.power.mcse('ttci')[-1]:.1f}"
    assert row[2].key == pytest.approx(100 * found.null.share("ttci")[-1])
    assert [row[1].text for row in trial_table(found).rows] == ["20", "20", "20"]
    rows = {(row[0].text, row[1].text): row for row in assurance_table(found).rows}
    for each in found.programme:
        expected = float(each.mtd[1:] @ each.success_by_mtd)
        assert rows[each.scenario, each.design][2].key == pytest.approx(100 * expected)
    sources = {row[0].text: row[2].text for row in assumptions_table(saved.results.study).rows}
    assert sources["patients_per_arm"] == "the file"
    assert sources["effect.shr"].startswith("assumed: ")


def test_posterior_pools_the_data_and_tells_arms_from_levels(saved):
    rows = posterior_table(saved.fit).rows
    assert [row[2].text for row in rows] == ["dose level", "arm of Phase 2"]
    assert [row[3].text for row in rows] == ["2 of 9", "none"]
    assert rows[0][5].text == "2.0 to 30.0"
    assert rows[0][8].text == "20.0"


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"target": 2}, "target"),
        ({"doses": []}, "doses"),
        ({"curve": {"amount": [1]}}, "curve.mean"),
        ({"data": 1}, "data"),
    ],
)
def test_a_fit_that_is_none_is_refused(tmp_path, wrong, where):
    (tmp_path / "study.yaml").write_text(STUDY % "")
    made = write_results(run(load(tmp_path / "study.yaml"), trials=20), tmp_path / "out")
    (made / "fit.json").write_text(json.dumps(FIT | wrong))
    with pytest.raises(OutputError, match=rf"fit\.json: {where}") as caught:
        read_results(made)
    assert "doseesc fit" in str(caught.value)


@pytest.mark.parametrize("other", [{"target": 0.2}, {"unit": "g"}, {"doses": [FIT["doses"][0] | {"amount": 60}]}])
def test_fit_of_another_study_is_left_out_and_said_to_be(saved, other, tmp_path):
    made = write_results(saved.results, tmp_path / "out")
    assert read_results(made).fit is None
    (made / "fit.json").write_text(json.dumps(FIT | other))
    found = read_results(made)
    assert found.fit is None
    assert "fit.json beside these results is of other doses or another target" in found.results.notes[-1]
