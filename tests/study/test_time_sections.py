"""What a scenario file says about time: accrual, DLT times, stagger, backfill, and what designs do meanwhile."""

from dataclasses import replace

import jsonschema
import pytest
from support import yaml

from designs import CRM, Complete, RollingSix, Settled, Weighted, design_type
from doseesc.engines import Backfill, Stagger
from doseesc.results import on_calendar
from doseesc.results.document import study_part
from doseesc.study import Study, load
from doseesc.study.study import json_schema
from doseesc.truth import DAYS_PER_MONTH, Accrual, LateWeibull, UniformTimes, WeibullTimes

ACCRUAL = "accrual: {per_month: 2, basis: two sites}\n"
WHOLE = """\
accrual:
  screened_per_month: 20
  exclusions: {dialysis: 0.2, "ECMO, HFOV": 0.1}
  consenting: 0.5
  arrivals_while_waiting: turn_away
  first_gap: true
  basis: prevalence of the criteria assumed
dlt_times: {type: late, share: 0.7}
stagger: {days: [7, 3], at: every_cohort}
backfill: {type: BF-BOIN, cap_per_dose: 15, highest_level: medium}
max_duration_months: 24
"""
DESIGNS = "{name: B, type: BOIN}"
RESPONSE = ("dlt: [0.1, 0.2, 0.3]", "dlt: [0.1, 0.2, 0.3], response: {low: 0.1, medium: 0.2, high: 0.3}")


@pytest.fixture
def loaded(scenario_file, small_scenario):
    """Return a function that loads the small scenario with lines added, and a piece replaced."""

    def load_it(more, old="max_n", new="max_n"):
        assert old in small_scenario
        return load(scenario_file(small_scenario.replace(old, new) + more))

    return load_it


def test_without_accrual_there_is_no_calendar(loaded):
    study = loaded("")
    assert study.calendar is None
    assert study.calendar_for("B", "S") is None


def test_accrual_alone(loaded):
    calendar = loaded(ACCRUAL).calendar
    assert calendar.accrual == Accrual(per_month=2, basis="two sites")
    assert (calendar.stagger, calendar.backfill, calendar.max_days, calendar.first_gap) == (None, None, None, False)
    assert calendar.times == UniformTimes()


def test_everything_about_time(loaded):
    study = loaded(WHOLE, *RESPONSE)
    calendar = study.calendar
    assert calendar.accrual.rate == pytest.approx(20 * 0.8 * 0.9 * 0.5)
    assert calendar.accrual.arrivals_while_waiting == "turn_away"
    assert calendar.first_gap
    assert calendar.times == LateWeibull(late_share=0.7)
    assert calendar.stagger == Stagger(days=(7, 3), at="every_cohort")
    rules = Backfill.named("BF-BOIN")
    assert calendar.backfill == Backfill(
        min_responses=1,
        cap_per_dose=15,
        highest_level=2,
        closes=rules.closes,
        conflict=rules.conflict,
    )
    assert calendar.max_days == pytest.approx(24 * DAYS_PER_MONTH)
    assert study.calendar_for("B", "S").backfill.response_probabilities == (0.1, 0.2, 0.3)
    assert "2 screened" not in calendar.describe(study.dlt_window_days)
    assert list(jsonschema.Draft7Validator(json_schema()).iter_errors(yaml(study.text))) == []


def test_a_saved_study_has_the_same_calendar(loaded):
    study = loaded(WHOLE, *RESPONSE)
    assert Study.model_validate(study_part(study)).calendar_for("B", "S") == study.calendar_for("B", "S")


def test_backfill_of_some_designs(loaded):
    text = ACCRUAL + "backfill: {cap_per_dose: 9, designs: [B]}\n"
    study = loaded(text, DESIGNS, DESIGNS + "\n  - {name: C, type: BOIN}")
    assert study.calendar_for("B").backfill == Backfill(cap_per_dose=9)
    assert study.calendar_for("C") == replace(study.calendar, backfill=None)
    assert on_calendar(study) == ["B"]


