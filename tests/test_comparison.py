"""Two runs compared: settings and figures that changed, and nothing else."""

import json
import math

import pytest

from doseesc.comparison import compare
from doseesc.output import write_results
from doseesc.saved import read_results
from doseesc.scenario import load
from doseesc.study import run


@pytest.fixture
def two_runs(scenario_file, small_scenario):
    """Return a function that runs the small scenario and a changed one, and reads both back."""

    def made(old, new, **options):
        assert old in small_scenario
        folders = []
        for name, text in (("before", small_scenario), ("after", small_scenario.replace(old, new))):
            results = run(load(scenario_file(text)), **{"method": "exact", **options})
            folders.append(write_results(results, name, force=True))
        return folders

    return made


def read(folders):
    return [read_results(each) for each in folders]


def test_a_run_does_not_differ_from_itself(two_runs):
    found = compare(*read(two_runs("title: T", "title: T")))
    assert found.changes == []
    assert found.figures
    assert all(each.difference == 0 for each in found.figures)


def test_a_changed_setting_and_what_it_did(two_runs):
    before, after = read(two_runs("max_n: 18", "max_n: 12"))
    found = compare(before, after)
    assert [(each.setting, each.first, each.second) for each in found.changes] == [("max_n", 18, 12)]
    a, b = (each.results.cells["S", "B"].exact for each in (before, after))
    figures = {(each.metric, each.level): each for each in found.figures}
    assert figures["total_patients", None].difference == pytest.approx(b.total_patients - a.total_patients)
    assert figures["selected", 0].second == b.selected[0]
    assert figures["patients", 3].first == a.patients[2]
    assert {each.mcse for each in found.figures} == {0.0}


def test_standard_errors_are_those_of_independent_runs(two_runs):
    before, after = read(two_runs("max_n: 18", "max_n: 12", method="monte_carlo", trials=100))
    errors = [each.results.cells["S", "B"].best.mcse.total_dlts for each in (before, after)]
    (figure,) = [each for each in compare(before, after).figures if each.metric == "total_dlts"]
    assert figure.mcse == pytest.approx(math.hypot(*errors))
    assert figure.mcse > 0


def test_scenarios_that_only_one_run_has_are_named(two_runs):
    found = compare(*read(two_runs("- {name: S, dlt: [0.1, 0.2, 0.3]}", "- {name: R, dlt: [0.1, 0.2, 0.3]}")))
    assert (found.only_first, found.only_second) == ([("S", "B")], [("R", "B")])
    assert found.figures == []


def test_command(two_runs, cli):
    folders = [str(each.resolve()) for each in two_runs("max_n: 18", "max_n: 12")]
    code, out, _ = cli("compare", *folders)
    assert code == 0
    assert "max_n: 18 -> 12" in out
    assert "total patients" in out
    assert json.loads(cli("compare", *folders, "--format", "json")[1])["changes"][0]["setting"] == "max_n"
    assert cli("compare", *folders, "--format", "csv")[1].startswith("scenario,design,metric,level,first,second")
    scope = {}
    exec(cli("compare", *folders, "--show-code")[1], scope)
    assert scope["found"].changes[0].second == 12
    code, out, _ = cli("compare", folders[0], folders[0])
    assert "No setting differs" in out
    assert cli("compare", folders[0], "nowhere")[0] == 2
