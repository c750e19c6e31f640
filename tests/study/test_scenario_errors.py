import re

import pytest
from support import data

from doseesc.errors import ScenarioError
from doseesc.study import load

CASES = data("wrong_scenarios.yaml")["cases"]


def test_message_has_file_line_field_value_and_remedy(complaint_with):
    assert complaint_with(
        "{name: B, type: BOIN}", "name: CRM\n    type: CRM\n    skeleton: [0.05, 0.12, 0.25, 0.4]"
    ) == (
        "mine.yaml:10  designs.CRM.skeleton\n"
        "  has 4 values for 3 doses (low, medium, high): [0.05, 0.12, 0.25, 0.4]\n"
        "  write 3 increasing probabilities, or  skeleton: {halfwidth: 0.05, prior_mtd: medium}"
    )


def test_all_problems_are_reported_together_in_order_of_lines(complaint, scenario_file, small_scenario):
    text = small_scenario.replace("target", "targt").replace("max_n: 18", "max_n: 2").replace("BOIN", "BION")
    text = text.replace("0.2,", "1.2,") + "simulation: {trials: 0}\nnoise: 1\n"
    message = complaint(text)
    heads = [line for line in message.splitlines() if line.startswith("mine.yaml")]
    assert heads == [
        "mine.yaml:1  target",
        "mine.yaml:3  targt",
        "mine.yaml:6  max_n",
        "mine.yaml:8  designs.B.type",
        "mine.yaml:10  scenarios.S.dlt[2]",
        "mine.yaml:11  simulation.trials",
        "mine.yaml:12  noise",
    ]
    with pytest.raises(ScenarioError) as caught:
        load(scenario_file(text))
    assert [problem.line for problem in caught.value.problems] == [1, 3, 6, 8, 10, 11, 12]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_mistake_is_answered(case, complaint_with):
    new = re.sub(r"<([0-9]+) x (.)>", lambda many: many[2] * int(many[1]), case["by"])
    message = complaint_with(case["replace"], new)
    assert case["says"] in message
    assert len(message.split("\n\n")) <= 2  # nothing is said about what only follows from the mistake


def test_a_number_that_is_both_level_and_label_is_refused(complaint, small_scenario):
    text = small_scenario.replace("[low, medium, high]", "[2, 8, 16]").replace("max_n: 18", "max_n: 18\nstart_level: 2")
    assert 'write the label in quotes:  "2"  or  "8"' in complaint(text)


def test_numeric_label_in_quotes_or_beyond_the_levels(scenario_file, small_scenario):
    text = small_scenario.replace("[low, medium, high]", "[2, 8, 16]")
    assert load(scenario_file(text + 'start_level: "8"\n')).designs["B"].start_level == 2
    assert load(scenario_file(text + "start_level: 16\n")).designs["B"].start_level == 3
