"""Random truths as a scenario file asks for them; :mod:`doseesc.truth.random_curves` tells what each kind means."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from designs.arrays import FloatArray
from doseesc.study.levels import Level, level_of
from doseesc.study.values import Number, Probability, Section
from doseesc.truth import MtdRule, logistic_steps, ordered_uniform, probit_steps, pseudo_uniform

_Spread = Annotated[Number, Field(ge=0, le=100)]


class Ladder(NamedTuple):
    """What random curves must know of a study: the labels of its doses, its target, and how it defines the true MTD."""

    labels: tuple[str, ...]
    target: float
    mtd_rule: MtdRule
    mtd_margin: float

    @property
    def n_doses(self) -> int:
        """Number of dose levels J."""
        return len(self.labels)


class _Random(Section):
    count: int = Field(default=1000, strict=True, ge=1, le=100_000, examples=[500])
    """Number of curves."""
    seed: int = Field(default=1, strict=True, ge=0, le=2**63 - 1, examples=[1])
    """Seed of the random numbers: the same seed gives the same curves."""

    @property
    def generator(self) -> np.random.Generator:
        """A new generator, at its start."""
        return np.random.default_rng(self.seed)


class PseudoUniform(_Random):
    """Sorted uniforms below a random bound, given that a level drawn with equal chances is the MTD."""

    type: Literal["pseudo_uniform"] = "pseudo_uniform"
    """pseudo_uniform: the kind of random curve."""
    mtd: Level | None = Field(default=None, examples=[2])
    """The MTD of all curves, by label or level, 0 for curves too toxic at every dose; by default drawn."""

    def draw(self, ladder: Ladder) -> FloatArray:
        """Draw curves for the doses of a study, shape (K, J)."""
        return pseudo_uniform(
            self.generator,
            self.count,
            n_doses=ladder.n_doses,
            target=ladder.target,
            mtd=self.mtd if self.mtd is None or self.mtd == 0 else level_of(self.mtd, ladder.labels),
            mtd_rule=ladder.mtd_rule,
            mtd_margin=ladder.mtd_margin,
        )


class ProbitSteps(_Random):
    """Probits that step down and up from the target by squares of normals."""

    type: Literal["probit_steps"] = "probit_steps"
    """probit_steps: the kind of random curve."""
    mtd: Level | None = Field(default=None, examples=[2])
    """The dose nearest the target in all curves, by label or level; by default drawn."""
    mtd_sd: _Spread = 0.05
    """Standard deviation of the MTD's probit."""
    step_mean: Number = Field(default=0.55, ge=-100, le=100)
    """Mean of the normals whose squares are the steps."""
    step_sd: _Spread = 0.35
    """Their standard deviation."""

    def draw(self, ladder: Ladder) -> FloatArray:
        """Draw curves for the doses of a study, shape (K, J)."""
        return probit_steps(
            self.generator,
            self.count,
            n_doses=ladder.n_doses,
            target=ladder.target,
            mtd=None if self.mtd is None else level_of(self.mtd, ladder.labels),
            mtd_margin=ladder.mtd_margin,
            mtd_sd=self.mtd_sd,
            step_mean=self.step_mean,
            step_sd=self.step_sd,
        )


class RandomLogistic(_Random):
    """Logistic curves with normal intercept and positive normal slope; by default as published series spread."""

    type: Literal["logistic"] = "logistic"
    """logistic: the kind of random curve."""
    intercept_mean: Number = Field(default=-3.03, ge=-100, le=100)
    """Mean of the logit of the DLT probability at the lowest dose."""
    intercept_sd: _Spread = 0.78
    """Standard deviation of that logit at the lowest dose."""
    step_mean: Number = Field(default=0.74, ge=0, le=100)
    """Mean step of the logit from level to level, before it is restricted to positive values."""
    step_sd: _Spread = 0.32
    """Standard deviation of that step."""

    def draw(self, ladder: Ladder) -> FloatArray:
        """Draw curves for the doses of a study, shape (K, J)."""
        return logistic_steps(
            self.generator,
            self.count,
            n_doses=ladder.n_doses,
            intercept_mean=self.intercept_mean,
            intercept_sd=self.intercept_sd,
            step_mean=self.step_mean,
            step_sd=self.step_sd,
        )


class OrderedUniform(_Random):
    """Sorted uniforms."""

    type: Literal["ordered_uniform"] = "ordered_uniform"
    """ordered_uniform: the kind of random curve."""
    lowest: Probability = 0.0
    """Smallest possible DLT probability."""
    highest: Probability = 1.0
    """Largest possible DLT probability."""

    def draw(self, ladder: Ladder) -> FloatArray:
        """Draw curves for the doses of a study, shape (K, J)."""
        return ordered_uniform(
            self.generator, self.count, n_doses=ladder.n_doses, lowest=self.lowest, highest=self.highest
        )


RandomScenarios = Annotated[PseudoUniform | ProbitSteps | RandomLogistic | OrderedUniform, Field(discriminator="type")]
"""What a scenario's ``random:`` may hold; the keys depend on ``type``."""
