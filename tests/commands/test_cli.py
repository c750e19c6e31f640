import contextlib
import inspect
import io
import json
import logging
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pandas as pd
import pytest
import typer
from support import ROOT

import doseesc
from doseesc.cli import build_app
from doseesc.commands._printing import TrialProgress
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

FILES = [
    *("attainable.csv", "attribution.csv", "characteristics.csv", "phase2_arm_analysis.csv", "phase2_arms.csv"),
    "results.json",
]


def command_lines():
    """Yield every command as the list of its words."""

    def walk(command, words):
        yield words
        for name, part in getattr(command, "commands", {}).items():
            yield from walk(part, [*words, name])

    return list(walk(typer.main.get_command(build_app()), []))


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["run", "table"], "run"),
        (["--cite", "compare-script"], "compare_script"),
        (["compare_script"], None),
        (["rum"], None),
        (["--help"], None),
        ([], None),
    ],
)
def test_only_the_command_asked_for_is_made(words, asked):
    """The others would take as long as a study takes to read; a word that is no command may be near any of them."""
    made = [each.callback.__module__.rpartition(".")[2] for each in build_app(words).registered_commands]
    assert made == [asked] if asked else len(made) > 20


def names(folder="."):
    return sorted(path.name for path in Path(folder).iterdir())


def test_run_prints_tables_and_writes_files(cli):
    code, out, err = cli("run", "nct04602104", "--trials", "200")
    assert (code, err) == (0, "")
    assert out.startswith("NCT04602104 · ")
    assert out.rstrip().splitlines()[-1].startswith("written to results/nct04602104/ · next: ")
    assert names("results/nct04602104") == FILES
    assert max(map(len, out.splitlines())) <= 100


def test_run_uses_the_options(cli, scenario_file, small_scenario):
    file = scenario_file(small_scenario)
    assert cli("run", file, "--trials", "300", "--seed", "7", "--method", "monte_carlo", "--out", "deep/out")[0] == 0
    provenance = json.loads(Path("deep/out/results.json").read_text())["provenance"]
    assert (provenance["trials"], provenance["seed"], provenance["method"]) == (300, 7, "monte_carlo")


def test_existing_folder_is_refused_before_anything_is_computed(cli, monkeypatch):
    assert cli("run", "nct04602104", "--trials", "100", "--quiet")[:2] == (0, "")
    with monkeypatch.context() as patched:
        patched.setattr("doseesc.runs.run_study.run", lambda *_, **__: pytest.fail("computed first"))
        code, out, err = cli("run", "nct04602104")
    assert (code, out) == (2, "")
    assert err == "results/nct04602104 exists already\n  replace it with  --force,  or choose another with  --out DIR\n"
    code, *_ = cli("run", "nct04602104", "--trials", "150", "--quiet", "--force")
    assert code == 0
    assert json.loads(Path("results/nct04602104/results.json").read_text())["provenance"]["trials"] == 150


def test_json_is_all_there_is_on_standard_output(cli):
    code, out, err = cli("run", "nct04602104", "--trials", "100", "--format", "json")
    assert (code, err) == (0, "")
    assert json.loads(out)["provenance"]["trials"] == 100
    assert names() == [], "without --out nothing is written"
    assert cli("run", "nct04602104", "--trials", "100", "--format", "json", "--quiet", "--out", "o")[1].startswith("{")
    assert names("o") == FILES


def test_csv_is_the_tidy_table(cli):
    _, out, _ = cli("run", "nct04602104", "--trials", "100", "--format", "csv")
    assert out.startswith("scenario,design,method,metric,level,value,mcse\nS0,3+3,monte_carlo,selected,0,")


def test_jobs_do_not_change_the_answer(cli):
    alone = cli("run", "nct04602104", "--trials", "100", "--format", "csv")[1]
    assert cli("run", "nct04602104", "--trials", "100", "--format", "csv", "--jobs", "2")[1] == alone


def test_a_file_goes_before_a_shipped_scenario_of_its_name(cli, small_scenario):
    Path("nct04602104.yaml").write_text(small_scenario)
    assert json.loads(cli("run", "nct04602104.yaml", "--format", "json")[1])["study"]["study"]["title"] == "T"
    assert json.loads(cli("run", "nct04602104", "--format", "json")[1])["study"]["study"]["title"] != "T"


