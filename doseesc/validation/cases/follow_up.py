"""Interval designs with patients pending (TITE-BOIN, -Keyboard, -mTPI) against published and golden numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designs import BOIN, MTPI, Keyboard, Pending, Tally, Weighted
from designs.follow_up import ess_limits_of_rates, imputation_limits
from doseesc.conduct import FollowUpRow, decision_table
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden

DATA = "tite_interval.json"
WINDOW = 90.0
RULES = {
    "imputation": Weighted(),
    "imputation_51_percent_completed": Weighted(suspend_above=0.49),
    "ess": Weighted(estimate="ess"),
}
TITEGBOIN = Weighted(estimate="ess", suspend_above=0.5, minimum_known=0, suspend_first=True, hold_at_lowest=True)

State = tuple[int, int, Sequence[float]]
"""Patients, DLTs, and the follow-up of each patient pending in windows, at one level."""


def boin(target: float, pending: Weighted, **more: Any) -> BOIN:
    """Return a BOIN of three doses for many patients."""
    return BOIN(target=target, n_doses=3, max_n=60, pending=pending, **more)


def _posterior_design(name: str, **options: Any) -> Keyboard | MTPI:
    kind = {"TITE-keyboard": Keyboard, "TITE-mTPI": MTPI}[name]
    made: Keyboard | MTPI = kind(n_doses=3, max_n=60, **options)
    return made


def decided(design: Any, states: Sequence[State], level: int = 2) -> list[str]:
    """Return decisions as golden files write them."""
    n, y, follow_up = zip(*states, strict=True)
    places = max([len(each) for each in follow_up] + [1])
    days = np.zeros((len(n), places))
    taken = np.zeros((len(n), places), dtype=int)
    for row, each in enumerate(follow_up):
        taken[row, : len(each)] = level
        days[row, : len(each)] = np.minimum(np.array(each) * WINDOW, np.nextafter(WINDOW, 0))
    counts, dlt = np.zeros((2, len(n), design.n_doses), dtype=int)
    counts[:, level - 1] = np.array(n) - (taken > 0).sum(axis=1)
    dlt[:, level - 1] = y
    known = Tally(n=counts, dlt=dlt, level=np.full(len(n), level))
    pending = Pending(level=taken, days=days, window_days=WINDOW, n_doses=design.n_doses)
    decision = design.decide(known, pending)
    closed = design.ceiling(pending.entered(known)) < level
    letter = np.array(["S", "E", "D"])[np.sign(decision.level - level)]
    letters: list[str] = np.where(decision.waits, "SUS", np.where(closed, "DE", letter)).tolist()
    return letters


def decisions() -> Comparison:
    """Compare decisions of TITE-BOIN, by imputation and by effective sample size, with simFastBOIN's rules."""
    seen, items = Differences(), golden(DATA, "decisions")
    for rule, policy in RULES.items():
        for target in sorted({item["target"] for item in items}):
            states, expected = list[State](), list[str]()
            for item in items:
                if item["target"] != target:
                    continue
                for given in item["by_pending"]:
                    c = given["pending"]
                    states += [(item["n"], item["y"], [stft / c] * c if c else []) for stft in given["stft"]]
                    expected += given[rule]
            seen.equal(f"{rule}, target {target}", decided(boin(target, policy), states), expected)
    return seen.result


def limits() -> Comparison:
    """Compare limits on follow-up with the closed formulas."""
    seen = Differences()
    for item in golden(DATA, "decisions"):
        target, n, y = item["target"], item["n"], item["y"]
        rates = boin(target, Weighted()).rate_limits()
        by_dlts = ess_limits_of_rates(rates, n)
        for given in item["by_pending"]:
            if given["limits"] is None:
                continue
            where = f"target {target}, {y} of {n}, {given['pending']} pending"
            found = imputation_limits(np.array(n), np.array(y), np.array(given["pending"]), target, rates)
            printed = given["limits"]["imputation"]
            up, down = _or_never(printed["escalate_if_ge"], np.inf), _or_never(printed["deescalate_if_le"], -np.inf)
            seen.close(f"{where}, up", found.escalate_from, up, within=1e-8)
            seen.close(f"{where}, down", found.deescalate_to, down, within=1e-8)
            if y > 0:
                printed = given["limits"]["ess"]
                seen.relative(f"{where}, up", by_dlts.escalate_from[y], printed["escalate_if_ge"], within=1e-9)
                seen.relative(f"{where}, down", by_dlts.deescalate_to[y], printed["deescalate_if_le"], within=1e-9)
    return seen.result


def _or_never(limit: float | None, never: float) -> float:
    return never if limit is None else limit


def titegboin() -> Comparison:
    """Compare decisions with TITEgBOIN's, which holds back even what is certain."""
    seen = Differences()
    for item in golden(DATA, "titegboin_decisions"):
        rows = item["rows_pending_stft_decision"]
        states = [(item["n"], item["y"], [stft / c] * c if c else []) for c, stft, _ in rows]
        where = f"target {item['target']}, {item['y']} of {item['n']}"
        seen.equal(where, decided(boin(item["target"], TITEGBOIN), states), [letter for _, _, letter in rows])
    return seen.result


