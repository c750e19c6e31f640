"""Schoenfeld's formula at its extremes: a finite number, or a refusal."""

import math
from itertools import product

import pytest

from doseesc.errors import NotFinite
from doseesc.phase2 import TrialArm, TrialPlan
from doseesc.phase2.patients.effect import DrugEffect
from doseesc.phase2.schoenfeld import any_power, schoenfeld_events, schoenfeld_power

SMALL = 1e-320
RATIOS = (SMALL, 0.5, math.nextafter(1, 2), 1e300)
SHARES = (SMALL, 1e-200, 0.5, math.nextafter(1, 0))


@pytest.mark.parametrize(("ratio", "share"), [*product(RATIOS, SHARES)])
@pytest.mark.parametrize("alpha", [SMALL, 0.025, math.nextafter(1, 0)])
@pytest.mark.parametrize("power", [SMALL, 0.8, math.nextafter(1, 0)])
def test_events_are_finite_or_refused(ratio, share, alpha, power):
    try:
        events = schoenfeld_events(ratio, alpha=alpha, power=power, share=share)
    except NotFinite as error:
        assert "nothing is answered rather than something wrong" in str(error)  # noqa: PT017
        assert share < 1e-300 or abs(math.log(ratio)) < 1e-10
        return
    assert 0 <= events < math.inf


def test_a_level_that_rounds_away_from_one_is_answered():
    assert schoenfeld_events(1.5, alpha=1e-30) == pytest.approx((11.464024988 + 0.841621234) ** 2 / 0.0411, rel=1e-3)


@pytest.mark.parametrize("ratio", [1e-6, 1.0, 2.0])
@pytest.mark.parametrize("patients", [2, 10_000])
def test_powers_lie_in_the_unit_interval(ratio, patients):
    active = tuple(
        TrialArm(name=name, n=patients, amount=amount, effect=DrugEffect(ratio, 0.1))
        for amount, name in enumerate(("low", "high"), start=1)
    )
    plan = TrialPlan(control=TrialArm(name="saline", n=patients), active=active)
    alone = [schoenfeld_power(plan, place) for place in range(2)]
    assert all(0 <= each <= 1 for each in alone)
    assert 0 <= any_power(plan) <= 1
