"""A table that says what happens while patients are pending: rolling six written down, and what is refused."""

import re
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pending_trials import looks
from support import yaml

from designs import BOIN, Complete, Reason, RollingSix, Settled, TableDesign, Tally
from designs.pending_letters import LETTERS
from doseesc.conduct import decision_table
from doseesc.engines import enumerate_paths
from doseesc.errors import ScenarioError
from doseesc.guide import guide_page
from doseesc.study import load
from doseesc.validation.cases.rolling_six import state

ROLLING_SIX = {
    1: {0: "SS", 1: "S"},
    2: {0: "SSU", 1: "SS", 2: "S"},
    3: {0: "ESU", 1: "SSU", 2: "SS", 3: "S"},
    4: {0: "ESU", 1: "SSU", 2: "SSU", 3: "SS", 4: "S"},
    5: {0: "ESU", 1: "SSU", 2: "SSU", 3: "SSU", 4: "SS", 5: "S"},
    6: {0: "EEU", 1: "EWU", 2: "WWU", 3: "WWU", 4: "WWU", 5: "WW", 6: "W"},
}
"""Skolnik et al. (2008), a letter for 0, 1, ... DLTs by patients entered and patients pending."""

PAGE = guide_page("extending").text

SHARED = {"target": 0.25, "n_doses": 3, "max_n": 18, "cohort_size": 1}
WRITTEN = TableDesign(**SHARED, table=ROLLING_SIX)


def written(variant):
    """A variant of rolling six as a table."""
    letter = RollingSix(n_doses=3, variant=variant).letter_table().letter
    return TableDesign(
        **SHARED,
        table={
            n: {c: "".join(LETTERS[place] for place in letter[n, : n - c + 1, c]) for c in range(n + 1)}
            for n in range(1, len(letter))
        },
    )


TABLES = {"protocol": WRITTEN, "eager": written("eager")}


@pytest.mark.parametrize("variant", TABLES)
@given(seed=st.integers(0, 2**32 - 1))
def test_rolling_six_as_a_table_decides_as_rolling_six(variant, seed):
    design, table = RollingSix(n_doses=3, variant=variant), TABLES[variant]
    for trial, decision in looks(design, Random(seed).randrange):
        known, pending = trial.state()
        again = table.decide(known, pending)
        for part in ("level", "cohort_size", "reason_code"):
            assert getattr(again, part)[0] == getattr(decision, part)[0]
    if decision.reason[0] is Reason.MTD_FOUND and not trial.open():
        assert table.select(known)[0] == design.select(known)[0]


def test_the_guide_writes_it_down():
    example = re.search(r"^(designs:\n  - name: rolling six, written down\n.*?)scenarios:", PAGE, flags=re.S | re.M)[1]
    entry = yaml(example)["designs"][0]
    assert TableDesign(**{**SHARED, "cohort_size": entry["cohort_size"]}, table=entry["table"]) == WRITTEN


def test_its_complete_data_are_enumerated():
    exact = enumerate_paths(WRITTEN).characteristics([0.1, 0.25, 0.45])
    rolling = enumerate_paths(RollingSix(n_doses=3)).characteristics([0.1, 0.25, 0.45])
    np.testing.assert_allclose(exact.patients, rolling.patients, atol=1e-13)
    np.testing.assert_allclose(exact.selected, rolling.selected, atol=1e-13)


