import json
from itertools import product
from math import comb

import jsonschema
import numpy as np
import pandas as pd
import pytest
from extremes import bounded
from scipy.special import expit, logit
from scipy.stats import norm, qmc
from support import passes

from designs import BOIN, Tally
from doseesc.engines.dose_posterior import DoseModel, DosePosterior
from doseesc.engines.exact import enumerate_paths
from doseesc.errors import ScenarioError
from doseesc.report.tables.arm_analysis import arm_analysis_table
from doseesc.report.terminal.arm_analysis import arm_analysis_lines
from doseesc.report.words.arm_analysis import arm_knowledge
from doseesc.results.arm_figures import ARM_ANALYSIS_COLUMNS, ARM_METRICS, arm_analysis_rows, arm_figures
from doseesc.results.document_models import results_schema
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.validation.cases import arms

ARMS = "phase2_arms: [{name: saline, control: true}, {name: quarter, fraction: 0.25}, {name: full, fraction: 1}]\n"
TWO_DESIGNS = "designs:\n  - {name: 3+3, type: 3+3}"


@pytest.fixture
def study(scenario_file, small_scenario):
    """Return a function that loads the small scenario with two designs, arms, more lines, and pieces replaced."""

    def loaded(more="", arms=ARMS, **replaced):
        text = small_scenario.replace("designs:", TWO_DESIGNS) + arms + more
        for old, new in replaced.items():
            text = text.replace(*{"dlt": ("[0.1, 0.2, 0.3]", new), "max_n": ("max_n: 18", f"max_n: {new}")}[old])
        return load(scenario_file(text))

    return loaded


def by_key(figures):
    return {(each.scenario, each.design, each.arm, each.method): each for each in figures}


def dense_posterior(n, dlt, amount, limit):
    """Mean, 90 % interval and P(above limit), by the plainest sums on a dense grid of both parameters."""
    alpha, beta = np.meshgrid(np.linspace(-15, 13, 701), np.linspace(-6.5, 6.5, 521), indexing="ij")
    log_weight = norm.logpdf(alpha, np.log(0.5), 2) + norm.logpdf(beta, 0, 1)
    for dose, patients, toxic in zip((2, 8, 16), n, dlt, strict=True):
        odds = alpha + np.exp(beta) * np.log(dose / 16)
        log_weight -= toxic * np.logaddexp(0, -odds) + (patients - toxic) * np.logaddexp(0, odds)
    weight = np.exp(log_weight - log_weight.max()).ravel()
    weight /= weight.sum()
    p = expit(alpha + np.exp(beta) * np.log(amount / 16)).ravel()
    order = np.argsort(p)
    below = np.cumsum(weight[order])
    lower, upper = p[order][np.searchsorted(below, [0.05, 0.95])]
    return float(weight @ p), lower, upper, float(weight[p > limit].sum())


# Six patients in two cohorts, every outcome by hand: no part of the walk or of the quadrature is used.
def test_by_hand_on_a_tiny_design(study):
    found = study(max_n=6, more="arm_analysis: {unsafe_above: 0.25}\n")
    results = run(found, method="exact")
    design = found.designs["B"]
    truth = np.array([0.1, 0.2, 0.3])
    untested = {2.0: expit(2 * logit(0.1) - logit(0.2)), 8.0: 0.1, 16.0: expit((logit(0.1) + logit(0.2)) / 2)}
    ends = []
    for first, second in product(range(4), repeat=2):
        tally = Tally(n=[[3, 0, 0]], dlt=[[first, 0, 0]], level=[1])
        chance = comb(3, first) * 0.1**first * 0.9 ** (3 - first)
        level = int(design.decide(tally).level[0])
        if level == 0:
            if second:
                continue
        else:
            p = truth[level - 1]
            chance *= comb(3, second) * p**second * (1 - p) ** (3 - second)
            n, dlt = np.array([3, 0, 0]), np.array([first, 0, 0])
            n[level - 1] += 3
            dlt[level - 1] += second
            tally = Tally(n=[n], dlt=[dlt], level=[level])
        selected = int(design.select(tally)[0])
        if selected:
            ends.append((chance, selected, tuple(tally.n[0]), tuple(tally.dlt[0])))
    opens = sum(chance for chance, *_ in ends)
    for arm in ("quarter", "full"):
        sums = dict.fromkeys(("bias", "square", "covered", "called", "unsafe", "false", "missed"), 0.0)
        for chance, selected, n, dlt in ends:
            mtd = (2.0, 8.0, 16.0)[selected - 1]
            true, amount = (untested[mtd], mtd / 4) if arm == "quarter" else (truth[selected - 1], mtd)
            mean, lower, upper, above = dense_posterior(n, dlt, amount, 0.25)
            sums["bias"] += chance * (mean - true)
            sums["square"] += chance * (mean - true) ** 2
            sums["covered"] += chance * (lower <= true <= upper)
            called, unsafe = above > 0.25, true > 0.25
            sums["called"] += chance * called
            sums["unsafe"] += chance * unsafe
            sums["false"] += chance * (called and not unsafe)
            sums["missed"] += chance * (unsafe and not called)
        each = by_key(results.arm_analysis)["S", "B", arm, "exact"]
        assert each.probability[0] == pytest.approx(opens, abs=1e-12)
        assert each.bias[0] == pytest.approx(sums["bias"] / opens, abs=1e-4)
        assert each.rmse[0] == pytest.approx((sums["square"] / opens) ** 0.5, abs=1e-4)
        assert each.coverage[0] == pytest.approx(sums["covered"] / opens, abs=1e-12)
        assert each.called_unsafe[0] == pytest.approx(sums["called"] / opens, abs=1e-12)
        assert each.unsafe[0] == pytest.approx(sums["unsafe"] / opens, abs=1e-12)
        assert each.false_alarm[0] == pytest.approx(sums["false"] / (opens - sums["unsafe"]), abs=1e-12)
        if sums["unsafe"]:
            assert each.missed[0] == pytest.approx(sums["missed"] / sums["unsafe"], abs=1e-12)
        else:
            assert np.isnan(each.missed[0])


