"""Borrowing in a scenario file: what may be written, and the tables and the figure of what was borrowed."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

import doseesc
from doseesc.analysis.borrowed import borrowed
from doseesc.analysis.model_choice import analysis_model
from doseesc.errors import ScenarioError
from doseesc.inference.borrowing.heterogeneity import HalfNormal, Known
from doseesc.inference.borrowing.hierarchy import hierarchy_posterior
from doseesc.inference.data import ToxicityData
from doseesc.report.figures.borrowing import borrowing_figure
from doseesc.report.terminal.borrowing import borrowing_lines
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

SHIPPED = shipped_scenarios()["nct04602104_borrowing"]
STUDY = "{name: earlier, doses: [1, 4], n: [3, 6], dlt: [0, 1]}"
TRIAL = ToxicityData.from_outcomes("1NNN 2NNT 3NNN", amounts=[2, 8, 16])


def with_analysis(small_scenario, text):
    return small_scenario + f"\nanalysis: {text}\n"


def test_shipped_file_borrows_the_volunteers():
    study = doseesc.load(SHIPPED)
    model = analysis_model(study)
    history = model.history
    assert history.studies == ("NCT04313647",)
    assert (history.amount, history.n, sum(history.dlt)) == ((2, 4, 8, 12, 16), (3, 3, 6, 6, 6), 0)
    assert (model.prior.weight, model.prior.reference) == (0.5, 16)
    assert model.prior.weak.sd == (2, 1)
    assert model.words.endswith("; 50 % borrowed")
    alone = analysis_model(doseesc.load(shipped_scenarios()["nct04602104"]), "blrm")
    assert "borrowed" not in alone.words
    assert (model.on_grid(TRIAL).mean() < alone.on_grid(TRIAL).mean()).all()


def test_weight_in_the_file_goes_from_none_to_the_plain_map(scenario_file):
    text = SHIPPED.read_text()
    alone = analysis_model(load(scenario_file(text[: text.index("  borrow:")] + "\n"))).on_grid(TRIAL).mean()
    means = {}
    for weight in ("0", "0.5", "1"):
        model = analysis_model(load(scenario_file(text.replace("weight: 0.5", f"weight: {weight}"))))
        means[weight] = model.on_grid(TRIAL).mean()
    assert means["0"] == pytest.approx(alone, abs=1e-9)
    assert (means["0"] > means["0.5"]).all()
    assert (means["0.5"] > means["1"]).all()
    plain = model.prior.fit(TRIAL, (2, 8, 16)).posterior(model.prior.component_weights).mean
    assert means["1"] == pytest.approx(plain, abs=1e-7)


def test_floor_of_the_analysis_holds_for_the_prior_that_borrows(scenario_file):
    text = SHIPPED.read_text().replace("  model: blrm\n", "  model: blrm\n  floor: 0.1\n")
    model = analysis_model(load(scenario_file(text)))
    fit = model.prior.fit(TRIAL, (2, 8, 16), floor=0.1).posterior(model.prior.component_weights)
    assert model.on_grid(TRIAL).mean() == pytest.approx(fit.mean, abs=1e-6)
    found = borrowed(model, TRIAL, [8], target=0.25, patients=18)
    half = found.sensitivity[found.sensitivity["weight"] == 0.5]
    assert half["mean"].iloc[0] == pytest.approx(fit.mean[1], abs=1e-9)


VOLUNTEERS = "{name: volunteers, doses: [2, 4, 8], n: [6, 6, 6], dlt: [0, 0, 0]}"
TWO = f"[{VOLUNTEERS}, {{name: infused, doses: [4], n: [9], dlt: [4]}}]"
KNOWN = "{log_alpha: {type: known, value: 0.5}, log_beta: {type: known, value: 0.25}}"


@pytest.fixture
def exnex_model(scenario_file, small_scenario):
    """The model of an analysis that borrows from two studies by EXNEX, or as ``how`` says."""

    def of(how):
        text = f"{{borrow: {{{how}, studies: {TWO}, heterogeneity: {KNOWN}}}}}"
        return analysis_model(load(scenario_file(with_analysis(small_scenario, text))))

    return of


def test_exnex_in_the_file_is_the_analysis_of_all_studies_at_once(exnex_model):
    model = exnex_model("method: exnex, exchangeable: 0.7")
    assert model.words.endswith("; EXNEX, each study exchangeable to 70 %")
    found = hierarchy_posterior(TRIAL + model.history, model.hierarchy, 0.7)
    own, amounts = found.study_mass("trial"), (2, 8, 16, 4)
    mean, sd = found.dlt_mean_sd(own, amounts)
    mine = model.on_grid(TRIAL, [4])
    assert mine.mean() == pytest.approx(mean, abs=1e-3)
    assert mine.sd() == pytest.approx(sd, abs=1e-3)
    above = [found.probability_above(own, amount, [0.25])[0] for amount in amounts]
    assert mine.above(0.25) == pytest.approx(above, abs=2e-3)
    answer = borrowed(model, TRIAL, amounts, target=0.25, patients=18)
    assert answer.weight_after == pytest.approx(found.exchangeable[0], abs=2e-3)
    strata = answer.strata.set_index(["study", "amount"])
    assert list(answer.strata["study"].unique()) == ["trial", "volunteers", "infused"]
    assert strata.loc["trial", "mean"].to_numpy() == pytest.approx(mean, abs=1e-12)
    assert strata.loc["infused", "exchangeable_after"].iloc[0] == pytest.approx(found.exchangeable[2], abs=1e-12)
    assert strata.loc[("infused", 4), "mean"] > 3 * strata.loc[("volunteers", 4), "mean"]
    # A study of which one does not know whether it is like the others tells less of them than one that is for certain.
    assert model.on_grid(TRIAL).mean() != pytest.approx(exnex_model("weight: 0.7").on_grid(TRIAL).mean(), abs=2e-3)
    moved = answer.sensitivity.set_index(["weight", "amount"])["mean"]
    for chance in (0.25, 0.75):
        exact = hierarchy_posterior(TRIAL + model.history, model.hierarchy, chance)
        mean, _ = exact.dlt_mean_sd(exact.study_mass("trial"), amounts)
        assert moved.loc[chance].to_numpy() == pytest.approx(mean, abs=1e-3)
    lines = [text.plain for text in borrowing_lines(answer, LABELS[:4], AMOUNTS[:4], 0.25)]
    assert max(map(len, lines)) <= 100
    after = f"{100 * answer.weight_after:.1f} % after them"
    assert any(f"exchangeable with these (EXNEX): 70.0 % before the data, {after}" in line for line in lines)
    (row,) = (line for line in lines if line.startswith("  infused ("))
    assert row.split()[-4:] == [f"{100 * strata.loc[('infused', amount), 'mean']:.1f}" for amount in amounts]
    again = json.loads(json.dumps(answer.to_dict()))
    assert (again["method"], again["weight"], len(again["strata"])) == ("exnex", 0.7, 12)


def test_exnex_goes_from_no_borrowing_to_the_plain_map(exnex_model):
    none, all_alike = (exnex_model(f"method: exnex, exchangeable: {chance}").on_grid(TRIAL).mean() for chance in (0, 1))
    assert none == pytest.approx(exnex_model("weight: 0").on_grid(TRIAL).mean(), abs=1e-9)
    assert all_alike == pytest.approx(exnex_model("weight: 1").on_grid(TRIAL).mean(), abs=1e-9)


def test_differences_by_parameter_and_priors_of_their_own(scenario_file, small_scenario):
    taus = "{log_alpha: {type: half_normal, scale: 0.6}, log_beta: {type: known, value: 0.2}}"
    priors = "weak: {mean: [-1, 0], sd: [3, 1]}, mean: {mean: [-2, 0.1], sd: [1, 0.5], correlation: 0.3}"
    text = with_analysis(small_scenario, f"{{borrow: {{studies: [{STUDY}], heterogeneity: {taus}, {priors}}}}}")
    model = analysis_model(load(scenario_file(text)))
    how = model.section.hierarchy(4, model.prior.weak)
    assert how.heterogeneity.log_alpha == HalfNormal(0.6)
    assert how.heterogeneity.log_beta == Known(0.2)
    assert (how.weak.sd, how.mean.correlation) == ((3, 1), 0.3)
    assert model.prior.weak.sd == (3, 1)
    assert model.differences == "between-study sd of log_alpha half-normal (0.6), of log_beta 0.2"


@pytest.mark.parametrize(
    ("analysis", "words"),
    [
        ("{borrow: {studies: []}}", r"(?s)analysis.borrow.studies.*is an empty list.*write for example  studies: "),
        ("{borrow: {}}", r"(?s)analysis.borrow.studies.*is missing"),
        (
            "{borrow: {studies: [{name: A, doses: [1, 4], n: [3], dlt: [0, 0]}]}}",
            r"(?s)has 1 numbers of n for 2 doses.*write one number of n for each of the 2 doses",
        ),
        (
            "{borrow: {studies: [{name: A, doses: [1, 4], n: [3, 3], dlt: [0, 4]}]}}",
            r"has 4 DLTs among 3 patients at dose 4",
        ),
        (f"{{borrow: {{studies: [{STUDY}, {STUDY}]}}}}", r"(?s)has two studies 'earlier'.*give each its own name"),
        (f"{{borrow: {{weight: 1.2, studies: [{STUDY}]}}}}", r"analysis.borrow.weight"),
        (
            f"{{borrow: {{method: exnex, weight: 0.5, studies: [{STUDY}]}}}}",
            r"(?s)has weight, which method exnex does not know.*write exchangeable instead",
        ),
        (
            f"{{borrow: {{exchangeable: 0.5, studies: [{STUDY}]}}}}",
            r"(?s)has exchangeable, which method map does not know.*write weight instead",
        ),
        (f"{{borrow: {{method: exnex, exchangeable: 2, studies: [{STUDY}]}}}}", r"analysis.borrow.exchangeable"),
        (f"{{borrow: {{method: nex, studies: [{STUDY}]}}}}", r"(?s)analysis.borrow.method.*map, exnex"),
        (
            f"{{borrow: {{method: exnex, studies: [{STUDY.replace('earlier', 'trial')}]}}}}",
            r"(?s)has a study 'trial', which is the one in hand.*give it another name",
        ),
        (
            f"{{floor: 0.1, borrow: {{method: exnex, studies: [{STUDY}]}}}}",
            r"(?s)borrows by exnex, which knows no background floor.*leave the floor out",
        ),
        (f"{{borrow: {{heterogeneity: huge, studies: [{STUDY}]}}}}", r"analysis.borrow.heterogeneity"),
        (
            f"{{model: monotone, borrow: {{studies: [{STUDY}]}}}}",
            r"(?s)borrows with model monotone, which cannot.*write  model: blrm",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(analysis, words, scenario_file, small_scenario):
    text = with_analysis(small_scenario, analysis)
    with pytest.raises(ScenarioError, match=words) as error:
        load(scenario_file(text))
    assert f".yaml:{text.splitlines().index(f'analysis: {analysis}') + 1}" in str(error.value)


@pytest.fixture(scope="module")
def found():
    model = analysis_model(doseesc.load(SHIPPED))
    return borrowed(model, TRIAL, [2, 8, 16, 4, 16], target=0.25, patients=18, conflicting=4)


LABELS = ("low", "medium", "high", "dosage 1", "dosage 2")
AMOUNTS = (2.0, 8.0, 16.0, 4.0, 16.0)


def test_tables_in_the_terminal(found):
    lines = [text.plain for text in borrowing_lines(found, LABELS, AMOUNTS, 0.25)]
    assert max(map(len, lines)) <= 100
    text = "\n".join(lines)
    assert "Borrowed from NCT04313647 (24 patients, 0 DLTs); differences between studies substantial" in text
    assert f"50.0 % before the data, {100 * found.weight_after:.1f} % after them" in text
    sizes = found.sizes.set_index("amount")
    (row,) = (line for line in lines if line.startswith("  what the history predicts"))
    expected = [f"{sizes.loc[amount, 'map']:.1f}" for amount in (2, 8, 16, 4)]
    assert row.split()[-4:] == expected
    (row,) = (line for line in lines if "weight of history %, high" in line)
    high = found.conflict[found.conflict["amount"] == 16]
    assert row.split()[-5:] == [f"{100 * weight:.1f}" for weight in high["weight"]]
    (place,) = (i for i, line in enumerate(lines) if "mean P(DLT)" in line)
    rows = found.sensitivity.set_index(["weight", "amount"])
    for line, weight in zip(lines[place : place + 5], (0, 0.25, 0.5, 0.75, 1), strict=True):
        assert line.split()[-4:] == [f"{100 * rows.loc[(weight, amount), 'mean']:.1f}" for amount in (2, 8, 16, 4)]


def test_many_doses_are_shown_below_one_another(found):
    many = [float(amount) for amount in range(1, 9)]
    sizes, sensitivity = (
        pd.concat([table[table["amount"] == 4].assign(amount=amount) for amount in many])
        for table in (found.sizes, found.sensitivity)
    )
    wide = replace(found, sizes=sizes, sensitivity=sensitivity)
    lines = [text.plain for text in borrowing_lines(wide, [f"d{amount:g}" for amount in many], many, 0.25)]
    assert max(map(len, lines)) <= 100
    assert sum(line.startswith("patients worth  ") for line in lines) == 2
    assert any("d8" in line for line in lines)


def test_figure_shows_priors_posterior_and_conflict(found):
    levels = list(zip(LABELS[:3], AMOUNTS[:3], strict=True))
    figure = borrowing_figure(found, [("dosage 2", 16), ("dosage 1", 4)], levels, 0.25)
    first, second, conflict = figure.axes
    assert [line.get_label() for line in first.get_lines()[:4]] == [
        "weak prior",
        "history predicts (MAP)",
        "prior used",
        "posterior",
    ]
    for panel in (first, second):
        for line in panel.get_lines()[:4]:
            area = np.trapezoid(*line.get_data()[::-1])
            assert area == pytest.approx(1, abs=0.02)
    weak, predicted, used = (line.get_ydata() for line in first.get_lines()[:3])
    assert used == pytest.approx((weak + predicted) / 2, abs=1e-9)
    assert [line.get_label() for line in conflict.get_lines()[:3]] == ["low", "medium", "high"]
    high = found.conflict[found.conflict["amount"] == 16]
    assert conflict.get_lines()[2].get_ydata() == pytest.approx(100 * high["weight"].to_numpy())
    assert len({to_hex(line.get_color()) for line in conflict.get_lines()[:3]}) == 3


def test_everything_as_plain_values(found):
    again = json.loads(json.dumps(found.to_dict()))
    assert again["weight_after"] == pytest.approx(found.weight_after)
    assert sum(part["weight"] for part in again["map_components"]) == pytest.approx(1)
    assert again["map_divergence"] <= 0.002
    assert [row["amount"] for row in again["sizes"]] == [2, 8, 16, 4]
    assert len(again["conflict"]) == 3 * 5
    assert again["elir_at_reference"]["map"] > again["elir_at_reference"]["weak"]
