"""Interval designs against R's package escalation, published tables and published characteristics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designs import BOIN, CCD, Keyboard, StopAtDose, Tally, design_class
from doseesc.engines import Paths, enumerate_paths
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden, reference
from doseesc.validation.other_programs import by_id, interval_of_escalation
from doseesc.validation.walks import WITHIN, compare_course, enumerated_by_escalation, label

KINDS = ("mTPI", "mTPI2", "TPI")
"""What escalation has besides BOIN, by its names."""


def decision_tables() -> Comparison:
    """Compare decision tables of TPI, mTPI and mTPI-2 with escalation's.

    At the lowest dose there is no minimum number of patients for exclusion there.
    """
    seen = Differences()
    for item in golden("escalation.json", "decision_tables"):
        most, where = max(item["n"]), f"{item['design']} {by_id(item)}"
        table = interval_of_escalation(item, n_doses=3, max_n=most).decision_table()
        at_once = interval_of_escalation(item, n_doses=3, max_n=most, exclusion_min_n=1).decision_table()
        columns = zip(item["n"], item["middle_dose"], item["middle_dose_admissible"], item["lowest_dose"], strict=True)
        for n, middle, admissible, lowest in columns:
            seen.equal(f"{where}, {n} patients", list(table[n].replace("U", "D")), list(middle))
            excluded = ["0" if letter == "U" else "1" for letter in table[n]]
            seen.equal(f"{where}, {n} patients, admissible", excluded, list(admissible))
            translated = at_once[n].translate(str.maketrans("DU", "SX"))
            seen.equal(f"{where}, {n} patients at the lowest", list(translated), list(lowest))
    return seen.result


def decisions() -> Comparison:
    """Decide every (n, y) at the doses above the lowest of three, and compare with escalation's tables."""
    seen, steps = Differences(), {"E": 1, "S": 0, "D": -1}
    for item in golden("escalation.json", "decision_tables"):
        design = interval_of_escalation(item, n_doses=3, max_n=max(item["n"]) + 1, cohort_size=1)
        for n, middle in zip(item["n"], item["middle_dose"], strict=True):
            y = np.arange(n + 1)
            for level in (2, 3):
                count, dlt = np.zeros((n + 1, 3), dtype=int), np.zeros((n + 1, 3), dtype=int)
                count[:, level - 1], dlt[:, level - 1] = n, y
                decision = design.decide(Tally(n=count, dlt=dlt, level=np.full(n + 1, level)))
                expected = level + np.array([steps[letter] for letter in middle])
                where = f"{item['design']} {by_id(item)}, {n} patients at level {level}"
                seen.equal(where, decision.level, np.minimum(expected, 3))
    return seen.result


def walked_as_in_r(item: Item) -> Paths:
    """Walk the design of one of escalation's enumerations."""
    rules = (StopAtDose(item["config"]["stop_n_at_any"]),) if "stop_n_at_any" in item["config"] else ()
    design = interval_of_escalation(item, n_doses=item["num_doses"], max_n=sum(item["cohort_sizes"]), rules=rules)
    return enumerate_paths(design)


def escalation_trials() -> Comparison:
    """Compare paths, patients and DLTs with escalation's enumeration."""
    seen = Differences()
    for item in enumerated_by_escalation(*KINDS):
        paths = walked_as_in_r(item)
        seen.equal(f"{label(item)} paths", paths.n_paths, item["terminal_paths"])
        compare_course(seen, label(item), paths.characteristics(item["true_prob_tox"]), item)
    return seen.result


def escalation_selections() -> Comparison:
    """Compare the dose selected by TPI and mTPI-2 with escalation's, whose mTPI selector fails where doses tie."""
    seen = Differences()
    for item in enumerated_by_escalation("TPI", "mTPI2"):
        exact = walked_as_in_r(item).characteristics(item["true_prob_tox"])
        theirs = [item["prob_none"] + item["prob_invalid"], *item["prob_select"]]
        seen.close(label(item), exact.selected, theirs, within=WITHIN)
    return seen.result