# Over truths drawn from the analysis's own prior every posterior is calibrated, whatever the design and its stops.
def test_calibrated_under_its_own_prior():
    model = DoseModel(doses=(2.0, 8.0, 16.0), reference=16.0, mean=(np.log(0.5), 0.0), sd=(2.0, 1.0))
    paths = enumerate_paths(BOIN(target=0.25, n_doses=3, cohort_size=3, max_n=6))
    draws = norm.ppf(qmc.Sobol(2, seed=3).random(1024))
    alpha, slope = np.log(0.5) + 2 * draws[:, 0], np.exp(draws[:, 1])

    def curve(amount):
        return expit(alpha + slope * np.log(amount / 16))

    truths = np.stack([curve(dose) for dose in model.doses], axis=1)
    ends, weight = paths.weighted_ends(truths)
    arms = np.stack([truths, np.stack([curve(dose / 4) for dose in model.doses], axis=1)], axis=2)
    posterior = np.full((4, len(ends.selected), 2), np.nan)
    for level, dose in enumerate(model.doses, start=1):
        at = ends.selected == level
        tally = Tally(n=ends.n[at], dlt=ends.dlt[at], level=ends.selected[at])
        posterior[:, at] = model.posterior(tally, [dose, dose / 4], above=0.35, credibility=0.9)
    sums = {}
    for truth, chance in zip(arms, weight, strict=True):
        figures = arm_figures(ends.selected, chance, DosePosterior(*posterior), truth, 0.35, 0.25)
        for arm, (*values, _) in enumerate(figures):
            found = dict(zip(ARM_METRICS, values, strict=True))
            opens = found["probability"]
            for name in ("coverage", "bias", "unsafe"):
                share, whole = sums.get((arm, name), (0.0, 0.0))
                sums[arm, name] = share + opens * np.nan_to_num(found[name]), whole + opens
    expected = np.stack([weight.mean(axis=0) * (ends.selected == level) for level in (1, 2)])
    for arm in (0, 1):
        for name, nominal, within in (("coverage", 0.9, 0.01), ("bias", 0.0, 0.003)):
            share, whole = (each[0] for each in sums[arm, name])
            assert share / whole == pytest.approx(nominal, abs=within), (arm, name)
        unsafe, whole = sums[arm, "unsafe"]
        believed = expected @ np.nan_to_num(posterior[3, :, arm]) / expected.sum(axis=1)
        assert unsafe[1:3] / whole[1:3] == pytest.approx(believed, abs=0.005)


OBSERVED = "observation: {background: 0.1, mortality_28_days: 0.3, deaths: all_count}\n"


@pytest.mark.parametrize("more", ["", OBSERVED])
def test_simulated_agree_with_exact(study, more):
    found = by_key(run(study(more), trials=4000, seed=11, method="both").arm_analysis)
    compared = 0
    for (*key, method), simulated in found.items():
        if method == "exact":
            continue
        exact = found[(*key, "exact")]
        for metric in ARM_METRICS:
            value, error = getattr(simulated, metric), getattr(simulated.mcse, metric)
            often = (simulated.probability * 4000 >= 100) & (error > 1e-6)
            assert (np.abs(value - getattr(exact, metric))[often] <= 4 * error[often]).all(), (key, metric)
            compared += int(often.sum())
        assert all((np.nan_to_num(getattr(exact.mcse, metric)) == 0).all() for metric in ARM_METRICS)
    assert compared > 80


