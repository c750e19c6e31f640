"""Where a protocol's statements come from: queries on the registry's text, and the publications of what was used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

from designs import Design, Weighted
from designs.skeleton import REFERENCES as OF_SKELETON
from doseesc.conduct import Trial
from doseesc.engines import BACKFILL_REFERENCES, BENCHMARK_REFERENCES, PATHWAYS_REFERENCES
from doseesc.planning import phase2_of
from doseesc.report.protocol.decisions import uses_pathways
from doseesc.report.protocol.sections import section
from doseesc.report.protocol.text_blocks import Block, captioned, paragraphs
from doseesc.report.tables import PageTable, Value
from doseesc.results import Results
from doseesc.study import Study, assumptions_of

_QUERIES = Path(__file__).with_name("registry_queries.json")
_OF_TRIALS = MappingProxyType(
    {
        "Wang et al. 2020": "Wang et al. (2020), Lancet 395:1569-1578 (course of disease)",
        "ACTT-1": "Beigel et al. (2020), New England Journal of Medicine 383:1813-1826 (ACTT-1; course of disease)",
    }
)
_OF_PHASE_2 = MappingProxyType(
    {
        "subdistribution": "Fine and Gray (1999), Journal of the American Statistical Association 94:496-509 "
        "(subdistribution hazard ratio)",
        "gray": "Gray (1988), Annals of Statistics 16:1141-1154 (Gray's test)",
        "win_ratio": "Pocock et al. (2012), European Heart Journal 33:176-182 (win ratio)",
        "miettinen_nurminen": "Miettinen and Nurminen (1985), Statistics in Medicine 4:213-226 (intervals)",
        "newcombe": "Newcombe (1998), Statistics in Medicine 17:873-890 (intervals)",
        "holm": "Holm (1979), Scandinavian Journal of Statistics 6:65-70 (multiplicity)",
        "hochberg": "Hochberg (1988), Biometrika 75:800-802 (multiplicity)",
        "dunnett": "Dunnett (1955), Journal of the American Statistical Association 50:1096-1121 (multiplicity)",
    }
)
_ABBREVIATIONS = MappingProxyType(
    {
        "DLT": "dose-limiting toxicity, as defined in section 9.1",
        "MTD": "maximum tolerated dose, as defined in section 3.1",
        "P(DLT)": "probability of a DLT within the DLT window",
    }
)
_OF_WEIGHING = MappingProxyType(
    {
        "likelihood": "Cheung and Chappell (2000), Biometrics 56:1177-1182 (patients pending)",
        "imputation": "Yuan, Lin, Li, Nie and Warren (2018), Clinical Cancer Research 24:4921-4930 (patients pending)",
        "ess": "Lin and Yuan (2020), Biostatistics 21:807-824 (patients pending)",
        "minimum_followed": "Chen et al. (2025), Clinical Cancer Research 31:2573 (follow-up before an escalation)",
    }
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
    yield section("12.4")
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


def glossary_blocks() -> Iterator[Block]:
    """Yield the abbreviations that the protocol itself uses."""
    yield section("13")
    yield from (Block("bullet", f"{short}: {words}") for short, words in _ABBREVIATIONS.items())


def reference_blocks(results: Results, trial: Trial) -> Iterator[Block]:
    """Yield the publications that the design, its base classes and its rules name, and those of the evaluation."""
    design = trial.design
    found = [*_cited(type(design)), *(each for rule in design.all_rules() for each in rule.references)]
    found += _weighing_references(design)
    found += backfill_references(results.study, trial.name)
    if isinstance(_parameters(results, trial.name).get("skeleton"), dict):
        found += OF_SKELETON
    if uses_pathways(trial):
        found += [f"{each} (dose-transition pathways)" for each in PATHWAYS_REFERENCES]
    if results.benchmark:
        found += [f"{each} (optimal benchmark)" for each in BENCHMARK_REFERENCES]
    for name, other in results.study.designs.items():
        if name != trial.name:
            found += [f"{each} ({name}, compared)" for each in type(other).references if each not in found]
    found += _phase2_references(results.study)
    yield section("14")
    yield from (Block("bullet", f"{each}.") for each in dict.fromkeys(found))


def _weighing_references(design: Design) -> list[str]:
    """Return the publications of how pending patients are weighed; none where they are not."""
    if not isinstance(design.pending, Weighted):
        return []
    policy = design.pending.filled_in(design)
    found = [_OF_WEIGHING[policy.estimate or "likelihood"]]
    if policy.minimum_followed > 0 and policy.estimate is not None:
        found.append(_OF_WEIGHING["minimum_followed"])
    return found


def backfill_references(study: Study, name: str) -> list[str]:
    """Return the publications of the rules by which a design's trials are backfilled; none where they are not."""
    calendar, section = study.calendar_for(name), study.backfill
    if calendar is None or calendar.backfill is None or section is None or section.type is None:
        return []
    return [f"{each} (backfill)" for each in BACKFILL_REFERENCES.get(section.type, ())]


def _phase2_references(study: Study) -> list[str]:
    """Return the publications of what the trial after Phase 1 rests on; none where there is no such trial."""
    if not study.phase2_arms:
        return []
    section = phase2_of(study)
    analysis = section.analysis
    chosen = [analysis.ttci, analysis.mortality_interval, analysis.multiplicity]
    assumed = " ".join(each.basis for each in assumptions_of(section) if not each.from_file)
    found = [_OF_PHASE_2["subdistribution"]]
    found += [words for trial, words in _OF_TRIALS.items() if trial in assumed]
    return found + [_OF_PHASE_2[each] for each in chosen if each in _OF_PHASE_2]


def _cited(kind: type[Design]) -> list[str]:
    """Return the publications of a class of designs and of those it is made from."""
    return [each for base in kind.__mro__ for each in vars(base).get("references", ())]


def _parameters(results: Results, name: str) -> dict[str, Any]:
    return next((each.parameters for each in results.study.design_entries if each.name == name), {})
