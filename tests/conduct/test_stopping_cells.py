"""Entries of a decision table at which the trial stops are stops, in every output."""

import numpy as np
import pytest

from designs import BOIN, MTPI2, CoherentEscalation, StopAtDose, StopAtRecommended, StopTooToxic, Tally
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
