"""``doseesc size``: the answer first, what "smallest" means, dfcrm's approximation, and wrong options."""

import json
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from support import THREE_DESIGNS, THREE_DOSES

import doseesc
from doseesc.files import csv_text
from doseesc.planning import CrmSampleSize, SampleSizes, SizeCurve, sample_size, sizes_of
from doseesc.report.figures import figure_bytes, sizes_figure
from doseesc.report.terminal import size_lines
from doseesc.report.words import crm_size_words, size_answer, size_remarks

STOPS = "prior_mtd: medium}, rules: [{type: StopTooToxic}, {type: NoSkipping}, {type: SelectTried}]}"
DESIGNS = THREE_DESIGNS.replace("prior_mtd: medium}}", STOPS)
STUDY = f"study: {{title: Mine}}\n{THREE_DOSES}{DESIGNS}simulation: {{trials: 200, seed: 1}}\n"


@pytest.fixture(autouse=True)
def mine(cli):
    Path("mine.yaml").write_text(STUDY)


@pytest.fixture
def found():
    study = doseesc.load("mine.yaml")
    return sample_size(study, 0.73, designs=["3+3", "BOIN"], sizes=sizes_of(study, up_to=18))


def test_the_answer_is_the_first_sentence(cli, found):
    code, out, err = cli(
        "size", "mine.yaml", "--correct", "0.73", "--design", "3+3", "--design", "BOIN", "--up-to", "18"
    )
    assert (code, err) == (0, "")
    said = " ".join(out.split())
    need, best = found.kept("BOIN"), found.best("3+3")
    at = 100 * found.at("3+3", best)["correct"]
    assert said.startswith(
        "Mine target 25 % To select the true MTD in at least 73 % of trials, on average over the 3 scenarios, a trial "
        f"needs up to {need} patients with BOIN; 18 patients are not enough with 3+3 ({at:.1f} % at best, with {best})."
    )
    assert " goal, kept" in out
    assert "chances are exact" in said
    right = 100 * found.at("BOIN", need)["correct"]
    assert any(line.split()[:2] == [str(need), f"{right:.1f}"] for line in out.splitlines())


def test_csv_and_json_are_what_the_library_gives(cli, found):
    words = ("size", "mine.yaml", "--correct", "0.73", "--design", "3+3", "--design", "boin", "--up-to", "18")
    table = pd.read_csv(StringIO(cli(*words, "--format", "csv")[1]))
    pd.testing.assert_frame_equal(table, found.to_frame(), check_dtype=False, atol=1e-6, rtol=0)
    answered = json.loads(cli(*words, "--format", "json")[1])
    assert answered["answer"]["BOIN"] == {
        "kept_from": found.kept("BOIN"),
        "first": found.first("BOIN"),
        "best": found.best("BOIN"),
    }
    assert answered["goal"] == {"correct_selection": 0.73, "overdose_selection": None, "over": "scenarios"}


def test_files_are_written_and_nothing_is_printed_if_quiet(cli):
    words = ("size", "mine.yaml", "--correct", "0.6", "--design", "BOIN", "--up-to", "6", "--quiet")
    assert cli(*words, "--out", "out", "--figure", "sizes.svg") == (0, "", "")
    assert Path("out/sizes.csv").read_text().startswith("design,max_n,method,correct_selection,se")
    assert "patients at most" in Path("sizes.svg").read_text()


def test_shown_code_gives_the_same(cli):
    words = ("size", "mine.yaml", "--correct", "0.4", "--design", "BOIN", "--up-to", "9", "--over", "ensemble")
    code = cli(*words, "--show-code")[1]
    csv = cli(*words, "--format", "csv")[1]
    known = {}
    exec(code, known)
    assert csv == csv_text(known["found"].to_frame())
    assert "sizes_of(study, up_to=9)" in code
    assert known["found"].sizes == (3, 6, 9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--correct", "1.5"], "--correct correct must"),
        (["--correct", "0.6", "--overdose", "2"], "--overdose overdose must"),
        (["--correct", "0.6", "--up-to", "1"], "--up-to up_to must be at least one cohort of 3 patients, not 1"),
        (["--correct", "0.6", "--by", "0"], "--by by must"),
        (["--correct", "0.6", "--odds-ratio", "0.5"], "--odds-ratio odds_ratio must be above 1, not 0.5"),
        (["--correct", "0.6", "--over", "worst", "--separation", "0.9"], "--separation separation must"),
        (
            ["--correct", "0.6", "--over", "worst", "--method", "exact"],
            "--method method can be chosen over scenarios only",
        ),
        (["--correct", "0.6", "--design", "BOIM"], "did you mean BOIN"),
        ([], "--correct"),
    ],
)
def test_wrong_options_are_refused(cli, words, message):
    code, out, err = cli("size", "mine.yaml", *words)
    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert "Traceback" not in err


