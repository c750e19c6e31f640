"""Studies with observation models: files, results, output files, and what is printed."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

from doseesc.engines.figures import METRICS
from doseesc.engines.montecarlo import simulate
from doseesc.engines.observed import OBSERVED_METRICS
from doseesc.report.protocol.protocol import protocol_blocks
from doseesc.report.tables.further import observation_table
from doseesc.report.terminal.full import full_lines
from doseesc.report.terminal.observation_policies import attribution_lines, attribution_words
from doseesc.report.words.observation import observed_words
from doseesc.results.folder import write_results
from doseesc.results.policies import DRUG_ALONE
from doseesc.results.reading import SavedRun
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.observation_section import Observation
from doseesc.study.shipped import shipped_scenarios

ONE = "observation: {name: base, background: 0.05, mortality_28_days: 0.3}\n"
SEVERAL = """observation:
  - {name: repl, background: 0.05, mortality_28_days: 0.3, loss: 0.05}
  - {name: count, background: 0.05, death_in_window: 0.18, deaths: all_count}
  - {name: seven, window_days: 7, mortality_28_days: 0.3, deaths: fraction, attributed_fraction: 0.3,
     death_relative_risk: 1.5, dlt_times: {type: early, within_days: 1, share: 0.5},
     adjudication: {sensitivity: 0.9, specificity: 0.8}}
