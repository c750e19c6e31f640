"""What every design must pass, to subclass in the tests of a design of your own.

::

    from doseesc.testing import DesignTests
    from my_package import Cautious


    class TestCautious(DesignTests):
        design = Cautious(n_doses=3, max_n=12)
        truths = ((0.1, 0.25, 0.45), (0.4, 0.5, 0.6))

pytest finds the class by its name and runs each of its checks.  It needs no pytest itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from designs import Design
from doseesc.validation import Comparison, conformance

TRUTH = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55)
"""DLT probabilities of as many levels as a design has, where none are given; from the seventh level on the last."""


class DesignTests:
    """The contract of a design, check by check; a subclass says which design.

    Attributes
    ----------
    design : Design
        Small enough to be enumerated, such as three doses and twelve patients.
    truths : sequence of sequence of float
        True DLT probabilities under which the engines are compared; by default one rising curve.
    trials : int
        Simulated trials.
    name : str or None
        How scenario files call the design; None where it has no entry point of the group ``doseesc.designs``.
    """

    design: ClassVar[Design]
    truths: ClassVar[Sequence[Sequence[float]]] = ()
    trials: ClassVar[int] = conformance.TRIALS
    name: ClassVar[str | None] = None

    def __init_subclass__(cls) -> None:
        """Refuse a class or a function where a design is meant, before any check fails for it.

        Raises
        ------
        TypeError
            If ``design`` is neither a design nor a property.
        """
        super().__init_subclass__()
        given = getattr(cls, "design", None)
        if given is not None and not isinstance(given, Design | property):
            raise TypeError(
                f"design of {cls.__name__} must be a design, not a {type(given).__name__}: "
                "write  design = MyDesign(n_doses=3, max_n=12)  in the class"
            )

    def test_exact_and_simulated_characteristics_agree(self) -> None:
        """Every figure lies within four exact standard errors."""
        for truth in self._truths():
            _holds(conformance.exact_against_simulation(self.design, truth, trials=self.trials))

    def test_probabilities_sum_to_one(self) -> None:
        """Selections, numbers of patients and reasons are distributions."""
        for truth in self._truths():
            _holds(conformance.probabilities_sum_to_one(self.design, truth))

    def test_decisions_are_admissible(self) -> None:
        """Levels are in range, cohorts within max_n, and no excluded level is given or selected."""
        _holds(conformance.admissibility(self.design))

    def test_order_of_rules_does_not_matter(self) -> None:
        """Rules in any order give the same decisions."""
        _holds(conformance.order_of_rules(self.design))

    def test_batches_are_decided_as_their_members(self) -> None:
        """Tallies side by side are decided as one at a time."""
        _holds(conformance.batches_are_singles(self.design))

    def test_design_and_rules_describe_themselves(self) -> None:
        """Protocols print what ``describe`` says."""
        _holds(conformance.described(self.design))

    def test_the_registry_finds_the_design(self) -> None:
        """Scenario files find the class by its name."""
        if self.name is not None:
            _holds(conformance.registered(self.design, self.name))

    def _truths(self) -> Sequence[Sequence[float]]:
        places = [min(place, len(TRUTH) - 1) for place in range(self.design.n_doses)]
        return self.truths or (tuple(TRUTH[place] for place in places),)


def _holds(comparison: Comparison) -> None:
    """Raise AssertionError unless a check holds; it says where it does not, and by how much."""
    if not comparison.passed:
        unit = f" {comparison.unit}" if comparison.unit else ""
        raise AssertionError(
            f"{comparison.where}: off by {comparison.largest:.4g}{unit}, allowed {comparison.tolerance:.4g}"
        )
