"""Interval designs compare at a boundary as exact fractions do."""

from fractions import Fraction
from math import ceil, comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designs import CCD, MTPI, MTPI2, TPI, I3Plus3, Keyboard
from designs.rational import rational

# Comparisons at a boundary

cents = st.integers(1, 99)


@st.composite
def equivalence_intervals(draw):
    target = draw(st.integers(5, 70))
    return target, draw(st.integers(1, min(target - 1, 20))), draw(st.integers(1, min(99 - target, 20)))


def exact_cdf(at, a, b):
    """Return P(p <= at | Beta(a, b)) for whole a and b: the probability of at least a successes in a + b - 1."""
    trials = a + b - 1
    return sum(comb(trials, k) * at**k * (1 - at) ** (trials - k) for k in range(a, trials + 1))


def letter_for(y, n, target, certainty, masses, target_index):
    """Decide from exact masses, lowest interval first; of equal ones the highest counts."""
    if n >= 3 and 1 - exact_cdf(target, 1 + y, 1 + n - y) > certainty:
        return "U"
    strongest = max(range(len(masses)), key=lambda k: (masses[k], k))
    return "E" if strongest < target_index else "S" if strongest == target_index else "D"


@settings(max_examples=60, deadline=None)
@given(equivalence_intervals(), st.integers(1, 12), st.integers(50, 99))
def test_mtpi_decides_as_exact_fractions_do(interval, n, certainty):
    target, low, high = (Fraction(k, 100) for k in interval)
    edges = [Fraction(0), target - low, target + high, Fraction(1)]
    expected = ""
    for y in range(n + 1):
        cdf = [exact_cdf(edge, 1 + y, 1 + n - y) for edge in edges]
        masses = [(cdf[k + 1] - cdf[k]) / (edges[k + 1] - edges[k]) for k in range(3)]
        expected += letter_for(y, n, target, Fraction(certainty, 100), masses, 1)
    options = {"target": float(target), "epsilon1": float(low), "epsilon2": float(high)}
    design = MTPI(n_doses=3, max_n=max(3, n), exclusion_certainty=certainty / 100, **options)
    assert design.decision_table()[n] == expected


@settings(max_examples=60, deadline=None)
@given(equivalence_intervals(), st.integers(1, 10), st.integers(50, 99), st.booleans())
def test_keyboard_and_mtpi2_decide_as_exact_fractions_do(interval, n, certainty, scaled):
    target, low, high = (Fraction(k, 100) for k in interval)
    width = low + high
    keys_below, keys_above = ceil((target - low) / width), ceil((1 - target - high) / width)
    edges = [max(target - low - k * width, Fraction(0)) for k in range(keys_below, -1, -1)]
    edges += [min(target + high + k * width, Fraction(1)) for k in range(keys_above + 1)]
    expected = ""
    for y in range(n + 1):
        cdf = [exact_cdf(edge, 1 + y, 1 + n - y) for edge in edges]
        masses = [cdf[k + 1] - cdf[k] for k in range(len(edges) - 1)]
        if scaled:
            masses = [mass / (edges[k + 1] - edges[k]) for k, mass in enumerate(masses)]
        expected += letter_for(y, n, target, Fraction(certainty, 100), masses, keys_below)
    shared = {"target": float(target), "epsilon1": float(low), "epsilon2": float(high), "n_doses": 3}
    shared |= {"max_n": max(3, n), "exclusion_certainty": certainty / 100}
    assert Keyboard(**shared, end_keys="scaled" if scaled else "plain").decision_table()[n] == expected
    if scaled:
        assert MTPI2(**shared).decision_table()[n] == expected


@settings(max_examples=100, deadline=None)
@given(equivalence_intervals(), st.integers(1, 100))
def test_rates_are_compared_as_exact_fractions(interval, n):
    target, low, high = (Fraction(k, 100) for k in interval)
    lower, upper = target - low, target + high
    shared = {"target": float(target), "n_doses": 3, "max_n": max(3, n), "exclusion_certainty": None}
    expected = ""
    for y in range(n + 1):
        if Fraction(y, n) < lower:
            expected += "E"
        elif Fraction(y, n) <= upper or Fraction(y - 1, n) < lower:
            expected += "S"
        else:
            expected += "D"
    i3 = I3Plus3(**shared, epsilon1=float(low), epsilon2=float(high))
    assert i3.decision_table()[n] == expected
    if low < min(target, 1 - target):
        ccd = CCD(**shared, delta=float(low))
        rates = [Fraction(y, n) for y in range(n + 1)]
        expected = ["E" if rate <= target - low else "D" if rate >= target + low else "S" for rate in rates]
        assert ccd.decision_table()[n] == "".join(expected)


def test_rates_at_a_boundary_that_floats_miss():
    """In floats 0.3 + 0.05 < 7 / 20, 0.3 - 0.1 > 3 / 15 and 0.3 + 0.1 > 6 / 15 or not, by luck."""
    i3 = I3Plus3(target=0.3, n_doses=3, max_n=20).decision_table()
    assert (i3[20][4], i3[20][5], i3[20][7]) == ("E", "S", "S")
    ccd = CCD(target=0.3, n_doses=3, max_n=15).decision_table()
    assert (ccd[15][3], ccd[15][4], ccd[15][6]) == ("E", "S", "D")
    third = I3Plus3(target=1 / 3, n_doses=3, max_n=6, epsilon1=0.1, epsilon2=0).decision_table()
    assert (third[3][1], third[6][2]) == ("S", "S")


def test_rational_reads_a_float_as_it_is_written():
    assert rational(0.1) + rational(0.2) == rational(0.3)
    assert rational(np.float64(0.07)) == Fraction(7, 100)
    assert rational(1e-7) == Fraction(1, 10**7)
    assert rational(2 / 7) == Fraction(2, 7)


@pytest.mark.parametrize("n", [2, 4, 6, 8])
def test_equal_masses_mean_the_lower_dose(n):
    """With half of the patients DLTs the posterior is symmetric about 0.5, hence the keys on both sides of it equal."""
    half = n // 2
    shared = {"n_doses": 3, "max_n": 8, "exclusion_certainty": None}
    for design in (MTPI2, Keyboard):
        assert design(target=0.45, **shared).decision_table()[n][half] == "D"
        assert design(target=0.55, **shared).decision_table()[n][half] == "S"
    assert TPI(target=0.5, k1=0.1, k2=0.1, alpha=1, beta=1, **shared).decision_table()[n][half] == "D"


def test_probability_at_the_cutoff_does_not_exclude():
    """P(p > 0.5) after 3 of 3 DLTs is 15/16 exactly; after 1 of 1 P(p > 0.3) is 0.91."""
    shared = {"n_doses": 3, "max_n": 6}
    assert MTPI(target=0.5, exclusion_certainty=0.9375, **shared).decision_table()[3] == "ESSD"
    assert MTPI(target=0.5, exclusion_certainty=0.9374, **shared).decision_table()[3] == "ESSU"
    # Here the probability in floats comes out above the cut-off that it equals.
    assert MTPI(target=0.6, exclusion_certainty=0.8704, **shared).decision_table()[3][3] != "U"
    assert MTPI(target=0.35, exclusion_certainty=0.8775, exclusion_min_n=1, **shared).decision_table()[1][1] != "U"
    assert MTPI(target=0.3, exclusion_certainty=0.91, exclusion_min_n=1, **shared).decision_table()[1] == "ED"
    assert MTPI(target=0.3, exclusion_certainty=0.9099, exclusion_min_n=1, **shared).decision_table()[1] == "EU"
