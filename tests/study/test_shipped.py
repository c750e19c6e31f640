import re
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from support import yaml

from designs import (
    BOIN,
    CRM,
    Complete,
    PolicyDesign,
    SelectTried,
    Settled,
    ThreePlusThree,
    Weighted,
    design_class,
    design_names,
)
from doseesc.engines import enumerate_paths
from doseesc.study import load, shipped, shipped_summaries
from doseesc.study.shipped import shipped_scenarios, starter_file
from doseesc.study.study import json_schema

METHODS = {"design_comparison": "exact", "tite": "monte_carlo", "tite_backfill": "monte_carlo"}


@pytest.mark.parametrize("name", [*shipped_scenarios(), "starter"])
def test_shipped_files_and_starter_fit_the_schema_and_load(name, scenario_file):
    text = starter_file() if name == "starter" else shipped_scenarios()[name].read_text()
    assert text.startswith("# yaml-language-server: $schema=./doseesc.schema.json\n")
    validator = jsonschema.Draft7Validator(json_schema())
    assert list(validator.iter_errors(yaml(text))) == []
    loaded = load(scenario_file(text))
    assert set(map(type, loaded.designs.values())) >= {ThreePlusThree, CRM, BOIN}
    assert all(len(truth) == loaded.n_doses for truth in loaded.truths.values())
    assert loaded.simulation.method == METHODS.get(name, "both")
    assert loaded.warnings() == []


def test_the_list_says_of_each_file_what_the_study_has():
    found = shipped_summaries()
    assert list(found) == list(shipped_scenarios())
    for name, path in shipped_scenarios().items():
        study = load(path)
        assert found[name] == (
            study.study.short_title or study.study.title,
            study.n_doses,
            study.max_n,
            len(study.scenarios),
            tuple(entry.name for entry in study.design_entries),
        )


def test_the_comparison_has_every_design():
    study = load(shipped_scenarios()["design_comparison"])
    assert {type(design) for design in study.designs.values()} == {
        cls for cls in map(design_class, design_names()) if cls.__module__.startswith("designs.")
    } - {PolicyDesign}  # which is found for one study


def test_seed_trial():
    study = load(shipped_scenarios()["nct04602104"])
    assert study.dose_amounts.tolist() == [2, 8, 16]
    assert study.doses.unit == "1e8 particles per day"
    assert any("doses" in text and "NCT04313647" in text for text in study.study.assumptions)
    assert any(text.startswith("target") for text in study.study.assumptions)
    assert (study.target, study.dlt_window_days, study.cohort_size, study.max_n) == (0.25, 14, 3, 18)
    mtd = {name: study.true_mtd(truth) for name, truth in study.truths.items()}
    assert mtd == {"S0": 3, "S1": 3, "S2": 3, "S3": 2, "S4": 1, "S5": 0, "S6": 3, "S7": 3, "S8": 2}
    arms = [(arm.name, arm.control, arm.fraction) for arm in study.phase2_arms]
    assert arms == [("control", True, None), ("dosage 1", False, 0.25), ("dosage 2", False, 1.0)]
    assert study.designs["CRM"].skeleton == pytest.approx((0.157, 0.25, 0.354), abs=1e-3)


def test_the_pace_of_the_seed_trial_hardly_leaves_anybody_pending():
    study = load(shipped_scenarios()["nct04602104"])
    assert study.calendar.accrual.rate == study.phase2.accrual.accrual().rate == 0.7
    assert "hardly matter" in study.calendar.describe(study.dlt_window_days)
    assert any(text.startswith("accrual") for text in study.study.assumptions)


def test_six_arrive_in_a_window_with_and_without_backfill():
    study, backfilled = (load(shipped_scenarios()[name]) for name in ("tite", "tite_backfill"))
    for each in (study, backfilled):
        assert (each.n_doses, each.max_n, each.dlt_window_days) == (5, 30, 90)
        assert each.calendar.arrivals_within(90) == pytest.approx(6, rel=0.01)
    assert study.calendar.backfill is None
    with_it = [name for name in backfilled.names if backfilled.calendar_for(name).backfill is not None]
    # TITE-CRM never waits, so that nobody can be backfilled.
    pairs = dict(zip(with_it, ["3+3", "rolling six", "BOIN", "BOIN settled", "TITE-BOIN", "CRM"], strict=True))
    assert [*pairs.values(), "TITE-CRM"] == list(study.names)
    for name, without in pairs.items():
        assert backfilled.designs[name] == backfilled.designs[without]  # otherwise the same
    rules = backfilled.calendar_for("BF-BOIN", "MTD 3").backfill
    assert rules.response_probabilities == (0.1, 0.2, 0.3, 0.4, 0.5)
    policies = {name: type(design.pending) for name, design in study.designs.items()}
    assert policies["BOIN"] is Complete
    assert policies["BOIN settled"] is Settled
    assert policies["TITE-BOIN"] is policies["TITE-CRM"] is Weighted


def test_twenty_five_criteria_can_be_written_down(scenario_file, small_scenario):
    shares = ", ".join(f"criterion {number}: 0.04" for number in range(1, 26))
    text = f"accrual: {{screened_per_month: 10, exclusions: {{{shares}}}, basis: prevalences assumed}}\n"
    accrual = load(scenario_file(small_scenario + text)).calendar.accrual
    assert accrual.rate == pytest.approx(10 * 0.96**25)


def test_five_doses():
    study = load(shipped_scenarios()["oncology_five_doses"])
    assert [study.true_mtd(truth) for truth in study.truths.values()] == [1, 2, 3, 4, 5, 0]
    assert study.max_n == 30


def test_shipped_scenarios_in_a_wheel_and_where_they_are_missing(tmp_path, monkeypatch, small_scenario):
    package = tmp_path / "doseesc"
    package.mkdir()
    monkeypatch.setattr(shipped, "_PACKAGE", package)
    with pytest.raises(FileNotFoundError, match="install doseesc again"):
        shipped_scenarios()
    (package / "scenarios").mkdir()
    (package / "scenarios" / "one.yaml").write_text(small_scenario)
    assert shipped_scenarios() == {"one": package / "scenarios" / "one.yaml"}


@pytest.mark.parametrize("name", ["nct04602104", "nct04602104_attribution", "nct04602104_borrowing"])
def test_what_selecting_only_tried_doses_costs_is_as_the_file_says(name):
    file = shipped_scenarios()[name]
    said = set(re.findall(r"\d+\.\d", " ".join(re.findall(r"#.*", file.read_text().split("\ndesigns:")[1]))))
    study = load(file)
    tried = study.designs["CRM"]
    assert isinstance(tried.rules[-1], SelectTried)
    before = _exact(study, replace(tried, rules=tried.rules[:-1]))
    after = _exact(study, tried)
    lost = before.correct_selection - after.correct_selection
    most, worst = int(np.argmax(lost)), int(np.argmax(before.untried_selection))
    assert after.untried_selection.max() == 0
    for value in (lost[most], before.correct_selection[most], after.correct_selection[most]):
        assert f"{100 * value:.1f}" in said
    assert f"{100 * before.untried_selection[worst]:.1f}" in said


def _exact(study, design):
    model = study.own_model
    truths = np.array(list(study.truths.values()))
    seen = truths if model is None else np.array([model.law(truth).observed_dlt for truth in truths])
    return enumerate_paths(design).characteristics(seen, true_mtd=[study.true_mtd(truth) for truth in truths])
