import collections
import shutil

import pytest
from pydantic import TypeAdapter
from support import ROOT, small_policy, yaml

from designs import design_type, policy_names, rule_names, type_names
from doseesc.report.terminal import list_lines, topic_lines
from doseesc.study import explained_keys, load
from doseesc.study.explained import UnknownTopic, explain, topics
from doseesc.study.meanings import meanings
from doseesc.study.policy_file import policy_file
from doseesc.study.schema import described_parameters, sections
from doseesc.study.study import Study, json_schema

TOPICS = topics()
MADE = [topic for topic in TOPICS.values() if topic.group in ("design", "rule", "policy")]
KEYS = [topic for topic in TOPICS.values() if topic.group in ("section", "key")]


def test_everything_can_be_explained():
    assert {*type_names(), *rule_names(), *policy_names()} == {topic.name for topic in MADE}
    assert set(json_schema(["BOIN"])["properties"]) <= {topic.name for topic in KEYS}
    assert len(KEYS) > 150


@pytest.mark.parametrize("topic", MADE, ids=lambda topic: topic.name)
def test_every_parameter_has_a_meaning_of_its_own(topic):
    assert topic.summary.endswith(".")
    meanings = [each.meaning for each in topic.parameters]
    assert all(meanings), [each.name for each in topic.parameters if not each.meaning]
    assert len(set(meanings)) == len(meanings)
    for meaning in meanings:
        assert "see " not in meaning.lower()
        assert "module's text" not in meaning
    assert all(each.kind for each in topic.parameters if topic.group == "design")


def test_no_two_kinds_have_the_same_sentence():
    counts = collections.Counter(topic.summary for topic in MADE)
    assert [text for text, count in counts.items() if count > 1] == []


def test_no_meaning_of_a_key_is_used_twice():
    homes = collections.defaultdict(set)
    for model in sections(Study):
        for name, text in meanings(model).items():
            own = next(base for base in reversed(model.__mro__) if name in vars(base).get("__annotations__", {}))
            meaning = " ".join(text.split())
            assert meaning, f"{model.__name__}.{name}"
            homes[meaning].add((own.__name__, name))
    assert {text: sorted(used) for text, used in homes.items() if len(used) > 1} == {}


def test_every_key_has_an_example():
    keys = [name for name, topic in TOPICS.items() if topic.group in ("key", "section")]
    assert len(keys) > 100
    assert [name for name in keys if not TOPICS[name].example] == []


@pytest.mark.parametrize("name", [info.alias or name for name, info in Study.model_fields.items()])
def test_every_key_of_the_file_has_an_example(name):
    assert TOPICS[name].example.startswith(f"{name}:")


def test_the_schema_says_the_same():
    entries = {entry["title"]: entry for entry in json_schema()["$defs"]["DesignEntry"]["oneOf"]}
    for name, entry in entries.items():
        for parameter, (_, meaning) in described_parameters(design_type(name).design).items():
            if parameter in entry["properties"] and parameter not in ("pending", "name", "type"):
                assert entry["properties"][parameter]["description"].startswith(" ".join(meaning.split()))
                assert meaning in {each.meaning for each in TOPICS[name].parameters}


@pytest.mark.parametrize("topic", MADE, ids=lambda topic: topic.name)
def test_examples_load(topic, scenario_file, small_scenario, tmp_path):
    if topic.name == "pymc":
        pytest.importorskip("pymc")
        shutil.copy(ROOT / "scenarios" / "pymc" / "my_models.py", tmp_path)
    if topic.name == "policy":
        (tmp_path / "optimum.npz").write_bytes(policy_file(small_policy(target=0.25, max_n=18)))
    text = small_scenario.replace("designs:\n  - {name: B, type: BOIN}", topic.example)
    assert topic.example in text
    design = next(iter(load(scenario_file(text)).designs.values()))
    if topic.group == "rule":
        assert type(design.rules[0]).__name__ == topic.name
    elif topic.group == "policy":
        assert type(design.pending).__name__ == topic.name
    else:
        assert isinstance(design, design_type(topic.name).design)


@pytest.mark.parametrize("model", sections(Study), ids=lambda model: model.__name__)
def test_examples_of_keys_are_right_values(model):
    for info in model.model_fields.values():
        for example in info.examples or ():
            TypeAdapter(info.rebuild_annotation()).validate_python(example)


@pytest.mark.parametrize("topic", [each for each in KEYS if each.example], ids=lambda topic: topic.name)
def test_the_line_of_a_keys_example_is_yaml_of_that_key(topic):
    assert list(yaml(topic.example)) == [topic.name.rpartition(".")[2]]


def test_a_key_is_found_by_its_path_or_its_last_part():
    assert [topic.name for topic in explain("observation.deaths")] == ["observation.deaths"]
    assert explain("deaths") == explain("observation.deaths")
    assert {"accrual.per_month", "phase2.accrual.per_month"} <= {topic.name for topic in explain("per_month")}
    assert [topic.name for topic in explain("BOIN.p_safe")] == ["BOIN.p_safe"]
    assert [topic.name for topic in explain("stop_too_toxic")] == ["StopTooToxic"]


@pytest.mark.parametrize(
    ("name", "meant"), [("BLMR", "BLRM"), ("observation.deths", "observation.deaths"), ("NoSkiping", "NoSkipping")]
)
def test_an_unknown_name_is_answered_with_the_nearest(name, meant):
    with pytest.raises(UnknownTopic, match=f"did you mean  {meant}"):
        explain(name)


def test_only_what_is_asked_for_is_read_from_sources(monkeypatch):
    read = []

    def told(model):
        read.append(model.__name__)
        return meanings(model)

    monkeypatch.setattr(explained_keys, "meanings", told)
    explain("BLRM")
    assert read == []
    explain("accrual.per_month")
    assert read == ["Arrivals"]
    with pytest.raises(UnknownTopic):
        explain("BLMR")
    assert read == ["Arrivals"]


@pytest.mark.parametrize("width", [80, 140])
def test_it_fits_the_terminal(width):
    lines = [*list_lines(TOPICS, width), *topic_lines(TOPICS.values(), width)]
    assert [line.plain for line in lines if len(line.plain) > width] == []


def test_the_command(cli):
    code, out, err = cli("explain", "BLRM")
    assert (code, err) == (0, "")
    assert out.startswith("BLRM  design\nThe two-parameter Bayesian logistic regression model.\n")
    assert "logit p = log_alpha + exp(log_beta) log(dose / reference)" in out
    assert "Neuenschwander, Branson and Gsponer (2008)" in out
    assert "AcceleratedTitration" in cli("explain")[1]
    code, _, err = cli("explain", "BLMR")
    assert code == 2
    assert "did you mean  BLRM?" in err
    namespace = {}
    exec(cli("explain", "BLRM", "--show-code")[1], namespace)


def test_a_time_to_event_design_is_explained_with_its_own_way_with_pending_patients():
    told = {
        name: parameter.default
        for name in ("TITE-BOIN", "BOIN")
        for parameter in explain(name)[0].parameters
        if parameter.name == "pending"
    }
    assert told == {"TITE-BOIN": "weighted", "BOIN": "complete"}


def test_a_slip_in_a_key_of_the_study_is_not_taken_for_a_part_of_another():
    with pytest.raises(UnknownTopic, match=r"did you mean  dlt_times\?"):
        explain("dlt_time")