def test_bias_is_against_the_drugs_own_curve(study):
    plain, seen, knowing = (
        by_key(run(study(more), method="exact").arm_analysis)["S", "B", "full", "exact"]
        for more in ("", OBSERVED, OBSERVED + "arm_analysis: {floor: 0.1}\n")
    )
    for level in (1, 2, 3):
        assert seen.dlt_probability[level] == pytest.approx(plain.dlt_probability[level])
        assert seen.bias[level] > plain.bias[level] + 0.01
        assert knowing.bias[level] < seen.bias[level] - 0.01


def test_jobs_do_not_matter(study):
    one, two = (run(study(), trials=300, seed=5, method="monte_carlo", jobs=jobs).arm_analysis for jobs in (1, 2))
    for first, second in zip(one, two, strict=True):
        for metric in ARM_METRICS:
            np.testing.assert_array_equal(getattr(first, metric), getattr(second, metric))
            np.testing.assert_array_equal(getattr(first.mcse, metric), getattr(second.mcse, metric))


def test_one_posterior_for_all_designs_scenarios_and_engines(study, monkeypatch):
    calls = []
    whole = DoseModel.posterior

    def counted(self, tally, *args, **kwargs):
        calls.append(np.column_stack([tally.n, tally.dlt, tally.level]))
        return whole(self, tally, *args, **kwargs)

    monkeypatch.setattr(DoseModel, "posterior", counted)
    run(study(), trials=200, method="both")
    rows = np.concatenate(calls)
    assert len(calls) == 3
    assert len(np.unique(rows, axis=0)) == len(rows)


def test_nothing_where_no_mtd_is_ever_declared(study):
    results = run(study(dlt="[1, 1, 1]"), trials=50, method="both")
    for each in results.arm_analysis:
        assert (each.probability == 0).all()
        assert all(np.isnan(getattr(each, metric)).all() for metric in ARM_METRICS[1:])
    assert arm_analysis_lines(results) == []
    assert str(arm_analysis_table(results).rows[0][4]) == "–"
    jsonschema.validate(json.loads(json.dumps(results.to_document())), results_schema())


@pytest.mark.parametrize("arms", ["", "phase2_arms: [{name: saline, control: true}]\n"])
def test_nothing_without_active_arms(study, arms):
    results = run(study(arms=arms), trials=50, method="both")
    assert results.arm_analysis == ()
    assert arm_analysis_table(results) is None
    assert arm_analysis_lines(results) == []
    assert results.to_document()["phase2"]["analysis"] is None
    assert not (write_results(results, "out") / "phase2_arm_analysis.csv").exists()


def test_only_full_doses(study):
    figures = run(study(arms="phase2_arms: [{name: full, fraction: 1}]\n"), method="exact").arm_analysis
    assert [(each.arm, each.probability.shape) for each in figures] == [("full", (4,))] * 2


def test_figures_by_mtd_make_up_the_whole(study):
    for each in run(study(), trials=500, method="both").arm_analysis:
        opens = each.probability
        assert opens[1:].sum() == pytest.approx(opens[0])
        for metric in ("dlt_probability", "estimate", "bias", "coverage", "width", "unsafe", "called_unsafe"):
            value = getattr(each, metric)
            assert np.nansum(opens[1:] * value[1:]) == pytest.approx(opens[0] * value[0], abs=1e-12)
        assert np.nansum(opens[1:] * each.rmse[1:] ** 2) == pytest.approx(opens[0] * each.rmse[0] ** 2, abs=1e-12)


def test_written_and_read_back(study):
    results = run(study(OBSERVED), trials=100, method="both")
    folder = write_results(results, "out")
    again = read_results(folder).results
    for first, second in zip(results.arm_analysis, again.arm_analysis, strict=True):
        assert (first.scenario, first.design, first.arm) == (second.scenario, second.design, second.arm)
        for metric in ARM_METRICS:
            np.testing.assert_array_equal(getattr(first, metric), getattr(second, metric))
            np.testing.assert_array_equal(getattr(first.mcse, metric), getattr(second.mcse, metric))
    frame = pd.read_csv(folder / "phase2_arm_analysis.csv", float_precision="round_trip", dtype={"mtd_level": "Int64"})
    rows = arm_analysis_rows(again.arm_analysis, again.study.dose_labels)
    expected = pd.DataFrame(list(rows), columns=list(ARM_ANALYSIS_COLUMNS)).astype({"mtd_level": "Int64"})
    pd.testing.assert_frame_equal(frame, expected, check_dtype=False, check_exact=True)
    assert len(frame) == 2 * 2 * 2 * 4 * len(ARM_METRICS)
    assert [each.plain for each in arm_analysis_lines(again)] == [each.plain for each in arm_analysis_lines(results)]


