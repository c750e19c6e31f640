"""A study with accrual: exact figures stay, time comes beside them, and designs that do not wait are simulated anew."""

import numpy as np
import pytest
from support import ROOT

import doseesc
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
    assert with_time.to_document()["differences"] == without.to_document()["differences"]
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


def test_as_observed_a_design_keeps_the_figures_of_known_outcomes(study):
    more = ACCRUAL + "observation: {background: 0.05}\n"
    results = doseesc.run(study(TITE, more), trials=100, method="both")
    assert results.cells["S", "T"].exact is not None
    assert results.times["S", "T"].pending_at_decision > 0


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


@pytest.mark.parametrize("trials", [1, 3])
def test_few_trials_that_all_end_early(study_with, trials):
    toxic = "scenarios:\n  - {name: S, dlt: [0.9, 0.95, 0.99]}\naccrual: {per_month: 2}"
    study = study_with("scenarios:\n  - {name: S, dlt: [0.1, 0.2, 0.3]}", toxic)
    found = doseesc.run(study, trials=trials, method="monte_carlo").times
    assert found is not None
    assert all(np.isfinite(each.duration_days) for each in found.values())
