"""Designs are found by their name in any case, wherever a command asks for one."""

import pytest

from doseesc.wording import meant

COMMANDS = {
    "next": ("next", "mine.yaml", "--outcomes", "1NNN"),
    "replay": ("replay", "mine.yaml", "--outcomes", "1NNN"),
    "table": ("table", "mine.yaml"),
    "paths": ("paths", "mine.yaml", "--cohorts", "1"),
    "worst-case": ("worst-case", "mine.yaml", "--starts", "1"),
    "calibrate": ("calibrate", "mine.yaml", "--grid", "p_safe=0.1,0.15"),
}


def study_text(small_scenario, *names):
    assert "{name: B, type: BOIN}" in small_scenario
    entries = "\n".join(f"  - {{name: {name}, type: BOIN}}" for name in names)
    return small_scenario.replace("  - {name: B, type: BOIN}", entries)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_take_a_designs_name_in_any_case(command, cli, scenario_file, small_scenario):
    scenario_file(study_text(small_scenario, "Boin", "3+3"))
    code, out, _ = cli(*COMMANDS[command], "--design", "Boin")
    assert code == 0
    assert cli(*COMMANDS[command], "--design", "BOIN") == (0, out, "")


@pytest.mark.parametrize("command", ["paths", "worst-case", "calibrate"])
def test_shown_code_writes_the_name_as_the_file_does(command, cli, scenario_file, small_scenario):
    scenario_file(study_text(small_scenario, "Boin", "3+3"))
    code, out, _ = cli(*COMMANDS[command], "--design", "boin", "--show-code")
    assert code == 0
    assert "['Boin']" in out


def test_where_several_names_differ_by_case_alone_none_is_guessed():
    assert meant("BOIN", ["Boin", "BOIN"]) == "BOIN"
    assert meant("boin", ["Boin", "BOIN"]) is None


def test_a_near_name_is_suggested(cli, scenario_file, small_scenario, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    scenario_file(study_text(small_scenario, "Boin", "3+3"))
    code, _, errors = cli(*COMMANDS["table"], "--design", "bion")
    assert code == 2
    assert "did you mean Boin?" in errors
