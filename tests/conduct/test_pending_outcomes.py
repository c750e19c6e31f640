"""Patients pending in outcome strings, at the end of a trial, and in what is analysed."""

from dataclasses import replace

import pytest
from dated_patients import DAY, ISSUE, table

import doseesc
from designs import BOIN, Reason, Settled
from doseesc.conduct.known_outcomes import known_outcomes
from doseesc.conduct.standing import advise
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios


@pytest.fixture(scope="module")
def study():
    return load(shipped_scenarios()["nct04602104"])


def test_outcomes_with_patients_pending(study):
    found = doseesc.recommend(study, "1NNN 2NP7P", design="BOIN", date="2026-11-29")
    assert [(each.id, each.days, each.remaining) for each in found.watch.patients] == [("5", 7, 7), ("6", 0, 14)]
    assert found.tally.n.tolist() == [[3, 1, 0]]
    assert found.waits
    assert found.sentence == (
        "Wait for patients 5 and 6 until 13 December at the latest; if no DLT by 13 December: high; with DLTs: low"
    )
    in_days = doseesc.recommend(study, "1NNN 2NNP9", design="BOIN").sentence
    assert in_days == "Wait for patient 6, followed 9 of 14 days; if no DLT in 5 more days: high; with a DLT: low"
    known = doseesc.recommend(study, "1NNN 2NNT", design="BOIN")
    assert not known.waits
    assert known.watch is None
    assert known.to_dict()["pending"] == []


def test_a_pending_patient_in_the_last_cohort_leaves_it_open(study):
    found = doseesc.recommend(study, "1NNN 2NP", design="BOIN")
    assert found.sentence == "Treat the next patient at medium (8 x 1e8 particles per day), to complete the cohort of 3"
    assert found.notes == ()


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ("1NNP14", "followed for 14 days, P14, which is the whole window of 14 days"),
        ("1NP72NN", r"part cohorts by a blank"),
        ("1NQ", "P for one who is pending, P7 after 7 days"),
    ],
)
def test_outcomes_that_cannot_be(study, outcomes, message):
    with pytest.raises(ValueError, match=message):
        doseesc.recommend(study, outcomes, design="BOIN")


def test_a_design_alone_needs_a_window():
    design = BOIN(target=0.25, n_doses=3, max_n=18)
    with pytest.raises(ValueError, match="no DLT window is known; give a study"):
        doseesc.recommend(design, "1NNP")
    assert doseesc.recommend(design, "1NNP", window_days=28).waits
    with pytest.raises(ValueError, match="window_days must be above 0"):
        doseesc.recommend(design, "1NNP", window_days=0)


def test_a_study_has_its_own_window(study):
    with pytest.raises(ValueError, match="window_days must be left out"):
        doseesc.recommend(study, "1NNP", design="BOIN", window_days=28)
    with pytest.raises(ValueError, match="date must be year-month-day"):
        doseesc.recommend(study, "1NNP", design="BOIN", date="29.11.2026")


def test_outcomes_are_told_apart_by_who_came_before_a_cohort_that_began_too_early():
    """Whether it is completed depends on those before it, even at the same dose."""
    rows = [("a", 40, 1, "no", None, ""), ("b", 30, 1, "no", None, ""), ("c", 5, 1, None, 5, "")]
    design = BOIN(target=0.25, n_doses=3, max_n=18, pending=Settled())
    found = doseesc.recommend(design, table(*rows, ("d", 3, 1, None, None, "")), date=DAY, window_days=14)
    assert [(group.last_cohort, [each.id for each in group.patients]) for group in found.watch.groups] == [
        (False, ["c"]),
        (True, ["d"]),
    ]
    told = {each.dlts: each.then for each in found.watch.outcomes}
    assert told[1, 0] == (1, 2, Reason.COMPLETE_COHORT)
    assert told[0, 1] == (1, 3, Reason.STAY)
    standing = found.watch.standing
    for dlts, then in told.items():
        assert advise(design, standing.as_if([bool(each) for each in dlts], standing.waiting_for)) == then


# The end of a trial


def test_the_mtd_hangs_on_patients_pending():
    design = BOIN(target=0.25, n_doses=3, max_n=6)
    found = doseesc.recommend(design, "1NNN 2NNP", window_days=14)
    assert found.sentence == "Stop the trial: the MTD is level 2"  # a DLT would not change it
    found = doseesc.recommend(design, "1NNN 2NTP", window_days=14)
    assert found.sentence == "Treat nobody else; the MTD hangs on patient 6, still pending"
    assert (found.level, found.reason) == (0, Reason.MAX_N)
    toxic = doseesc.recommend(replace(design, pending=Settled()), "1TTTP", window_days=14)
    assert toxic.sentence == "Stop the trial: no dose can be recommended"


# What is analysed


def test_fit_leaves_pending_patients_out(study, tmp_path):
    file = tmp_path / "p.csv"
    file.write_text(ISSUE)
    tally, notes = known_outcomes(study, file, "2026-11-29")
    assert tally.n.tolist() == [[3, 2, 0]]
    assert notes == ("1 patient pending left out: patient 007",)
    tally, notes = known_outcomes(study, "1NNN 2TP7P")
    assert (tally.n.tolist(), tally.dlt.tolist()) == ([[3, 1, 0]], [[0, 1, 0]])
    assert notes == ("2 patients pending left out: patients 5 and 6",)
