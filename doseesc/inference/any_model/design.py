"""Any PyMC model as a design.

A model gives a prior and the DLT probability of every dose; the design adds the binomial likelihood of the trial's
tally and decides as the built-in designs do.  The next level is

``"target_probability"`` (default), ``"loss"``
    by the probabilities of four intervals, as in :class:`designs.BLRM`;
``"nearest_mean"``
    the one whose posterior mean is nearest the target;
``"plug_in"``
    the one whose DLT probability at the posterior mean of the only parameter is nearest the target, as in
    :class:`designs.CRM`; the parameter is meant on its own scale, not on that of its transform,

among the levels that overdose control allows.  Ties go to the lower level.

How its posterior is found is the matter of :mod:`doseesc.inference.any_model.posterior`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from designs.arrays import FloatArray, IntArray
from designs.blrm import BlrmPosterior
from designs.checks import require_choice, require_probability, require_whole
from designs.interval_choice import (
    Choice,
    ChoosingDesign,
    between,
    choose,
    goal_words,
    interval_score,
    nearest_score,
    overdose_words,
)
from designs.rules import NoSkipping, Rule
from designs.tails import TailsDesign
from designs.tally import Tally
from designs.words import listed, percent
from doseesc.inference.any_model.posterior import Posterior, PosteriorText, posterior_from_text
from doseesc.inference.sampling import MOST_CHAINS, MOST_DRAWS

SELECTIONS = ("target_probability", "loss", "nearest_mean", "plug_in")
MTDS = ("model", "next_level")


@dataclass(frozen=True, kw_only=True)
class PymcDesign(ChoosingDesign, TailsDesign):
    """A design whose model is written in PyMC.

    Made by :func:`doseesc.inference.design_from_pymc`, or from a scenario file.

    Parameters
    ----------
    target : float
        Target DLT probability; the intervals follow from it unless they are given.
    module : str
        The Python file with the model, relative to the scenario file.
    max_n : int
        Most patients.
    function : str
        The function of the module that returns the pm.Model; it is given what it asks for by name: doses, labels,
        n_doses, target, max_n, cohort_size, start_level.
    dlt_probability : str
        The model's variable with the DLT probability of every dose.
    evidence : list of str
        Observed variables of the model that hold what was known before the trial.
    intervals : three increasing probabilities, optional
        Where the target, the excessive and the unacceptable interval begin; the target lies in the second.  By default
        0.20, 0.35 and 0.60 for a target of 0.25 to 0.30, and for others these moved with the target,
        :func:`designs.target_cut_points`.
    selection : {"target_probability", "loss", "nearest_mean", "plug_in"}
        The best of the safe levels: the one most probably in the target interval, of least expected loss, with the
        posterior mean nearest the target, or with the curve at the posterior mean nearest it.
    loss : four numbers
        Loss of a DLT probability in each interval, for ``selection="loss"``.
    overdose_above : float, optional
        DLT probability above which a level is an overdose; by default where the excessive interval begins.
    feasibility_bound : float, optional
        Largest probability of an overdose; None means no overdose control.
    mtd : {"model", "next_level"}
        The MTD is the model's safe level, or the level that the next cohort would get, rules included.
    draws : int
        Draws of NUTS in each chain, for a model of more than three parameters.
    tune : int
        Steps of NUTS in each chain before its draws are kept.
    chains : int
        Independent chains of NUTS.
    sampling_seed : int
        Seed of NUTS: the same seed gives the same fits.
    cache : str
        Folder in which its fits are kept; by default doseesc/nuts in the user's cache folder.
    fitted : optional
        What has been found from the module: written by doseesc, not by hand.
    cohort_size, start_level, rules
        As for :class:`Design`; by default no level is skipped on the way up.
    """

    target: float
    n_doses: int = field(init=False)
    module: str = field(default="", metadata={"example": "my_models.py"})
    function: str = field(default="build", metadata={"example": "logistic"})
    dlt_probability: str = "p"
    evidence: tuple[str, ...] = ()
    intervals: tuple[float, float, float] | None = None
    selection: str = "target_probability"
    loss: tuple[float, float, float, float] = (1.0, 0.0, 1.0, 2.0)
    overdose_above: float | None = None
    feasibility_bound: float | None = 0.25
    mtd: str = "model"
    draws: int = 500
    tune: int = 500
    chains: int = 4
    sampling_seed: int = 1
    cache: str = ""
    rules: tuple[Rule, ...] = (NoSkipping(),)
    fitted: str | PosteriorText = field(default="", repr=False)

    def __post_init__(self) -> None:
        require_probability("target", self.target)
        object.__setattr__(self, "evidence", tuple(self.evidence))
        self._check_choice(SELECTIONS)
        require_choice("mtd", self.mtd, MTDS)
        if not self.fitted:
            raise ValueError(
                "module is read where a scenario file is loaded; in Python use doseesc.inference.design_from_pymc"
            )
        if self.selection == "plug_in" and not self._model.one_parameter:
            raise ValueError("selection must not be plug_in with a model of several parameters; use nearest_mean")
        bounds = {
            "draws": (4, MOST_DRAWS),
            "tune": (1, MOST_DRAWS),
            "chains": (1, MOST_CHAINS),
            "sampling_seed": (0, None),
        }
        for name, (least, most) in bounds.items():
            require_whole(name, getattr(self, name), least, most)
        if self.max_n > self._model.patients:
            raise ValueError(f"max_n must be at most {self._model.patients}, what the model was laid out for")
        object.__setattr__(self, "n_doses", self._model.n_doses)
        super().__post_init__()

    def describe(self) -> str:
        """See :meth:`Design.describe`."""
        name = f" ({self.function} in {Path(self.module).name})" if self.module else ""
        mtd = (
            "the level that the next cohort would get, rules included"
            if self.mtd == "next_level"
            else "the level that would be recommended next"
        )
        bound = self.feasibility_bound
        control = overdose_words(percent(self.overdose_limit), None if bound is None else percent(bound))
        return (
            f"A model written in PyMC{name}, with the binomial likelihood of the DLTs at each dose. "
            f"{self._model.words} The next cohort gets the level whose DLT probability is {self._goal}. {control} The "
            f"MTD is {mtd}."
        )

    def notes(self) -> list[str]:
        """See :meth:`Design.notes`: how many posteriors were fitted, where they are."""
        return self._model.notes()

    def posterior(self, tally: Tally) -> BlrmPosterior:
        """Return posterior means, standard deviations and interval probabilities of the DLT probabilities."""
        *above, overdose, mean = self._model.exceedance(tally, (*self.cut_points, self.overdose_limit), with_means=True)
        variance = self._model.squares(tally) - mean**2
        return BlrmPosterior(mean, np.sqrt(np.maximum(variance, 0.0)), between(*above), np.clip(overdose, 0.0, 1.0))

    def pick(self, tally: Tally) -> IntArray:
        """See :meth:`Design.pick`."""
        return self._judge(tally).best_safe if self.mtd == "model" else self.next_level(tally)

    def probability_above(self, tally: Tally, level: int, above: float) -> FloatArray:
        """Return P(DLT probability at ``level`` > ``above`` | data), shape (S,), from the model."""
        self.check_question(level, above)
        return np.clip(self._model.exceedance(tally, (float(above),))[0][:, level - 1], 0.0, 1.0)

    def tails(self, tally: Tally, level: int, limits: FloatArray) -> FloatArray:
        """See :meth:`designs.tails.TailsDesign.tails`."""
        return self._model.tails(tally, level, limits)

    @property
    def _model(self) -> Posterior:
        return self.fitted.live if isinstance(self.fitted, PosteriorText) else posterior_from_text(self.fitted)

    @property
    def _goal(self) -> str:
        if self.selection in ("target_probability", "loss"):
            edges = tuple(percent(edge) for edge in self.cut_points)
            return goal_words(edges, listed(self.loss) if self.selection == "loss" else None)
        estimate = "at the posterior mean of the parameter" if self.selection == "plug_in" else "on posterior average"
        return f"nearest the target {percent(self.target)} {estimate}"

    def _judge(self, tally: Tally) -> Choice:
        """Judge the levels; a posterior that cannot be relied upon is no ground for going above the present one."""
        choice = self._judge_by_model(tally)
        settled = self._model.settled(tally)
        if settled.all():
            return choice
        limit = np.where(settled, self.n_doses, tally.level)
        return Choice(choice.best, np.minimum(choice.best_safe, limit), np.minimum(choice.highest_safe, limit))

    def _judge_by_model(self, tally: Tally) -> Choice:
        limits = () if self.feasibility_bound is None else (self.overdose_limit,)
        if self.selection in ("target_probability", "loss"):
            wanted = tuple(dict.fromkeys((*limits, *self.cut_points)))
            found = dict(zip(wanted, self._model.exceedance(tally, wanted), strict=True))
            first, second, third = (found[edge] for edge in self.cut_points)
            score = interval_score(between(first, second, third), self.loss if self.selection == "loss" else None)
            overdose = found[limits[0]] if limits else np.zeros_like(score)
            return choose(score, overdose, self.feasibility_bound)
        curve = self._curve(tally)
        score = nearest_score(curve, self.target)
        # Where estimates are so small that they tie, nearness cannot tell them apart.
        all_below = (curve <= self.target).all(axis=1)
        score[all_below] = np.arange(self.n_doses)
        overdose = self._model.exceedance(tally, limits)[0] if limits else np.zeros_like(score)
        return choose(score, overdose, self.feasibility_bound)

    def _curve(self, tally: Tally) -> FloatArray:
        return self._model.plug_in(tally) if self.selection == "plug_in" else self._model.means(tally)
