import numpy as np
import pytest
from support import ROOT

import doseesc
from doseesc.runs import timed_trials


@pytest.fixture(scope="module")
def results():
    return doseesc.run(doseesc.load(ROOT / "scenarios/tite.yaml"), trials=60)


def test_designs_meet_the_same_patients(results):
    found = timed_trials(results, ["TITE-CRM", "3+3", "BOIN"], "MTD 3")
    assert [each.design for each in found] == ["TITE-CRM", "3+3", "BOIN"]
    assert len({each.number for each in found}) == 1
    first = [each.trial.entered[:3] for each in found]  # the first cohort of all is at the lowest dose
    np.testing.assert_allclose(first[1], first[2])


def test_the_first_design_takes_a_median_time(results):
    (found,) = timed_trials(results, ["BOIN"], "MTD 3")
    low, high = results.times["MTD 3", "BOIN"].duration_quantiles[[1, 3]]
    assert low <= found.trial.duration_days <= high
    assert 1 <= found.number <= 60


def test_without_a_calendar_there_is_none(study_with):
    study = study_with("target: 0.25", "target: 0.25")
    assert timed_trials(doseesc.run(study, trials=10), ["B"], "S") == []
