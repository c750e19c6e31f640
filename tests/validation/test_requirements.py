"""Requirements are complete: every design, rule, command and section has one, and every comparison serves one."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from support import cases_in

from designs import design_names, policy_names, rule_names
from doseesc import commands
from doseesc.phase2 import plan
from doseesc.study import Study
from doseesc.validation import all_cases, cases, requirements
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
    assert slow == {"D9", "F2", "C1"}


def test_every_file_of_reference_numbers_is_used():
    folder = Path(cases.__file__).parents[1]
    text = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    text += (folder / "requirements.yaml").read_text(encoding="utf-8")
    unused = [path.name for path in (folder / "data").iterdir() if path.name not in text]
    assert unused == ["random_truths.json"]  # of random curves, whose test is a simulation of its own
