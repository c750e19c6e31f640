"""What ``fit`` takes: the section of the file, priors, data, the doses reported on, and numbers of draws."""

import pytest
from support import THREE_ARMS

from designs import Tally
from doseesc.analysis import fit
from doseesc.analysis.inputs import read_data, reported_doses
from doseesc.analysis.model_choice import analysis_model
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios


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
        ("analysis: {blrm: {prior_correlation: 1}}", ("prior_correlation", "must be at most 0.999999")),
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
    below = study_with("max_n: 18", f"max_n: 18\nphase2_dose_rule: nearest_tested_below{THREE_ARMS}")
    assert reported_doses(below, 3)[3].amount == 2.0


@pytest.mark.parametrize(
    ("name", "number"), [("draws", 10**9), ("tune", 10**9), ("chains", 65), ("draws", 0), ("seed", -1)]
)
def test_numbers_of_draws_are_refused_before_anything_is_compiled(study_with, monkeypatch, name, number):
    monkeypatch.setattr("doseesc.inference.sampling.Sampler.of", lambda *_: pytest.fail("it was compiled"))
    with pytest.raises(ValueError, match=rf"^{name} must be (at most|a whole number)"):
        fit(study_with("target: 0.25", "target: 0.3"), "1NNN 2NNT", nuts=True, **{name: number})
