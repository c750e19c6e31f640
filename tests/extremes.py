"""Designs and rules with extreme parameters, and whether each is refused in words or gives finite answers."""

import contextlib
import math
import resource
import signal
import warnings
from pathlib import Path

import numpy as np
from support import data

from designs import (
    Complete,
    Pending,
    Tally,
    Weighted,
    check_design,
    design_class,
    rule_class,
)
from doseesc.engines import TooManyStates, enumerate_paths

SKELETON = (0.1, 0.25, 0.45)
DOSES = (2.0, 8.0, 16.0)
SHARED = {"n_doses": 3, "max_n": 12, "cohort_size": 3, "start_level": 1}
ONE_BY_ONE = {"n_doses": 3, "max_n": 12, "start_level": 1}
INTERVAL = {"target": 0.25} | SHARED | {
    "alpha": 1.0, "beta": 1.0, "exclusion_certainty": 0.95, "exclusion_min_n": 3, "mtd_alpha": 0.005, "mtd_beta": 0.005
}  # fmt: skip
KEYS = {"epsilon1": 0.05, "epsilon2": 0.05}
ONE_PARAMETER = {"target": 0.25, "skeleton": SKELETON, "max_n": 12, "cohort_size": 3, "intercept": 3.0}
FLOOR = {"floor": 0.05}
BETA_FLOOR = {"floor_prior": (1.0, 19.0)}
LOGISTIC = {
    "target": 0.25, "doses": DOSES, "max_n": 9, "reference": 16.0, "prior_mean": (-0.7, 0.0), "prior_sd": (2.0, 1.0),
    "prior_correlation": 0.1, "intervals": (0.2, 0.35, 0.6), "overdose_above": 0.35, "feasibility_bound": 0.25,
}  # fmt: skip
BASES = {
    "3+3": SHARED,
    "CRM": ONE_PARAMETER | {"prior_sd": 1.16} | FLOOR,
    "CRM logistic": ONE_PARAMETER | {"prior_sd": 1.16, "model": "logistic", "estimate": "posterior_mean"} | BETA_FLOOR,
    "BOIN": {"target": 0.25, "p_safe": 0.15, "p_toxic": 0.35, "elimination_cutoff": 0.95, "extra_safe": True,
             "offset": 0.05, "stop_at_n": 9} | SHARED,
    "mTPI": INTERVAL | KEYS,
    "mTPI-2": INTERVAL | KEYS,
    "Keyboard": INTERVAL | KEYS,
    "TPI": INTERVAL | {"k1": 1.0, "k2": 1.5, "exclusion_alpha": 1.0, "exclusion_beta": 1.0},
    "CCD": INTERVAL | {"delta": 0.09},
    "i3+3": INTERVAL | KEYS,
    "BLRM": LOGISTIC | FLOOR,
    "BLRM loss": LOGISTIC | {"selection": "loss", "loss": (1.0, 0.0, 1.0, 2.0)} | BETA_FLOOR,
    "EWOC": {"target": 0.25, "doses": DOSES, "max_n": 9, "feasibility_bound": 0.25, "bound_step": 0.05,
             "bound_limit": 0.5, "minimum": 1.0, "maximum": 20.0, "prior_rho": (1.0, 1.0), "prior_mtd": (1.0, 1.0)},
    "BMA-CRM": {"target": 0.25, "skeletons": (SKELETON, (0.05, 0.15, 0.25)), "max_n": 9, "intercept": 3.0,
                "model_prior": (1.0, 1.0), "prior_sd": 1.16},
    "CRM-MLE": ONE_PARAMETER | {"model": "logistic", "minimum_days": 7.0, "initial_levels": (1, 2, 3)},
    "A+B": SHARED | {"a": 3, "b": 3, "c": 1, "d": 1, "e": 1},
    "iBOIN": {"target": 0.25, "skeleton": SKELETON, "prior_n": (3, 3, 3)} | SHARED,
    "RollingSix": ONE_BY_ONE,
    "policy": {"target": 0.3, "policy": data("minimal_designs.json")["policy"]["policy"]} | SHARED,
    "table": INTERVAL | {"exclusion_certainty": None, "table": ((3, "ESDU"), (6, "EESDUUU"), (9, "EEESDUUUUU"))},
}  # fmt: skip
"""Parameters of every design that has them, by the name of the design and what else is to be said."""

