"""Where the tests' data lie, and how they are read; published and golden numbers are in ``doseesc/validation``."""

import inspect
import json
from pathlib import Path

from ruamel.yaml import YAML

from doseesc.validation import golden as golden
from doseesc.validation import is_case, reference

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data"
GOLDEN = Path(__file__).parent / "golden"
"""Texts as they are printed, looked at by somebody; ``pytest --write-golden`` writes them again."""

THREE_DOSES = """\
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.25
dlt_window_days: 14
cohort_size: 3
max_n: 12
"""
"""What most small scenario files of the tests begin with, after  study:."""

SIXTY_CELLS = """\
study: study.yaml
designs: [BOIN]
axes:
  designs.BOIN.p_safe: {from: 0.1, to: 0.195, by: 0.005}
  max_n: [6, 9, 12]
"""
"""A sweep over a study with a design BOIN."""

THREE_DESIGNS = """\
designs:
  - {name: 3+3, type: 3+3}
  - {name: CRM, type: CRM, skeleton: {halfwidth: 0.05, prior_mtd: medium}}
  - {name: BOIN, type: BOIN}
scenarios:
  - {name: mild, description: none is toxic, dlt: [0.02, 0.05, 0.1]}
  - {name: middle, dlt: [0.1, 0.25, 0.45]}
  - {name: toxic, dlt: [0.5, 0.6, 0.7]}
"""
"""Three designs for them, under three truths."""
THREE_ARMS = (
    "\nphase2_arms: [{name: none, control: true}, {name: quarter, fraction: 0.25}, {name: whole, fraction: 1}]\n"
)
"""A control and two doses of the drug for Phase 2."""

ARMS = """
phase2_arms:
  - {name: saline, control: true}
  - {name: MTD, fraction: 1}
  - {name: quarter, fraction: 0.25}
"""
"""Three arms of Phase 2, for the end of a scenario file."""


def yaml(text):
    """Return plain values from YAML text or from a file of ``tests/data``."""
    return YAML(typ="safe", pure=True).load(text)


def data(name):
    """Return what a JSON or YAML file holds, of ``tests/data`` or of the numbers that ``doseesc validate`` knows."""
    path = DATA / name
    if not path.exists():
        return reference(name)
    return json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else yaml(path)


def small_policy(*, target=0.3, n_doses=3, max_n=12, rules=()):
    """Return the best policy under five curves, cohorts of three."""
    import numpy as np

    from designs import Stakes
    from doseesc.engines import solve, walk_lattice
    from doseesc.truth import right_levels

    truths = np.linspace(0.05, 0.6, 5)[:, None] * np.linspace(0.4, 1.6, n_doses)
    stakes = Stakes(truths, np.ones(5), right_levels(truths, target))
    found = solve(walk_lattice(rules, target=target, n_doses=n_doses, max_n=max_n), stakes)
    return found.policy(prior="five curves with equal weights", utility="the probability of correct selection")


def cases_in(module):
    """Return the comparisons of a file of ``doseesc/validation/cases``, in order of their names."""
    return [
        each
        for name, each in sorted(vars(module).items())
        if inspect.isfunction(each) and each.__module__ == module.__name__ and is_case(each)
    ]


def name_of(case):
    """Return a comparison's name, as a test shows it."""
    return case.__name__


def passes(case):
    """Check a comparison with published or golden numbers; it says which figure differs most."""
    found = case()
    assert found.passed, found
