"""The headline of ``next`` for known, pending, lost and dead patients, under every design and every policy.

At the lowest dose three patients have had no DLT; at the next, three are in each of these states.  The headline goes up
only where every outcome of the patients pending would go up.  Designs that weigh follow-up may go up by their own
publication; then not higher than if nobody pending had a DLT, and where no outcome at the last dose is known the
headline says so.
"""

import datetime
import itertools
from dataclasses import replace

import pandas as pd
import pytest
from support import data

import doseesc
from designs import Complete, Reason, Settled, Weighted, design_class, design_names
from doseesc.conduct import asking
from doseesc.conduct.standing import advise

DAY = datetime.date(2026, 11, 29)
WINDOW = 14
GIVEN = data("minimal_designs.json")
STATES = {
    "known": (30, "no", None, ""),
    "DLT": (30, "yes", None, ""),
    "pending": (6, None, None, ""),
    "just entered": (0, "no", None, ""),
    "lost": (30, None, 5, "lost"),
    "died": (30, "no", 5, "died"),
}
NAMES = [name for name in design_names() if design_class(name).__module__.startswith("designs.")]
UNKNOWN = {"pending", "just entered"}


def designs():
    """Every design with every policy that it takes."""
    for name in NAMES:
        own = GIVEN.get(name, GIVEN["usual"])
        if name == "RollingSix":
            yield pytest.param(design_class(name)(**own), id=name)
            continue
        for policy in (Complete(), Settled(), Weighted()):
            try:
                design = design_class(name)(**own, pending=policy)
            except (TypeError, ValueError) as refused:
                assert "pending" in str(refused)  # noqa: PT017  # which designs refuse which is tested elsewhere
                continue
            yield pytest.param(design, id=f"{name} {type(policy).__name__}")


def people(states):
    """A file of patients in the order of treatment: three known at the lowest dose, then those in the states."""
    rows = [(f"a{place}", 60, 1, "no", None, "") for place in range(3)]
    later = [(f"b{place}", *STATES[state]) for place, state in enumerate(states)]
    rows += [(who, ago, 2, dlt, seen, status) for who, ago, dlt, seen, status in sorted(later, key=lambda row: -row[1])]
    lines = []
    for who, ago, level, dlt, seen, status in rows:
        first = DAY - datetime.timedelta(days=ago)
        lines.append((who, first, level, dlt, None if seen is None else first + datetime.timedelta(days=seen), status))
    return pd.DataFrame(lines, columns=["id", "date", "dose", "dlt", "last_seen", "status"])


@pytest.mark.parametrize("design", list(designs()))
def test_the_headline_never_goes_up_on_what_is_not_known(design, monkeypatch):
    monkeypatch.setattr(asking, "estimate_doses", lambda *_: None)  # which takes most of the time, and is not asked for
    waited = unknown = 0
    for states in itertools.combinations_with_replacement(STATES, 3):
        if not UNKNOWN & set(states):
            continue
        found = doseesc.recommend(design, people(states), date=DAY, window_days=WINDOW)
        standing = found.record.record.now
        assert len(standing.patients) == 3 + sum(state not in ("lost", "died") for state in states)
        assert len(standing.waiting_for) == sum(state in UNKNOWN for state in states)
        assert found.waits == found.sentence.startswith("Wait")
        assert (found.cohort_size > 0) == found.sentence.startswith("Treat the next")
        unknown += 1
        waited += found.waits
        if not found.sentence.startswith("Treat the next"):
            continue
        possible = [
            advise(design, replace(standing.as_if(dlts, standing.waiting_for), asked=None))
            for dlts in itertools.product((False, True), repeat=len(standing.waiting_for))
        ]
        if isinstance(design.pending, Weighted):
            assert found.level <= max(2, possible[0].level), states
            alone = found.level > 2 and not found.tally.n[0, 1]
            assert ("on follow-up alone: no outcome at level 2 is known" in found.sentence) == alone
            continue
        assert found.level <= max(2, min(each.level for each in possible)), states
        if found.reason is not Reason.COMPLETE_COHORT and not design.fixed_cohorts:
            assert {each[:2] for each in possible} == {(found.level, found.cohort_size)}, states
    assert unknown == 36  # of the 56 ways in which three patients may be in six states
    assert waited > 0 or isinstance(design.pending, Weighted) or design.fixed_cohorts


def test_every_design_is_there():
    """All designs wait or settle; rolling six has its own policy; ten have a published rule of weights."""
    ids = [param.id for param in designs()]
    assert {each.split(" ")[0] for each in ids} == set(NAMES)
    assert sum(each.endswith("Weighted") for each in ids) == 10


@pytest.mark.parametrize("policy", [Complete(), Settled()], ids=["complete", "settled"])
def test_the_file_of_the_answer_says_what_the_headline_says(policy):
    design = design_class("BOIN")(**GIVEN["usual"], pending=policy)
    for states in itertools.combinations_with_replacement(STATES, 3):
        told = doseesc.recommend(design, people(states), date=DAY, window_days=WINDOW).to_dict()
        assert told["waits"] == told["recommendation"].startswith("Wait")
        assert told["waits"] <= (told["next"]["level"] is None)
        assert told["waits"] <= bool(UNKNOWN & set(states))


@pytest.mark.parametrize(
    "column",
    ["evaluable_for_DLT", "Excluded", "in analysis set", "off-study date", "died_on", "Replaced by", "dropped out"],
)
def test_columns_that_may_say_who_counts_are_refused(column):
    frame = people(["known"]).assign(**{column: ""})
    with pytest.raises(ValueError, match=r"is no column that is read\n  say who left by  status"):
        doseesc.recommend(design_class("BOIN")(**GIVEN["usual"]), frame, date=DAY, window_days=WINDOW)


def test_other_columns_are_named():
    frame = people(["known"]).assign(site="north", sex="f")
    found = doseesc.recommend(design_class("BOIN")(**GIVEN["usual"]), frame, date=DAY, window_days=WINDOW)
    assert "columns not read: site, sex" in found.notes
