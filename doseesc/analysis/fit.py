"""The analysis of a trial: posterior of the DLT probability at every level and at the doses of the Phase 2 arms.

Choice of model, compilation, draws, their judgement, the same by quadrature, and checks, in this order.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import expit, logit

from designs import Tally, target_cut_points
from doseesc.analysis.analysis_model import MOST_PARAMETERS, AnalysisModel
from doseesc.analysis.borrowed import borrowed
from doseesc.analysis.borrowing_choice import BorrowingModel
from doseesc.analysis.inputs import ReportedDose, mtd_of, read_data, reported_doses
from doseesc.analysis.model_choice import analysis_model
from doseesc.inference import (
    CREDIBILITY,
    POSSIBLE,
    Comparison,
    Convergence,
    DoseSummary,
    PredictiveCheck,
    Question,
    Sampler,
    ToxicityData,
    Trace,
    chosen_sampler,
    compare,
    group,
    interval_names,
    judge_convergence,
    log_dose_weights,
    predictive_checks,
    summarise_draws,
    summarise_grid,
    with_predictive,
)
from doseesc.parallel import one_blas_thread

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.analysis.borrowed import Borrowed
    from doseesc.study import Study


_CURVE_POINTS = 61
_BEYOND = 1.25  # the curve is drawn so far beyond the doses, as a factor


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
    trace : InferenceData or DataTree
        Draws, prior and predictive draws included.
    sampler : str
    convergence : Convergence
    draws : DoseSummary
        By NUTS, at the model's doses.
    grid : DoseSummary or None
        By quadrature; None for a model of more than three parameters.
    comparison : Comparison or None
        How far the two are apart.
    checks : tuple of PredictiveCheck
    curve : dict
        ``amount``, ``mean``, ``low`` and ``high`` of the curve with its 90 % band.
    about_data : tuple of str
        What was made of patients whose outcome is not known.
    """

    study: Study
    model: AnalysisModel
    data: ToxicityData
    mtd: int
    mtd_source: str
    doses: tuple[ReportedDose, ...]
    trace: Trace
    sampler: str
    convergence: Convergence
    draws: DoseSummary
    grid: DoseSummary | None
    comparison: Comparison | None
    checks: tuple[PredictiveCheck, ...]
    curve: dict[str, list[float]]
    about_data: tuple[str, ...] = ()

    @property
    def question(self) -> Question:
        """What was asked of the posterior."""
        return _question(self.study)

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
        """Return one row per dose, and per method: nuts, and quadrature where there is one.

        Returns
        -------
        DataFrame
            method, label, amount, kind (level or arm), mean, low and high (90 % interval), p_over_target, p_over_133,
            the probability of each interval, and p_mtd (of a level).
        """
        import pandas as pd

        rows = []
        for method, found in (("nuts", self.draws), ("quadrature", self.grid)):
            if found is not None:
                rows += [{"method": method, **self._row(dose, found)} for dose in self.doses]
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        best = self.draws if self.grid is None else self.grid
        return {
            "model": self.model.words,
            "model_name": self.model.name,
            "verdict": self.convergence.verdict,
            "notes": list(self.notes),
            "converged": self.convergence.converged,
            "sampler": self.sampler,
            "target": self.study.target,
            "unit": self.study.doses.unit,
            "mtd": self.study.dose_labels[self.mtd - 1] if self.mtd else None,
            "mtd_source": self.mtd_source,
            "method": "nuts" if self.grid is None else "quadrature",
            "doses": [self._row(dose, best) for dose in self.doses],
            "by_nuts": [self._row(dose, self.draws) for dose in self.doses],
            "largest_difference": None if self.comparison is None else asdict(self.comparison),
            "mtd_posterior": dict(zip(("none", *self.study.dose_labels), best.mtd.tolist(), strict=True)),
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
            "p_over_133": float(summary.over_133[place]),
            **{f"p {name}": share for name, share in intervals},
            "p_mtd": float(summary.mtd[place + 1]) if dose.kind == "level" else None,
        }


