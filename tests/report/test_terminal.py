import io
import re
from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from doseesc.engines import METRICS
from doseesc.report.terminal.full import full_lines
from doseesc.report.terminal.run import run_lines
from doseesc.report.words.across import DesignSummary, across_scenarios, best_designs
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios


@pytest.fixture(scope="module")
def trial():
    """The seed trial, simulated and exact."""
    return run(load(shipped_scenarios()["nct04602104"]), trials=400)


@pytest.fixture
def studied(scenario_file, small_scenario):
    """Return a function that runs the small scenario file with pieces replaced."""

    def results(*pieces, more="", **options):
        text = small_scenario + more
        for old, new in pieces:
            assert old in text
            text = text.replace(old, new)
        return run(load(scenario_file(text)), **{"trials": 200, **options})

    return results


def lines_of(results):
    return [text.plain for text in full_lines(results)]


def block_of(results, name):
    """Return the lines of a scenario: from its title to the next empty line."""
    lines = lines_of(results)
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{name}  ") or line.split()[:1] == [name])
    return lines[start : lines.index("", start)]


def cells(line):
    return line.split()


def test_header(trial):
    first, *rest = lines_of(trial)[:3]
    assert first.startswith("NCT04602104 · hMSC-Exos nebulizer in ARDS")
    assert first.endswith("target 25 % · 18 patients, cohorts of 3 · window 14 days")
    together = " ".join(rest)
    assert "assumed, not registered: doses, target, cohort size, DLT window" in together
    assert "400 trials each · seed 20201130 · " in together


@pytest.mark.parametrize("name", shipped_scenarios())
@pytest.mark.parametrize("method", ["both", "monte_carlo", "exact"])
def test_shipped_studies_fit_into_100_columns(name, method):
    results = run(load(shipped_scenarios()[name]), trials=100, method=method)
    lines = lines_of(results)
    assert max(cell_len(line) for line in lines) <= 100
    assert all(line == line.rstrip() for line in lines)
    for scenario in results.study.truths:
        designs = len(results.study.designs)
        longest = 2 * designs + 4 if designs <= 5 else designs + 3
        assert len(block_of(results, scenario)) <= longest, "a scenario must not become a wall"


def test_block_shows_what_the_engines_found(trial):
    block = block_of(trial, "S3")
    cell = trial.cells["S3", "CRM"]
    exact, simulated = cell.exact, cell.simulated
    assert cells(block[0])[-8:] == ["low", "medium*", "high", "none", "correct", "simulated", "above", "effic."]
    assert "10 %     25 %   45 %" in block[1]
    assert block[1].endswith("true P(DLT)")
    row = cells(next(line for line in block if cells(line)[0] == "CRM"))
    expected = [f"{100 * chance:.1f}" for chance in (*exact.selected[1:], exact.selected[0], exact.correct_selection)]
    assert row[1:6] == expected
    assert row[6:9] == [
        f"{100 * simulated.correct_selection:.1f}",
        "±",
        f"{100 * simulated.mcse.correct_selection:.1f}",
    ]
    assert row[9] == f"{100 * exact.overdose_selection:.1f}"
    assert row[10] == f"{100 * trial.efficiency('S3', 'CRM'):.0f}"


def test_patients_row(trial):
    found = trial.cells["S3", "3+3"].exact
    block = block_of(trial, "S3")
    row = cells(next(line for line in block if line.startswith("  patients")))
    assert row[:2] == ["patients", "3+3"]
    assert row[2:5] == [f"{patients:.1f}" for patients in found.patients]
    assert row[5:9] == ["n", f"{found.total_patients:.1f}", "DLT", f"{found.total_dlts:.1f}"]
    assert row[-1] == f"{100 * found.patients_above_mtd / found.total_patients:.1f}"


def test_benchmark_row(trial):
    block = block_of(trial, "S3")
    row = cells(next(line for line in block if "benchmark" in line))
    none, *chances = [f"{100 * chance:.1f}" for chance in trial.benchmark_observed["S3"]]
    assert row == ["benchmark", *chances, none, chances[1], chances[2]]
    row = cells(next(line for line in block if "drug alone" in line))
    none, *chances = [f"{100 * chance:.1f}" for chance in trial.benchmark["S3"]]
    assert row == ["drug", "alone", *chances, none, chances[1], chances[2]]


