"""Running trials: published records replayed, and what is recommended next."""

from __future__ import annotations

from doseesc.conduct import recommend, replay
from doseesc.study import load, shipped_replays
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, reference


def replayed_trials() -> Comparison:
    """Replay the shipped records: patients, DLTs, levels recommended, departures and MTD as published."""
    seen = Differences()
    cases: list[Item] = reference("replays.yaml")
    for case in cases:
        path = shipped_replays()[f"replay/{case['name']}"]
        study = load(path)
        name = case.get("design", next(iter(study.designs)))
        found, where = replay(study, path.with_suffix(".csv"), name), case["name"]
        seen.equal(f"{where}, patients", found.tally.n[-1], case["n"])
        seen.equal(f"{where}, DLTs", found.tally.dlt[-1], case["dlt"])
        answer = recommend(study, path.with_suffix(".csv"), design=name)
        seen.equal(f"{where}, recommended as replayed", answer.level, found.decision.level[-1])
        if "next" in case:
            seen.equal(f"{where}, next", answer.level, case["next"])
        if "mtd" in case:
            seen.equal(f"{where}, MTD", found.selected[-1], case["mtd"])
        if "next_levels" in case:
            seen.equal(f"{where}, levels", found.decision.level[1:], case["next_levels"])
        if "departures" in case:
            cohorts = [each["cohort"] for each in found.departed]
            seen.holds(f"{where}, departures", cohorts == case["departures"])
        table = answer.to_frame()
        if "estimates" in case:
            seen.close(f"{where}, estimates", table["estimate"], case["estimates"], within=5.1e-5)
        for column in ("overdosing", "underdosing"):
            for level, probability in case.get(column, {}).items():
                seen.close(f"{where}, {column} at {level}", table[column][level - 1], probability, within=5.1e-4)
    return seen.result
