"""A Bayesian analysis of observed data as it lies beside the results, in ``fit.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from doseesc.files import OutputError
from doseesc.input_files import read_bounded
from doseesc.results.consistency import check_texts
from doseesc.results.folder import FIT_FILE

_MOST = 100_000_000  # bytes
_REMEDY = "write it anew with  doseesc fit,  or take it away"

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(gt=0)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class FittedDose(_Part):
    """The posterior of the DLT probability at a dose level, or at an arm of Phase 2."""

    label: str
    amount: Amount
    kind: Literal["level", "arm"]
    mean: Share
    low: Share
    high: Share
    p_over_target: Share
    p_unsafe: Share | None = None
    """Missing in files of earlier versions, which had the probability of 1.33 times the target."""
    p_mtd: Share | None = None


class FittedCurve(_Part):
    """The posterior of the whole curve: mean and 90 % band over the dose."""

    amount: list[Amount]
    mean: list[Share]
    low: list[Share]
    high: list[Share]

    @model_validator(mode="after")
    def _check_lengths(self) -> Self:
        if len({len(self.amount), len(self.mean), len(self.low), len(self.high)}) != 1:
            raise ValueError("amount, mean, low and high differ in length")
        return self


class Observed(_Part):
    """Patients and DLTs at a dose of a study."""

    study: str = ""
    amount: Amount
    n: Annotated[int, Field(ge=0)]
    dlt: Annotated[int, Field(ge=0)]


class SavedFit(_Part):
    """A fit: which model, whether its sampling can be trusted, and what it believes.

    Raises
    ------
    ValidationError
        If a part is missing or out of range.
    """

    model: str
    verdict: str
    converged: bool
    target: Share
    unsafe_above: Share | None = None
    unit: str = ""
    doses: Annotated[list[FittedDose], Field(min_length=1)]
    curve: FittedCurve | None = None
    data: list[Observed] = []
    notes: list[str] = []

    @property
    def own(self) -> list[Observed]:
        """The data of the trial itself, which come first; those of other studies left out."""
        return [each for each in self.data if each.study == self.data[0].study]

    def pooled(self) -> list[Observed]:
        """Return the data by dose, over all studies."""
        amounts = dict.fromkeys(each.amount for each in self.data)
        return [
            Observed(
                amount=amount,
                n=sum(each.n for each in self.data if each.amount == amount),
                dlt=sum(each.dlt for each in self.data if each.amount == amount),
            )
            for amount in amounts
        ]


def read_fit(folder: str | Path) -> SavedFit | None:
    """Read ``fit.json`` of a results folder; None where there is none.

    Raises
    ------
    OutputError
        If it is not what  doseesc fit  writes.
    """
    path = Path(folder) / FIT_FILE
    if not path.exists():
        return None
    try:
        fit = SavedFit.model_validate_json(read_bounded(path, _MOST))
        check_texts(fit.model_dump())
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValidationError as error:
        first: Any = error.errors()[0]
        place = ".".join(str(each) for each in first["loc"]) or "the file"
        message = f"{path}: {place}: {first['msg']}"
        raise OutputError(f"{message}\n  {_REMEDY}") from error
    except ValueError as error:
        raise OutputError(f"{path}: {error}\n  {_REMEDY}") from error
    return fit
