"""Rows of a script beside ours: what agrees, what does not, and what is refused."""

import contextlib
import io
import math
from pathlib import Path

import pytest
from support import THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.scripts import COLUMNS, RowsError, compare_script

SHORT = (
    "study: {title: three doses}\n"
    + THREE_DOSES.replace("max_n: 12", "max_n: 9")
    + THREE_DESIGNS.replace("skeleton: {halfwidth: 0.05, prior_mtd: medium}", "skeleton: [0.1, 0.25, 0.4], "
    "rules: [{type: NoSkipping}, {type: CoherentEscalation}]")
    .replace("scenarios:", "  - {name: rolling six, type: RollingSix}\nscenarios:")
)  # fmt: skip
HEADER = ",".join(COLUMNS)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    path = tmp_path_factory.mktemp("study") / "mine.yaml"
    path.write_text(SHORT, encoding="utf-8")
    return doseesc.load(path)


@pytest.fixture
def study(loaded, scenario_file):
    scenario_file(SHORT)
    return loaded


@pytest.fixture(scope="module")
def kept():
    return {}


@pytest.fixture
def rows(cli, study, kept):
    """Return a function that gives the lines of a design's rows, by the script in Python."""

    def printed(design, *options):
        if (design, *options) in kept:
            return list(kept[design, *options])
        code, text, err = cli("script", "mine.yaml", "--design", design, "--language", "python", *options)
        assert (code, err) == (0, "")
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(text, "script", "exec"), {})
        kept[design, *options] = out.getvalue().splitlines()
        return list(kept[design, *options])

    return printed


