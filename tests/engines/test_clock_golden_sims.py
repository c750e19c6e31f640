"""Trials on the calendar against simulations of other programs, within their Monte Carlo error and ours."""

import pytest
from support import cases_in, golden, name_of, passes

from doseesc.validation import Differences
from doseesc.validation.cases import calendar_sims
from doseesc.validation.cases.calendar_sims import DATA, TRIALS, simulated_boin
from doseesc.validation.other_programs import tite_boin_of
from doseesc.validation.simulations import Simulated


@pytest.mark.parametrize("case", cases_in(calendar_sims), ids=name_of)
def test_golden_simulations(case):
    passes(case)


@pytest.mark.parametrize(("change", "how"), [({"max_pending": 0.49}, "wait"), ({}, "turn_away")])
def test_the_margin_is_no_wider_than_it_says(change, how):
    """A design that differs in one rule is told apart, and so is another way with arrivals."""
    item, seen = golden(DATA, "tite_boin")[0], Differences()
    ours = simulated_boin(tite_boin_of(item | change), item, how)
    Simulated(seen, "", ours, TRIALS, item["nsim"]).mean("duration_days", item["mean_duration"])
    assert not seen.result.passed
