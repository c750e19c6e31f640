"""The observation model on the clock: with slow accrual it is that without a calendar, patient by patient."""

from dataclasses import replace

import numpy as np
import pytest

from designs import (
    BOIN,
    CRM,
    AcceleratedTitration,
    APlusB,
    CoherentEscalation,
    Complete,
    Keyboard,
    NoSkipping,
    RollingSix,
    Settled,
    StopAtRecommended,
    StopTooToxic,
    ThreePlusThree,
    Weighted,
)
from doseesc.engines import (
    CALENDAR_METRICS,
    OBSERVED_METRICS,
    Calendar,
    DecisionGraph,
    ObservedBlock,
    Stagger,
    TimeFigures,
    TrialBlock,
    calendar_trials,
    complete_times,
    enumerate_paths,
    play_observed,
    simulate_calendar,
)
from doseesc.engines.clock_batches import PlayInBatches
from doseesc.engines.clock_compiled import PlayCompiled
from doseesc.engines.clock_ended import ends_of
from doseesc.engines.clock_patients import DrawnPatients
from doseesc.engines.clock_play import play_trials, setting_of
from doseesc.engines.clock_states import StateDecisions
from doseesc.truth import Accrual, EarlyTimes, ObservationModel, WeibullTimes

TRUTH = np.array([0.10, 0.25, 0.45])
SLOW = Accrual(per_month=1, process="fixed")
FAST = Accrual(per_month=8)
SKELETON = (0.1, 0.25, 0.45)
RULES = (NoSkipping(), CoherentEscalation(), StopTooToxic(confidence=0.9), StopAtRecommended(n=9))
DESIGNS = {
    "CRM": CRM(target=0.25, skeleton=SKELETON, max_n=12, cohort_size=1),
    "CRM, cohorts and rules": CRM(target=0.25, skeleton=SKELETON, max_n=20, cohort_size=3, rules=RULES),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
    "BOIN, titration": BOIN(target=0.25, n_doses=3, max_n=14, rules=(AcceleratedTitration(),)),
    "keyboard, one at a time": Keyboard(target=0.25, n_doses=3, max_n=10, cohort_size=1),
}
MODELS = {
    "replaced": ObservationModel(window=14, background=0.05, death=0.3, loss=0.1),
    "counted": ObservationModel(window=14, background=0.1, death=0.2, deaths="all_count", loss=0.1),
    "fraction, the rest replaced": ObservationModel(
        window=14, death=0.3, deaths="fraction", attributed_fraction=0.4, unattributed="replaced", loss=0.2
    ),
    "DLT-free, early": ObservationModel(
        window=14,
        background=0.1,
        death=0.2,
        deaths="dlt_free",
        loss=0.2,
        losses="dlt_free",
        dlt_times=EarlyTimes(within=2, share=0.5),
    ),
    "risk and adjudication": ObservationModel(
        window=14,
        background=0.2,
        death=0.2,
        death_relative_risk=2.5,
        sensitivity=0.8,
        specificity=0.5,
        loss=0.1,
        dlt_times=WeibullTimes(shape=1.4, scale=9),
    ),
    "a shorter window": ObservationModel(window=7, curve_window=14, death=0.2, death_relative_risk=0.5, background=0.1),
    "a longer window": ObservationModel(window=28, curve_window=14, death=0.3, background=0.1),
}


def trials_of(design, model, accrual=FAST, n_trials=200, window_days=14, **calendar):
    calendar = Calendar(accrual=accrual, **calendar)
    return calendar_trials(
        design, TRUTH, window_days=window_days, calendar=calendar, n_trials=n_trials, observation=model
    )


def twins(design, model, n_trials=200):
    """Return the graph, the ends and what was seen of the same trials without a calendar."""
    graph, block = DecisionGraph(design), ObservedBlock(model, 1)
    block.begin(TrialBlock.draw(1, 0, design.max_n, n_trials), 0)
    return graph, *play_observed(graph, TRUTH, block)


def as_tally(trial, n_doses=3):
    level = (trial.level[:, None] == np.arange(1, n_doses + 1)) & ~trial.replaced[:, None]
    return level.sum(axis=0), (level & trial.has_dlt[:, None]).sum(axis=0)


def assert_twins(found, graph, node, seen):
    for row, (trial, end) in enumerate(zip(found, node, strict=True)):
        n, dlt = as_tally(trial)
        np.testing.assert_array_equal(n, graph.tally.n[end])
        np.testing.assert_array_equal(dlt, graph.tally.dlt[end])
        assert (trial.selected, trial.reason) == (graph.selected[end], graph.reason_code[end])
        assert trial.replaced.sum() == seen.replaced[row]


