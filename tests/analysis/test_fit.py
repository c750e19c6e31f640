"""``doseesc fit`` from the command line, and the parts it is made of."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from designs import Tally
from doseesc.analysis.inputs import read_data, reported_doses
from doseesc.analysis.model_choice import analysis_model
from doseesc.cli import main
from doseesc.inference import ToxicityData, judge_convergence
from doseesc.inference.arviz_compat import arviz, group, groups, trace_of
from doseesc.inference.summary import DoseSummary, Question, compare, interval_names, summarise_draws
from doseesc.study.shipped import shipped_scenarios
from doseesc.study.study import load

ARMS = "\nphase2_arms: [{name: none, control: true}, {name: quarter, fraction: 0.25}, {name: whole, fraction: 1}]\n"
ANALYSIS = "analysis: {model: crm_power, crm: {skeleton: [0.16, 0.25, 0.35]}, intervals: [0.2, 0.35]}\n"
OUTCOMES = "1NNN 2NNT 2NNN 3NTN"


def run(*arguments):
    with pytest.raises(SystemExit) as ended:
        main(["fit", *map(str, arguments)])
    return ended.value.code


@pytest.fixture(scope="module")
def fitted(tmp_path_factory, small_scenario):
    """The folder of one analysis, in which results of ``run`` had been."""
    folder = tmp_path_factory.mktemp("fit")
    (folder / "mine.yaml").write_text(small_scenario + ARMS + ANALYSIS)
    (folder / "out").mkdir()
    (folder / "out" / "results.json").write_text("{}")
    asked = ("--outcomes", OUTCOMES, "--mtd", "high", "--out", folder / "out")
    assert run(folder / "mine.yaml", *asked) == 0
    return folder


def test_files_of_an_analysis(fitted):
    names = {path.name for path in (fitted / "out").iterdir()}
    figures = {"fit_curve", "fit_marginals", "fit_prior_posterior", "fit_chains", "fit_mtd"}
    wanted = {f"{name}.{kind}" for name in figures for kind in ("png", "svg")}
    assert names >= wanted | {"fit.json", "fit.nc", "summary.csv", "results.json"}
    for name in wanted:
        assert (fitted / "out" / name).read_bytes()[:4] in (b"\x89PNG", b"<?xm")


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
    assert {"mean", "low", "high", "p_over_target", "p_over_133"} <= set(doses["quarter"])
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
        np.testing.assert_allclose([row["expected"] for row in rows[:3]], n * mean, atol=0.15)
        assert rows[3]["study"] == "all"
        assert (rows[3]["n"], rows[3]["dlt"]) == (12, 2)
        assert rows[3]["expected"] == pytest.approx((n * mean).sum(), abs=0.3)
        assert rows[3]["low"] <= rows[3]["expected"] <= rows[3]["high"]


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
    (tmp_path / "mine.yaml").write_text(small_scenario + ARMS + ANALYSIS)
    few = ("--draws", "20", "--tune", "20", "--chains", "2", "--sampler", "pymc", "--seed", "3")
    assert run(tmp_path / "mine.yaml", "--outcomes", "1NNN 2NNT", *few, "--out", tmp_path / "out") == 3
    printed = capsys.readouterr()
    assert printed.err.startswith("Not converged: ")
    assert "the bulk effective sample size is" in printed.err
    assert printed.out.startswith("Not converged: ")
    assert "not to be relied upon" in printed.out
    assert "NUTS beside quadrature" in printed.out
    assert "Phase 2 arms from the MTD medium, as B selects on these data; another by --mtd" in printed.out
    found = json.loads((tmp_path / "out" / "fit.json").read_text())
    assert (found["converged"], found["sampler"]) == (False, "pymc")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mtd", "huge"), "the doses are low, medium, high"),
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


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (
            "analysis: {model: probit}",
            ("mine.yaml:11  analysis.model", "is probit, not one of crm_power, crm_logistic, blrm, monotone"),
        ),
        ("analysis: {crm: {skeleton: [0.1, 0.2]}}", ("has 2 values for 3 doses", "crm.skeleton")),
        ("analysis: {monotone: {prior_mean: [0.1, 0.3, 0.2]}}", ("not increasing", "monotone.prior_mean")),
        ("analysis: {crm: {skeleton: {halfwidth: 0.3, prior_mtd: low}}}", ("halfwidth", "between 0 and 0.25")),
        ("analysis: {crm: {skeleton: {halfwidth: 0.05, prior_mtd: huge}}}", ("prior_mtd", "which is no dose")),
        ("analysis: {crm: {prior_sd: 0}}", ("prior_sd", "must be at least 1e-06")),
        ("analysis: {floor: 0.1, floor_prior: [1, 9]}", ("keep one of floor and floor_prior",)),
        ("analysis: {intervals: [0.3, 0.2]}", ("intervals", "write the limits in increasing order")),
        ("analysis: {blrm: {prior_correlation: 1}}", ("prior_correlation", "must be less than 1")),
        ("analysis: {blrm: {prior_variance: [1, 1]}}", ("prior_variance", "is not a key here")),
    ],
)
def test_mistakes_in_the_section(section, words, complaint, small_scenario):
    message = complaint(f"{small_scenario}{section}\n")
    for each in words:
        assert each in message


def test_priors_come_from_the_section_then_the_designs_then_defaults(study_with):
    plain = study_with("max_n: 18", "max_n: 18")
    assert analysis_model(plain).arguments["prior_sd"] == (2.0, 1.0)
    assert analysis_model(plain).parameters == 2
    guesses = analysis_model(plain, "crm_power").arguments["skeleton"]
    assert guesses[1] == pytest.approx(0.25)
    given = study_with(
        "- {name: B, type: BOIN}",
        "- {name: C, type: CRM, skeleton: [0.1, 0.2, 0.3]}\n"
        "  - {name: L, type: BLRM, reference: 8, prior_sd: [1, 0.5], prior_correlation: 0.2}\n"
        "analysis: {blrm: {prior_sd: [3, 1]}, floor_prior: [1, 19]}",
    )
    assert analysis_model(given, "crm_power").arguments["skeleton"] == (0.1, 0.2, 0.3)
    assert analysis_model(given, "monotone").arguments["prior_mean"] == (0.1, 0.2, 0.3)
    assert analysis_model(given, "monotone").parameters == 4
    blrm = analysis_model(given)
    assert blrm.arguments["prior_sd"] == (3.0, 1.0)
    assert (blrm.arguments["reference"], blrm.arguments["prior_correlation"]) == (8.0, 0.2)
    assert "Beta(1, 19)" in blrm.words
    with pytest.raises(ValueError, match="model must be one of"):
        analysis_model(plain, "probit")


def test_data_from_text_a_file_a_tally_and_counts_are_the_same(tmp_path):
    study = load(shipped_scenarios()["nct04602104"])
    record = tmp_path / "trial.csv"
    record.write_text("id,dose,dlt\n1,low,no\n2,low,no\n3,medium,yes\n")
    by_text, tally, notes = read_data(study, "1NN 2T")
    assert notes == ()
    assert tally.n.tolist() == [[2, 1, 0]]
    for source in (record, str(record), tally, by_text):
        data, seen, _ = read_data(study, source)
        assert data == by_text
        assert seen.n.tolist() == tally.n.tolist()
        assert seen.level.tolist() == [2]
    assert read_data(study, "")[1].n.tolist() == Tally.empty(3).n.tolist()


def test_arms_follow_the_mtd_and_the_files_rule(study_with):
    study = load(shipped_scenarios()["nct04602104"])
    assert [(dose.label, dose.amount, dose.place) for dose in reported_doses(study, 3)[3:]] == [
        ("dosage 1", 4.0, 3),
        ("dosage 2", 16.0, 2),
    ]
    assert reported_doses(study, 1)[3].amount == 0.5
    assert len(reported_doses(study, 0)) == 3
    below = study_with("max_n: 18", f"max_n: 18\nphase2_dose_rule: nearest_tested_below{ARMS}")
    assert reported_doses(below, 3)[3].amount == 2.0


def chains(draws, diverging=0):
    draws = np.asarray(draws, dtype=float)
    marks = np.zeros(draws.shape[:2], dtype=bool)
    marks[0, :diverging] = True
    posterior = xr.Dataset({"p": (("chain", "draw", "dose"), draws)}, coords={"dose": range(draws.shape[2])})
    return trace_of({"posterior": posterior, "sample_stats": xr.Dataset({"diverging": (("chain", "draw"), marks)})})


def good_draws(rng, chains=4, draws=1000):
    return rng.beta(2, 6, size=(chains, draws, 2))


def test_convergence_is_judged_by_each_limit():
    rng = np.random.default_rng(2)
    assert judge_convergence(chains(good_draws(rng))).converged
    apart = good_draws(rng)
    apart[0] += 0.5
    assert "r-hat is" in judge_convergence(chains(apart)).verdict
    assert "bulk effective sample size" in judge_convergence(chains(good_draws(rng, draws=50))).verdict
    assert judge_convergence(chains(good_draws(rng), diverging=4)).converged
    assert judge_convergence(chains(good_draws(rng), diverging=5)).verdict == (
        "Not converged: 5 divergences among 4,000 draws"
    )
    assert "a single chain" in judge_convergence(chains(good_draws(rng, chains=1, draws=4000))).verdict
    few = judge_convergence(chains(good_draws(rng, draws=3))).verdict
    assert "r-hat cannot be computed; the bulk effective sample size cannot be computed" in few
    assert "nan" not in few + judge_convergence(chains(good_draws(rng, chains=1, draws=4000))).verdict
    stuck = np.full((4, 1000, 1), 0.25)
    stuck[0] = np.nan
    assert not judge_convergence(chains(stuck)).converged


def test_differences_are_counted_in_monte_carlo_errors():
    rng = np.random.default_rng(5)
    trace = chains(good_draws(rng))
    question = Question(0.25, (0.2, 0.35), 2)
    draws = summarise_draws(trace, question)
    p = group(trace, "posterior")["p"].values.reshape(-1, 2)
    np.testing.assert_allclose(draws.intervals[:, 0], (p <= 0.2).mean(axis=0))
    assert draws.mtd.sum() == pytest.approx(1)
    shift = np.array([0.0, 0.01])
    moved = DoseSummary(**{**vars(draws), "mean": draws.mean + shift})
    found = compare(trace, draws, moved, question)
    assert (found.quantity, found.dose, found.numbers) == ("mean", 1, 10)
    assert found.errors == pytest.approx(0.01 / (p[:, 1].std() / np.sqrt(4000)), rel=0.1)


def test_differences_are_found_beside_doses_without_a_monte_carlo_error():
    rng = np.random.default_rng(5)
    draws = good_draws(rng)
    draws[..., 0] = np.nan
    question = Question(0.25, (0.2, 0.35), 2)
    found = summarise_draws(chains(draws), question)
    moved = DoseSummary(**{**vars(found), "mean": found.mean + 0.01})
    worst = compare(chains(draws), found, moved, question)
    assert (worst.quantity, worst.dose) == ("mean", 1)
    few = chains(good_draws(rng, draws=3))
    assert compare(few, summarise_draws(few, question), moved, question) is None


def test_code_shown_is_the_same_call(capsys, tmp_path):
    assert run("nct04602104", "--outcomes", "1NNN", "--model", "monotone", "--out", "x", "--show-code") == 0
    shown = capsys.readouterr().out
    compile(shown, "shown", "exec")
    assert "found = fit(study, '1NNN', model='monotone')" in shown
    assert "write_fit(found, 'x')" in shown
