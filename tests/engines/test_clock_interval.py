"""Interval designs that weigh follow-up, in compiled code: the trials that the design itself decides."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same_trials import assert_played_as_in_batches
from support import ROOT

import doseesc
from designs import (
    BOIN,
    CCD,
    CRM,
    MTPI,
    MTPI2,
    AcceleratedTitration,
    CoherentEscalation,
    CohortSizeByDLTs,
    Complete,
    GlobalCoherence,
    HardSafety,
    Keyboard,
    MinimumPatients,
    NoSkipping,
    SentinelAtNewDose,
    Settled,
    StopAtRecommended,
    StopTooToxic,
    StopWhenStaying,
    TryRescueDose,
    Weighted,
)
from doseesc.engines import Calendar, Stagger, clock_interval
from doseesc.engines.clock_compiled import PlayCompiled
from doseesc.engines.clock_interval import IntervalDecisions
from doseesc.engines.clock_interval_model import decides_by_follow_up
from doseesc.engines.clock_play import player_of
from doseesc.truth import Accrual, LateWeibull

TRUTH = [0.05, 0.15, 0.30, 0.45, 0.60]
COMMON = {"target": 0.3, "n_doses": 5, "max_n": 30, "pending": Weighted()}
TITE = BOIN(**COMMON)
ESS = Weighted(estimate="ess")
CHEN = Weighted(suspend_above=0.49, minimum_followed=0.25)
SAFE = StopTooToxic(confidence=0.7)


def calendar(how="wait", per_month=8.0, process="poisson", **more):
    accrual = Accrual(per_month=per_month, process=process, arrivals_while_waiting=how)
    return Calendar(accrual=accrual, **more)


SETTINGS = {
    "TITE-BOIN": (TITE, {}),
    "effective sample size": (replace(TITE, pending=ESS), {}),
    "two extra rules": (replace(TITE, pending=CHEN), {"dlt_times": LateWeibull(late_share=0.6)}),
    "suspended first": (replace(TITE, pending=Weighted(suspend_first=True, suspend_above=0.3)), {}),
    "extra safe, early stop": (replace(TITE, extra_safe=True, stop_at_n=9, cohort_size=1), {}),
    "weights by parts": (replace(TITE, pending=Weighted(weights=(0.2, 0.3, 0.5), estimate="ess")), {}),
    "all rules": (
        replace(
            TITE,
            rules=(NoSkipping(down=True), CoherentEscalation(), GlobalCoherence(), SAFE, StopAtRecommended(n=12)),
            cohort_size=2,
        ),
        {},
    ),
    "safety of a level nobody is at": (
        replace(TITE, rules=(StopTooToxic(level=2, confidence=0.65, by="beta_binomial"),)),
        {},
    ),
    "Keyboard": (Keyboard(**COMMON), {}),
    "mTPI": (MTPI(**COMMON), {"how": "turn_away", "per_month": 30}),
    "mTPI-2": (MTPI2(**COMMON, rules=(SAFE,)), {"how": "queue", "per_month": 3}),
    "CCD": (CCD(**COMMON, exclusion_certainty=0.8), {"stagger": Stagger(days_after_first=4), "max_days": 200}),
    "one dose": (BOIN(target=0.3, n_doses=1, max_n=9, pending=Weighted()), {}),
    "starting higher": (replace(TITE, start_level=4, max_n=29), {"per_month": 30}),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_compiled_trials_are_those_of_the_design(name):
    design, course = SETTINGS[name]
    player = player_of(design)
    assert isinstance(player.decisions, IntervalDecisions)
    truth = [0.4, *TRUTH[1:]] if "safety" in name else TRUTH
    assert_played_as_in_batches(player, design, calendar(**course), truth[: design.n_doses])


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from([BOIN, CCD, Keyboard, MTPI, MTPI2]),
    st.fixed_dictionaries(
        {
            "target": st.sampled_from([0.2, 0.3]),
            "n_doses": st.integers(1, 4),
            "max_n": st.integers(3, 24),
            "cohort_size": st.integers(1, 3),
        }
    ),
    st.builds(
        Weighted,
        weights=st.sampled_from(["linear", (0.5, 0.3, 0.2)]),
        suspend_above=st.sampled_from([None, 0.0, 0.5, 1.0]),
        minimum_followed=st.sampled_from([0.0, 0.3, 1.0]),
        minimum_known=st.sampled_from([None, 0, 2]),
        suspend_first=st.booleans(),
    ),
    st.tuples(
        *(
            st.sampled_from([(), (rule,)])
            for rule in (NoSkipping(), CoherentEscalation(), GlobalCoherence(), SAFE, StopWhenStaying(n=6))
        )
    ).map(lambda chosen: sum(chosen, ())),
    st.sampled_from(["wait", "turn_away", "queue"]),
    st.sampled_from([(1.0, "poisson"), (8.0, "poisson"), (30.0, "poisson"), (365.25 / 12 / 2, "fixed")]),
    st.integers(0, 2**31),
)
def test_compiled_trials_are_those_of_the_design_in_any_setting(kind, options, policy, rules, how, pace, seed):
    design = kind(**options, pending=policy, rules=rules)
    assert decides_by_follow_up(design)
    truth = np.linspace(0.1, 0.6, design.n_doses)
    assert_played_as_in_batches(
        PlayCompiled(design, IntervalDecisions(design)), design, calendar(how, *pace), truth, trials=40, seed=seed
    )


def test_where_follow_up_comes_near_a_limit_the_design_itself_is_asked(monkeypatch):
    asked = []
    decide = clock_interval.decide_looks
    monkeypatch.setattr(clock_interval, "decide_looks", lambda *given: (asked.append(len(given[3])), decide(*given)))
    # One DLT, and a limit of whole windows on the effective sample size: whole days of follow-up reach it exactly.
    design = CCD(target=0.25, delta=0.05, n_doses=3, max_n=18, cohort_size=1, pending=Weighted(minimum_known=0))
    every_other_day = calendar(per_month=365.25 / 12 / 2, process="fixed")
    assert_played_as_in_batches(
        PlayCompiled(design, IntervalDecisions(design)), design, every_other_day, [0.2, 0.3, 0.4], window=10.0
    )
    assert asked


@dataclass(frozen=True, kw_only=True)
class OwnBOIN(BOIN):
    """A BOIN of somebody else's."""