def test_designs_are_measured_by_the_benchmark_of_the_world_they_meet(trial):
    correct = float(trial.cells["S3", "CRM"].best.correct_selection)
    assert trial.efficiency("S3", "CRM") == pytest.approx(correct / trial.benchmark_observed["S3"][2])
    # A plateau observed above the target: the levels that cannot be told apart are named as the drug's own are.
    assert trial.benchmark_observed["S7"][3] > 0.7
    assert (
        trial.efficiency("S8", "3+3")
        < 1
        < float(trial.cells["S8", "3+3"].best.correct_selection) / trial.benchmark["S8"][2]
    )


def test_where_no_dose_is_right_the_benchmark_and_efficiencies_say_so(trial):
    block = block_of(trial, "S5")
    row = cells(next(line for line in block if "benchmark" in line))
    none = f"{100 * trial.benchmark_observed['S5'][0]:.1f}"
    assert row[4:6] == [none, none]
    assert trial.efficiency("S5", "BOIN") is None
    assert cells(next(line for line in block if "BOIN" in line))[-1] == "none"


def test_the_star_is_on_none_where_no_dose_is_safe(trial):
    assert "none*" in block_of(trial, "S5")[0]
    assert "none*" not in block_of(trial, "S3")[0]


def test_long_description_takes_more_lines_and_loses_nothing(studied):
    words = " ".join(f"word{i}" for i in range(20))
    block = block_of(studied(("{name: S,", f"{{name: S, description: {words},")), "S")
    assert " ".join(line for line in block).count("word") == 20


def test_how_well_simulation_and_exact_values_agree(trial):
    text = " ".join(lines_of(trial))
    figures, within_2, within_4 = trial.agreement
    largest = 100 * max(max(cell.simulated.mcse.selected) for cell in trial.cells.values())
    assert f"simulated to ± {largest:.1f} points (1 SE)" in text
    assert f"{within_2} of {figures} simulated figures within 2 SE, {within_4} within 4" in text
    assert ("exact values agree" in text) == (within_4 == figures)


def test_how_well_they_agree_is_computed_once(studied, monkeypatch):
    module, asked = import_module("doseesc.results.agreement"), []
    scores = module._scores
    monkeypatch.setattr(module, "_scores", lambda *given: asked.append(given[2]) or scores(*given))
    results = studied(method="both")
    lines_of(results)
    results.to_document()
    assert len(asked) == len(METRICS) * len(results.cells)


def test_disagreement_is_not_called_agreement(studied):
    results = studied(method="both")
    cell = results.cells["S", "B"]
    wrong = replace(cell, simulated=replace(cell.simulated, selected=cell.simulated.selected[::-1]))
    text = " ".join(lines_of(replace(results, cells={("S", "B"): wrong})))
    assert "exact values compared" in text
    assert "exact values agree" not in text


def test_simulated_only(studied):
    results = studied(method="monte_carlo")
    found = results.cells["S", "B"].simulated
    text = "\n".join(lines_of(results))
    assert f"{100 * found.selected[1]:.1f}" in text
    assert "simulated to ± " in text
    said = " ".join(text.split()).replace("benchmark: exact", "").replace("found exactly by backward induction", "")
    assert "exact" not in said


def test_exact_only(studied):
    text = "\n".join(lines_of(studied(method="exact")))
    assert "exact, nothing simulated" in text
    assert "all figures are exact" in text
    assert "±" not in text


def test_design_too_large_to_enumerate_is_marked_and_explained(studied):
    more = "  - {name: D, type: 3+3}\n"
    results = studied(("scenarios:", more + "scenarios:"), method="both", memory_limit=20_000)
    fallen = [design for (_, design), cell in results.cells.items() if cell.exact is None]
    assert fallen == ["B"]
    text = "\n".join(lines_of(results))
    assert "  selected B ~" in text
    assert "D ~" not in text
    assert "B is simulated only" in text


@pytest.mark.parametrize(("n_doses", "rated"), [(5, 4), (6, 3), (7, 2), (8, 1)])
def test_many_doses_leave_out_ratings_before_lines_grow_too_long(studied, n_doses, rated):
    amounts = list(range(1, n_doses + 1))
    dlt = [round(0.05 * level, 2) for level in amounts]
    doses = ("doses: {labels: [low, medium, high], amounts: [2, 8, 16]}", f"doses: {{amounts: {amounts}}}")
    results = studied(doses, ("[0.1, 0.2, 0.3]", str(dlt)), ("max_n: 18", "max_n: 6"), method="both")
    lines = lines_of(results)
    assert max(map(len, lines)) <= 100
    heads = cells(block_of(results, "S")[0])
    assert [name in heads for name in ("correct", "simulated", "above", "effic.")].count(True) == rated
    assert "correct" in heads


def show(results, **terminal):
    for text in full_lines(results):
        Console(highlight=False, **terminal).print(text, soft_wrap=True)


