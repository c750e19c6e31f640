"""What an analysis answers: what is believed of each dose, by quadrature and by NUTS, and what that rests on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from designs import target_cut_points
from designs.arrays import FloatArray
from doseesc.analysis.analysis_model import AnalysisModel
from doseesc.analysis.borrowed import borrowed
from doseesc.analysis.borrowing_choice import BorrowingModel
from doseesc.analysis.drawn_bands import band_of_draws, mean_and_band
from doseesc.analysis.inputs import ReportedDose
from doseesc.inference import (
    CREDIBILITY,
    NOBODY,
    Comparison,
    Convergence,
    DoseSummary,
    GridPosterior,
    PredictiveCheck,
    Question,
    ToxicityData,
    Trace,
    bin_shares,
    curve_band,
    group,
    interval_names,
)

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.analysis.borrowed import Borrowed
    from doseesc.study import Study

QUADRATURE_VERDICT = "By quadrature: the posterior itself on a grid, with no draws whose convergence could be in doubt"

_CURVE_POINTS = 61
_BEYOND = 1.25  # the curve is drawn so far beyond the doses, as a factor


@dataclass(frozen=True, eq=False)
class Sampled:
    """A posterior by NUTS.

    Attributes
    ----------
    trace : InferenceData or DataTree
        Draws, prior and predictive draws included.
    sampler : str
    convergence : Convergence
    summary : DoseSummary
        At the model's doses.
    comparison : Comparison or None
        How far it is from quadrature, where there is one.
    """

    trace: Trace
    sampler: str
    convergence: Convergence
    summary: DoseSummary
    comparison: Comparison | None


@dataclass(frozen=True, eq=False)
class Gridded:
    """A posterior by quadrature.

    Attributes
    ----------
    posterior : GridPosterior
    summary : DoseSummary
        At the model's doses.
    """

    posterior: GridPosterior
    summary: DoseSummary

    @cached_property
    def prior(self) -> GridPosterior:
        """The same without data; only figures ask for it."""
        return self.posterior.prior.given(NOBODY, self.posterior.doses)


@dataclass(frozen=True, eq=False)
class Fit:
    """The analysis of a trial.

    Attributes
    ----------
    study : Study
    model : AnalysisModel
    data : ToxicityData
    mtd : int
        Level from which the arms' doses are taken; 0 = none.
    mtd_source : str
        Where it comes from, in words.
    doses : tuple of ReportedDose
    gridded : Gridded or None
        None for a model of more than three parameters.
    sampled : Sampled or None
        None where nobody asked for draws and quadrature does without.
    checks : tuple of PredictiveCheck
        By quadrature where there is one, else from draws.
    about_data : tuple of str
        What was made of patients whose outcome is not known.
    """

    study: Study
    model: AnalysisModel
    data: ToxicityData
    mtd: int
    mtd_source: str
    doses: tuple[ReportedDose, ...]
    gridded: Gridded | None
    sampled: Sampled | None
    checks: tuple[PredictiveCheck, ...]
    about_data: tuple[str, ...] = ()

    @property
    def method(self) -> str:
        """``"quadrature"``, or ``"nuts"`` where there is none: by which the answer is given."""
        return "nuts" if self.gridded is None else "quadrature"

    @property
    def posterior(self) -> DoseSummary:
        """The answer at the model's doses, by :attr:`method`."""
        if self.gridded is not None:
            return self.gridded.summary
        assert self.sampled is not None
        return self.sampled.summary

    @property
    def converged(self) -> bool:
        """Whether the chains have converged; quadrature has none that could fail to."""
        return self.sampled is None or self.sampled.convergence.converged

    @property
    def verdict(self) -> str:
        """How the answer was found and whether it can be relied upon, in a sentence."""
        return QUADRATURE_VERDICT if self.sampled is None else self.sampled.convergence.verdict

    @property
    def question(self) -> Question:
        """What was asked of the posterior."""
        return question_of(self.study)

    @property
    def notes(self) -> tuple[str, ...]:
        """What should be known before the answer is used."""
        found = list(self.about_data)
        background = [each.background for each in self.study.observation if each.background]
        if background and not self.model.arguments["floor"] and self.model.arguments["floor_prior"] is None:
            share = background[0]
            found.append(
                f"the file's observation: has a background of {100 * share:g} % under the DLTs, which this analysis "
                f"counts as the drug's; write  analysis: {{floor: {share:g}}}  to take it off"
            )
        if self.study.analysis.borrow is not None and self.model.name != "blrm":
            found.append(f"the file's analysis borrows from other studies; model {self.model.name} does not")
        if not self.data.patients:
            found.append("there are no data: this is the prior")
        return tuple(found)

    @cached_property
    def curve(self) -> dict[str, list[float]]:
        """``amount``, ``mean``, ``low`` and ``high`` of the curve with its 90 % band, and a little beyond the doses."""
        lowest, highest = (choose(dose.amount for dose in self.doses) for choose in (min, max))
        amounts = np.geomspace(lowest / _BEYOND, highest * _BEYOND, _CURVE_POINTS)
        if self.gridded is not None:
            found = curve_band(self.gridded.posterior, amounts.tolist(), CREDIBILITY)
        else:
            assert self.sampled is not None
            found = band_of_draws(self.study, self.model, self.sampled.trace, amounts)
        named = zip(("amount", "mean", "low", "high"), (amounts, *found), strict=True)
        return {name: column.tolist() for name, column in named}

    def shares_between(self, edges: FloatArray) -> FloatArray:
        """Return the posterior probabilities (A, E - 1) that p at each of the model's doses lies between E edges."""
        if self.gridded is not None:
            return bin_shares(self.gridded.posterior, edges)
        draws = self._draws("posterior")
        counts = [np.histogram(draws[:, dose], edges)[0] for dose in range(draws.shape[1])]
        return np.array(counts) / len(draws)

    def prior_band(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return prior mean, and lower and upper end of the central 90 % interval, (A,), at the model's doses."""
        if self.gridded is not None:
            return curve_band(self.gridded.prior, self.gridded.prior.doses, CREDIBILITY)
        return mean_and_band(self._draws("prior"))

    def _draws(self, source: str) -> FloatArray:
        assert self.sampled is not None
        p = group(self.sampled.trace, source)["p"].values
        return np.asarray(p.reshape(-1, p.shape[-1]), dtype=np.float64)

    @cached_property
    def borrowed(self) -> Borrowed | None:
        """What was borrowed from historical studies, and what hangs on it; None where the model borrows nothing."""
        if not isinstance(self.model, BorrowingModel):
            return None
        return borrowed(
            self.model,
            self.data,
            [dose.amount for dose in self.doses],
            target=self.study.target,
            patients=self.study.max_n,
            conflicting=2 * self.study.cohort_size,
        )

    def to_frame(self) -> pd.DataFrame:
        """Return one row per dose and method, nuts or quadrature, by which there is an answer.

        Returns
        -------
        DataFrame
            method, label, amount, kind (level or arm), mean, low and high (90 % interval), p_over_target, p_unsafe,
            the probability of each interval, and p_mtd (of a level).
        """
        import pandas as pd

        methods = {"nuts": self.sampled, "quadrature": self.gridded}
        return pd.DataFrame(
            [
                {"method": method, **self._row(dose, found.summary)}
                for method, found in methods.items()
                if found is not None
                for dose in self.doses
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        sampled = self.sampled
        compared = None if sampled is None else sampled.comparison
        return {
            "model": self.model.words,
            "model_name": self.model.name,
            "verdict": self.verdict,
            "notes": list(self.notes),
            "converged": self.converged,
            "sampler": None if sampled is None else sampled.sampler,
            "target": self.study.target,
            "unsafe_above": self.study.unsafe_above,
            "unit": self.study.doses.unit,
            "mtd": self.study.dose_labels[self.mtd - 1] if self.mtd else None,
            "mtd_source": self.mtd_source,
            "method": self.method,
            "doses": [self._row(dose, self.posterior) for dose in self.doses],
            "by_nuts": None if sampled is None else [self._row(dose, sampled.summary) for dose in self.doses],
            "largest_difference": None if compared is None else asdict(compared),
            "mtd_posterior": dict(zip(("none", *self.study.dose_labels), self.posterior.mtd.tolist(), strict=True)),
            "curve": self.curve,
            "data": [
                {"study": study, "amount": amount, "n": n, "dlt": dlt}
                for study, amount, n, dlt in zip(
                    self.data.study, self.data.amount, self.data.n, self.data.dlt, strict=True
                )
            ],
            "predictive_checks": [asdict(check) for check in self.checks],
            **({} if self.borrowed is None else {"borrowed": self.borrowed.to_dict()}),
        }

    def _row(self, dose: ReportedDose, summary: DoseSummary) -> dict[str, Any]:
        place = dose.place
        intervals = zip(interval_names(self.question.limits), summary.intervals[place].tolist(), strict=True)
        return {
            "label": dose.label,
            "amount": dose.amount,
            "kind": dose.kind,
            "mean": float(summary.mean[place]),
            "low": float(summary.low[place]),
            "high": float(summary.high[place]),
            "p_over_target": float(summary.over_target[place]),
            "p_unsafe": float(summary.unsafe[place]),
            **{f"p {name}": share for name, share in intervals},
            "p_mtd": float(summary.mtd[place + 1]) if dose.kind == "level" else None,
        }


def question_of(study: Study) -> Question:
    """Return what a study asks of the posterior."""
    rule, given = study.true_mtd_rule, study.analysis.intervals
    limits = target_cut_points(study.target) if given is None else given
    return Question(study.target, limits, study.n_doses, rule.rule, rule.margin, study.unsafe_above)