def made(curves, *, overdose=None, goal=0.6, se=0.0, approximation=None, over="scenarios"):
    study = doseesc.load("mine.yaml")
    whole = {}
    for name, numbers in curves.items():
        values = pd.Series(numbers, dtype=float).to_numpy()
        method = ("monte_carlo" if se else "exact",) * len(values)
        whole[name] = SizeCurve(
            method, values, 0 * values + se, 0 * values + 0.1, 0 * values, 10 + values, 304.375 + 0 * values
        )
    sizes = tuple(range(6, 3 * len(values) + 6, 3))
    return SampleSizes(study, over, 3, goal, overdose, sizes, whole, approximation)


def test_what_smallest_means_is_said_where_right_selection_falls():
    falls = made({"BOIN": [0.61, 0.58, 0.62, 0.63]})
    assert size_answer(falls).endswith("a trial needs up to 12 patients with BOIN.")
    assert size_remarks(falls) == [
        "BOIN reaches the goal with 6 patients already, but not with all larger numbers up to 15; from 12 on it is "
        "kept."
    ]
    lost = made({"BOIN": [0.58, 0.61, 0.59]}, overdose=0.15)
    assert size_answer(lost) == (
        "To select the true MTD in at least 60 % of trials and a dose above it in at most 15 %, on average over the 3 "
        "scenarios, 12 patients are not enough with BOIN (61.0 % and 10.0 % above at best, with 9)."
    )
    assert size_remarks(lost)[0].startswith(
        "BOIN reaches the goal with 9 patients already, but does not keep it up to 12"
    )
    same = made({"A": [0.5, 0.7], "B": [0.55, 0.61], "C": [0.6, 0.6]})
    assert size_answer(same).endswith("a trial needs up to 6 patients with C, 9 with A and B.")
    assert size_remarks(same) == []


def test_a_simulated_number_near_the_goal_is_said_to_be_unsure():
    remarks = size_remarks(made({"BOIN": [0.5, 0.61]}, se=0.01))
    assert remarks == [
        "BOIN with 9: right in 61.0 % ± 1.0 points, one standard error of simulation; the number that it needs may be "
        "a neighbour."
    ]
    assert size_remarks(made({"BOIN": [0.5, 0.61]}, se=0.001)) == []
    text = " ".join(line.plain for line in size_lines(made({"BOIN": [0.5, 0.61]}, se=0.01)))
    assert "±: its standard error, of simulation" in text
    assert text.rstrip().endswith("up to the largest n · simulated")


def test_dfcrm_s_approximation_is_told_where_it_applies():
    fits = CrmSampleSize(0.6, 0.25, 5, 1.8, 32, 31.6, 24.0, ())
    told = crm_size_words(made({"CRM": [0.5]}, approximation=fits))
    assert told.startswith(
        "dfcrm's approximation for the CRM (getn, Cheung 2013) asks for 32 patients: right in 60 % of"
    )
    assert told in " ".join(
        " ".join(line.plain for line in size_lines(made({"CRM": [0.5]}, approximation=fits))).split()
    )
    outside = CrmSampleSize(0.6, 0.25, 3, 3.0, 12, 11.6, 9.0, ("3 doses", "an odds ratio of 3"))
    assert crm_size_words(made({"CRM": [0.5]}, approximation=outside)) == (
        "dfcrm's approximation for the CRM (getn) does not apply: it was not tried for 3 doses and an odds ratio of 3."
    )
    assert crm_size_words(made({"CRM": [0.5]})) == ""


def test_the_figure_has_a_panel_for_each_figure_and_a_line_for_each_design():
    found = made({"A": [0.5, 0.7], "B": [0.55, 0.61]}, overdose=0.2)
    assert figure_bytes(sizes_figure(found), "svg") == figure_bytes(sizes_figure(found), "svg")
    figure = sizes_figure(found)
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "selects the true MTD, %",
        "selects a dose above the true MTD, %",
        "mean duration, months",
    ]
    drawn = [line.get_ydata() for line in figure.axes[2].lines]
    assert [list(each) for each in drawn] == [[10.0, 10.0], [10.0, 10.0]]
