"""The section ``arm_analysis`` of a scenario file: how the Phase 2 arms are judged from the data of Phase 1.

Whatever it leaves out is this project's assumption.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import Field

from doseesc.engines import DoseModel
from doseesc.study.values import Correlation, Inside, Number, Positive, Section

_Mean = Annotated[Number, Field(ge=-50, le=50)]
_Sd = Annotated[Number, Field(gt=0, le=20)]


class ArmAnalysis(Section):
    """The analysis of the DLT probability at the arms' doses, the same for every design.

    logit p = log_alpha + exp(log_beta) log(dose / reference), with a bivariate normal prior on (log_alpha, log_beta).
    """

    prior_mean: tuple[_Mean, _Mean] = Field(default=(float(np.log(0.5)), 0.0), examples=[[-0.6931, 0.0]])
    """Prior means of log_alpha and log_beta; by default the median DLT probability is 1/3 at the reference dose."""
    prior_sd: tuple[_Sd, _Sd] = Field(default=(2.0, 1.0), examples=[[2.0, 1.0]])
    """Prior standard deviations of log_alpha and log_beta."""
    prior_correlation: Correlation = Field(default=0.0, examples=[0.0])
    """Their prior correlation."""
    reference: Positive | None = Field(default=None, examples=[16])
    """Amount at which log_alpha is the logit DLT probability; by default the highest dose."""
    floor: Annotated[Number, Field(ge=0, lt=1)] = Field(default=0.0, examples=[0.05])
    """Probability of a DLT-like event without the drug that the analysis takes for known; 0 takes every counted DLT
    for the drug's."""
    credibility: Inside = Field(default=0.9, examples=[0.9])
    """Probability of the intervals."""
    unsafe_above: Inside | None = Field(default=None, examples=[0.35])
    """DLT probability above which a dose is unsafe, for the arms here and in all other outputs; by default the target
    plus the margin of true_mtd."""
    unsafe_confidence: Inside = Field(default=0.25, examples=[0.25])
    """An arm is called unsafe where its posterior probability of being so is above this; by default the customary
    bound of overdose control."""

    @property
    def assumed(self) -> tuple[str, ...]:
        """The fields that hold this project's defaults."""
        return tuple(name for name, field in type(self).model_fields.items() if getattr(self, name) == field.default)

    def model(self, doses: Sequence[float]) -> DoseModel:
        """Return the model for a ladder of dose amounts."""
        return DoseModel(
            doses=tuple(float(dose) for dose in doses),
            reference=float(doses[-1] if self.reference is None else self.reference),
            mean=self.prior_mean,
            sd=self.prior_sd,
            correlation=self.prior_correlation,
            floor=self.floor,
        )

    def limit(self, tolerated: float) -> float:
        """Return the DLT probability above which an arm is unsafe, by default ``tolerated``, at most 1."""
        return min(tolerated, 1.0) if self.unsafe_above is None else self.unsafe_above
