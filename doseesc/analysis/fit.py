"""A trial's data analysed: by quadrature where the model has at most three parameters, which takes a moment.

By NUTS where it has more, or where that is asked for, to be held against quadrature: choice of model, draws, their
judgement, and checks, in this order.  nutpie draws from densities written by hand; PyMC's own sampler compiles first.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from designs import Tally
from doseesc.analysis.analysis_model import MOST_PARAMETERS, AnalysisModel
from doseesc.analysis.fitted import Fit, Gridded, Sampled, question_of
from doseesc.analysis.inputs import mtd_of, read_data, reported_doses
from doseesc.analysis.model_choice import analysis_model
from doseesc.inference import (
    PredictiveCheck,
    Sampler,
    ToxicityData,
    Trace,
    chosen_sampler,
    compare,
    grid_predictive_checks,
    judge_convergence,
    predictive_checks,
    require_sampling,
    sample_density,
    summarise_draws,
    summarise_grid,
    with_predictive,
)
from doseesc.pieces import one_blas_thread

if TYPE_CHECKING:
    from doseesc.study import Study


class _Settings(TypedDict):
    draws: int
    tune: int
    chains: int
    seed: int


@one_blas_thread()
def fit(
    study: Study,
    data: str | Path | ToxicityData | Tally = "",
    *,
    model: str | None = None,
    mtd: int | str | None = None,
    nuts: bool = False,
    draws: int = 2000,
    tune: int = 1000,
    chains: int = 4,
    sampler: str = "auto",
    seed: int = 1,
    date: datetime.date | str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Fit:
    """Analyse the data of a trial: by quadrature, or by NUTS where the model has more than three parameters.

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
    nuts : bool
        Draw by NUTS besides where quadrature alone would do, and compare the two.
    draws, tune, chains, seed
        See :meth:`doseesc.inference.Sampler.sample`; of account only where there are draws.
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
    require_sampling(draws, tune, chains, seed)
    tell = progress or (lambda _: None)
    chosen, question = analysis_model(study, model), question_of(study)
    name = chosen_sampler(sampler)
    observed, tally, about_data = read_data(study, data, date)
    level, source = mtd_of(study, tally, mtd)
    doses = reported_doses(study, level)
    further = [dose.amount for dose in doses if dose.kind == "arm"]
    gridded = sampled = None
    checks: tuple[PredictiveCheck, ...] = ()
    if chosen.parameters <= MOST_PARAMETERS:
        tell("quadrature")
        by_grid = chosen.on_grid(observed, further)
        gridded = Gridded(by_grid, summarise_grid(by_grid, question))
        checks = grid_predictive_checks(by_grid.prior, observed)
    if nuts or gridded is None:
        tell(f"{'sampling' if name == 'nutpie' else 'compiling and sampling'} {chains} chains")
        settings: _Settings = {"draws": draws, "tune": tune, "chains": chains, "seed": seed}
        trace = (_drawn_by_nutpie if name == "nutpie" else _drawn_by_pymc)(chosen, observed, further, settings)
        by_draws = summarise_draws(trace, question)
        compared = None if gridded is None else compare(trace, by_draws, gridded.summary, question)
        sampled = Sampled(trace, name, judge_convergence(trace), by_draws, compared)
        checks = checks or predictive_checks(trace, observed)
    return Fit(
        study=study,
        model=chosen,
        data=observed,
        mtd=level,
        mtd_source=source,
        doses=doses,
        gridded=gridded,
        sampled=sampled,
        checks=checks,
        about_data=about_data,
    )


def _drawn_by_nutpie(chosen: AnalysisModel, data: ToxicityData, further: list[float], settings: _Settings) -> Trace:
    return sample_density(chosen.log_density(data, further), **settings)


def _drawn_by_pymc(chosen: AnalysisModel, data: ToxicityData, further: list[float], settings: _Settings) -> Trace:
    in_pymc = chosen.in_pymc(data, further)
    drawn = Sampler.of(in_pymc, "pymc").sample(**settings)
    return with_predictive(in_pymc, drawn, seed=settings["seed"])
