"""The two-parameter BLRM against posterior summaries and recommended doses by SAS, within the error of its draws."""

from __future__ import annotations

import numpy as np

from designs import BLRM, MaximumIncrement, Rule, Tally
from designs.arrays import FloatArray
from doseesc.engines import DoseModel
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, reference

_WITHIN = 0.01
"""What crmPack allows itself beside the same numbers."""


def _design(given: Item) -> BLRM:
    amounts = tuple(float(each) for each in given["doses"])
    rules: tuple[Rule, ...] = ()
    if "by_amount" in given:
        by_amount, after_dlts = (tuple(tuple(pair) for pair in given[name]) for name in ("by_amount", "after_dlts"))
        rules = (MaximumIncrement(amounts=amounts, by_amount=by_amount, after_dlts=after_dlts),)
    return BLRM(
        target=0.275,
        doses=amounts,
        reference=given["reference"],
        prior_mean=tuple(given["prior_mean"]),
        prior_sd=tuple(given["prior_sd"]),
        intervals=(0.2, 0.35, 0.6),
        selection="loss",
        loss=tuple(given["loss"]),
        feasibility_bound=given.get("feasibility_bound"),
        max_n=60,
        rules=rules,
    )


def _upper_quartiles(design: BLRM, tally: Tally) -> FloatArray:
    """Return them for all doses at once, by the same model as the arms of Phase 2 are judged by."""
    model = DoseModel(
        doses=design.doses,
        reference=design.reference or design.doses[-1],
        mean=design.prior_mean,
        sd=design.prior_sd,
        correlation=design.prior_correlation,
    )
    return model.posterior(tally, design.doses, above=0.35, credibility=0.5).upper[0]


def blrm() -> Comparison:
    """Compare loss, interval probabilities, means, upper quartiles and the recommended dose of eight trials."""
    seen, given = Differences(), reference("sas_blrm.yaml")["blrm"]
    for item in given["items"]:
        design, where = _design(given["designs"][item["design"]]), f"{item['design']}, {item['outcomes']}"
        tally = Tally.parse(item["outcomes"], n_doses=design.n_doses)
        rows = dict(zip(given["columns"], np.array(item["rows"]).T, strict=True))
        posterior = design.posterior(tally)
        shares = posterior.interval_probability[0]
        ours = {
            "loss": shares @ np.array(design.loss),
            "target": shares[:, 1],
            "excessive": shares[:, 2],
            "unacceptable": shares[:, 3],
            "above": shares[:, 2] + shares[:, 3],
            "mean": posterior.dlt_probability[0],
            "upper_quartile": _upper_quartiles(design, tally),
        }
        for name, figures in ours.items():
            seen.close(f"{where}, {name}", figures, rows[name], within=_WITHIN)
        dose = design.doses[design.decide(tally).level[0] - 1]
        seen.equal(f"{where}, recommended", dose, item["recommended"])
    return seen.result