def compared(study, lines, design="BOIN"):
    Path("rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return compare_script(study, design, "rows.csv")


def place(lines, begins):
    return next(number for number, line in enumerate(lines) if line.startswith(begins))


@pytest.mark.parametrize("design", ["BOIN", "3+3", "CRM", "rolling six"])
def test_our_own_rows_agree(study, rows, design):
    found = compared(study, rows(design), design)
    assert (found.agrees, found.missing, found.exact, found.notes) == (True, 0, True, ())
    assert len(found.rows) > 40
    assert any(row.kind == "decision" for row in found.rows)


def test_our_own_simulation_agrees_within_its_errors(study, rows):
    found = compared(study, rows("BOIN", "--trials", "300", "--seed", "2"))
    assert found.agrees
    assert 0.5 < max(row.errors for row in found.rows if row.errors is not None) < 4


@pytest.mark.parametrize(
    ("begins", "value", "other"),
    [
        ("decision,,,6,1,decision", "E", "S"),
        ("figure,middle,2,,,selected", None, 0.001),
        ("figure,middle,1,,,patients", None, 0.001),
        ("figure,toxic,3,,,dlts", None, 0.001),
    ],
)
def test_an_altered_row_is_caught_and_named(study, rows, begins, value, other):
    lines = rows("BOIN")
    number = place(lines, begins)
    cells = lines[number].split(",")
    assert value in (None, cells[6])
    cells[6] = other if value else repr(float(cells[6]) + other)
    lines[number] = ",".join(cells)
    found = compared(study, lines)
    assert not found.agrees
    assert [row.line for row in found.differing] == [number + 1]
    assert {each.about for each in found.conventions if cells[5] in each.touches} >= {"elimination"}
    assert cells[5] in found.conventions[0].touches


def test_an_altered_level_of_a_tally_is_caught(study, rows):
    lines = rows("CRM")
    number = place(lines, "decision,,1,3 0 0,0 0 0,next_level after 0/3,2")
    lines[number] = lines[number].replace("after 0/3,2", "after 0/3,1")
    (row,) = compared(study, lines, "CRM").differing
    assert (row.line, row.theirs, row.ours) == (number + 1, 1, 2)


def test_a_simulated_figure_is_caught_beyond_four_standard_errors_and_a_trial(study, rows):
    lines = rows("BOIN", "--trials", "300", "--seed", "2")
    exact = compared(study, rows("BOIN"))
    of = next(row for row in exact.rows if (row.scenario, row.level, row.quantity) == ("middle", 2, "selected"))
    error = math.sqrt(of.ours * (1 - of.ours) / 300)
    number = place(lines, "figure,middle,2,,,selected")
    for errors, agrees in ((3.9, True), (4.0 + 1.1 / 300 / error, False)):
        cells = lines[number].split(",")
        cells[6] = repr(of.ours + errors * error)
        lines[number] = ",".join(cells)
        found = compared(study, lines)
        assert found.agrees is agrees
        row = next(each for each in found.rows if each.line == number + 1)
        assert row.se == pytest.approx(error)
        assert row.errors == pytest.approx(errors)


def test_rows_of_ones_own_carry_their_own_errors(study):
    mine = [HEADER, "figure,middle,2,,,selected,0.5,0.01"]
    assert not compared(study, mine).agrees
    found = compared(study, [HEADER, "figure,middle,2,,,selected,0.5,0.2"])
    assert found.agrees
    assert (found.missing, found.missing_decisions) == (3 * 10 - 1, 54)


def test_what_the_script_leaves_out_is_told(cli, study, rows):
    lines = rows("BOIN")
    first = place(lines, "decision")
    compared(study, [*lines[:first], *lines[first + 2 :]])
    code, out, _ = cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN")
    assert code == 0
    assert "The file has no row for 2 decisions of doseesc, which are not compared." in out
    by_tally = [HEADER, "decision,,1,3 0 0,1 0 0,next_level,1,"]
    decisions_alone = compared(study, by_tally)
    assert decisions_alone.missing_decisions == 0  # it goes by another way
    assert (decisions_alone.exact, decisions_alone.to_dict()["ours"]) == (None, None), "no figure was asked for"


def test_a_design_too_large_to_enumerate_is_simulated(study, rows, monkeypatch):
    lines = rows("BOIN")

    def too_many(design):
        raise doseesc.engines.TooManyStates("too many")

    monkeypatch.setattr("doseesc.scripts.own_answers.enumerate_paths", too_many)
    few = study.model_copy(update={"simulation": study.simulation.model_copy(update={"trials": 500})})
    found = compared(few, [line for line in lines if "file_sha256" not in line])
    assert found.differing == []
    assert found.exact is False
    assert all(row.se > 0 for row in found.rows if row.kind == "figure" and 0.01 < row.ours < 0.99)


def test_rows_of_an_older_file_are_noted(study, rows):
    lines = rows("BOIN")
    Path("mine.yaml").write_text(Path("mine.yaml").read_text() + "# a comment\n")
    assert compared(study, lines).notes == ()
    assert "another version" in compared(doseesc.load("mine.yaml"), lines).notes[0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("figur,middle,2,,,selected,0.5,", ["rows.csv:2  kind", "is figur", "did you mean figure?"]),
        ("figure,middel,2,,,selected,0.5,", ["rows.csv:2  scenario", "is middel", "did you mean middle?"]),
        ("figure,middle,9,,,selected,0.5,", ["rows.csv:2  level", "is 9, of 3 doses"]),
        ("figure,middle,two,,,selected,0.5,", ["rows.csv:2  level", "is two"]),
        ("figure,middle,,,,selected,0.5,", ["rows.csv:2  level", "is empty"]),
        ("figure,middle,0,,,patients,0.5,", ["rows.csv:2  level", "nobody is treated"]),
        ("figure,middle,2,,,selcted,0.5,", ["rows.csv:2  quantity", "did you mean selected?"]),
        ("figure,middle,2,,,selected,50,", ["rows.csv:2  value", "no probability", "not percentages"]),
        ("figure,middle,2,,,selected,NA,", ["rows.csv:2  value", "is NA"]),
        ("figure,middle,2,,,selected,inf,", ["rows.csv:2  value", "finite"]),
        ("figure,middle,2,,,patients,-1,", ["rows.csv:2  value", "at least 0"]),
        ("figure,middle,2,,,patients,1,x", ["rows.csv:2  se", "is x"]),
        ("figure,middle,2,,,patients,1,-1", ["rows.csv:2  se", "at least 0"]),
        ("figure,middle,2,,,patients,1", ["rows.csv:2  kind", "has 7 values for 8 columns"]),
        ("decision,,,6,1,decision,X,", ["rows.csv:2  value", "is X", "E, S, D or DU"]),
        ("decision,,,99,1,decision,E,", ["rows.csv:2  n", "is 99", "from 1 to 9"]),
        ("decision,,,3,4,decision,E,", ["rows.csv:2  y", "more DLTs than patients"]),
        ("decision,,,3,,decision,E,", ["rows.csv:2  n", "not as many"]),
        ("decision,,,3,a,decision,E,", ["rows.csv:2  y", "whole numbers"]),
        ("decision,,,3,1,next,1,", ["rows.csv:2  quantity", "next_level"]),
        ("decision,,1,3 0 0,1 0 0,next_level after 3/1,1,", ["rows.csv:2  quantity", "more DLTs than patients"]),
        ("decision,,1,3 0,1 0,next_level,1,", ["rows.csv:2  n", "2 numbers for 3 doses"]),
        ("decision,,1,999999999 0 0,1 0 0,next_level,1,", ["rows.csv:2  n", "more than max_n = 9"]),
        ("decision,,0,3 0 0,1 0 0,next_level,1,", ["rows.csv:2  level", "is 0"]),
        ("decision,,1,3 0 0,1 0 0,next_level,E,", ["rows.csv:2  value", "write a level"]),
        ("setting,,,,,trials,none,", ["rows.csv:2  value", "trials"]),
        ("setting,,,,,design,CRM,", ["rows.csv:2  value", "is CRM, not BOIN", "--design CRM"]),
        ("setting,,,,,software,R,", ["rows.csv", "neither decisions nor figures"]),
        ("", ["rows.csv", "holds no rows"]),
        ('"figure', ["rows.csv:2", "is no CSV"]),
    ],
)
def test_rows_that_mean_nothing_are_refused_with_line_column_value_and_remedy(study, line, said):
    with pytest.raises(RowsError) as refusal:
        compared(study, [HEADER, line])
    for words in said:
        assert words in str(refusal.value)


