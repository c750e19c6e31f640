"""The best possible design asked for by arguments: of bare doses, or in place of what a study says."""

import re

import numpy as np
import pytest

import doseesc
from designs import BOIN, CRM, HardSafety, NoSkipping
from doseesc.planning import differences, policy_table
from doseesc.report.terminal import optimal_lines
from doseesc.results import prior_truths
from doseesc.study import DesignPrior, PseudoUniform, ScenarioPrior, Utility

PRIOR = PseudoUniform(count=30, seed=5)
TRUTHS = [[0.25, 0.45, 0.6], [0.1, 0.25, 0.45], [0.05, 0.1, 0.25]]
UTILITY = Utility(gain="distance", per_patient=0.001, per_patient_above_mtd=0.01, per_dlt=0.02)
RULES = (NoSkipping(), HardSafety(confidence=0.9))


@pytest.fixture
def study(study_with):
    return study_with("max_n: 18", "max_n: 12")


def bare(*args, doses=3, **given):
    return doseesc.optimal_design(doses, *args, **{"target": 0.25, "max_n": 12, "held_out": 40, **given})


def same(found, other):
    assert found.policy.digest == other.policy.digest
    for mine, yours in ((found.best, other.best), *zip(found.rivals.values(), other.rivals.values(), strict=True)):
        assert mine.value == pytest.approx(yours.value, abs=1e-12)
        assert mine.above_mtd == pytest.approx(yours.above_mtd, abs=1e-12)
        assert mine.held_out == pytest.approx(yours.held_out, abs=1e-12)
    assert found.to_dict() == other.to_dict()


@pytest.mark.parametrize("doses", [3, [2, 8, 16]])
@pytest.mark.parametrize(
    "parts", [{}, {"prior": PRIOR}, {"prior": TRUTHS, "weights": [1, 2, 1], "utility": UTILITY, "constraints": RULES}]
)
def test_bare_doses_have_the_design_of_a_study_that_says_the_same(study, doses, parts):
    found = bare(doses=doses, designs=study.designs, **parts)
    same(found, doseesc.optimal_design(study, held_out=40, **parts))
    assert list(found.rivals) == ["B"]


def test_size_start_and_the_true_mtd_are_those_of_a_study(study):
    changed = study.model_copy(
        update={
            "target": 0.3,
            "max_n": 8,
            "cohort_size": 2,
            "start_level": 2,
            "true_mtd_rule": type(study.true_mtd_rule)(rule="highest_below", margin=0.05, ties="any"),
        }
    )
    plateau = [[0.1, 0.35, 0.35], [0.2, 0.2, 0.6], [0.4, 0.5, 0.6]]
    size = {"target": 0.3, "max_n": 8, "cohort_size": 2, "designs": changed.designs}
    found = bare(plateau, start_level=2, mtd_rule="highest_below", mtd_margin=0.05, ties="any", **size)
    same(found, doseesc.optimal_design(changed, plateau, held_out=40))
    assert bare(plateau, **{**size, "designs": None}).value != pytest.approx(found.value, abs=1e-6)


def test_an_array_of_a_files_scenarios_is_the_prior_of_these(study):
    known = prior_truths(study, ScenarioPrior(type="scenarios"))
    listed = doseesc.optimal_design(study, ScenarioPrior(type="scenarios"), held_out=40)
    given = doseesc.optimal_design(study, known.truths, weights=7 * known.weight, held_out=40)
    assert given.value == pytest.approx(listed.value, abs=1e-12)
    assert given.best.held_out == pytest.approx(listed.best.held_out, abs=1e-12)
    assert given.half is None
    assert given.prior.words == f"{len(known.truths)} given curve{'s'[: len(known.truths) - 1]}, weighted"


def test_weights_count_as_repetitions_do():
    weighted = bare(TRUTHS, weights=[1, 2, 1])
    repeated = bare([TRUTHS[0], TRUTHS[1], TRUTHS[1], TRUTHS[2]])
    assert weighted.value == pytest.approx(repeated.value, abs=1e-12)
    assert weighted.value != pytest.approx(bare(TRUTHS).value, abs=1e-6)


def test_held_out_truths_may_be_given_and_a_designs_prior_taken():
    crm = CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=12)
    found = bare(DesignPrior(type="design", design="C", count=20), designs={"C": crm}, held_out=TRUTHS)
    assert np.array_equal(found.held_out.truths, TRUTHS)
    assert found.held_out.words == "3 given curves"
    assert found.prior.words == "20 curves drawn from the prior of C, seed 1"
    assert 0 < found.share("C") < 1


