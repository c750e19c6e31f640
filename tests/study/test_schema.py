import json

import jsonschema
import pytest
from support import yaml

from designs import design_type, type_names
from doseesc.study.shipped import shipped_scenarios
from doseesc.study.study import json_schema

DLT = "dlt: [0.1, 0.2, 0.3]"


def built_in_designs():
    return [name for name in type_names() if design_type(name).design.__module__.startswith(("designs.", "doseesc."))]


def test_shipped_schema_is_in_step():
    path = shipped_scenarios()["nct04602104"].with_name("doseesc.schema.json")
    expected = json_schema(built_in_designs())
    assert json.loads(path.read_text()) == json.loads(json.dumps(expected)), (
        "write it again:  python -m doseesc schema > scenarios/doseesc.schema.json"
    )


def test_schema_describes_every_parameter_and_completes_types():
    definitions = json_schema(built_in_designs())["$defs"]
    entries = {entry["title"]: entry for entry in definitions["DesignEntry"]["oneOf"]}
    assert {"3+3", "CRM", "BOIN"} <= set(entries)
    assert entries["CRM"]["required"] == ["name", "type", "skeleton"]
    assert entries["BOIN"]["properties"]["titration"]["type"] == "boolean"
    assert entries["3+3"]["properties"]["variant"]["enum"] == ["six_at_mtd", "deescalation", "escalation_only"]
    for entry in entries.values():
        assert all(each.get("description") for each in entry["properties"].values()), entry["title"]
    rules = {rule["title"] for rule in definitions["Rule"]["oneOf"]}
    assert {"NoSkipping", "StopTooToxic", "StopAtDose"} <= rules


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("target: 0.25", "target: 1.5"),
        ("target: 0.25", "targt: 0.25"),
        ("type: BOIN", "type: BION"),
        ("type: BOIN", "type: BOIN, p_saf: 0.1"),
        ("type: BOIN", "type: CRM"),
        ("type: BOIN", "type: BOIN, rules: [{type: StopAtDose}]"),
        (DLT, "dlt: [0.1, 0.2, 1.3]"),
        (f", {DLT}", ""),
    ],
)
def test_schema_refuses_what_the_program_refuses(old, new, small_scenario):
    validator = jsonschema.Draft7Validator(json_schema())
    assert validator.is_valid(yaml(small_scenario))
    assert not validator.is_valid(yaml(small_scenario.replace(old, new)))


@pytest.mark.parametrize(
    "how",
    [
        DLT,
        "curve: {type: power, skeleton: [0.1, 0.2, 0.3], beta: 0.1}",
        "random: {type: pseudo_uniform, count: 5}",
    ],
)
def test_every_form_of_a_scenario_fits_the_schema(how):
    scenario = yaml(f"{{name: S, {how}}}")
    definitions = json_schema(built_in_designs())["$defs"]
    jsonschema.validate(scenario, {"$ref": "#/$defs/Scenario", "$defs": definitions})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "S"}, {"$ref": "#/$defs/Scenario", "$defs": definitions})
