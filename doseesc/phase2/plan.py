"""A Phase 2 trial to simulate: its arms, with what is true of them, and how it will be analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from designs.checks import require_choice, require_positive, require_probability, require_whole
from doseesc.phase2.course import ControlCourse
from doseesc.phase2.effect import NO_DRUG_EFFECT, DrugEffect
from doseesc.phase2.log_rank import DEATH_RULES
from doseesc.phase2.multiplicity import ENDPOINT_ORDERS, METHODS
from doseesc.phase2.patients import ArmLaw

TTCI, MORTALITY, REACTIONS = "ttci", "mortality", "reactions"
ENDPOINTS = (TTCI, MORTALITY, REACTIONS)
TTCI_TESTS = ("log_rank", "cox_score", "gray", "win_ratio")
TABLE_TESTS = ("chi_square", "fisher")


@dataclass(frozen=True, kw_only=True)
class TrialArm:
    """One arm, with the truth about it.

    Parameters
    ----------
    name : str
    n : int
        Patients.
    amount : float or None
        Dose; None is the control.
    effect : DrugEffect
        On improvement and death.
    adverse : float
        Probability of an adverse reaction by its day, background included.
    """

    name: str
    n: int
    amount: float | None = None
    effect: DrugEffect = NO_DRUG_EFFECT
    adverse: float = 0.0

    def __post_init__(self) -> None:
        require_whole("n", self.n, 1)
        require_probability("adverse", self.adverse, closed=True)
        if self.amount is not None:
            require_positive("amount", self.amount)


@dataclass(frozen=True, kw_only=True)
class AnalysisPlan:
    """How the trial is analysed; all tests are one-sided at ``alpha``, the active arm against the control.

    Parameters
    ----------
    ttci : {"log_rank", "cox_score", "gray", "win_ratio"}
        Test of the time to clinical improvement.
    death : {"day_28", "at_death"}
        When the log-rank and Cox tests censor the dead.
    mortality : {"chi_square", "fisher"}
        Test of fewer deaths; patients lost before are left out.
    reactions : {"chi_square", "fisher"}
        Test of more adverse reactions: a finding, not a success.
    alpha : float
        One-sided level.
    multiplicity : str
        Over the active arms; see :mod:`doseesc.phase2.multiplicity`.
    sequence : {"highest_first", "lowest_first"}
        Order of doses of a fixed sequence.
    endpoints : {"hierarchical", "separate"}
        Mortality only where all arms have won on TTCI, or on its own.
    """

    ttci: str = "log_rank"
    death: str = "day_28"
    mortality: str = "chi_square"
    reactions: str = "fisher"
    alpha: float = 0.025
    multiplicity: str = "holm"
    sequence: str = "highest_first"
    endpoints: str = "hierarchical"

    def __post_init__(self) -> None:
        require_choice("ttci", self.ttci, TTCI_TESTS)
        require_choice("death", self.death, DEATH_RULES)
        require_choice("mortality", self.mortality, TABLE_TESTS)
        require_choice("reactions", self.reactions, TABLE_TESTS)
        require_probability("alpha", self.alpha)
        require_choice("multiplicity", self.multiplicity, METHODS)
        require_choice("sequence", self.sequence, ("highest_first", "lowest_first"))
        require_choice("endpoints", self.endpoints, ENDPOINT_ORDERS)


@dataclass(frozen=True, kw_only=True)
class TrialPlan:
    """A Phase 2 trial.

    Parameters
    ----------
    control : TrialArm
    active : tuple of TrialArm
        In increasing dose.
    course : ControlCourse
        What becomes of patients without the drug.
    loss : float
        Probability of loss to follow-up.
    analysis : AnalysisPlan

    Examples
    --------
    >>> plan = TrialPlan(
    ...     control=TrialArm(name="saline", n=50),
    ...     active=(TrialArm(name="MTD", n=50, amount=16, effect=DrugEffect(2.0, 0.6)),),
    ... )
    >>> plan.under_null().active[0].effect.shr
    1.0
    """

    control: TrialArm
    active: tuple[TrialArm, ...]
    course: ControlCourse = field(default_factory=ControlCourse)
    loss: float = 0.0
    analysis: AnalysisPlan = AnalysisPlan()

    def __post_init__(self) -> None:
        require_probability("loss", self.loss, closed=True)
        if not self.active:
            raise ValueError("active must hold at least one arm")
        if self.control.amount is not None or any(arm.amount is None for arm in self.active):
            raise ValueError("active arms must have an amount and the control none")
        amounts = [arm.amount for arm in self.active if arm.amount is not None]
        if amounts != sorted(amounts):
            raise ValueError(f"active must be in order of dose, not {amounts}")

    @property
    def arms(self) -> tuple[TrialArm, ...]:
        """Control first, then the active arms."""
        return (self.control, *self.active)

    def laws(self) -> list[ArmLaw]:
        """Return how patients fare in each arm, the control first.

        Raises
        ------
        ValueError
            If an arm's effect leaves no room for its deaths; the message names the arm.
        """
        found = []
        for arm in self.arms:
            try:
                course = self.course.with_drug(shr=arm.effect.shr, mortality_rr=arm.effect.mortality_rr)
            except ValueError as error:
                raise ValueError(f"{arm.name}: {error}") from error
            found.append(ArmLaw(n=arm.n, course=course, adverse=arm.adverse, loss=self.loss))
        return found

    def under_null(self) -> TrialPlan:
        """Return the same trial of a drug that does nothing, good or bad."""
        return replace(
            self,
            active=tuple(replace(arm, effect=NO_DRUG_EFFECT, adverse=self.control.adverse) for arm in self.active),
        )

    def with_sizes(self, factor: float) -> TrialPlan:
        """Return the same trial with every arm's size multiplied and rounded, at least 1."""
        require_positive("factor", factor)
        control, *active = (replace(arm, n=max(1, round(arm.n * factor))) for arm in self.arms)
        return replace(self, control=control, active=tuple(active))

    def with_active(self, arms: Sequence[TrialArm]) -> TrialPlan:
        """Return the same trial with other active arms, put in order of dose."""
        return replace(self, active=tuple(sorted(arms, key=lambda arm: arm.amount or 0.0)))

    @property
    def better(self) -> int | None:
        """Place of the active arm that truly helps most, the lowest dose of equals; None where none helps."""
        best = max(arm.effect.shr for arm in self.active)
        if best <= 1:
            return None
        return next(place for place, arm in enumerate(self.active) if arm.effect.shr >= best - 1e-12)
