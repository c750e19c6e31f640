"""No field of the study is dropped in silence: changing it changes a design's results, is refused, or is an exception.

What was met: the BLRM ignored the target.  Every built-in type of design is run on the calendar and without, each field
of the study is given another value, and whatever then stays the same to the last digit has to be named here with its
reason.
"""

import json
from functools import cache

import pytest
from ruamel.yaml import YAML
from support import data

from designs import MTPI2, design_class, type_names
from doseesc.errors import ScenarioError
from doseesc.runs import run
from doseesc.study import Source
from doseesc.study.parsing import parse
from doseesc.study.study import Study

MINIMAL = data("minimal_designs.json")
TYPES = [name for name in type_names() if name.lower() != "pymc"]
TITE = [name for name in TYPES if name.startswith("TITE-")]
OWN_RULES = ["3+3", "A+B", "RollingSix"]  # no target: their rules are numbers
MODELS = ["CRM", "CRM-MLE", "BMA-CRM", "TITE-CRM", "TITE-BMA-CRM"]
WITH_AMOUNTS = ["BLRM", "EWOC", "TITE-BLRM", "TITE-EWOC"]

BASE = {
    "study": {"title": "T"},
    "doses": {"amounts": [2, 8, 16], "labels": ["low", "medium", "high"], "unit": "mg"},
    "target": 0.3,
    "dlt_window_days": 28,
    "cohort_size": 3,
    "max_n": 12,
    "true_mtd": {"rule": "nearest", "margin": 0.1},
    "scenarios": [{"name": "S", "dlt": [0.15, 0.3, 0.5]}],
    "accrual": {"per_month": 6},
    "simulation": {"trials": 60, "seed": 3, "method": "both"},
}
VERDICT = "the verdict on all designs: tests/results/test_verdict.py"
PHASE_2 = "the Phase 2 trial, not the designs' results: tests/planning, tests/results/test_arms.py"
WORDS = "a name or a text"
LEVELS = "counts levels, not amounts"

# What each field becomes (and what else is needed for it to matter), and which designs do not mind, by reason.
CHANGES = {
    "study": ({"title": "U"}, {}, {WORDS: TYPES}),
    "doses.amounts": ([2, 4, 16], {}, {LEVELS: [name for name in TYPES if name not in WITH_AMOUNTS]}),
    "doses.labels": (["a", "b", "c"], {}, {WORDS: TYPES}),
    "doses.unit": ("g", {}, {WORDS: TYPES}),
    "target": (0.2, {}, {}),
    "dlt_window_days": (14, {}, {}),
    "cohort_size": (2, {}, {"treats one patient at a time": ["RollingSix"]}),
    "max_n": (9, {}, {}),
    "start_level": ("medium", {}, {}),
    "true_mtd": ({"rule": "highest_below", "margin": 0.25}, {}, {}),
    "scenarios": ([{"name": "S", "dlt": [0.1, 0.3, 0.5]}], {}, {}),
    "comparison": ({"weights": "scenarios"}, {}, {VERDICT: TYPES}),
    "optimal": ({"held_out": 99}, {}, {"the design that doseesc optimal seeks: tests/planning": TYPES}),
    "observation": ({"name": "o", "background": 0.1}, {}, {}),
    "accrual": ({"per_month": 3}, {}, {}),
    "dlt_times": ({"type": "late", "share": 0.9}, {}, {}),
    "stagger": ({"days_after_first": 20}, {}, {}),
    "max_duration_months": (1, {}, {}),
    "backfill": ({"type": "crmPack"}, {}, {}),
    "phase2_arms": ([{"name": "full", "fraction": 1}], {}, {PHASE_2: TYPES}),
    "phase2_dose_rule": ("nearest_tested_below", {}, {PHASE_2: TYPES}),
    "arm_analysis": ({"unsafe_above": 0.5}, {}, {PHASE_2: TYPES}),
    "phase2": ({"patients_per_arm": 20}, {"phase2_arms": [{"name": "full", "fraction": 1}]}, {PHASE_2: TYPES}),
    "analysis": ({"model": "crm_power"}, {}, {"the model of doseesc fit: tests/analysis": TYPES}),
    "simulation": ({"trials": 60, "seed": 4, "method": "both"}, {}, {}),
}
# The designs themselves are varied parameter by parameter in tests/designs/test_describe.py.
ELSEWHERE = {"designs"}


def entry(name):
    """Return a design of a type, as a file has it, with what it cannot be without."""
    kind = design_class(name.removeprefix("TITE-"))
    own = dict(MINIMAL.get(name.removeprefix("TITE-"), {}))
    for shared in ("target", "n_doses", "cohort_size", "max_n", "doses"):
        own.pop(shared, None)
    if "table" in own:
        own["table"] = {n: MTPI2(target=0.3, n_doses=3, max_n=12).decision_table()[n] for n in range(1, 13)}
    assert kind is not None
    return {"name": name, "type": name, **own}


def present():
    """Return the fields that a study has, those of its doses one by one."""
    fields = {field.alias or name for name, field in Study.model_fields.items()}
    doses = {f"doses.{name}" for name in Study.model_fields["doses"].annotation.model_fields}
    return (fields - {"doses"} | doses) - ELSEWHERE


def read(document):
    return parse(Source("study.yaml", json.dumps(document), "", YAML(typ="safe").load(json.dumps(document)), {}))


@cache
def found(text):
    """Return what each design of a study comes to, and the designs that are refused."""
    document = json.loads(text)
    entries, refused = [], {}
    for name in TYPES:
        one = entry(name)
        try:
            read({**document, "designs": [one]})
            entries.append(one)
        except ScenarioError as error:
            refused[name] = str(error)
    results = run(read({**document, "designs": entries})).to_document()
    parts = {name: [] for name in TYPES}
    for row in (*results["cells"], *results.get("time", ())):
        parts[row["design"]].append(json.dumps(row, sort_keys=True))
    return parts, refused


def changed(field, value, more):
    document = json.loads(json.dumps({**BASE, **more}))
    section, _, name = field.partition(".")
    if name:
        document[section][name] = value
    else:
        document[section] = value
    return document


def test_every_field_of_the_study_is_here():
    """A new field of the study needs a line in CHANGES: what it may become, and who does not mind."""
    assert present() <= set(CHANGES)


@pytest.mark.parametrize("field", sorted(set(CHANGES) & present()))
def test_a_field_changes_every_design_is_refused_or_is_named(field):
    value, more, exceptions = CHANGES[field]
    before, never = found(json.dumps({**BASE, **more}))
    assert not never
    after, refused = found(json.dumps(changed(field, value, more)))
    silent = {name for name in TYPES if name not in refused and before[name] == after[name]}
    named = {name for names in exceptions.values() for name in names}
    assert silent == named, (
        f"{field}: silently dropped {sorted(silent - named)}, named in vain {sorted(named - silent)}"
    )
    assert all(field.partition(".")[0] in said or "from the study" in said for said in refused.values())
