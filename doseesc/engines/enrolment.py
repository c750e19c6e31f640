"""What a study says about time: how patients arrive, when DLTs come, who waits for whom, and who is backfilled.

These are parameters and their checks; :mod:`doseesc.engines.clock` plays them.
"""

from __future__ import annotations

from dataclasses import dataclass

from designs.checks import (
    require_choice,
    require_flag,
    require_number,
    require_positive,
)
from doseesc.engines.backfill_rules import Backfill
from doseesc.truth import DAYS_PER_MONTH, EVEN_TIMES, Accrual, DltTimes, times_words
from doseesc.wording import percent_words

_AT = {"new_dose": "at a dose not given before", "every_cohort": "in every cohort"}
_FEW = 0.5  # arrivals within a DLT window below which hardly anybody is ever pending at an arrival


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
        On average 1.8 patients arrive within a DLT window of 28 days.
        The drug's DLTs come evenly over 28 days.
        Nobody is enrolled more than 24 months after the first patient.
        """
        arriving = self.arrivals_within(window_days)
        hardly = ", so that pending patients hardly matter" if arriving < _FEW else ""
        times = times_words(self.times, window_days)
        backfilled = [] if self.backfill is None else [self.backfill.describe()]
        arriving_words = (
            f"On average {arriving:.2g} patients arrive within a DLT window of {window_days:g} days{hardly}."
        )
        said = [self.accrual.describe(), exclusion_words(self.accrual), arriving_words, times, *backfilled]
        return " ".join(each for each in [*said, *self.restrictions] if each)

    @property
    def restrictions(self) -> tuple[str, ...]:
        """What keeps patients from being treated as they come, in plain sentences: staggering, and the last day.

        Examples
        --------
        >>> calendar = Calendar(accrual=Accrual(per_month=2), stagger=Stagger(days_after_first=7), max_days=365.25)
        >>> calendar.restrictions[1]
        'Nobody is enrolled more than 12 months after the first patient.'
        """
        found = [] if self.stagger is None else [self.stagger.describe()]
        if self.max_days is not None:
            months = self.max_days / DAYS_PER_MONTH
            found.append(f"Nobody is enrolled more than {months:.3g} months after the first patient.")
        return tuple(found)


def exclusion_words(accrual: Accrual) -> str:
    """Return the share of those screened that each criterion is assumed to exclude; "" where none is given.

    Examples
    --------
    >>> exclusion_words(Accrual(screened_per_month=20, exclusions={"dialysis": 0.2, "ECMO": 0.125}))
    'Assumed to be excluded, of those screened: dialysis 20 %, ECMO 12.5 %; independently of one another.'
    """
    if not accrual.exclusions:
        return ""
    shares = ", ".join(f"{criterion} {percent_words(share)}" for criterion, share in accrual.exclusions.items())
    overlap = "independently of one another" if accrual.eligible is None else "they overlap as the share eligible says"
    return f"Assumed to be excluded, of those screened: {shares}; {overlap}."
