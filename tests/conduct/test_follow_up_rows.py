"""Decision tables with limits on follow-up: the published ones, row by row, and what the command prints and writes."""

import io
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import doseesc
from designs import BOIN, CCD, CRM, MTPI, Keyboard, Pending, Tally, Weighted
from doseesc.conduct import trial_of
from doseesc.conduct.follow_up_rows import follow_up_rows
from doseesc.files import csv_text, json_text
from doseesc.report.protocol.decisions import decision_blocks
from doseesc.report.terminal import table_lines
from doseesc.study.shipped import shipped_scenarios
from doseesc.validation.cases.follow_up import by_state

POLICIES = {"Yuan": Weighted(), "Chen": Weighted(suspend_above=0.49, minimum_followed=0.25)}
TITE_BOIN = BOIN(target=0.3, n_doses=3, max_n=15, pending=Weighted())


@pytest.mark.parametrize(
    "design",
    [
        TITE_BOIN,
        BOIN(target=0.25, n_doses=3, max_n=12, pending=POLICIES["Chen"]),
        BOIN(target=0.25, n_doses=3, max_n=12, pending=Weighted(estimate="ess")),
        Keyboard(target=0.3, n_doses=3, max_n=12, pending=Weighted(suspend_above=0.5, suspend_first=True)),
        MTPI(target=0.3, n_doses=3, max_n=12, pending=Weighted(weights=(0.5, 0.5))),
        CCD(target=0.3, n_doses=3, max_n=12, exclusion_certainty=0.95, pending=Weighted()),
    ],
    ids=["imputation", "Chen", "ess", "suspend first", "weighted", "CCD"],
)
def test_rows_are_what_the_design_decides(design):
    """In every attainable state, at the middle of three levels, with little, half and nearly whole follow-up."""
    states = by_state(follow_up_rows(design))
    assert len(states) == sum(n + 1 - y for n in range(1, 13) for y in range(n + 1)) or design.max_n != 12
    asked = [(*at, share) for at in states if at[0] < design.max_n for share in (0.05, 0.5, 0.95)]
    n, y, c, share = (np.array(each) for each in zip(*asked, strict=True))
    places = np.arange(c.max()) < c[:, None]
    zero = np.zeros_like(n)
    known = Tally(n=np.stack([zero, n - c, zero], 1), dlt=np.stack([zero, y, zero], 1), level=zero + 2)
    pending = Pending(level=2 * places, days=np.where(places, share[:, None] * 28, 0), window_days=28, n_doses=3)
    decision = design.decide(known, pending)
    for at, part, level, waits in zip(asked, share, decision.level, decision.waits, strict=True):
        row = states[at[:3]]
        count = at[2] * part + (at[0] - at[2] if design.pending.filled_in(design).estimate == "ess" else 0)
        letters = row.decision.split("/")
        if row.escalate_from is not None and count >= row.escalate_from:
            expected = letters[0]
        elif row.deescalate_to is not None and count <= row.deescalate_to:
            expected = "D"
        else:
            expected = "S" if len(letters) > 1 else letters[0]
        if expected == "E" and part < row.followed:
            expected = "W"
        assert ("W" if waits else {1: "D", 2: "S", 3: "E"}[int(level)]) == expected.replace("DU", "D")


def test_the_table_of_tite_boin():
    table = doseesc.decision_table(TITE_BOIN)
    assert table.statistic == "STFT"
    assert table.cells[6] == ("E", "E", "S", "D", "DU", "DU", "DU")
    frame = table.to_frame()
    assert list(frame) == [
        *("n", "dlt_min", "dlt_max", "pending_min", "pending_max", "decision"),
        *("escalate_if_stft_ge", "deescalate_if_stft_le", "followed_ge"),
    ]
    assert set("/".join(frame["decision"]).split("/")) <= set(table.legend)
    row = frame[(frame["n"] == 6) & (frame["dlt_min"] == 1) & (frame["pending_min"] == 2)].iloc[0]
    assert (row["decision"], round(row["escalate_if_stft_ge"], 2)) == ("E/S", 0.6)


def test_a_study_says_how_long_a_window_is():
    study = doseesc.load(shipped_scenarios()["nct04602104"])
    assert doseesc.decision_table(study, TITE_BOIN).legend["STFT"].endswith("in DLT windows of 14 days")
    weighted = replace(TITE_BOIN, pending=Weighted(weights=(0.2, 0.8), estimate="ess"))
    assert doseesc.decision_table(weighted).legend["WESS"].endswith("in DLT windows, weighted")
    chen = replace(TITE_BOIN, pending=POLICIES["Chen"])
    assert "followed for 25 % of the window" in doseesc.decision_table(chen).legend["each"]


def test_it_is_written_as_csv_and_json():
    table = doseesc.decision_table(TITE_BOIN)
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(csv_text(table.to_frame()))), table.to_frame())
    rows = json.loads(json_text(table.to_dict()))["decisions"]
    assert len(rows) == len(table.follow_up)
    assert rows[0] == {
        "n": 1,
        "dlt_min": 0,
        "dlt_max": 0,
        "pending_min": 0,
        "pending_max": 0,
        "decision": "E",
        "escalate_if_stft_ge": None,
        "deescalate_if_stft_le": None,
        "followed_ge": 0.0,
    }


def test_what_is_printed_fits_eighty_columns():
    for design in (TITE_BOIN, BOIN(target=0.3, n_doses=3, max_n=30, pending=POLICIES["Chen"])):
        lines = [each.plain for each in table_lines(doseesc.decision_table(design))]
        end = lines.index("", 2)
        assert max(map(len, lines[:end])) <= 80
        assert lines[2].split("  ")[0] == "patients"
        assert lines[2].endswith("down if STFT")
    assert any(each.split() == ["1", "2", "E", "or", "S", ">=", "0.60,", "each", ">=", "0.25"] for each in lines)
    assert lines[end - 1].startswith("... and ")


def test_the_protocol_prints_the_limits():
    blocks = list(decision_blocks(trial_of(TITE_BOIN)))
    table = next(each.table for each in blocks if each.table is not None)
    assert table.columns == ("patients", "DLTs", "pending", "decision", "up if STFT", "down if STFT")
    texts = [tuple(cell.text for cell in row) for row in table.rows]
    assert ("9", "2", "4", "E or S", ">= 3.77", "") in texts
    assert {row[0] for row in texts} == {"3", "6", "9", "12", "15"}
    assert any(each.text.startswith("STFT: total follow-up") for each in blocks)


def test_designs_that_do_not_weigh_have_the_table_of_complete_data():
    assert doseesc.decision_table(BOIN(target=0.3, n_doses=3, max_n=15)).follow_up is None
    weighing = CRM(target=0.3, skeleton=(0.2, 0.3, 0.4), max_n=6, cohort_size=3)
    assert doseesc.decision_table(weighing).statistic == ""


def test_command_prints_and_writes_the_limits(cli):
    code, out, err = cli("table", "tite", "--design", "TITE-BOIN")
    assert (code, err) == (0, "")
    assert ["1", "3", "E", "or", "S", ">=", "1.96"] in [each.split() for each in out.splitlines()]
    assert "STFT total follow-up of the patients pending at the dose, in DLT windows of 90 days" in out
    code, out, _ = cli("table", "tite", "--design", "TITE-BOIN", "--format", "csv")
    frame = doseesc.decision_table(doseesc.load(shipped_scenarios()["tite"]), "TITE-BOIN").to_frame()
    assert code == 0
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(out)), frame)