@dataclass(frozen=True)
class OwnWeights(Weighted):
    """A policy of somebody else's."""


@pytest.mark.parametrize(
    "design",
    [
        OwnBOIN(**COMMON),
        replace(TITE, pending=OwnWeights()),
        replace(TITE, pending=Complete()),
        replace(TITE, pending=Settled()),
        replace(TITE, pending=Weighted(weights="adaptive")),
        replace(TITE, titration=True),
        replace(TITE, stop_at_n=9, rules=(StopWhenStaying(n=12),)),
        replace(TITE, rules=(AcceleratedTitration(),)),
        replace(TITE, rules=(HardSafety(),)),
        replace(TITE, rules=(SAFE, TryRescueDose(n=3))),
        replace(TITE, rules=(SentinelAtNewDose(),)),
        replace(TITE, rules=(CohortSizeByDLTs(((0, 1), (1, 3))),)),
        replace(TITE, rules=(StopAtRecommended(n=9), MinimumPatients(n=12))),
        CRM(target=0.25, skeleton=(0.1, 0.25), max_n=24, pending=Weighted()),
    ],
)
def test_what_is_not_known_is_declined(design):
    assert not decides_by_follow_up(design)
    assert not isinstance(getattr(player_of(design), "decisions", None), IntervalDecisions)


def test_the_shipped_file_is_played_in_compiled_code():
    study = doseesc.load(ROOT / "scenarios/tite.yaml")
    assert isinstance(player_of(study.designs["TITE-BOIN"]).decisions, IntervalDecisions)
