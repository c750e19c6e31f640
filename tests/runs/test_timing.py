"""A study with accrual: exact figures stay, time comes beside them, and designs that do not wait are simulated anew."""

import json

import numpy as np
import pytest
from support import ROOT

import doseesc
from doseesc.errors import ScenarioError
from doseesc.results import on_calendar
from doseesc.runs.timing import trials_on_calendar

ACCRUAL = "\naccrual: {per_month: 3}\n"
TITE = "  - {name: T, type: TITE-CRM, cohort_size: 1, skeleton: [0.1, 0.25, 0.45]}\n"


@pytest.fixture
def study(scenario_file, small_scenario):
    """Return a function that loads the small scenario with more designs, and more at its end."""

    def loaded(designs="", more=ACCRUAL):
        text = small_scenario.replace("  - {name: B, type: BOIN}\n", "  - {name: B, type: BOIN}\n" + designs) + more
        return doseesc.load(scenario_file(text))

    return loaded


def test_a_study_without_accrual_has_no_time(study):
    results = doseesc.run(study(more=""), trials=100)
    assert results.times == {}
    assert "time" not in results.to_document()


def test_designs_that_wait_keep_their_figures(study):
    designs = "  - {name: P, type: BOIN, pending: settled}\n  - {name: 3+3, type: 3+3}\n"
    with_time, without = (doseesc.run(study(designs, more), method="both", trials=200) for more in (ACCRUAL, ""))
    assert with_time.to_document()["cells"] == without.to_document()["cells"]
    beside_time = [each for each in with_time.differences if each.metric != "duration_days"]
    assert beside_time == without.differences
    assert list(with_time.times) == [("S", "B"), ("S", "P"), ("S", "3+3")]
    waits, goes_on = (with_time.times["S", name] for name in ("B", "P"))
    assert goes_on.duration_days < waits.duration_days
    assert goes_on.suspensions > 0


def test_time_is_that_of_simulate_calendar(study):
    loaded = study(TITE)
    results = doseesc.run(loaded, trials=300, seed=5)
    for name, design in loaded.designs.items():
        found = doseesc.simulate_calendar(
            design,
            loaded.truths["S"],
            window_days=14,
            accrual=doseesc.Accrual(per_month=3),
            n_trials=300,
            seed=5,
            target=0.25,
        )
        times = results.times["S", name]
        assert times.duration_days == pytest.approx(found.duration_days, rel=1e-12)
        np.testing.assert_allclose(times.duration_curve, found.duration_curve, rtol=1e-12)
        if name == "T":
            cell = results.cells["S", name]
            assert (cell.exact, cell.simulated.method) == (None, "calendar")
            np.testing.assert_array_equal(cell.best.selected, found.selected)
            assert cell.best.correct_selection == found.correct_selection


def test_what_depends_on_the_calendar(study):
    assert on_calendar(study(TITE)) == ["T"]
    assert on_calendar(study(TITE, "")) == []
    assert on_calendar(study("  - {name: R, type: RollingSix}\n")) == ["R"]
    assert on_calendar(study(more=ACCRUAL + "stagger: {days_after_first: 7}\n")) == ["B"]
    assert on_calendar(study(more=ACCRUAL + "max_duration_months: 6\n")) == ["B"]


def test_staggering_lengthens_and_a_limit_shortens_trials(study):
    plain, staggered, limited = (
        doseesc.run(study(more=ACCRUAL + more), trials=200).times["S", "B"]
        for more in ("", "stagger: {days_after_first: 14}\n", "max_duration_months: 3\n")
    )
    assert limited.duration_days < plain.duration_days < staggered.duration_days
    assert limited.duration_curve[-1] <= 3 * 365.25 / 12 + 14 + 1e-6


def test_jobs_change_nothing(study):
    more = ACCRUAL + "simulation: {trials: 300, seed: 2}\n"
    one, two = (doseesc.run(study(TITE, more), jobs=jobs).to_document() for jobs in (1, 2))
    assert one["time"] == two["time"]
    assert one["cells"] == two["cells"]


def test_progress_counts_every_trial_once(study):
    loaded, told = study(TITE), []
    doseesc.run(loaded, trials=150, method="monte_carlo", progress=lambda done, total: told.append((done, total)))
    totals = {total for _, total in told}
    assert totals == {150 + trials_on_calendar(loaded, 150)}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]


POLICIES = """observation:
  - {name: replaced, background: 0.05, death_in_window: 0.25, loss: 0.1}
  - {name: free, death_in_window: 0.25, deaths: dlt_free}
"""


