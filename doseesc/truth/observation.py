r"""What a trial observes of the drug: background events, deaths in the DLT window, losses, and who is evaluable.

A patient at a dose is described by what happens within the window (0, w]:

- the drug's own DLT, with probability P = p F(w), where p is the scenario's DLT probability, which refers to a window
  of its own (``curve_window``), and F the law of the time of a DLT in that window (DLTs come no later);
- a background event that looks like a DLT, with probability b, at an even time;
- death, with probability q, or r q where the drug causes a DLT in the window (r, the relative risk), and law G;
- loss to follow-up, with probability l, at an even time.

Given whether the drug causes a DLT, times are independent.  A patient is followed until death, loss or w.  The first
event *counted* before makes the patient one with a DLT: a drug DLT is counted with probability s (sensitivity of the
adjudication), a background event with probability c = 1 - specificity.  Without adjudication all events count, s = c
= 1.  Who dies without a counted event is counted as a DLT with probability a (1: all deaths count), and otherwise
replaced, as not evaluable, or taken for DLT-free; who is lost without a counted event is replaced or taken for
DLT-free.  On a calendar the outcome may also stay open, with the weight of the follow-up until then, in designs that
weigh pending patients (``weight_frozen``); in the formulas below it then counts as DLT-free.

For a patient with (d = 1) or without (d = 0) a drug DLT, no event has been counted by t with probability

    A_d(t) = (1 - d s F(t)/F(w)) (1 - c b t/w)

and with q_0 = q, q_1 = r q the ends without a counted event have the probabilities

    death       M_d = int A_d(t) (1 - l t/w) q_d dG(t)
    loss        L_d = int A_d(t) (1 - q_d G(t)) l dt/w
    end of w    C_d = A_d(w) (1 - q_d) (1 - l)

so that a patient enrolled is counted as a DLT with probability  Y_d = 1 - (1-a) M_d - L_d - C_d  and is evaluable with
probability  E_d = 1 - [deaths replaced] (1-a) M_d - [losses replaced] L_d.  Mixed over d, P Y_1 + (1-P) Y_0 = Y and
likewise E.  A trial sees a DLT in an evaluable patient with probability  Y / E, independently from patient to patient,
and enrols 1 / E patients on average (geometric) for one evaluable, whatever the outcome.  This is all a design sees.
Where all deaths count, nobody is lost and r = 1,  Y = 1 - (1-P)(1-b)(1-q), E = 1.

Whether a patient is enrolled at a dose is decided before anything happens to him, so that the expected number of any
event among all patients enrolled at a dose is their expected number times the event's probability (Wald): deaths
P r q + (1-P) q;  drug DLTs that happen, before death,  P (1 - r q int G dF/F(w));  and counted DLTs that are the
drug's,  P s int (1 - c b t/w)(1 - r q G(t))(1 - l t/w) dF(t)/F(w),  the rest of Y being background and deaths.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designs.arrays import FloatArray
from doseesc.truth.event_times import DEATH_TIMES, EVEN_TIMES, EventTimes, quadrature

DEATH_POLICIES = ("all_count", "fraction", "replaced", "dlt_free", "weight_frozen")
LOSS_POLICIES = ("replaced", "dlt_free", "weight_frozen")
UNATTRIBUTED_POLICIES = ("replaced", "dlt_free")
LEAST_EVALUABLE = 0.01
"""A trial in which fewer patients than this are evaluable is refused."""

_ROUNDING = 1e-12


@dataclass(frozen=True)
class PatientLaw:
    """What becomes of a patient enrolled at each of J doses; every array has the shape of the DLT probabilities.

    Attributes
    ----------
    evaluable : array
        Probability of being evaluable.
    observed_dlt : array
        Probability that an evaluable patient is counted as a DLT: what the design meets.
    counted : array
        Probability that a patient enrolled is counted as a DLT.
    not_caused : array
        Probability that a patient enrolled is counted as a DLT for an event that is not the drug's.
    drug_dlt : array
        Probability that a patient enrolled has, while alive in the window, a DLT caused by the drug.
    death : array
        Probability that a patient enrolled dies in the window.
    """

    evaluable: FloatArray
    observed_dlt: FloatArray
    counted: FloatArray
    not_caused: FloatArray
    drug_dlt: FloatArray
    death: FloatArray


@dataclass(frozen=True, kw_only=True)
class ObservationModel:
    """What happens to patients besides the drug, and what a trial makes of it.

    Parameters
    ----------
    window : float
        Days a patient is observed for DLTs.
    curve_window : float, optional
        Days that the scenario's DLT probabilities refer to; by default ``window``.  A shorter window sees the DLTs
        that come early enough, a longer one no more of them.
    background : float
        Probability b of a DLT-like event in the window that the drug does not cause.
    death : float
        Probability q of death in the window without a drug DLT; see :func:`doseesc.truth.death_in_window`.
    dlt_times : EventTimes
        Law of the time of a drug DLT over ``curve_window``.
    death_relative_risk : float
        How many times likelier a patient with a drug DLT in the window is to die in it.
    deaths : {"all_count", "fraction", "replaced", "dlt_free", "weight_frozen"}
        What is made of a death without a counted event before: a DLT; a DLT in ``attributed_fraction`` of cases;
        the patient is not evaluable and replaced; or is taken for DLT-free; or the outcome stays open and counts by
        its follow-up, for designs on a calendar that weigh pending patients (as DLT-free without a calendar).
    attributed_fraction : float
        For ``"fraction"``.
    unattributed : {"dlt_free", "replaced"}
        What is made of the other deaths, for ``"fraction"``.
    sensitivity : float
        Probability that a drug DLT is counted.
    specificity : float
        Probability that a background event is not; 0, as without adjudication, counts all.
    loss : float
        Probability of loss to follow-up in the window.
    losses : {"replaced", "dlt_free", "weight_frozen"}
        What is made of a patient lost without a counted event.

    Raises
    ------
    ValueError
        If a parameter is out of range, or probabilities do not fit together; the message begins with its name.

    Examples
    --------
    If every death counts, a perfectly safe product looks as if it had a DLT probability of 22 %:

    >>> model = ObservationModel(window=14, background=0.05, death=0.18, deaths="all_count")
    >>> model.law([0.0]).observed_dlt.round(3)
    array([0.221])
    """

    window: float
    curve_window: float | None = None
    background: float = 0.0
    death: float = 0.0
    dlt_times: EventTimes = EVEN_TIMES
    death_relative_risk: float = 1.0
    deaths: str = "replaced"
    attributed_fraction: float = 0.5
    unattributed: str = "dlt_free"
    sensitivity: float = 1.0
    specificity: float = 0.0
    loss: float = 0.0
    losses: str = "replaced"

    def __post_init__(self) -> None:
        for name in ("window", "curve_window"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name} must be positive, not {value}")
        for name in ("background", "death", "attributed_fraction", "sensitivity", "specificity", "loss"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in [0, 1], not {getattr(self, name)}")
        for name, known in (
            ("deaths", DEATH_POLICIES),
            ("unattributed", UNATTRIBUTED_POLICIES),
            ("losses", LOSS_POLICIES),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        if not self.death_relative_risk >= 0:
            raise ValueError(f"death_relative_risk must not be negative, not {self.death_relative_risk}")
        if self.death * self.death_relative_risk > 1 + _ROUNDING:
            raise ValueError(
                f"death_relative_risk of {self.death_relative_risk:g} does not fit a probability of death of "
                f"{self.death:.3g}: after a drug DLT it would be {self.death * self.death_relative_risk:.3g}, above 1"
            )

    @property
    def attributed(self) -> float:
        """Probability a that a death without a counted event before is counted as a DLT."""
        return {"all_count": 1.0, "fraction": self.attributed_fraction}.get(self.deaths, 0.0)

    @property
    def replaces_deaths(self) -> bool:
        """Whether a patient whose death is not counted is replaced."""
        return self.deaths == "replaced" or (self.deaths == "fraction" and self.unattributed == "replaced")

    @property
    def replaces_losses(self) -> bool:
        """Whether a patient lost without a counted event is replaced."""
        return self.losses == "replaced"

    @property
    def replaces(self) -> bool:
        """Whether it happens that patients are replaced."""
        dying = self.replaces_deaths and self.attributed < 1 and max(self.death, self.death_after_dlt) > 0
        return dying or (self.replaces_losses and self.loss > 0)

    @property
    def freezes(self) -> bool:
        """Whether the weight of patients who die or are lost is frozen at their last follow-up."""
        return "weight_frozen" in (self.deaths, self.losses)

    @property
    def death_after_dlt(self) -> float:
        """Probability of death in the window with a drug DLT in it."""
        return min(1.0, self.death * self.death_relative_risk)

    @property
    def horizon(self) -> float:
        """Days that the scenario's DLT probabilities refer to."""
        return self.window if self.curve_window is None else self.curve_window

    def dlts_by(self, t: Any) -> FloatArray:
        """Return the share F(t) of the drug's DLTs that come by ``t`` days."""
        return self.dlt_times.cdf(t, self.horizon)

    def law(self, probabilities: Any) -> PatientLaw:
        """Return what becomes of a patient enrolled at doses of the drug's DLT ``probabilities``, of any shape.

        The integrals of the module's text are taken by quadrature, to about 1e-13.

        Raises
        ------
        ValueError
            If hardly any patient at one of the doses would be evaluable.
        """
        p = np.asarray(probabilities, dtype=np.float64)
        in_window = p * float(self.dlts_by(self.window))
        without, with_dlt = self._ends(False), self._ends(True)

        def mixed(name: str) -> FloatArray:
            return in_window * getattr(with_dlt, name) + (1 - in_window) * getattr(without, name)

        counted, evaluable = mixed("counted"), mixed("evaluable")
        if (evaluable < LEAST_EVALUABLE).any():
            raise ValueError(
                f"deaths and losses leave {100 * max(float(evaluable.min()), 0.0):.1f} % of patients evaluable; "
                f"at least {100 * LEAST_EVALUABLE:g} % must be"
            )
        return PatientLaw(
            evaluable=evaluable,
            observed_dlt=np.clip(counted / evaluable, 0.0, 1.0),
            counted=counted,
            not_caused=np.maximum(counted - in_window * with_dlt.drug_counted, 0.0),
            drug_dlt=in_window * with_dlt.drug_dlt,
            death=in_window * self.death_after_dlt + (1 - in_window) * self.death,
        )

    def _ends(self, drug: bool) -> _Ends:
        """Return the probabilities for a patient with or without a drug DLT in the window."""
        w, loss = self.window, self.loss
        dead = self.death_after_dlt if drug else self.death
        seen, adjudged = (self.sensitivity if drug else 0.0), 1 - self.specificity
        t, weight = quadrature(w, (*self.dlt_times.breaks(self.horizon), self.horizon))
        share = max(float(self.dlts_by(w)), np.finfo(np.float64).tiny)  # no DLT by then: nothing to divide up
        dlt_by = self.dlts_by(t) / share
        # Beyond the days the curve refers to, no DLT begins.
        dlt_density = np.where(t < self.horizon, self.dlt_times.density(t, self.horizon), 0.0) / share
        background, alive = 1 - adjudged * self.background * t / w, 1 - dead * DEATH_TIMES.cdf(t, w)
        followed, nothing = 1 - loss * t / w, (1 - seen * dlt_by) * background
        deaths = weight @ (nothing * followed * DEATH_TIMES.density(t, w)) * dead
        losses = float(weight @ (nothing * alive) * loss / w)
        complete = (1 - seen) * (1 - adjudged * self.background) * (1 - dead) * (1 - loss)
        unattributed = float((1 - self.attributed) * deaths)
        return _Ends(
            counted=1 - unattributed - losses - complete,
            evaluable=1 - self.replaces_deaths * unattributed - self.replaces_losses * losses,
            drug_counted=seen * float(weight @ (dlt_density * background * alive * followed)),
            drug_dlt=float(weight @ (dlt_density * alive)) if drug else 0.0,
        )


@dataclass(frozen=True)
class _Ends:
    counted: float
    evaluable: float
    drug_counted: float
    drug_dlt: float