def test_it_is_shown_as_that_of_a_study_is():
    found = bare(TRUTHS, doses=[2, 8, 16], designs={"B": BOIN(target=0.25, n_doses=3, max_n=12)})
    differing = {"B": differences(found, found.study.designs["B"])}
    text = "\n".join(line.plain for line in optimal_lines(found, policy_table(found), differing))
    assert text.startswith("The best possible design ")
    assert "Prior: 3 given curves. Constraints: NoSkipping." in text
    assert re.search(r"goes to (8|16)\b", text)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"target": None}, "target must be given: there is no study"),
        ({"max_n": None}, "max_n must be given: there is no study"),
        ({"doses": 0}, "n_doses must be a whole number of at least 1"),
        ({"doses": 10**9}, "n_doses must be at most"),
        ({"doses": True}, "n_doses must be a whole number"),
        (
            {"doses": "mine.yaml"},
            "study must be a Study, a number of doses or a list of their amounts, not 'mine.yaml'",
        ),
        ({"doses": [8, 2, 16]}, "doses must be positive and strictly increasing"),
        ({"target": 25}, "target must lie between 0 and 1, not 25"),
        ({"max_n": 2}, "max_n must be at least the cohort size 3, not 2"),
        ({"cohort_size": 1.5}, "cohort_size must be a whole number"),
        ({"start_level": 4}, "start_level must be a level from 1 to 3, not 4"),
        ({"mtd_rule": "near"}, "mtd_rule must be one of nearest, highest_below, not 'near'"),
        ({"mtd_margin": -0.1}, "mtd_margin must lie in [0, 1], not -0.1"),
        ({"ties": "all"}, "ties must be one of highest_below, highest, lowest, any, not 'all'"),
        ({"designs": [1]}, "designs must be a mapping of names to designs"),
        ({"designs": {"B": "BOIN"}}, "designs must hold designs, which 'B' is not"),
        ({"designs": {"B": BOIN(target=0.25, n_doses=4, max_n=12)}}, "designs must be for 3 doses, 'B' is for 4"),
        ({"prior": [[0.1, 0.2]]}, "prior must have 3 values, one per dose, not shape (1, 2); give an array of shape"),
        ({"prior": []}, "prior must have 3 values"),
        ({"prior": [TRUTHS]}, "prior must have 3 values, one per dose, not shape (1, 3, 3)"),
        ({"prior": [[0.1, 0.2, 1.3]]}, "prior must lie in [0, 1]"),
        ({"prior": [[0.1, 0.2, np.nan]]}, "prior must lie in [0, 1]"),
        ({"prior": [[0.1, 0.2, 0.3], [0.1]]}, "prior must be numbers, as many in each row"),
        ({"prior": "pseudo_uniform"}, "prior must be numbers"),
        ({"prior": ScenarioPrior(type="scenarios")}, "without a study there are no scenarios"),
        ({"prior": DesignPrior(type="design", design="C")}, "the designs, of which there are none, not 'C'"),
        ({"prior": TRUTHS, "weights": [1, 1]}, "weights must be 3 numbers of at least 0, one per truth, not [1, 1]"),
        ({"prior": TRUTHS, "weights": [1, 1, -1]}, "weights must be 3 numbers of at least 0"),
        ({"prior": TRUTHS, "weights": [1, 1, np.inf]}, "weights must be 3 numbers of at least 0"),
        ({"prior": TRUTHS, "weights": [0, 0, 0]}, "weights must be 3 numbers of at least 0"),
        ({"prior": TRUTHS, "weights": ["a", 1, 1]}, "weights must be numbers"),
        ({"prior": PRIOR, "weights": [1, 1, 1]}, "weights must be left out unless prior is an array"),
        ({"utility": "correct"}, "utility must be a doseesc.study.Utility, not 'correct'"),
        ({"constraints": NoSkipping()}, "constraints must be a tuple of rules"),
        (
            {"constraints": ("NoSkipping",)},
            "constraints must hold rules such as designs.HardSafety(), not 'NoSkipping'",
        ),
        ({"held_out": 1}, "held_out must be a whole number of at least 2, not 1"),
        ({"held_out": 2.5}, "held_out must be a whole number of at least 2, not 2.5"),
        ({"held_out": [[0.1, 0.2, 0.3]]}, "held_out must be two truths at least"),
        ({"held_out": [[0.1, 0.2]]}, "held_out must have 3 values, one per dose"),
    ],
)
def test_what_is_wrong_is_refused_by_name(given, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        bare(**given)


def test_a_study_is_not_told_what_it_says(study):
    with pytest.raises(ValueError, match="target and max_n must be left out: the study says it"):
        doseesc.optimal_design(study, target=0.25, max_n=12)
