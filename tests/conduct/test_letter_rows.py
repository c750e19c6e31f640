"""Decision tables over patients pending without limits on follow-up: rolling six, and users' tables."""

import io

import numpy as np
import pandas as pd
import pytest

import doseesc
from designs import Pending, RollingSix, TableDesign, Tally
from doseesc.conduct import letter_table, trial_of
from doseesc.conduct.letter_rows import letter_rows
from doseesc.report.protocol.decisions import decision_blocks
from doseesc.validation.cases.follow_up import by_state
from doseesc.validation.cases.rolling_six import published

WRITTEN = {2: {0: "ESU", 1: "SS", 2: "S"}, 4: {0: "EEMU", 1: "WWWU", 2: "WWW", 3: "WW", 4: "W"}}
DESIGNS = [RollingSix(n_doses=3, variant=variant) for variant in ("protocol", "eager", "iq")]


def decided(design, n, y, c):
    """What a design decides at the middle of three levels with so many entered, c of them pending."""
    known = Tally(n=[[6, n - c, 0]], dlt=[[0, y, 0]], level=[2])
    if c == 0:
        return design.decide(known)
    return design.decide(known, Pending(level=[[2] * c], days=[[3.0] * c], window_days=28, n_doses=3))


@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: design.variant)
def test_rows_are_what_a_rolling_six_decides(design):
    states = by_state(letter_rows(design))
    most = max(n for n, _, _ in states)
    assert len(states) == sum(n + 1 - y for n in range(1, most + 1) for y in range(n + 1))
    for (n, y, c), row in states.items():
        decision = decided(design, n, y, c)
        level, waits = int(decision.level[0]), bool(decision.waits[0])
        expected = {
            "E": (3, False), "S": (2, False), "W": (2, True), "M": (0, False), "DU": (0, False),
        }[row.decision]  # fmt: skip
        if row.decision == "DU":  # level 1 is full and without a DLT: the MTD, once nobody above is pending
            assert level < 2
            continue
        assert (level, waits) == expected, (n, y, c)


@pytest.mark.parametrize("variant", ["protocol", "iq"])
def test_the_published_table(variant):
    """Table 2 of Frankel et al. (2020), state by state: the rolling six, and the IQ rolling six beside it."""
    states = by_state(letter_rows(RollingSix(n_doses=3, variant=variant)))
    letters = {"E": {"E"}, "S": {"S"}, "SUS": {"W"}, "D": {"D", "DU"}, "MTD": {"M"}}
    seen = [(states[n, y, c].decision, said) for n, y, c, said in published(variant) if n > 0]
    assert len(seen) > 20
    assert all(ours in letters[said] for ours, said in seen), seen


def test_a_users_table_is_shown_as_it_was_written():
    design = TableDesign(target=0.3, n_doses=3, max_n=12, cohort_size=2, table=WRITTEN)
    rows = by_state(letter_rows(design))
    assert {n for n, _, _ in rows} == {2, 4}  # cohorts of two never add up to 3
    for n, c, letters in design.table:
        assert [rows[n, y, c].decision.replace("DU", "U") for y in range(len(letters))] == list(letters)
    assert rows[4, 4, 0].decision == "DU"  # what is not written after a U is U
    table = letter_table(trial_of(design))
    assert "until 4 have been entered" in table.legend["E"]
    assert set(table.legend) == {"E", "S", "W", "M", "DU"}


def test_command_prints_and_writes_the_table(cli):
    code, out, err = cli("table", "tite", "--design", "rolling six")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["patients", "DLTs", "pending", "decision"] in lines
    assert ["6", "0", "0-1", "E"] in lines
    assert ["0", "2+", "W"] in lines
    assert "DU de-escalate and never return; at the lowest dose stop" in out
    assert not any(line[:1] == ["D"] for line in lines)  # no such letter in this table
    code, out, err = cli("table", "tite", "--design", "rolling six", "--format", "csv")
    assert (code, err) == (0, "")
    frame = pd.read_csv(io.StringIO(out))
    assert list(frame.columns) == ["n", "dlt_min", "dlt_max", "pending_min", "pending_max", "decision"]
    at = frame[(frame.n == 6) & (frame.dlt_min <= 1) & (frame.dlt_max >= 1) & (frame.pending_min == 0)]
    assert np.isin(at.decision, ["E"]).all()


def test_protocol_has_the_table():
    blocks = list(decision_blocks(trial_of(DESIGNS[0])))
    (table,) = [block.table for block in blocks if getattr(block, "table", None) is not None]
    assert table.columns == ("patients", "DLTs", "pending", "decision")
    assert ("6", "0", "0-1", "E") in [tuple(value.text for value in row) for row in table.rows]
    assert any("wait until more is known" in str(block) for block in blocks)
    assert doseesc.decision_table(DESIGNS[0]).statistic == ""