def test_letters_of_its_own_wait_stop_and_go_down_for_a_while():
    table = {
        3: {0: "ESDU", 1: "WWD", 2: "WW", 3: "W"},
        6: {0: "EEMDU", 1: "WWMU", 2: "WWWU", 3: "WWWU", 4: "WWU", 5: "WW", 6: "W"},
        9: {0: "EEEMU", **{pending: "W" * min(4, 10 - pending) + "U" * (pending < 6) for pending in range(1, 10)}},
    }
    design = TableDesign(target=0.3, n_doses=3, max_n=27, table=table)
    answers = [
        (([3, 3, 0], [0, 0, 0], [0, 1, 0], 2), (2, 0, Reason.WAIT)),
        (([3, 3, 0], [0, 2, 0], [0, 1, 0], 2), (1, 3, Reason.DEESCALATE)),
        (([6, 3, 0], [0, 2, 0], [0, 0, 0], 1), (2, 3, Reason.ESCALATE)),  # D does not close the level
        (([6, 3, 0], [0, 3, 0], [0, 0, 0], 1), (1, 3, Reason.STAY)),  # U does
        (([3, 6, 0], [0, 2, 0], [0, 1, 0], 2), (0, 0, Reason.MTD_FOUND)),
        (([3, 6, 0], [0, 2, 0], [0, 2, 0], 2), (2, 0, Reason.WAIT)),
        (([3, 3, 9], [0, 0, 1], [0, 0, 0], 3), (0, 0, Reason.MTD_FOUND)),  # nine are the most at a level
        (([3, 3, 8], [0, 0, 0], [0, 0, 0], 3), (3, 1, Reason.STAY)),
        (([3, 9, 3], [0, 1, 3], [0, 1, 0], 3), (3, 0, Reason.WAIT)),
        (([2, 0, 0], [0, 0, 0], [1, 0, 0], 1), (1, 3, Reason.STAY)),  # part of a cohort: go on
    ]
    for given_state, answer in answers:
        decision = design.decide(*state(*given_state))
        assert (int(decision.level[0]), int(decision.cohort_size[0]), decision.reason[0]) == answer, given_state
    known, _ = state([3, 6, 0], [0, 2, 0], [0, 0, 0], 2)
    assert design.decide(known).reason[0] is Reason.MTD_FOUND
    assert design.select(known)[0] == 2
    over, _ = state([3, 10, 0], [0, 1, 0], [0, 0, 0], 2)  # one more than the table has, as after a slip
    assert design.decide(over).level[0] == 3


def without(n, pending):
    table = {entered: dict(rows) for entered, rows in ROLLING_SIX.items()}
    del table[n][pending]
    return table


def with_row(n, pending, letters):
    return {**ROLLING_SIX, n: {**ROLLING_SIX[n], pending: letters}}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (without(5, 5), "table has no decision .* by cohorts of 1: 5 patients, 0 DLTs, 5 pending$"),
        (without(6, 0), "6 patients, 0 DLTs, 0 pending; 6 patients, 1 DLT, 0 pending; .*; and 2 more$"),
        (with_row(4, 1, "S-U"), "table has no decision .*: 4 patients, 1 DLT, 1 pending$"),
        (with_row(6, 0, "SEU"), "table row for 6 patients, 0 pending must not become milder"),
        (with_row(6, 0, "ESU"), "table has no decision .*: 7 patients, 1 DLT, 1 pending$"),
        (with_row(6, 0, "WWU"), "table must not wait where nobody is pending, as with 6 patients, 0 DLTs, 0 pending"),
        (with_row(6, 5, "WWW"), "table row for 6 patients, 5 pending must have at most 2 letters"),
        (with_row(6, 5, "XW"), "table row for 6 patients, 5 pending must hold the letters"),
        (with_row(2, 3, "S"), "table must have at least one patient entered and no more pending, not 2 patients, 3"),
        (with_row(2, "two", "S"), "table must map numbers"),
        ([(1, 0, "SS"), (1, 0, "SS")], "table has two rows for 1 patient, 0 pending"),
    ],
)
def test_what_a_table_leaves_out_or_gets_wrong_is_named(table, message):
    with pytest.raises(ValueError, match=message) as error:
        TableDesign(**SHARED, table=table)
    assert str(error.value).startswith("table ")


def test_states_that_no_trial_reaches_may_be_left_out():
    short = {n: {pending: row for pending, row in rows.items() if n % 3 == 0} for n, rows in ROLLING_SIX.items()}
    TableDesign(target=0.25, n_doses=3, max_n=18, cohort_size=3, table={n: row for n, row in short.items() if row})
    TableDesign(**{**SHARED, "max_n": 5}, table={n: row for n, row in ROLLING_SIX.items() if n < 5})


@pytest.mark.parametrize("policy", [Complete(), Settled()])
def test_the_table_is_the_policy(policy):
    with pytest.raises(ValueError, match=r"^pending must be left out for TableDesign:"):
        TableDesign(**SHARED, table=ROLLING_SIX, pending=policy)
    plain = TableDesign(target=0.3, n_doses=3, max_n=9, table={3: "ESDU", 6: "EESDUUU"}, pending=policy)
    assert plain.pending == policy


