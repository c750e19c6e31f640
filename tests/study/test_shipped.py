import jsonschema
import pytest
from support import yaml

from designs import BOIN, CRM, ThreePlusThree, design_class, design_names
from doseesc.study import shipped
from doseesc.study.shipped import shipped_scenarios, starter_file
from doseesc.study.study import json_schema, load


@pytest.mark.parametrize("name", [*shipped_scenarios(), "starter"])
def test_shipped_files_and_starter_fit_the_schema_and_load(name, scenario_file):
    text = starter_file() if name == "starter" else shipped_scenarios()[name].read_text()
    assert text.startswith("# yaml-language-server: $schema=./doseesc.schema.json\n")
    validator = jsonschema.Draft7Validator(json_schema())
    assert list(validator.iter_errors(yaml(text))) == []
    loaded = load(scenario_file(text))
    assert set(map(type, loaded.designs.values())) >= {ThreePlusThree, CRM, BOIN}
    assert all(len(truth) == loaded.n_doses for truth in loaded.truths.values())
    assert loaded.simulation.method == ("exact" if name == "design_comparison" else "both")
    assert loaded.warnings() == []


def test_the_comparison_has_every_design():
    study = load(shipped_scenarios()["design_comparison"])
    assert {type(design) for design in study.designs.values()} == {
        cls for cls in map(design_class, design_names()) if cls.__module__.startswith("designs.")
    }


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
