import hashlib

import numpy as np
import pytest
from support import yaml

from designs import (
    BOIN,
    CRM,
    AllOf,
    CoherentEscalation,
    MaximumIncrement,
    MinimumPatients,
    NoSkipping,
    StopAtDose,
    ThreePlusThree,
)
from doseesc.study import Study, load

BOIN_ENTRY = "{name: B, type: BOIN}"
DLT = "dlt: [0.1, 0.2, 0.3]"


def test_study_gives_its_facts_to_the_designs(study_with):
    entries = """{name: B, type: boin, p_toxic: 0.4}
  - {name: T, type: 3+3, variant: escalation_only}
  - {name: C, type: CRM, skeleton: [0.1, 0.2, 0.3], cohort_size: 1, start_level: medium, target: 0.2}"""
    designs = study_with(BOIN_ENTRY, entries).designs
    assert designs == {
        "B": BOIN(target=0.25, n_doses=3, cohort_size=3, max_n=18, p_toxic=0.4),
        "T": ThreePlusThree(n_doses=3, max_n=18, variant="escalation_only"),
        "C": CRM(target=0.2, skeleton=(0.1, 0.2, 0.3), cohort_size=1, max_n=18, start_level=2),
    }


def test_skeleton_by_indifference_interval(study_with):
    entry = "{name: C, type: CRM, skeleton: {halfwidth: 0.05, prior_mtd: medium}, model: logistic, intercept: 3}"
    # The logistic skeleton of Lee and Cheung, with x the labels: logit p = 3 + x exp(b).
    low, high = np.log(0.2 / 0.8) - 3, np.log(0.3 / 0.7) - 3
    label = np.log(0.25 / 0.75) - 3
    expected = 1 / (1 + np.exp(-(3 + label * (high / low) ** np.array([-1, 0, 1]))))
    assert study_with(BOIN_ENTRY, entry).designs["C"].skeleton == pytest.approx(expected)


def test_rules_with_levels_by_label_and_the_design_default(study_with):
    entries = """{name: B, type: BOIN, rules: [{type: StopAtDose, n: 9, level: high}, {type: NoSkipping, down: true}]}
  - {name: C, type: CRM, skeleton: [0.1, 0.2, 0.3]}
  - {name: D, type: CRM, skeleton: [0.1, 0.2, 0.3], rules: []}
  - {name: E, type: CRM, skeleton: [0.1, 0.2, 0.3], rules: [{type: CoherentEscalation}]}"""
    designs = study_with(BOIN_ENTRY, entries).designs
    assert designs["B"].rules == (StopAtDose(n=9, level=3), NoSkipping(down=True))
    assert designs["C"].rules == (NoSkipping(),)
    assert designs["D"].rules == ()
    assert designs["E"].rules == (CoherentEscalation(),)


def test_rules_made_of_rules_and_rules_that_need_the_dose_amounts(study_with):
    inner = "[{type: MinimumPatients, n: 9}, {type: StopAtDose, n: 6, level: low}]"
    rules = f"[{{type: MaximumIncrement}}, {{type: AllOf, rules: {inner}}}]"
    design = study_with(BOIN_ENTRY, f"{{name: B, type: BOIN, rules: {rules}}}").designs["B"]
    combined = AllOf((MinimumPatients(9), StopAtDose(n=6, level=1)))
    assert design.rules == (MaximumIncrement(amounts=(2.0, 8.0, 16.0)), combined)


def test_truths_by_label_list_and_curve(study_with):
    scenarios = """{name: S, dlt: {high: 0.3, low: 0.1, medium: 0.2}}
  - {name: L, curve: {type: logistic, intercept: -1, slope: 0.5, reference: 8}}
  - {name: E, curve: {type: emax, d50: 8, pmax: 0.5}}
  - {name: P, curve: {type: power, skeleton: {low: 0.1, medium: 0.2, high: 0.3}, beta: 0.5}}
  - {name: N, dlt: [0.3, 0.2, 0.1], monotone: false}"""
    truths = study_with(f"{{name: S, {DLT}}}", scenarios).truths
    d = np.array([2, 8, 16])
    assert truths["S"] == pytest.approx([0.1, 0.2, 0.3])
    assert truths["L"] == pytest.approx(1 / (1 + np.exp(1 - 0.5 * np.log(d / 8))))
    assert truths["E"] == pytest.approx(0.5 * d / (d + 8))
    assert truths["P"] == pytest.approx(np.array([0.1, 0.2, 0.3]) ** np.exp(0.5))
    assert truths["N"] == pytest.approx([0.3, 0.2, 0.1])


def test_dlt_probability_on_the_scenarios_own_curve(study_with):
    loaded = study_with(DLT, "curve: {type: emax, d50: 8, pmax: 0.5}")
    assert loaded.dlt_probability_at("S", 4) == (pytest.approx(0.5 / 3), "between levels", "the scenario's emax curve")
    assert loaded.dlt_probability_at("S", 0.5).status == "below lowest"
    listed = study_with(DLT, DLT).dlt_probability_at("S", 4)
    assert listed[1:] == ("between levels", "logit-linear in log dose")


def test_defaults_and_plain_facts(study_with):
    loaded = study_with("labels: [low, medium, high], ", "")
    assert loaded.dose_labels == ("1", "2", "3")
    assert loaded.dose_amounts.tolist() == [2, 8, 16]
    assert loaded.n_doses == 3
    assert loaded.first_level == loaded.level_of("1") == 1
    assert loaded.simulation.method == "auto"
    assert loaded.phase2_arms == ()
    assert loaded.true_mtd(loaded.truths["S"]) == 2
    with pytest.raises(ValueError, match="levels go from 1 to 3"):
        loaded.level_of(4)


def test_true_mtd_by_the_studys_rule(study_with):
    loaded = study_with("target: 0.25", "target: 0.25\ntrue_mtd: {rule: highest_below, margin: 0.06}")
    assert loaded.true_mtd(np.array([0.1, 0.2, 0.3])) == 3


def test_source_is_kept(scenario_file, small_scenario):
    loaded = load(scenario_file(small_scenario))
    assert str(loaded.source) == "mine.yaml"
    assert loaded.text == small_scenario
    assert loaded.source_sha256 == hashlib.sha256(small_scenario.encode()).hexdigest()


def test_aliases_numbers_as_labels_and_byte_order_mark(scenario_file, small_scenario):
    text = small_scenario.replace("[low, medium, high]", "[0.5, 1, 2]").replace(DLT, "dlt: {0.5: 0.1, 1: 0.2, 2: 0.3}")
    text = text.replace(
        BOIN_ENTRY, "{name: B, type: BOIN, rules: &r [{type: NoSkipping}]}\n  - &x {name: 7, type: BOIN, rules: *r}"
    )
    loaded = load(scenario_file("\ufeff" + text))
    assert loaded.dose_labels == ("0.5", "1", "2")
    assert list(loaded.designs) == ["B", "7"]
    assert loaded.designs["7"].rules == (NoSkipping(),)
    assert loaded.truths["S"].tolist() == [0.1, 0.2, 0.3]


def test_a_study_can_be_made_without_a_file(small_scenario):
    content = yaml(small_scenario)
    assert Study.model_validate(content).source is None
    content["scenarios"][0]["dlt"] = [0.1, 0.3]
    with pytest.raises(ValueError, match=r"scenarios\.S\.dlt has 2 values for 3 doses"):
        Study.model_validate(content)
