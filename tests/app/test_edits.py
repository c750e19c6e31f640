"""Changes to a scenario file leave everything else as it is."""

import pytest
from support import ROOT, THREE_DESIGNS, THREE_DOSES

from doseesc.app.edits import Edit, edited
from doseesc.errors import ScenarioError
from doseesc.study import load, shipped_replays, shipped_scenarios, source_of

SMALL = f"study: {{title: small}}  # of mine\n{THREE_DOSES}{THREE_DESIGNS}"


def comments(text):
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]


def values(data, path=()):
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield (*path, key), value
        if isinstance(value, dict | list):
            yield from values(value, (*path, key))


@pytest.mark.parametrize("name", {**shipped_scenarios(), **shipped_replays()})
def test_every_number_of_a_shipped_file_can_be_changed_and_no_comment_is_lost(name):
    text = (ROOT / f"scenarios/{name}.yaml").read_text()
    data = source_of(name, text.encode()).data
    places = [path for path, value in values(data) if isinstance(value, int | float) and not isinstance(value, bool)]
    for path in places[:: max(1, len(places) // 4)]:
        try:
            changed = edited(name, text, [Edit(path, 0.123)])
        except ScenarioError:
            assert "&" in text  # several places share the value
            continue
        found = source_of(name, changed.encode()).data
        for step in path:
            found = found[step]
        assert found == 0.123
        assert comments(changed) == comments(text)
        assert len(changed.splitlines()) == len(text.splitlines())


def test_rules_designs_and_scenarios_come_and_go():
    text = (ROOT / "scenarios/nct04602104.yaml").read_text()
    edits = [
        Edit(("designs", 1, "rules", 3), None),
        Edit(("designs", 3), {"name": "Keyboard", "type": "Keyboard"}),
        Edit(("designs", 1, "rules", 3), {"type": "SelectTried"}),
        Edit(("designs", 0), None),
        Edit(("scenarios", 8), None),
        Edit(("optimal", "benchmark"), True),
    ]
    changed = edited("mine", text, edits)
    data = source_of("mine", changed.encode()).data
    assert [each["name"] for each in data["designs"]] == ["CRM", "BOIN", "Keyboard"]
    assert data["designs"][0]["rules"][-1] == {"type": "SelectTried"}
    assert [each["name"] for each in data["scenarios"]] == [f"S{k}" for k in range(8)]
    assert data["optimal"] == {"benchmark": True}
    gone = {line for line in text.splitlines() if line not in changed.splitlines()}
    assert len(gone) == 3  # the rule, whose comment goes with it, the design and the scenario


def test_what_is_not_in_the_file_is_not_removed():
    assert edited("mine", SMALL, [Edit(("accrual", "per_month"), None)]) == SMALL


def test_last_item_and_last_key_leave_an_empty_list_and_section():
    text = "doses: {amounts: [1]}\ndesigns:\n  - name: a  # first\nend: 1\n"
    changed = edited("mine", text, [Edit(("doses", "amounts", 0), None), Edit(("designs", 0), None)])
    assert source_of("mine", changed.encode()).data == {"doses": {"amounts": []}, "designs": [], "end": 1}


def test_text_stays_text_and_cannot_become_anything_else():
    hostile = [
        "25",
        "true",
        "a: b",
        "x # y",
        '"',
        "&a",
        "*a",
        "!!python/object:os.system",
        "- a",
        "]",
        "{",
        "\u2028",
        "\t",
    ]
    for word in hostile:
        changed = edited("mine", SMALL, [Edit(("study", "title"), word)])
        assert source_of("mine", changed.encode()).data["study"]["title"] == word


def test_value_that_others_share_is_not_changed_behind_their_backs():
    text = "a: &x [1, 2]\nb: *x\n"
    with pytest.raises(ScenarioError, match="without touching the rest"):
        edited("mine", text, [Edit(("a", 0), 5)])


def test_changed_file_is_a_study(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text(edited("mine", SMALL, [Edit(("max_n",), 15), Edit(("designs", 2, "elimination_cutoff"), 0.9)]))
    study = load(file)
    assert study.designs["BOIN"].max_n == 15
    assert study.designs["BOIN"].elimination_cutoff == 0.9