def test_backfill_and_observation_go_together(loaded):
    more = "observation: {death_in_window: 0.2, loss: 0.05}\nbackfill: {type: BF-BOIN, replace_unevaluable: false}\n"
    study = loaded(ACCRUAL + more, *RESPONSE)
    assert study.own_model.replaces
    assert study.calendar_for("B", "S").backfill == replace(
        Backfill.named("BF-BOIN"), replace_unevaluable=False, response_probabilities=(0.1, 0.2, 0.3)
    )
    assert loaded(ACCRUAL + "backfill: {type: crmPack}\n").calendar.backfill.replace_unevaluable
    assert on_calendar(study) == ["B"]


def test_what_a_design_cannot_follow_is_said(loaded):
    more = "\n  - {name: BE, type: TITE-BOIN, pending: {suspend_above: 0.49, minimum_followed: 0.25}}"
    more += "\n  - {name: three, type: 3+3}\n  - {name: model, type: CRM, skeleton: [0.1, 0.25, 0.45]}"
    study = loaded(ACCRUAL + "backfill: {type: BE-BOIN, min_responses: 0}\n", DESIGNS, DESIGNS + more)
    (own,) = study.backfill_notes("B")
    assert own.startswith("backfill is that of BE-BOIN, the escalation is not")
    apart, rates = study.backfill_notes("three")
    assert "count neither in its decisions nor in its MTD" in apart
    assert study.backfill_notes("model") == [rates]
    assert study.backfill_notes("BE") == []
    assert "does not read the DLT rate of single doses" in rates


def test_conflict_none_takes_the_rule_away(loaded):
    given = loaded(ACCRUAL + "backfill: {type: BE-BOIN, conflict: none, min_responses: 0}\n").calendar.backfill
    assert (given.conflict, given.min_responses, given.closes) == (None, 0, "too_toxic")


def test_observation_takes_the_dlt_times_of_the_study_or_its_own(loaded):
    study = loaded(
        "dlt_times: {type: weibull, shape: 2, scale: 5}\n"
        "observation: [{name: a, background: 0.1}, {name: b, dlt_times: {type: uniform}}]\n"
    )
    assert study.observations["a"].dlt_times == WeibullTimes(shape=2, scale=5)
    assert study.observations["b"].dlt_times == UniformTimes()
    late = "dlt_times: {type: late, share: 0.5}\nobservation: {background: 0.1, dlt_times: {type: uniform}}\n"
    assert loaded(ACCRUAL + late).observations["observed"].dlt_times == UniformTimes()


def test_phase2_reads_a_profile_and_screening_too(loaded):
    section = "phase2: {accrual: {screened_per_month: 10, eligible: 0.5, basis: registry}}\n"
    assert loaded(section).phase2.accrual.accrual().rate == 5
    assert loaded("phase2: {accrual: {profile: [0, 4]}}\n").phase2.accrual.accrual().profile == (0, 4)


@pytest.mark.parametrize(
    ("entry", "policy"),
    [
        ("type: BOIN", Complete()),
        ("type: BOIN, pending: settled", Settled()),
        ("type: BOIN, pending: {type: Settled}", Settled()),
        ("type: BOIN, pending: complete", Complete()),
        (
            "type: CRM, skeleton: [0.1, 0.2, 0.3], pending: {type: Weighted, weights: adaptive}",
            Weighted(weights="adaptive"),
        ),
        (
            "type: TITE-CRM, skeleton: [0.1, 0.2, 0.3], pending: {suspend_above: 0.5}",
            Weighted(suspend_above=0.5),
        ),
        ("type: TITE-CRM, skeleton: [0.1, 0.2, 0.3], pending: {weights: [0.5, 0.5]}", Weighted(weights=(0.5, 0.5))),
    ],
)
def test_what_a_design_does_about_pending_patients(entry, policy, study_with):
    study = study_with(DESIGNS, f"{{name: B, {entry}}}")
    assert study.designs["B"].pending == policy
    assert list(jsonschema.Draft7Validator(json_schema()).iter_errors(yaml(study.text))) == []


