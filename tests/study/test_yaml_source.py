import itertools
import os

import pytest

from doseesc.errors import ScenarioError
from doseesc.study import load

BROKEN = {
    "a: [1\nb: 2": "mine.yaml:2\n  is not YAML (expected ',' or ']'",
    "a:\n  - b\n c": "mine.yaml:3\n  is not YAML",
    'a: "x': "mine.yaml:1\n  is not YAML",
    "a: 1\nb: c\n@: 1": "mine.yaml:3\n  is not YAML",
    "a: 1\nb: \x01": "mine.yaml:2\n  is not YAML: it holds a control character",
    b"a: 1\nb: \xff\xfe": "mine.yaml:2\n  is not UTF-8 text",
    "": "mine.yaml\n  is empty",
    " \n\n": "mine.yaml\n  is empty",
    "# nothing\n---\n": "is empty but for comments",
    "- a\n": "mine.yaml:1\n  holds [a], not  key: value  lines",
    "hello": "holds hello, not  key: value  lines",
    "a: 1\n---\nb: 2\n": "has a second document (---)",
    "<<: {a: 1}": "has a merge key (<<)",
    "? [a]\n: b": "has a key that is not a word",
    "a: &a [*a]": "has an alias *a inside what it stands for",
    "a: &a {b: *a}": "has an alias *a inside what it stands for",
    "a: *b": "has an alias *b without an anchor",
    "a: " + "[" * 50_000: "is nested more than 30 deep",
}


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: str(text[:20]))
def test_what_is_not_a_yaml_file_of_keys_is_refused(text, complaint):
    assert BROKEN[text] in complaint(text)


def test_yaml_tags_are_refused_and_not_obeyed(complaint, complaint_with, small_scenario, tmp_path):
    message = complaint(small_scenario + "x: !!python/object/apply:os.system ['touch was_here']\n")
    assert "mine.yaml:11  x\n  has a YAML tag, tag:yaml.org,2002:python/object/apply:os.system" in message
    assert not (tmp_path / "was_here").exists()
    assert "mine.yaml:3  target\n  has a YAML tag" in complaint_with("target: 0.25", "target: !!float 0.25")


def test_alias_bomb_is_refused(complaint):
    names = "abcdefghi"
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]" for old, new in itertools.pairwise(names)]
    assert "has aliases that expand to more than 1,000 values" in complaint("\n".join(lines))


def test_missing_file_directory_and_other_things(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def said(path):
        with pytest.raises(ScenarioError) as caught:
            load(path)
        return str(caught.value)

    assert said("nowhere.yaml").startswith("nowhere.yaml\n  does not exist")
    (tmp_path / "folder").mkdir()
    assert "is a directory" in said("folder")
    assert "cannot be read" in said("folder\0name")
    assert "cannot be read" in said("x" * 5000)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "is not a regular file" in said("pipe")


def test_large_file_is_refused_without_reading_it_all(tmp_path):
    large = tmp_path / "large.yaml"
    with large.open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(ScenarioError, match=r"has 50\.0 MB; a scenario file has at most 1 MB"):
        load(large)
