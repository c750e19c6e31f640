"""Requirements are complete: every design, rule, command and section has one, and every comparison serves one."""

import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from support import cases_in

from designs import design_names, policy_names, rule_names
from doseesc import commands
from doseesc.phase2 import plan
from doseesc.study import Study, shipped_scenarios
from doseesc.validation import all_cases, cases, reference, requirements
from doseesc.validation.cases.engines import built_in_designs
from doseesc.validation.requirements import RISKS, known_deviations

ALL = requirements()
SECTIONS = [field.alias or name for name, field in Study.model_fields.items()]
COMMANDS = [each.name.replace("_", "-") for each in iter_modules(commands.__path__) if not each.name.startswith("_")]
ANALYSES = [
    *(*plan.TTCI_TESTS, *plan.TABLE_TESTS, *plan.INTERVALS, *plan.SECONDARY_ANALYSES),
    *(method for method in plan.METHODS if method != "none"),
]
WANTED = [
    *(f"design {name}" for name in design_names()),
    *(f"policy {name}" for name in policy_names()),
    *(f"rule {name}" for name in rule_names()),
    *(f"analysis {name}" for name in ANALYSES),
    *(f"command {name}" for name in COMMANDS),
    *(f"section {name}" for name in SECTIONS),
]
FILES = [each.name for each in iter_modules(cases.__path__)]


@pytest.mark.parametrize("what", WANTED)
def test_it_has_a_requirement(what):
    assert [each.id for each in ALL if what in each.covers], f"add a requirement that covers {what}"


def test_requirements_cover_nothing_that_is_not_there():
    assert {what for each in ALL for what in each.covers} <= set(WANTED)


def test_requirements_are_numbered_once_and_have_a_risk_and_a_comparison():
    assert len({each.id for each in ALL}) == len(ALL)
    assert {each.risk for each in ALL} == set(RISKS)
    assert all(each.cases and each.text.endswith(".") for each in ALL)
    assert len({each.id for each in known_deviations()}) == len(known_deviations())


def test_every_comparison_serves_a_requirement_and_is_described():
    written = {
        f"{file}.{case.__name__}"
        for file in FILES
        for case in cases_in(import_module(f"doseesc.validation.cases.{file}"))
    }
    assert {case.name for case in all_cases()} == written
    assert {case.name for each in ALL for case in each.cases} == written
    for case in all_cases():
        assert case.against
        assert case.what.endswith(".")


def test_every_high_risk_has_a_quick_comparison_but_where_a_model_or_a_process_is_started():
    slow = {each.id for each in ALL if each.risk == "high" and not any(case.quick for case in each.cases)}
    assert slow == {"D9", "F2", "C1", "C7"}


def test_every_file_of_reference_numbers_is_used():
    folder = Path(cases.__file__).parents[1]
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    text += (folder / "requirements.yaml").read_text(encoding="utf-8")
    unused = [path.name for path in (folder / "data").iterdir() if path.name not in text]
    assert unused == []


def test_every_part_of_a_file_of_reference_numbers_is_compared():
    """A part is what has a source; those of one file that are iterated as a whole are named by the file alone."""
    text = words_of_cases() + (Path(cases.__file__).parents[1] / "requirements.yaml").read_text(encoding="utf-8")
    whole = {"inference.yaml", "replays.yaml"}
    for path in sorted((Path(cases.__file__).parents[1] / "data").iterdir()):
        if path.suffix == ".R" or path.name in whole:
            continue
        held = reference(path.name)
        parts = [name for name, part in held.items() if isinstance(part, dict) and "source" in part]
        assert [name for name in parts if not re.search(rf"\b{name}\b", text)] == [], path.name


# What a requirement covers its comparisons are about


def words_of_cases():
    return "".join(path.read_text(encoding="utf-8") for path in Path(cases.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("name", rule_names())
def test_a_rule_has_a_worked_decision(name):
    written = [item["rules"] for item in reference("rules.yaml")["items"]]
    assert any(re.search(rf"\b{name}\(", rules) for rules in written)


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "validate"])
def test_a_command_is_asked(name):
    assert f'"{name}"' in words_of_cases()


def test_a_design_that_comes_with_doseesc_is_compared_by_both_engines():
    compared = {name for name, _ in built_in_designs()}
    assert set(design_names()) - compared == {"pymc"}  # it needs a user's model, and has a comparison of its own


def test_sections_shown_by_the_shipped_studies_are_in_one_of_them():
    (row,) = (each for each in ALL if [case.name for case in each.cases] == ["files.shipped_studies"])
    written = {
        line.partition(":")[0] for path in shipped_scenarios().values() for line in path.read_text().splitlines()
    }
    assert {what.removeprefix("section ") for what in row.covers if what.startswith("section ")} <= written


@pytest.mark.parametrize("name", ANALYSES)
def test_an_analysis_is_compared_with_r(name):
    """By the function of its name, or by the name of its method."""
    text = (Path(cases.__file__).parent / "phase2_r.py").read_text(encoding="utf-8")
    functions = {"chi_square": "chi_square_z", "fisher": "fisher_p", "ranks": "rank_z"}
    assert re.search(rf"\b{functions.get(name, name)}\b", text)
