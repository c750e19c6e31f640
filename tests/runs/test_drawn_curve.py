"""How long trials last under a curve that is drawn: as in a run of a scenario with that curve."""

import pytest

import doseesc
from doseesc.errors import ScenarioError
from doseesc.runs import duration_under
from doseesc.runs.timing import Timing

ACCRUAL = "\naccrual: {per_month: 3}\nobservation: {background: 0.05, mortality_28_days: 0.3}\n"


@pytest.fixture
def study(scenario_file, small_scenario):
    return lambda more=ACCRUAL, text=small_scenario: doseesc.load(scenario_file(text + more))


def test_under_a_scenarios_own_curve_it_is_that_of_a_run(study):
    given = study()
    times = doseesc.run(given, method="auto", trials=80).times
    for name, truth in given.truths.items():
        found = duration_under(given, truth, like=name, trials=80)
        assert list(found) == list(given.names)
        for design, each in found.items():
            assert each.duration_days == times[name, design].duration_days
            assert each.mcse.duration_days == times[name, design].mcse.duration_days


def test_a_curve_of_no_scenario_is_played(study):
    given = study()
    safe, toxic = (duration_under(given, truth, trials=80) for truth in ([0.0, 0.0, 0.0], [0.9, 0.95, 1.0]))
    assert all(toxic[name].duration_days < safe[name].duration_days for name in given.names)


def test_responses_are_those_of_the_scenario_that_the_curve_was_begun_from(study, small_scenario, monkeypatch):
    text = small_scenario.replace("dlt: [0.1, 0.2, 0.3]", "dlt: [0.1, 0.2, 0.3], response: [0.9, 0.9, 0.9]")
    more = "  - {name: seldom, dlt: [0.1, 0.2, 0.3], response: [0, 0, 0]}\naccrual: {per_month: 3}\nbackfill: BF\n"
    given = study(more.replace("BF", "{type: BF-BOIN}"), text)
    played = []
    monkeypatch.setattr("doseesc.runs.drawn_curve.time_study", lambda alone, *_, **__: played.append(alone) or Timing())
    for name in ("S", "seldom", "other"):
        with pytest.raises(KeyError):
            duration_under(given, [0.2, 0.3, 0.4], like=name, trials=60)
    backfill = [alone.calendar_for("B", "as drawn").backfill for alone in played]
    assert [each.response_probabilities for each in backfill] == [(0.9,) * 3, (0.0,) * 3, (0.9,) * 3]
    assert [alone.truths["as drawn"].tolist() for alone in played] == [[0.2, 0.3, 0.4]] * 3


def test_a_study_of_random_curves_alone_has_durations_too(study, small_scenario):
    text = small_scenario.replace("dlt: [0.1, 0.2, 0.3]", "random: {type: pseudo_uniform}")
    given = study(text=text)
    assert not given.truths
    found, own = (duration_under(each, [0.1, 0.2, 0.3], trials=60) for each in (given, study()))
    assert {name: each.duration_days for name, each in found.items()} == {
        name: each.duration_days for name, each in own.items()
    }


def test_without_accrual_and_with_other_doses_it_is_refused(study):
    with pytest.raises(ScenarioError, match=r"accrual\n  is left out, so that trials have no duration\n  add"):
        duration_under(study(""), [0.1, 0.2, 0.3], trials=10)
    with pytest.raises(ValueError, match="probabilities"):
        duration_under(study(), [0.1, 0.2], trials=10)