@pytest.mark.parametrize("file", ["nowhere.yaml", "nct0460210", "folder/nct04602104", ".", "wrong.yaml"])
def test_wrong_files_are_explained(cli, small_scenario, file):
    Path("wrong.yaml").write_text(small_scenario.replace("target: 0.25", "target: 25"))
    code, out, err = cli("run", file)
    assert (code, out) == (2, "")
    assert file in err
    assert "Traceback" not in err
    assert "results" not in names()


@pytest.mark.parametrize(
    "options",
    [
        ["--trials", "0"],
        ["--trials", "many"],
        ["--seed", "-1"],
        ["--jobs", "0"],
        ["--method", "magic"],
        ["--format", "xml"],
        ["--nonsense"],
    ],
)
def test_wrong_options_are_explained(cli, options):
    code, out, err = cli("run", "nct04602104", *options)
    assert (code, out) == (2, "")
    assert options[0] in err
    assert "Traceback" not in err


def test_interrupt_ends_in_one_line_and_leaves_nothing(cli, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("doseesc.run", interrupted)
    assert cli("run", "nct04602104") == (130, "", "interrupted\n")
    assert names() == []


def test_show_code_gives_the_same_answer(cli):
    options = ["run", "nct04602104", "--trials", "100", "--seed", "5", "--method", "both"]
    code, out, _ = cli(*options, "--show-code")
    assert code == 0
    assert names() == []
    scope = {}
    exec(out, scope)
    frame = pd.read_csv("results/nct04602104/characteristics.csv", dtype={"level": "Int64"})
    pd.testing.assert_frame_equal(frame, scope["results"].to_frame(), check_dtype=False)
    assert cli(*options, "--out", "o", "--quiet")[0] == 0
    assert Path("o/characteristics.csv").read_bytes() == Path("results/nct04602104/characteristics.csv").read_bytes()


@pytest.mark.parametrize("words", [words for words in command_lines() if words], ids=" ".join)
def test_help_has_an_example_that_works(cli, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = cli(*words, "--help")
    assert code == 0
    example = re.search(r"Example:\s+doseesc (.*)", out)
    assert example, "no example"
    for folder in (word for word in shlex.split(example[1]) if word.startswith("results/")):  # made by an earlier run
        assert cli("run", "nct04602104", "--trials", "100", "--quiet", "--out", folder)[0] == 0
    if "rows.csv" in shlex.split(example[1]):  # printed by a script
        text = cli("script", "nct04602104", "--design", "BOIN", "--language", "python")[1]
        with contextlib.redirect_stdout(io.StringIO()) as rows:
            exec(text, {})
        Path("rows.csv").write_text(rows.getvalue())
    monkeypatch.setattr("uvicorn.Server.run", lambda *_, **__: None)  # the app, which serves until it is interrupted
    monkeypatch.setattr("webbrowser.open", lambda *_: True)
    code, _, err = cli(*shlex.split(example[1]))
    said = [line for line in err.splitlines() if not line.startswith("note: figures of the drug alone")]
    assert (code, said) == (0, [])


@pytest.mark.parametrize(
    "words", [["schema"], ["init"], ["guide"], ["guide", "time"], ["scenarios"], ["scenarios", "copy", "nct04602104"]]
)
def test_show_code_of_the_other_commands_runs(cli, words):
    code, out, _ = cli(*words, "--show-code")
    assert code == 0
    exec(out, {})


def test_scenarios_lists_what_is_shipped(cli):
    _, out, _ = cli("scenarios")
    for name in shipped_scenarios():
        assert name in out
    assert "3 doses, 18 patients, 9 scenarios; 3+3, CRM, BOIN" in out


def test_scenarios_copy(cli):
    code, out, _ = cli("scenarios", "copy", "nct04602104")
    assert code == 0
    assert names() == ["doseesc.schema.json", "nct04602104.yaml"]
    assert Path("nct04602104.yaml").read_bytes() == shipped_scenarios()["nct04602104"].read_bytes()
    command = out.split("next: doseesc ")[1].split()
    assert cli(*command, "--trials", "100")[0] == 0
    code, _, err = cli("scenarios", "copy", "nct04602104")
    assert code == 2
    assert "nct04602104.yaml exists already" in err
    Path("sub").mkdir()
    assert cli("scenarios", "copy", "oncology_five_doses", "--to", "sub")[0] == 0
    assert cli("scenarios", "copy", "oncology_five_doses", "--to", "mine.yaml")[0] == 0
    assert names("sub") == ["doseesc.schema.json", "oncology_five_doses.yaml"]
    assert load("mine.yaml").n_doses == 5
    code, _, err = cli("scenarios", "copy", "nothing")
    assert code == 2
    assert "nct04602104" in err


def test_schema(cli):
    code, out, _ = cli("schema")
    assert code == 0
    assert json.loads(out)["title"] == "doseesc scenario"
    assert cli("schema", "--out", "s.json")[:2] == (0, "")
    assert Path("s.json").read_text() == out
    assert cli("schema", "--out", "s.json")[0] == 2


def test_init_writes_a_file_that_runs(cli):
    code, out, _ = cli("init", "new.yaml")
    assert code == 0
    assert "next: doseesc run new.yaml" in out
    assert names() == ["doseesc.schema.json", "new.yaml"]
    assert cli("run", "new.yaml", "--trials", "100", "--quiet")[0] == 0
    code, _, err = cli("init", "new.yaml")
    assert code == 2
    assert "--force" in err


def test_version_is_the_projects(cli):
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert cli("--version")[:2] == (0, f"doseesc {version}\n")
    assert doseesc.__version__ == version


@pytest.mark.parametrize("words", [["--version", "--cite"], ["--cite", "--version"], ["--cite"]])
def test_how_to_cite_the_version(cli, words):
    code, out, _ = cli(*words)
    assert code == 0
    assert out.splitlines()[0].endswith(f"Version {doseesc.__version__}.")
    assert f"  version = {{{doseesc.__version__}}},\n" in out
    printed = re.search(r"<!-- citation -->\n```text\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.S)
    assert printed[1] == out


def test_library_names():
    commands = {"calibrate", "compare", "ensemble", "explain", "fit", "phase2", "replay", "run", "worst_case"}
    others = {
        "__version__",
        "Accrual",
        "decision_table",
        "design_from_pymc",
        "enumerate_paths",
        "load",
        "make_objective",
    }
    others |= {"optimal_skeleton", "pathways", "read", "recommend", "simulate", "simulate_calendar", "trial_plan"}
    assert commands | others | {"power_curves", "programme_assurance"} <= set(doseesc.__all__)
    assert dir(doseesc) == sorted(doseesc.__all__)
    for name in doseesc.__all__:
        value = getattr(doseesc, name)
        assert inspect.ismodule(value) == (name == "phase2"), "no file hides a function"
        assert name == "__version__" or value.__doc__
    with pytest.raises(AttributeError, match="nothing"):
        doseesc.nothing  # noqa: B018


def test_notes_on_the_log_are_told_unless_nothing_is_wanted():
    log = logging.getLogger("doseesc")
    with TrialProgress():
        assert log.isEnabledFor(logging.WARNING)
    with TrialProgress(wanted=False):
        assert not log.isEnabledFor(logging.WARNING)
    assert log.isEnabledFor(logging.WARNING)


def test_progress_only_where_somebody_watches(monkeypatch, capsys):
    with TrialProgress() as progress:
        monkeypatch.setattr(progress, "_began", -1e9)
        progress(10, 100)
    assert capsys.readouterr().err == "", "standard error is no terminal here"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with TrialProgress(wanted=False) as progress:
        monkeypatch.setattr(progress, "_began", -1e9)
        progress(10, 100)
    assert capsys.readouterr().err == "", "not wanted"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with TrialProgress() as progress:
        progress(10, 100)
        assert capsys.readouterr().err == "", "not within the first second"
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setattr(progress, "_began", -1e9)
        progress(10, 100)
        progress(100, 100)
    assert "trials/s" in capsys.readouterr().err


def modules_after(code, tmp_path):
    heavy = ["pandas", "pymc", "pytensor", "arviz", "matplotlib", "joblib", "scipy.stats"]
    ask = f"\nimport sys\nprint('LOADED', [name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + ask],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.rsplit("LOADED ", 1)[1].strip()


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["run", "nct04602104", "--trials", "50"]])
def test_command_line_leaves_heavy_libraries_alone(tmp_path, arguments):
    code = (
        f"from doseesc.cli import main\ntry:\n    main({arguments!r})\nexcept SystemExit as e:\n    assert not e.code"
    )
    assert modules_after(code, tmp_path) == "[]"


def test_import_of_the_library_is_light(tmp_path):
    code = "import doseesc, sys; assert 'numpy' not in sys.modules and 'pydantic' not in sys.modules"
    assert modules_after(code, tmp_path) == "[]"


def test_module_and_terminal_without_unicode(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "doseesc", "run", "nct04602104", "--trials", "50"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"NCT04602104 ? hMSC-Exos" in done.stdout
