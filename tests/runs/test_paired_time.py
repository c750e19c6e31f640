"""Two runs on the calendar compared trial by trial, on the same patients."""

import json
import math

import numpy as np
import pytest

from doseesc.engines import PER_TRIAL, RATIOS, calendar_trials
from doseesc.results.digest import DIGEST, digest
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.comparison import compare
from doseesc.runs.run_study import run
from doseesc.study import load

TRIALS, SEED = 400, 3
ACCRUAL = "\naccrual: {per_month: 4}\n"
TITE = "{name: B, type: TITE-BOIN}"


@pytest.fixture
def compared(scenario_file, small_scenario):
    """Return a function that runs the small scenario with two designs, or two accruals, and compares."""

    def made(*pairs, seeds=(SEED, SEED), change=lambda document: None):
        saved = []
        for number, ((design, accrual), seed) in enumerate(zip(pairs, seeds, strict=True)):
            text = small_scenario.replace("{name: B, type: BOIN}", design) + accrual
            results = run(load(scenario_file(text)), method="monte_carlo", trials=TRIALS, seed=seed)
            folder = write_results(results, str(number), force=True)
            if number == 0:
                path = folder / "results.json"
                document = json.loads(path.read_text())
                change(document)
                path.write_text(json.dumps(document | {DIGEST: digest(document)}))
            saved.append(read_results(folder))
        return saved, {(each.metric, each.level): each for each in compare(*saved).figures}

    return made


def durations(saved):
    study = saved.results.study
    design, truth = study.designs["B"], study.truths["S"]
    options = {"window_days": study.dlt_window_days, "calendar": study.calendar, "n_trials": TRIALS, "seed": SEED}
    return np.array([trial.duration_days for trial in calendar_trials(design, truth, **options)])


@pytest.mark.parametrize(
    "designs",
    [
        ("{name: B, type: BOIN}", "{name: B, type: BOIN, elimination_cutoff: 0.8}"),
        (TITE, "{name: B, type: TITE-BOIN, stop_at_n: 9}"),
        ("{name: B, type: BOIN}", TITE),
    ],
    ids=["waiting", "weighing", "one and the other"],
)
def test_durations_are_compared_trial_by_trial(compared, designs):
    saved, figures = compared(*((design, ACCRUAL) for design in designs))
    difference = durations(saved[1]) - durations(saved[0])
    figure = figures["duration_days", None]
    assert figure.paired
    assert figure.difference == pytest.approx(difference.mean())
    assert figure.mcse == pytest.approx(difference.std() / np.sqrt(TRIALS))
    for name in (*PER_TRIAL, *RATIOS, "duration_days_p05", "duration_days_p95"):
        each = figures[name, None]
        assert each.paired
        alone = [saved[k].results.times["S", "B"] for k in (0, 1)]
        if not name.startswith("duration_days_p"):
            most = sum(getattr(one.mcse, name) for one in alone)
            assert each.mcse <= most * (1 + 1e-9) + 1e-12
    weighing = all("TITE" in design for design in designs)
    assert figures["correct_selection", None].paired == (weighing or "TITE" not in "".join(designs))


def test_selection_on_the_calendar_is_paired(compared):
    saved, figures = compared((TITE, ACCRUAL), ("{name: B, type: TITE-BOIN, stop_at_n: 9}", ACCRUAL))
    independent = math.hypot(*(each.results.cells["S", "B"].best.mcse.correct_selection for each in saved))
    assert 0 < figures["correct_selection", None].mcse < independent
    assert (
        0
        < figures["patients", 2].mcse
        < math.hypot(*(each.results.cells["S", "B"].best.mcse.patients[1] for each in saved))
    )


def test_backfilled_patients_do_not_make_a_stopped_trial_a_whole_one(compared):
    more = "\naccrual: {per_month: 12}\nbackfill: {cap_per_dose: 12}\nobservation: {loss: 0.2}\n"
    saved, figures = compared(("{name: B, type: BOIN, stop_at_n: 6}", more), ("{name: B, type: BOIN}", more))
    early = []
    for each in saved:
        study = each.results.study
        options = {"window_days": study.dlt_window_days, "n_trials": TRIALS, "seed": SEED}
        options |= {"calendar": study.calendar_for("B", "S"), "observation": study.own_model}
        trials = calendar_trials(study.designs["B"], study.truths["S"], **options)
        early.append(np.array([(~trial.backfilled & ~trial.replaced).sum() < study.max_n for trial in trials]))
        assert any(trial.backfilled.any() for trial in trials)
    difference = early[1].astype(float) - early[0]
    figure = figures["stopped_early", None]
    assert figure.paired
    assert figure.difference == pytest.approx(difference.mean())
    assert figure.mcse == pytest.approx(difference.std() / np.sqrt(TRIALS))


def test_ratios_are_paired_as_the_bootstrap_has_it(compared):
    """The rate of patients a month of the same trials, resampled."""
    saved, figures = compared((TITE, ACCRUAL), ("{name: B, type: TITE-BOIN, stop_at_n: 9}", ACCRUAL))
    found = []
    for each in saved:
        study = each.results.study
        options = {"window_days": study.dlt_window_days, "calendar": study.calendar, "n_trials": TRIALS, "seed": SEED}
        trials = calendar_trials(study.designs["B"], study.truths["S"], **options)
        found.append(np.array([(trial.size, trial.duration_days * 12 / 365.25) for trial in trials]))
    draws = np.random.default_rng(1).integers(0, TRIALS, (2000, TRIALS))
    sums = [each[draws].sum(axis=1) for each in found]
    difference = sums[1][:, 0] / sums[1][:, 1] - sums[0][:, 0] / sums[0][:, 1]
    assert figures["patients_per_month", None].mcse == pytest.approx(difference.std(), rel=0.1)


def test_what_is_the_same_differs_by_nothing(compared):
    _, figures = compared((TITE, ACCRUAL), (TITE, ACCRUAL))
    assert all(each.difference == 0 or math.isnan(each.difference) for each in figures.values())
    assert all(each.mcse == 0 and each.paired for each in figures.values() if each.metric != "benchmark")


def test_another_accrual_meets_the_same_patients(compared):
    _, figures = compared((TITE, ACCRUAL), (TITE, "\naccrual: {per_month: 4.5}\n"))
    each = figures["duration_days", None]
    assert each.paired
    assert each.difference < -4 * each.mcse < 0


def test_other_patients_are_not_paired(compared):
    _, figures = compared((TITE, ACCRUAL), (TITE, ACCRUAL), seeds=(SEED, SEED + 1))
    assert not any(each.paired for each in figures.values())


def test_a_run_that_another_version_simulated_is_not_paired(compared):
    def longer(document):
        document["time"][0]["enrolment_days"] *= 1.001

    for second in (TITE, "{name: B, type: TITE-BOIN, stop_at_n: 9}"):
        _, figures = compared((TITE, ACCRUAL), (second, ACCRUAL), change=longer)
        assert not any(each.paired for each in figures.values())
