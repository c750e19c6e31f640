"""What must hold in ``results.json`` besides its form: figures that are possible, and parts that agree.

Reading refuses what breaks it, so that nothing made of results, be it a page, a protocol or a table, has to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from doseesc.engines import CALENDAR_METRICS, METRICS
from doseesc.results.figure_checks import (
    NEAR,
    Sizes,
    check_distributions,
    check_enrolled,
    check_main,
    near,
    require,
)
from doseesc.results.time_checks import check_time, method_of
from doseesc.results.times import most_patients
from doseesc.results.versions import check_version
from doseesc.study import Study, part_unlike_text
from doseesc.wording import has_control_characters


def check_document(document: Mapping[str, Any], study: Study) -> None:
    """Refuse a document that cannot be what a run found.

    Parameters
    ----------
    document : mapping
        All of ``results.json``.
    study : Study
        The study that it holds.

    Raises
    ------
    ValueError
        With the first thing that is wrong (pydantic's ValidationError for its form).
    """
    check_form(document)
    check_version(document["provenance"]["doseesc"])
    check_texts(document)
    _check_source(document, study)
    _check_truths(document["truths"], study)
    names = list(study.designs)
    scenarios = list(study.truths)
    _same_keys([(row["scenario"], row["design"]) for row in document["cells"]], scenarios, names, where="cells")
    for row in document["cells"]:
        _check_cell(row, document, study)
    for row in document["differences"]:
        where = f"differences of {row['design_a']} and {row['design_b']} in {row['scenario']}"
        require(row["scenario"] in scenarios and {row["design_a"], row["design_b"]} <= set(names), where, "no cell")
        known = METRICS if study.calendar is None else (*METRICS, *CALENDAR_METRICS)
        require(row["metric"] in known, where, f"no figure {row['metric']}")
        require(row["mcse"] >= 0, where, "a negative standard error")
    _check_policies(document.get("policies"), study)
    check_time(document.get("time"), study, document["provenance"]["trials"])
    analysis = document["phase2"]["analysis"]
    for row in [] if analysis is None else analysis["figures"]:
        _check_arm(row, study)


def check_form(document: Mapping[str, Any]) -> None:
    """Refuse a document of another form.

    Raises
    ------
    ValidationError
        With the places.
    """
    from doseesc.results.document_models import ResultsDocument  # takes a while to make, and only reading asks for it

    ResultsDocument.model_validate_json(json.dumps(document), strict=True)  # strictly, true is not 1


def check_rebuilt(document: Mapping[str, Any], rebuilt: Mapping[str, Any]) -> None:
    """Refuse a document in which what follows from the figures, as results read from it say, is something else.

    Raises
    ------
    ValueError
        With the first place.
    """
    names = ("study", "truths", "cells", "differences", "agreement", "phase2", "policies", "time")
    for name in (*names, "verdict") if document.get("verdict") is not None else names:
        place = _unlike(document.get(name), rebuilt.get(name), name)
        require(place is None, str(place), "something else than follows from the other figures")


def _unlike(given: Any, rebuilt: Any, place: str) -> str | None:
    """Return the first place in which two plain values differ by more than rounding."""
    if isinstance(given, Mapping) and isinstance(rebuilt, Mapping):
        if set(given) != set(rebuilt):
            return place
        return next(filter(None, (_unlike(given[key], rebuilt[key], f"{place}.{key}") for key in given)), None)
    if isinstance(given, list) and isinstance(rebuilt, list):
        if len(given) != len(rebuilt):
            return place
        pairs = enumerate(zip(given, rebuilt, strict=True))
        return next(filter(None, (_unlike(*pair, f"{place}.{index}") for index, pair in pairs)), None)
    if isinstance(given, float | int) and isinstance(rebuilt, float | int):
        return None if abs(given - rebuilt) <= NEAR * max(1.0, abs(rebuilt)) else place
    return None if given == rebuilt else place


def check_texts(value: Any, name: str = "") -> None:
    """Refuse control characters, by which a text could rewrite what a terminal shows.

    Raises
    ------
    ValueError
        With the place of the first.
    """
    if isinstance(value, str):
        require(not has_control_characters(value, lines=True), name, "a control character")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            require(not has_control_characters(key), name, "a key with a control character")
            check_texts(item, f"{name}.{key}" if name else key)
    elif isinstance(value, list | tuple):
        for item in value:
            check_texts(item, name)


def _check_source(document: Mapping[str, Any], study: Study) -> None:
    text, given = document["scenario_text"], document["provenance"]["scenario_sha256"]
    if text is None:
        return
    raw = text.encode("utf-8", "surrogatepass")
    hashes = {hashlib.sha256(start + raw).hexdigest() for start in (b"", b"\xef\xbb\xbf")}
    require(given in hashes, "scenario_text", "another text than the one of provenance.scenario_sha256")
    differs = part_unlike_text(study)
    require(differs is None, f"study.{differs}", "something else than scenario_text says")


def _check_truths(rows: Sequence[Mapping[str, Any]], study: Study) -> None:
    names = [row["scenario"] for row in rows]
    require(names == list(study.truths), "truths", "other scenarios than the study")
    for row, truth in zip(rows, study.truths.values(), strict=True):
        where = f"truths.{row['scenario']}"
        given = row["probabilities"]
        require(len(given) == len(truth), where, f"{len(given)} probabilities for {len(truth)} doses")
        require(np.allclose(given, truth, rtol=0, atol=1e-9), where, "other probabilities than the study")
        require(row["true_mtd"] == study.true_mtd(truth), where, "another true MTD than the study")
        right = np.flatnonzero(study.right_levels(truth)).tolist()
        require(row["right"] == right, where, "other levels that are right to select than the study")
        for name in ("benchmark", "benchmark_observed"):
            if row[name] is not None:
                require(len(row[name]) == len(truth) + 1, where, f"a {name} of another length")
                near(sum(row[name]), 1, f"{where}.{name}", "probabilities that do not sum to 1")


def _check_cell(row: Mapping[str, Any], document: Mapping[str, Any], study: Study) -> None:
    scenario, name = row["scenario"], row["design"]
    where = f"cells.{scenario}.{name}"
    mtd, right = {each["scenario"]: (each["true_mtd"], each["right"]) for each in document["truths"]}[scenario]
    sizes = Sizes(study.n_doses, most_patients(study, name))
    provenance = document["provenance"]
    require(row["simulated"] is not None or row["exact"] is not None, where, "neither simulated nor exact figures")
    for kind, method, trials in (("simulated", method_of(study, name), provenance["trials"]), ("exact", "exact", 0)):
        part = row[kind]
        if part is None:
            continue
        at = f"{where}.{kind}"
        own = (part["method"], part["n_trials"], part["true_mtd"])
        require(own == (method, trials, mtd), at, "another method, number of trials or true MTD than the run")
        require(part["target"] == study.target, at, "another target than the study")
        check_main(part, right, sizes, at)
        check_distributions(part, sizes, at)


def _check_policies(part: Mapping[str, Any] | None, study: Study) -> None:
    observed = list(study.observations)
    require((part is not None) == bool(observed), "policies", "observation models that are not the study's")
    if part is None:
        return
    require(part["policies"] == observed, "policies", "observation models that are not the study's")
    scenarios, designs = list(study.truths), list(study.designs)
    alone = [(row["scenario"], row["design"]) for row in part["drug_alone"]]
    _same_keys(alone, scenarios, designs, where="policies.drug_alone")
    cells = [(row["policy"], row["scenario"], row["design"]) for row in part["cells"]]
    _same_keys(cells, observed, scenarios, designs, where="policies.cells")
    for row in (*part["drug_alone"], *part["cells"]):
        scenario, name = row["scenario"], row["design"]
        where = f"policies.{row.get('policy', 'drug_alone')}.{scenario}.{name}"
        sizes = Sizes(study.n_doses, most_patients(study, name))
        require(row["simulated"] is not None or row["exact"] is not None, where, "no figures")
        for kind in ("simulated", "exact"):
            if row[kind] is not None:
                right = np.flatnonzero(study.right_levels(study.truths[scenario])).tolist()
                check_main(row[kind], right, sizes, f"{where}.{kind}")
                for name_, values in row[kind].get("per_patient", {}).items():
                    require(len(values) == sizes.levels, f"{where}.{kind}.{name_}", "another number of doses")
                if "enrolled" in row[kind]:
                    check_enrolled(row[kind], f"{where}.{kind}")


def _check_arm(row: Mapping[str, Any], study: Study) -> None:
    where = f"phase2.analysis.{row['scenario']}.{row['design']}.{row['arm']}"
    known = row["scenario"] in study.truths and row["design"] in study.designs
    require(known and row["arm"] in {arm.name for arm in study.phase2_arms}, where, "no such cell or arm")
    for name, values in (*row.items(), *row["mcse"].items()):
        if isinstance(values, list):
            require(len(values) == study.n_doses + 1, f"{where}.{name}", "figures for another number of doses")
    errors = [each for values in row["mcse"].values() for each in values if each is not None]
    require(all(0 <= each <= 1 for each in errors), f"{where}.mcse", "an error that cannot be")


def _same_keys(given: Sequence[tuple[str, ...]], *names: Sequence[str], where: str) -> None:
    once = len(given) == len(set(given)) and set(given) == set(product(*names))
    require(once, where, "not one row for each design under each scenario")
