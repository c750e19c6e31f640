"""Entries of a decision table at which the trial stops are stops, in every output."""

import numpy as np
import pytest

from designs import (
    BOIN,
    MTPI2,
    CoherentEscalation,
    Pending,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    Tally,
    Weighted,
)
from doseesc.conduct import decision_letters, decision_table
from doseesc.conduct.stopping_cells import STOP, with_stops
from doseesc.report.figures.doses import table_figure
from doseesc.report.protocol.decisions import decision_blocks
from doseesc.report.terminal.decision_table import table_lines

BASE = {"target": 0.25, "n_doses": 3, "max_n": 18, "cohort_size": 3}
STOPPING = {
    "BOIN's own": BOIN(**BASE, stop_at_n=9),
    "at the level recommended": BOIN(**BASE, rules=(StopAtRecommended(n=9),)),
    "at any dose": MTPI2(**BASE, rules=(StopAtDose(n=12),)),
}


@pytest.mark.parametrize("name", STOPPING)
def test_stops_are_the_designs_decisions(name):
    """Asked one by one at the middle dose, after a clean cohort below."""
    design = STOPPING[name]
    plain, cells = decision_letters(design), decision_table(design).cells
    assert any(STOP in letters for letters in cells.values())
    for n, letters in cells.items():
        for dlts, letter in enumerate(letters):
            if letter != STOP:
                assert letter == plain[n][dlts]
            if n + 3 >= design.max_n:
                continue
            decision = design.decide(Tally(n=[[3, n, 0]], dlt=[[0, dlts, 0]], level=[2]))
            assert (decision.level[0] == 0) == (letter == STOP)


def test_what_the_largest_number_ends_and_what_hangs_on_the_dose_keep_their_letters():
    without = BOIN(**BASE)
    assert decision_table(without).cells == decision_letters(without)
    lowest = BOIN(**BASE, rules=(StopTooToxic(level=1, confidence=0.9),))
    assert not any(STOP in letters for letters in decision_table(lowest).cells.values())


def test_rules_that_remember_leave_the_letters():
    design = BOIN(**BASE, stop_at_n=9, rules=(CoherentEscalation(),))
    cells = decision_letters(design)
    found = with_stops(design, cells)
    assert (found == cells) == bool(design.needed_memory)


def test_every_output_shows_them():
    table = decision_table(STOPPING["BOIN's own"])
    frame = table.to_frame()
    stopped = frame[(frame["n"] == 9) & (frame["dlt"] == 2)]["decision"]
    assert stopped.tolist() == [STOP]
    assert table.legend[STOP].startswith("the trial ends")
    text = [line.plain for line in table_lines(table)]
    row = next(line.split() for line in text if line.startswith("2 "))
    assert row[1:] == [{STOP: "X"}.get(table.cells[n][2], table.cells[n][2]) for n in range(2, 19)]
    assert "X" in {each.get_text() for each in table_figure(table).axes[0].texts}
    shown = " ".join(str(block) for block in decision_blocks(table.trial))
    assert "'X'" in shown
    assert not np.any([STOP in letters for letters in decision_letters(table.trial.design).values()])


WEIGHING = {
    "imputation": BOIN(**BASE, stop_at_n=9, pending=Weighted()),
    "ess, at any dose": BOIN(**BASE, rules=(StopAtDose(n=12),), pending=Weighted(estimate="ess")),
    "mTPI-2, recommended": MTPI2(**BASE, rules=(StopAtRecommended(n=9),), pending=Weighted()),
    "minimum followed": BOIN(**BASE, stop_at_n=6, pending=Weighted(minimum_followed=0.25)),
}


def letter_at(row, total):
    """Return the letter of a row that holds at a value of its statistic."""
    letters = row.decision.split("/")
    if row.escalate_from is not None and total >= row.escalate_from:
        return letters[0]
    if row.deescalate_to is not None and total <= row.deescalate_to:
        return letters[-1]
    return letters[1] if row.escalate_from is not None else letters[0]


@pytest.mark.parametrize("name", WEIGHING)
def test_stops_of_tables_with_follow_up_are_the_designs_decisions(name):
    """Asked one by one at the middle dose, after a clean cohort below, for much and little follow-up."""
    design = WEIGHING[name]
    table = decision_table(design)
    asked = [
        (row, y, c, share)
        for row in table.follow_up
        for y in range(row.dlt[0], row.dlt[1] + 1)
        for c in range(row.pending[0], min(row.pending[1], row.n - y) + 1)
        for share in ((0.03, 0.2, 0.4, 0.6, 0.8, 0.97) if c else (0.0,))
        if row.n + 3 < design.max_n
    ]
    n, dlt = np.zeros((2, len(asked), 3), dtype=int)
    places = max(c for _, _, c, _ in asked)
    where, days = np.zeros((len(asked), places), dtype=int), np.zeros((len(asked), places))
    for at, (row, y, c, share) in enumerate(asked):
        n[at], dlt[at] = (3, row.n - c, 0), (0, y, 0)
        where[at, :c], days[at, :c] = 2, share * 28
    decision = design.decide(
        Tally(n=n, dlt=dlt, level=[2] * len(asked)), Pending(level=where, days=days, window_days=28, n_doses=3)
    )
    found = []
    for (row, _, c, share), level in zip(asked, decision.level, strict=True):
        known = row.n - c if table.statistic == "ESS" else 0
        letter = letter_at(row, known + share * c)
        found.append(letter == STOP)
        if letter not in ("W", "DU") and (not c or share >= row.followed):
            assert (level == 0) == (letter == STOP), (row, c, share)
    assert any(found)
    assert not all(found)


def test_follow_up_tables_show_stops():
    table = decision_table(WEIGHING["imputation"])
    assert table.legend[STOP].startswith("the trial ends")
    frame = table.to_frame()
    assert "E/stop" in set(frame["decision"])
    assert frame[(frame["decision"] == STOP)][["escalate_if_stft_ge", "deescalate_if_stft_le"]].isna().all(axis=None)
    assert table.legend[STOP] == "the trial ends, at whatever dose this is met"
    assert any("E or stop" in line.plain for line in table_lines(table))
    without = decision_table(BOIN(**BASE, pending=Weighted()))
    assert STOP not in without.legend
    assert not any(STOP in row.decision for row in without.follow_up)
