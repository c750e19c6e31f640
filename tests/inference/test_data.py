import numpy as np
import pytest
from scipy.special import logit

from designs import Tally
from doseesc.inference import ToxicityData
from doseesc.inference.log_dose import doses_of_interest, log_dose_weights
from doseesc.truth.curves import dlt_probability_at

LEVELS = [2.0, 8.0, 16.0]


def test_counts_patients_and_outcomes_are_the_same_data():
    by_text = ToxicityData.from_outcomes("1NNN 2NNT", LEVELS)
    by_tally = ToxicityData.from_tally(Tally.parse("1NNN 2NNT", n_doses=3), LEVELS)
    by_patient = ToxicityData.from_patients([2, 2, 2, 8, 8, 8], [0, 0, 0, 1, 0, 0])
    assert by_text == by_tally
    assert by_text.n == (3, 3, 0)
    assert by_patient == ToxicityData(study=["trial"] * 2, amount=[2, 8], n=[3, 3], dlt=[0, 1])
    assert by_patient.by_patient().aggregated() == by_patient
    assert by_patient.by_patient().n == (1,) * 6


def test_studies_keep_their_order_and_can_be_taken_apart():
    joined = ToxicityData.from_outcomes("1N", LEVELS) + ToxicityData.from_outcomes("2NT", LEVELS, study="earlier")
    assert joined.studies == ("trial", "earlier")
    assert joined.study_index.tolist() == [0, 0, 0, 1, 1, 1]
    assert joined.of_study("earlier") == ToxicityData.from_outcomes("2NT", LEVELS, study="earlier")
    assert joined.patients == 3
    mixed = ToxicityData.from_patients([8, 2, 8], [False, True, True], study=["b", "a", "b"])
    assert mixed == ToxicityData(study=["b", "a"], amount=[8, 2], n=[2, 1], dlt=[1, 1])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"dlt": [4]}, "dlt must lie between 0 and the 3 patients"),
        ({"dlt": [-1]}, "dlt must lie between 0"),
        ({"n": [2.5]}, "n must hold whole numbers"),
        ({"amount": [0.0]}, "amount must be positive"),
        ({"study": ["a", "b"]}, "must be equally long, not 2 of study, 1 of amount"),
    ],
)
def test_what_cannot_be_is_refused(wrong, words):
    right = {"study": ["a"], "amount": [2.0], "n": [3], "dlt": [1]}
    with pytest.raises(ValueError, match=words):
        ToxicityData(**(right | wrong))


def test_further_refusals():
    with pytest.raises(ValueError, match="single one, not 2"):
        ToxicityData.from_tally(Tally.concatenate([Tally.empty(3)] * 2), LEVELS)
    with pytest.raises(ValueError, match="each of the 3 levels, not 2"):
        ToxicityData.from_tally(Tally.empty(3), [1, 2])
    with pytest.raises(ValueError, match="true or false for each patient, not 2"):
        ToxicityData.from_patients([2], [2])
    with pytest.raises(ValueError, match="no study 'x'; there are trial"):
        ToxicityData.from_outcomes("1N", LEVELS).of_study("x")


def test_amounts_between_and_beyond_levels_follow_the_rule_of_the_arms():
    p = np.array([0.1, 0.25, 0.45])
    amounts = [0.5, 2.0, 4.0, 10.0, 16.0, 30.0]
    odds = log_dose_weights(LEVELS, amounts) @ logit(p)
    expected = [dlt_probability_at(amount, LEVELS, p).probability for amount in amounts]
    np.testing.assert_allclose(odds, logit(expected), rtol=1e-12)
    assert log_dose_weights([5.0], amounts).tolist() == [[1.0]] * 6
    assert doses_of_interest(LEVELS, [8.0 * (1 + 1e-12), 4.0]) == (2.0, 8.0, 16.0, 4.0)