def test_a_plain_table_waits_for_everybody_and_has_no_letters_for_pending_patients():
    plain = TableDesign(target=0.3, n_doses=3, max_n=9, table={3: "ESDU", 6: "EESDUUU"})
    assert plain.pending == Complete()
    with pytest.raises(ValueError, match=r"^table has no patients pending$"):
        plain.letter_table()
    with pytest.raises(ValueError, match=r"^pending must be Complete\(\)"):
        BOIN(target=0.3, n_doses=3, max_n=9, pending=WRITTEN.pending)


def test_triples_are_what_is_kept():
    assert WRITTEN.table[:3] == ((1, 0, "SS"), (1, 1, "S"), (2, 0, "SSU"))
    assert TableDesign(**SHARED, table=WRITTEN.table) == WRITTEN
    assert hash(WRITTEN)
    assert "6 entered, 1 pending: EWU" in WRITTEN.describe()


def test_it_is_printed_over_patients_pending():
    frame = decision_table(WRITTEN).to_frame()
    assert {"n", "dlt_min", "pending_min", "pending_max", "decision"} <= set(frame)
    assert frame["pending_max"].max() > 0


SCENARIO = """
study: {title: t}
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.25
dlt_window_days: 28
cohort_size: 3
max_n: 18
designs:
  - {name: committee, type: table, cohort_size: 1, table: TABLE}
scenarios:
  - {name: S, dlt: [0.1, 0.25, 0.45]}
"""


def csv_lines(rows=ROLLING_SIX):
    lines = [
        f"{n},{dlts},{pending},{'DU' if letter == 'U' else letter}"
        for n, by_pending in rows.items()
        for pending, letters in by_pending.items()
        for dlts, letter in enumerate(letters)
    ]
    return ["n,dlts,pending,decision", *lines]


@pytest.mark.parametrize("kind", ["inline", "csv", "yaml"])
def test_a_table_with_pending_patients_from_a_scenario_file(tmp_path, kind):
    inline = "{" + ", ".join(f"{n}: {row}".replace("'", "") for n, row in ROLLING_SIX.items()) + "}"
    (tmp_path / "t.csv").write_text("\n".join(csv_lines()) + "\n")
    (tmp_path / "t.yaml").write_text("\n".join(f"{n}: {row}".replace("'", "") for n, row in ROLLING_SIX.items()))
    given_table = {"inline": inline, "csv": "t.csv", "yaml": "t.yaml"}[kind]
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("TABLE", given_table))
    assert load(tmp_path / "study.yaml").designs["committee"].table == WRITTEN.table


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        (
            {3: "1,0,x,S", 9: "2,1,2,S"},
            ["line 3 is '1,0,x,S', not three whole numbers", "line 9 has 1 DLT in 2 patients of whom 2 are pending"],
        ),
        ({4: "1,1,0,Q"}, ["line 4 has the decision 'Q', not one of E, S, W, M, D, DU"]),
        ({4: "1,0,0,S"}, ["lines 2 and 4 are two decisions for 0 DLTs in 1 patient of whom 0 are pending"]),
        ({4: ""}, ["table", "1 patient, 0 DLTs, 1 pending"]),
        ({1: "n,dlts,open,decision"}, ["line 1 has not the columns n, dlts, decision"]),
        (dict.fromkeys(range(2, 9), "1,0,x,S"), ["line 2 ", "line 6 ", "and 2 more lines"]),
    ],
)
def test_a_wrong_file_is_answered_line_by_line(tmp_path, changes, messages):
    lines = csv_lines()
    for number, line in changes.items():
        lines[number - 1] = line
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("TABLE", "t.csv"))
    with pytest.raises(ScenarioError) as error:
        load(tmp_path / "study.yaml")
    said = " ".join(str(error.value).split())
    assert "study.yaml:9 designs.committee.table" in said
    for message in messages:
        assert message in said


def test_a_tally_alone_is_decided_too():
    decision = WRITTEN.decide(Tally.parse(["1NNN", "1NNT", "1TT", "1NNN 2TT", "1NNN 2NNNNNT"], n_doses=3))
    assert decision.level.tolist() == [2, 1, 0, 1, 3]
