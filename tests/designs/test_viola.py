"""The VIOLA trial's CRM: global coherence against dtpcrm's ``applied_crm``, and what its rate is compared with."""

import pytest
from support import cases_in, name_of, passes

from designs import CoherentEscalation, NoSkipping, Tally
from doseesc.validation.cases import viola
from doseesc.validation.cases.viola import RULES, applied_crm, viola_design


@pytest.mark.parametrize("case", cases_in(viola), ids=name_of)
def test_golden_numbers(case):
    passes(case)


@pytest.mark.parametrize(
    ("history", "level"), [("3NNNNNNNNNNNNNNNNNT", 4), ("2NNNNNNNNN 3NNNNT", 4), ("2NNNNNNNNN 3NNNTNT", 3)]
)
def test_a_rate_of_exactly_the_target_does_not_hold_back(history, level):
    """One in five is 0.20, which does not exceed 0.20; dtpcrm writes ``tox_rate_last_dose > target``."""
    tally = Tally.parse(history, n_doses=7)
    assert viola_design().decide(tally).level[0] == applied_crm(tally.n[0], tally.dlt[0], 3) == level


def test_the_last_cohort_and_all_patients_are_two_questions():
    """One in nine, but one in the last three; and two in eight, but none in the last three."""
    by_all, by_last = viola_design(), viola_design((NoSkipping(reference="highest_tried"), CoherentEscalation()))
    calm = "1NNNNNNNNN 2NNNNNNNNNNNN "
    late, early = (Tally.parse(calm + last, n_doses=7) for last in ("3NNNNNN 3NNT", "3NNNTT 3NNN"))
    assert [design.decide(late).level[0] for design in (by_all, by_last)] == [4, 3]
    assert [design.decide(early).level[0] for design in (by_all, by_last)] == [3, 4]


def test_global_coherence_in_a_file(study_with):
    rule = "[{type: NoSkipping, reference: highest_tried}, {type: GlobalCoherence}]"
    entry = f"{{name: C, type: CRM, skeleton: [0.1, 0.2, 0.3], rules: {rule}}}"
    assert study_with("{name: B, type: BOIN}", entry).designs["C"].rules == RULES
