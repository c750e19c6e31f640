"""What the best possible design is asked for: by a study, by arguments, or by a study whose parts arguments replace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt

from designs import Rule
from designs.checks import shown
from doseesc.results import WeightedTruths, given_truths, held_out_truths, prior_truths
from doseesc.study import BareTrial, Prior, Study, Utility, bare_trial
from doseesc.wording import in_a_row

_KINDS: tuple[type, ...] = get_args(get_args(Prior)[0])


def asked_trial(study: Study | int | Sequence[float], told: Mapping[str, Any]) -> Study | BareTrial:
    """Return a study as it is, or a trial of bare doses.

    Parameters
    ----------
    study : Study, or what :func:`doseesc.study.bare_trial` takes as doses
    told : mapping of str to object
        Its further parameters, None where not given.

    Raises
    ------
    ValueError
        If a study is told what it says itself, or bare doses lack what nothing else says.
    """
    given = {name: value for name, value in told.items() if value is not None}
    if isinstance(study, Study):
        if given:
            raise ValueError(f"{in_a_row(list(given))} must be left out: the study says it")
        return study
    for name in ("target", "max_n"):
        if name not in given:
            raise ValueError(f"{name} must be given: there is no study that says it")
    return bare_trial(study, **given)


def asked_truths(
    trial: Study | BareTrial,
    prior: Prior | npt.ArrayLike | None,
    weights: npt.ArrayLike | None,
    held_out: int | npt.ArrayLike | None,
) -> tuple[WeightedTruths, WeightedTruths]:
    """Return the truths that the design is to be best for, and those that it is judged on as well.

    Raises
    ------
    ValueError
        If they are no truths of the trial.
    """
    kind = cast("Prior", prior) if isinstance(prior, _KINDS) else None
    if prior is not kind:
        known = given_truths("prior", prior, trial.n_doses, weights)
    elif weights is not None:
        raise ValueError("weights must be left out unless prior is an array of truths")
    else:
        known = prior_truths(trial, kind)
    if held_out is None or np.isscalar(held_out):
        count: Any = trial.optimal.held_out if held_out is None else held_out
        return known, held_out_truths(trial, count, kind)
    others = given_truths("held_out", held_out, trial.n_doses)
    if len(others.truths) < 2:
        raise ValueError("held_out must be two truths at least")
    return known, others


def asked_utility(trial: Study | BareTrial, utility: Utility | None) -> Utility:
    """Return what is to be as large as possible; by default what the trial says.

    Raises
    ------
    ValueError
        If it is no utility.
    """
    if utility is None:
        return trial.optimal.utility
    if not isinstance(utility, Utility):
        raise ValueError(f"utility must be a doseesc.study.Utility, not {shown(utility)}")
    return utility


def asked_rules(constraints: Sequence[Rule] | None) -> tuple[Rule, ...] | None:
    """Return the constraints; None for those of the trial.

    Raises
    ------
    ValueError
        If they are no rules.
    """
    if constraints is None:
        return None
    if not isinstance(constraints, tuple | list):
        raise ValueError(f"constraints must be a tuple of rules, not {shown(constraints)}")
    for rule in constraints:
        if not isinstance(rule, Rule):
            raise ValueError(f"constraints must hold rules such as designs.HardSafety(), not {shown(rule)}")
    return tuple(constraints)
