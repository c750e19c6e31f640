"""The 3+3 design in its variants against escalation, bcrm, precautionary and closed formulas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from designs import Design, Tally, ThreePlusThree
from doseesc.engines import enumerate_paths
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden, reference
from doseesc.validation.other_programs import by_id
from doseesc.validation.walks import WITHIN, compare_enumerated

VARIANTS = ("six_at_mtd", "deescalation", "escalation_only")


def escalation_trials() -> Comparison:
    """Compare paths and characteristics with escalation's enumeration."""
    seen = Differences()
    for item in golden("escalation.json", "three_plus_three"):
        variant = "deescalation" if item["allow_deescalate"] else "escalation_only"
        paths = enumerate_paths(ThreePlusThree(n_doses=item["num_doses"], variant=variant))
        seen.equal(f"{by_id(item)} paths", paths.n_paths, item["terminal_paths"])
        compare_enumerated(seen, by_id(item), paths.characteristics(item["true_prob_tox"]), item)
    return seen.result


def bcrm_trials() -> Comparison:
    """Compare paths, characteristics and the mean share of patients at each dose with bcrm's enumeration."""
    seen = Differences()
    for item in golden("escalation.json", "bcrm_threep3"):
        variant = "escalation_only" if item["esc_only"] else "deescalation"
        paths = enumerate_paths(ThreePlusThree(n_doses=item["num_doses"], variant=variant))
        seen.equal(f"{by_id(item)} paths", paths.n_paths, item["paths"])
        exact = paths.characteristics(item["true_prob_tox"])
        compare_enumerated(seen, by_id(item), exact, item)
        seen.close(f"{by_id(item)} sum", exact.selected.sum(), item["total_prob"], within=WITHIN)
        # Mean over trials of the share of patients at each dose: from the terminal tallies themselves.
        n, dlt, p = paths.tally.n, paths.tally.dlt, np.array(item["true_prob_tox"])
        weight = np.exp(paths.log_coefficient) * np.prod(p**dlt * (1 - p) ** (n - dlt), axis=1)
        share = weight @ (n / n.sum(axis=1, keepdims=True))
        seen.close(f"{by_id(item)} shares", share, item["experimentation"], within=WITHIN)
    return seen.result


@dataclass(frozen=True, kw_only=True)
class _SixAtTop(ThreePlusThree):
    """No de-escalation, but the top level is not accepted with three patients: a variant that packages know."""

    variant: str = "escalation_only"

    def finished(self, tally: Tally) -> Any:
        three_at_top = (tally.level == self.n_doses) & (tally.at(tally.n) == 3) & (tally.at(tally.dlt) == 0)
        return np.where(three_at_top, np.int8(0), super().finished(tally))


def _design_of(letter: str, n_doses: int) -> ThreePlusThree:
    """Return the variant that the golden path counts call A, B, C, D."""
    if letter == "C":
        return _SixAtTop(n_doses=n_doses)
    variant = {"A": "escalation_only", "B": "deescalation", "D": "six_at_mtd"}[letter]
    return ThreePlusThree(n_doses=n_doses, variant=variant)


def all_sequences(design: Design) -> tuple[Tally, int]:
    """Walk every sequence of outcomes of cohorts of three, nothing merged; return the ends and the number of nodes."""
    frontier, ends, nodes = Tally.empty(design.n_doses), [], 0
    while frontier.size:
        nodes += frontier.size
        decision = design.decide(frontier)
        stop = decision.level == 0
        ends.append(frontier.take(stop))
        going, level = frontier.take(~stop), decision.level[~stop]
        if not going.size:
            break
        frontier = Tally.concatenate(
            going.after(level, np.full(going.size, 3), np.full(going.size, dlt)) for dlt in range(4)
        )
    return Tally.concatenate(ends), nodes


def paths() -> Comparison:
    """Count sequences, nodes and trial sizes, walked one by one and by the engine."""
    seen = Differences()
    for item in golden("three_plus_three_paths.json", "counts"):
        design, where = _design_of(item["variant"], item["num_doses"]), f"{item['variant']}{item['num_doses']}"
        ends, nodes = all_sequences(design)
        seen.equal(f"{where} sequences", ends.size, item["paths"])
        seen.equal(f"{where} nodes", nodes, item["nodes"])
        sizes, numbers = np.unique(ends.total_n, return_counts=True)
        theirs = sorted((int(n), count) for n, count in item["paths_by_n"].items())
        seen.equal(f"{where} by size", np.stack([sizes, numbers], axis=1), theirs)
        seen.equal(f"{where} smallest and largest", [sizes[0], sizes[-1]], [item["min_n"], item["max_n"]])
        if item.get("bcrm_threep3_paths"):
            seen.equal(f"{where} bcrm", ends.size, item["bcrm_threep3_paths"])
        seen.equal(f"{where} engine", enumerate_paths(design).n_paths, item["paths"])
    return seen.result


def published_path_counts() -> Comparison:
    """Compare numbers of paths with precautionary's tables, a closed formula and two packages."""
    seen, case = Differences(), reference("published.yaml")["three_plus_three_counts"]
    for variant in VARIANTS:
        ours = [enumerate_paths(ThreePlusThree(n_doses=d, variant=variant)).n_paths for d in case["doses"]]
        seen.equal(variant, ours, case[variant])
        if variant == "escalation_only":
            seen.equal("formula", ours, [3 * 2 ** (d + 1) - 5 for d in case["doses"]])
    return seen.result


def published_characteristics() -> Comparison:
    """Compare with the closed formula of going past a dose, and with selections as published and printed."""
    seen, published = Differences(), reference("published.yaml")
    case = published["three_plus_three_escalation"]
    truths = [[p, 0.0] for p in case["probability"]]
    formula = [(1 - p) ** 3 + 3 * p * (1 - p) ** 5 for p in case["probability"]]
    for variant in VARIANTS:
        # With two doses and a harmless second one, everything that gets past the first ends at the second.
        past = enumerate_paths(ThreePlusThree(n_doses=2, variant=variant)).characteristics(truths).selected[:, 2]
        seen.close(f"past a dose, {variant}", past, list(case["probability"].values()), within=case["within"])
        seen.close(f"past a dose, {variant}, formula", past, formula, within=1e-12)
    case = published["three_plus_three_exact"]
    for item in case["items"]:
        design = ThreePlusThree(n_doses=len(item["p"]), variant=item["variant"])
        exact, where = enumerate_paths(design).characteristics(item["p"]), item["variant"]
        seen.close(f"{where} selected", exact.selected, item["selected"], within=case["within"])
        if "printed" in item:  # that application rounds 0.3247 to 0.33
            seen.close(f"{where} printed", exact.selected, item["printed"], within=6e-3)
        if "total_patients" in item:
            for name in ("total_patients", "total_dlts"):
                seen.close(f"{where} {name}", getattr(exact, name), item[name], within=case["within"])
    return seen.result