"""
SCENARIOS = "  - {name: S, dlt: [0.1, 0.2, 0.3]}\n"
MORE = SCENARIOS + "  - {name: safe, dlt: [0.01, 0.02, 0.03]}\n  - {name: toxic, dlt: [0.5, 0.6, 0.7]}\n"


@pytest.fixture
def text(small_scenario):
    two = small_scenario.replace("designs:", "designs:\n  - {name: 3+3, type: 3+3}").replace(SCENARIOS, MORE)
    return two + "simulation: {trials: 3000, seed: 5, method: both}\n"


@pytest.fixture
def results(text, scenario_file):
    return run(load(scenario_file(text + SEVERAL)))


def same(one, other):
    """Compare every figure of the first with those of the second, which may have more."""
    for name, value in vars(one).items():
        if isinstance(value, SimpleNamespace):
            same(value, getattr(other, name))
        elif isinstance(value, dict):
            assert value == getattr(other, name)
        else:
            np.testing.assert_array_equal(value, getattr(other, name), err_msg=name)


def test_without_the_section_nothing_changes(text, scenario_file, results):
    plain = run(load(scenario_file(text)))
    assert plain.policies is None
    assert plain.study.observations == {}
    assert "policies" not in plain.to_document()
    assert not attribution_lines(plain)
    # The trial of the drug alone, which every comparison begins with, is the same to the last bit.
    for key, cell in plain.cells.items():
        same(results.policies.ideal[key].exact, cell.exact)
        same(results.policies.ideal[key].simulated, cell.simulated)
    truth, design = plain.study.truths["S"], plain.study.designs["B"]
    same(plain.cells["S", "B"].simulated, simulate(design, truth, 3000, 5, target=0.25, true_mtd=2))
    for name, chances in plain.benchmark.items():
        np.testing.assert_array_equal(chances, results.benchmark[name])


def test_the_first_policy_is_the_studys_own(results):
    assert results.policies.policies == ("repl", "count", "seven")
    for key, cell in results.cells.items():
        same(results.policies.cells["repl", *key].exact, cell.exact)
        same(results.policies.cells["repl", *key].simulated, cell.simulated)
    alone = results.policies.ideal["safe", "3+3"].best
    own = results.cells["safe", "3+3"].best
    assert own.correct_selection < alone.correct_selection
    # The true MTD and the true probabilities are the drug's own.
    assert own.true_mtd == alone.true_mtd == 3
    np.testing.assert_array_equal(own.probabilities, [0.01, 0.02, 0.03])
    assert len(results.differences) == 12


def test_both_engines_agree_in_every_cell(results):
    for key, observed in results.policies.observed.items():
        cell = results.policies.cells[key]
        for metric in METRICS:
            error = np.asarray(getattr(cell.simulated.mcse, metric))
            difference = np.abs(np.asarray(getattr(cell.simulated, metric)) - getattr(cell.exact, metric))
            # Rare events are not nearly normal: three trials more or less are no disagreement.
            assert (np.nan_to_num(difference) <= 4 * np.nan_to_num(error) + 3 / results.n_trials).all(), (key, metric)
        for metric in OBSERVED_METRICS:
            value, expected = getattr(observed.simulated, metric), getattr(observed.exact, metric)
            error = getattr(observed.simulated.mcse, metric)
            if np.isnan(expected):
                assert np.isnan(value)
            else:
                assert abs(value - expected) <= 4 * error + 3 / results.n_trials, (key, metric)


def test_figures_fit_together(results):
    for (policy, scenario, design), observed in results.policies.observed.items():
        cell, found = results.policies.cells[policy, scenario, design].exact, observed.exact
        assert found.enrolled - found.replaced == pytest.approx(cell.total_patients, abs=1e-9)
        assert found.enrolled_distribution @ np.arange(len(found.enrolled_distribution)) == pytest.approx(
            found.enrolled
        )
        assert 0 <= found.not_caused_share <= 1
        if scenario == "toxic":
            assert np.isnan(found.safe_stopped)
            assert np.isnan(found.below_mtd)
        else:
            total = found.safe_stopped + found.below_mtd + cell.correct_selection + cell.overdose_selection
            assert total == pytest.approx(1, abs=1e-9)
        if policy == "count":
            assert found.replaced == pytest.approx(0, abs=1e-12)
    assert results.policies.below_because("count", "safe", "B") > 0.2
    assert results.policies.observed["count", "safe", "B"].exact.bias_at_mtd > 0.1


def test_jobs_do_not_matter(text, scenario_file):
    study = load(scenario_file(text + ONE))
    alone, together = run(study, method="monte_carlo"), run(study, method="monte_carlo", jobs=2)
    for key, cell in alone.cells.items():
        same(cell.simulated, together.cells[key].simulated)
        one, other = alone.policies.observed["base", *key], together.policies.observed["base", *key]
        assert one.exact is None
        assert one.best is one.simulated
        same(one.simulated.mcse, other.simulated.mcse)
        assert one.simulated.enrolled == other.simulated.enrolled


def test_files(results, tmp_path):
    folder = write_results(results, tmp_path / "out")
    assert {each.name for each in folder.iterdir()} >= {"attribution.csv", "characteristics.csv", "results.json"}
    with (folder / "attribution.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["policy", "scenario", "design", "method", "metric", "level", "value", "mcse"]
    assert {row["policy"] for row in rows} == {DRUG_ALONE, "repl", "count", "seven"}
    assert {row["metric"] for row in rows if row["policy"] == "repl"} >= {*METRICS, *OBSERVED_METRICS, "evaluable"}
    written = json.loads((folder / "results.json").read_text())["policies"]
    cell = next(each for each in written["cells"] if (each["policy"], each["scenario"]) == ("count", "toxic"))
    assert cell["exact"]["safe_stopped"] is None
    assert cell["exact"]["per_patient"]["death"] == pytest.approx([0.18] * 3)
    assert written["drug_alone"][0]["exact"]["mcse"]["correct_selection"] == 0


def test_price_table(results):
    lines = [each.plain for each in attribution_lines(results)]
    assert lines[0] == "The price of attribution"
    assert lines[1].startswith("What is counted as a DLT moves correct selection by up to")
    assert lines[lines.index("") + 1].split() == ["S", "3+3", "B"]
    policies = [line for line in lines if line.startswith("  count")]
    assert len(policies) == 3  # once for each scenario
    exact = results.policies.cells["count", "S", "B"].exact
    observed = results.policies.observed["count", "S", "B"].exact
    expected = f"{100 * exact.correct_selection:.0f} / {100 * exact.selected[0]:.0f} / {observed.enrolled:.1f}"
    assert policies[0].endswith(expected)
    assert all(len(line) <= 100 for line in lines)
    assert " / - / " in lines[lines.index(next(line for line in lines if line.startswith("  toxic"))) + 1]


def test_words_come_from_the_numbers(results):
    words = attribution_words(results)
    cells = results.policies.cells
    worst = np.mean([float(cell.best.correct_selection) for key, cell in cells.items() if key[0] == "count"])
    assert f"{100 * worst:.0f} % at worst (count)" in words
    best = max(
        np.mean([float(cell.best.correct_selection) for key, cell in cells.items() if key[0] == policy])
        for policy in results.policies.policies
    )
    assert f"moves correct selection by up to {100 * (best - worst):.0f} points, the choice of design by " in words
    assert words.endswith("Rates and policies are assumed, not registered.")
    enrolled = max(each.best.enrolled for each in results.policies.observed.values())
    assert f"takes up to {enrolled:.1f} patients" in words


def test_one_policy_is_summed_up_over_all_scenarios(text, scenario_file):
    results = run(load(scenario_file(text + ONE)), method="exact")
    lines = [each.plain for each in attribution_lines(results)]
    table = lines[lines.index("") + 1 :]
    assert table[0].startswith("  all 3 scenarios")
    assert [line.split("  ")[1] for line in table[1:3]] == ["the drug alone", "base"]
    printed = "\n".join(each.plain for each in full_lines(results))
    assert "observed as base: window 14 days, background 5 %, 28-day mortality 30 %, deaths replaced" in printed
    assert attribution_words(results).startswith("Events that the drug did not cause: the true MTD is found in ")


def test_words_for_policies():
    def words(**given):
        return observed_words(Observation(**given), 14)

    assert words() == "window 14 days"
    assert words(window_days=1, death_in_window=0.02, deaths="all_count") == (
        "window 1 day, death in the window 2 %, all deaths count"
    )
    assert words(mortality_28_days=0.3, deaths="fraction", attributed_fraction=0.25, death_relative_risk=2) == (
        "window 14 days, 28-day mortality 30 %, 25 % of deaths count, the rest DLT-free, 2 times with a drug DLT"
    )
    assert words(background=0.1, adjudication={"sensitivity": 0.9, "specificity": 0.8}, loss=0.05) == (
        "window 14 days, background 10 %, adjudicated (sensitivity 90 %, specificity 80 %), 5 % lost (replaced)"
    )


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ("{background: 1.5}", ":11  observation.background\n  is 1.5; it must be at most 1"),
        ("{backgrund: 0.1}", "observation.backgrund\n  is not a key here\n  did you mean  background?"),
        (
            "{mortality_28_days: 0.3, death_in_window: 0.2}",
            "observation.death_in_window\n  is given together with mortality_28_days\n  keep one",
        ),
        (
            "{mortality_28_days: 0.3, window_days: 42}",
            "observation.window_days\n  is 42 days, but 28-day mortality says nothing about deaths after 28 days\n"
            "  write  death_in_window:",
        ),
        (
            "{death_in_window: 0.4, death_relative_risk: 3}",
            "observation.death_relative_risk\n  of 3 does not fit a probability of death of 0.4: after a drug DLT it "
            "would be 1.2, above 1",
        ),
        ("{deaths: fraction, death_in_window: 0.1}", "observation.attributed_fraction\n  is missing"),
        ("{attributed_fraction: 0.2}", "observation.attributed_fraction\n  is given, but deaths is replaced"),
        (
            "{loss: 1, adjudication: {sensitivity: 0}}",
            "in scenario S deaths and losses leave 0.0 % of patients evaluable; at least 1 % must be",
        ),
        ("{deaths: count}", "observation.deaths\n  is count, not one of all_count, fraction, replaced, dlt_free"),
        ("[{name: a}, {name: A}]", "observation.A.name\n  is A, a name already used above"),
        ("[{name: a, death_in_window: 2}]", "observation.a.death_in_window\n  is 2; it must be at most 1"),
        ("{dlt_times: {type: late}}", "observation.dlt_times.type\n  is late, not one of uniform, weibull, early"),
        ("7", "observation\n  is 7, not a list"),
        ("{background: 5}", "observation.background\n  is 5; it must be at most 1\n  for 5 % write  0.05"),
        ("{loss: 3%}", 'observation.loss\n  is "3%", not a number\n  for 3 % write  0.03'),
        (
            "{background: 0.05, deaths: replaced}",
            ":11  observation.deaths\n  is given, but nobody dies without a mortality\n  add  mortality_28_days: 0.3",
        ),
        (
            "[{name: a, death_in_window: 0.1, deaths: dlt_free}, {name: b, death_relative_risk: 2}]",
            "observation.b.death_relative_risk\n  is given, but nobody dies without a mortality",
        ),
        ("{losses: dlt_free}", "observation.losses\n  is given, but nobody is lost without a loss\n  add  loss: 0.03"),
        (
            "{adjudication: {sensitivity: 0.9, specificity: 0.8}}",
            "observation.adjudication.specificity\n  is given, but there is neither a background nor a mortality",
        ),
    ],
)
def test_impossible_sections_are_refused_with_the_reason(complaint, small_scenario, section, says):
    assert says in complaint(small_scenario + f"observation: {section}\n")


@pytest.mark.parametrize(
    "section",
    [
        "{mortality_28_days: 0, deaths: replaced}",
        "{loss: 0, losses: dlt_free}",
        "{adjudication: {sensitivity: 0.9}}",
        "{background: 0, adjudication: {specificity: 0.9}}",
    ],
)
def test_a_rate_of_zero_is_a_rate(scenario_file, small_scenario, section):
    study = load(scenario_file(small_scenario + f"observation: {section}\n"))
    assert len(study.observations) == 1


def test_a_window_from_the_study_is_checked_too(complaint, small_scenario):
    long = small_scenario.replace("dlt_window_days: 14", "dlt_window_days: 42")
    message = complaint(long + "observation: {mortality_28_days: 0.3}\n")
    assert "observation\n  window is 42 days, but 28-day mortality says nothing" in message


def test_shipped_comparison():
    study = load(shipped_scenarios()["nct04602104_attribution"])
    assert set(study.truths) == {"S0", "S1", "S3"}
    windows = {model.window for model in study.observations.values()}
    assert windows == {1, 7, 14, 28}
    for window in windows:
        policies = {each.deaths for each in study.observations.values() if each.window == window}
        assert policies == {"all_count", "fraction", "replaced", "dlt_free"}
    assert any(design.floor > 0 for name, design in study.designs.items() if name == "CRM floor")
    results = run(study, method="exact")
    correct = {key: float(cell.best.correct_selection) for key, cell in results.policies.cells.items()}
    assert correct["all count, 14 d", "S0", "3+3"] < 0.3 < 0.8 < correct["replaced, 14 d", "S0", "3+3"]
    for scenario in ("S1", "S3"):
        for plain, knowing in (("CRM", "CRM floor"), ("BOIN", "BOIN excess")):
            assert correct["replaced, 14 d", scenario, knowing] > correct["replaced, 14 d", scenario, plain]


def test_base_study_observes():
    study = load(shipped_scenarios()["nct04602104"])
    (model,) = study.observations.values()
    assert (model.window, model.background, model.deaths) == (14, 0.05, "replaced")
    assert model.death == pytest.approx(0.194, abs=0.001)
    assert any(each.startswith("observation") for each in study.study.assumptions)


def test_the_price_of_attribution_is_one_statistic_in_every_output(results):
    """The terminal had safe products stopped; page and protocol no dose selected, where none is right, too."""
    compared = results.policies
    safe = ("S", "safe")
    for policy, design in compared.groups():
        price = compared.price(policy, design)
        cells = compared.ideal if policy == DRUG_ALONE else compared.cells
        place = () if policy == DRUG_ALONE else (policy,)
        stopped = np.mean([cells[(*place, scenario, design)].best.selected[0] for scenario in safe])
        assert price.stopped == pytest.approx(stopped)
    table = observation_table(results)
    shown = [row[table.columns.index("safe product stopped, %")].text for row in table.rows]
    assert shown == [f"{100 * compared.price(*key).stopped:.1f}" for key in compared.groups()]
    blocks = " ".join(str(block) for block in protocol_blocks(SavedRun(results), "B"))
    for policy in compared.policies:
        assert f"{100 * compared.price(policy, 'B').stopped:.1f}" in blocks
    lines = [line.plain for line in attribution_lines(results)]
    row = next(line for line in lines if line.startswith("  repl"))  # the first table is of scenario S
    price = compared.price("repl", "B", ["S"])
    assert f"{100 * price.correct:.0f} / {100 * price.stopped:.0f} / {price.enrolled:.1f}" in row
