"""From a study to the model of its analysis, in PyMC and on a grid, with the same prior."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from designs import BLRM, skeleton
from designs.words import listed
from doseesc.analysis.analysis_model import MODELS, AnalysisModel
from doseesc.analysis.borrowing_choice import borrowing_model
from doseesc.study import SkeletonRule

if TYPE_CHECKING:
    from doseesc.study import Study


_HALFWIDTH = 0.05


def analysis_model(study: Study, name: str | None = None) -> AnalysisModel:
    """Return the model of a study's analysis.

    Parameters
    ----------
    study : Study
    name : str, optional
        One of :data:`MODELS`; by default that of the study's section ``analysis``.

    Raises
    ------
    ValueError
        If there is no such model, or its prior cannot be.
    """
    name = study.analysis.model if name is None else name
    if name not in MODELS:
        raise ValueError(f"model must be one of {', '.join(MODELS)}, not {name!r}")
    arguments: dict[str, Any] = {"levels": study.doses.amounts}
    floor, floor_prior = study.analysis.floor, study.analysis.floor_prior
    if name == "blrm":
        words = _blrm(study, arguments)
    elif name == "monotone":
        words = _monotone(study, arguments)
    else:
        words = _crm(study, arguments, name)
    if floor_prior is not None:
        words += f"; above a background floor with prior Beta({floor_prior[0]:g}, {floor_prior[1]:g})"
    elif floor:
        words += f"; above a background floor of {100 * floor:g}%"
    arguments |= {"floor": floor, "floor_prior": floor_prior}
    if name == "blrm" and study.analysis.borrow is not None:
        return borrowing_model(study.analysis.borrow, arguments, words)
    own = {"blrm": 2, "monotone": study.n_doses}.get(name, 1)
    return AnalysisModel(name, arguments, own + (floor_prior is not None), words)


def analysis_words(study: Study) -> str:
    """Return the model of a study's analysis, with its prior, in a sentence."""
    return analysis_model(study).words


def _crm(study: Study, arguments: dict[str, Any], name: str) -> str:
    prior = study.analysis.crm
    logistic = name == "crm_logistic"
    guesses = _guesses(study, prior.skeleton, "logistic" if logistic else "empiric", prior.intercept)
    arguments |= {"skeleton": guesses, "prior_sd": prior.prior_sd}
    formula = "p = s^exp(b)"
    if logistic:
        arguments["intercept"] = prior.intercept
        formula = f"logit p = {prior.intercept:g} + exp(b) (logit s - {prior.intercept:g})"
    kind = "logistic" if logistic else "empiric"
    return f"CRM, {kind}: {formula}, b ~ N(0, sd {prior.prior_sd:.4g}), s = {listed(guesses)}"


def _blrm(study: Study, arguments: dict[str, Any]) -> str:
    given = study.analysis.blrm
    base = next((design for design in study.designs.values() if isinstance(design, BLRM)), None)
    base = base or BLRM(target=study.target, doses=study.doses.amounts, max_n=study.max_n)
    for field in ("reference", "prior_mean", "prior_sd", "prior_correlation"):
        value = getattr(given, field)
        arguments[field] = getattr(base, field) if value is None else value
    if arguments["reference"] is None:
        arguments["reference"] = study.doses.amounts[-1]
    return (
        f"two-parameter logistic: logit p = log_alpha + exp(log_beta) log(dose / {arguments['reference']:g}), "
        f"(log_alpha, log_beta) ~ N({listed(arguments['prior_mean'])}; sd {listed(arguments['prior_sd'])}; "
        f"correlation {arguments['prior_correlation']:.3g})"
    )


def _monotone(study: Study, arguments: dict[str, Any]) -> str:
    prior = study.analysis.monotone
    means = _guesses(study, prior.prior_mean, "empiric", study.analysis.crm.intercept)
    arguments |= {"prior_mean": means, "concentration": prior.concentration}
    return (
        f"monotone, Dirichlet increments: prior means {listed(means)}, worth {prior.concentration:g} patients at each "
        "level"
    )


def _guesses(
    study: Study, given: SkeletonRule | tuple[float, ...] | None, model: str, intercept: float
) -> tuple[float, ...]:
    """Return prior guesses as given, else those of the first design that has some, else around the middle dose."""
    if given is None:
        known = [getattr(design, "skeleton", None) for design in study.designs.values()]
        first = next((each for each in known if _is_skeleton(each, study.n_doses)), None)
        if first is not None:
            return tuple(float(guess) for guess in first)
        given = SkeletonRule(halfwidth=min(_HALFWIDTH, study.target / 2), prior_mtd=(study.n_doses + 1) // 2)
    if not isinstance(given, SkeletonRule):
        return given
    return tuple(
        skeleton(
            target=study.target,
            halfwidth=given.halfwidth,
            prior_mtd=study.level_of(given.prior_mtd),
            n_doses=study.n_doses,
            model=model,
            intercept=intercept,
        ).tolist()
    )


def _is_skeleton(value: object, n_doses: int) -> bool:
    return isinstance(value, tuple) and len(value) == n_doses and all(isinstance(guess, float) for guess in value)
