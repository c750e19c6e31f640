"""How long it takes, as people read it: words, terminal, table, figures, page, protocol, comparison."""

import io
import re

import numpy as np
import pytest
from docx import Document
from rich.cells import cell_len
from support import ROOT

import doseesc
from doseesc.report.figures import calendar_figure, duration_figure
from doseesc.report.page.figure_plans import calendar_plans, designs_on_calendar, figure_plans
from doseesc.report.page.further_charts import calendar_chart, durations_charts
from doseesc.report.page.look import look_of
from doseesc.report.page.page import report_files
from doseesc.report.protocol.protocol import protocol_files
from doseesc.report.tables import time_table
from doseesc.report.terminal import comparison_lines, full_lines, run_lines
from doseesc.report.terminal.time import time_lines
from doseesc.report.words import calendar_words, design_times, duration_words, leaders_time, pace_words, time_answer
from doseesc.results import SavedRun
from doseesc.runs import compare, timed_trials


@pytest.fixture(scope="module")
def main_job():
    return doseesc.run(doseesc.load(ROOT / "scenarios/nct04602104.yaml"), trials=300)


@pytest.fixture(scope="module")
def tite():
    return doseesc.run(doseesc.load(ROOT / "scenarios/tite.yaml"), trials=100)


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory):
    """The shipped study without some of its designs, whose pages and protocols are long in the making."""
    text = (ROOT / "scenarios/tite_backfill.yaml").read_text()
    kept = [line for line in text.splitlines() if "name: rolling" not in line and "BOIN settled, type" not in line]
    text = "\n".join(kept).replace("rolling 6 backfilled, ", "").replace("BF-BOIN settled, ", "")
    path = tmp_path_factory.mktemp("backfilled") / "mine.yaml"
    path.write_text(text)
    return doseesc.run(doseesc.load(path), trials=60)


def plain(lines):
    return [line.plain for line in lines]


def test_the_answer_comes_first(main_job):
    lines = plain(time_lines(main_job))
    assert lines[0] == "How long it takes"
    assert re.match(r"Phase 1 takes 1\d\.\d months \(\d+\.\d to 3\d\.\d\) with 3\+3; \d\.\d years", lines[1])
    whole = plain(full_lines(main_job))
    start = whole.index("How long it takes")
    assert whole[start : start + len(lines)] == lines


@pytest.mark.parametrize("name", ["main_job", "tite", "backfilled"])
def test_shipped_studies_fit_80_columns(name, request):
    lines = plain(time_lines(request.getfixturevalue(name)))
    assert max(map(cell_len, lines)) <= 80
    assert all(line == line.rstrip() for line in lines)


def test_long_names_and_lost_patients_fit_80_columns(scenario_file, small_scenario):
    text = small_scenario.replace("name: B,", "name: a design of a very long name indeed,")
    lost = "\naccrual: {per_month: 30, arrivals_while_waiting: turn_away}\n"
    lines = plain(time_lines(doseesc.run(doseesc.load(scenario_file(text + lost)), trials=50)))
    assert max(map(cell_len, lines)) <= 80
    head = next(line for line in lines if "median (5 to 95 %)" in line)
    assert head.split()[-1] == "lost"
    assert float(next(line for line in lines if line.startswith("  a design")).split()[-1]) > 1


def test_long_names_with_backfilled_and_lost_patients_fit_80_columns(scenario_file, small_scenario):
    text = small_scenario.replace("name: B,", "name: a design of a very long name indeed,")
    more = "\naccrual: {per_month: 30, arrivals_while_waiting: turn_away}\nbackfill: {cap_per_dose: 6}\n"
    lines = plain(time_lines(doseesc.run(doseesc.load(scenario_file(text + more)), trials=50)))
    assert max(map(cell_len, lines)) <= 80
    head = next(line for line in lines if "median (5 to 95 %)" in line)
    assert head.split()[-2:] == ["lost", "backfilled"]


def test_decisions_that_outcomes_would_change_are_told_where_there_is_no_room_beside_the_duration(backfilled):
    lines = plain(time_lines(backfilled))
    own = next(each for each in design_times(backfilled) if each.design == "TITE-BOIN backfilled")
    assert not any("changed" in line for line in lines if "median (5 to 95 %)" in line)
    row = lines[lines.index(next(line for line in lines if line.split() == ["pending", "changed"])) + 6]
    assert row.split() == ["TITE-BOIN", "backfilled", f"{own.pending:.1f}", f"{100 * own.changed:.1f}"]