RULES = {
    "NoSkipping": {},
    "CoherentEscalation": {"target": 0.25},
    "CoherentDeescalation": {"target": 0.25},
    "GlobalCoherence": {"target": 0.25},
    "MaximumIncrement": {"amounts": DOSES, "times": 4.0, "after_dlts": ((1, 2.0),)},
    "HardSafety": {"above": 0.25, "confidence": 0.95, "min_n": 3, "a": 1.0, "b": 1.0},
    "StopTooToxic": {"level": 1, "above": 0.25, "confidence": 0.95},
    "TryRescueDose": {"n": 3, "level": 1},
    "StopAtRecommended": {"n": 6},
    "StopAtDose": {"n": 6, "level": 1},
    "StopWhenStaying": {"n": 6},
    "StopWhenRepeated": {"cohorts": 2},
    "StopWhenPrecise": {"width": 0.3, "credibility": 0.9},
    "StopWhenPrecise ratio": {"ratio": 3.0, "credibility": 0.9},
    "StopWhenPrecise cv": {"cv": 0.4},
    "MinimumPatients": {"n": 6},
    "MinimumAtMTD": {"n": 3},
    "SelectTried": {},
    "SentinelAtNewDose": {"k": 1},
    "CohortSizeByLevel": {"sizes": (1, 3, 3)},
    "CohortSizeByDLTs": {"sizes": ((0, 1), (1, 3))},
    "FollowPath": {"path": (1, 2), "minimum_days": 7.0},
    "AcceleratedTitration": {},
    "AllOf": {"rules": ()},
    "AnyOf": {"rules": ()},
}
RULED = ("BOIN", "CRM", "EWOC")
"""Around which designs rules are put."""

POLICIES = {"Weighted": {"weights": (0.5, 1.0), "suspend_above": 0.5, "minimum_followed": 0.25, "minimum_known": 2}}
WEIGHING = ("BOIN", "CRM", "Keyboard", "mTPI-2", "BLRM", "EWOC", "BMA-CRM", "CCD", "CRM-MLE")

NUMBERS = (
    0, -0.0, -1, 1, 2, 0.5, 1e-9, 1 - 1e-16, 1e-16, 1e-300, 5e-324, 1e-30, 100.0, 1e9, 1e30, 1e300, -1e300,
    math.nan, math.inf, -math.inf, 2**31 - 1, 2**31, -(2**31), 2**62, 2**63, 10**400,
)  # fmt: skip
OTHERS = (None, True, "1", "x", (), (0.5,), [], {}, b"1", 1j, np.float64("nan"), np.int64(3), object)
HUGE = (
    tuple(np.linspace(1e-4, 0.99, 5_000)),
    tuple(range(1, 5_001)),
    (0.5,) * 100_000,
    ((1, 2.0),) * 50_000,
    tuple((k, 1.5) for k in range(1, 20_001)),
    "1N " * 20_000,
    "2" * 5_000,
)


def replaced(value):
    """Yield what may stand in a parameter's place: extremes, and where it holds several values, one in each's place."""
    yield from NUMBERS
    yield from OTHERS
    yield from HUGE
    if isinstance(value, tuple):
        for place, each in enumerate(value):
            inner = NUMBERS if not isinstance(each, tuple) else tuple(replaced_once(each))
            for new in inner:
                yield (*value[:place], new, *value[place + 1 :])


def replaced_once(value):
    for place in range(len(value)):
        for new in NUMBERS:
            yield (*value[:place], new, *value[place + 1 :])


def any_number(rng):
    """Return a number of any size, at random."""
    if rng.random() < 0.3:
        return NUMBERS[rng.integers(len(NUMBERS))]
    size = 10.0 ** rng.uniform(-18, 18) if rng.random() < 0.7 else 10.0 ** rng.uniform(-320, 308)
    number = size if rng.random() < 0.8 else -size
    return int(number) if rng.random() < 0.3 and abs(number) < 1e18 else number


