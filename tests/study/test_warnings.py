"""Warnings at load: designs that cannot escalate or stop, and rules that contradict one another."""

import re

import pytest
from typer.testing import CliRunner

from doseesc.cli import build_app
from doseesc.study import load

SCENARIO = """
study: {title: t}
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.25
dlt_window_days: 14
cohort_size: 3
max_n: 12
designs:
  - {name: rigid, type: CRM, skeleton: [0.15, 0.25, 0.36], prior_sd: 0.05}
  - {name: torn, type: BOIN, rules: [{type: StopAtRecommended, n: 6}, {type: MinimumAtMTD, n: 9}]}
  - {name: sound, type: BOIN}
scenarios:
  - {name: S, dlt: [0.1, 0.25, 0.45]}
simulation: {trials: 100, seed: 1, method: exact}
"""


def test_a_study_warns_of_its_designs(tmp_path):
    (tmp_path / "study.yaml").write_text(SCENARIO)
    warnings = load(tmp_path / "study.yaml").warnings()
    rigid = [warning for warning in warnings if warning.startswith("rigid: ")]
    assert any(
        "cannot reach high: without any DLT it gets no higher than medium" in warning and "12 patients" in warning
        for warning in rigid
    )
    assert any("cannot stop" in warning for warning in rigid)
    assert any(warning.startswith("torn: StopAtRecommended") and "9" in warning for warning in warnings)
    assert not any(warning.startswith("sound") for warning in warnings)


def test_the_command_line_shows_them_on_stderr(tmp_path, monkeypatch):
    (tmp_path / "study.yaml").write_text(SCENARIO)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(build_app(), ["run", "study.yaml"])
    assert done.exit_code == 0
    assert "warning: rigid: cannot reach high" in done.stderr
    assert "warning" not in done.stdout


def test_commands_that_look_at_the_drug_alone_say_so(tmp_path, monkeypatch):
    observed = SCENARIO + "observation: {background: 0.05}\n"
    (tmp_path / "plain.yaml").write_text(SCENARIO)
    (tmp_path / "observed.yaml").write_text(observed)
    monkeypatch.chdir(tmp_path)
    for command in (["paths", "--design", "sound", "--cohorts", "1"], ["ensemble", "--count", "3"]):
        first, *rest = command
        assert "drug alone" in CliRunner().invoke(build_app(), [first, "observed.yaml", *rest]).stderr
        assert "drug alone" not in CliRunner().invoke(build_app(), [first, "plain.yaml", *rest]).stderr


@pytest.mark.parametrize(
    ("doses", "names"),
    [
        ("labels: [low, medium, high], amounts: [2, 8, 16], unit: mg", ("high", "medium")),
        ("amounts: [2, 8, 16], unit: mg", ("16 mg", "8 mg")),
        ("amounts: [2, 8, 16]", ("level 3", "level 2")),
    ],
)
def test_warnings_call_doses_as_everything_else_does(doses, names, tmp_path):
    text = SCENARIO.replace("labels: [low, medium, high], amounts: [2, 8, 16], unit: mg", doses)
    blocked = "  - {name: blocked, type: BOIN, rules: [{type: MaximumIncrement, times: 2.5}]}\n  - {name: rigid"
    (tmp_path / "study.yaml").write_text(text.replace("  - {name: rigid", blocked))
    warnings = load(tmp_path / "study.yaml").warnings()
    assert f"rigid: cannot reach {names[0]}: without any DLT it gets no higher than {names[1]}" in " ".join(warnings)
    assert any(f"never lets the dose go from {'level 1' if 'level' in names[0] else ''}" in each for each in warnings)
    if "level" not in names[0]:
        assert not any(re.search(r"\blevels? [0-9]", each) for each in warnings)