def test_what_holds_patients_back_is_said_on_the_screen(scenario_file, small_scenario):
    more = """
accrual: {per_month: 6}
stagger: {days_after_first: 7}
max_duration_months: 12
dlt_times: {type: early, within_days: 2, share: 0.6}
"""
    said = " ".join(plain(time_lines(doseesc.run(doseesc.load(scenario_file(small_scenario + more)), trials=20))))
    assert "At a dose not given before, the second patient is treated at least 7 days after the first." in said
    assert "Nobody is enrolled more than 12 months after the first patient." in said
    assert "60 % come in the first 2 days" in said


def test_a_slow_pace_is_said_with_its_number(main_job):
    words = pace_words(main_job)
    assert words.startswith("0.32 patients arrive in a DLT window of 14 days")
    assert "hardly matter" in words
    share = float(re.search(r"([\d.]+) % of its time", words)[1])
    worst = max(design_times(main_job), key=lambda each: each.suspended / each.mean)
    assert share == pytest.approx(100 * worst.suspended / worst.mean, abs=0.06)


def test_a_fast_pace_is_said_with_its_number(tite):
    words = pace_words(tite)
    assert words.startswith("6 patients arrive in a DLT window of 90 days")
    assert "hardly" not in words
    assert "months of a trial of" in words


def test_many_designs_are_told_by_the_quickest_and_the_slowest(tite):
    times = design_times(tite)
    answer = time_answer(times, 4)
    quickest, slowest = (pick(times, key=lambda each: each.median).design for pick in (min, max))
    assert re.search(rf"with {re.escape(quickest)}, the shortest, to .* with .*{re.escape(slowest)}", answer)


def test_how_long_the_leaders_take_is_said_with_who_leads_where_they_differ(tite, scenario_file, small_scenario):
    leaders = tite.verdict.leaders
    named = leaders.designs if leaders.ahead is None else leaders.by_score[:2]
    median = {each.design: duration_words(each.median) for each in design_times(tite)}
    assert len({median[name] for name in named}) > 1
    said = leaders_time(tite)
    assert all(f"{median[name]} with" in said and name in said for name in named)
    assert said in " ".join(" ".join(plain(run_lines(tite, 100))).split())
    assert leaders_time(doseesc.run(doseesc.load(scenario_file(small_scenario)), trials=50)) == ""


def test_design_times_are_over_all_scenarios(tite):
    own = next(each for each in design_times(tite) if each.design == "TITE-BOIN")
    medians = {s: float(t.duration_quantiles[2]) for (s, d), t in tite.times.items() if d == "TITE-BOIN"}
    assert own.shortest == min(medians.items(), key=lambda pair: pair[1])
    assert own.longest == max(medians.items(), key=lambda pair: pair[1])
    assert own.shortest[1] <= own.median <= own.longest[1]
    assert own.mean == pytest.approx(np.mean([t.duration_days for (_, d), t in tite.times.items() if d == "TITE-BOIN"]))


def test_what_comes_from_the_calendar_is_said(tite, main_job):
    (words,) = calendar_words(tite)
    assert words == (
        "All figures of rolling six, TITE-BOIN and TITE-CRM are from trials on the calendar; the other designs' are "
        "those of known outcomes."
    )
    (words,) = calendar_words(main_job)
    assert words == (
        "On the calendar patients are observed as under deaths replaced: what happens to them is known on its day, and "
        "whoever leaves is replaced, which takes time and patients."
    )


def test_terminal_tells_pending_patients_and_changed_decisions(tite):
    lines = plain(time_lines(tite))
    head = next(line for line in lines if "median (5 to 95 %)" in line)
    assert head.split()[-3:] == ["waiting", "pending", "changed"]
    row = next(line for line in lines if line.startswith("  TITE-CRM")).split()
    assert float(row[-2]) > 3
    assert 10 < float(row[-1]) < 60


def test_table_has_every_design_and_scenario(tite):
    table = time_table(tite)
    assert [(row[0].text, row[1].text) for row in table.rows] == list(tite.times)
    assert all(len(row) == len(table.columns) for row in table.rows)
    median = dict(zip(table.columns, table.rows[0], strict=True))["median, months"]
    first = next(iter(tite.times.values()))
    assert median.key == pytest.approx(first.duration_quantiles[2] * 12 / 365.25)
    assert "± " in median.small


