"""What a further question is answered with: a sentence, charts, tables, and what must be known beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from doseesc.report.charts import DESIGN_COLOURS, Series

if TYPE_CHECKING:
    from doseesc.report.page import Chart
    from doseesc.report.tables import PageTable

_SHOWN = 4  # designs with a colour where there are more than there are colours


@dataclass(frozen=True)
class Told:
    """An answer.

    Attributes
    ----------
    answer : str
        One sentence, which comes first.
    words : sequence of str
        What must be known beside it.
    charts : sequence of Chart
    tables : sequence of PageTable
    curves : sequence of mapping
        Truths that can be taken over into the panel: ``words`` and ``truth``.
    lists : sequence of (str, sequence of str)
        Sentences under a heading each.
    printed : str
        The whole as the command prints it; "" where nothing is left to say.
    """

    answer: str
    words: Sequence[str] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[PageTable] = ()
    curves: Sequence[Mapping[str, Any]] = ()
    lists: Sequence[tuple[str, Sequence[str]]] = ()
    printed: str = field(default="", repr=False)


def series_of(names: Sequence[str], best_first: Sequence[str]) -> list[Series]:
    """Return designs as charts show them: all with a colour where there are enough, else the best few.

    Parameters
    ----------
    names : sequence of str
        In the order of the study, by which the page gives them their colours.
    best_first : sequence of str
        The same by what is shown of them.
    """
    coloured = set(names if len(names) <= len(DESIGN_COLOURS) else best_first[:_SHOWN])
    colours = {name: place for place, name in enumerate(each for each in names if each in coloured)}
    return [Series(name, place, colours.get(name), name == best_first[0]) for place, name in enumerate(names)]
