"""Extreme parameters end in a refusal that names the parameter or in finite answers, with no warning from NumPy.

By default a few at random for each design, rule and policy, with a fixed seed; ``--fuzz 50`` tries all of
:mod:`extremes`, some 14,000, and random ones more.
"""

from collections import Counter
from dataclasses import fields

import numpy as np
import pytest
from extremes import (
    BASES,
    POLICIES,
    RULED,
    RULES,
    WEIGHING,
    at_random,
    bounded,
    made,
    refusal_or_answer,
    replaced,
    ruled,
    weighing,
)

from designs import BLRM, BOIN, CRM, EWOC, MTPI2, Tally, Weighted, design_class, rule_class
from designs.checks import MOST_PATIENTS

SEED = 1512


def tried(cases, build, names):
    """Ask for a refusal or an answer to each set of parameters; return the counts, and what was neither."""
    counts, wrong = Counter({"tried": 0, "refused": 0, "answered": 0, "traceback": 0, "hang": 0}), []
    for parameters in cases:
        counts["tried"] += 1
        kind = "hang"
        try:
            with bounded(seconds=120):
                kind = refusal_or_answer(lambda parameters=parameters: build(parameters), names)
        except TimeoutError as error:
            wrong.append((parameters, error))
        except Exception as error:
            kind = "traceback"
            wrong.append((parameters, error))
        counts[kind] += 1
    print(dict(counts))
    return counts, wrong


def some_of(base, rng, fuzz):
    """Return parameters with one extreme, taken at random, and with several of any size."""
    every = [base | {name: value} for name, old in base.items() for value in replaced(old)]
    chosen = rng.permutation(len(every))[: max(8 * fuzz, len(every) * fuzz // 50)]
    several = []
    for _ in range(3 + fuzz if base else 0):
        moved = rng.permutation(list(base))[: rng.integers(1, 4)]
        several.append(base | {name: at_random(base[name], rng) for name in moved})
    return [every[place] for place in chosen] + several


def seeded(*names):
    return np.random.default_rng([SEED, *"/".join(names).encode()])


def own_names(cls):
    return {each.name for each in fields(cls)}


def require_none_wrong(counts, wrong):
    assert not wrong, f"{len(wrong)} of {counts['tried']}, such as {wrong[0][0]!r:.300}: {wrong[0][1]!r:.300}"
    assert counts["refused"] + counts["answered"] == counts["tried"]


@pytest.mark.parametrize("name", BASES)
def test_designs(name, pytestconfig):
    cases = some_of(BASES[name], seeded(name), pytestconfig.getoption("fuzz"))
    cls = design_class(name.split(" ")[0])
    require_none_wrong(*tried(cases, lambda parameters: made(name, parameters), own_names(cls)))


@pytest.mark.parametrize("name", [name for name, base in RULES.items() if base])
def test_rules(name, pytestconfig):
    cases = some_of(RULES[name], seeded(name), pytestconfig.getoption("fuzz"))
    around = RULED[list(RULES).index(name) % len(RULED)] if "cv" not in name else "EWOC"
    cls = rule_class(name.split(" ")[0])
    require_none_wrong(*tried(cases, lambda parameters: ruled(around, name, parameters), own_names(cls)))


@pytest.mark.parametrize("name", WEIGHING)
def test_weights_of_pending_patients(name, pytestconfig):
    cases = some_of(POLICIES["Weighted"], seeded(name, "weighted"), pytestconfig.getoption("fuzz"))
    require_none_wrong(*tried(cases, lambda parameters: weighing(name, parameters), own_names(Weighted)))


def test_the_bases_are_answered():
    for name, base in BASES.items():
        assert refusal_or_answer(lambda name=name, base=base: made(name, base), set()) == "answered"


@pytest.mark.parametrize("sd", [60.0, 100.0, 1e6])
def test_wide_priors_of_the_blrm_are_refused_before_anything_is_made(sd):
    with (
        bounded(megabytes=300),
        pytest.raises(ValueError, match=r"^prior_sd (needs a grid of .* GiB|must lie between)"),
    ):
        BLRM(target=0.25, doses=(2, 8, 16), max_n=30, prior_sd=(sd, sd))


def test_a_wide_prior_of_the_blrm_takes_little_memory():
    tally = Tally.parse(["1NNN", "1NNN 2NTT"] * 100, n_doses=3)
    with bounded(megabytes=800):
        posterior = BLRM(target=0.25, doses=(2, 8, 16), max_n=30, prior_sd=(20.0, 20.0)).posterior(tally)
    assert np.isfinite(posterior.dlt_sd).all()


@pytest.mark.parametrize("sd", [1e-6, 1e-3, 0.05, 84.0, 1e6])
@pytest.mark.parametrize("model", ["empiric", "logistic"])
def test_priors_of_the_crm_need_no_large_grid(sd, model):
    tally = Tally.parse(["1NNN", "1NNN 2NTT", "1NNN 2NNN 3TTT"], n_doses=3)
    with bounded(megabytes=300):
        design = CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=30, prior_sd=sd, model=model)
        posterior = design.posterior(tally)
    assert np.isfinite(posterior.variance).all()
    assert (posterior.variance <= sd**2 * (1 + 1e-9)).all()
    if sd < 1e-2:  # the prior alone
        assert np.abs(posterior.dlt_probability - (0.1, 0.25, 0.45)).max() < 1e-3


def test_a_narrow_prior_has_the_moments_of_a_normal_one():
    design = CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=30, prior_sd=1e-4)
    posterior = design.posterior(Tally.parse("1NNN 2NTT", n_doses=3))
    # To first order the mean is the variance times the slope of the log likelihood at 0.
    slope = -3 * 0.1 * np.log(0.1) / 0.9 + 2 * np.log(0.25) - 0.25 * np.log(0.25) / 0.75
    assert posterior.mean[0] == pytest.approx(1e-8 * slope, rel=1e-4)
    assert posterior.variance[0] == pytest.approx(1e-8, rel=1e-4)