def test_no_accrual_no_words(scenario_file, small_scenario):
    results = doseesc.run(doseesc.load(scenario_file(small_scenario)), trials=20)
    assert time_lines(results) == []
    assert time_table(results) is None
    assert duration_figure(results) is None
    assert calendar_figure([], ("low",)) is None
    assert pace_words(results) == ""
    assert not any(plan.name == "durations" for plan in figure_plans(SavedRun(results), "S"))
    assert calendar_plans(results, []) == []
    assert b"## Time" not in protocol_files(SavedRun(results))["protocol.md"]


def test_durations_are_drawn_in_months(main_job):
    figure = duration_figure(main_job)
    (axes,) = figure.axes
    thin = [line for line in axes.lines if line.get_linewidth() == 1.2]
    assert len(thin) == len(main_job.times)
    quantiles = main_job.times["S0", "3+3"].duration_quantiles * 12 / 365.25
    assert thin[0].get_xdata() == pytest.approx(quantiles[[0, 4]])


def test_calendar_draws_every_patient_dlt_and_wait(tite):
    trials = timed_trials(tite, ["BOIN", "TITE-BOIN"], "MTD 3")
    figure = calendar_figure(trials, tite.study.dose_labels)
    for axes, timed in zip(figure.axes, trials, strict=True):
        trial = timed.trial
        widths = sorted(bar.get_width() for bars in axes.containers for bar in bars)
        assert widths == pytest.approx(sorted((trial.assessed - trial.entered) * 12 / 365.25))
        crosses = [line for line in axes.lines if line.get_marker() == "x"]
        assert sorted(crosses[0].get_xdata()) == pytest.approx(sorted(trial.dlt_day[trial.has_dlt] * 12 / 365.25))
        assert timed.design in axes.get_title(loc="left")
        assert duration_words(trial.duration_days) in axes.get_title(loc="left")
    boin = figure.axes[0]
    shaded = [each for each in boin.patches if each.get_facecolor()[:3] == pytest.approx((0.88, 0.88, 0.88))]
    assert len(shaded) == len(trials[0].trial.suspensions) > 3


def test_page_shows_four_designs_with_the_quickest_and_the_slowest(tite):
    shown = designs_on_calendar(tite)
    times = sorted(design_times(tite), key=lambda each: each.median)
    assert {times[0].design, times[-1].design} <= set(shown)
    trials = timed_trials(tite, shown, "MTD 3")
    (plan,) = calendar_plans(tite, trials)
    assert len(plan.draw().axes) == 4
    chart = calendar_chart(look_of(tite), trials)
    for timed, panel in zip(trials, chart.panels, strict=True):
        assert timed.design in panel
        assert panel.count("cross") == int(timed.trial.has_dlt.sum())
        assert panel.count("<title>") == timed.trial.size
    dots, ranges = durations_charts(look_of(tite))
    assert dots.wide.count("<title>") == 2 * len(tite.times)
    assert ranges.wide.count("<title>") == len(tite.times)


def test_protocol_has_a_section_on_time(tite):
    text = protocol_files(SavedRun(tite), "TITE-BOIN")["protocol.md"].decode()
    section = text[text.index("### 4.4 ") : text.index("## 5 ")]
    assert "2.03 patients a month" in section
    assert "Phase 1 with TITE-BOIN takes" in section
    assert "with BOIN settled" in section
    assert section.count("\n| MTD ") == 2 * 3
    assert section.count("(drawn in the Word document)") == 2


def text_of(element):
    return "".join(each.text or "" for each in element.iter() if each.tag.endswith("}t"))


def test_protocol_draws_durations_and_a_trial(tite):
    document = Document(io.BytesIO(protocol_files(SavedRun(tite), "TITE-BOIN")["protocol.docx"]))
    shown = {shape._inline.docPr.get("descr"): shape for shape in document.inline_shapes}
    captions = [
        f"Figure {number}. {words}"
        for number, words in (
            (3, "How long trials take, in months"),
            (4, "A trial with TITE-BOIN on the calendar, of median duration, in scenario MTD 3"),
        )
    ]
    durations, trial = (shown[each] for each in captions)
    cell = next(each.cell(0, 0) for each in document.tables if captions[1] in text_of(each.cell(0, 0)._tc))
    assert text_of(cell._tc).partition(captions[1])[2].startswith("A bar is a patient")
    section = document.sections[0]
    for shape in (durations, trial):
        assert shape.width <= section.page_width - section.left_margin - section.right_margin
        assert shape.height <= section.page_height - section.top_margin - section.bottom_margin