@pytest.mark.parametrize("policy", [Complete(), Settled(), Weighted()])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", DESIGNS)
def test_with_slow_accrual_every_trial_is_the_one_without_a_calendar(name, model, policy):
    design, model = replace(DESIGNS[name], pending=policy), MODELS[model]
    found = trials_of(design, model, SLOW)
    assert_twins(found, *twins(design, model))
    assert not any(trial.suspensions for trial in found)


@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_that_waits_plays_the_same_trials_at_any_pace(name, how):
    design, model = DESIGNS[name], MODELS["risk and adjudication"]
    accrual = Accrual(per_month=8, arrivals_while_waiting=how)
    assert_twins(trials_of(design, model, accrual), *twins(design, model))


@pytest.mark.parametrize("model", MODELS)
def test_an_a_plus_b_design_differs_only_where_known_dlts_condemn_a_group(model):
    design, model = ThreePlusThree(n_doses=3), MODELS[model]
    graph, node, _ = twins(design, model)
    broken = 0
    for trial, end in zip(trials_of(design, model, SLOW), node, strict=True):
        n, dlt = as_tally(trial)
        if np.isin(n, [0, 3, 6]).all():
            np.testing.assert_array_equal(n, graph.tally.n[end])
            np.testing.assert_array_equal(dlt, graph.tally.dlt[end])
            assert (trial.selected, trial.reason) == (graph.selected[end], graph.reason_code[end])
        else:
            broken += 1
            assert (dlt[~np.isin(n, [0, 3, 6])] >= 2).all()
    assert 0 < broken < 150


GROUPS = {"3+3": ThreePlusThree(n_doses=3), "2+4": APlusB(n_doses=3, a=2, b=4, c=1, d=1, e=1)}
CALENDARS = {
    "slow": {"accrual": Accrual(per_month=0.7)},
    "a queue, from the opening": {"accrual": Accrual(per_month=8, arrivals_while_waiting="queue"), "first_gap": True},
    "ramp-up": {"accrual": Accrual(per_month=4, ramp_up_months=3, process="uniform")},
    "holds": {"accrual": Accrual(profile=(0, 2, 0, 8), process="fixed")},
}


@pytest.mark.parametrize("model", ["replaced", "risk and adjudication", "a shorter window"])
@pytest.mark.parametrize("name", CALENDARS)
def test_times_of_designs_that_wait_are_those_of_the_clock(name, model):
    designs, truths = DESIGNS | GROUPS, {"middle": TRUTH, "toxic": np.array([0.45, 0.60, 0.75])}
    found = complete_times(
        designs,
        truths,
        calendar=Calendar(**CALENDARS[name]),
        window_days=14.0,
        n_trials=300,
        seed=3,
        observation=MODELS[model],
    )
    for (truth, design), times in found.items():
        clock = simulate_calendar(
            *(designs[design], truths[truth]),
            window_days=14,
            n_trials=300,
            seed=3,
            observation=MODELS[model],
            **CALENDARS[name],
        )
        wanted = TimeFigures.of(clock)
        assert times.window_days == wanted.window_days == MODELS[model].window
        for metric in (*CALENDAR_METRICS, "duration_quantiles", "duration_curve"):
            np.testing.assert_allclose(
                getattr(times, metric), getattr(wanted, metric), rtol=1e-9, atol=1e-9, err_msg=f"{design} {metric}"
            )


TRUTHS = {
    "none": [0.0, 0.0, 0.0],
    "flat": [0.1, 0.1, 0.1],
    "flat again": [0.1, 0.1, 0.1],
    "middle": [0.1, 0.25, 0.45],
    "cliff": [0.1, 0.25, 0.9],
    "peak": [0.1, 0.5, 0.3],
    "toxic": [0.45, 0.6, 0.75],
    "certain": [0.3, 1.0, 1.0],
    **{f"close {each}": [0.2, 0.3, 0.3 + each / 50] for each in range(5)},
}


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("slow", "risk and adjudication"),
        ("a queue, from the opening", "replaced"),
        ("ramp-up", "a shorter window"),
        ("holds", "DLT-free, early"),
    ],
)
def test_truths_that_are_played_together_give_what_each_gives_alone(name, model):
    designs = {each: DESIGNS[each] for each in ("BOIN", "BOIN, titration")} | GROUPS
    truths = {each: np.array(truth) for each, truth in TRUTHS.items()}
    told = {True: {}, False: {}}

    def play(some, together):
        def note(key, index, figures):
            told[together][key] = figures.copy()

        return complete_times(
            designs,
            some,
            calendar=Calendar(**CALENDARS[name]),
            window_days=14.0,
            n_trials=60,
            seed=3,
            observation=MODELS[model],
            each_block=note,
        )

    play(truths, True)
    for each, truth in truths.items():
        play({each: truth}, False)
    assert set(told[True]) == set(told[False]) == {(truth, design) for truth in truths for design in designs}
    for key, figures in told[True].items():
        np.testing.assert_array_equal(figures, told[False][key], err_msg=str(key))
    assert not np.array_equal(told[True]["middle", "BOIN"], told[True]["cliff", "BOIN"])


