"""What must hold in ``results.json`` besides its form: figures that are possible, and parts that agree.

Reading refuses what breaks it, so that nothing made of results, be it a page, a protocol or a table, has to.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from designs import Reason
from doseesc.engines import CALENDAR_METRICS, METRICS
from doseesc.results.time_checks import check_time, method_of
from doseesc.results.times import most_patients
from doseesc.results.versions import NEW_METRICS, check_version
from doseesc.study import Study, part_unlike_text
from doseesc.wording import has_control_characters, shorten

_MAY_BE_MISSING = ("bias_at_mtd", "not_caused_share", "safe_stopped", "below_mtd", *NEW_METRICS)
_NEAR = 1e-6  # sums of probabilities, and of patients in proportion to their number


class _WrongError(ValueError):
    """What does not hold, with its place."""


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
        _require(row["scenario"] in scenarios and {row["design_a"], row["design_b"]} <= set(names), where, "no cell")
        known = METRICS if study.calendar is None else (*METRICS, *CALENDAR_METRICS)
        _require(row["metric"] in known, where, f"no figure {row['metric']}")
        _require(row["mcse"] >= 0, where, "a negative standard error")
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
        _require(place is None, str(place), "something else than follows from the other figures")


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
        return None if abs(given - rebuilt) <= _NEAR * max(1.0, abs(rebuilt)) else place
    return None if given == rebuilt else place


@dataclass(frozen=True)
class _Sizes:
    """How long lists are: levels, and patients at most."""

    levels: int
    most: int


def check_texts(value: Any, name: str = "") -> None:
    """Refuse control characters, by which a text could rewrite what a terminal shows.

    Raises
    ------
    ValueError
        With the place of the first.
    """
    if isinstance(value, str):
        _require(not has_control_characters(value, lines=True), name, "a control character")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _require(not has_control_characters(key), name, "a key with a control character")
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
    _require(given in hashes, "scenario_text", "another text than the one of provenance.scenario_sha256")
    differs = part_unlike_text(study)
    _require(differs is None, f"study.{differs}", "something else than scenario_text says")


def _check_truths(rows: Sequence[Mapping[str, Any]], study: Study) -> None:
    names = [row["scenario"] for row in rows]
    _require(names == list(study.truths), "truths", "other scenarios than the study")
    for row, truth in zip(rows, study.truths.values(), strict=True):
        where = f"truths.{row['scenario']}"
        given = row["probabilities"]
        _require(len(given) == len(truth), where, f"{len(given)} probabilities for {len(truth)} doses")
        _require(np.allclose(given, truth, rtol=0, atol=1e-9), where, "other probabilities than the study")
        _require(row["true_mtd"] == study.true_mtd(truth), where, "another true MTD than the study")
        right = np.flatnonzero(study.right_levels(truth)).tolist()
        _require(row["right"] == right, where, "other levels that are right to select than the study")
        for name in ("benchmark", "benchmark_observed"):
            if row[name] is not None:
                _require(len(row[name]) == len(truth) + 1, where, f"a {name} of another length")
                _near(sum(row[name]), 1, f"{where}.{name}", "probabilities that do not sum to 1")


def _check_cell(row: Mapping[str, Any], document: Mapping[str, Any], study: Study) -> None:
    scenario, name = row["scenario"], row["design"]
    where = f"cells.{scenario}.{name}"
    mtd, right = {each["scenario"]: (each["true_mtd"], each["right"]) for each in document["truths"]}[scenario]
    sizes = _Sizes(study.n_doses, most_patients(study, name))
    provenance = document["provenance"]
    _require(row["simulated"] is not None or row["exact"] is not None, where, "neither simulated nor exact figures")
    for kind, method, trials in (("simulated", method_of(study, name), provenance["trials"]), ("exact", "exact", 0)):
        part = row[kind]
        if part is None:
            continue
        at = f"{where}.{kind}"
        own = (part["method"], part["n_trials"], part["true_mtd"])
        _require(own == (method, trials, mtd), at, "another method, number of trials or true MTD than the run")
        _require(part["target"] == study.target, at, "another target than the study")
        _check_main(part, right, sizes, at)
        _check_distributions(part, sizes, at)


def _check_main(part: Mapping[str, Any], right: Sequence[int], sizes: _Sizes, where: str) -> None:
    """Check the figures that every design has under every scenario, however it was observed."""
    selected, patients, dlts = (part[name] for name in ("selected", "patients", "dlts"))
    lengths = len(selected), len(patients), len(dlts)
    _require(lengths == (sizes.levels + 1, sizes.levels, sizes.levels), where, "figures for another number of doses")
    _near(sum(selected), 1, f"{where}.selected", "probabilities that do not sum to 1")
    _near(sum(patients), part["total_patients"], f"{where}.patients", "patients that do not sum to the total")
    _near(sum(dlts), part["total_dlts"], f"{where}.dlts", "DLTs that do not sum to the total")
    _require(part["total_patients"] <= sizes.most * (1 + _NEAR), where, "more patients than the design allows")
    for level, (treated, toxic) in enumerate(zip(patients, dlts, strict=True), start=1):
        _require(toxic <= treated + _NEAR, where, f"more DLTs than patients at level {level}")
    mtd = max(right)
    for name, value in (
        ("correct_selection", sum(selected[level] for level in right)),
        ("overdose_selection", sum(selected[mtd + 1 :])),
        ("patients_above_mtd", sum(patients[mtd:])),
    ):
        _require(part[name] is not None, f"{where}.{name}", "nothing")
        _near(part[name], value, f"{where}.{name}", "another value than the figures by level")
    for name in ("sd", "mcse"):
        if name in part:
            most = 0 if name == "mcse" and where.endswith(".exact") else max(1, sizes.most)
            _check_spread(part[name], sizes.levels, most, f"{where}.{name}")


def _check_spread(part: Mapping[str, Any], levels: int, most: int, where: str) -> None:
    """Check standard deviations or errors, which no figure of so many patients at most can exceed."""
    lengths = {"selected": levels + 1, "patients": levels, "dlts": levels}
    for name, value in part.items():
        listed = value if isinstance(value, list) else [value]
        _require(len(listed) == lengths.get(name, 1), f"{where}.{name}", "errors for another number of doses")
        for each in listed:
            missing = each is None and name not in _MAY_BE_MISSING
            _require(not missing, f"{where}.{name}", "nothing")
            _require(each is None or each >= 0, f"{where}.{name}", "a negative error")
            if each is not None and name in METRICS:  # more patients may be enrolled than are evaluable
                largest = most if "patients" in name or "dlts" in name else min(most, 1)
                _require(each <= largest + _NEAR, f"{where}.{name}", "an error that is too large")


def _check_distributions(part: Mapping[str, Any], sizes: _Sizes, where: str) -> None:
    joint = part["selected_and_patients"]
    length = sizes.most + 1
    right = len(joint) == sizes.levels + 1 and {len(row) for row in joint} == {length}
    _require(right, f"{where}.selected_and_patients", "a table of another size")
    table = np.array(joint)
    _near_all(table.sum(axis=1), part["selected"], f"{where}.selected_and_patients")
    _check_untried(part, sizes, where)
    for name, total in (("patients_distribution", "total_patients"), ("dlts_distribution", "total_dlts")):
        shares = part[name]
        _require(len(shares) == length, f"{where}.{name}", "numbers up to another than the design allows")
        _near(sum(shares), 1, f"{where}.{name}", "probabilities that do not sum to 1")
        mean = float(np.dot(shares, np.arange(length)))
        _near(mean, part[total], f"{where}.{name}", f"another mean than {total}")
    _near_all(table.sum(axis=0), part["patients_distribution"], f"{where}.patients_distribution")
    reasons = part["reasons"]
    known = {reason.name.lower() for reason in Reason} | {reason.name for reason in Reason}
    unknown = sorted(set(reasons) - known)
    _require(not unknown, f"{where}.reasons", f"a reason that is none: {shorten(''.join(unknown[:1]))}")
    _near(sum(reasons.values()), 1, f"{where}.reasons", "probabilities that do not sum to 1")
    _near(part["highest_tested"], part["selected"][-1], f"{where}.highest_tested", "another value than selected")
    bounded = part["unbounded"] is not None and part["unbounded"] <= part["highest_tested"] + _NEAR
    _require(bounded, f"{where}.unbounded", "no value, or more than highest_tested")


def _check_untried(part: Mapping[str, Any], sizes: _Sizes, where: str) -> None:
    """Check how often nobody was treated at a level; all of it is null in results of before that was looked at."""
    at, untried = f"{where}.selected_and_untried", part["selected_and_untried"]
    size = len(untried) == sizes.levels + 1 and {len(row) for row in untried} == {sizes.levels}
    _require(size, at, "a table of another size")
    chances = np.array(untried, dtype=np.float64)
    if part["untried_selection"] is None:
        _require(np.isnan(chances).all(), at, f"figures without {where}.untried_selection")
        return
    possible = (chances <= np.array(part["selected"])[:, None] + _NEAR).all()  # false where one is missing
    _require(possible, at, "nothing, or more than selected")
    name = "untried_selection"
    _near(float(np.trace(chances[1:])), part[name], f"{where}.{name}", "another value than selected_and_untried")


def _check_policies(part: Mapping[str, Any] | None, study: Study) -> None:
    observed = list(study.observations)
    _require((part is not None) == bool(observed), "policies", "observation models that are not the study's")
    if part is None:
        return
    _require(part["policies"] == observed, "policies", "observation models that are not the study's")
    scenarios, designs = list(study.truths), list(study.designs)
    alone = [(row["scenario"], row["design"]) for row in part["drug_alone"]]
    _same_keys(alone, scenarios, designs, where="policies.drug_alone")
    cells = [(row["policy"], row["scenario"], row["design"]) for row in part["cells"]]
    _same_keys(cells, observed, scenarios, designs, where="policies.cells")
    for row in (*part["drug_alone"], *part["cells"]):
        scenario, name = row["scenario"], row["design"]
        where = f"policies.{row.get('policy', 'drug_alone')}.{scenario}.{name}"
        sizes = _Sizes(study.n_doses, most_patients(study, name))
        _require(row["simulated"] is not None or row["exact"] is not None, where, "no figures")
        for kind in ("simulated", "exact"):
            if row[kind] is not None:
                right = np.flatnonzero(study.right_levels(study.truths[scenario])).tolist()
                _check_main(row[kind], right, sizes, f"{where}.{kind}")
                for name_, values in row[kind].get("per_patient", {}).items():
                    _require(len(values) == sizes.levels, f"{where}.{kind}.{name_}", "another number of doses")
                if "enrolled" in row[kind]:
                    _check_enrolled(row[kind], f"{where}.{kind}")


def _check_enrolled(part: Mapping[str, Any], where: str) -> None:
    """Check the figures of those enrolled; what is rarer than one in a thousand million is not written down."""
    shares, enrolled = part["enrolled_distribution"], part["enrolled"]
    _near(sum(shares), 1, f"{where}.enrolled_distribution", "probabilities that do not sum to 1")
    mean = float(np.dot(shares, np.arange(len(shares))))
    _near(mean, enrolled, f"{where}.enrolled_distribution", "another mean than enrolled")
    _near(part["total_patients"] + part["replaced"], enrolled, f"{where}.replaced", "another number than were enrolled")
    for name in ("deaths", "drug_dlts"):
        _require(part[name] <= enrolled + _NEAR, f"{where}.{name}", "more patients than were enrolled")


def _check_arm(row: Mapping[str, Any], study: Study) -> None:
    where = f"phase2.analysis.{row['scenario']}.{row['design']}.{row['arm']}"
    known = row["scenario"] in study.truths and row["design"] in study.designs
    _require(known and row["arm"] in {arm.name for arm in study.phase2_arms}, where, "no such cell or arm")
    for name, values in (*row.items(), *row["mcse"].items()):
        if isinstance(values, list):
            _require(len(values) == study.n_doses + 1, f"{where}.{name}", "figures for another number of doses")
    errors = [each for values in row["mcse"].values() for each in values if each is not None]
    _require(all(0 <= each <= 1 for each in errors), f"{where}.mcse", "an error that cannot be")


def _same_keys(given: Sequence[tuple[str, ...]], *names: Sequence[str], where: str) -> None:
    once = len(given) == len(set(given)) and set(given) == set(product(*names))
    _require(once, where, "not one row for each design under each scenario")


def _near_all(values: Any, others: Any, where: str) -> None:
    for value, other in zip(values, others, strict=True):
        _near(float(value), other, where, "sums that are not those of the figures by level")


def _near(value: float, other: float, where: str, what: str) -> None:
    _require(abs(value - other) <= _NEAR * max(1.0, abs(other)), where, what)


def _require(holds: object, where: str, what: str) -> None:
    if not holds:
        raise _WrongError(f"{shorten(where, 150)} holds {what}")