def test_a_word_for_each_design_and_arm(study):
    two = "scenarios:\n  - {name: mild, dlt: [0.02, 0.05, 0.1]}"
    found = study()
    results = run(load_with(found, two), method="exact")
    first = arm_knowledge(results)[0]
    assert (first.arm, first.design) == ("quarter", "3+3")
    pair = [each for each in results.arm_analysis if (each.arm, each.design) == ("quarter", "3+3")]
    opens = np.array([each.probability[0] for each in pair])
    assert first.coverage == pytest.approx(opens @ [each.coverage[0] for each in pair] / opens.sum())
    assert (first.worst_coverage, first.worst_scenario) == min((each.coverage[0], each.scenario) for each in pair)
    assert (first.lowest_bias, first.highest_bias) == tuple(sorted(each.bias[0] for each in pair))
    text = [each.plain for each in arm_analysis_lines(results)]
    assert text[0].endswith("all 2 scenarios")
    assert f"{100 * first.coverage:.1f}" in text[3]
    assert max(map(len, text)) <= 100
    assert "(assumed by this project)" in " ".join(text)
    table = arm_analysis_table(results)
    assert len(table.rows) == 8
    assert {len(row) for row in table.rows} == {len(table.columns)}


def load_with(study, two):
    text = study.text.replace("scenarios:", two)
    study.source.write_text(text)
    return load(study.source)


def test_the_file_sets_the_analysis(study):
    given = "{prior_mean: [-1, 0.2], prior_sd: [1, 0.5], prior_correlation: 0.1, reference: 8, credibility: 0.5}"
    found = study(f"arm_analysis: {given}\n")
    assert found.arm_analysis.model((2, 8, 16)) == DoseModel((2.0, 8.0, 16.0), 8.0, (-1, 0.2), (1, 0.5), 0.1)
    results = run(found, method="exact")
    narrow = by_key(results.arm_analysis)["S", "B", "full", "exact"]
    assert narrow.width[0] < by_key(run(study(), method="exact").arm_analysis)["S", "B", "full", "exact"].width[0] / 1.5
    words = " ".join(each.plain for each in arm_analysis_lines(results))
    assert "50 % interval" in words
    assert "(as the scenario file gives it)" in words


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("{prior_sd: [2, 0]}", "arm_analysis.prior_sd[2]\n  is 0; it must be greater than 0"),
        ("{prior_mean: [2]}", "arm_analysis.prior_mean"),
        ("{credibility: 90}", "arm_analysis.credibility\n  is 90; it must be less than 1"),
        ("{floor: 1}", "arm_analysis.floor\n  is 1; it must be less than 1"),
        ("{prior: weak}", "arm_analysis.prior\n  is not a key here"),
    ],
)
def test_what_is_wrong_is_said(complaint, small_scenario, given, says):
    assert says in complaint(f"{small_scenario}{ARMS}arm_analysis: {given}\n")


def test_settings_without_an_arm_to_analyse_are_said_to_be_idle(study):
    more = "arm_analysis: {floor: 0.1}\n"
    assert study(more, arms="").warnings()[-1].startswith("arm_analysis: changes nothing")
    assert not any("arm_analysis" in each for each in study(more).warnings() + study(arms="").warnings())


def test_nothing_is_above_a_limit_of_one(study):
    for each in run(study("true_mtd: {margin: 0.9}\n"), method="exact").arm_analysis:
        assert each.unsafe[0] == each.called_unsafe[0] == 0


def test_one_dose(scenario_file, small_scenario):
    text = small_scenario.replace("labels: [low, medium, high], amounts: [2, 8, 16]", "amounts: [8]")
    found = load(scenario_file(text.replace("[0.1, 0.2, 0.3]", "[0.2]") + ARMS))
    quarter, full = run(found, method="exact").arm_analysis
    # Nothing is known of the true slope.
    assert [each.dlt_probability[0] for each in (quarter, full)] == pytest.approx([0.2, 0.2])
    assert quarter.estimate[0] < full.estimate[0]


@pytest.mark.parametrize("wrong", ["max_n: 10000", "max_n: 500\narm_analysis: {prior_sd: [20, 20]}"])
def test_an_analysis_that_takes_too_much_memory_is_refused_at_once(scenario_file, small_scenario, wrong):
    arms = "\nphase2_arms: [{name: MTD, fraction: 1}, {name: low, fraction: 0.5}]\n"
    text = small_scenario.replace("max_n: 18", wrong) + arms
    with bounded(seconds=60, megabytes=600), pytest.raises(ScenarioError, match=r"Phase 2 arms.* GiB"):
        run(load(scenario_file(text)), trials=10, method="monte_carlo")


def test_posteriors_are_those_of_plain_sums():
    passes(arms.posteriors)
