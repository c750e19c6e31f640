"""The posterior DLT probability at each dose as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from doseesc.report.tables.table import PageTable, Value, number
from doseesc.wording import plain_number

if TYPE_CHECKING:
    from doseesc.results import SavedFit


def posterior_table(fit: SavedFit) -> PageTable:
    """Return the posterior at each dose."""
    seen = {each.amount: f"{each.dlt} of {each.n}" for each in fit.pooled()}
    limit = fit.unsafe_above
    studies = len({each.study for each in fit.data})
    rows = [
        (
            Value(each.label),
            Value(plain_number(round(each.amount, 6)), "", each.amount),
            Value("dose level" if each.kind == "level" else "arm of Phase 2"),
            Value(seen.get(each.amount, "none")),
            number(each.mean, 1, 100),
            Value(f"{100 * each.low:.1f} to {100 * each.high:.1f}", "", each.low),
            number(each.p_over_target, 1, 100),
            Value("–") if each.p_unsafe is None else number(each.p_unsafe, 1, 100),
            Value("–") if each.p_mtd is None else number(each.p_mtd, 1, 100),
        )
        for each in fit.doses
    ]
    return PageTable(
        "posterior",
        "The posterior DLT probability at each dose",
        "What the model believes after the data. The interval holds the DLT probability with 90 % probability; an arm "
        "at an untested dose is interpolated by the model."
        + (f" DLTs seen: of {studies} studies together." if studies > 1 else ""),
        (
            "dose",
            f"amount, {fit.unit}" if fit.unit else "amount",
            "kind",
            "DLTs seen",
            "mean P(DLT), %",
            "90 % interval, %",
            f"P(above {100 * fit.target:.3g} %), %",
            "P(unsafe), %" if limit is None else f"P(unsafe: above {100 * limit:.3g} %), %",
            "P(MTD), %",
        ),
        rows,
    )