@one_blas_thread()
def fit(
    study: Study,
    data: str | Path | ToxicityData | Tally = "",
    *,
    model: str | None = None,
    mtd: int | str | None = None,
    draws: int = 2000,
    tune: int = 1000,
    chains: int = 4,
    sampler: str = "auto",
    seed: int = 1,
    date: datetime.date | str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Fit:
    """Analyse the data of a trial.

    Parameters
    ----------
    study : Study
    data : str, path, ToxicityData or Tally
        Outcomes such as ``"1NNN 2NNT"``, the CSV file of the patients, or counts.  Patients pending are left out.
    model : str, optional
        One of :data:`doseesc.analysis.analysis_model.MODELS`; by default the study's.
    mtd : int or str, optional
        Level or label of the MTD, of which the arms' doses are fractions; by default the one that the study's first
        design to select any selects.
    draws, tune, chains, seed
        See :meth:`doseesc.inference.Sampler.sample`.
    sampler : {"auto", "pymc", "nutpie"}
    date : date or str, optional
        Of the patients' data; by default the day on which this is run.
    progress : callable, optional
        Is told what is being done.

    Raises
    ------
    ValueError
        If an argument is wrong (:class:`doseesc.conduct.patient_rows.PatientsError` for a file).
    """
    tell = progress or (lambda _: None)
    chosen, name = analysis_model(study, model), chosen_sampler(sampler)
    observed, tally, about_data = read_data(study, data, date)
    level, source = mtd_of(study, tally, mtd)
    doses = reported_doses(study, level)
    further = [dose.amount for dose in doses if dose.kind == "arm"]
    tell(f"compiling {chosen.name}")
    in_pymc = chosen.in_pymc(observed, further)
    compiled = Sampler.of(in_pymc, name)
    tell(f"sampling {chains} chains")
    drawn = compiled.sample(draws=draws, tune=tune, chains=chains, seed=seed)
    convergence = judge_convergence(drawn)
    tell("predictive checks")
    trace = with_predictive(in_pymc, drawn, seed=seed)
    question = _question(study)
    by_draws = summarise_draws(trace, question)
    by_grid = compared = None
    if chosen.parameters <= MOST_PARAMETERS:
        tell("quadrature")
        by_grid = summarise_grid(chosen.on_grid(observed, further), question)
        compared = compare(trace, by_draws, by_grid, question)
    return Fit(
        study=study,
        model=chosen,
        data=observed,
        mtd=level,
        mtd_source=source,
        doses=doses,
        trace=trace,
        sampler=name,
        convergence=convergence,
        draws=by_draws,
        grid=by_grid,
        comparison=compared,
        checks=predictive_checks(trace, observed),
        curve=_curve(study, chosen, trace, doses),
        about_data=about_data,
    )


def _question(study: Study) -> Question:
    rule, given = study.true_mtd_rule, study.analysis.intervals
    limits = target_cut_points(study.target) if given is None else given
    return Question(study.target, limits, study.n_doses, rule.rule, rule.margin)


def _curve(study: Study, model: AnalysisModel, trace: Trace, doses: tuple[ReportedDose, ...]) -> dict[str, list[float]]:
    """Return the mean curve and its band from the lowest dose of the answer to the highest, and a little beyond."""
    posterior = group(trace, "posterior")
    lowest, highest = (choose(dose.amount for dose in doses) for choose in (min, max))
    amounts = np.geomspace(lowest / _BEYOND, highest * _BEYOND, _CURVE_POINTS)
    if model.name == "blrm":
        log_dose = np.log(amounts / model.arguments["reference"])
        log_alpha, log_beta = (posterior[name].values.ravel() for name in ("log_alpha", "log_beta"))
        odds = log_alpha[:, None] + np.exp(log_beta)[:, None] * log_dose
    else:
        at_levels = posterior["p"].values.reshape(-1, posterior.sizes["dose"])[:, : study.n_doses]
        odds = logit(np.clip(at_levels, *POSSIBLE)) @ log_dose_weights(study.doses.amounts, amounts.tolist()).T
    p = expit(odds)
    low, high = np.quantile(p, [(1 - CREDIBILITY) / 2, (1 + CREDIBILITY) / 2], axis=0)
    values = {"amount": amounts, "mean": p.mean(axis=0), "low": low, "high": high}
    return {name: column.tolist() for name, column in values.items()}
