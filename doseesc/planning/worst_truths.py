"""The truths under which designs do least well, as they were found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from designs.arrays import FloatArray
from doseesc.engines import OperatingCharacteristics
from doseesc.files import rounded_rows

if TYPE_CHECKING:
    import pandas as pd

    from doseesc.study import Study


@dataclass(frozen=True)
class WorstTruth:
    """The worst curve found in one class of curves.

    Attributes
    ----------
    level : int
        Level of the true MTD (0 = none), or the lowest level that is too toxic.
    value : float
        Probability of correct selection, or of selecting a dose that is too toxic.
    probabilities : array, shape (J,)
        The curve: true DLT probabilities.
    characteristics : OperatingCharacteristics
        All exact characteristics under it.
    """

    level: int
    value: float
    probabilities: FloatArray
    characteristics: OperatingCharacteristics


@dataclass(frozen=True)
class WorstCase:
    """The worst curves of a design.

    Attributes
    ----------
    figure : {"correct_selection", "too_toxic_selection"}
    by_level : tuple of WorstTruth
        The worst curve of each class.
    overall : WorstTruth
        The worst of them; for correct selection among those that have a true MTD, if there are any.
    """

    figure: str
    by_level: tuple[WorstTruth, ...]
    overall: WorstTruth

    def to_frame(self) -> pd.DataFrame:
        """Return one row per class: ``figure, level, value, overall, p_1 ... p_J``."""
        import pandas as pd

        rows = [
            (self.figure, worst.level, worst.value, worst is self.overall, *worst.probabilities)
            for worst in self.by_level
        ]
        n_doses = len(self.overall.probabilities)
        names = [f"p_{level}" for level in range(1, n_doses + 1)]
        return pd.DataFrame(rows, columns=["figure", "level", "value", "overall", *names])


@dataclass(frozen=True)
class WorstCases:
    """The worst curves of a study's designs.

    Attributes
    ----------
    study : Study
    separation, band, bound : float
        As for :func:`worst_cases`.
    found : dict of str to (WorstCase, WorstCase)
        By design: least correct selection, and most selection of a dose that is too toxic.
    steepest : float or None
        As for :func:`worst_cases`.
    """

    study: Study
    separation: float
    band: float
    bound: float
    found: dict[str, tuple[WorstCase, WorstCase]]
    steepest: float | None = None

    def to_frame(self) -> pd.DataFrame:
        """Return one row per design and class: ``design``, then as :meth:`WorstCase.to_frame`."""
        import pandas as pd

        frames = []
        for design, cases in self.found.items():
            for case in cases:
                frame = case.to_frame()
                frame.insert(0, "design", design)
                frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON."""
        limits = {"separation": self.separation, "band": self.band, "bound": self.bound, "steepest": self.steepest}
        return {"target": self.study.target, **limits, "worst": rounded_rows(self.to_frame())}
