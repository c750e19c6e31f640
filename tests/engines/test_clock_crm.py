"""TITE-CRM trials in compiled code are those that the design itself decides, patient by patient."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same_trials import assert_played_as_in_batches, played
from support import ROOT

import doseesc
from designs import (
    BOIN,
    CRM,
    CRMMLE,
    AllOf,
    CoherentDeescalation,
    CoherentEscalation,
    Complete,
    FollowPath,
    GlobalCoherence,
    HardSafety,
    MinimumAtMTD,
    MinimumPatients,
    NoSkipping,
    SelectTried,
    Settled,
    StopAtRecommended,
    StopTooToxic,
    StopWhenStaying,
    Weighted,
    skeleton,
)
from doseesc.engines import Calendar, Stagger, clock_crm, clock_rules
from doseesc.engines.clock_compiled import PlayCompiled
from doseesc.engines.clock_crm import CrmDecisions
from doseesc.engines.clock_crm_model import dose_boundaries, is_tite_crm
from doseesc.engines.clock_play import player_of, setting_of
from doseesc.engines.clock_rules import UNSURE
from doseesc.truth import Accrual, EarlyTimes, LateWeibull

SKELETON = tuple(skeleton(target=0.25, halfwidth=0.06, prior_mtd=3, n_doses=5))
TRUTH = [0.05, 0.12, 0.25, 0.40, 0.55]
TITE = CRM(target=0.25, skeleton=SKELETON, max_n=24, cohort_size=1, pending=Weighted())
SAFE = StopTooToxic(confidence=0.8)


def calendar(how="wait", per_month=8.0, **more):
    return Calendar(accrual=Accrual(per_month=per_month, arrivals_while_waiting=how), **more)


SETTINGS = {
    "as in the literature": ({}, {}),
    "no rules": ({"rules": ()}, {}),
    "all rules": (
        {
            "rules": (
                NoSkipping(reference="highest_tried", down=True),
                CoherentEscalation(),
                GlobalCoherence(target=0.3),
                SAFE,
                StopAtRecommended(n=9),
                StopWhenStaying(n=7),
                SelectTried(),
                MinimumAtMTD(n=3),
            )
        },
        {},
    ),
    "safety at another level": ({"rules": (NoSkipping(), StopTooToxic(level=2, above=0.4, confidence=0.5))}, {}),
    "cohorts of three": ({"cohort_size": 3, "max_n": 20, "rules": (NoSkipping(), CoherentEscalation(), SAFE)}, {}),
    "logistic": ({"model": "logistic", "rules": (SAFE,)}, {}),
    "a floor": ({"floor": 0.05}, {}),
    "adaptive weights": ({"pending": Weighted(weights="adaptive")}, {"dlt_times": LateWeibull(late_share=0.6)}),
    "weights by parts": (
        {"pending": Weighted(weights=(0.2, 0.3, 0.5))},
        {"dlt_times": EarlyTimes(within=4, share=0.7)},
    ),
    "suspended": ({"pending": Weighted(suspend_above=0.5, minimum_followed=0.25, minimum_known=2)}, {}),
    "turned away while suspended": ({"pending": Weighted(suspend_above=0.4)}, {"how": "turn_away", "per_month": 30}),
    "a queue": ({"pending": Weighted(minimum_known=1)}, {"how": "queue", "per_month": 3}),
    "staggered": ({"cohort_size": 2}, {"stagger": Stagger(days_after_first=5), "max_days": 150}),
    "starting higher": ({"start_level": 3, "selection": "next_level"}, {"per_month": 20, "first_gap": True}),
    "one dose": ({"skeleton": (0.25,)}, {}),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_compiled_trials_are_those_of_the_design(name):
    changes, course = SETTINGS[name]
    design = replace(TITE, **changes)
    player = player_of(design)
    assert isinstance(player.decisions, CrmDecisions)
    assert_played_as_in_batches(player, design, calendar(**course), TRUTH[: design.n_doses])


OPTIONS = {
    "target": st.sampled_from([0.15, 0.25, 0.33]),
    "max_n": st.integers(3, 30),
    "cohort_size": st.integers(1, 3),
    "start_level": st.integers(1, 4),
    "model": st.sampled_from(["empiric", "logistic"]),
    "prior_sd": st.sampled_from([0.5, 1.34**0.5, 2.5]),
    "floor": st.sampled_from([0.0, 0.03]),
    "skeleton": st.sampled_from([SKELETON, (0.1, 0.25, 0.4, 0.6), (0.01, 0.02, 0.1, 0.3, 0.5, 0.7)]),
    "pending": st.builds(
        Weighted,
        weights=st.sampled_from(["linear", "adaptive", (0.5, 0.3, 0.2)]),
        suspend_above=st.sampled_from([None, 0.0, 0.5, 1.0]),
        minimum_followed=st.sampled_from([0.0, 0.3, 1.0]),
        minimum_known=st.sampled_from([None, 0, 1]),
    ),
    "rules": st.tuples(
        *(
            st.sampled_from([(), (rule,)])
            for rule in (NoSkipping(), CoherentEscalation(), GlobalCoherence(), SAFE, StopAtRecommended(n=3))
        )
    ).map(lambda chosen: sum(chosen, ())),
}


@settings(max_examples=25, deadline=None)
@given(
    st.fixed_dictionaries(OPTIONS),
    st.sampled_from(["wait", "turn_away", "queue"]),
    st.sampled_from([1.0, 6.0, 30.0]),
    st.integers(0, 2**31),
)
def test_compiled_trials_are_those_of_the_design_in_any_setting(options, how, per_month, seed):
    design = CRM(**options)
    assert is_tite_crm(design)
    truth = np.linspace(0.05, 0.6, design.n_doses)
    assert_played_as_in_batches(
        PlayCompiled(design, CrmDecisions(design)), design, calendar(how, per_month), truth, trials=40, seed=seed
    )


def test_where_a_sum_comes_near_a_limit_the_design_itself_is_asked(monkeypatch):
    asked = []
    decide = clock_crm.decide_looks
    monkeypatch.setattr(clock_crm, "decide_looks", lambda *given: (asked.append(len(given[3])), decide(*given)))
    # Nobody has been followed when the second patient comes: the mean is 0, and there two doses are equally near.
    tied = replace(TITE, target=0.3, skeleton=(0.1, 0.2, 0.4, 0.6), start_level=2, rules=())
    assert np.abs(dose_boundaries(tied)).min() < 1e-15
    at_once = Calendar(accrual=Accrual(per_month=1e9, process="fixed"), max_days=0.001)
    assert_played_as_in_batches(PlayCompiled(tied, CrmDecisions(tied)), tied, at_once, [0.1, 0.2, 0.4, 0.6], trials=20)
    assert asked


def test_next_to_no_trial_comes_near_a_limit(monkeypatch):
    monkeypatch.setattr(clock_crm, "decide_looks", lambda *given: pytest.fail("near a limit"))
    design = replace(TITE, rules=(NoSkipping(), CoherentEscalation(), SAFE))
    played(PlayCompiled(design, CrmDecisions(design)), design, calendar(), TRUTH, trials=2000)


def test_a_likelihood_too_small_for_its_digits_is_left_to_the_design():
    decisions = CrmDecisions(TITE)
    model, trials = decisions._model, played(PlayCompiled(TITE, decisions), TITE, calendar(), TRUTH, trials=1)
    setting = setting_of(TITE, np.array(TRUTH), 14.0, calendar())
    answers = [
        clock_crm._answer(trials, setting, model, model.prior * scale, trials.dlt[0], 0, True)
        for scale in (1, 1e-180, 1e-250)
    ]
    assert answers[0] == answers[1] > 0
    assert answers[2] == UNSURE


@dataclass(frozen=True, kw_only=True)
class OwnCRM(CRM):
    """A CRM of somebody else's."""


