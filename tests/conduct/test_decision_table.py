"""Decision tables: letters against what the designs decide, tallies against the walk, and the command."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from extremes import bounded
from support import data

import doseesc
from designs import (
    BOIN,
    CCD,
    CRM,
    IBOIN,
    MTPI,
    MTPI2,
    TPI,
    APlusB,
    CoherentEscalation,
    I3Plus3,
    Keyboard,
    NoSkipping,
    StopAtRecommended,
    TableDesign,
    Tally,
    ThreePlusThree,
)
from doseesc.conduct import decision_letters, decision_table
from doseesc.engines.exact import enumerate_paths
from doseesc.engines.states import TooManyStates
from doseesc.study.shipped import shipped_scenarios

PUBLISHED = data("published.yaml")
SHARED = {"target": 0.3, "n_doses": 3, "max_n": 15}
BY_CELLS = {
    "BOIN": BOIN(**SHARED),
    "BOIN with titration": BOIN(**SHARED, titration=True),
    "mTPI": MTPI(**SHARED),
    "mTPI-2": MTPI2(**SHARED),
    "Keyboard": Keyboard(**SHARED),
    "TPI": TPI(**SHARED),
    "CCD": CCD(**SHARED),
    "i3+3": I3Plus3(**SHARED),
    "3+3": ThreePlusThree(n_doses=3),
    "3+3 escalation only": ThreePlusThree(n_doses=3, variant="escalation_only"),
    "A+B": APlusB(n_doses=3, a=2, b=4, c=1, d=1, e=2),
    "table": TableDesign(**SHARED, table={3: "ESDU", 6: "EESDUUU", 9: "EEESDUUUUU", 12: "E" * 4 + "S" + "D" * 8}),
}


@pytest.mark.parametrize("name", BY_CELLS)
def test_letters_are_what_the_design_decides(name):
    """At the middle of three levels, where every step is possible."""
    design = BY_CELLS[name]
    for n, row in decision_letters(design).items():
        if n + 3 >= design.max_n or (getattr(design, "titration", False) and n < 3):
            continue
        for dlt, letter in enumerate(row):
            tally = Tally(n=[[3, n, 0]], dlt=[[0, dlt, 0]], level=[2], memory={"last_n": [n], "last_dlt": [dlt]})
            level = int(design.decide(tally).level[0])
            if getattr(design, "variant", "") == "escalation_only" and letter == "DU":
                assert level == 0
                continue
            assert level == {"E": 3, "S": 2, "D": 1, "DU": 1}[letter]
            ceiling = design.ceiling(tally)
            if ceiling is not None:
                assert (ceiling[0] < 2) == (letter == "DU")


def test_boins_letters_are_the_published_table():
    table = PUBLISHED["boin_cohort_table"]
    cells = decision_letters(BOIN(target=table["target"], n_doses=5, max_n=30))
    for n, up, down, out in zip(
        table["n"], table["escalate_if_le"], table["deescalate_if_ge"], table["eliminate_if_ge"], strict=True
    ):
        row = cells[n]
        assert max(y for y in range(n + 1) if row[y] == "E") == up
        assert min(y for y in range(n + 1) if row[y] in ("D", "DU")) == down
        assert min(y for y in range(n + 1) if row[y] == "DU") == out


def test_boins_letters_where_nothing_is_eliminated():
    assert decision_letters(BOIN(target=0.3, n_doses=3, max_n=6))[2] == ("E", "D", "D")


def test_boins_letters_where_a_level_without_a_dlt_is_eliminated():
    """With so low a target the uniform prior alone condemns a level from three patients on."""
    design = BOIN(target=0.01, n_doses=3, max_n=9)
    assert decision_letters(design)[3] == ("DU",) * 4
    assert design.decide(Tally.parse("1NNN", n_doses=3)).level == [0]


def test_three_plus_three():
    assert decision_letters(ThreePlusThree(n_doses=3)) == {3: ("E", "S", "DU", "DU"), 6: ("E", "E") + 5 * ("DU",)}


def test_a_users_table_comes_back():
    cells = decision_letters(BY_CELLS["table"])
    assert list(cells) == [3, 6, 9, 12]
    assert cells[3] == ("E", "S", "D", "DU")


@pytest.mark.parametrize(
    "design",
    [
        CRM(target=0.3, skeleton=(0.2, 0.3, 0.4), max_n=12, cohort_size=3),
        CRM(target=0.3, skeleton=(0.2, 0.3, 0.4), max_n=12, cohort_size=3, rules=(NoSkipping(), CoherentEscalation())),
        IBOIN(**SHARED, skeleton=(0.1, 0.3, 0.5)),
    ],
    ids=["CRM", "CRM with memory", "iBOIN"],
)
def test_other_designs_have_a_line_for_every_reachable_tally(design):
    table = doseesc.decision_table(design)
    assert table.cells is None
    assert table.graph.size == enumerate_paths(design).n_states
    frame = table.to_frame()
    assert len(frame) == table.graph.size
    tally = Tally(
        n=frame[["n_1", "n_2", "n_3"]].to_numpy(),
        dlt=frame[["dlt_1", "dlt_2", "dlt_3"]].to_numpy(),
        level=frame["level"].to_numpy(),
        memory={name: frame[name].to_numpy() for name in design.needed_memory},
    )
    decision = design.decide(tally)
    np.testing.assert_array_equal(frame["next_level"], decision.level)
    np.testing.assert_array_equal(frame["next_n"], decision.cohort_size)
    assert frame["reason"].tolist() == [reason.name for reason in decision.reason]
    ended = decision.level == 0
    np.testing.assert_array_equal(frame["mtd"][ended], design.select(tally)[ended])
    assert frame["mtd"][~ended].isna().all()
    assert set(frame["decision"][ended]) == {"stop"}
    step = np.sign(decision.level - tally.level)
    for letter, sign in (("E", 1), ("D", -1), ("S", 0)):
        chosen = ~ended & (tally.level > 0) & (step == sign)
        assert set(frame["decision"][chosen]) == {letter}
    assert frame[["n_1", "n_2", "n_3"]].sum(axis=1).is_monotonic_increasing


def test_a_table_too_long():
    with pytest.raises(TooManyStates, match="over 50 lines; use  doseesc paths"):
        doseesc.decision_table(CRM(target=0.3, skeleton=(0.2, 0.3, 0.4), max_n=12, cohort_size=3), state_limit=50)


def test_rules_go_with_the_table():
    table = doseesc.decision_table(BOIN(**SHARED, stop_at_n=9, rules=(StopAtRecommended(12),)))
    assert len(table.rules) == 2
    assert any("12 patients" in sentence for sentence in table.rules)


def test_every_letter_is_explained():
    for design in [*BY_CELLS.values(), CRM(target=0.3, skeleton=(0.2, 0.3, 0.4), max_n=6, cohort_size=3)]:
        table = doseesc.decision_table(design)
        assert set(table.to_frame()["decision"]) <= set(table.legend)


def test_command_prints_the_letters(cli):
    code, out, err = cli("table", "nct04602104", "--design", "BOIN")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "Decision table of BOIN"
    assert lines[3].split() == [str(n) for n in range(1, 19)]
    assert lines[4].split() == ["0", *["E"] * 18]
    assert lines[5].split()[:8] == ["1", "D", "D", "D", "S", "S", "E", "E"]
    assert "DU de-escalate and never return; at the lowest dose stop" in lines
    assert max(map(len, lines)) <= 100


def test_a_table_too_wide_is_printed_cohort_by_cohort(cli, study_with):
    study_with("max_n: 18", "max_n: 60")
    code, out, err = cli("table", "mine.yaml")
    assert err == ""
    assert code == 0
    assert out.splitlines()[3].split() == [str(n) for n in range(3, 61, 3)]
    assert max(map(len, out.splitlines())) <= 100


def test_command_prints_tallies(cli):
    code, out, _ = cli("table", "nct04602104", "--design", "CRM")
    assert code == 0
    assert "DLTs / patients at each dose" in out
    assert "... and 661 more; all with  --out table.csv" in out
    assert "and: Escalation is by at most one level above the current one." in out
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("design", ["3+3", "CRM", "BOIN"])
def test_command_writes_and_prints_data(cli, design):
    study = doseesc.load(shipped_scenarios()["nct04602104"])
    expected = doseesc.decision_table(study, design).to_frame()
    code, out, _ = cli("table", "nct04602104", "--design", design, "--out", "t.csv", "--format", "csv")
    assert code == 0
    assert out == Path("t.csv").read_text()
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(out)), expected, check_dtype=False)
    code, out, _ = cli("table", "nct04602104", "--design", design, "--out", "t.json", "--quiet")
    assert (code, out) == (0, "")
    document = json.loads(Path("t.json").read_text())
    assert len(document["decisions"]) == len(expected)
    assert document["design"] == design


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--design"),
        (["--design", "BOIN", "--out", "t.xlsx"], ".csv or .json"),
        (["--design", "BOIN", "--out", "there.csv"], "exists already"),
    ],
)
def test_command_refuses(cli, arguments, said):
    Path("there.csv").write_text("")
    code, out, err = cli("table", "nct04602104", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_shown_code_gives_the_same(cli, capsys):
    _, code, _ = cli("table", "nct04602104", "--design", "BOIN", "--out", "t.csv", "--show-code")
    exec(code, {})
    assert "decision" in capsys.readouterr().out
    assert Path("t.csv").exists()


@pytest.mark.parametrize(
    ("doses", "name"),
    [("labels: [low, medium, high], amounts: [2, 8, 16]", "low"), ("amounts: [10, 20, 40], unit: mg", "10 mg")],
)
def test_rules_speak_of_doses_by_their_names(cli, small_scenario, doses, name):
    rule = "{type: StopTooToxic, level: 1}"
    text = small_scenario.replace("labels: [low, medium, high], amounts: [2, 8, 16]", doses)
    Path("mine.yaml").write_text(text.replace("type: BOIN}", f"type: BOIN, rules: [{rule}]}}"))
    words = f"once the probability that the DLT rate at {name} exceeds"
    assert words in " ".join(cli("table", "mine.yaml")[1].split())
    stopped = " ".join(cli("next", "mine.yaml", "--outcomes", "1TTT")[1].split())
    assert words in stopped
    assert "level 1" not in stopped
    assert f"→ stay at {name}" in cli("paths", "mine.yaml", "--design", "B", "--cohorts", "1")[1]
    assert f"1 {name}" in " ".join(cli("replay", "mine.yaml", "--outcomes", "1NNN")[1].split())


def test_the_table_of_a_very_large_trial_is_refused_soon():
    with bounded(seconds=60, megabytes=700), pytest.raises(TooManyStates, match="over 200,000 lines"):
        decision_table(BOIN(target=0.25, n_doses=3, max_n=10_000))
    assert decision_table(BOIN(target=0.25, n_doses=3, max_n=300)).cells[300][300] == "DU"