def published_tables() -> Comparison:
    """Compare decision tables of mTPI, mTPI-2, TPI and i3+3 with the papers' figures, letter by letter."""
    seen = Differences()
    for item in reference("interval_designs.yaml")["decision_tables"]:
        design: Any = design_class(item["design"])(n_doses=5, max_n=30, **item["options"])
        table = design.decision_table()
        for n, letters in item["rows"].items():
            where = f"{item['design']}, target {item['options']['target']}, {n} patients"
            seen.equal(where, list(table[n]), list(letters))
    return seen.result


def boundaries_of(table: Sequence[str], numbers: Sequence[int]) -> tuple[list[int], list[int], list[int]]:
    """Return (escalate if <=, de-escalate if >=, eliminate if >=) per number of patients."""
    rows = [table[n] for n in numbers]
    escalate = [row.count("E") - 1 for row in rows]
    return escalate, [row.count("E") + row.count("S") for row in rows], [len(row) - row.count("U") for row in rows]


def published_boundaries() -> Comparison:
    """Compare boundaries of Keyboard with the package's, and of CCD with the authors' rule."""
    seen, published = Differences(), reference("interval_designs.yaml")
    expected = published["keyboard_boundaries"]
    table = Keyboard(target=expected["target"], n_doses=5, max_n=30).decision_table()
    ours = boundaries_of(table, expected["n"])
    theirs = [expected[f"{each}"] for each in ("escalate_if_le", "deescalate_if_ge", "eliminate_if_ge")]
    seen.equal("Keyboard", ours, theirs)
    boin = BOIN(target=expected["target"], n_doses=5, max_n=30).boundaries()
    differing = [n for n, row in zip(expected["n"], ours[0], strict=True) if row != boin.escalate_if_le[n - 1]]
    seen.equal("Keyboard differs from BOIN at", differing, [21])
    for item in published["ccd_boundaries"]["items"]:
        default = CCD(target=item["target"], n_doses=5, max_n=30)
        where = f"CCD, target {item['target']}"
        escalate, deescalate, _ = boundaries_of(default.decision_table(), item["n"])
        seen.equal(where, [escalate, deescalate], [item["escalate_if_le"], item["deescalate_if_ge"]])
        given = CCD(target=item["target"], n_doses=5, max_n=30, delta=item["delta"])
        seen.equal(f"{where}, half-width given", list(given.decision_table()), list(default.decision_table()))
    for target, delta in published["ccd_half_widths"]["items"].items():
        seen.equal(f"CCD half-width at {target}", CCD(target=target, n_doses=5, max_n=30).half_width, delta)
    return seen.result


def published_characteristics() -> Comparison:
    """Compare with the papers' simulations of mTPI and TPI, and with figures recomputed from their definitions."""
    seen, case = Differences(), reference("interval_designs.yaml")["characteristics"]
    shared = {"target": case["target"], "n_doses": len(case["p"]), "max_n": case["max_n"]}
    for item in case["items"]:
        oc = enumerate_paths(design_class(item["design"])(**shared)).characteristics(case["p"])
        fraction, name = oc.total_dlts / oc.total_patients, item["design"]
        seen.close(f"{name} printed", oc.selected[:4].round(2), item["published_selected"], within=1e-12)
        within = item["patients_within"]
        seen.close(f"{name} printed patients", oc.patients[:4], item["published_patients"], within=within)
        seen.close(f"{name} printed DLTs", fraction, item["published_dlt_fraction"], within=0.01)
        seen.close(f"{name} selected", oc.selected[:4], item["exact_selected"], within=1e-3)
        seen.close(f"{name} patients", oc.patients[:4], item["exact_patients"], within=5e-3 + 1e-9)
        seen.close(f"{name} DLTs", fraction, item["exact_dlt_fraction"], within=5e-4 + 1e-9)
    return seen.result
