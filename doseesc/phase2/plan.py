"""A Phase 2 trial to simulate: its arms, with what is true of them, and how it will be analysed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from designs.checks import require_choice, require_positive, require_probability, require_whole
from doseesc.phase2.analyses import DEATH_RULES, ENDPOINT_ORDERS, METHODS
from doseesc.phase2.patients import (
    MOST_PER_ARM,
    NO_DRUG_EFFECT,
    ArmLaw,
    ControlCourse,
    Course,
    DrugEffect,
    Stratum,
    check_strata,
    mixture,
)
from doseesc.truth import Accrual

TTCI, MORTALITY, REACTIONS = "ttci", "mortality", "reactions"
REACTION_DAYS = 14
TTCI_TESTS = ("log_rank", "cox_score", "gray", "win_ratio")
TABLE_TESTS = ("chi_square", "fisher")
INTERVALS = ("miettinen_nurminen", "newcombe")
TREND_SCORES = ("ranks", "doses")
SECONDARY_ANALYSES = ("ancova", "mmrm", "ranks")
STRATIFIED_TTCI_TESTS = ("log_rank", "cox_score", "gray")


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
        require_whole("n", self.n, 1, MOST_PER_ARM)
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
    stratified : bool
        Whether the test of improvement is stratified by severity, and that of mortality Cochran, Mantel and Haenszel's;
        not for ``"win_ratio"`` and ``"fisher"``.
    mortality : {"chi_square", "fisher"}
        Test of fewer deaths; patients lost before are left out.
    mortality_interval : {"miettinen_nurminen", "newcombe"}
        Interval of the difference in mortality.
    reactions : {"chi_square", "fisher"}
        Test of more adverse reactions: a finding, not a success.
    trend : {"ranks", "doses"}
        Scores of the Cochran-Armitage trend of reactions: 0, 1, 2 and so on, or the doses themselves.
    secondary : {"ancova", "mmrm", "ranks"}
        Analysis of the secondary scores.
    alpha : float
        One-sided level.
    multiplicity : str
        Over the active arms; see :mod:`doseesc.phase2.analyses.multiplicity`.
    sequence : {"highest_first", "lowest_first"}
        Order of doses of a fixed sequence.
    endpoints : {"hierarchical", "separate"}
        Mortality only where all arms have won on TTCI, or on its own.
    """

    ttci: str = "log_rank"
    death: str = "day_28"
    stratified: bool = False
    mortality: str = "chi_square"
    mortality_interval: str = "miettinen_nurminen"
    reactions: str = "fisher"
    trend: str = "ranks"
    secondary: str = "ancova"
    alpha: float = 0.025
    multiplicity: str = "holm"
    sequence: str = "highest_first"
    endpoints: str = "hierarchical"

    def __post_init__(self) -> None:
        require_choice("ttci", self.ttci, TTCI_TESTS)
        require_choice("death", self.death, DEATH_RULES)
        require_choice("mortality", self.mortality, TABLE_TESTS)
        require_choice("mortality_interval", self.mortality_interval, INTERVALS)
        require_choice("reactions", self.reactions, TABLE_TESTS)
        require_choice("trend", self.trend, TREND_SCORES)
        require_choice("secondary", self.secondary, SECONDARY_ANALYSES)
        require_probability("alpha", self.alpha)
        require_choice("multiplicity", self.multiplicity, METHODS)
        require_choice("sequence", self.sequence, ("highest_first", "lowest_first"))
        require_choice("endpoints", self.endpoints, ENDPOINT_ORDERS)
        if self.stratified and (self.ttci not in STRATIFIED_TTCI_TESTS or self.mortality != "chi_square"):
            raise ValueError(f"stratified must be false with ttci {self.ttci} and mortality {self.mortality}")


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
    strata : tuple of Stratum
        Severities, which then take the place of ``course``; none by default.
    loss : float
        Probability of loss to follow-up.
    accrual : Accrual, optional
        How fast patients are enrolled.
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
    strata: tuple[Stratum, ...] = ()
    loss: float = 0.0
    accrual: Accrual | None = None
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
        if self.strata:
            check_strata(self.strata)
        elif self.analysis.stratified:
            raise ValueError("stratified must be false without strata")

    @property
    def arms(self) -> tuple[TrialArm, ...]:
        """Control first, then the active arms."""
        return (self.control, *self.active)

    @property
    def reaction_days(self) -> int:
        """Days of the adverse reactions: 14, as registered."""
        return REACTION_DAYS

    @property
    def total(self) -> int:
        """Patients in all arms."""
        return sum(arm.n for arm in self.arms)

    def laws(self) -> list[ArmLaw]:
        """Return how patients fare in each arm, the control first.

        Raises
        ------
        ValueError
            If an arm's effect leaves no room for its deaths; the message names the arm.
        """
        found = []
        for arm in self.arms:
            strata = tuple((each.share, _course(each.course, arm, each.name)) for each in self.strata)
            course = mixture(strata) if strata else _course(self.course, arm)
            found.append(ArmLaw(n=arm.n, course=course, adverse=arm.adverse, loss=self.loss, strata=strata))
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
        return self.with_numbers([max(1, round(arm.n * factor)) for arm in self.arms])

    def with_total(self, patients: int) -> TrialPlan:
        """Return the same trial with so many patients in all, shared out in the proportions of the arms.

        Raises
        ------
        ValueError
            If some arm would be empty.

        Examples
        --------
        >>> arms = (TrialArm(name="MTD/4", n=50, amount=4), TrialArm(name="MTD", n=50, amount=16))
        >>> [arm.n for arm in TrialPlan(control=TrialArm(name="saline", n=50), active=arms).with_total(169).arms]
        [57, 56, 56]
        """
        return self.with_numbers(share_out(patients, [arm.n for arm in self.arms]))

    def with_numbers(self, numbers: Sequence[int]) -> TrialPlan:
        """Return the same trial with other numbers of patients, the control's first."""
        control, *active = (replace(arm, n=n) for arm, n in zip(self.arms, numbers, strict=True))
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


def share_out(patients: int, ratios: Sequence[float]) -> list[int]:
    """Share patients out in given ratios; those left over go where the largest fraction was cut, first arms first.

    Raises
    ------
    ValueError
        If some arm would be empty.

    Examples
    --------
    >>> share_out(18, [1, 1, 1]), share_out(10, [2, 1, 1])
    ([6, 6, 6], [5, 3, 2])
    """
    require_whole("patients", patients, 1)
    for ratio in ratios:
        require_positive("ratios", ratio)
    exact = [patients * ratio / sum(ratios) for ratio in ratios]
    numbers = [int(each + 1e-9) for each in exact]
    by_rest = sorted(range(len(exact)), key=lambda place: numbers[place] - exact[place])
    for place in by_rest[: patients - sum(numbers)]:
        numbers[place] += 1
    if min(numbers) < 1:
        raise ValueError(f"patients must leave no arm empty, not {patients} for {len(numbers)} arms")
    return numbers


def _course(control: ControlCourse, arm: TrialArm, stratum: str = "") -> Course:
    try:
        return control.with_drug(shr=arm.effect.shr, mortality_rr=arm.effect.mortality_rr)
    except ValueError as error:
        raise ValueError(f"{arm.name}{f', {stratum}' if stratum else ''}: {error}") from error
