"""Designs of type pymc in a scenario file: what is run, what is said, and what is refused, with its line."""

import json

import jsonschema
import pytest
from support import yaml

import doseesc
from doseesc.cli import main
from doseesc.errors import ScenarioError
from doseesc.inference.any_model.posterior import PosteriorText
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.study.pymc_module import with_pymc_models
from doseesc.study.shipped import shipped_scenarios
from doseesc.study.study import Study, json_schema
from doseesc.study.yaml_file import read_source

MODEL = """\
import numpy as np
import pymc as pm


def build(doses, target):
    with pm.Model() as model:
        b = pm.Normal("b", 0, 1)
        pm.Deterministic("p", pm.math.invlogit(b + np.log(np.array(doses) / 8)))
    return model


def broken():
    raise RuntimeError("the protocol\\nis lost")


def greedy(doses, weather):
    return None


def nothing():
    return 3


def observed(doses):
    with build(doses, 0.25) as model:
        pm.Binomial("dlt", n=3, p=model["p"], observed=[0, 1, 2])
    return model


def short():
    return build([1.0, 2.0], 0.25)
"""

SCENARIO = """\
study: {title: A trial}
doses: {amounts: [2, 8, 16], labels: [low, medium, high]}
target: 0.25
dlt_window_days: 28
cohort_size: 3
max_n: 12
designs:
  - name: Mine
    type: pymc
    module: my_models.py
    function: build
scenarios:
  - {name: S1, dlt: [0.1, 0.25, 0.45]}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "my_models.py").write_text(MODEL)
    (tmp_path / "study.yaml").write_text(SCENARIO)
    return tmp_path


def rewritten(folder, old, new):
    path = folder / "study.yaml"
    text = SCENARIO.replace(old, new)
    assert text != SCENARIO
    path.write_text(text)
    return path


def test_the_module_is_run_and_that_is_said(folder, capsys):
    study = doseesc.load(folder / "study.yaml")
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"{folder / 'study.yaml'}: runs build of {folder / 'my_models.py'}, code that is not part of doseesc"
    ]
    design = study.designs["Mine"]
    assert (design.target, design.max_n, design.n_doses) == (0.25, 12, 3)
    assert "(build in my_models.py)" in design.describe()


def test_a_loaded_design_keeps_its_model(folder):
    """What has been laid out, or can be fitted, is at hand and not read from its text again."""
    study = doseesc.load(folder / "study.yaml")
    first, second = study.designs["Mine"], study.designs["Mine"]
    assert isinstance(first.fitted, PosteriorText)
    assert first.fitted.live is second.fitted.live


def test_saved_results_are_read_without_the_module(folder):
    study = doseesc.load(folder / "study.yaml")
    results = doseesc.run(study)
    write_results(results, folder / "out")
    (folder / "my_models.py").unlink()
    again = read_results(folder / "out").results
    tally = doseesc.enumerate_paths(study.designs["Mine"])
    other = doseesc.enumerate_paths(again.study.designs["Mine"])
    assert tally.n_states == other.n_states
    posterior = json.loads((folder / "out" / "results.json").read_text())["study"]["designs"][0]["fitted"]
    assert posterior.startswith("doseesc grid 1\n")


def test_conduct_and_report_take_it_like_any_other(folder, capsys):
    path = str(folder / "study.yaml")
    for arguments in (
        ["next", path, "--design", "Mine", "--outcomes", "1NNN 2NNT"],
        ["table", path, "--design", "Mine"],
        ["paths", path, "--design", "Mine"],
        ["run", path, "--out", str(folder / "out"), "--jobs", "1", "--method", "both", "--trials", "200", "--report"],
    ):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == 0, (arguments, capsys.readouterr().err)
    assert "A model written in PyMC" in (folder / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("my_models.py", "no_models.py", 10, "is no_models.py, but there is no file"),
        ("my_models.py", "../my_models.py", 10, "does not lie in the scenario file's folder"),
        ("my_models.py", "/etc/models.py", 10, "does not lie in the scenario file's folder"),
        ("my_models.py", "3", 10, "is 3, not the name of a file"),
        ("    module: my_models.py\n", "", 8, "is missing"),
        ("my_models.py", "study.yaml", 10, "cannot be run: ImportError: it is no Python file"),
        ("function: build", "function: bild", 11, "is bild, which my_models.py does not define"),
        ("function: build", "function: broken", 11, "fails: RuntimeError: the protocol (FOLDER/my_models.py, line 13)"),
        ("function: build", "function: greedy", 11, "is greedy, which asks for 'weather'"),
        ("function: build", "function: nothing", 11, "is nothing: the model is int, not a PyMC model"),
        ("function: build", "function: observed", 11, "the model has the observed variable 'dlt'; leave it out"),
        ("function: build", "function: short", 11, "is short, whose p has 2 values for 3 doses"),
        ("function: build", "dlt_probability: q", 11, "the model has no variable 'q'"),
        ("function: build", "selection: best", 11, "must be one of target_probability, loss, nearest_mean, plug_in"),
        ("function: build", "colour: red", 11, "is not a parameter of pymc"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(folder, capsys, old, new, line, message):
    path = rewritten(folder, old, new)
    with pytest.raises(SystemExit) as end:
        main(["run", str(path), "--out", str(folder / "out")])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert f"{path}:{line}  designs.Mine" in said
    assert message.replace("FOLDER", str(folder)) in said
    assert "Traceback" not in said
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import numpy as np\nx = (1,\n",
            "cannot be run: SyntaxError: '(' was never closed (FOLDER/my_models.py, line 2)",
        ),
        ("\n\nimport no_such_package\n", "cannot be run: ModuleNotFoundError: No module named 'no_such_package'"),
        ("raise SystemExit(0)\n", "cannot be run: SystemExit: 0 (FOLDER/my_models.py, line 1)"),
    ],
)
def test_what_the_module_raises_is_one_message(folder, capsys, code, message):
    (folder / "my_models.py").write_text(code)
    with pytest.raises(SystemExit) as end:
        main(["run", str(folder / "study.yaml")])
    said = capsys.readouterr().err
    assert end.value.code == 2
    assert (
        f"study.yaml:10  designs.Mine.module\n  is my_models.py, which {message.replace('FOLDER', str(folder))}" in said
    )


def test_a_link_does_not_lead_out_of_the_folder(folder, tmp_path_factory, capsys):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "models.py"
    elsewhere.write_text("raise RuntimeError('was run')\n")
    (folder / "link.py").symlink_to(elsewhere)
    path = rewritten(folder, "my_models.py", "link.py")
    with pytest.raises(ScenarioError, match="does not lie in the scenario file's folder"):
        doseesc.load(path)
    assert "runs" not in capsys.readouterr().err


def test_a_study_that_is_wrong_itself_runs_no_code(folder, capsys):
    path = rewritten(folder, "amounts: [2, 8, 16]", "amounts: [2, high, 16]")
    with pytest.raises(ScenarioError, match="amounts"):
        doseesc.load(path)
    assert "runs" not in capsys.readouterr().err


def test_a_wrong_start_level_is_said_once_and_runs_no_code(folder, capsys):
    path = rewritten(folder, "max_n: 12", "max_n: 12\nstart_level: lowest")
    with pytest.raises(ScenarioError, match="start_level"):
        doseesc.load(path)
    assert "runs" not in capsys.readouterr().err


def test_other_designs_import_nothing(folder):
    source = read_source(rewritten(folder, "type: pymc\n    module: my_models.py\n    function: build", "type: 3+3"))
    assert with_pymc_models(source)[0].data == source.data


def test_a_study_from_plain_values_says_how_to_do_it(folder):
    data = read_source(folder / "study.yaml").data
    with pytest.raises(ValueError, match="design_from_pymc"):
        Study.model_validate(data)


def test_the_shipped_example_has_a_blrm_of_its_own(tmp_path):
    """Beside a Weibull curve, the BLRM written in PyMC and the built-in one, with the same answers."""
    folder = shipped_scenarios()["nct04602104"].parent / "pymc"
    path = folder / "two_models.yaml"
    validator = jsonschema.Draft7Validator(json_schema())
    assert list(validator.iter_errors(yaml(path.read_text()))) == []
    study = doseesc.load(path)
    assert study.warnings() == []
    results = doseesc.run(study, method="exact")
    for scenario in study.truths:
        ours, built_in = (results.cells[scenario, name].exact for name in ("Logistic", "BLRM"))
        assert ours.selected == pytest.approx(built_in.selected, abs=1e-9)
        assert ours.selected.sum() == pytest.approx(1)
    assert (folder / study.design_entries[0].parameters["module"]).is_file()
