"""The answer of an analysis that borrows: what was borrowed, and what hangs on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doseesc.analysis.borrowing_choice import BorrowingModel
from doseesc.inference import ToxicityData
from doseesc.inference.borrowing import (
    WEIGHTS,
    RobustPrior,
    conflict_table,
    elir_size,
    sample_sizes,
    strata_table,
    weight_sensitivity,
)
from doseesc.pieces import one_blas_thread

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Borrowed:
    """What an analysis has borrowed.

    Attributes
    ----------
    prior : RobustPrior
    history, data : ToxicityData
        The historical studies, and the trial's own.
    differences : str
        How much studies differ, in words.
    weight_after : float
        Weight of the MAP prior given the trial's data.
    patients : int
        How many the trial may have: N of the effective sample sizes.
    sizes, sensitivity : DataFrame
        See :func:`sample_sizes` and :func:`weight_sensitivity`.
    conflict : DataFrame
        :func:`conflict_table` for each level, which is the column ``amount``, in a trial with no other patients.
    elir : dict
        ELIR effective sample size at the reference dose of the ``weak``, the ``map`` and the ``robust`` prior.
    strata : DataFrame or None
        :func:`strata_table` where the analysis borrows by EXNEX.
    """

    prior: RobustPrior
    history: ToxicityData
    data: ToxicityData
    differences: str
    weight_after: float
    patients: int
    sizes: pd.DataFrame
    conflict: pd.DataFrame
    sensitivity: pd.DataFrame
    elir: dict[str, float]
    strata: pd.DataFrame | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values for JSON."""
        return {
            "method": "map" if self.strata is None else "exnex",
            "weight": self.prior.weight,
            "weight_after": self.weight_after,
            "differences": self.differences,
            "reference": self.prior.reference,
            "map_components": [
                {"weight": weight, "mean": law.mean, "sd": law.sd, "correlation": law.correlation}
                for weight, law in zip(self.prior.predicted.weights, self.prior.predicted.components, strict=True)
            ],
            "map_divergence": self.prior.divergence,
            "effective_sample_size": {"definition": "predictive", "patients": self.patients},
            **{name: getattr(self, name).to_dict("records") for name in ("sizes", "conflict", "sensitivity")},
            "elir_at_reference": self.elir,
            **({} if self.strata is None else {"strata": self.strata.to_dict("records")}),
        }


@one_blas_thread()
def borrowed(
    model: BorrowingModel,
    data: ToxicityData,
    amounts: Sequence[float],
    *,
    target: float,
    patients: int,
    conflicting: int = 6,
) -> Borrowed:
    """Return what an analysis has borrowed.

    Parameters
    ----------
    model : BorrowingModel
    data : ToxicityData
        The trial's own.
    amounts : sequence of float
        Doses of the answer; each is answered once.
    target : float
    patients : int
        How many the trial may have.
    conflicting : int
        Patients at a level in the table of conflicts.
    """
    import pandas as pd

    prior, levels = model.prior, model.arguments["levels"]
    amounts = list(dict.fromkeys(float(amount) for amount in amounts))
    floor = {name: model.arguments[name] for name in ("floor", "floor_prior")}
    tables = []
    for level in levels:
        table = conflict_table(prior, level, conflicting, **floor)
        table.insert(0, "amount", float(level))
        tables.append(table)
    fit = prior.fit(data, amounts, **floor)
    return Borrowed(
        prior=prior,
        history=model.history,
        data=data,
        differences=model.differences,
        weight_after=float(1 - fit.weights(prior.component_weights)[-1]),
        patients=patients,
        sizes=sample_sizes(prior, data, amounts, patients=patients, **floor),
        conflict=pd.concat(tables, ignore_index=True),
        sensitivity=_sensitivity(model, data, amounts, target, floor),
        elir={
            name: elir_size(prior.with_weight(weight).mixture)
            for name, weight in (("weak", 0.0), ("map", 1.0), ("robust", prior.weight))
        },
        strata=None
        if model.section.method == "map"
        else strata_table(model.history, data, model.hierarchy, prior.weight, amounts, target),
    )


def _sensitivity(
    model: BorrowingModel, data: ToxicityData, amounts: Sequence[float], target: float, floor: dict[str, Any]
) -> pd.DataFrame:
    """Return :func:`weight_sensitivity`; under EXNEX the chance of the historical studies moves with the trial's."""
    import pandas as pd

    if model.section.method == "map":
        return weight_sensitivity(model.prior, data, amounts, target, **floor)
    frames = [
        weight_sensitivity(model.prior_with(weight), data, amounts, target, weights=[weight], **floor)
        for weight in WEIGHTS
    ]
    return pd.concat(frames, ignore_index=True)
