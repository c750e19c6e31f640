"""Where a protocol's statements come from: queries on the registry's text, and the publications of what was used."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doseesc.report.page_tables import PageTable, Value
from doseesc.report.protocol_decisions import uses_pathways
from doseesc.report.text_blocks import Block, captioned, paragraphs
from doseesc.results import Results
from doseesc.trial import Trial

_QUERIES = Path(__file__).parent.parent / "registry_queries.json"
_NAME = r"[A-Z][\w'’-]+"
_CITATION = re.compile(
    rf"(?:{_NAME}(?:, | and )(?={_NAME}))*{_NAME}(?: et al\.)? \(\d{{4}}\), \*[^*]+\*(?: [\d:\-–]*\d)?"
)


def registry_queries(registry_id: str) -> list[dict[str, str]]:
    """Return what to ask the sponsor about a registry entry: ``where``, ``problem``, ``query`` and ``basis``."""
    known: dict[str, list[dict[str, str]]] = json.loads(_QUERIES.read_text(encoding="utf-8"))
    return known.get(registry_id, [])


def query_blocks(registry_id: str) -> Iterator[Block]:
    """Yield the section of queries; nothing where none are known."""
    queries = registry_queries(registry_id)
    if not queries:
        return
    yield Block("heading", "Queries to the sponsor")
    yield from paragraphs(
        f"The registry entry {registry_id}, and sister trials' records where named, leave these points open; "
        "nothing was corrected silently."
    )
    rows = [
        (Value(str(k)), *(Value(each[key]) for key in ("where", "problem", "query", "basis")))
        for k, each in enumerate(queries, 1)
    ]
    columns = ("no.", "registry text", "problem", "query", "basis")
    yield from captioned(PageTable("queries", f"Queries on {registry_id}", "", columns, rows))


def reference_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield the publications that the design, its base classes and its rules name, and those of the evaluation."""
    design = trial.design
    found = [each for kind in type(design).__mro__ for each in citations(_module_text(kind))]
    for rule in design.own_rules() + design.rules:
        found += citations(type(rule).__doc__ or "")
    if isinstance(_parameters(results, trial.name).get("skeleton"), dict):
        found += citations(sys.modules["designs.skeleton"].__doc__ or "")
    if uses_pathways(trial):
        from doseesc import pathways

        found += [f"{each} (dose-transition pathways)" for each in citations(pathways.__doc__ or "")]
    if results.benchmark:
        from doseesc import benchmark

        found += [f"{each} (optimal benchmark)" for each in citations(benchmark.__doc__ or "")]
    yield Block("heading", "References")
    yield from (Block("bullet", f"{each}.") for each in dict.fromkeys(found))


def citations(text: str) -> list[str]:
    """Return the publications that a text names.

    Examples
    --------
    >>> citations("Storer (1989), *Biometrics* 45:925-937; after Korn et al. (1994), *Statistics in Medicine* 13:1799.")
    ['Storer (1989), Biometrics 45:925-937', 'Korn et al. (1994), Statistics in Medicine 13:1799']
    """
    return [match.group(0).replace("*", "") for match in _CITATION.finditer(" ".join(text.split()))]


def _module_text(kind: type[Any]) -> str:
    if kind.__module__ == "builtins":
        return ""
    return getattr(sys.modules.get(kind.__module__), "__doc__", None) or ""


def _parameters(results: Results, name: str) -> dict[str, Any]:
    return next((each.parameters for each in results.study.design_entries if each.name == name), {})