POLICIES = [Complete(), Settled(), Weighted()]


def figures(oc):
    """Return every figure's bytes by name."""
    flat = {}
    for name, value in vars(oc).items():
        if name in ("sd", "mcse"):
            flat |= {f"{name}.{each}": np.asarray(number).tobytes() for each, number in vars(value).items()}
        elif name not in ("reasons", "observed"):
            flat[name] = np.asarray(value).tobytes()
    return flat


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("times", [None, EarlyTimes(within=2, share=0.5), WeibullTimes(shape=1.4, scale=9)])
def test_without_rates_every_byte_is_that_without_a_model(policy, times):
    design = replace(DESIGNS["BOIN"], pending=policy)
    model = ObservationModel(window=14) if times is None else ObservationModel(window=14, dlt_times=times)
    setting = {"window_days": 14, "accrual": FAST, "n_trials": 500, "seed": 7}
    plain = simulate_calendar(design, TRUTH, dlt_times=times, **setting)
    observed = simulate_calendar(design, TRUTH, observation=model, **setting)
    assert figures(observed) == figures(plain)
    assert plain.observed is None
    assert (observed.observed.replaced, observed.observed.deaths) == (0, 0)
    assert observed.observed.enrolled == pytest.approx(observed.total_patients)


@pytest.mark.parametrize("name", ["CRM, cohorts and rules", "3+3", "rolling six"])
@pytest.mark.parametrize("how", ["wait", "turn_away", "queue"])
def test_played_by_states_trials_are_those_played_in_batches(name, how):
    design = (DESIGNS | GROUPS | {"rolling six": RollingSix(n_doses=3)})[name]
    model = MODELS["risk and adjudication"]
    calendar = Calendar(
        accrual=Accrual(per_month=8, arrivals_while_waiting=how), stagger=Stagger(days_after_first=3), max_days=400
    )
    played = []
    for player in (PlayCompiled(design, StateDecisions(design)), PlayInBatches(design)):
        patients = DrawnPatients(calendar, TRUTH, 14.0, patients=design.max_n, trials=300, seed=2, index=0, model=model)
        setting = setting_of(design, TRUTH, 14.0, calendar, observed=True)
        trials = play_trials(player, patients, setting)
        played.append((trials, ends_of(design, trials, 14.0)))
    (one, its_ends), (other, other_ends) = played
    for name in ("counts", "level", "entered", "assessed", "what", "n", "known", "dlt", "began"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(its_ends.selected, other_ends.selected)
    assert (one.what & 2 > 0).any()


def test_the_same_bytes_for_any_jobs():
    design, model = replace(DESIGNS["BOIN"], pending=Settled()), MODELS["replaced"]
    one, two = (
        simulate_calendar(
            design, TRUTH, window_days=14, accrual=FAST, n_trials=20_000, seed=3, observation=model, jobs=jobs
        )
        for jobs in (1, 2)
    )
    assert figures(one) == figures(two)
    for name in OBSERVED_METRICS:
        assert getattr(one.observed, name) == getattr(two.observed, name)
    assert one.observed.enrolled_distribution.tobytes() == two.observed.enrolled_distribution.tobytes()


def test_waiting_for_all_outcomes_gives_the_exact_figures():
    design, model, trials = DESIGNS["BOIN"], MODELS["replaced"], 30_000
    oc = simulate_calendar(
        design, TRUTH, window_days=14, accrual=FAST, n_trials=trials, seed=5, observation=model, target=0.25
    )
    law, paths = model.law(TRUTH), enumerate_paths(design)
    exact = paths.characteristics(law.observed_dlt)
    for metric in ("selected", "patients", "dlts", "total_patients"):
        error = np.asarray(getattr(exact.sd, metric)) / np.sqrt(trials)
        assert (np.abs(np.asarray(getattr(oc, metric)) - getattr(exact, metric)) <= 4 * error + 1e-12).all(), metric
    enrolled = exact.patients / law.evaluable
    for name, wanted in (("enrolled", enrolled.sum()), ("deaths", enrolled @ law.death)):
        assert abs(getattr(oc.observed, name) - wanted) < 4 * getattr(oc.observed.mcse, name), name


def test_a_trial_takes_as_many_replacements_as_it_needs(monkeypatch):
    design, model = DESIGNS["CRM"], MODELS["replaced"]
    wanted = trials_of(design, model, n_trials=50)
    monkeypatch.setattr("doseesc.engines.clock_patients._room_for_replacements", lambda patients, evaluable: 1)
    for one, other in zip(wanted, trials_of(design, model, n_trials=50), strict=True):
        np.testing.assert_array_equal(one.level, other.level)
        np.testing.assert_array_equal(one.entered, other.entered)
    assert max(trial.replaced.sum() for trial in wanted) > 4


def test_one_trial_can_be_followed_by_hand():
    # A patient every 10 days, in cohorts of 2; the second is lost on day 2 of 14: the next to come takes the place.
    design = BOIN(target=0.25, n_doses=3, max_n=4, cohort_size=2)
    calendar = Calendar(accrual=Accrual(per_month=365.25 / 120, process="fixed"))
    model = ObservationModel(window=14, loss=0.3)
    trials = calendar_trials(design, TRUTH, window_days=14, calendar=calendar, n_trials=400, observation=model)
    shapes = {tuple(trial.lost.tolist()): trial for trial in trials if not trial.has_dlt.any()}
    plain = shapes[False, False, False, False]
    np.testing.assert_allclose(plain.entered, [0, 10, 24, 34])
    one = shapes[False, True, False, False, False]
    left = one.assessed[1]
    assert 10 < left < 24
    np.testing.assert_allclose(one.entered, [0, 10, max(20, left), max(20, left) + 14, max(20, left) + 24])
    assert one.level.tolist() == [1, 1, 1, 2, 2]
    assert one.replaced.tolist() == [False, True, False, False, False]
    last = shapes[False, False, False, True, False]
    # A full trial takes the next patient 10 days after one has left.
    np.testing.assert_allclose(last.entered[:4], [0, 10, 24, 34])
    assert last.entered[4] == pytest.approx(last.assessed[3] + 10)


def test_a_death_that_counts_ends_the_wait_at_once():
    design = DESIGNS["BOIN"]
    counted, replaced = (
        simulate_calendar(
            design,
            TRUTH,
            window_days=14,
            accrual=Accrual(per_month=60),
            n_trials=2_000,
            observation=ObservationModel(window=14, death=0.4, deaths=policy),
        )
        for policy in ("all_count", "replaced")
    )
    assert counted.observed.replaced == 0 < replaced.observed.replaced
    model = ObservationModel(window=14, death=0.4, deaths="all_count")
    for trial in trials_of(design, model, n_trials=50):
        np.testing.assert_array_equal(trial.has_dlt[trial.died], True)
        assert (trial.assessed - trial.entered)[trial.died].max() < 14


def test_a_weight_frozen_stays_what_it_was():
    design = replace(DESIGNS["CRM"], pending=Weighted())
    frozen, free, replaced = (
        simulate_calendar(
            design,
            TRUTH,
            window_days=14,
            accrual=SLOW,
            n_trials=1_000,
            observation=ObservationModel(window=14, loss=0.5, losses=policy),
        )
        for policy in ("weight_frozen", "dlt_free", "replaced")
    )
    assert frozen.observed.enrolled == free.observed.enrolled == 12 < replaced.observed.enrolled
    levels = np.arange(4)
    # Half a follow-up without a DLT says less for a dose than a whole one.
    assert frozen.selected @ levels < free.selected @ levels


@pytest.mark.parametrize(
    ("design", "given", "words"),
    [
        (DESIGNS["BOIN"], {"losses": "weight_frozen"}, "BOIN with pending Complete weighs nobody"),
        (RollingSix(n_doses=3), {"deaths": "weight_frozen"}, "RollingSix with pending ByTable weighs nobody"),
        (DESIGNS["BOIN"], {"curve_window": 28}, "window_days must be the days that the probabilities refer to, 28"),
    ],
)
def test_what_cannot_be_observed_is_refused(design, given, words):
    model = ObservationModel(window=14, death=0.2, loss=0.1, **given)
    with pytest.raises(ValueError, match=words):
        simulate_calendar(design, TRUTH, window_days=14, accrual=FAST, n_trials=10, observation=model)
    with pytest.raises(ValueError, match=words):
        trials_of(design, model)


def test_times_of_dlts_are_given_once():
    model = ObservationModel(window=14, death=0.2)
    with pytest.raises(ValueError, match="dlt_times must be left out"):
        trials_of(DESIGNS["BOIN"], model, dlt_times=EarlyTimes(within=2, share=0.5))
