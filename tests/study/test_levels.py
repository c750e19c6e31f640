import pytest

from doseesc.study import load
from doseesc.study.levels import DoseLabels, level_of

UNLABELLED = "amounts: [2, 8, 16], unit: mg"


@pytest.fixture
def unlabelled(scenario_file, small_scenario):
    """Return a function that loads a study whose doses have amounts and a unit only, with more lines at its end."""
    text = small_scenario.replace("labels: [low, medium, high], amounts: [2, 8, 16]", UNLABELLED)
    return lambda more="", replace=("", ""): load(scenario_file(text.replace(*replace) + more))


def test_doses_without_labels_are_called_by_their_amounts(unlabelled):
    assert unlabelled().dose_labels == ("2 mg", "8 mg", "16 mg")
    by_amount = unlabelled(replace=("[0.1, 0.2, 0.3]", "{2 mg: 0.1, 8: 0.2, 16.0 mg: 0.3}"))
    assert by_amount.truths["S"].tolist() == [0.1, 0.2, 0.3]


@pytest.mark.parametrize(
    ("written", "level"), [("8 mg", 2), ("16", 3), ("2", 2), ("'2'", 1), ("high", 3), ("8.0mg", 2)]
)
def test_a_dose_is_a_label_an_amount_or_a_level(study_with, written, level):
    text = f"doses: {{labels: [low, medium, high], {UNLABELLED}}}\nstart_level: {written}"
    study = study_with("doses: {labels: [low, medium, high], amounts: [2, 8, 16]}", text)
    assert study.first_level == level
    assert study.designs["B"].start_level == level


def test_a_rule_takes_an_amount(study_with):
    rule = "{type: StopTooToxic, level: 16}"
    assert study_with("type: BOIN", f"type: BOIN, rules: [{rule}]").designs["B"].rules[0].level == 3


def test_a_level_of_no_dose_is_refused_with_the_doses():
    doses = DoseLabels(("low", "high"), (10, 40), "mg")
    with pytest.raises(ValueError, match=r'is "20 mg", which is no dose; the doses are  low \(10 mg\), high \(40 mg\)'):
        level_of("20 mg", doses)
    with pytest.raises(ValueError, match="levels go from 1 to 2"):
        level_of(3, doses)
    assert level_of(40, doses) == 2
