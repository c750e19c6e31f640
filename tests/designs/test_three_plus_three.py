"""The 3+3 design in its variants: decision sequences, path counts, published operating characteristics."""

import numpy as np
import pytest
from support import cases_in, name_of, passes

from designs import NoSkipping, Reason, StopAtDose, StopTooToxic, Tally, ThreePlusThree
from doseesc.engines.exact import enumerate_paths
from doseesc.validation.cases import three_plus_three
from doseesc.validation.cases.three_plus_three import VARIANTS, all_sequences

# Decisions

# history -> (next level, reason) for six_at_mtd, deescalation, escalation_only; three doses
SEQUENCES = {
    "": [(1, "START")] * 3,
    "1NNN": [(2, "ESCALATE")] * 3,
    "1NNT": [(1, "STAY")] * 3,
    "1NTT": [(0, "NO_SAFE_DOSE")] * 3,
    "1TTT": [(0, "NO_SAFE_DOSE")] * 3,
    "1NNT 1NNN": [(2, "ESCALATE")] * 3,
    "1NNT 1NNT": [(0, "NO_SAFE_DOSE")] * 3,
    "1NNN 2NNN": [(3, "ESCALATE")] * 3,
    "1NNN 2NNT": [(2, "STAY")] * 3,
    "1NNN 2NTT": [(1, "DEESCALATE"), (1, "DEESCALATE"), (0, "MTD_FOUND")],
    "1NNN 2NTT 1NNN": [(0, "MTD_FOUND"), (0, "MTD_FOUND"), None],
    "1NNN 2NTT 1NNT": [(0, "MTD_FOUND"), (0, "MTD_FOUND"), None],
    "1NNN 2NTT 1NTT": [(0, "NO_SAFE_DOSE"), (0, "NO_SAFE_DOSE"), None],
    "1NNT 1NNN 2NTT": [(0, "MTD_FOUND")] * 3,
    "1NNN 2NNT 2NNT": [(1, "DEESCALATE"), (1, "DEESCALATE"), (0, "MTD_FOUND")],
    "1NNN 2NNT 2NNN": [(3, "ESCALATE")] * 3,
    "1NNN 2NNN 3NNN": [(3, "STAY"), (0, "MTD_FOUND"), (0, "MTD_FOUND")],
    "1NNN 2NNN 3NNT": [(3, "STAY")] * 3,
    "1NNN 2NNN 3NNN 3NNT": [(0, "MTD_FOUND"), None, None],
    "1NNN 2NNN 3NNT 3NNN": [(0, "MTD_FOUND")] * 3,
    "1NNN 2NNN 3NNN 3NTT": [(2, "DEESCALATE"), None, None],
    "1NNN 2NNN 3NTT": [(2, "DEESCALATE"), (2, "DEESCALATE"), (0, "MTD_FOUND")],
    "1NNN 2NNN 3NTT 2NTT": [(1, "DEESCALATE"), (1, "DEESCALATE"), None],
    "1NNN 2NNN 3NTT 2NNT": [(0, "MTD_FOUND"), (0, "MTD_FOUND"), None],
    "1NNN 2NNN 3NTT 2NTT 1NNN": [(0, "MTD_FOUND"), (0, "MTD_FOUND"), None],
}


@pytest.mark.parametrize("column", range(3), ids=VARIANTS)
def test_decision_sequences(column):
    histories = [history for history, answers in SEQUENCES.items() if answers[column]]
    decision = ThreePlusThree(n_doses=3, variant=VARIANTS[column]).decide(Tally.parse(histories, n_doses=3))
    found = list(zip(decision.level.tolist(), (reason.name for reason in decision.reason), strict=True))
    assert dict(zip(histories, found, strict=True)) == {h: SEQUENCES[h][column] for h in histories}
    np.testing.assert_array_equal(decision.cohort_size, np.where(decision.level > 0, 3, 0))


# history -> level selected; None where the variant never gets there
SELECTIONS = {
    "1NTT": [0, 0, 0],
    "1NNN 2NTT": [None, None, 1],
    "1NNN 2NTT 1NNT": [1, 1, None],
    "1NNN 2NTT 1NTT": [0, 0, None],
    "1NNT 1NNN 2TTT": [1, 1, 1],
    "1NNN 2NNN 3NNN": [None, 3, 3],
    "1NNN 2NNN 3NNN 3NNN": [3, None, None],
    "1NNN 2NNN 3NNT 3NNN": [3, 3, 3],
    "1NNN 2NNN 3NTT": [None, None, 2],
    "1NNN 2NNN 3NTT 2NTT 1NNN": [1, 1, None],
}


@pytest.mark.parametrize("column", range(3), ids=VARIANTS)
def test_selections(column):
    histories = [history for history, answers in SELECTIONS.items() if answers[column] is not None]
    chosen = ThreePlusThree(n_doses=3, variant=VARIANTS[column]).select(Tally.parse(histories, n_doses=3))
    assert dict(zip(histories, chosen.tolist(), strict=True)) == {h: SELECTIONS[h][column] for h in histories}


