"""BOIN against the R package BOIN 2.7.2 and published tables."""

from __future__ import annotations

import numpy as np

from designs import BOIN, Reason, Tally
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import golden, reference
from doseesc.validation.other_programs import boin_of_get_boundary, by_id, one_tally

_TABLES = ("escalate_if_le", "deescalate_if_ge", "eliminate_if_ge")


def boundaries() -> Comparison:
    """Compare limits of the DLT rate and the boundaries in patients with get.boundary."""
    seen = Differences()
    for item in golden("boin.json", "get_boundary"):
        size = item["cohortsize"]
        design = boin_of_get_boundary(item, n_doses=3, max_n=item["ncohort"] * size, cohort_size=size)
        seen.close(f"{by_id(item)} lambda_e", design.lambda_e, item["lambda_e"], within=1e-12)
        seen.close(f"{by_id(item)} lambda_d", design.lambda_d, item["lambda_d"], within=1e-12)
        ours = design.boundaries()
        seen.equal(f"{by_id(item)} n", ours.n, np.arange(1, design.max_n + 1))
        for name in ("boundary_tab", "full_boundary_tab"):
            if name not in item:
                continue
            table = item[name]
            rows = np.array(table["n"]) - 1
            never = [n + 1 if y is None else y for n, y in zip(table["n"], table["eliminate_if_ge"], strict=True)]
            seen.equal(f"{by_id(item)} escalate", ours.escalate_if_le[rows], table["escalate_if_le"])
            seen.equal(f"{by_id(item)} de-escalate", ours.deescalate_if_ge[rows], table["deescalate_if_ge"])
            seen.equal(f"{by_id(item)} eliminate", ours.eliminate_if_ge[rows], never)
    return seen.result


def decisions() -> Comparison:
    """Decide every (n, y) at the middle one of three doses, and compare with the table of get.boundary.

    An eliminated level is left at once, and is not entered again from below.
    """
    seen = Differences()
    for item in golden("boin.json", "get_boundary"):
        size = item["cohortsize"]
        max_n = item["ncohort"] * size
        design, longer = (
            boin_of_get_boundary(item, n_doses=3, max_n=max_n + more, cohort_size=size) for more in (1, 4)
        )
        table = item["full_boundary_tab" if "full_boundary_tab" in item else "boundary_tab"]
        for n, low, high, out in zip(*table.values(), strict=True):
            y = np.arange(n + 1)
            zero = np.zeros_like(y)
            dlt = np.stack([zero, y, zero], axis=1)
            middle = Tally(n=np.stack([zero, zero + n, zero], axis=1), dlt=dlt, level=zero + 2)
            expected = np.where(y <= low, 3, np.where(y >= high, 1, 2))
            seen.equal(f"{by_id(item)}, {n} patients", design.decide(middle).level, expected)
            if out is not None:
                below = Tally(n=np.stack([zero + 3, zero + n, zero], axis=1), dlt=dlt, level=zero + 1)
                again = longer.decide(below)
                where = f"{by_id(item)}, {n} patients above"
                seen.equal(where, again.level, np.where(y >= out, 1, 2))
                seen.holds(f"{where}, reason", again.reason[y >= out] == Reason.TOO_TOXIC_ABOVE)
    return seen.result


def extra_safe_stops() -> Comparison:
    """Compare the stricter stop at the lowest level with get.boundary's."""
    seen = Differences()
    for item in golden("boin.json", "get_boundary"):
        if "stop_boundary" not in item:
            continue
        size, table = item["cohortsize"], item["stop_boundary"]
        design = boin_of_get_boundary(item, n_doses=2, max_n=item["ncohort"] * size + 1, cohort_size=size)
        for n, stop in zip(table["n"], table["stop_if_ge"], strict=True):
            y = np.arange(n + 1)
            tally = Tally(n=np.stack([0 * y + n, 0 * y], axis=1), dlt=np.stack([y, 0 * y], axis=1), level=0 * y + 1)
            expected = y >= (n + 1 if stop is None else stop)
            decision = design.decide(tally)
            seen.equal(f"{by_id(item)}, {n} patients", decision.level == 0, expected)
            seen.holds(f"{by_id(item)}, {n} patients, reason", decision.reason[expected] == Reason.NO_SAFE_DOSE)
            seen.equal(f"{by_id(item)}, {n} patients, selection", design.select(tally) == 0, expected)
    return seen.result


def mtds() -> Comparison:
    """Compare the dose selected with select.mtd's."""
    seen = Differences()
    for item in golden("boin.json", "select_mtd"):
        n, y = np.array(item["npts"]), np.array(item["ntox"])
        design = boin_of_get_boundary(item, n_doses=len(n), max_n=max(3, int(n.sum())), bound_mtd=item["boundMTD"])
        highest = int(np.flatnonzero(n).max(initial=-1)) + 1
        seen.equal(by_id(item), design.select(one_tally(n, y, highest))[0], item["mtd"] or 0)
    return seen.result


def published_limits() -> Comparison:
    """Compare limits of the DLT rate with those printed to seven digits."""
    seen, published = Differences(), reference("published.yaml")["boin_lambdas"]
    within = published["within"] + 1e-12
    for item in published["items"]:
        options = {name: item[name] for name in ("target", "p_safe", "p_toxic") if name in item}
        design = BOIN(n_doses=3, max_n=18, **options)
        if "lambda_e" in item:
            seen.close(f"lambda_e at {item['target']:.3g}", design.lambda_e, item["lambda_e"], within=within)
        seen.close(f"lambda_d at {item['target']:.3g}", design.lambda_d, item["lambda_d"], within=within)
    return seen.result


def published_tables() -> Comparison:
    """Compare boundaries with printed ones, for cohorts of three and for every number of patients."""
    seen, published = Differences(), reference("published.yaml")
    table = published["boin_cohort_table"]
    ours = BOIN(target=table["target"], n_doses=5, max_n=30).boundaries()
    for name in _TABLES:
        seen.equal(f"cohorts of three, {name}", getattr(ours, name)[np.array(table["n"]) - 1], table[name])
    for item in published["boin_full_tables"]["items"]:
        ours = BOIN(target=item["target"], n_doses=5, max_n=30).boundaries()
        for name in _TABLES:
            seen.equal(f"target {item['target']}, {name}", getattr(ours, name), _numbers(item[name]))
    return seen.result


def _numbers(text: str) -> list[int]:
    """Read a row of a printed table; "-" (never) is n + 1."""
    return [n + 1 if word == "-" else int(word) for n, word in enumerate(text.split(), start=1)]


def published_trial() -> Comparison:
    """Follow the worked trial of the manual, and select the dose of the paper's example."""
    seen, published = Differences(), reference("published.yaml")
    trial = published["boin_worked_trial"]
    design = BOIN(target=trial["target"], n_doses=trial["n_doses"], max_n=60)
    histories = [" ".join(trial["cohorts"][: k + 1]) for k in range(len(trial["cohorts"]))]
    decision = design.decide(Tally.parse(histories, n_doses=trial["n_doses"]))
    seen.equal("worked trial", decision.level, trial["next_level"])
    case = published["boin_mtd"]
    tally = one_tally(case["n"], case["dlt"], 3)
    seen.equal("selection", BOIN(target=case["target"], n_doses=5, max_n=30).select(tally)[0], case["mtd"])
    return seen.result
