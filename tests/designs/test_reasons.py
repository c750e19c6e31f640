"""What is said as the reason of a decision fits the data, for every design, on every tally that can be reached."""

import numpy as np
import pytest
from extremes import BASES, RULED, RULES

from designs import BOIN, Reason, Tally, ThreePlusThree, design_class, rule_class
from doseesc.engines import DecisionGraph

CASES = {
    **{name: (name, BASES[name] | {"max_n": 12}) for name in BASES if name not in ("RollingSix", "3+3", "A+B")},
    **{name: (name, BASES[name]) for name in ("RollingSix", "3+3", "A+B")},
    "3+3 from level 2": ("3+3", {"n_doses": 3, "start_level": 2}),
    "escalating only, from level 2": ("3+3", {"n_doses": 3, "start_level": 2, "variant": "escalation_only"}),
    "BOIN titrated": ("BOIN", {"target": 0.25, "n_doses": 3, "max_n": 12, "titration": True}),
    "BOIN from level 2": ("BOIN", {"target": 0.25, "n_doses": 3, "max_n": 12, "start_level": 2}),
    "CRM, all doses expected to be toxic": ("CRM", {"target": 0.25, "skeleton": (0.35, 0.5, 0.6), "max_n": 12}),
}
RULED_CASES = [
    (base, name) for base in RULED for name in RULES if name != "FollowPath" and (base == "EWOC" or "cv" not in name)
]


def ruled(base, name):
    kind = rule_class(name.split()[0])
    inner = {"rules": (rule_class("StopAtDose")(n=6),)} if "rules" in RULES[name] else {}
    return design_class(base)(**BASES[base] | {"max_n": 9, "rules": (kind(**RULES[name] | inner),)})


def walked(design):
    """Return the graph of all tallies that trials of a design can come to."""
    graph, done = DecisionGraph(design), 0
    while done < graph.size:
        nodes = np.arange(done, graph.size)
        done, width = graph.size, graph.following.shape[1]
        edges = [node * width + np.arange(graph.cohort_size[node] + 1) for node in nodes if graph.level[node] > 0]
        if edges:
            graph.expand(np.concatenate(edges))
    return graph


def check(design):
    graph = walked(design)
    met = {Reason(int(code)) for code in graph.reason_code}
    for node in range(graph.size):
        tally, level = graph.tally.take(np.array([node])), int(graph.level[node])
        reason = Reason(int(graph.reason_code[node]))
        said = design.why(reason, tally, level)
        where = f"{tally.n[0]}, {tally.dlt[0]} at {tally.level[0]} -> {level}: {said}"
        for problem, holds in claims(said, tally, level, int(graph.selected[node]), design):
            assert holds, f"{where} ({problem})"
    return met


def claims(said, tally, level, selected, design):
    """Yield what a sentence says of the data, and whether it is so; written without the code that chooses it."""
    current, n, dlt = int(tally.level[0]), tally.n[0], tally.dlt[0]
    here = (int(n[current - 1]), int(dlt[current - 1])) if current else (0, 0)
    rate = here[1] / here[0] if here[0] else None
    target = design.target
    words = said.lower()
    if "support" in words and "higher level" in words:
        yield "goes up", level > current
        if target and "though" not in words:
            yield "rate not above the target", rate is None or rate <= target
    if "next higher level" in words:
        yield "up by one", level == current + 1
    if "support treating more patients at this level" in words:
        yield "stays", level == current
        if target:
            yield "rate not above the target", rate <= target
        else:
            yield "at most a third", rate <= 1 / 3 + 1e-9
    if "lower level" in words and "call for" in words:
        yield "goes down", 0 < level < current
        if target and "though" not in words:
            yield "rate not below the target", rate >= target
    if "is above the target" in words:
        yield "rate above", rate > target
    if "is below the target" in words:
        yield "rate below", rate < target
    if "no lower level" in words:
        yield "lowest", current == level == 1
    if "no higher level" in words:
        yield "highest", current == level == design.n_doses
    if "no dlt so far" in words:
        yield "no DLT", dlt.sum() == 0
    if "nobody has been treated" in words:
        yield "nobody", n.sum() == 0
    if "would go higher" in words:
        yield "not down", level >= current
        yield "a level above", level < design.n_doses
    if "nobody was treated at the lowest" in words:
        yield "so it is", n[0] == 0 and dlt.sum() > 0
    if "even the lowest level" in words:
        yield "stops without a dose", level == 0 and selected == 0
        yield "somebody was treated at the lowest, or it is the model's", n[0] > 0 or hasattr(design, "posterior")
    if "complete the cohort" in words:
        yield "at the level in use", level == current
    if "has found its mtd" in words:
        yield "a dose is selected", level == 0 and selected > 0
    if "maximum number" in words:
        yield "all treated", n.sum() == design.max_n
    if words.startswith("stop"):
        yield "stops", level == 0
    if "too likely to exceed the limit" in words:
        yield "somebody had a DLT", dlt.sum() > 0


@pytest.mark.parametrize("case", CASES)
def test_reasons_fit_the_data(case):
    name, parameters = CASES[case]
    assert len(check(design_class(name.split()[0])(**parameters))) > 2


@pytest.mark.parametrize(("base", "name"), RULED_CASES)
def test_reasons_fit_the_data_with_a_rule(base, name):
    assert len(check(ruled(base, name))) > 2


@pytest.mark.parametrize(
    ("outcomes", "says"),
    [
        ("1NTT", "above the target, but does not stop the trial, and there is no lower level"),
        ("1NNN", "The data support the next higher level."),
        ("1NNN 2NNN 3NNN", "There is no higher level"),
    ],
)
def test_what_is_said_after(outcomes, says):
    design = BOIN(target=0.25, n_doses=3, max_n=18)
    tally = Tally.parse(outcomes, n_doses=3)
    decision = design.decide(tally)
    assert says in design.why(decision.reason[0], tally, int(decision.level[0]))
    assert design.why(Reason.STAY) == Reason.STAY.sentence


def test_the_reason_of_a_3_3_has_no_target():
    design = ThreePlusThree(n_doses=3)
    tally = Tally.parse("1NNT", n_doses=3)
    assert design.why(Reason.STAY, tally, 1) == Reason.STAY.sentence
