"""``doseesc fit`` from the command line, and the parts it is made of."""

import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from support import ROOT, THREE_ARMS

from doseesc.analysis import fit
from doseesc.analysis.model_choice import analysis_model
from doseesc.cli import main
from doseesc.inference import ToxicityData, grid_predictive_checks, predictive_checks
from doseesc.inference.arviz_compat import arviz, group, groups
from doseesc.inference.summary import interval_names
from doseesc.study import load

ANALYSIS = "analysis: {model: crm_power, crm: {skeleton: [0.16, 0.25, 0.35]}, intervals: [0.2, 0.35]}\n"
OUTCOMES = "1NNN 2NNT 2NNN 3NTN"


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["fit", *map(str, arguments)])
    return ended.value.code


def analysed(folder, small_scenario, *options):
    """Return a folder with the file, and in ``out``, where results of ``run`` had been, an analysis."""
    (folder / "mine.yaml").write_text(small_scenario + THREE_ARMS + ANALYSIS)
    (folder / "out").mkdir()
    (folder / "out" / "results.json").write_text("{}")
    asked = ("--outcomes", OUTCOMES, "--mtd", "high", "--out", folder / "out")
    assert run(folder / "mine.yaml", *asked, *options) == 0
    return folder


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, small_scenario):
    """The folder of one analysis, by quadrature and by NUTS."""
    return analysed(tmp_path_factory.mktemp("fit"), small_scenario, "--nuts")


@pytest.fixture(scope="module")
def quick(tmp_path_factory, small_scenario):
    """The same by quadrature alone."""
    return analysed(tmp_path_factory.mktemp("quick"), small_scenario)


def test_the_answer_comes_first_and_details_on_request(tmp_path, small_scenario, capsys):
    (tmp_path / "mine.yaml").write_text(small_scenario + THREE_ARMS + ANALYSIS)
    assert run(tmp_path / "mine.yaml", "--outcomes", OUTCOMES) == 0
    brief = capsys.readouterr().out
    assert run(tmp_path / "mine.yaml", "--outcomes", OUTCOMES, "--full") == 0
    full = capsys.readouterr().out
    first = " ".join(brief.splitlines()[:3])
    level = re.match(r"The MTD is (\w+) \(as B selects on these data\)\. P\(DLT\) there is ([\d.]+) %", first)
    row = next(line.split() for line in brief.splitlines() if line.startswith(f"{level[1]} "))
    assert row[4] == level[2]
    assert "DLTs seen, and expected of as many patients" in full
    assert "DLTs seen, and expected of as many patients" not in brief
    *_, details, _, step = brief.splitlines()
    assert details.endswith("--full")
    assert step.startswith("next: doseesc next ")
    assert len(brief.splitlines()) < len(full.splitlines())


FIGURES = {"fit_curve", "fit_marginals", "fit_prior_posterior", "fit_mtd"}


@pytest.mark.parametrize(
    ("how", "figures", "draws"), [("fitted", FIGURES | {"fit_chains"}, {"fit.nc"}), ("quick", FIGURES, set())]
)
def test_files_of_an_analysis(how, figures, draws, request):
    folder = request.getfixturevalue(how)
    wanted = {f"{name}.{kind}" for name in figures for kind in ("png", "svg")}
    names = {path.name for path in (folder / "out").iterdir()}
    assert names == wanted | {"fit.json", "summary.csv", "results.json"} | draws
    for name in wanted:
        assert (folder / "out" / name).read_bytes()[:4] in (b"\x89PNG", b"<?xm")


def test_quadrature_answers_alone_and_the_same(quick, fitted):
    alone, both = (json.loads((folder / "out" / "fit.json").read_text()) for folder in (quick, fitted))
    assert (alone["converged"], alone["method"], alone["sampler"]) == (True, "quadrature", None)
    assert alone["verdict"].startswith("By quadrature: ")
    assert (alone["by_nuts"], alone["largest_difference"]) == (None, None)
    of_nuts = {"verdict", "sampler", "by_nuts", "largest_difference"}
    assert {name: alone[name] for name in alone if name not in of_nuts} == {
        name: both[name] for name in both if name not in of_nuts
    }


