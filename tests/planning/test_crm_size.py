"""Cheung's formula for the size of a CRM, against dfcrm's own code and against the formula searched step by step."""

from math import ceil, exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from support import THREE_DESIGNS, THREE_DOSES, passes

import doseesc
from doseesc.planning import crm_sample_size, sample_size
from doseesc.study import load, shipped_scenarios
from doseesc.validation.cases import sizes


def test_it_is_what_dfcrm_gives():
    passes(sizes.getn)


@given(st.floats(0.35, 0.9), st.floats(0.05, 0.6), st.integers(3, 10), st.floats(1.3, 6))
def test_the_smallest_size_is_that_of_a_search(correct, target, n_doses, ratio):
    """The benchmark's n of the correction is found in closed form; here it is counted up as dfcrm does."""
    if correct <= 1.05 / n_doses:
        return
    low, high = target / (target + ratio * (1 - target)), ratio * target / (1 - target + ratio * target)
    below = sqrt(target * (1 - target) + low * (1 - low) + 2 * low * (1 - target))
    above = sqrt(target * (1 - target) + high * (1 - high) + 2 * target * (1 - high))

    def distance(n):
        return ((target - low + 0.5 / n) / below + (high - target - 0.5 / n) / above) / 2

    n = 1
    while 1 / n_doses + (1 - 1 / n_doses) * (2 * ndtr(sqrt(n) * distance(n)) - 1) < correct:
        n += 1
    wanted = (ndtri(1 - n_doses * (1 - correct) / 2 / (n_doses - 1)) / distance(n)) ** 2
    try:
        found = crm_sample_size(correct, target, n_doses, ratio)
    except ValueError:
        logit = (log(correct / (1 - correct)) - 2.26 + 0.00235 * n_doses**2 + 0.7 * ratio + 1.903 / ratio) / 0.854
        assert 1 / (1 + exp(-logit)) <= 1 / n_doses
        return
    assert found.benchmark_patients == pytest.approx(wanted, rel=1e-6)
    assert found.n == ceil(found.patients)


def test_what_lies_outside_is_named():
    assert crm_sample_size(0.6, 0.25, 5, 1.8).outside == ()
    outside = crm_sample_size(0.6, 0.35, 3, 3.0).outside
    assert outside == ("a target of 35 %", "3 doses", "an odds ratio of 3")
    large = crm_sample_size(0.75, 0.25, 5, 1.25)
    assert large.n > 40
    assert large.outside == (f"{large.n} patients",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1.0, 0.25, 5, 1.8), "correct must"),
        ((0.6, 0, 5, 1.8), "target must"),
        ((0.6, 0.25, 1, 1.8), "n_doses must"),
        ((0.6, 0.25, 5, 1.0), r"odds_ratio must be above 1, not 1\.0"),
        ((0.2, 0.25, 5, 1.8), "correct must be well above 20 %, which guessing reaches, not 20 %"),
    ],
)
def test_wrong_values_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        crm_sample_size(*arguments)


def test_it_stands_beside_the_sizes_of_a_crm():
    study = doseesc.load(shipped_scenarios()["oncology_five_doses"])
    found = sample_size(study, 0.6, designs=["CRM"], sizes=[6]).approximation
    around = [(0.45, 0.3), (0.3, 0.15), (0.45, 0.3), (0.3, 0.15), (0.45, 0.3), (0.3, 0.15), (0.45, 0.3), (0.3, 0.15)]
    ratio = exp(sum(log(p / (1 - p)) - log(q / (1 - q)) for p, q in around) / len(around))
    assert found.odds_ratio == pytest.approx(ratio)
    assert (found.n, found.outside) == (crm_sample_size(0.6, 0.3, 5, ratio).n, ())
    assert sample_size(study, 0.6, designs=["CRM"], sizes=[6], odds_ratio=1.8).approximation.odds_ratio == 1.8
    assert sample_size(study, 0.6, designs=["BOIN"], sizes=[6]).approximation is None
    assert sample_size(study, 0.1, designs=["CRM"], sizes=[6]).approximation is None  # as often as by guessing


def test_doses_that_are_not_apart_have_no_approximation(scenario_file):
    flat = f"study: {{title: Mine}}\n{THREE_DOSES}" + THREE_DESIGNS.replace("[0.02, 0.05, 0.1]", "[0.2, 0.2, 0.2]")
    start = flat.index("  - {name: middle")
    found = sample_size(load(scenario_file(flat[:start])), 0.6, designs=["CRM"], sizes=[6])
    assert found.approximation is None
