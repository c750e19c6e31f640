"""Titration in two parts, as crmPack's IncrementsRelativeParts: its own tests' cases, and its method written out."""

import itertools

import numpy as np
import pytest

from designs import BOIN, CRM, AcceleratedTitration, MaximumIncrement, Tally
from doseesc.engines.exact import enumerate_paths

GRID = (0.1, 0.5, 1.5, 3, 6, 10, 15, 20, 30)
LADDER = (0.1, 0.5, 1.5, 3, 6, 10, 20)


def design_of(grid, ladder, *, dlt_start, clean_start, times=5, by_amount=((1, 4),), **more):
    """Return CRM in two parts; intervals c(0, 1), increments c(4, 3) in crmPack are 5 times and from 1 on 4 times."""
    rules = (
        AcceleratedTitration(ladder=[grid.index(amount) + 1 for amount in ladder], completes=False),
        MaximumIncrement(amounts=grid, times=times, by_amount=by_amount, dlt_start=dlt_start, clean_start=clean_start),
    )
    return CRM(target=0.3, skeleton=np.linspace(0.01, 0.3, len(grid)).tolist(), max_n=60, rules=rules, **more)


def highest_allowed(design, tally):
    return design.rules[1].bounds(design, tally)[1]


def tally_of(grid, amounts, dlts, last=None):
    """Return the tally of one patient each at amounts; the level in use is the last's, or the one given."""
    n, dlt = np.zeros((2, 1, len(grid)), dtype=np.int64)
    for amount, has in zip(amounts, dlts, strict=True):
        n[0, grid.index(amount)] += 1
        dlt[0, grid.index(amount)] += has
    level = grid.index(amounts[-1] if last is None else last) + 1
    return Tally(n=n, dlt=dlt, level=[level])


def test_on_the_ladder_one_step_follows_another_whatever_the_increments():
    """crmPack: part 1 and part 2 not started: 3 after 0.1, 0.5, 1.5 without a DLT."""
    design = design_of(GRID[:6], LADDER[:5], dlt_start=5, clean_start=9)
    tally = tally_of(GRID[:6], (0.1, 0.5, 1.5), (0, 0, 0))
    decision = design.decide(tally)
    assert (GRID[decision.level[0] - 1], decision.cohort_size[0], decision.reason[0].name) == (3, 1, "TITRATE")
    slow = design_of(GRID[:6], LADDER[:5], dlt_start=5, clean_start=9, times=1.1, by_amount=())
    assert GRID[slow.decide(tally).level[0] - 1] == 3


def test_after_a_dlt_part_2_begins_so_many_steps_of_the_ladder_from_the_highest_dose():
    """crmPack: part 1, part 2 started, a DLT, dlt_start 3 on the ladder above 1.5: 10."""
    design = design_of(GRID, LADDER, dlt_start=3, clean_start=9)
    assert GRID[highest_allowed(design, tally_of(GRID, (0.1, 0.5, 1.5), (0, 0, 1)))[0] - 1] == 10


def test_without_a_dlt_part_2_begins_by_the_usual_increments():
    """crmPack: no DLT, clean_start above 0: as IncrementsRelative; from the top of a ladder, 1.5, that is 6."""
    design = design_of(GRID, LADDER[:3], dlt_start=-1, clean_start=9)
    assert GRID[highest_allowed(design, tally_of(GRID, (0.1, 0.5, 1.5), (0, 0, 0)))[0] - 1] == 6


def test_without_a_dlt_part_2_begins_so_many_steps_below():
    """crmPack: no DLT, clean_start -2: two steps of the ladder below the highest dose, 1.5: 0.4."""
    grid = (0.1, 0.4, 0.5, 1.5, 3, 6, 10, 15, 20, 30)
    design = design_of(grid, (0.1, 0.4, 0.5, 1.5), dlt_start=-9, clean_start=-2)
    assert grid[highest_allowed(design, tally_of(grid, (0.1, 0.4, 0.5, 1.5), (0, 0, 0, 0)))[0] - 1] == 0.4


def test_within_part_2_the_usual_increments_hold():
    """crmPack: already in part 2: 1.5 times 4 is 6."""
    design = design_of(GRID, LADDER[:3], dlt_start=-1, clean_start=0)
    tally = tally_of(GRID, (0.1, 0.5, 1.5, 1.5, 1.5, 1.5), (0,) * 6)
    assert GRID[highest_allowed(design, tally)[0] - 1] == 6


def test_beyond_the_ladder_its_end_is_meant():
    """Where crmPack stops: "new_max_dose_level <= length(data@part1Ladder)"."""
    ended = tally_of(GRID, (0.1, 0.5, 1.5), (0, 0, 1))
    for dlt_start, end in ((5, 20), (-4, 0.1)):
        design = design_of(GRID, LADDER, dlt_start=dlt_start, clean_start=9)
        assert GRID[highest_allowed(design, ended)[0] - 1] == end