def at_random(value, rng):
    """Return something of a value's form whose numbers are of any size."""
    if isinstance(value, tuple):
        if rng.random() < 0.05:
            return HUGE[rng.integers(len(HUGE))]
        return tuple(at_random(each, rng) if rng.random() < 0.5 else each for each in value)
    if isinstance(value, (bool, str)) or value is None or rng.random() < 0.05:
        return OTHERS[rng.integers(len(OTHERS))]
    return any_number(rng)


def made(name, parameters):
    """Return the design of a name with these parameters."""
    return design_class(name.split(" ")[0])(**parameters)


def ruled(name, rule, parameters):
    """Return the design of a name with one rule around it."""
    return made(name, BASES[name] | {"rules": (rule_class(rule.split(" ")[0])(**parameters),)})


def weighing(name, parameters):
    """Return the design of a name that weighs pending patients so."""
    return made(name, BASES[name] | {"pending": Weighted(**parameters)})


def refusal_or_answer(build, names):
    """Return "refused" or "answered"; fail where neither is so.

    Parameters
    ----------
    build : callable
        Makes the design, with no argument.
    names : set of str
        With one of which a refusal begins.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            design = build()
            require_answers(design)
        except ValueError as error:
            said = str(error)
        else:
            return "answered"
    assert said.split(" ")[0] in names, f"a refusal that names no parameter: {said}"
    assert len(said) < 500, f"a refusal of {len(said):,} characters: {said[:200]}"
    return "refused"


def require_answers(design):
    """Ask a design everything that a trial asks; raise AssertionError where an answer is not finite."""
    rows = min(design.n_doses, 3)
    texts = ["1NNN", "1NNT", "1TTT", "1NNNNNN", f"1NNN {rows}NTT", f"1NNN {rows}TTTTTT", "1N"]
    tally = Tally.parse(texts, design.n_doses)
    decision = design.decide(tally)
    assert ((decision.level >= 0) & (decision.level <= design.n_doses)).all()
    assert ((decision.cohort_size >= 0) & (decision.cohort_size <= design.max_n)).all()
    chosen = design.select(tally)
    assert ((chosen >= 0) & (chosen <= design.n_doses)).all()
    assert design.decide(Tally.empty(design.n_doses)).level[0] <= design.n_doses
    if hasattr(design, "posterior"):
        for name, values in design.posterior(tally)._asdict().items():
            assert np.isfinite(values).all(), f"{name} is not finite"
    for level in {1, rows}:
        above = design.probability_above(tally, level, 0.3)
        assert ((above >= 0) & (above <= 1)).all(), "a tail probability is none"
    low, high = design.credible_interval(tally.take(np.array([2, 5])), rows)
    assert ((low >= 0) & (low <= high + 1e-9) & (high <= 1)).all(), "an interval is none"
    cv = design.mtd_cv(tally)
    assert cv is None or (np.isfinite(cv) & (cv >= 0)).all()
    assert design.describe()
    for rule in design.all_rules():
        assert rule.describe(design)
    if design.max_n <= 100 and design.n_doses <= 10:
        check_design(design)
    if not isinstance(design.pending, Complete):
        pending = Pending(level=[[1, 0], [1, 1]], days=[[3.0, 0.0], [3.0, 9.0]], window_days=14)
        known = Tally(n=[[2] + [0] * (design.n_doses - 1)] * 2, dlt=[[0] * design.n_doses] * 2, level=[1, 1],
                      memory={name: np.zeros(2, dtype=int) for name in design.needed_memory})  # fmt: skip
        decision = design.decide(known, pending)
        assert ((decision.level >= 0) & (decision.level <= design.n_doses)).all()
    if design.max_n <= 12 and design.n_doses <= 3:
        with contextlib.suppress(TooManyStates):
            found = enumerate_paths(design, memory_limit=2**26).characteristics(np.full(design.n_doses, 0.2))
            assert np.isfinite(found.selected).all()
            assert abs(found.selected.sum() - 1) < 1e-6


@contextlib.contextmanager
def bounded(seconds=20, megabytes=1_500):
    """End what takes too long or too much memory, by TimeoutError and MemoryError."""

    def over(*_):
        raise TimeoutError(f"more than {seconds} s")

    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    old = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    resource.setrlimit(resource.RLIMIT_AS, (used + megabytes * 2**20, hard))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))
