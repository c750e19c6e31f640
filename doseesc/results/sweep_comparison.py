"""Two cells of a sweep, or of two sweeps, side by side: figure by figure, in every scenario and over them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from doseesc.results.sweep import SUMMED, SweepResults
from doseesc.wording import meant, nearest

if TYPE_CHECKING:
    import pandas as pd

_PART = re.compile(r"(.+?)\s*(?:=|:|\s)\s*(\S+)")


@dataclass(frozen=True)
class CellComparison:
    """Two cells compared.

    Attributes
    ----------
    names : tuple of str
        What the two are called: as they were asked for.
    frame : DataFrame
        ``scenario`` (missing: over all by their weights), ``metric``, ``first``, ``second``, ``difference`` (the second
        minus the first), ``mcse`` of it.  Of simulated cells the error is that of two sets of patients; where both met
        the same ones it is rather smaller.
    """

    names: tuple[str, str]
    frame: pd.DataFrame

    def to_frame(self) -> pd.DataFrame:
        """Return the table."""
        return self.frame

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        rows = self.frame.astype(object).where(self.frame.notna(), None).to_dict("records")
        return {"cells": list(self.names), "figures": rows}


def compare_cells(first: SweepResults, second: SweepResults, cells: tuple[str, str]) -> CellComparison:
    """Compare a cell of one sweep with a cell of another, which may be the same.

    Parameters
    ----------
    first, second : SweepResults
    cells : tuple of str
        Each a design and values of axes: ``"BOIN, max_n 24"``; what there is only one of may be left out.

    Raises
    ------
    ValueError
        If one names no cell, or several.
    """
    parts = [_figures(results, _place(results, cell)) for results, cell in ((first, cells[0]), (second, cells[1]))]
    joined = parts[0].merge(parts[1], on=["scenario", "metric"], how="inner", suffixes=("_1", "_2"), sort=False)
    if joined.empty:
        raise ValueError("the two have no scenario in common")
    frame = joined[["scenario", "metric"]].assign(
        first=joined["value_1"],
        second=joined["value_2"],
        difference=joined["value_2"] - joined["value_1"],
        mcse=np.sqrt(joined["variance_1"] + joined["variance_2"]),
    )
    return CellComparison(cells, frame)


def _place(results: SweepResults, text: str) -> dict[str, Any]:
    """Return the design and the values of axes that a text names."""
    summary = results.summary()
    designs = list(dict.fromkeys(map(str, summary["design"])))
    names = {**{results.facts.short[name]: name for name in results.compared}, **{n: n for n in results.compared}}
    chosen: dict[str, Any] = {}
    for part in (each.strip() for each in text.split(",")):
        design = meant(part, designs)
        found = _PART.fullmatch(part)
        if design is not None:
            chosen["design"] = design
        elif found and found[1] in names:
            name = names[found[1]]
            values = list(summary[name].dropna().unique())
            value = next((each for each in values if _same(each, found[2])), None)
            if value is None:
                raise ValueError(f"{part!r}: {found[1]} has the values {', '.join(map(str, values))}")
            chosen[name] = value
        else:
            known = [*designs, *names]
            near = nearest(found[1] if found else part, known)
            hint = f"; did you mean {near}?" if near else ""
            raise ValueError(f"{part!r} is neither a design nor an axis with a value{hint}")
    rows = summary
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    if not len(rows):
        raise ValueError(f"{text!r} is no cell: these values do not come together")
    if len(rows) > 1:
        still = [name for name in ("design", *results.compared) if rows[name].nunique(dropna=False) > 1]
        there = ", ".join(map(str, rows[still[0]].unique()))
        short = results.facts.short.get(still[0], still[0])
        raise ValueError(f"{text!r} leaves {short} open: {there}")
    row = rows.iloc[0]
    return {name: row[name] for name in ("design", *results.compared)}


def _same(value: Any, text: str) -> bool:
    try:
        return bool(float(value) == float(text))
    except ValueError:
        return str(value).lower() == text.lower()


def _figures(results: SweepResults, place: dict[str, Any]) -> pd.DataFrame:
    """Return the figures of a cell over all scenarios and in each, as means over replicates."""
    import pandas as pd

    rows = results.best_method()
    rows = rows[rows["metric"].isin(SUMMED)]
    for name, value in place.items():
        rows = rows[rows[name].isna() if pd.isna(value) else rows[name] == value]
    rows = rows.assign(variance=rows["mcse"] ** 2, weight=results.facts.weights_of(rows))
    by = rows.groupby(["scenario", "metric"], sort=False)
    each = by.agg(
        value=("value", "mean"), variance=("variance", "sum"), n=("value", "size"), weight=("weight", "first")
    )
    each = each.reset_index()
    each["variance"] /= each["n"] ** 2
    weight = each["weight"]
    over = each.assign(value=each["value"] * weight, variance=each["variance"] * weight**2)
    over = over.groupby("metric", sort=False)[["value", "variance"]].sum().reset_index()
    over["scenario"] = pd.Series([None] * len(over), dtype="string")
    columns = ["scenario", "metric", "value", "variance"]
    ranked = [part.iloc[np.argsort(part["metric"].map(SUMMED.index), kind="stable")] for part in (over, each)]
    both = pd.concat([part[columns] for part in ranked], ignore_index=True)
    order = {name: place for place, name in enumerate(each["scenario"].unique())}
    return both.iloc[np.argsort([order.get(name, -1) for name in both["scenario"]], kind="stable")]