def test_compare_tells_durations_in_months(scenario_file, small_scenario):
    runs = []
    for rate in (2, 4):
        study = doseesc.load(scenario_file(f"{small_scenario}\naccrual: {{per_month: {rate}}}\n"))
        runs.append(SavedRun(doseesc.run(study, trials=200)))
    comparison = compare(*runs)
    figure = next(each for each in comparison.figures if each.metric == "duration_days")
    assert figure.difference < 0
    assert figure.paired
    assert figure.mcse < np.hypot(*(each.results.times["S", "B"].mcse.duration_days for each in runs))
    lines = plain(comparison_lines(comparison))
    assert any(line.startswith("    duration ") and " months" in line for line in lines)
    assert "accrual.per_month: 2.0 -> 4.0" in "\n".join(lines)


def test_how_many_are_backfilled_is_said_everywhere(backfilled):
    found = {each.design: each.backfilled for each in design_times(backfilled)}
    assert found["BOIN"] == found["3+3"] == 0
    own = {design: mean for design, mean in found.items() if mean > 0}
    assert list(own) == ["3+3 backfilled", "BF-BOIN", "TITE-BOIN backfilled", "CRM backfilled"]
    words = calendar_words(backfilled)[-1]
    assert f"{own['BF-BOIN']:.1f} with BF-BOIN" in words
    assert words.startswith(f"Besides those of the escalation, on average {own['3+3 backfilled']:.1f} patients")
    lines = plain(time_lines(backfilled))
    head = next(line for line in lines if "median (5 to 95 %)" in line).split()
    row = next(line for line in lines if line.startswith("  BF-BOIN")).split()
    assert row[head.index("backfilled") - len(head)] == f"{own['BF-BOIN']:.1f}"
    assert any("12 patients in all at a dose" in line for line in " ".join(lines).split(". "))
    table = time_table(backfilled)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    for (scenario, design), each in backfilled.times.items():
        row = next(row for row in rows if (row["scenario"].text, row["design"].text) == (scenario, design))
        assert row["backfilled"].key == each.backfilled
    text = protocol_files(SavedRun(backfilled), "BF-BOIN")["protocol.md"].decode()
    assert "are backfilled to the highest dose below the current one" in text
    assert f"{own['BF-BOIN']:.1f} patients are given a lower dose meanwhile" in text
    assert "The trial stops after 30 patients, those backfilled not counted." in text
    without = protocol_files(SavedRun(backfilled), "BOIN")["protocol.md"].decode()
    assert "backfilled to the highest dose" not in without


def test_the_page_says_how_many_are_backfilled(backfilled):
    text = report_files(SavedRun(backfilled))["report.html"].decode()
    own = {each.design: each.backfilled for each in design_times(backfilled)}
    assert f"{own['BF-BOIN']:.1f} with BF-BOIN" in text
    assert text.count("Besides those of the escalation, at most 48 patients can be treated so.") == 4
    assert "an arrowhead at its start marks who is backfilled meanwhile" in text


def test_calendar_marks_who_is_backfilled(backfilled):
    trials = timed_trials(backfilled, ["BF-BOIN", "BOIN"], "MTD 3")
    figure = calendar_figure(trials, backfilled.study.dose_labels)
    for axes, timed in zip(figure.axes, trials, strict=True):
        marks = next(line for line in axes.lines if line.get_marker() == ">")
        entered = timed.trial.entered[timed.trial.backfilled] * 12 / 365.25
        assert marks.get_xdata() == pytest.approx(entered)
        moved = [line for line in axes.lines if line.get_marker() == "v"]
        levels = timed.trial.level[~timed.trial.backfilled]
        assert len(moved) == (np.diff(levels) < 0).sum()  # a backfilled dose is no change of the escalation's
    assert trials[0].trial.backfilled.any()
    assert not trials[1].trial.backfilled.any()
    labels = [each.get_text() for each in figure.legends[0].get_texts()]
    assert {"backfilled", "escalation waits"} <= set(labels)


def test_compare_tells_how_many_more_are_backfilled(scenario_file, small_scenario):
    runs = []
    for cap in (6, 12):
        more = f"\naccrual: {{per_month: 9}}\nbackfill: {{cap_per_dose: {cap}}}\n"
        runs.append(SavedRun(doseesc.run(doseesc.load(scenario_file(small_scenario + more)), trials=200)))
    lines = plain(comparison_lines(compare(*runs)))
    assert any(line.startswith("    backfilled ") and "+" in line for line in lines)
    assert "backfill.cap_per_dose: 6 -> 12" in "\n".join(lines)