def crmpack(grid, ladder, patients, dlt_start, clean_start, times, by_amount):
    """Return crmPack's maxDose after ``patients`` (amount, DLT, part)."""
    last = patients[-1][0]
    usual = [times, *(factor for least, factor in by_amount if least <= last)][-1] * last
    if any(part == 2 for *_, part in patients):
        return usual
    highest = max(amount for amount, *_ in patients)
    any_dlt = any(dlt for _, dlt, _ in patients)
    if not any_dlt and highest < ladder[-1]:
        return ladder[ladder.index(highest) + 1]
    steps = dlt_start if any_dlt else clean_start
    if not any_dlt and clean_start > 0:
        return usual
    return ladder[min(max(ladder.index(highest) + steps, 0), len(ladder) - 1)]


@pytest.mark.parametrize(("dlt_start", "clean_start"), [(-2, -1), (-1, 0), (0, 0), (0, 1), (1, 1)])
@pytest.mark.parametrize("cohort_size", [1, 3])
def test_every_path_of_small_trials_as_crmpack(dlt_start, clean_start, cohort_size):
    grid, ladder = (1, 2, 3, 4.5, 9), (1, 3, 4.5)
    factors = {"times": 2, "by_amount": ((3, 1.5),)}
    design = design_of(grid, ladder, dlt_start=dlt_start, clean_start=clean_start, cohort_size=cohort_size, **factors)
    checked = 0
    for outcomes in itertools.product((0, 1), repeat=6):
        tally, patients, left = Tally.empty(len(grid)), [], list(outcomes)
        while left:
            decision = design.decide(tally)
            level, size = int(decision.level[0]), int(decision.cohort_size[0])
            if patients:
                most = crmpack(grid, ladder, patients, dlt_start, clean_start, **factors)
                at_most = max(place for place, amount in enumerate(grid, 1) if amount <= most + 1e-9)
                on_ladder = not any(dlt for _, dlt, _ in patients) and all(part == 1 for *_, part in patients)
                on_ladder = on_ladder and max(amount for amount, *_ in patients) < ladder[-1]
                assert (level == at_most) if on_ladder else (level <= at_most)
                if not on_ladder:
                    assert highest_allowed(design, tally)[0] == at_most
                checked += 1
                part = 1 if on_ladder else 2
            else:
                part = 1
            if len(left) < size:
                break
            dlts, left = left[:size], left[size:]
            patients += [(grid[level - 1], dlt, part) for dlt in dlts]
            tally = tally.after(np.array([level]), np.array([size]), np.array([sum(dlts)]))
    assert checked > 100


def test_titration_without_completion_lets_the_design_decide():
    design = BOIN(target=0.3, n_doses=4, max_n=18, rules=(AcceleratedTitration(ladder=(1, 3), completes=False),))
    decision = design.decide(Tally.parse(["", "1N", "1N 3T", "1N 3N"], n_doses=4))
    assert decision.level.tolist() == [1, 3, 2, 4]
    assert decision.cohort_size.tolist() == [1, 1, 3, 3]
    figures = enumerate_paths(design).characteristics([0.05, 0.1, 0.3, 0.5])
    assert figures.selected.sum() == pytest.approx(1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: AcceleratedTitration(ladder=(1, 1)), "ladder must go up"),
        (lambda: AcceleratedTitration(ladder="1 2"), "ladder must be a list of levels"),
        (lambda: AcceleratedTitration(completes="no"), "completes must be"),
        (lambda: BOIN(target=0.3, n_doses=3, max_n=9, rules=(AcceleratedTitration(ladder=(2, 3)),)), "start level, 1"),
        (lambda: MaximumIncrement(amounts=(1, 2), dlt_start=0), "clean_start must be given with dlt_start"),
        (lambda: MaximumIncrement(amounts=(1, 2), clean_start=0), "dlt_start must be given with clean_start"),
        (lambda: MaximumIncrement(amounts=(1, 2), dlt_start=0, clean_start=-1), "clean_start must be .* at least 0"),
        (
            lambda: BOIN(
                target=0.3,
                n_doses=2,
                max_n=9,
                rules=(AcceleratedTitration(), MaximumIncrement(amounts=(1, 2), dlt_start=0, clean_start=1)),
            ),
            "AcceleratedTitration with completes: false",
        ),
    ],
)
def test_mistakes_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_what_they_say():
    design = design_of(GRID, LADDER, dlt_start=-1, clean_start=0)
    titration, increments = (rule.describe(design) for rule in design.rules)
    assert "at level 1, level 2, level 3, level 4, level 5, level 6, level 8 in turn" in titration
    assert titration.endswith("; then the design takes over.")
    assert (
        "1 step of the ladder below the highest dose of the titration if the titration has ended with a DLT"
        in increments
    )
    assert "else at most at the highest dose of the titration" in increments
