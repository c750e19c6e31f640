"""The rules of backfill: which doses below the current one take patients while the escalation waits.

These are parameters and their checks, with published rules by name; :mod:`doseesc.engines.clock_backfill` plays them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from designs import BOIN, Design, RollingSix, TableDesign, Weighted
from designs.checks import require_choice, require_flag, require_positive, require_probability, require_whole
from doseesc.engines.backfill_rates import reads_rates
from doseesc.truth import ObservationModel

_RESPONSES_AT = {"dose": "at the dose", "dose_or_below": "at the dose or below"}
_PRIORITY = {"highest": "the highest", "lowest": "the lowest", "random": "any"}
_CLOSES = ("eliminated", "too_toxic")


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
        Responses that must have been seen; 0 asks for none.  With an observation model, who has died or been lost
        before the day of a response is one without.
    responses_at : {"dose", "dose_or_below"}
        Where they must have been seen.
    response_probabilities : tuple of float, optional
        Probability of a response at each level; needed where responses are asked for.
    response_days : {"uniform", "as_dlts", "window_end"}
        When a response is known: evenly over the DLT window, by the law of the time of a DLT, or at the window's end.
    cap_per_dose : int, optional
        Patients at a dose in all, those of the escalation included, from which on it takes no more.
    max_backfilled : int, optional
        Most patients backfilled in a trial; by default as many as the caps allow, and without caps as many as the
        escalation may treat.
    closes : {"eliminated", "too_toxic"}
        What closes a dose and all above: that the design excludes it; or, besides, that both its own DLT rate and that
        pooled with the next dose call for de-escalation (BF-BOIN; interval designs only).
    count_in_decisions, count_in_mtd : bool
        Whether backfilled patients count in the escalation's decisions, and in the selection of the MTD.  A design that
        waits for outcomes waits for those of the escalation, and counts backfilled patients once they are known; one
        that weighs pending patients weighs these, too.
    conflict : {"highest", "lowest"}, optional
        Which dose is reconciled with the current one by pooling, where backfilled doses below call for more caution
        (interval designs only); by default none.
    priority : {"highest", "lowest", "random"}
        Which of several open doses takes the patient.
    ratio : float, optional
        At most so many backfilled patients, for each patient of the cohort that is waited for, rounded up: crmPack's
        quota per cycle of the escalation.
    replace_unevaluable : bool
        Whether a backfilled patient who leaves as not evaluable, where an observation model lets any leave, no longer
        counts in ``cap_per_dose``, ``max_backfilled`` and ``ratio``, so that another may take the place if the dose is
        still open: as in the escalation, whose ``max_n`` are evaluable patients.  If not, each place is given once.
        Neither lets the escalation wait.

    Notes
    -----
    The R package bfboin 0.1.1 differs from the paper on BF-BOIN: a response is known at the end of the window
    (``response_days="window_end"``) and opens its own dose only (``responses_at="dose"``); up to 13 patients are
    treated at a dose (``cap_per_dose=13``); every lower dose may be in conflict, backfilled or not; and who has been
    backfilled and is pending when the last cohort has been assessed is left out.  The last two cannot be had here.
    crmPack backfills between cohorts, without a calendar, each dose once.

    None of these says what becomes of backfilled patients who die or leave; with an observation model they are observed
    as all others are, see :mod:`doseesc.engines.clock_backfill`.

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
    max_backfilled: int | None = None
    closes: str = "eliminated"
    count_in_decisions: bool = True
    count_in_mtd: bool = True
    conflict: str | None = None
    priority: str = "highest"
    ratio: float | None = None
    replace_unevaluable: bool = True

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
        require_choice("response_days", self.response_days, ("uniform", "as_dlts", "window_end"))
        for name in ("cap_per_dose", "max_backfilled"):
            if getattr(self, name) is not None:
                require_whole(name, getattr(self, name), 1)
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
        require_flag("replace_unevaluable", self.replace_unevaluable)

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
        """Return the rules as a design can follow them.

        Only interval designs read a DLT rate as a decision; others are left with what they exclude, and with their own
        model to reconcile the doses.  A+B designs and tables of decisions (3+3, rolling six) have no answer for more
        patients at a dose than they would treat: backfilled patients count neither in their decisions nor in the MTD.

        Examples
        --------
        >>> from designs import ThreePlusThree
        >>> rules = Backfill.named("BF-BOIN").for_design(ThreePlusThree(n_doses=3))
        >>> rules.conflict is None, rules.count_in_decisions, rules.cap_per_dose
        (True, False, 12)
        """
        answers_for_more = not design.fixed_cohorts and not isinstance(design, TableDesign | RollingSix)
        if answers_for_more and reads_rates(design):
            return self
        rules = replace(self, closes="eliminated", conflict=None)
        return rules if answers_for_more else replace(rules, count_in_decisions=False, count_in_mtd=False)

    def most(self, design: Design) -> int:
        """Return the most patients that may be backfilled in a trial of a design, who has been replaced aside."""
        bounds = [] if self.max_backfilled is None else [self.max_backfilled]
        if self.cap_per_dose is not None:
            bounds.append(max(self.cap_per_dose * (design.n_doses - 1), 1))
        return min(bounds) if bounds else design.max_n

    def notes(self, design: Design) -> list[str]:
        """Return in plain words what of the rules a design cannot follow."""
        able = self.for_design(design)
        found = []
        if self.count_in_decisions and not able.count_in_decisions:
            found.append(
                "backfilled patients count neither in its decisions nor in its MTD, since it has no answer for more "
                "patients at a dose than it treats itself"
            )
        if (self.closes, self.conflict) != (able.closes, able.conflict):
            found.append("does not read the DLT rate of single doses: backfill closes only doses that it excludes")
        if able.conflict == "lowest" and not _weighs_as_be_boin(design):
            found.append(
                "backfill is that of BE-BOIN, the escalation is not: BE-BOIN is TITE-BOIN with  pending: "
                "{suspend_above: 0.49, minimum_followed: 0.25}"
            )
        return found

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
            treated = "1 cohort has" if self.after_cohorts == 1 else f"{self.after_cohorts} cohorts have"
            conditions.append(f"not before {treated} been treated")
        if self.min_responses:
            seen = "a response has" if self.min_responses == 1 else f"{self.min_responses} responses have"
            conditions.append(f"only where {seen} been seen {_RESPONSES_AT[self.responses_at]}")
        if self.cap_per_dose is not None:
            conditions.append(f"up to {self.cap_per_dose} patients in all at a dose")
        if self.max_backfilled is not None:
            conditions.append(f"up to {self.max_backfilled} backfilled in a trial")
        if self.ratio is not None:
            conditions.append(f"at most {self.ratio:g} for each patient of the cohort waited for")
        rules = f": {', '.join(conditions)}" if conditions else ""
        closed = (
            "not excluded"
            if self.closes == "eliminated"
            else "neither excluded nor, alone and with the next, of a high DLT rate"
        )
        counted = {
            (True, True): "count in decisions and in the MTD",
            (True, False): "count in decisions but not in the MTD",
            (False, True): "do not count in decisions, but in the MTD",
            (False, False): "count neither in decisions nor in the MTD",
        }[self.count_in_decisions, self.count_in_mtd]
        sentences = [
            f"Patients who arrive while the escalation waits are backfilled to {_PRIORITY[self.priority]} dose below "
            f"the current one that is {closed}{rules}.",
            f"They {counted}.",
        ]
        if self.conflict is not None:
            sentences.append(
                f"For interval designs, where backfilled doses call for more caution the {self.conflict} of them is "
                "pooled with the current one."
            )
        return " ".join(sentences)

    def describe_observed(self, model: ObservationModel) -> str:
        """Return in plain sentences what becomes of backfilled patients as an observation model shows them.

        Examples
        --------
        >>> model = ObservationModel(window=14, death=0.2, loss=0.05)
        >>> print(Backfill(min_responses=1).describe_observed(model).replace(". ", "." + chr(10)))
        Backfilled patients are observed as all others are.
        Who is not evaluable leaves, and another may take the place while the dose is open; the escalation goes on.
        Who dies or is lost before the day of a response counts as a patient without one.
        """
        said = ["Backfilled patients are observed as all others are."]
        if model.replaces:
            place = (
                "another may take the place while the dose is open" if self.replace_unevaluable else "nobody follows"
            )
            said.append(f"Who is not evaluable leaves, and {place}; the escalation goes on.")
        if self.min_responses and max(model.death, model.death_after_dlt, model.loss) > 0:
            said.append("Who dies or is lost before the day of a response counts as a patient without one.")
        return " ".join(said)


def _weighs_as_be_boin(design: Design) -> bool:
    policy = design.pending
    if not isinstance(design, BOIN) or not isinstance(policy, Weighted):
        return False
    own = policy.filled_in(design)
    return (own.estimate, own.suspend_above, own.minimum_followed) == ("imputation", 0.49, 0.25)


_BF_BOIN: dict[str, Any] = {"min_responses": 1, "cap_per_dose": 12, "closes": "too_toxic", "conflict": "highest"}

BACKFILL_REFERENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "BF-BOIN": ("Zhao et al. (2024), Clinical Cancer Research 30:673-679",),
        "BE-BOIN": ("Chen et al. (2026), arXiv 2509.11333", "Zhao et al. (2024), Clinical Cancer Research 30:673-679"),
    }
)
"""Publications of rules by their name."""

BACKFILL_RULES: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "BF-BOIN": _BF_BOIN,
        "BE-BOIN": _BF_BOIN | {"conflict": "lowest"},
        "crmPack": {"ratio": 1.0},
    }
)
"""Published rules by name, as parameters of :class:`Backfill`."""
