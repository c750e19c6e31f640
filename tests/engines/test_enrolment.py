"""What a study says about time: checks, presets and words."""

from dataclasses import replace

import pytest

from designs import BOIN, CRM, Keyboard, RollingSix, ThreePlusThree
from doseesc.engines import BACKFILL_RULES, Backfill, Calendar, Stagger
from doseesc.truth import Accrual, LateWeibull, UniformTimes

ACCRUAL = Accrual(per_month=2, basis="two sites")


def test_days_after_each_patient_of_a_cohort():
    assert [Stagger(days_after_first=7).days_after(position) for position in (1, 2, 9)] == [7, 0, 0]
    assert [Stagger(days=(7, 2)).days_after(position) for position in (1, 2, 9)] == [7, 2, 2]


def test_criteria_of_the_funnel_are_listed_where_a_calendar_is_described():
    criteria = {"dialysis": 0.2, "body mass index above 28": 0.125}
    apart = Calendar(accrual=Accrual(screened_per_month=40, exclusions=criteria)).describe(28)
    assert "dialysis 20 %, body mass index above 28 12.5 %; independently of one another." in apart
    overlapping = Calendar(accrual=Accrual(screened_per_month=40, exclusions=criteria, eligible=0.75)).describe(28)
    assert "body mass index above 28 12.5 %; they overlap as the share eligible says." in overlapping
    assert "excluded" not in Calendar(accrual=ACCRUAL).describe(28)


def test_published_backfill_by_name():
    first = Backfill.named("BF-BOIN")
    assert (first.min_responses, first.responses_at, first.cap_per_dose, first.conflict) == (
        1,
        "dose_or_below",
        12,
        "highest",
    )
    assert Backfill.named("BE-BOIN") == replace(first, conflict="lowest")
    assert Backfill.named("crmPack") == Backfill(ratio=1)
    assert set(BACKFILL_RULES) == {"BF-BOIN", "BE-BOIN", "crmPack"}
    with pytest.raises(ValueError, match=r"^type must be one of BF-BOIN, BE-BOIN, crmPack, not 'BOIN'"):
        Backfill.named("BOIN")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (Backfill(lowest_level=4), "lowest_level must be one of 3 levels, not 4"),
        (Backfill(highest_level=4), "highest_level must be one of 3 levels"),
        (Backfill(response_probabilities=(0.1, 0.2)), "response_probabilities must be 3, one for each dose, not 2"),
        (Backfill.named("BF-BOIN"), "response_probabilities must be given, since doses open by responses"),
    ],
)
def test_backfill_that_does_not_fit_the_doses(rules, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        rules.check(n_doses=3)
    replace(Backfill.named("BF-BOIN"), response_probabilities=(0.1, 0.2, 0.3)).check(n_doses=3)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (Stagger(days=(7, 3)), "At a dose not given before, at least 7, 3 days pass from each patient to the next"),
        (Stagger(days=(7,), at="every_cohort"), "In every cohort, at least 7 days pass from each patient to the next."),
        (
            Backfill(),
            "to the highest dose below the current one that is not excluded. They count in decisions and in the MTD.",
        ),
        (Backfill(priority="random"), "to any dose below"),
        (Backfill(count_in_decisions=False), "They do not count in decisions, but in the MTD."),
        (Backfill(after_cohorts=2, lowest_level=2), "no dose below level 2, not before 2 cohorts have been treated"),
        (
            Backfill(highest_level=3, min_responses=2, responses_at="dose"),
            "only where 2 responses have been seen at the",
        ),
        (Backfill(ratio=0.5), "at most 0.5 for each patient of the cohort waited for"),
        (Backfill.named("BF-BOIN"), "only where a response has been seen at the dose or below, up to 12 patients"),
        (Backfill(after_cohorts=1), "not before 1 cohort has been treated"),
        (Backfill.named("BF-BOIN"), "that is neither excluded nor, alone and with the next, of a high DLT rate: only"),
        (Backfill.named("BE-BOIN"), "the lowest of them is pooled with the current one"),
    ],
)
def test_what_is_said_in_words(said, words):
    assert words in said.describe()