def limits_of_posterior_designs() -> Comparison:
    """Compare limits on the effective sample size of TITE-Keyboard and TITE-mTPI with roots by scipy."""
    seen = Differences()
    for item in golden(DATA, "limits"):
        width, y = item["half_width"], item["dlts"]
        found = _posterior_design(item["design"], target=item["target"], epsilon1=width, epsilon2=width).ess_limits(60)
        up, down = (_or_never(item[name], -np.inf) for name in ("escalate_if_ess_gt", "deescalate_if_ess_lt"))
        where = f"{item['design']} {item['id']}"
        seen.close(f"{where}, up", found.escalate_from[y], up, within=1e-6)
        seen.close(f"{where}, down", found.deescalate_to[y], down, within=1e-6)
    return seen.result


def lin_and_yuan() -> Comparison:
    """Compare decisions with the tables that Lin and Yuan's code prints, at seven lengths of follow-up.

    Their table asks for two known patients where three are entered, and for none where there are more.
    """
    seen = Differences()
    for row in golden(DATA, "lin_yuan_tables"):
        n = row["n"]
        design = _posterior_design(row["design"], target=0.3, pending=Weighted(minimum_known=2 if n == 3 else 0))
        states, expected = list[State](), list[str]()
        for y in _range(row["dlts"], n):
            for c in _range(row["pending"], n):
                if y + c > n:
                    continue
                for share in (0.0, 0.13, 0.31, 0.53, 0.72, 0.88, 0.999):
                    states.append((n, y, [share] * c))
                    expected.append(_printed_letter(row, n - c + share * c))
        seen.equal(f"{row['design']} {row['id']}", decided(design, states), expected)
    return seen.result


def _range(text: str, most: int) -> Sequence[int]:
    """Return the numbers that Lin and Yuan's code prints as "< 2", "> 1", "5, 6", "1 ~ 2" or "3"."""
    if text[0] in "<>":
        edge = int(text[1:])
        return range(edge) if text[0] == "<" else range(edge + 1, most + 1)
    if "~" in text:
        low, high = map(int, text.split("~"))
        return range(low, high + 1)
    return [int(each) for each in text.split(",")]


def _printed_letter(row: Item, ess: float) -> str:
    if row["escalate"] == "Suspend":
        return "SUS"
    for text, letter in ((row["escalate"], "E"), (row["deescalate"], "D")):
        if text.startswith("ESS"):
            limit = float(text[4:])
            if ess > limit if letter == "E" else ess < limit:
                return letter
        elif text.startswith("Yes"):
            return "DE" if "Eliminate" in text else letter
    return "S"


LETTERS = {"E": "E", "S": "S", "D": "D", "DE": "DU", "SUS": "W", "ES": "E/S", "SD": "S/D"}
"""Decisions of the published tables by ours."""


def published_tables() -> Comparison:
    """Compare TITE-BOIN's table row by row with those of Yuan et al. (2018) and Chen et al. (2025, 2026)."""
    seen = Differences()
    policies = {"Yuan": Weighted(), "Chen": Weighted(suspend_above=0.49, minimum_followed=0.25)}
    tables = dict[tuple[float, str], dict[tuple[int, int, int], FollowUpRow]]()
    for row in golden(DATA, "published_tables"):
        key = row["target"], row["source"].split()[0]
        if key not in tables:
            design = BOIN(target=row["target"], n_doses=3, max_n=15, pending=policies[key[1]])
            tables[key] = by_state(decision_table(design).follow_up or ())
        n, share = row["n"], 0.25 if row["escalation_needs_min_follow_up"] else 0.0
        most = n if row["n_tox_max"] is None else row["n_tox_max"]
        for y in range(row["n_tox_min"], most + 1):
            last = n - y if row["pending_max"] is None else min(row["pending_max"], n - y)
            for c in range(row["pending_min"], last + 1):
                ours, where = tables[key][n, y, c], f"{row['source']} {row['id']}, {y} of {n}, {c} pending"
                seen.equal(where, ours.decision, LETTERS[row["decision"]])
                seen.equal(f"{where}, followed", ours.followed, share)
                for name, limit, printed in (
                    ("up", ours.escalate_from, row["escalate_if_stft_ge"]),
                    ("down", ours.deescalate_to, row["deescalate_if_stft_le"]),
                ):
                    if limit is None or printed is None:
                        seen.holds(f"{where}, {name}", limit is None and printed is None)
                    else:
                        seen.close(f"{where}, {name}", limit, printed, within=0.0051)
    return seen.result


def by_state(rows: Sequence[FollowUpRow]) -> dict[tuple[int, int, int], FollowUpRow]:
    """Return every attainable (patients, DLTs, pending) with its row.

    Raises
    ------
    ValueError
        If one has two rows.
    """
    states: dict[tuple[int, int, int], FollowUpRow] = {}
    for row in rows:
        for y in range(row.dlt[0], row.dlt[1] + 1):
            for c in range(row.pending[0], min(row.pending[1], row.n - y) + 1):
                if (row.n, y, c) in states:
                    raise ValueError(f"{y} of {row.n} with {c} pending have two rows")
                states[row.n, y, c] = row
    return states
