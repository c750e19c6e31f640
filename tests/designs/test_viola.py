"""The VIOLA trial's CRM: global coherence against dtpcrm's ``applied_crm`` 0.1.1, written out and integrated anew.

Seven levels, start at 3, target 0.20, cohorts of three, at most 21 patients (Yap et al. 2017, Clinical Cancer Research
23:7440-7447; the vignette of the R package dtpcrm).  Paths go on to the last patient, without the stopping rules.
"""

import numpy as np
import pytest

from designs import CRM, CoherentEscalation, GlobalCoherence, NoSkipping, Reason, Tally

PRIOR = np.array([0.03, 0.07, 0.12, 0.20, 0.30, 0.40, 0.52])
TARGET, VARIANCE = 0.2, 0.75
RULES = (NoSkipping(reference="highest_tried"), GlobalCoherence())


def viola(rules=RULES):
    return CRM(
        target=TARGET, skeleton=PRIOR, prior_sd=VARIANCE**0.5, max_n=60, cohort_size=3, start_level=3, rules=rules
    )


def model_dose(n, dlt):
    """dfcrm's dose: the mean of beta by a plain trapezoidal rule, and the level nearest the target there."""
    beta = np.linspace(-8, 8, 4001)
    p = np.clip(PRIOR[:, None] ** np.exp(beta), 1e-300, 1 - 1e-16)
    log_weight = -(beta**2) / (2 * VARIANCE) + dlt @ np.log(p) + (n - dlt) @ np.log1p(-p)
    weight = np.exp(log_weight - log_weight.max())
    mean = (weight * beta).sum() / weight.sum()
    return int(np.argmin(np.abs(PRIOR ** np.exp(mean) - TARGET))) + 1


def applied_crm(n, dlt, level):
    """no_skip_esc = TRUE, no_skip_deesc = FALSE, global_coherent_esc = TRUE."""
    mtd = model_dose(n, dlt)
    mtd = min(mtd, int(np.flatnonzero(n).max()) + 2)
    if dlt[level - 1] / n[level - 1] > TARGET:
        mtd = min(mtd, level)
    return mtd


def test_every_decision_of_viola_is_dtpcrms():
    """All 3644 states of up to seven cohorts; the rule holds the dose back in four of them, after six or seven."""
    states = {((0,) * 7, (0,) * 7, 3)}
    decisions, held = 0, []
    for cohort in range(1, 8):
        reached = sorted({_after(*state, events) for state in states for events in range(4)})
        n, dlt, level = (np.array(part) for part in zip(*reached, strict=True))
        decision = viola().decide(Tally(n=n, dlt=dlt, level=level))
        expected = [applied_crm(*state) for state in zip(n, dlt, level, strict=True)]
        np.testing.assert_array_equal(decision.level, expected)
        decisions += len(reached)
        held += [cohort] * int((decision.reason_code == Reason.NOT_COHERENT).sum())
        states = {(n, dlt, at) for (n, dlt, _), at in zip(reached, expected, strict=True)}
    assert (decisions, held) == (3644, [6, 6, 6, 7])


def _after(n, dlt, level, events):
    """Return the state three patients later, as tuples."""
    return (
        tuple(count + 3 * (place == level - 1) for place, count in enumerate(n)),
        tuple(count + events * (place == level - 1) for place, count in enumerate(dlt)),
        level,
    )


@pytest.mark.parametrize(
    ("history", "level"), [("3NNNNNNNNNNNNNNNNNT", 4), ("2NNNNNNNNN 3NNNNT", 4), ("2NNNNNNNNN 3NNNTNT", 3)]
)
def test_a_rate_of_exactly_the_target_does_not_hold_back(history, level):
    """One in five is 0.20, which does not exceed 0.20; dtpcrm writes ``tox_rate_last_dose > target``."""
    tally = Tally.parse(history, n_doses=7)
    assert viola().decide(tally).level[0] == applied_crm(tally.n[0], tally.dlt[0], 3) == level


def test_the_last_cohort_and_all_patients_are_two_questions():
    """One in nine, but one in the last three; and two in eight, but none in the last three."""
    by_all, by_last = viola(), viola((NoSkipping(reference="highest_tried"), CoherentEscalation()))
    calm = "1NNNNNNNNN 2NNNNNNNNNNNN "
    late, early = (Tally.parse(calm + last, n_doses=7) for last in ("3NNNNNN 3NNT", "3NNNTT 3NNN"))
    assert [design.decide(late).level[0] for design in (by_all, by_last)] == [4, 3]
    assert [design.decide(early).level[0] for design in (by_all, by_last)] == [3, 4]


def test_global_coherence_in_a_file(study_with):
    rule = "[{type: NoSkipping, reference: highest_tried}, {type: GlobalCoherence}]"
    entry = f"{{name: C, type: CRM, skeleton: [0.1, 0.2, 0.3], rules: {rule}}}"
    assert study_with("{name: B, type: BOIN}", entry).designs["C"].rules == RULES