def test_the_clock_plays_what_the_study_observes(study):
    loaded = study(TITE + "  - {name: P, type: BOIN, pending: settled}\n", ACCRUAL + POLICIES)
    results = doseesc.run(loaded, trials=300, seed=5, method="both")
    for name, design in loaded.designs.items():
        found = {
            policy: doseesc.simulate_calendar(
                design,
                loaded.truths["S"],
                window_days=14,
                accrual=doseesc.Accrual(per_month=3),
                n_trials=300,
                seed=5,
                target=0.25,
                observation=model,
            )
            for policy, model in ({None: None} | loaded.observations).items()
        }
        own, times = found["replaced"], results.times["S", name]
        assert own.observed.replaced > 1
        assert times.duration_days == pytest.approx(own.duration_days, rel=1e-12)
        np.testing.assert_allclose(times.duration_curve, own.duration_curve, rtol=1e-12)
        assert times.duration_days > found[None].duration_days
        cell = results.cells["S", name]
        assert (cell.simulated.method == "calendar") == (name != "B")
        np.testing.assert_array_equal(cell.simulated.selected, own.selected)
        if name != "B":
            assert cell.exact is None
            np.testing.assert_array_equal(results.policies.ideal["S", name].best.selected, found[None].selected)
            for policy in loaded.observations:
                seen = results.policies.observed[policy, "S", name].simulated
                assert seen.replaced == found[policy].observed.replaced
                assert seen.enrolled_distribution.tobytes() == found[policy].observed.enrolled_distribution.tobytes()
                shown = results.policies.cells[policy, "S", name].simulated
                np.testing.assert_array_equal(shown.selected, found[policy].selected)


def test_as_observed_jobs_change_nothing_and_results_can_be_read_again(study):
    more = ACCRUAL + POLICIES + "simulation: {trials: 200, seed: 2}\n"
    results, two = (doseesc.run(study(TITE, more), jobs=jobs) for jobs in (1, 2))
    one = results.to_document()
    for part in ("time", "cells", "policies"):
        assert json.dumps(one[part], default=np.ndarray.tolist) == json.dumps(
            two.to_document()[part], default=np.ndarray.tolist
        )


def test_progress_counts_the_trials_of_every_policy_once(study):
    loaded, told = study(TITE, ACCRUAL + POLICIES), []
    doseesc.run(loaded, trials=50, method="monte_carlo", progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert len({total for _, total in told}) == 1


def test_a_weight_frozen_at_the_last_follow_up_needs_designs_that_weigh(study, scenario_file, small_scenario):
    frozen = "observation: {death_in_window: 0.25, deaths: weight_frozen}\n"
    with pytest.raises(ScenarioError, match=r"observation\.deaths\s.*B weighs no pending patient"):
        study(TITE, ACCRUAL + frozen)
    with pytest.raises(ScenarioError, match=r"without accrual nobody is ever pending"):
        study("", frozen)
    text = small_scenario.replace("  - {name: B, type: BOIN}\n", TITE) + ACCRUAL
    results = {
        policy: doseesc.run(doseesc.load(scenario_file(text + frozen.replace("weight_frozen", policy))), trials=400)
        for policy in ("weight_frozen", "replaced", "dlt_free")
    }
    enrolled = {policy: each.policies.observed["observed", "S", "T"].best.enrolled for policy, each in results.items()}
    assert enrolled["weight_frozen"] == enrolled["dlt_free"] < enrolled["replaced"]
    chosen = {policy: each.cells["S", "T"].best.selected for policy, each in results.items()}
    # A death taken for DLT-free says more for the dose than a follow-up that broke off.
    levels = np.arange(4)
    assert chosen["weight_frozen"] @ levels < chosen["dlt_free"] @ levels


def test_phase_2_arms_are_analysed_from_the_calendar(study):
    arms = "phase2_arms:\n  - {name: MTD, fraction: 1}\n"
    results = doseesc.run(study(TITE, ACCRUAL + arms), trials=100)
    methods = {(each.design, each.method) for each in results.arm_analysis}
    assert ("T", "calendar") in methods
    assert not methods & {("T", "monte_carlo"), ("T", "exact")}


def test_the_main_job_keeps_its_numbers():
    study = doseesc.load(ROOT / "scenarios/nct04602104.yaml")
    alone = study.model_copy(update={"accrual_section": None})
    with_time, without = (doseesc.run(each, trials=200) for each in (study, alone))
    assert with_time.to_document()["cells"] == without.to_document()["cells"]
    assert set(with_time.times) == set(with_time.cells)