def test_large_grids_and_tables_are_refused_with_their_size():
    with pytest.raises(ValueError, match=r"^max_n needs a grid of .* GiB .* another prior_sd"):
        BLRM(target=0.25, doses=tuple(range(1, 51)), max_n=MOST_PATIENTS)
    with pytest.raises(ValueError, match=r"^max_n needs a grid of .* GiB"):
        EWOC(target=0.25, doses=tuple(range(1, 51)), max_n=MOST_PATIENTS)
    with pytest.raises(ValueError, match=r"^max_n must be at most 300 .*, not 301"):
        BOIN(target=0.25, n_doses=3, max_n=301, pending=Weighted())
    with bounded(megabytes=300), pytest.raises(ValueError, match=r"^floor_prior needs a grid .* known floor"):
        CRM(target=0.25, skeleton=(0.1, 0.25, 0.45), max_n=MOST_PATIENTS, floor_prior=(1, 19))
    for design in (BOIN, MTPI2):
        with pytest.raises(ValueError, match=r"^max_n must be at most 10,000, not 10001"):
            design(target=0.25, n_doses=3, max_n=10_001)
        with pytest.raises(ValueError, match=r"^cohort_size must be at most 1,000, not 1001"):
            design(target=0.25, n_doses=3, max_n=10_000, cohort_size=1001)


@pytest.mark.parametrize("name", ["BOIN", "mTPI", "mTPI-2", "Keyboard", "TPI", "CCD", "i3+3"])
def test_large_trials_decide_as_tables_do(name):
    """Beyond 500 patients nothing is tabulated: the decisions and the MTD are the same, and little memory is needed."""
    rng = np.random.default_rng(3)
    n = rng.integers(1, 40, (200, 3))
    tally = Tally(n=n, dlt=rng.binomial(n, (0.1, 0.3, 0.5)), level=rng.integers(1, 4, 200))
    cls = design_class(name)
    small, large = (cls(target=0.25, n_doses=3, max_n=most) for most in (120, MOST_PATIENTS))
    with bounded(megabytes=300):
        assert (small.decide(tally).level == large.decide(tally).level).all()
        assert (small.select(tally) == large.select(tally)).all()
        assert large.decide(Tally(n=[[4000, 900, 0]], dlt=[[200, 450, 0]], level=[2])).level[0] == 1
