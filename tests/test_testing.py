"""The conformance suite: shipped designs pass it, and a design that breaks the contract fails."""

import numpy as np
import pytest
from small_designs import Guesses, Steady

from designs import BOIN, CRM, CoherentEscalation, NoSkipping, StopTooToxic
from doseesc.testing import DesignTests
from doseesc.validation.cases.engines import built_in_designs


class TestBoinWithRules(DesignTests):
    design = BOIN(target=0.25, n_doses=3, max_n=12, rules=(StopTooToxic(), NoSkipping(), CoherentEscalation()))
    truths = ((0.1, 0.25, 0.45), (0.4, 0.5, 0.6))
    name = "BOIN"


class TestCrm(DesignTests):
    design = CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=12, cohort_size=3)
    trials = 500
    name = "CRM"


CHECKS = [name for name in vars(DesignTests) if name.startswith("test_")]


class Beyond(Steady):
    """Selects a level above those of the trial."""

    def pick(self, tally):
        return np.full(tally.size, self.n_doses + 1)


class Silent(Steady):
    """Says nothing about itself."""

    def describe(self):
        return ""


class Excludes(Steady):
    """Excludes every level but the lowest, and selects the highest."""

    def ceiling(self, tally):
        return np.ones(tally.size, dtype=int)

    def pick(self, tally):
        return np.full(tally.size, self.n_doses)

    def select(self, tally):
        return self.pick(tally)


def suite(kind, **more):
    return type("Suite", (DesignTests,), {"design": kind(n_doses=3, max_n=6, cohort_size=3), "trials": 200} | more)()


def failing(found):
    """Return the checks that a design does not pass."""
    names = []
    for name in CHECKS:
        try:
            getattr(found, name)()
        except AssertionError as error:
            assert "off by" in str(error)  # noqa: PT017
            names.append(name)
    return names


def test_a_simple_design_passes():
    assert failing(suite(Steady)) == []


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        (Guesses, "test_batches_are_decided_as_their_members"),
        (Beyond, "test_decisions_are_admissible"),
        (Silent, "test_design_and_rules_describe_themselves"),
        (Excludes, "test_decisions_are_admissible"),
    ],
)
def test_a_design_that_breaks_the_contract_is_told(kind, check):
    with pytest.raises((AssertionError, IndexError, ValueError)):
        getattr(suite(kind), check)()


def test_a_name_that_nobody_has_is_told():
    with pytest.raises(AssertionError, match="design 'Steady' is not known"):
        suite(Steady, name="Steady").test_the_registry_finds_the_design()


def test_every_check_is_made_of_every_design_by_the_validation():
    names = [name for name, _ in built_in_designs()]
    assert len(names) == 18
    assert len(CHECKS) == 7


@pytest.mark.parametrize("given", [BOIN, lambda self: BOIN(target=0.3, n_doses=3, max_n=6)])
def test_a_class_or_a_function_is_no_design(given):
    with pytest.raises(TypeError, match=r"^design of TestMine must be a design, not a \w+: write  design = "):
        type("TestMine", (DesignTests,), {"design": given})
    assert issubclass(type("TestBase", (DesignTests,), {}), DesignTests)  # whose subclasses say which design
