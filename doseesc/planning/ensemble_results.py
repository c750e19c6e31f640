"""What designs do under many random truths: every figure under each, its mean, its quantiles, per true MTD."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from designs.arrays import BoolArray, FloatArray, IntArray
from doseesc.engines import METRICS
from doseesc.files import rounded_rows
from doseesc.results import Attainable
from doseesc.study import RandomScenarios, Study

if TYPE_CHECKING:
    import pandas as pd


FIGURES = METRICS[3:]
"""The figures of the summary: those of the tidy table that are one number per truth."""

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


class Distribution(NamedTuple):
    """A figure over the curves: sorted values and the share of curves up to each."""

    value: FloatArray
    share: FloatArray


@dataclass(frozen=True)
class DesignFigures:
    """One design under all curves.

    Attributes
    ----------
    method : {"exact", "monte_carlo"}
    values : dict of str to array
        The figures of :data:`doseesc.engines.METRICS`, each with leading axis K.
    """

    method: str
    values: dict[str, FloatArray]


@dataclass(frozen=True)
class EnsembleResults:
    """What designs do under random truths.

    Attributes
    ----------
    study : Study
    random : RandomScenarios
        How the curves were drawn.
    truths : array, shape (K, J)
        The curves.
    true_mtd : array of int, shape (K,)
        The level of each curve's true MTD by the study's definition, 0 = none.
    figures : dict of str to DesignFigures
        By design.
    notes : list of str
        What the reader should know, such as a design that was too large to enumerate.
    elapsed : float
        Seconds.
    attainable : Attainable or None
        How much of the attainable the designs reach on these curves; None where that takes long.
    """

    study: Study
    random: RandomScenarios
    truths: FloatArray
    true_mtd: IntArray
    figures: dict[str, DesignFigures]
    notes: list[str] = field(default_factory=list)
    elapsed: float = 0.0
    attainable: Attainable | None = None

    def distribution(self, design: str, metric: str = "correct_selection", mtd: int | None = None) -> Distribution:
        """Return a figure's distribution over the curves, all or those of one true MTD."""
        value = np.sort(self._values(design, metric)[self._rows(mtd)])
        return Distribution(value, np.arange(1, len(value) + 1) / max(len(value), 1))

    def mean(self, design: str, metric: str = "correct_selection", mtd: int | None = None) -> float:
        """Return a figure's mean over the curves, all or those of one true MTD; NaN where there are none."""
        value = self.distribution(design, metric, mtd).value
        return float(value.mean()) if len(value) else float("nan")

    def quantile(self, design: str, metric: str, level: float, mtd: int | None = None) -> float:
        """Return a figure's quantile over the curves, interpolated between values; NaN where there are none."""
        value = self.distribution(design, metric, mtd).value
        return float(np.quantile(value, level)) if len(value) else float("nan")

    def to_frame(self) -> pd.DataFrame:
        """Return the summary: one row per design, true MTD (missing = all curves) and figure of :data:`FIGURES`.

        Columns: ``design, method, true_mtd, curves, metric, mean, se, q05, q25, q50, q75, q95``; ``se`` is the standard
        error of the mean that comes from the number of curves.
        """
        import pandas as pd

        rows = []
        for design, figures in self.figures.items():
            for mtd in (None, *(int(level) for level in np.unique(self.true_mtd))):
                for metric in FIGURES:
                    value = self.distribution(design, metric, mtd).value
                    se = value.std(ddof=1) / np.sqrt(len(value)) if len(value) > 1 else np.nan
                    spread = np.quantile(value, QUANTILES)
                    rows.append((design, figures.method, mtd, len(value), metric, value.mean(), se, *spread))
        names = [f"q{round(100 * level):02d}" for level in QUANTILES]
        frame = pd.DataFrame(rows, columns=["design", "method", "true_mtd", "curves", "metric", "mean", "se", *names])
        frame["true_mtd"] = frame["true_mtd"].astype("Int64")
        return frame

    def curves_to_frame(self) -> pd.DataFrame:
        """Return every curve under every design: ``curve, true_mtd, p_1 ... p_J, design, method`` and the figures."""
        import pandas as pd

        frames = []
        for design, figures in self.figures.items():
            frame = pd.DataFrame(self.truths, columns=[f"p_{level + 1}" for level in range(self.truths.shape[1])])
            frame.insert(0, "true_mtd", self.true_mtd)
            frame.insert(0, "curve", np.arange(1, len(frame) + 1))
            frame["design"], frame["method"] = design, figures.method
            for metric in FIGURES:
                frame[metric] = figures.values[metric]
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def to_dict(self) -> dict[str, Any]:
        """Return how the curves were drawn, the curves with their true MTDs, and the summary, for JSON."""
        return {
            "random": self.random.model_dump(mode="json"),
            "curves": self.truths.tolist(),
            "true_mtd": self.true_mtd.tolist(),
            "summary": rounded_rows(self.to_frame()),
            "notes": self.notes,
            **({} if self.attainable is None else {"attainable": self.attainable.to_dict()}),
        }

    def _values(self, design: str, metric: str) -> FloatArray:
        if design not in self.figures:
            raise ValueError(f"design must be one of {', '.join(self.figures)}, not {design!r}")
        if metric not in FIGURES:
            raise ValueError(f"metric must be one of {', '.join(FIGURES)}, not {metric!r}")
        return self.figures[design].values[metric]

    def _rows(self, mtd: int | None) -> BoolArray:
        return np.ones(len(self.true_mtd), dtype=np.bool_) if mtd is None else self.true_mtd == mtd