def test_six_patients_at_the_mtd_is_the_default():
    assert ThreePlusThree(n_doses=4).variant == "six_at_mtd"
    assert ThreePlusThree(n_doses=4).max_n == 24
    assert ThreePlusThree(n_doses=4).target is None


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_selection_has_the_patients_that_the_variant_asks_for(variant):
    ends, _ = all_sequences(ThreePlusThree(n_doses=4, variant=variant))
    chosen = ThreePlusThree(n_doses=4, variant=variant).select(ends)
    n, dlt = ends.at(ends.n, chosen)[chosen > 0], ends.at(ends.dlt, chosen)[chosen > 0]
    assert (dlt <= 1).all()
    top_alone = {"six_at_mtd": set(), "deescalation": {4}, "escalation_only": {1, 2, 3, 4}}[variant]
    assert set(chosen[chosen > 0][n < 6]) == top_alone
    assert ((n >= 6) | ((n == 3) & (dlt == 0))).all()


def test_start_above_the_lowest_level():
    histories = ["", "2NTT", "2NTT 1NNN", "2NTT 1NNN 1NNN", "2NTT 1NTT"]
    for variant in ("six_at_mtd", "deescalation"):
        design = ThreePlusThree(n_doses=3, start_level=2, variant=variant)
        np.testing.assert_array_equal(design.decide(Tally.parse(histories, n_doses=3)).level, [2, 1, 1, 0, 0])
        np.testing.assert_array_equal(design.select(Tally.parse(histories[3:], n_doses=3)), [1, 0])
    bare = ThreePlusThree(n_doses=3, start_level=2, variant="escalation_only")
    assert bare.decide(Tally.parse("2NTT", n_doses=3)).reason[0] == Reason.NO_SAFE_DOSE


def test_max_n_cuts_the_trial_short():
    design = ThreePlusThree(n_doses=3, max_n=6)
    decision = design.decide(Tally.parse(["1NNN 2NNN", "1NNT 1NNN"], n_doses=3))
    np.testing.assert_array_equal(decision.level, [0, 0])
    assert set(decision.reason) == {Reason.MAX_N}
    np.testing.assert_array_equal(design.select(Tally.parse(["1NNN 2NNN", "1NNT 1NNN"], n_doses=3)), [0, 1])


def test_rules_apply_to_it_too():
    with pytest.raises(ValueError, match=r"^above must be given"):
        ThreePlusThree(n_doses=3, rules=(StopTooToxic(),))
    design = ThreePlusThree(n_doses=3, rules=(StopTooToxic(level=1, above=0.2, confidence=0.5), StopAtDose(6)))
    tally = Tally.parse(["1NNT", "1NNN", "1NNN 2NNT 2NNN"], n_doses=3)
    np.testing.assert_array_equal(design.decide(tally).level, [0, 2, 0])
    # P(p1 > 0.2 | 1 of 3) = 0.8192 with a uniform prior
    assert design.probability_above(tally, 1, 0.2)[0] == pytest.approx(0.8192, abs=1e-12)
    assert design.select(tally)[0] == 0
    never_skips = ThreePlusThree(n_doses=3, rules=(NoSkipping(),))
    plain = ThreePlusThree(n_doses=3)
    ends, _ = all_sequences(plain)
    np.testing.assert_array_equal(never_skips.select(ends), plain.select(ends))


# Paths and operating characteristics


@pytest.mark.parametrize("case", cases_in(three_plus_three), ids=name_of)
def test_golden_and_published_numbers(case):
    passes(case)


def test_variants_differ_at_the_top_dose():
    """Packages differ silently in whether the top dose needs six patients."""
    truth = [0.1, 0.2, 0.3, 0.4, 0.5]
    top = {v: enumerate_paths(ThreePlusThree(n_doses=5, variant=v)).characteristics(truth).selected for v in VARIANTS}
    assert top["deescalation"][5] - top["six_at_mtd"][5] == pytest.approx(0.0169 - 0.0107, abs=1e-4)
    np.testing.assert_allclose(top["deescalation"][:3], top["six_at_mtd"][:3], rtol=0, atol=3e-4)


# Arguments


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"variant": "classic"}, "variant"),
        ({"variant": None}, "variant"),
        ({"cohort_size": 2}, "cohort_size"),
        ({"n_doses": 0}, "n_doses"),
        ({"n_doses": "3"}, "n_doses"),
        ({"n_doses": 3.0}, "n_doses"),
        ({"max_n": -3}, "max_n"),
        ({"max_n": 2}, "max_n"),
        ({"start_level": 4}, "start_level"),
        ({"rules": "NoSkipping"}, "rules"),
    ],
)
def test_wrong_argument_is_named(wrong, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        ThreePlusThree(**({"n_doses": 3} | wrong))


def test_numbers_from_numpy_are_numbers():
    assert ThreePlusThree(n_doses=np.int64(3)).max_n == 18