def test_quadrature_loads_neither_a_sampler_nor_what_draws(small_scenario, tmp_path):
    (tmp_path / "mine.yaml").write_text(small_scenario + THREE_ARMS)
    heavy = ("pymc", "pytensor", "arviz", "nutpie", "numba", "pandas", "matplotlib", "xarray")
    code = (
        "import sys\nfrom doseesc.cli import main\n"
        "try:\n    main(['fit', 'mine.yaml', '--outcomes', '1NNN 2NNT'])\nexcept SystemExit as end:\n"
        f"    assert not end.code\nprint([name for name in {heavy} if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert any(each.startswith("By quadrature: ") for each in ended.stdout.splitlines())
    assert ended.stdout.splitlines()[-1] == "[]"


def test_an_analysis_without_draws_takes_the_place_of_one_with_them(fitted, tmp_path):
    shutil.copytree(fitted / "out", tmp_path / "out")
    assert run(fitted / "mine.yaml", "--outcomes", OUTCOMES, "--out", tmp_path / "out", "--force") == 0
    assert {path.name for path in (fitted / "out").iterdir()} - {
        path.name for path in (tmp_path / "out").iterdir()
    } == {
        "fit.nc",
        "fit_chains.png",
        "fit_chains.svg",
    }


def test_more_than_three_parameters_are_drawn_without_being_asked(study_with):
    study = study_with("max_n: 18", "max_n: 18\nanalysis: {floor_prior: [1, 9]}")
    found = fit(study, "1NNN 2NNT", model="monotone", draws=50, tune=50, chains=2, sampler="pymc")
    assert (found.model.parameters, found.gridded, found.method) == (4, None, "nuts")
    assert found.posterior is found.sampled.summary
    assert found.verdict.startswith("Not converged: ")
    assert found.sampled.comparison is None
    shares = found.shares_between(np.linspace(0, 1, 41))
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    mean, low, high = found.prior_band()
    assert ((low < mean) & (mean < high)).all()
    assert set(found.to_frame()["method"]) == {"nuts"}
    assert len(found.checks) == 6


def test_fit_json_says_everything_the_report_needs(fitted):
    found = json.loads((fitted / "out" / "fit.json").read_text())
    assert found["converged"] is True
    assert found["notes"] == []
    assert found["verdict"].startswith("Converged: r-hat at most 1.0")
    assert (found["target"], found["unit"], found["mtd"], found["mtd_source"]) == (0.25, "", "high", "as given")
    doses = {dose["label"]: dose for dose in found["doses"]}
    assert [(dose["kind"], dose["amount"]) for dose in found["doses"]] == [
        *(("level", amount) for amount in (2.0, 8.0, 16.0)),
        ("arm", 4.0),
        ("arm", 16.0),
    ]
    assert {"mean", "low", "high", "p_over_target", "p_unsafe"} <= set(doses["quarter"])
    assert doses["low"]["mean"] < doses["quarter"]["mean"] < doses["medium"]["mean"]
    assert doses["whole"]["mean"] == doses["high"]["mean"]
    assert sum(doses["low"][f"p {name}"] for name in interval_names((0.2, 0.35))) == pytest.approx(1)
    assert [(row["amount"], row["n"], row["dlt"]) for row in found["data"]] == [(2, 3, 0), (8, 6, 1), (16, 3, 1)]
    assert sum(found["mtd_posterior"].values()) == pytest.approx(1)
    curve = {name: np.array(values) for name, values in found["curve"].items()}
    assert (curve["low"] < curve["mean"]).all()
    assert (curve["mean"] < curve["high"]).all()
    at = np.interp(np.log(8), np.log(curve["amount"]), curve["mean"])
    assert at == pytest.approx(doses["medium"]["mean"], abs=0.01)
    assert found["largest_difference"]["errors"] < 5
    by_nuts = {dose["label"]: dose for dose in found["by_nuts"]}
    assert by_nuts["quarter"]["mean"] == pytest.approx(doses["quarter"]["mean"], abs=0.01)
    assert by_nuts["quarter"]["mean"] != doses["quarter"]["mean"]


def test_summary_has_a_row_for_each_dose_and_method(fitted):
    frame = pd.read_csv(fitted / "out" / "summary.csv")
    assert frame.groupby("method")["label"].apply(list).to_dict() == {
        method: ["low", "medium", "high", "quarter", "whole"] for method in ("nuts", "quadrature")
    }
    levels = frame[(frame["method"] == "quadrature") & (frame["kind"] == "level")]
    assert 0.9 < levels["p_mtd"].sum() <= 1


def test_arviz_opens_the_draws_with_named_coordinates(fitted):
    trace = arviz().from_netcdf(fitted / "out" / "fit.nc")
    assert {"posterior", "sample_stats", "prior", "prior_predictive", "posterior_predictive", "observed_data"} <= set(
        groups(trace)
    )
    p = group(trace, "posterior")["p"]
    assert p.dims == ("chain", "draw", "dose")
    assert p["dose"].values.tolist() == [2.0, 8.0, 16.0, 4.0]
    assert p.sizes["chain"] == 4
    assert group(trace, "observed_data")["dlt"].values.tolist() == [0, 1, 1]
    assert group(trace, "constant_data")["amount"].values.tolist() == [2.0, 8.0, 16.0]


def test_predictive_checks_expect_what_quadrature_does(fitted):
    found = json.loads((fitted / "out" / "fit.json").read_text())
    n = np.array([3, 6, 3])
    for source, outcomes in (("prior", ""), ("posterior", OUTCOMES)):
        study = load(fitted / "mine.yaml")
        mean = analysis_model(study).on_grid(ToxicityData.from_outcomes(outcomes, study.doses.amounts)).mean()
        rows = [check for check in found["predictive_checks"] if check["source"] == source]
        np.testing.assert_allclose([row["expected"] for row in rows[:3]], n * mean, atol=1e-6)
        assert rows[3]["study"] == "all"
        assert (rows[3]["n"], rows[3]["dlt"]) == (12, 2)
        assert rows[3]["expected"] == pytest.approx((n * mean).sum(), abs=1e-6)
        assert rows[3]["low"] <= rows[3]["expected"] <= rows[3]["high"]


def test_predictive_checks_from_draws_are_those_by_quadrature(fitted):
    study = load(fitted / "mine.yaml")
    data = ToxicityData.from_outcomes(OUTCOMES, study.doses.amounts)
    exact = grid_predictive_checks(analysis_model(study).on_grid(data).prior, data)
    drawn = predictive_checks(arviz().from_netcdf(fitted / "out" / "fit.nc"), data)
    for one, other in zip(exact, drawn, strict=True):
        assert (one.source, one.study, one.amount, one.n, one.dlt) == (
            other.source,
            other.study,
            other.amount,
            other.n,
            other.dlt,
        )
        assert one.expected == pytest.approx(other.expected, abs=0.3 if one.study == "all" else 0.15)
        assert one.as_many == pytest.approx(other.as_many, abs=0.04)
        assert abs(one.low - other.low) <= 1
        assert abs(one.high - other.high) <= 1


def test_an_earlier_analysis_is_replaced_only_if_asked(fitted, capsys):
    assert run(fitted / "mine.yaml", "--outcomes", "1N", "--out", fitted / "out") == 2
    assert "holds an analysis already" in capsys.readouterr().err
    (fitted / "other").mkdir(exist_ok=True)
    (fitted / "other" / "letter.txt").write_text("mine")
    assert run(fitted / "mine.yaml", "--out", fitted / "other", "--force") == 2
    assert "exists already" in capsys.readouterr().err
    assert [path.name for path in (fitted / "other").iterdir()] == ["letter.txt"]


def test_chains_that_have_not_converged_are_shown_and_marked(tmp_path, small_scenario, capsys):
    """By PyMC's own sampler; 20 draws are far too few."""
    (tmp_path / "mine.yaml").write_text(small_scenario + THREE_ARMS + ANALYSIS)
    few = ("--draws", "20", "--tune", "20", "--chains", "2", "--sampler", "pymc", "--seed", "3")
    assert run(tmp_path / "mine.yaml", "--outcomes", "1NNN 2NNT", *few, "--out", tmp_path / "out") == 3
    printed = capsys.readouterr()
    assert printed.err.startswith("Not converged: ")
    assert "the bulk effective sample size is" in printed.err
    assert printed.out.startswith("Not converged: ")
    assert "not to be relied upon" in printed.out
    assert "NUTS beside quadrature" in printed.out
    assert "MTD: medium, as B selects on these data" in printed.out
    found = json.loads((tmp_path / "out" / "fit.json").read_text())
    assert (found["converged"], found["sampler"]) == (False, "pymc")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mtd", "huge"), "the doses are low (2), medium (8), high (16)"),
        (("--outcomes", "4NNN"), "4"),
        (("--outcomes", "1N", "--data", "x.csv"), "give the data once"),
        (("--data", "absent.csv"), "absent.csv"),
        (("--model", "probit"), "crm_power"),
        (("--chains", "0"), "--chains"),
    ],
)
def test_mistakes_are_said_in_one_message(arguments, words, scenario_file, small_scenario, capsys):
    name = scenario_file(small_scenario)
    assert run(name, *arguments) == 2
    err = " ".join(capsys.readouterr().err.replace("│", " ").split())  # a box that may break lines
    assert words in err
    assert "Traceback" not in err


def test_code_shown_is_the_same_call(capsys, tmp_path):
    asked = ("nct04602104", "--outcomes", "1NNN", "--model", "monotone", "--out", "x", "--show-code")
    assert run(*asked) == 0
    shown = capsys.readouterr().out
    compile(shown, "shown", "exec")
    assert "found = fit(study, '1NNN', model='monotone')" in shown
    assert "print(found.verdict)" in shown
    assert run(*asked, "--draws", "500") == 0
    assert "model='monotone', nuts=True, draws=500)" in capsys.readouterr().out
    assert "write_fit(found, 'x')" in shown