def test_rows_by_letters_are_refused_where_there_is_no_such_table(study):
    with pytest.raises(RowsError, match="CRM has no table by the current level"):
        compared(study, [HEADER, "decision,,,3,1,decision,E,"], "CRM")
    with pytest.raises(RowsError, match="does not tell the last cohort"):
        compared(study, [HEADER, "decision,,1,3 0 0,1 0 0,next_level,1,"], "CRM")


def test_a_row_given_twice_is_refused(study):
    line = "figure,middle,2,,,selected,0.5,"
    with pytest.raises(RowsError, match="says again what line 2 says"):
        compared(study, [HEADER, line, line])


def test_a_mistake_on_many_lines_is_told_once(study):
    wrong = [f"decision,,,{n},0,decision,X," for n in range(1, 10)]
    with pytest.raises(RowsError) as refusal:
        compared(study, [HEADER, *wrong, "figure,middle,2,,,selected,none,"])
    first, second = str(refusal.value).split("\n\n")
    assert first == ("rows.csv:2  value\n  is X; the same on lines 3, 4, 5 and 5 more\n  write E, S, D or DU")
    assert second.startswith("rows.csv:11  value\n")
    others = [f"decision,,,{n},{n + 1},decision,E," for n in range(1, 31)]
    with pytest.raises(RowsError) as refusal:
        compared(study, [HEADER, *others])
    assert len(refusal.value.problems) == 21
    assert str(refusal.value).endswith("rows.csv:22\n  has 10 more mistakes from here on\n  mend those above first")
    with pytest.raises(RowsError, match="has 1 more mistake from here on"):
        compared(study, [HEADER, *others[:21]])


def test_what_comes_next_is_quoted_as_a_shell_takes_it(cli, scenario_file):
    Path(scenario_file(SHORT.replace("name: BOIN", "name: 'BOIN, $5'"))).rename("my study.yaml")
    code, out, err = cli("script", "my study.yaml", "--design", "BOIN, $5", "--out", "my boin.R")
    assert (code, err) == (0, "")
    compared = "doseesc compare-script 'my study.yaml' rows.csv --design 'BOIN, $5'"
    assert out.splitlines()[1:] == ["  Rscript 'my boin.R' > rows.csv", f"  {compared}"]
    assert f"#   {compared}" in Path("my boin.R").read_text(encoding="utf-8").splitlines()


