"""What holds of every interval design that weighs pending patients, whatever its numbers."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from designs import BOIN, CCD, MTPI, MTPI2, Complete, Keyboard, Pending, Tally, Weighted

WINDOW = 28.0
RANK = {"D": 0, "S": 1, "W": 2, "E": 3}
SHARES = st.floats(0, 0.999)


@st.composite
def policies(draw, kind):
    return Weighted(
        weights=draw(st.sampled_from(["linear", (0.2, 0.3, 0.5), (0.6, 0.4)])),
        estimate=draw(st.sampled_from(kind.estimates)),
        suspend_above=draw(st.sampled_from([None, 0.3, 0.49, 0.5, 1.0])),
        minimum_followed=draw(st.sampled_from([0.0, 0.25, 0.5])),
        minimum_known=draw(st.sampled_from([None, 0, 2, 3])),
        suspend_first=draw(st.booleans()),
    )


@st.composite
def designs(draw):
    kind = draw(st.sampled_from([BOIN, CCD, Keyboard, MTPI, MTPI2]))
    target = draw(st.sampled_from([0.15, 0.2, 0.25, 0.3, 1 / 3, 0.4]))
    return kind(target=target, n_doses=3, max_n=40, pending=draw(policies(kind)))


@st.composite
def states(draw):
    """Patients entered, known DLTs, and the follow-up of each pending patient as a share of the window."""
    n = draw(st.integers(1, 15))
    y = draw(st.integers(0, n))
    return n, y, draw(st.lists(SHARES, max_size=n - y))


def letter(design, n, y, follow_up):
    places = [2] * len(follow_up) or [0]
    days = np.array([follow_up or [0.0]]) * WINDOW
    known = Tally(n=[[0, n - len(follow_up), 0]], dlt=[[0, y, 0]], level=[2])
    decision = design.decide(known, Pending(level=[places], days=days, window_days=WINDOW, n_doses=3))
    return "W" if decision.waits[0] else {1: "D", 2: "S", 3: "E"}[int(decision.level[0])]


@given(designs(), states())
def test_with_nobody_pending_it_is_the_design_of_complete_data(design, state):
    n, y, _ = state
    assert letter(design, n, y, []) == letter(replace(design, pending=Complete()), n, y, [])


@given(designs(), states(), st.data())
def test_more_follow_up_never_lowers_the_decision(design, state, data):
    n, y, follow_up = state
    longer = [max(share, data.draw(SHARES)) for share in follow_up]
    assert RANK[letter(design, n, y, longer)] >= RANK[letter(design, n, y, follow_up)]


@given(designs(), states())
def test_no_escalation_at_or_above_the_target(design, state):
    n, y, follow_up = state
    if y / n >= design.target - 1e-12:
        assert letter(design, n, y, follow_up) != "E"


@given(designs(), states())
def test_a_sure_deescalation_is_not_held_back(design, state):
    n, y, follow_up = state
    sure = letter(replace(design, pending=Complete()), n, y, []) == "D"
    held = design.pending.suspend_first and letter(design, n, y, follow_up) == "W"
    if sure and not held:
        assert letter(design, n, y, follow_up) == "D"


@given(designs(), states())
def test_the_order_of_patients_is_of_no_account(design, state):
    n, y, follow_up = state
    assert letter(design, n, y, follow_up) == letter(design, n, y, follow_up[::-1])
