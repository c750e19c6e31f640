"""The start-up check: what a design cannot do is said, with the trial that shows it."""

from dataclasses import fields

import pytest

from designs import (
    BOIN,
    CRM,
    MaximumIncrement,
    NoSkipping,
    SelectTried,
    StopAtDose,
    StopTooToxic,
    ThreePlusThree,
    check_design,
)

SKELETON = (0.05, 0.12, 0.25, 0.40, 0.55)


def crm(*rules, **options):
    return CRM(**({"target": 0.25, "skeleton": SKELETON, "max_n": 18, "cohort_size": 3, "rules": rules} | options))


@pytest.mark.parametrize(
    "design",
    [
        BOIN(target=0.25, n_doses=3, max_n=18),
        BOIN(target=0.3, n_doses=5, max_n=30, titration=True),
        ThreePlusThree(n_doses=3),
        ThreePlusThree(n_doses=5, variant="escalation_only"),
        crm(NoSkipping(), StopTooToxic(confidence=0.9)),
        BOIN(target=0.25, n_doses=1, max_n=18),
    ],
    ids=lambda design: type(design).__name__,
)
def test_sound_designs_pass(design):
    assert check_design(design) == []


def test_a_rigid_prior_cannot_move():
    """crmPack issue 679: a prior so narrow that no data move the dose."""
    design = CRM(target=0.25, skeleton=(0.25, 0.40, 0.55), max_n=18, cohort_size=3, prior_sd=0.01)
    escalation, stopping = check_design(design)
    assert escalation == (
        "cannot escalate: without any DLT it stays at level 1 in 18 patients (1NNN 1NNN 1NNN 1NNN 1NNN 1NNN)"
    )
    assert stopping.startswith("cannot stop: it treats 18 patients who all have a DLT, and selects level 1")
    high = CRM(target=0.25, skeleton=(0.05, 0.12, 0.25), max_n=12, cohort_size=3, prior_sd=0.01)
    assert any("cannot go down: all of 9 patients from level 2 on have DLTs" in each for each in check_design(high))


@pytest.mark.parametrize(
    ("max_n", "cohort_size", "words"),
    [
        (13, 1, "(1T 1T 1T 1T 1T 1T 1T 1T 1T 1T 1T 1T 1T)"),
        (200, 1, "(1T 1T 1T 1T 1T 1T ... 188 more ... 1T 1T 1T 1T 1T 1T)"),
        (90, 30, "(1TTTTTTTTTTTTTTTTTTT... 1TTTTTTTTTTTTTTTTTTT... 1TTTTTTTTTTTTTTTTTTT...)"),
    ],
)
def test_a_long_trial_is_not_written_out(max_n, cohort_size, words):
    design = CRM(target=0.25, skeleton=(0.05, 0.12, 0.25), max_n=max_n, cohort_size=cohort_size)
    assert any(each.endswith(f"and selects level 1 {words}") for each in check_design(design))


def test_too_few_patients_to_reach_the_top():
    found = check_design(BOIN(target=0.25, n_doses=5, max_n=9))
    assert found == [
        "cannot reach level 5: without any DLT it gets no higher than level 3 in 9 patients (1NNN 2NNN 3NNN)"
    ]


def test_a_limit_that_no_step_satisfies():
    rule = MaximumIncrement(amounts=(2, 8, 16))
    found = check_design(BOIN(target=0.25, n_doses=3, max_n=18, rules=(rule,)))
    assert found == [
        "cannot escalate: without any DLT it stays at level 1 in 18 patients (1NNN 1NNN 1NNN 1NNN 1NNN 1NNN)"
    ]


def test_a_design_that_nothing_stops():
    assert [each.partition(":")[0] for each in check_design(crm(NoSkipping()))] == ["cannot stop"]
    assert check_design(crm(NoSkipping(), StopTooToxic(confidence=0.9))) == []


def test_a_stop_by_number_is_no_safety():
    found = check_design(crm(NoSkipping(), StopAtDose(6), max_n=30))
    assert found == ["selects level 1 although all of 6 patients had a DLT (1TTT 1TTT)"]


def test_untried_levels():
    stop = StopTooToxic(confidence=0.9)
    found = check_design(crm(stop))
    assert [each for each in found if each.startswith("skips level 2, where nobody was treated, for level 4 (1NNN 4")]
    short = crm(NoSkipping(), stop, max_n=9)
    assert "selects level 5, where nobody was treated (1NNN 2NNN 3NNN)" in check_design(short)
    assert not any("selects" in each for each in check_design(crm(NoSkipping(), stop, SelectTried(), max_n=9)))


def test_long_trials_are_played_for_a_while_only():
    design = CRM(target=0.25, skeleton=(0.15, 0.25, 0.36), max_n=10_000, cohort_size=1, prior_sd=1e-3)
    asked = []

    class Counted(CRM):
        def decide(self, tally, pending=None):
            asked.append(tally.size)
            return super().decide(tally, pending)

    counted = Counted(**{each.name: getattr(design, each.name) for each in fields(design) if each.init})
    found = check_design(counted)
    assert len(asked) < 60
    assert [sentence.split(":")[0] for sentence in found] == ["cannot reach level 3", "cannot go down", "cannot stop"]
