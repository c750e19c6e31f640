"""The form: every key of the scenario model has a field, made from the model, and nothing of a file is missing."""

from pathlib import Path

import pytest

from doseesc.app.edits import Edit, edited
from doseesc.app.fields import known_topics, typed
from doseesc.app.form import form_of
from doseesc.study import parse, shipped_scenarios, source_of

BY_HAND = ("notes", "assumptions")  # several sentences each: on the page File


def groups(form):
    waiting = [*form.designs, *form.scenarios, *form.sections]
    for group in waiting:
        yield group
        waiting += group.groups


def fields(form):
    return [*form.trial, *(each for group in groups(form) for each in (*group.fields, *group.more))]


def leaves(data, path=()):
    if isinstance(data, dict) and data:
        return [leaf for key, each in data.items() for leaf in leaves(each, (*path, key))]
    if isinstance(data, list) and any(isinstance(each, dict) for each in data):
        return [leaf for place, each in enumerate(data) for leaf in leaves(each, (*path, place))]
    return [path]


@pytest.mark.parametrize("name", sorted(shipped_scenarios()))
def test_everything_that_a_shipped_file_says_stands_in_a_field(name):
    data = source_of(name, Path(shipped_scenarios()[name]).read_bytes()).data
    places = {each.path for each in fields(form_of(data))}
    for leaf in leaves(data):
        covered = any(leaf[:length] in places for length in range(1, len(leaf) + 1)) or (*leaf, 0) in places
        rule = len(leaf) == 5 and (leaf[0], leaf[2], leaf[4]) == ("designs", "rules", "type")  # its heading
        assert covered or rule or leaf[-1] in BY_HAND, leaf


def test_every_key_of_the_model_has_a_field_where_a_file_leaves_it_out():
    known = known_topics()
    form = form_of({"designs": [], "scenarios": [{"name": "S"}]})
    told = {".".join(str(step) for step in each.path if not isinstance(step, int)) for each in fields(form)}
    kinds = {key for key, topic in known.items() if any(": " in each.name for each in topic.parameters)}
    of_lists = ("phase2_arms.", "phase2.strata.", "analysis.borrow.studies.", "optimal.constraints.")
    for key, topic in known.items():
        if topic.group != "key" or key.startswith(("designs.", *of_lists)) or key.rpartition(".")[2] in BY_HAND:
            continue
        if any(key.startswith(f"{kind}.") for kind in kinds):  # after its type has been chosen
            continue
        assert key in told, key
    words = ("scenarios", "analysis.borrow.heterogeneity")  # that a word may stand for, and those that are listed
    assert {f"{each}.type" for each in kinds if not each.startswith(words)} <= told


@pytest.mark.parametrize("kind", [name for name, each in known_topics().items() if each.group == "design"])
def test_every_option_and_rule_of_a_design_has_a_field_with_the_words_of_explain(kind):
    known = known_topics()
    rules = [name for name, each in known.items() if each.group == "rule"]
    entry = {"name": "mine", "type": kind, "rules": [{"type": each} for each in rules]}
    (design,) = form_of({"designs": [entry]}).designs
    (*pending,) = [each for each in design.groups if each.path[-1] == "pending"]
    told = {each.path[2:]: each.meaning for group in (design, *pending) for each in (*group.fields, *group.more)}
    for option in known[kind].parameters:
        if option.name in ("n_doses", "doses", "amounts", "rules"):
            continue
        path = tuple(option.name.split("."))
        assert path in told or (path == ("pending",) and pending), option.name
        assert told.get(path, option.meaning) == option.meaning
    shown = {each.title: [one.label for one in each.fields] for each in design.groups if each not in pending}
    assert list(shown) == rules
    for name, labels in shown.items():
        assert len(labels) == len(known[name].parameters)


def test_kinds_of_a_section_are_chosen_and_then_have_their_own_fields():
    def times(data):
        (group,) = [each for each in form_of(data).sections if each.path == ("dlt_times",)]
        return {each.path[-1]: each for each in group.fields}

    assert times({})["type"].choices == ("uniform", "weibull", "early", "late")
    assert list(times({"dlt_times": {"type": "weibull"}})) == ["type", "shape", "scale"]
    assert list(times({"dlt_times": {"type": "early"}})) == ["type", "within_days", "share"]
    (scenario,) = form_of({"scenarios": [{"name": "S", "curve": {"type": "emax", "d50": 8}}]}).scenarios
    assert [each.label for each in scenario.more] == ["type", "d50", "pmax", "p0", "hill"]


def test_arms_are_added_with_names_of_their_own():
    text = Path(shipped_scenarios()["nct04602104"]).read_text()
    for count in (4, 5):
        (arms,) = [
            each for each in form_of(source_of("", text.encode()).data).sections if each.path == ("phase2_arms",)
        ]
        text = edited("", text, [Edit((*arms.path, arms.adds), typed(arms.item, "value"))])
        assert len(parse(source_of("", text.encode())).phase2_arms) == count
    assert "# MTD/4" in text


def test_a_word_for_a_whole_section_is_typed_as_it_is():
    form = form_of({"phase2": {"strata": "berlin"}, "observation": [{"name": "a"}, {"name": "b"}]})
    (strata,) = [each for each in groups(form) if each.path == ("phase2", "strata")]
    assert [(each.kind, each.value) for each in strata.fields] == [("value", "berlin")]
    (observed,) = [each for each in form.sections if each.path == ("observation",)]
    assert [(each.title, each.given) for each in observed.groups if each.path[0] == "observation"] == [
        ("a", True),
        ("b", True),
    ]
