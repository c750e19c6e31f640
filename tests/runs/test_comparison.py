"""Two runs compared: settings and figures that changed, and nothing else."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import pytest

from doseesc.report.terminal import comparison_lines
from doseesc.results.digest import DIGEST, digest
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.comparison import compare
from doseesc.runs.run_study import run
from doseesc.study import load


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


def test_standard_errors_are_those_of_independent_runs_where_patients_differ(two_runs):
    before, after = read(two_runs("max_n: 18", "max_n: 18\nsimulation: {seed: 5}", method="monte_carlo", trials=100))
    errors = [each.results.cells["S", "B"].best.mcse.total_dlts for each in (before, after)]
    (figure,) = [each for each in compare(before, after).figures if each.metric == "total_dlts"]
    assert not figure.paired
    assert figure.mcse == pytest.approx(math.hypot(*errors))
    assert figure.mcse > 0


OBSERVED = "\nobservation: {background: 0.05, mortality_28_days: 0.3, deaths: replaced}"


@pytest.mark.parametrize("more", ["", OBSERVED], ids=["drug alone", "observed"])
def test_runs_of_the_same_patients_are_compared_trial_by_trial(scenario_file, small_scenario, more):
    options = {"method": "monte_carlo", "trials": 400}
    old, new = "{name: B, type: BOIN}", "{name: B, type: BOIN, elimination_cutoff: 0.8}"
    text = small_scenario.replace("max_n: 18", f"max_n: 18{more}")
    folders = [
        write_results(run(load(scenario_file(text.replace(old, each))), **options), name, force=True)
        for name, each in (("first", old), ("second", new))
    ]
    found = compare(*read(folders))
    # The same two designs in one study, which the study itself compares on the same patients.
    both = f"{old}\n  - {new.replace('name: B', 'name: C')}"
    together = run(load(scenario_file(text.replace(old, both))), **options)
    expected = {each.metric: each for each in together.differences}
    assert len(expected) == 4
    for metric, each in expected.items():
        (figure,) = [one for one in found.figures if one.metric == metric]
        assert figure.paired
        assert figure.difference == pytest.approx(-each.difference)
        assert figure.mcse == pytest.approx(each.mcse)
        assert figure.mcse > 0


def test_a_run_that_another_version_simulated_is_not_paired(two_runs):
    folders = two_runs("max_n: 18", "max_n: 12", method="monte_carlo", trials=100)
    path = folders[0] / "results.json"
    document = json.loads(path.read_text())
    simulated = document["cells"][0]["simulated"]
    simulated["dlts"][0] += 0.01
    simulated["dlts"][1] -= 0.01
    path.write_text(json.dumps(document | {DIGEST: digest(document)}))
    assert not any(each.paired for each in compare(*read(folders)).figures)


def test_what_one_run_adds_is_one_change(two_runs):
    found = compare(*read(two_runs("{name: B, type: BOIN}", "{name: B, type: BOIN}\n  - {name: T, type: 3+3}")))
    (change,) = found.changes
    assert (change.setting, change.first) == ("designs.T", None)
    assert change.second["type"] == "3+3"


def test_where_no_main_figure_differs_the_screen_says_so_and_no_sign_is_explained(two_runs):
    found = compare(*read(two_runs("max_n: 18", "max_n: 12", method="monte_carlo", trials=100)))
    small = replace(found, figures=[each for each in found.figures if each.metric == "selected"])
    lines = [each.plain for each in comparison_lines(small, least=0.0)]
    assert lines[-1] == "none of the main ones; all with  --all"
    assert not any("second minus first" in each for each in lines)
    assert any("second minus first" in each.plain for each in comparison_lines(small, least=0.0, every=True))


def test_scenarios_that_only_one_run_has_are_named(two_runs):
    found = compare(*read(two_runs("- {name: S, dlt: [0.1, 0.2, 0.3]}", "- {name: R, dlt: [0.1, 0.2, 0.3]}")))
    assert (found.only_first, found.only_second) == ([("S", "B")], [("R", "B")])
    assert found.figures == []
    assert comparison_lines(found)[0].plain.startswith("The runs have no figures in common. ")


def test_command(two_runs, cli):
    folders = [str(each.resolve()) for each in two_runs("max_n: 18", "max_n: 12")]
    code, out, _ = cli("compare", *folders)
    assert code == 0
    found = compare(*read(folders))
    most = max(
        (each for each in found.figures if each.metric in ("correct_selection", "overdose_selection")),
        key=lambda each: abs(each.difference),
    )
    first = out.partition("\n\n")[0].replace("\n", " ")
    assert re.match(rf"\d+ of {len(found.figures)} figures differ by more than 2 SE and rounding, most ", first)
    assert f" of B in S: {100 * most.first:.1f} -> {100 * most.second:.1f} %. 1 setting differs." in first
    assert "max_n: 18 -> 12" in out
    assert "total patients" in out
    assert "selected medium" not in out
    assert "selected medium" in cli("compare", *folders, "--all")[1]
    assert json.loads(cli("compare", *folders, "--format", "json")[1])["changes"][0]["setting"] == "max_n"
    assert cli("compare", *folders, "--format", "csv")[1].startswith("scenario,design,metric,level,first,second")
    scope = {}
    exec(cli("compare", *folders, "--show-code")[1], scope)
    assert scope["found"].changes[0].second == 12
    code, out, _ = cli("compare", folders[0], folders[0])
    assert re.search(r"\n0 of \d+ figures differ by more than 2 SE and rounding\. No setting differs\.\n\nnext: ", out)
    assert cli("compare", folders[0], "nowhere")[0] == 2


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_command_draws_the_differences(two_runs, cli, ending):
    folders = [str(each.resolve()) for each in two_runs("max_n: 18", "max_n: 12", method="monte_carlo", trials=100)]
    code, out, _ = cli("compare", *folders, "--figure", f"changed.{ending}")
    assert code == 0
    assert f"written to changed.{ending}" in out
    assert "paired difference, on the same simulated patients" in out
    drawn = Path(f"changed.{ending}").read_bytes()
    assert cli("compare", *folders, "--figure", f"changed.{ending}")[0] == 2
    assert cli("compare", *folders, "--figure", f"changed.{ending}", "--force", "--quiet") == (0, "", "")
    assert Path(f"changed.{ending}").read_bytes() == drawn


def test_command_cannot_draw_what_is_not_common(two_runs, cli):
    folders = two_runs("- {name: S, dlt: [0.1, 0.2, 0.3]}", "- {name: R, dlt: [0.1, 0.2, 0.3]}")
    code, _, errors = cli("compare", *(str(each.resolve()) for each in folders), "--figure", "changed.png")
    assert code == 2
    assert "no design and scenario in common" in errors
    assert not Path("changed.png").exists()


@pytest.mark.parametrize("content", [None, "{", '{"format": "another"}'])
def test_command_refuses_folders_that_are_no_results(two_runs, cli, content):
    folder = two_runs("title: T", "title: T")[0].resolve()
    Path("other").mkdir()
    if content is not None:
        Path("other/results.json").write_text(content)
    code, out, errors = cli("compare", str(folder), "other")
    assert (code, out) == (2, "")
    assert "other/results.json" in errors
    assert "Traceback" not in errors