def test_short_names_of_designs(study_with):
    study = study_with(DESIGNS, "{name: B, type: TITE-CRM, skeleton: {halfwidth: 0.05, prior_mtd: 2}}")
    assert isinstance(study.designs["B"], CRM)
    assert study.designs["B"].pending == Weighted()
    assert design_type("tite crm") == design_type("TITE-CRM")
    assert isinstance(study_with(DESIGNS, "{name: B, type: rolling-six}").designs["B"], RollingSix)
    assert design_type("BOIN").policy is None


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (
            "type: BOIN, pending: settld",
            "designs.B.pending\n  is settld, which is no known policy\n  did you mean  Settled",
        ),
        ("type: BOIN, pending: xyz", "write one of  Complete, Settled, Weighted"),
        ("type: BOIN, pending: 5", "designs.B.pending\n  is 5, not a policy with its type\n  write  settled  or"),
        ("type: BOIN, pending: {suspend_above: 0.5}", "designs.B.pending.type\n  is missing\n  write  settled"),
        ("type: BOIN, pending: {type: 3}", "designs.B.pending.type\n  is 3, not a policy"),
        ("type: 3+3, pending: weighted", "designs.B.pending\n  must be Complete or Settled for ThreePlusThree"),
        ("type: rolling-six, pending: settled", "designs.B.pending\n  must be left out"),
        ("type: TITE-CRM, skeleton: [0.1, 0.2, 0.3], pending: settled", "TITE-CRM lets pending patients count"),
        (
            "type: TITE-CRM, skeleton: [0.1, 0.2, 0.3], pending: {suspend_abov: 0.5}",
            "designs.B.pending.suspend_abov\n  is not a parameter of Weighted\n  did you mean  suspend_above?",
        ),
        (
            "type: TITE-CRM, skeleton: [0.1, 0.2, 0.3], pending: {suspend_above: 50}",
            "designs.B.pending.suspend_above\n  must lie in [0, 1], not 50.0\n  for 50 % write  0.5",
        ),
        (
            "type: TITE-CRM, skeleton: [0.1, 0.2, 0.3], pending: {estimate: ess}",
            "designs.B.pending.estimate\n  must be left out for CRM",
        ),
        (
            "type: TITE-BOIN, weights: [0.2, 0.8]",
            "designs.B.weights\n  is not a parameter of TITE-BOIN\n"
            "  write  pending: {type: Weighted, weights: [0.2, 0.8]}",
        ),
        ("type: TITE-BION", "is TITE-BION, which is no known design\n  did you mean  TITE-BOIN?"),
    ],
)
def test_wrong_policies_are_answered(entry, says, complaint_with):
    message = complaint_with(DESIGNS, f"{{name: B, {entry}}}")
    assert says in message
    assert message.count("mine.yaml") == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            "accrual: {}",
            "accrual.per_month\n  must be given, or one of profile, screened_per_month\n  write for example",
        ),
        ("accrual: {per_month: 0}", "accrual.per_month\n  is 0; it must be greater than 0"),
        ("accrual: {per_moth: 2}", "accrual.per_moth\n  is not a key here\n  did you mean  per_month?"),
        (
            "accrual: {per_month: 2, profile: [1]}",
            "accrual.profile\n  must not be given together with per_month\n  keep",
        ),
        ("accrual: {profile: []}", "accrual.profile\n  is an empty list"),
        ("accrual: {profile: [3, 0]}", "accrual.profile\n  must end above 0"),
        ("accrual: {profile: [3, -1, 2]}", "accrual.profile[2]\n  is -1; it must be at least 0"),
        (
            "accrual: {profile: [3], ramp_up_months: 2}",
            "accrual.ramp_up_months\n  must not be given together with profile",
        ),
        ("accrual: {per_month: 2, process: weekly}", "is weekly, not one of poisson, fixed, uniform"),
        ("accrual: {per_month: 2, arrivals_while_waiting: leave}", "is leave, not one of wait, turn_away, queue"),
        (
            "accrual: {per_month: 2, eligible: 0.3}",
            "accrual.eligible\n  must be given together with screened_per_month",
        ),
        (
            "accrual: {screened_per_month: 20, eligible: 30}",
            "accrual.eligible\n  is 30; it must be at most 1\n  for 30 %",
        ),
        (
            "accrual: {screened_per_month: 9, exclusions: {a: 1}}",
            "accrual.exclusions.a\n  is 1; it must be less than 1",
        ),
        (
            "accrual: {screened_per_month: 9, exclusions: {a: 0.5}, eligible: 0.9}",
            "accrual.eligible\n  must lie between",
        ),
        (
            "accrual: {screened_per_month: 9, process: fixed}",
            "accrual.process\n  must be poisson with screened_per_month",
        ),
        ("accrual: {per_month: 2, first_gap: 1}", "accrual.first_gap\n  is 1, not true or false"),
        ("accrual: 2", "accrual\n  is 2, not a set of  key: value\n  write for example  accrual: {per_month: 2}"),
        ("phase2: {accrual: {per_month: 2, process: uniform}}", "is uniform, not one of poisson, fixed"),
        ("phase2: {accrual: {per_month: 2, arrivals_while_waiting: wait}}", "is not a key here"),
        ("dlt_times: {type: uniform}", "dlt_times\n  is given, but changes nothing without accrual\n  add  accrual:"),
        (ACCRUAL + "dlt_times: {type: late, share: 1}", "dlt_times.share\n  is 1; it must be less than 1"),
        (ACCRUAL + "dlt_times: {type: lat}", "dlt_times.type\n  is lat, not one of uniform, weibull, early, late"),
        (
            ACCRUAL + "dlt_times: {type: late, share: 0.5}\nobservation: {background: 0.1}",
            "dlt_times.type\n  is late, whose times depend on the DLT probability",
        ),
        ("stagger: {days_after_first: 7}", "stagger\n  is given, but without accrual the trial has no calendar"),
        ("backfill: {cap_per_dose: 12}", "backfill\n  is given, but without accrual"),
        ("max_duration_months: 24", "max_duration_months\n  is given, but without accrual"),
        (ACCRUAL + "max_duration_months: 0", "max_duration_months\n  is 0; it must be greater than 0"),
        (ACCRUAL + "stagger: {}", "stagger.days_after_first\n  must be given, or days\n  write for example"),
        (ACCRUAL + "stagger: {days_after_first: 7, days: [7]}", "stagger.days\n  must not be given together with"),
        (ACCRUAL + "stagger: {days: [0, 0]}", "stagger.days\n  must be at least 0, and one of them above"),
        (ACCRUAL + "stagger: {days_after_first: 7, at: dose}", "is dose, not one of new_dose, every_cohort"),
        (ACCRUAL + "backfill: {type: BF}", "backfill.type\n  is BF, not one of BF-BOIN, BE-BOIN, crmPack"),
        (
            ACCRUAL + "backfill: {lowest_level: lo}",
            "backfill.lowest_level\n  is lo, which is no dose\n  did you mean  low?",
        ),
        (
            ACCRUAL + "backfill: {lowest_level: high, highest_level: low}",
            "backfill.highest_level\n  must be a whole number of at least 3, not 1",
        ),
        (ACCRUAL + "backfill: {cap_per_dose: 0}", "backfill.cap_per_dose\n  is 0; it must be at least 1"),
        (ACCRUAL + "backfill: {ratio: -1}", "backfill.ratio\n  is -1; it must be greater than 0"),
        (
            ACCRUAL + "backfill: {conflict: lowest, count_in_decisions: false}",
            "backfill.conflict\n  must not be given where count_in_decisions is false",
        ),
        (
            ACCRUAL + "backfill: {designs: [BOINN, B]}",
            "backfill.designs[1]\n  is BOINN, which is no design\n  known are  B",
        ),
        (
            ACCRUAL + "backfill: {max_backfilled: 0}",
            "backfill.max_backfilled\n  is 0; it must be at least 1",
        ),
        (
            ACCRUAL + "backfill: {type: BF-BOIN}",
            "scenarios.S.response\n  is missing, but backfill opens doses where a response has been seen\n"
            "  write  response: {low: 0.2, medium: 0.2, high: 0.2}, or  min_responses: 0",
        ),
    ],
)
def test_wrong_sections_are_answered(more, says, complaint, small_scenario):
    message = complaint(small_scenario + more + "\n")
    assert says in message
    assert message.count("mine.yaml") == 1


@pytest.mark.parametrize(
    ("response", "says"),
    [
        ("[0.1, 0.2]", "scenarios.S.response\n  has 2 values for 3 doses"),
        ("{low: 0.1, medium: 0.2}", "scenarios.S.response\n  lacks high"),
        ("[0.1, 0.2, 1.2]", "scenarios.S.response[3]\n  is 1.2; it must be at most 1"),
    ],
)
def test_wrong_responses_are_answered(response, says, complaint_with):
    message = complaint_with("dlt: [0.1, 0.2, 0.3]", f"dlt: [0.1, 0.2, 0.3], response: {response}")
    assert says in message
    assert message.count("mine.yaml") == 1