def test_only_interval_designs_read_a_rate_as_a_decision():
    rules = Backfill.named("BF-BOIN")
    for design in (BOIN(target=0.25, n_doses=3, max_n=18), Keyboard(target=0.25, n_doses=3, max_n=18)):
        assert rules.for_design(design) is rules
    model = replace(rules, closes="eliminated", conflict=None)
    assert rules.for_design(CRM(target=0.25, skeleton=(0.1, 0.2, 0.3), max_n=18)) == model
    apart = replace(model, count_in_decisions=False, count_in_mtd=False)
    for design in (ThreePlusThree(n_doses=3), RollingSix(n_doses=3)):
        assert rules.for_design(design) == apart


def test_calendar_in_words_has_everything():
    assert Calendar(accrual=ACCRUAL).times == UniformTimes()
    whole = Calendar(
        accrual=ACCRUAL,
        dlt_times=LateWeibull(late_share=0.7),
        stagger=Stagger(days_after_first=3),
        backfill=Backfill(),
        max_days=365.25,
    )
    told = whole.describe(90)
    for part in (
        "2 patients a month",
        "On average 5.9 patients arrive within a DLT window of 90 days. The",
        "70 % of them in the second half of 90 days",
        "at least 3 days",
        "backfilled",
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
        (Backfill, {"lowest_level": 0}, "lowest_level must be a whole number of at least 1"),
        (Backfill, {"lowest_level": 3, "highest_level": 2}, "highest_level must be a whole number of at least 3"),
        (Backfill, {"after_cohorts": -1}, "after_cohorts must be a whole number"),
        (Backfill, {"min_responses": 0.5}, "min_responses must be a whole number"),
        (Backfill, {"responses_at": "below"}, "responses_at must be one of dose, dose_or_below"),
        (Backfill, {"response_probabilities": (0.2, 1.2)}, r"response_probabilities must lie in \[0, 1\], not 1.2"),
        (Backfill, {"response_probabilities": 0.2}, "response_probabilities must be a list"),
        (Backfill, {"response_days": "late"}, "response_days must be one of uniform, as_dlts, window_end"),
        (Backfill, {"cap_per_dose": 0}, "cap_per_dose must be a whole number of at least 1"),
        (Backfill, {"max_backfilled": 0}, "max_backfilled must be a whole number of at least 1"),
        (Backfill, {"closes": "never"}, "closes must be one of eliminated, too_toxic"),
        (Backfill, {"count_in_decisions": 1}, "count_in_decisions must be true or false"),
        (Backfill, {"count_in_mtd": None}, "count_in_mtd must be true or false"),
        (Backfill, {"conflict": "middle"}, "conflict must be one of highest, lowest"),
        (Backfill, {"conflict": "lowest", "count_in_decisions": False}, "conflict must not be given where"),
        (Backfill, {"priority": "first"}, "priority must be one of highest, lowest, random"),
        (Backfill, {"ratio": 0}, "ratio must be above 0"),
        (Calendar, {"accrual": 2}, "accrual must be Accrual"),
        (Calendar, {"accrual": ACCRUAL, "stagger": 7}, "stagger must be Stagger"),
        (Calendar, {"accrual": ACCRUAL, "backfill": "BF-BOIN"}, "backfill must be Backfill"),
        (Calendar, {"accrual": ACCRUAL, "dlt_times": "uniform"}, "dlt_times must be a law of event times"),
        (Calendar, {"accrual": ACCRUAL, "max_days": 0}, "max_days must be above 0"),
        (Calendar, {"accrual": ACCRUAL, "first_gap": 1}, "first_gap must be true or false"),
    ],
)
def test_wrong_arguments_are_refused(make, parameters, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make(**parameters)
