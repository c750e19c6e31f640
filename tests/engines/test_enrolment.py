"""What a study says about time: checks, presets and words."""

import pytest

from doseesc.engines import Calendar, Stagger
from doseesc.truth import Accrual, LateWeibull, UniformTimes

ACCRUAL = Accrual(per_month=2, basis="two sites")


def test_days_after_each_patient_of_a_cohort():
    assert [Stagger(days_after_first=7).days_after(position) for position in (1, 2, 9)] == [7, 0, 0]
    assert [Stagger(days=(7, 2)).days_after(position) for position in (1, 2, 9)] == [7, 2, 2]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Stagger(days=(7, 3)), "At a dose not given before, at least 7, 3 days pass from each patient to the next"),
        (Stagger(days=(7,), at="every_cohort"), "In every cohort, at least 7 days pass from each patient to the next."),
    ],
)
def test_what_is_said_in_words(said, words):
    assert words in said.describe()


def test_calendar_in_words_has_everything():
    assert Calendar(accrual=ACCRUAL).times == UniformTimes()
    whole = Calendar(
        accrual=ACCRUAL,
        dlt_times=LateWeibull(late_share=0.7),
        stagger=Stagger(days_after_first=3),
        max_days=365.25,
    )
    told = whole.describe(90)
    for part in (
        "2 patients a month",
        "On average 5.9 patients arrive within a DLT window of 90 days. The",
        "70 % of them in the second half of 90 days",
        "at least 3 days",
    ):
        assert part in told
    assert "so that pending patients hardly matter" in Calendar(accrual=ACCRUAL).describe(7)
    assert told.endswith("Nobody is enrolled more than 12 months after the first patient.")


@pytest.mark.parametrize(
    ("make", "parameters", "message"),
    [
        (Stagger, {}, "days_after_first must be given, or days"),
        (Stagger, {"days_after_first": 7, "days": (7,)}, "days must not be given together with days_after_first"),
        (Stagger, {"days_after_first": 0}, "days_after_first must be above 0"),
        (Stagger, {"days": ()}, "days must be a list of days"),
        (Stagger, {"days": (0, 0)}, "days must be at least 0, and one of them above"),
        (Stagger, {"days": (3, -1)}, "days must be at least 0"),
        (Stagger, {"days_after_first": 7, "at": "dose"}, "at must be one of new_dose, every_cohort, not 'dose'"),
        (Calendar, {"accrual": 2}, "accrual must be Accrual"),
        (Calendar, {"accrual": ACCRUAL, "stagger": 7}, "stagger must be Stagger"),
        (Calendar, {"accrual": ACCRUAL, "dlt_times": "uniform"}, "dlt_times must be a law of event times"),
        (Calendar, {"accrual": ACCRUAL, "max_days": 0}, "max_days must be above 0"),
        (Calendar, {"accrual": ACCRUAL, "first_gap": 1}, "first_gap must be true or false"),
    ],
)
def test_wrong_arguments_are_refused(make, parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make(**parameters)