@dataclass(frozen=True)
class OwnSkipping(NoSkipping):
    """A rule of somebody else's."""


@dataclass(frozen=True)
class OwnWeights(Weighted):
    """A policy of somebody else's."""


@pytest.mark.parametrize(
    "design",
    [
        OwnCRM(target=0.25, skeleton=SKELETON, max_n=24, pending=Weighted()),
        replace(TITE, pending=OwnWeights()),
        replace(TITE, pending=Complete()),
        replace(TITE, pending=Settled()),
        replace(TITE, estimate="posterior_mean"),
        replace(TITE, floor_prior=(1, 9)),
        replace(TITE, max_n=301),
        replace(TITE, rules=(OwnSkipping(),)),
        replace(TITE, rules=(NoSkipping(), NoSkipping(down=True))),
        replace(TITE, rules=(SAFE, StopTooToxic(level=2))),
        replace(TITE, rules=(StopTooToxic(by="beta_binomial"),)),
        replace(TITE, rules=(CoherentDeescalation(),)),
        replace(TITE, rules=(HardSafety(),)),
        replace(TITE, rules=(FollowPath((1, 2, 3)),)),
        replace(TITE, rules=(StopAtRecommended(n=9), MinimumPatients(n=12))),
        replace(TITE, rules=(AllOf((StopAtRecommended(n=9), MinimumPatients(n=12))),)),
        CRMMLE(target=0.25, skeleton=SKELETON, max_n=24, pending=Weighted(), initial_levels=(1, 2)),
        BOIN(target=0.25, n_doses=5, max_n=24, pending=Weighted()),
    ],
)
def test_what_is_not_known_is_declined(design):
    assert not is_tite_crm(design)
    assert not isinstance(getattr(player_of(design), "decisions", None), CrmDecisions)


def test_a_parameter_not_heard_of_is_declined(monkeypatch):
    assert is_tite_crm(TITE)
    monkeypatch.setattr(clock_rules, "_POLICY", clock_rules._POLICY - {"suspend_first"})
    assert not is_tite_crm(TITE)


def test_the_shipped_file_is_played_in_compiled_code():
    study = doseesc.load(ROOT / "scenarios/tite.yaml")
    assert isinstance(player_of(study.designs["TITE-CRM"]).decisions, CrmDecisions)
