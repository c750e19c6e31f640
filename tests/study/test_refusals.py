"""What is too large to be computed is said as all that is wrong in a file: file, line, field, size, and remedy."""

import pickle
from importlib import import_module
from pathlib import Path

import pytest

from designs import BOIN
from designs.settled import TooManyCompletions
from doseesc.engines import TooManyStates
from doseesc.errors import ScenarioError
from doseesc.study import bounded, load

ENGINES = {
    "engines.exact": "walk_states",
    "results.attainable": "walk_lattice",
    "conduct.decision_table": "reachable",
}
COMMANDS = {
    "worst-case mine.yaml --design B": ("designs.B", "3 doses, 18 patients and cohorts of 3", "max_n"),
    "calibrate mine.yaml --design B --grid p_safe=0.1,0.15": ("designs.B", "3 doses, 18 patients", "cohort_size"),
    "table mine.yaml --design CRM": ("designs.CRM", "3 doses, 18 patients and cohorts of 3", "doseesc paths"),
    "optimal mine.yaml": ("max_n", "3 doses, 18 patients and cohorts of 3", "optimal.constraints"),
}


@pytest.fixture
def mine(scenario_file, small_scenario):
    further = "  - {name: CRM, type: CRM, skeleton: [0.1, 0.25, 0.4], rules: [{type: StopTooToxic}]}\n"
    return load(scenario_file(small_scenario.replace("scenarios:", f"{further}scenarios:")))


def too_many(*_, **__):
    raise TooManyStates("it would need 7 TiB; use a memory limit that no file has")


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_say_which_design_is_too_large_and_what_to_write(command, cli, mine, monkeypatch):
    for module, name in ENGINES.items():
        monkeypatch.setattr(import_module(f"doseesc.{module}"), name, too_many)
    field, size, remedy = COMMANDS[command]
    code, out, errors = cli(*command.split())
    assert (code, out) == (2, "")
    where, what, instead = errors.splitlines()[-3:]
    path = ("max_n",) if field == "max_n" else ("designs", mine.names.index(field.removeprefix("designs.")))
    assert where == f"mine.yaml:{mine.line_of(path)}  {field}"
    assert what.startswith(f"  is too large with {size}")
    assert what.endswith(": it would need 7 TiB")
    assert remedy in instead
    assert "memory limit" not in errors


def test_more_pending_outcomes_than_can_be_decided_are_told_at_the_design(mine):
    text = Path("mine.yaml").read_text()
    design = text[text.index("designs:") : text.index("scenarios:")]
    two = "designs:\n  - {name: A, type: BOIN}\n  - {name: B, type: BOIN, pending: settled}\n"
    Path("mine.yaml").write_text(text.replace(design, two))
    study = load("mine.yaml")
    for asked in (study.designs["B"], BOIN(target=0.3, n_doses=3, max_n=999)):  # the file's, and one made from it
        with pytest.raises(ScenarioError, match="7 patients are pending") as refused, bounded(study):
            raise TooManyCompletions("7 patients are pending", asked)
        (problem,) = refused.value.problems
        assert problem.path == ("designs", 1, "pending")
        assert problem.line == study.line_of(("designs", 1))
        assert "pending: complete" in problem.remedy


def test_the_error_comes_whole_from_other_processes():
    error = pickle.loads(pickle.dumps(TooManyCompletions("too many", BOIN(target=0.3, n_doses=3, max_n=9))))
    assert (str(error), error.design.target) == ("too many", 0.3)
