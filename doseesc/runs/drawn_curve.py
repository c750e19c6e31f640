"""How long trials of a study's designs last under a curve that is in none of its scenarios."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from designs.checks import require_whole
from doseesc.engines import TimeFigures, check_probabilities
from doseesc.runs.timing import time_study
from doseesc.study import refused

if TYPE_CHECKING:
    from doseesc.study import Study

_DRAWN = "as drawn"


def duration_under(
    study: Study,
    truth: Sequence[float],
    *,
    trials: int,
    like: str = "",
    designs: Collection[str] | None = None,
    watch: Callable[[int], None] | None = None,
) -> dict[str, TimeFigures]:
    """Return the figures about time of designs under one curve, as the study's own observation model shows trials.

    Parameters
    ----------
    study : Study
        With accrual.
    truth : sequence of float, shape (J,)
        True DLT probabilities.
    trials : int
        Trials of each design, played from the study's seed: under a scenario's own curve the figures are those of
        :func:`doseesc.run` with as many trials.
    like : str
        The scenario whose probabilities of a response hold, where backfill asks for them; by default the first one
        that is no random curve, if there is any.
    designs : collection of str, optional
        Names of the designs; by default all.
    watch : callable, optional
        Told how many trials more have been played; may raise to end the work.

    Raises
    ------
    ScenarioError
        If the study has no accrual.
    ValueError
        If an argument is out of range.
    """
    require_whole("trials", trials, 1)
    curve = check_probabilities(truth, study.n_doses)
    if study.calendar is None:
        raise refused(
            study, ("accrual",), "is left out, so that trials have no duration", "add  accrual: {per_month: 2}"
        )
    known = [each for each in study.scenarios if each.random is None] or study.scenarios
    own = next((each for each in known if each.name == like), known[0])
    listed = {"name": _DRAWN, "dlt": tuple(curve.tolist()), "curve": None, "random": None, "monotone": False}
    alone = study.model_copy(
        update={
            "scenarios": (own.model_copy(update=listed),),
            "observation": study.observation[:1],
            "phase2_arms": (),
            "design_entries": tuple(each for each in study.design_entries if designs is None or each.name in designs),
        }
    )
    if not alone.names:
        return {}
    times = time_study(alone, trials, study.simulation.seed, watch=watch).times
    return {name: times[_DRAWN, name] for name in alone.names}
