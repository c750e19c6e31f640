"""The subsection ``borrow`` of a scenario file's analysis: historical studies, and how much they count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, SerializerFunctionWrapHandler, Tag, model_serializer, model_validator
from pydantic_core import PydanticCustomError

from doseesc.inference import TRIAL, ToxicityData
from doseesc.inference.borrowing import (
    FACTOR_4,
    LOG_SDS,
    TAUS,
    HalfNormal,
    Heterogeneity,
    Known,
    LogNormal,
)
from doseesc.study.values import (
    Amount,
    Correlation,
    MeanOfAlpha,
    MeanOfBeta,
    Name,
    Number,
    PriorSd,
    Probability,
    Section,
    Whole,
)

if TYPE_CHECKING:
    from doseesc.inference.borrowing import BivariateNormal, Hierarchy

_Tau = Annotated[Number, Field(ge=TAUS[0], le=TAUS[1])]
_LogSd = Annotated[Number, Field(ge=LOG_SDS[0], le=LOG_SDS[1])]
Count = Annotated[Whole, Field(ge=0, le=100_000)]


class HistoricalStudy(Section):
    """What an earlier study observed."""

    name: Name = Field(examples=["NCT04313647"])
    """Name of the study."""
    doses: tuple[Amount, ...] = Field(min_length=1, max_length=50, examples=[[2, 4, 8]])
    """Dose amounts, in the unit of this study's doses; any amounts, in any order."""
    n: tuple[Count, ...] = Field(examples=[[3, 3, 6]])
    """Patients at each dose."""
    dlt: tuple[Count, ...] = Field(examples=[[0, 0, 1]])
    """Of them, those with a dose-limiting toxicity, by this study's definition."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for field in ("n", "dlt"):
            count = len(getattr(self, field))
            if count != len(self.doses):
                remedy = {"remedy": f"write one number of {field} for each of the {len(self.doses)} doses"}
                raise PydanticCustomError(
                    "length", f"has {count} numbers of {field} for {len(self.doses)} doses", remedy
                )
        for dose, n, dlt in zip(self.doses, self.n, self.dlt, strict=True):
            if dlt > n:
                remedy = {"remedy": "write the number of patients in n, and of those with a DLT in dlt"}
                raise PydanticCustomError("counts", f"has {dlt} DLTs among {n} patients at dose {dose:g}", remedy)
        return self

    def rows(self) -> ToxicityData:
        """Return the counts."""
        return ToxicityData(study=(self.name,) * len(self.doses), amount=self.doses, n=self.n, dlt=self.dlt)


class LogNormalTau(Section):
    """A log-normal prior of a between-study standard deviation."""

    type: Literal["log_normal"]
    """log_normal: the kind of prior of the heterogeneity."""
    median: _Tau = Field(examples=[0.25])
    """Its median."""
    log_sd: _LogSd = Field(default=FACTOR_4, examples=[0.7])
    """Standard deviation of its logarithm; by default 95 % of the prior lie within a factor of 4 of the median."""

    def law(self) -> LogNormal:
        """Return the prior."""
        return LogNormal(self.median, self.log_sd)


class HalfNormalTau(Section):
    """A half-normal prior of a between-study standard deviation."""

    type: Literal["half_normal"]
    """half_normal: the kind of prior of the heterogeneity."""
    scale: _Tau = Field(examples=[0.5])
    """Standard deviation of the normal variable of which it is the absolute value."""

    def law(self) -> HalfNormal:
        """Return the prior."""
        return HalfNormal(self.scale)


class KnownTau(Section):
    """A known between-study standard deviation."""

    type: Literal["known"]
    """known: the kind of prior of the heterogeneity."""
    value: _Tau = Field(examples=[0.25])
    """The standard deviation."""

    def law(self) -> Known:
        """Return the prior."""
        return Known(self.value)


Tau = Annotated[LogNormalTau | HalfNormalTau | KnownTau, Field(discriminator="type")]


class Taus(Section):
    """Priors of the between-study standard deviations of log_alpha and log_beta."""

    log_alpha: Tau = Field(examples=[{"type": "log_normal", "median": 0.5}])
    """That of log_alpha, the logit of the DLT probability at the reference dose."""
    log_beta: Tau = Field(examples=[{"type": "log_normal", "median": 0.25}])
    """That of log_beta, the logarithm of the slope."""


def _word_or_priors(value: Any) -> str:
    return "by size" if isinstance(value, str) else "by parameter"


Differences = Annotated[
    Annotated[Literal["small", "moderate", "substantial", "large", "very_large"], Tag("by size")]
    | Annotated[Taus, Tag("by parameter")],
    Discriminator(_word_or_priors),
]


class NormalPrior(Section):
    """A normal prior of (log_alpha, log_beta)."""

    mean: tuple[MeanOfAlpha, MeanOfBeta] = Field(examples=[[-0.69, 0]])
    """Means of log_alpha and log_beta."""
    sd: tuple[PriorSd, PriorSd] = Field(examples=[[2, 1]])
    """Their standard deviations, not variances."""
    correlation: Correlation = Field(default=0.0, examples=[0])
    """Correlation of log_alpha and log_beta."""

    def law(self) -> BivariateNormal:
        """Return the prior."""
        from doseesc.inference.borrowing import BivariateNormal

        return BivariateNormal(mean=self.mean, sd=self.sd, correlation=self.correlation)


class Borrow(Section):
    """Historical studies to borrow from, by a robust meta-analytic-predictive (MAP) prior or by EXNEX."""

    method: Literal["map", "exnex"] = "map"
    """map: the historical studies are alike but for their differences, and the trial doubts them all together (weight).
    exnex: every study, the trial among them, is exchangeable with the others or not (exchangeable)."""
    weight: Probability = Field(default=0.5, examples=[0.5])
    """Of map: prior weight of what the historical studies predict: 0 borrows nothing, 1 is the plain MAP prior; in
    between the weight falls by itself where the trial's own data contradict them."""
    exchangeable: Probability = Field(default=0.8, examples=[0.8])
    """Of exnex: prior probability of each study, and of the trial, that it is exchangeable with the others: 0 borrows
    nothing, 1 is the plain MAP prior."""
    studies: tuple[HistoricalStudy, ...] = Field(
        min_length=1, max_length=50, examples=[[{"name": "earlier", "doses": [2, 4], "n": [3, 3], "dlt": [0, 0]}]]
    )
    """The historical studies."""
    heterogeneity: Differences = Field(default="moderate", examples=["moderate"])
    """How much studies differ: small, moderate, substantial, large or very_large, with medians 0.125, 0.25, 0.5, 1 and
    2 of the between-study standard deviation of log_alpha and half of that for log_beta; or a prior for each."""
    weak: NormalPrior | None = Field(default=None, examples=[{"mean": [-0.69, 0], "sd": [2, 1]}])
    """The weak part of the prior; by default that of analysis.blrm."""
    mean: NormalPrior | None = Field(default=None, examples=[{"mean": [-0.69, 0], "sd": [2, 1]}])
    """Prior of the mean over studies; by default that of analysis.blrm."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        names = [study.name for study in self.studies]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise PydanticCustomError("names", f"has two studies {twice!r}", {"remedy": "give each its own name"})
        if self.method == "exnex" and TRIAL in names:
            remedy = {"remedy": "give it another name"}
            raise PydanticCustomError("names", f"has a study {TRIAL!r}, which is the one in hand", remedy)
        own, other = self._chances
        if other in self.model_fields_set:
            remedy = {"remedy": f"write {own} instead, or another method"}
            raise PydanticCustomError("method", f"has {other}, which method {self.method} does not know", remedy)
        return self

    @model_serializer(mode="wrap")
    def _known(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out what the method does not know, so that a saved study can be read back."""
        found: dict[str, Any] = handler(self)
        found.pop(self._chances[1], None)
        return found

    @property
    def _chances(self) -> tuple[str, str]:
        """The key by which the method has its prior probability, and that of the other method."""
        return ("weight", "exchangeable") if self.method == "map" else ("exchangeable", "weight")

    @property
    def chance(self) -> float:
        """Prior probability that the trial is like the historical studies, whatever the method."""
        return self.weight if self.method == "map" else self.exchangeable

    @property
    def chance_of_studies(self) -> float:
        """Prior probability that a historical study is like the others."""
        return 1.0 if self.method == "map" else self.exchangeable

    def history(self) -> ToxicityData:
        """Return the rows of all historical studies."""
        rows = [study.rows() for study in self.studies]
        return sum(rows[1:], start=rows[0])

    def hierarchy(self, reference: float, base: BivariateNormal) -> Hierarchy:
        """Return how studies relate.

        Parameters
        ----------
        reference : float
            Dose amount at which logit p is log_alpha.
        base : BivariateNormal
            For the priors that the section leaves out.
        """
        from doseesc.inference.borrowing import Hierarchy

        if isinstance(self.heterogeneity, str):
            differences = Heterogeneity.named(self.heterogeneity)
        else:
            differences = Heterogeneity(self.heterogeneity.log_alpha.law(), self.heterogeneity.log_beta.law())
        mean, weak = (base if prior is None else prior.law() for prior in (self.mean, self.weak))
        return Hierarchy(reference=reference, mean=mean, heterogeneity=differences, weak=weak)
