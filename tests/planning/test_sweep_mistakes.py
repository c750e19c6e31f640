"""What is wrong in a sweep, its base study, a cell or a table that was changed: named, with its line and value."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest
from support import SIXTY_CELLS
from sweeping import STUDY, plan_for, study_in

import doseesc
from doseesc.errors import ScenarioError
from doseesc.planning.sweeps.axes import short_names
from doseesc.planning.sweeps.cells import CellError, read_cell, run_cell
from doseesc.planning.sweeps.checks import checked_cells
from doseesc.planning.sweeps.conditions import NotUnderstood, condition_of
from doseesc.planning.sweeps.reading import read_plan
from doseesc.results import SweepResults, sweep_table


@pytest.fixture
def study(tmp_path, monkeypatch):
    return study_in(tmp_path, monkeypatch)


@pytest.mark.parametrize("text", ["a", "1 above 2", "a above z", "a over b"])
def test_conditions_that_say_nothing(text):
    with pytest.raises(NotUnderstood):
        condition_of(text, ["a", "b"], short_names(["a", "b"]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("axes: {max_n: [6, 0]}", "sweep.yaml:2  axes.max_n\n  is 0; it must be at least 1"),
        (
            "axes:\n  designs.BOIN.p_safe:\n    - 0.1\n    - 0.9",
            "sweep.yaml:5  axes.designs.BOIN.p_safe\n  at 0.9: must be below the target 0.25, not 0.9",
        ),
        ("axes: {max_m: [6, 9]}", "axes.max_m\n  at 6: is not a key here\n  did you mean  max_n?"),
        ("axes: {designs.BION.p_safe: [0.1]}", "names 'BION', which is none of designs\n  did you mean  BOIN?"),
        ("axes: {max_n: [6, 6]}", "has the value 6 twice"),
        ("axes: {max_n: {from: 9, to: 6, by: 3}}", "by must be above 0, and to at least from"),
        ("axes: {max_n: {from: 6, to: 9}}", "has the keys from, to, not from, to and by"),
        ("axes: {comparison.margin: [0.1]}", "no figure of a sweep depends on comparison"),
        ("axes: {metric: {field: max_n, values: [6]}}", "has the name of a column of the table"),
        ("axes: {max_n: 6}", "is 6, not a list of values"),
        ('axes: {"\\e[31m": {field: max_n, values: [6]}}', "is no name of a column"),
        ("axes: {max_n: [6]}\ndesigns: [BOIM]", "sweep.yaml:3  designs\n  names BOIM, which the study does not have"),
        ("axes: {max_n: [6]}\nscenarios: [random]", "names random, which the study does not have"),
        ("axes: {max_n: [6]}\nconditions: [max_n over 3]", "sweep.yaml:3  conditions[1]"),
        ("axes: {max_n: [6]}\ncombinations: [{max_n: 7}]", "combinations[1].max_n\n  is 7, no value of the axis"),
        ("axes: {max_n: [6]}\naxis: 3", "is not a key of a sweep\n  did you mean  axes?"),
        (
            "axes: {designs.CRM 0.5.prior_sd: [1]}\ndesigns: [BOIN]",
            "is of the design CRM 0.5, which does not take part",
        ),
        ("max_n: [6]", "has no  axes:  and so is no sweep"),
        ("axes: {max_n: [6]}\ntitle: 3", "sweep.yaml:3  title\n  is 3, not text"),
        ("axis: {max_n: [6]}", "sweep.yaml:2  axis\n  is not a key of a sweep\n  did you mean  axes?"),
        ("axes: {max_n: [6]}\nconditions: [max_n at least 9]", "leave no combination\n  drop one of the conditions"),
        (
            "axes: {dlt_window_days: [14, 28], doses.amounts: [[1, 2]]}",
            "at BOIN, dlt_window_days 14, doses.amounts [1, 2]: study.yaml:2  doses.labels",
        ),
        ("axes: {start_level: [low, lo]}", "axes.start_level\n  is lo"),
        ("axes: {cohort_size: [3, 20], max_n: [6]}", "sweep.yaml:2  axes.max_n\n  is 6, less than one cohort of 20"),
    ],
)
def test_what_is_wrong_names_the_axis_and_its_value(study, text, said):
    Path("sweep.yaml").write_text(f"study: study.yaml\n{text}\n")
    with pytest.raises(ScenarioError) as refused:
        checked_cells(read_plan("sweep.yaml"))
    assert said in str(refused.value)


def test_a_wrong_base_study_speaks_for_itself(study):
    Path("study.yaml").write_text(STUDY.replace("target: 0.25", "target: 25"))
    Path("sweep.yaml").write_text(SIXTY_CELLS)
    with pytest.raises(ScenarioError, match=r"study\.yaml:3  target"):
        read_plan("sweep.yaml")


def test_a_study_that_is_not_there_is_named_where_the_sweep_names_it(study):
    Path("sweep.yaml").write_text("study: nct0460210\naxes: {max_n: [6]}\n")
    with pytest.raises(ScenarioError) as refused:
        read_plan("sweep.yaml")
    assert str(refused.value) == (
        "sweep.yaml:1  study\n  is nct0460210, and no such file lies beside this one\n  did you mean  nct04602104?"
    )


@pytest.mark.parametrize("name", ["../study.yaml", "/etc/hostname"])
def test_a_study_elsewhere_is_not_read(study, tmp_path, name):
    (tmp_path / "in").mkdir()
    Path("in/sweep.yaml").write_text(SIXTY_CELLS.replace("study.yaml", name))
    with pytest.raises(ScenarioError, match=r"in/sweep\.yaml:1  study\n  is .*does not lie in this file's folder"):
        read_plan("in/sweep.yaml")


def test_a_table_that_was_changed_is_refused(study):
    frame = doseesc.sweep(study, {"max_n": [6]}, designs=["BOIN"])
    assert SweepResults.from_frame(frame).facts.title == "T"
    frame.loc[3, "value"] = 0.5
    with pytest.raises(ValueError, match="was changed after it was written"):
        SweepResults.from_frame(frame)
    with pytest.raises(ValueError, match="lacks attrs"):
        SweepResults.from_frame(pd.DataFrame({"a": [1]}))


def test_a_cell_of_another_version_or_that_was_changed_is_refused(study):
    cell = checked_cells(plan_for(study, {"max_n": [6]}, designs=["BOIN"]))[0]
    content = run_cell(cell.text)
    assert content == run_cell(cell.text)
    assert read_cell(content, cell.name).rows
    other = json.dumps(json.loads(cell.text) | {"doseesc": "0.0.9"})
    with pytest.raises(CellError, match=r"this cell is of doseesc 0\.0\.9"):
        run_cell(other)
    with pytest.raises(CellError):
        read_cell(content.replace(b"0.", b"1.", 1), cell.name)
    with pytest.raises(CellError):
        read_cell(content, "0" * 64)
    for body in (b"[]", b"{", json.dumps({"cell": cell.name, "rows": [[1]], "notes": []}).encode()):
        with pytest.raises(CellError, match="it is no cell"):
            read_cell(hashlib.sha256(body).hexdigest().encode() + b"\n" + body, cell.name)


@pytest.mark.parametrize(
    "change",
    [{"title": 3}, {"short": {}}, {"weights": {"\x1b[31m": 1.0}}, {"weights": []}, {"price": "x"}, {"axes": 1}],
)
def test_facts_that_others_have_written_are_looked_at(study, change):
    frame = doseesc.sweep(study, {"max_n": [6]}, designs=["BOIN"])
    about = json.loads(frame.attrs[sweep_table.ATTRIBUTE])
    frame.attrs[sweep_table.ATTRIBUTE] = json.dumps(about | change)
    with pytest.raises(ValueError, match=r"cannot be|incomplete"):
        SweepResults.from_frame(frame)
