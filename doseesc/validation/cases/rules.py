"""Each rule against one decision worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

import designs
from designs import BOIN, CRM, Rule, Tally, rule_names
from doseesc.validation.comparing import Comparison, Differences
from doseesc.validation.golden_numbers import Item, golden_items


def rules_of(item: Item) -> tuple[Rule, ...]:
    """Return the rules that an item writes as Python does, of rules' names, numbers and brackets alone."""
    known = {name: getattr(designs, name) for name in rule_names()}
    made: tuple[Rule, ...] = eval(f"({item['rules']},)", {"__builtins__": {}}, known)
    return made


def _design(item: Item, rules: tuple[Rule, ...]) -> Any:
    shared = {"target": 0.25, "max_n": 18, "cohort_size": 3, "start_level": item.get("start", 1), "rules": rules}
    return CRM(skeleton=(0.1, 0.25, 0.4), **shared) if item["design"] == "CRM" else BOIN(n_doses=3, **shared)


def worked_decisions() -> Comparison:
    """Compare next level and size of the cohort, and where the rule is about it the dose selected, with and without."""
    seen = Differences()
    for item in golden_items("rules.yaml"):
        tally = Tally.parse(item["outcomes"], n_doses=3)
        for place, (name, rules) in enumerate((("with", rules_of(item)), ("without", ()))):
            design = _design(item, rules)
            decision = design.decide(tally)
            where = f"{item['rules']}, {item['outcomes']}, {name}"
            seen.equal(where, np.array([decision.level[0], decision.cohort_size[0]]), item[name])
            if "selected" in item:
                seen.equal(f"{where}, selected", design.select(tally)[0], item["selected"][place])
    return seen.result
