"""A study's staggering during a trial: from when the next patient may be treated, and who was treated too soon."""

import pandas as pd
import pytest

import doseesc
from designs import Reason
from doseesc.conduct import replay

FILE = """
study: {title: Sentinels}
doses: {labels: [low, mid, high], amounts: [1, 2, 4], unit: mg}
target: TARGET
dlt_window_days: 28
cohort_size: 3
max_n: 18
accrual: {per_month: 4}
stagger: {GIVEN}
designs: [{name: BOIN, type: BOIN}]
scenarios: [{name: S1, dlt: [0.10, 0.25, 0.40]}]
"""


@pytest.fixture
def study(tmp_path):
    def load(given="days_after_first: 7", target=0.25):
        path = tmp_path / "study.yaml"
        path.write_text(FILE.replace("GIVEN", given).replace("TARGET", str(target)), encoding="utf-8")
        return doseesc.load(path)

    return load


def _patients(*days_and_doses):
    rows = [(str(place), f"2026-11-{day:02}", dose, None) for place, (day, dose) in enumerate(days_and_doses, 1)]
    return pd.DataFrame(rows, columns=["id", "date", "dose", "dlt"])


def test_nobody_follows_a_sentinel_before_the_gap_is_over(study):
    on = {
        day: doseesc.recommend(study(), _patients((20, "low")), date=f"2026-11-{day}").sentence for day in (22, 26, 27)
    }
    said = "Treat the next 2 patients at low (1 mg), to complete the cohort of 3"
    assert on == {
        22: f"{said}, not before 27 November 2026",
        26: f"{said}, not before 27 November 2026",
        27: said,
    }


def test_the_answer_says_it_in_data_too(study):
    answer = doseesc.recommend(study(), _patients((20, "low")), date="2026-11-22")
    assert answer.to_dict()["not_before"] == {"days": 5, "date": "2026-11-27"}
    assert any("at least 7 days after the first" in note for note in answer.notes)


def test_a_patient_followed_for_some_days_is_enough_without_dates(study):
    assert doseesc.recommend(study(), "1P2").sentence.endswith(", not before 5 more days have passed")
    assert "not before" not in doseesc.recommend(study(), "1P7").sentence


def test_every_cohort_has_its_sentinel_only_where_the_file_says_so(study):
    data = _patients((1, "low"), (8, "low"), (8, "low"), (25, "low"))
    data["dlt"] = [0, 0, 1, None]
    data["date"] = ["2026-09-01", "2026-09-08", "2026-09-08", "2026-11-25"]
    told = {
        at: doseesc.recommend(study(f"days: [7, 0], at: {at}"), data, date="2026-11-26").not_before is not None
        for at in ("new_dose", "every_cohort")
    }
    assert told == {"new_dose": False, "every_cohort": True}


def test_who_was_treated_before_the_gap_was_over_departs_from_the_design(study):
    found = replay(study(), _patients((1, "low"), (2, "low"), (9, "low")), date="2026-11-10")
    assert found.departures == ("", "stagger asks for 7 days after patient 1", "")
    together = replay(study(), _patients((1, "low"), (1, "low")), date="2026-11-10")
    assert together.departures == ("stagger asks for 7 days after patient 1",)


def test_the_command_answers_with_the_code_of_waiting(cli, tmp_path, study):
    study()
    asked = ("next", str(tmp_path / "study.yaml"), "--outcomes")
    assert [cli(*asked, outcomes)[0] for outcomes in ("1P2", "1P7")] == [3, 0]


@pytest.mark.parametrize(("day", "level"), [(3, 1), (7, 1), (8, 2)])
def test_a_dlt_in_the_gap_ends_the_cohort_as_in_simulated_trials(study, day, level):
    data = _patients((1, "low"), (1, "low"), (1, "low"), (20, "mid"))
    data["date"] = ["2026-09-01", "2026-09-08", "2026-09-08", "2026-11-20"]
    data["dlt"], data["dlt_day"] = [0, 0, 0, 1], [None, None, None, day]
    answer = doseesc.recommend(study(target=0.30), data, date="2026-11-29")
    assert (answer.level, answer.reason is Reason.COMPLETE_COHORT) == (level, level == 2)


def test_who_joins_a_cohort_broken_off_is_of_another_one(study):
    data = _patients((1, "low"), (9, "low"))
    data["dlt"], data["dlt_day"] = [1, None], [3, None]
    found = replay(study(target=0.30), data, date="2026-11-10")
    assert list(found.to_frame()["cohort"]) == [1, 2]
    assert list(found.to_frame()["asked_n"]) == [3, 3]


@pytest.mark.parametrize("at", ["new_dose", "every_cohort"])
def test_a_gap_of_a_cohort_before_holds_up_only_where_doses_are_counted(study, at):
    """As in simulated trials: where every cohort is staggered for itself, the next one begins when it may."""
    data = _patients((1, "low"), (8, "low"), (11, "low"))
    data = data.assign(dlt=0, date=["2026-10-01", "2026-10-08", "2026-10-11"])
    answer = doseesc.recommend(study(f"days: [7, 3, 40], at: {at}"), data, date="2026-11-10")
    assert answer.level == 2
    assert (answer.not_before is not None) == (at == "new_dose")
    later = doseesc.recommend(study(f"days: [7, 3, 40], at: {at}"), data, date="2026-11-20")
    assert later.not_before is None