def test_shown_code_writes_the_file_that_is_asked_for(cli, study):
    words = ("script", "mine.yaml", "--design", "BOIN", "--show-code", "--out", "shown.R")
    code, shown, err = cli(*words)
    assert (code, err) == (0, "")
    assert not Path("shown.R").exists()
    exec(shown, {})
    assert cli("script", "mine.yaml", "--design", "BOIN")[1] == Path("shown.R").read_text(encoding="utf-8")
    code, out, err = cli(*words, "--language", "python")
    assert (code, out) == (2, "")
    assert err.splitlines()[1:] == [
        "  the script in Python is that code itself",
        "  leave this out, and it is written to the file",
    ]


def test_a_file_without_the_columns_is_refused(study):
    with pytest.raises(RowsError, match="has no column se"):
        compared(study, [HEADER.removesuffix(",se"), "figure,middle,2,,,selected,0.5"])
    with pytest.raises(RowsError, match="cannot be read: No such file"):
        compare_script(study, "BOIN", "none.csv")


# The commands.


def test_the_verdict_comes_first_and_is_the_exit_code(cli, study, rows):
    lines = rows("BOIN")
    Path("rows.csv").write_text("\n".join(lines))
    code, out, _ = cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN")
    assert code == 0
    assert out.startswith("BOIN: the script and doseesc agree.\nscript: 54 of 54 decisions the same, 30 of 30 figures")
    number = place(lines, "decision,,,6,1,decision")
    lines[number] = lines[number].replace(",E,", ",S,")
    Path("rows.csv").write_text("\n".join(lines))
    code, out, _ = cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN")
    assert code == 3
    assert out.startswith("BOIN: the script and doseesc disagree; 1 row differs of 84.")
    assert f"{number + 1}  decision, 1 DLT in 6" in out
    assert "boundary ties" in out.partition("Known differences")[2]
    assert cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN", "--quiet") == (3, "", "")
    code, out, _ = cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN", "--format", "json")
    assert (code, '"agrees": false' in out) == (3, True)
    code, out, _ = cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN", "--all")
    assert "middle: patients level 3" in out


def test_rows_without_decisions_are_said_to_leave_them_out(cli, study):
    Path("rows.csv").write_text(f"{HEADER}\nfigure,middle,2,,,selected,0.5,0.2\n", encoding="utf-8")
    for design, said in (
        ("CRM", "The file has no decisions: those of doseesc were not compared."),
        ("BOIN", f" decisions and {len(study.truths) * 10 - 1} figures of doseesc, which are not compared."),
    ):
        code, out, _ = cli("compare-script", "mine.yaml", "rows.csv", "--design", design)
        assert code == 0
        assert said in " ".join(out.split())


def test_wrong_rows_end_with_exit_code_2(cli, study):
    Path("rows.csv").write_text(f"{HEADER}\nfigure,middel,2,,,selected,0.5,\n")
    code, out, err = cli("compare-script", "mine.yaml", "rows.csv", "--design", "BOIN")
    assert (code, out) == (2, "")
    assert err.startswith("rows.csv:2  scenario\n  is middel, not in the file\n  did you mean middle?")


def test_script_is_written_printed_and_shown(cli, study):
    code, text, _ = cli("script", "mine.yaml", "--design", "boin")
    assert code == 0
    assert text.startswith("# three doses\n")
    code, out, _ = cli("script", "mine.yaml", "--design", "BOIN", "--out", "boin.R")
    assert code == 0
    assert "Rscript boin.R > rows.csv" in out
    assert Path("boin.R").read_text() == text
    code, out, err = cli("script", "mine.yaml", "--design", "BOIN", "--out", "boin.R")
    assert (code, out) == (2, "")
    assert "boin.R" in err
    code, shown, _ = cli("script", "mine.yaml", "--design", "BOIN", "--show-code")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(shown, {})
    assert printed.getvalue() == text + "\n"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--design", "BION"], "did you mean BOIN?"),
        ([], "--design  and one of  3+3, CRM, BOIN"),
        (["--design", "BOIN", "--language", "sas"], "--language"),
        (["--design", "BOIN", "--trials", "0"], "--trials"),
        (["--design", "BOIN", "--trials", "5", "--seed", "9999999999"], "--seed"),
    ],
)
def test_wrong_options_of_script_are_explained(cli, study, options, said):
    code, out, err = cli("script", "mine.yaml", *options)
    assert (code, out) == (2, "")
    assert said in err
