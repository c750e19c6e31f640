"""Random curves: monotone, with the MTD asked for, reproducible, and distributed as their definitions say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import cases_in, name_of, passes

from doseesc.truth.mtd import true_mtd
from doseesc.truth.random_curves import logistic_steps, ordered_uniform, probit_steps, pseudo_uniform
from doseesc.validation.cases import random_curves

GENERATORS = {
    "pseudo_uniform": lambda generator, count: pseudo_uniform(generator, count, n_doses=5, target=0.25),
    "probit_steps": lambda generator, count: probit_steps(generator, count, n_doses=5, target=0.25),
    "logistic_steps": lambda generator, count: logistic_steps(generator, count, n_doses=5),
    "ordered_uniform": lambda generator, count: ordered_uniform(generator, count, n_doses=5),
}


def check_monotone(curves):
    assert ((curves >= 0) & (curves <= 1)).all()
    assert (np.diff(curves, axis=1) >= 0).all()


@pytest.mark.parametrize("name", GENERATORS)
def test_same_seed_same_curves(name):
    draw = GENERATORS[name]
    first, again, other = (draw(np.random.default_rng(seed), 50) for seed in (3, 3, 4))
    assert first.shape == (50, 5)
    check_monotone(first)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_pseudo_uniform_curves_have_the_mtd_asked_for(data):
    n_doses = data.draw(st.integers(1, 8))
    mtd = data.draw(st.integers(0, n_doses))
    target = data.draw(st.floats(0.05, 0.85))
    rule = data.draw(st.sampled_from(["nearest", "highest_below"]))
    margin = data.draw(st.sampled_from([0.0, 0.05, 0.1]))
    generator = np.random.default_rng(data.draw(st.integers(0, 999)))
    curves = pseudo_uniform(generator, 40, n_doses=n_doses, target=target, mtd=mtd, mtd_rule=rule, mtd_margin=margin)
    check_monotone(curves)
    assert (true_mtd(curves, target, rule, margin) == mtd).all()


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_probit_curves_have_the_mtd_asked_for(data):
    n_doses = data.draw(st.integers(1, 8))
    mtd = data.draw(st.integers(1, n_doses))
    target = data.draw(st.floats(0.05, 0.85))
    mtd_sd = data.draw(st.sampled_from([0.0, 0.05, 1.0]))
    generator = np.random.default_rng(data.draw(st.integers(0, 999)))
    curves = probit_steps(generator, 40, n_doses=n_doses, target=target, mtd=mtd, mtd_sd=mtd_sd)
    check_monotone(curves)
    assert (true_mtd(curves, target) == mtd).all()


@pytest.mark.parametrize("draw", [pseudo_uniform, probit_steps])
def test_every_level_is_the_mtd_equally_often(draw):
    curves = draw(np.random.default_rng(1), 8000, n_doses=4, target=0.3)
    share = np.bincount(true_mtd(curves, 0.3), minlength=5) / 8000
    assert share[0] == 0
    np.testing.assert_allclose(share[1:], 0.25, atol=4 * np.sqrt(0.25 * 0.75 / 8000))


@pytest.mark.parametrize("mtd", [1, 2, 4])
def test_pseudo_uniform_is_the_published_algorithm(mtd):
    """Against the algorithm as published: sorted uniforms below the bound, drawn anew until the level is nearest."""
    n_doses, target, count = 4, 0.25, 20_000
    generator = np.random.default_rng(7)
    bound = target + (1 - target) * generator.beta(max(n_doses - mtd, 0.5), 1.0, count)
    expected = np.full((count, n_doses), np.nan)
    waiting = np.arange(count)
    for _ in range(400):
        tried = np.sort(generator.random((len(waiting), n_doses)) * bound[waiting, None], axis=1)
        right = np.abs(tried - target).argmin(axis=1) == mtd - 1
        expected[waiting[right]] = tried[right]
        waiting = waiting[~right]
    assert len(waiting) < 60  # bounds so near the target that the published algorithm hardly ever ends
    expected = expected[~np.isnan(expected[:, 0])]
    curves = pseudo_uniform(generator, count, n_doses=n_doses, target=target, mtd=mtd, mtd_margin=1.0)
    for power in (1, 2):
        difference = (curves**power).mean(axis=0) - (expected**power).mean(axis=0)
        error = np.sqrt(2 * (curves**power).var(axis=0) / count)
        assert (np.abs(difference) < 4 * error + 60 / count).all()


@pytest.mark.parametrize("case", cases_in(random_curves), ids=name_of)
def test_curves_are_as_published(case):
    passes(case)


def test_ordered_uniforms_lie_between_their_limits():
    curves = ordered_uniform(np.random.default_rng(1), 20_000, n_doses=3, lowest=0.1, highest=0.5)
    np.testing.assert_allclose(curves.mean(axis=0), [0.2, 0.3, 0.4], atol=0.004)
    assert curves.min() >= 0.1
    assert curves.max() <= 0.5


def test_a_narrow_step_is_flat_or_fixed():
    flat = logistic_steps(np.random.default_rng(1), 3, n_doses=4, step_mean=0.0, step_sd=0.0)
    np.testing.assert_array_equal(flat, flat[:, :1].repeat(4, axis=1))
    fixed = probit_steps(np.random.default_rng(1), 2, n_doses=3, target=0.25, mtd=2, mtd_sd=0.0, step_sd=0.0)
    np.testing.assert_allclose(fixed[0], fixed[1], rtol=1e-12)
    assert fixed[0, 1] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda g: pseudo_uniform(g, 0, n_doses=3, target=0.25), "count"),
        (lambda g: pseudo_uniform(g, 5, n_doses=0, target=0.25), "n_doses"),
        (lambda g: pseudo_uniform(g, 5, n_doses=3, target=1.0), "target"),
        (lambda g: pseudo_uniform(g, 5, n_doses=3, target=0.25, mtd=4), "mtd"),
        (lambda g: pseudo_uniform(g, 5, n_doses=3, target=0.25, mtd_rule="best"), "mtd_rule"),
        (lambda g: pseudo_uniform(g, 5, n_doses=3, target=0.25, mtd_margin=-0.1), "mtd_margin"),
        (lambda g: probit_steps(g, 5, n_doses=3, target=0.25, mtd=0), "mtd"),
        (lambda g: probit_steps(g, 5, n_doses=3, target=0.25, step_sd=-1), "step_sd"),
        (lambda g: logistic_steps(g, 5, n_doses=3, intercept_sd=-1), "intercept_sd"),
        (lambda g: logistic_steps(g, 5, n_doses=3, step_mean=-1, step_sd=0), "step_mean"),
        (lambda g: ordered_uniform(g, 5, n_doses=3, lowest=0.5, highest=0.5), "highest"),
    ],
)
def test_wrong_arguments_are_named(call, name):
    with pytest.raises(ValueError, match=f"^{name} "):
        call(np.random.default_rng(1))
