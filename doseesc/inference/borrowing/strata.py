"""The EXNEX analysis of all studies at once: how far each is exchangeable, and its DLT probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from doseesc.inference.borrowing.hierarchy import Hierarchy, hierarchy_posterior
from doseesc.inference.data import TRIAL, ToxicityData

if TYPE_CHECKING:
    import pandas as pd


def strata_table(
    history: ToxicityData,
    data: ToxicityData,
    hierarchy: Hierarchy,
    exchangeable: float,
    amounts: Sequence[float],
    target: float,
) -> pd.DataFrame:
    """Return the posterior of every study under EXNEX, given the data of all of them.

    Parameters
    ----------
    history : ToxicityData
        The historical studies; none is called ``"trial"``.
    data : ToxicityData
        The trial's own, under whatever name.
    hierarchy : Hierarchy
    exchangeable : float
        Prior probability of each study that it is exchangeable with the others.
    amounts : sequence of float, length D
    target : float

    Returns
    -------
    DataFrame
        D rows for each study, the trial (``"trial"``) first: its name ``study``, the probability that it is
        ``exchangeable`` and ``exchangeable_after`` the data, ``amount``, and of the DLT probability there the ``mean``,
        the ``sd`` and the probability ``above_target``.
    """
    import pandas as pd

    own = replace(data, study=(TRIAL,) * len(data.n)) if data.n else _nobody(amounts[0])
    found = hierarchy_posterior(own + history, hierarchy, exchangeable)
    frames = []
    for place, study in enumerate(found.studies):
        mass = found.study_mass(study)
        mean, sd = found.dlt_mean_sd(mass, amounts)
        above = [found.probability_above(mass, amount, [target])[0] for amount in amounts]
        chances = {"exchangeable": float(exchangeable), "exchangeable_after": float(found.exchangeable[place])}
        columns = {"amount": list(map(float, amounts)), "mean": mean, "sd": sd, "above_target": above}
        frames.append(pd.DataFrame({"study": study, **chances, **columns}))
    return pd.concat(frames, ignore_index=True)


def _nobody(amount: float) -> ToxicityData:
    return ToxicityData(study=(TRIAL,), amount=(amount,), n=(0,), dlt=(0,))
