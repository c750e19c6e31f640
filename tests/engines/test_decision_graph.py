"""Decisions found by the exact engine serve the simulation, which then asks the design nothing."""

import numpy as np
import pytest

from designs import BOIN, CRM, AcceleratedTitration, Design, SelectTried, StopTooToxic, ThreePlusThree, skeleton
from doseesc.engines.decision_graph import DecisionGraph
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.montecarlo import TrialBlock, play

TRUTH = np.array([0.05, 0.15, 0.3])
CURVE = skeleton(target=0.25, halfwidth=0.05, prior_mtd=2, n_doses=3)
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=16),
    "CRM": CRM(target=0.25, skeleton=CURVE, max_n=18, cohort_size=3, rules=(StopTooToxic(), SelectTried())),
    "titration": BOIN(target=0.25, n_doses=3, max_n=15, rules=(AcceleratedTitration(),)),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_nothing_is_asked_again(name, monkeypatch):
    design = DESIGNS[name]
    block = TrialBlock.draw(1, 0, design.max_n, 2000)
    asked = DecisionGraph(design)
    before = play(asked, TRUTH, block)
    known = DecisionGraph(design)
    paths = enumerate_paths(design, graph=known)
    assert known.size == paths.n_states
    monkeypatch.setattr(type(design), "decide", _must_not_be_asked)
    after = play(known, TRUTH, block)
    for of in ("n", "dlt", "level"):
        assert np.array_equal(getattr(known.tally, of)[after], getattr(asked.tally, of)[before])
    assert np.array_equal(known.selected[after], asked.selected[before])
    assert np.array_equal(known.reason_code[after], asked.reason_code[before])


def test_more_decisions_than_are_worth_keeping_are_asked_for(monkeypatch):
    monkeypatch.setattr("doseesc.engines.decision_graph._MANY", 10)
    design = DESIGNS["BOIN"]
    known = DecisionGraph(design)
    enumerate_paths(design, graph=known)
    assert 1 < known.size <= 10
    block = TrialBlock.draw(1, 0, design.max_n, 500)
    asked = DecisionGraph(design)
    before, after = play(asked, TRUTH, block), play(known, TRUTH, block)
    assert np.array_equal(known.tally.n[after], asked.tally.n[before])


def _must_not_be_asked(*_: object) -> Design:
    raise AssertionError("the decision is known")
