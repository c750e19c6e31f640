"""What a study says about time: how patients arrive, when DLTs come, who waits for whom, and who is backfilled.

These are parameters and their checks; :mod:`doseesc.engines.clock` plays them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from designs import BOIN, Design, IntervalDesign
from designs.checks import (
    require_choice,
    require_flag,
    require_number,
    require_positive,
    require_probability,
    require_whole,
)
from doseesc.truth import DAYS_PER_MONTH, EVEN_TIMES, Accrual, DltTimes, times_words

_AT = {"new_dose": "at a dose not given before", "every_cohort": "in every cohort"}
_RESPONSES_AT = {"dose": "at the dose", "dose_or_below": "at the dose or below"}
_PRIORITY = {"highest": "the highest", "lowest": "the lowest", "random": "any"}
_CLOSES = ("eliminated", "too_toxic")


@dataclass(frozen=True, kw_only=True)
class Stagger:
    """Days that must pass before the next patient of a cohort is treated.

    Parameters
    ----------
    days_after_first : float, optional
        Days after the first patient, the sentinel; the others follow freely.
    days : tuple of float, optional
        Instead, the days after the first patient, after the second, and so on; the last value goes on.
    at : {"new_dose", "every_cohort"}
        Count patients at each dose, so that only its first ones are staggered, or in each cohort.

    Examples
    --------
    >>> Stagger(days=(7, 3)).days_after(1), Stagger(days=(7, 3)).days_after(5)
    (7.0, 3.0)
    """

    days_after_first: float | None = None
    days: tuple[float, ...] | None = None
    at: str = "new_dose"

    def __post_init__(self) -> None:
        if self.days_after_first is None and self.days is None:
            raise ValueError("days_after_first must be given, or days")
        if self.days_after_first is not None and self.days is not None:
            raise ValueError("days must not be given together with days_after_first")
        if self.days_after_first is not None:
            require_positive("days_after_first", self.days_after_first)
        if self.days is not None:
            if not isinstance(self.days, tuple) or not self.days:
                raise ValueError(f"days must be a list of days, not {self.days!r}")
            if any(require_number("days", each) < 0 for each in self.days) or not any(self.days):
                raise ValueError(f"days must be at least 0, and one of them above, not {list(self.days)}")
        require_choice("at", self.at, tuple(_AT))

    def days_after(self, position: int) -> float:
        """Return the days from the first dose of the patient at this position, from 1, to that of the next."""
        if self.days is None:
            return float(self.days_after_first or 0.0) if position == 1 else 0.0
        return float(self.days[min(position, len(self.days)) - 1])

    def describe(self) -> str:
        """Return one sentence.

        Examples
        --------
        >>> Stagger(days_after_first=7).describe()
        'At a dose not given before, the second patient is treated at least 7 days after the first.'
        >>> Stagger(days=(7, 3), at="every_cohort").describe()
        'In every cohort, at least 7, 3 days pass from each patient to the next; the last number goes on.'
        """
        where = _AT[self.at].capitalize()
        if self.days is None:
            return f"{where}, the second patient is treated at least {self.days_after_first:g} days after the first."
        apart = ", ".join(f"{each:g}" for each in self.days)
        further = "; the last number goes on" if len(self.days) > 1 else ""
        return f"{where}, at least {apart} days pass from each patient to the next{further}."


@dataclass(frozen=True, kw_only=True)
class Backfill:
    """Which doses below the current one take the patients who arrive while the escalation waits.

    Parameters
    ----------
    lowest_level : int
        Lowest level that takes any.
    highest_level : int, optional
        Highest level that takes any; by default all below the current one.
    after_cohorts : int
        Cohorts of the escalation that must have been treated.
    min_responses : int
        Responses that must have been seen; 0 asks for none.
    responses_at : {"dose", "dose_or_below"}
        Where they must have been seen.
    response_probabilities : tuple of float, optional
        Probability of a response at each level; needed where responses are asked for.
    response_days : {"uniform", "window_end"}
        When a response is known: evenly over the DLT window, or at its end.
    cap_per_dose : int, optional
        Patients at a dose in all, those of the escalation included, from which on it takes no more.
    closes : {"eliminated", "too_toxic"}
        What closes a dose and all above: that the design excludes it; or, besides, that both its own DLT rate and that
        pooled with the next dose call for de-escalation (BF-BOIN; interval designs only).
    count_in_decisions, count_in_mtd : bool
        Whether backfilled patients count in the escalation's decisions, and in the selection of the MTD.
    conflict : {"highest", "lowest"}, optional
        Which dose is reconciled with the current one by pooling, where backfilled doses below call for more caution
        (interval designs only); by default none.
    priority : {"highest", "lowest", "random"}
        Which of several open doses takes the patient.
    ratio : float, optional
        At most this many backfilled patients per patient of the escalation's cohort, rounded up (crmPack).

    References
    ----------
    Zhao, Yuan, Korn and Freidlin 2024, Clinical Cancer Research 30:673, doi 10.1158/1078-0432.CCR-23-2585.
    Chen, Zhao, Takeda and Yuan 2026, doi 10.1007/s43441-026-00994-0.
    """

    lowest_level: int = 1
    highest_level: int | None = None
    after_cohorts: int = 0
    min_responses: int = 0
    responses_at: str = "dose_or_below"
    response_probabilities: tuple[float, ...] | None = None
    response_days: str = "uniform"
    cap_per_dose: int | None = None
    closes: str = "eliminated"
    count_in_decisions: bool = True
    count_in_mtd: bool = True
    conflict: str | None = None
    priority: str = "highest"
    ratio: float | None = None

    def __post_init__(self) -> None:
        require_whole("lowest_level", self.lowest_level, 1)
        if self.highest_level is not None:
            require_whole("highest_level", self.highest_level, self.lowest_level)
        require_whole("after_cohorts", self.after_cohorts, 0)
        require_whole("min_responses", self.min_responses, 0)
        require_choice("responses_at", self.responses_at, tuple(_RESPONSES_AT))
        if self.response_probabilities is not None:
            if not isinstance(self.response_probabilities, tuple) or not self.response_probabilities:
                raise ValueError(f"response_probabilities must be a list, not {self.response_probabilities!r}")
            for each in self.response_probabilities:
                require_probability("response_probabilities", each, closed=True)
        require_choice("response_days", self.response_days, ("uniform", "window_end"))
        if self.cap_per_dose is not None:
            require_whole("cap_per_dose", self.cap_per_dose, 1)
        require_choice("closes", self.closes, _CLOSES)
        require_flag("count_in_decisions", self.count_in_decisions)
        require_flag("count_in_mtd", self.count_in_mtd)
        if self.conflict is not None:
            require_choice("conflict", self.conflict, ("highest", "lowest"))
            if not self.count_in_decisions:
                raise ValueError("conflict must not be given where count_in_decisions is false: there is none")
        require_choice("priority", self.priority, tuple(_PRIORITY))
        if self.ratio is not None:
            require_positive("ratio", self.ratio)

    @classmethod
    def named(cls, name: str) -> Backfill:
        """Return the published rules of a name; responses, where asked for, are still to be given a probability.

        Raises
        ------
        ValueError
            If there is no such name.

        Examples
        --------
        >>> Backfill.named("BE-BOIN").conflict, Backfill.named("BF-BOIN").cap_per_dose
        ('lowest', 12)
        """
        require_choice("type", name, tuple(BACKFILL_RULES))
        return cls(**BACKFILL_RULES[name])

    def check(self, n_doses: int) -> None:
        """Raise ValueError where the rules do not fit a number of doses, or lack what they ask for."""
        for name in ("lowest_level", "highest_level"):
            level = getattr(self, name)
            if level is not None and level > n_doses:
                raise ValueError(f"{name} must be one of {n_doses} levels, not {level}")
        given = self.response_probabilities
        if given is not None and len(given) != n_doses:
            raise ValueError(f"response_probabilities must be {n_doses}, one for each dose, not {len(given)}")
        if self.min_responses and given is None:
            raise ValueError("response_probabilities must be given, since doses open by responses")

    def for_design(self, design: Design) -> Backfill:
        """Return the rules as a design can follow them: only interval designs read a DLT rate as a decision.

        Others are left with what they exclude, and with their own model to reconcile the doses.

        Examples
        --------
        >>> from designs import ThreePlusThree
        >>> Backfill.named("BF-BOIN").for_design(ThreePlusThree(n_doses=3)).conflict is None
        True
        """
        if isinstance(design, BOIN | IntervalDesign):
            return self
        return replace(self, closes="eliminated", conflict=None)

    def describe(self) -> str:
        """Return the rules in plain sentences.

        Examples
        --------
        >>> Backfill(after_cohorts=2, cap_per_dose=12).describe()[:98]
        'Patients who arrive while the escalation waits are backfilled to the highest dose below the curren'
        """
        conditions = [f"no dose above level {self.highest_level}"] if self.highest_level is not None else []
        if self.lowest_level > 1:
            conditions.append(f"no dose below level {self.lowest_level}")
        if self.after_cohorts:
            conditions.append(f"not before {self.after_cohorts} cohorts have been treated")
        if self.min_responses:
            seen = "a response has" if self.min_responses == 1 else f"{self.min_responses} responses have"
            conditions.append(f"only where {seen} been seen {_RESPONSES_AT[self.responses_at]}")
        if self.cap_per_dose is not None:
            conditions.append(f"up to {self.cap_per_dose} patients in all at a dose")
        if self.ratio is not None:
            conditions.append(f"at most {self.ratio:g} for each patient of the cohort waited for")
        rules = f": {', '.join(conditions)}" if conditions else ""
        closed = (
            "excluded"
            if self.closes == "eliminated"
            else "excluded or whose DLT rate, alone and with the next, is high"
        )
        counted = [
            f"{'count' if counts else 'do not count'} in {what}"
            for counts, what in ((self.count_in_decisions, "decisions"), (self.count_in_mtd, "the MTD"))
        ]
        sentences = [
            f"Patients who arrive while the escalation waits are backfilled to {_PRIORITY[self.priority]} dose below "
            f"the current one that is not {closed}{rules}.",
            f"They {' and '.join(counted)}.",
        ]
        if self.conflict is not None:
            sentences.append(
                f"Where backfilled doses call for more caution, the {self.conflict} of them is pooled with the current."
            )
        return " ".join(sentences)


_BF_BOIN: dict[str, Any] = {"min_responses": 1, "cap_per_dose": 12, "closes": "too_toxic", "conflict": "highest"}

BACKFILL_RULES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "BF-BOIN": _BF_BOIN,
        "BE-BOIN": _BF_BOIN | {"conflict": "lowest"},
        "crmPack": {"ratio": 1.0},
    }
)
"""Published rules by name, as parameters of :class:`Backfill`."""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Everything of a study about time.

    Parameters
    ----------
    accrual : Accrual
        How patients arrive.
    dlt_times : DltTimes, optional
        When DLTs come; by default evenly over the DLT window.
    stagger : Stagger, optional
        Days between the patients of a cohort.
    backfill : Backfill, optional
        Which doses below take patients meanwhile.
    max_days : float, optional
        Days from the first patient's first dose after which nobody is enrolled.
    first_gap : bool
        Whether the duration counts the days from the opening to the first patient.
    """

    accrual: Accrual
    dlt_times: DltTimes | None = None
    stagger: Stagger | None = None
    backfill: Backfill | None = None
    max_days: float | None = None
    first_gap: bool = False

    def __post_init__(self) -> None:
        for name, kind in (("accrual", Accrual), ("stagger", Stagger), ("backfill", Backfill)):
            value = getattr(self, name)
            if not isinstance(value, kind) and (name == "accrual" or value is not None):
                raise ValueError(f"{name} must be {kind.__name__}(...), not {value!r}")
        if self.dlt_times is not None and not isinstance(self.dlt_times, DltTimes):
            raise ValueError(f"dlt_times must be a law of event times, not {self.dlt_times!r}")
        if self.max_days is not None:
            require_positive("max_days", self.max_days)
        require_flag("first_gap", self.first_gap)

    @property
    def times(self) -> DltTimes:
        """The law of the time of a DLT."""
        return EVEN_TIMES if self.dlt_times is None else self.dlt_times

    def arrivals_within(self, window_days: float) -> float:
        """Return the patients who arrive on average within a DLT window; where few do, nobody waits for outcomes."""
        return self.accrual.rate / DAYS_PER_MONTH * window_days

    def describe(self, window_days: float) -> str:
        """Return in plain sentences what is said about time, for a DLT window.

        Examples
        --------
        >>> calendar = Calendar(accrual=Accrual(per_month=2, basis="two sites"), max_days=730.5)
        >>> print(calendar.describe(28).replace(". ", "." + chr(10)))
        Patients arrive at random times, 2 patients a month (two sites).
        Who arrives while the design waits for outcomes waits too, and the next gap runs from that enrolment.
        The drug's DLTs come evenly over 28 days, in which 1.8 patients arrive on average.
        Nobody is enrolled more than 24 months after the first patient.
        """
        arriving = f"in which {self.arrivals_within(window_days):.2g} patients arrive on average"
        times = times_words(self.times, window_days).removesuffix(".")
        sentences = [self.accrual.describe(), f"{times}, {arriving}."]
        if self.stagger is not None:
            sentences.append(self.stagger.describe())
        if self.backfill is not None:
            sentences.append(self.backfill.describe())
        if self.max_days is not None:
            months = self.max_days / DAYS_PER_MONTH
            sentences.append(f"Nobody is enrolled more than {months:.3g} months after the first patient.")
        return " ".join(sentences)