def test_user_text_is_printed_as_it_is(studied):
    results = studied(("title: T", "title: '[bold]T[/nothing]'"), ("name: B,", "name: '[red]B',"))
    stream = io.StringIO()
    show(results, file=stream, width=40)
    assert "[bold]T[/nothing]" in stream.getvalue()
    assert "[red]B" in stream.getvalue()


def test_plain_when_piped_and_not_wrapped(trial):
    stream = io.StringIO()
    show(trial, file=stream, width=60)
    assert "\x1b" not in stream.getvalue()
    assert stream.getvalue().splitlines() == "\n".join(lines_of(trial)).splitlines()


def test_colours_at_a_terminal(trial):
    stream = io.StringIO()
    show(trial, file=stream, force_terminal=True, color_system="standard")
    assert "\x1b[" in stream.getvalue()


def test_across_scenarios(trial):
    summaries = {each.design: each for each in across_scenarios(trial)}
    assert list(summaries) == ["3+3", "CRM", "BOIN"]
    cells_of_boin = [cell.exact for (_, design), cell in trial.cells.items() if design == "BOIN"]
    boin = summaries["BOIN"]
    mtds = [int(cell.true_mtd) for cell in cells_of_boin]
    weights = [1 / mtds.count(mtd) for mtd in mtds]  # each true MTD counts the same

    def mean(figure):
        return pytest.approx(np.average([getattr(cell, figure) for cell in cells_of_boin], weights=weights))

    assert boin.correct == mean("correct_selection")
    assert boin.overdose == mean("overdose_selection")
    assert boin.patients_above == mean("patients_above_mtd")
    assert boin.worst_correct == min(cell.correct_selection for cell in cells_of_boin)
    lines = lines_of(trial)
    title = lines.index("All 9 scenarios, each true MTD counting the same")
    rows = {cells(line)[0]: line for line in lines[title + 2 : title + 5]}
    for figure, count in (("correct", 1), ("overdose", 2), ("patients_above", 3)):
        for design, row in rows.items():
            assert ("best" in row) >= (design in best_designs(list(summaries.values()), figure)), (figure, count)
    assert sum(row.count("best") for row in rows.values()) == 3


def summary(design, correct=0.5, overdose=0.1, above=2.0):
    return DesignSummary(design, correct, 0.4, "S1", overdose, 18.0, above)


def test_designs_that_read_the_same_are_both_best():
    pair = [summary("A", correct=0.60001), summary("B", correct=0.60002)]
    assert best_designs(pair, "correct") == ["A", "B"]


def test_phase_2_tables(trial):
    lines = lines_of(trial)
    start = lines.index("Phase 2 doses (1e8 particles per day)")
    assert [line.split("  ")[-1] for line in lines[start + 2 : start + 6]] == [
        "2 (tested)",
        "8 (tested)",
        "16 (tested)",
        "Phase 2 does not open",
    ]
    assert "0.5 (below lowest)" in lines[start + 2]
    assert "4 (untested)" in lines[start + 4]
    start = lines.index("Phase 2 by scenario and design, %")
    heads = cells(lines[start + 2])
    assert heads == ["opens", "P(DLT)", "untested", "P(DLT)", ">", "35", "%", "unbounded"]
    row = cells(next(line for line in lines[start:] if line.startswith("  S3")))
    found = trial.cells["S3", "3+3"].exact
    none, low, _, high = found.selected
    assert row[:3] == ["S3", "3+3", f"{100 * (1 - none):.1f}"]
    assert row[4] == f"{100 * (low + high):.1f}"
    assert row[6:] == [f"{100 * high:.1f}", f"{100 * found.unbounded:.1f}"]


def test_phase_2_dose_that_stands_in_for_an_untested_one(studied):
    arms = "phase2_arms: [{name: q, fraction: 0.25}]\nphase2_dose_rule: nearest_tested_below\n"
    text = "\n".join(lines_of(studied(more=arms)))
    assert "2 (tested instead of 4)" in text
    assert "untested" not in text


def test_no_phase_2_no_table(studied):
    assert "Phase 2" not in "\n".join(lines_of(studied()))


def test_heads_are_whole_where_names_are_short(studied):
    lines = "\n".join(line.plain for line in run_lines(studied(method="exact"), 80))
    assert re.search(r"^Correct selection, % +true MTD ", lines, flags=re.M)


def test_heads_are_apart_where_there_is_hardly_room(studied):
    results = studied(method="exact")
    for width in range(50, 80):
        lines = "\n".join(line.plain for line in run_lines(results, width))
        assert re.search(r"^Correct(?: selection)?, % {2,}true MTD ", lines, flags=re.M), width
