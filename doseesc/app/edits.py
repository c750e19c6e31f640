"""Changes to a scenario file's text that leave the rest as it is: comments, order, quotes, and every other value.

Text is replaced where a value stands, put in where a key is new, and cut out where one goes.  Afterwards the text is
read again: unless it holds what it held, but for the change, the change is refused.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from doseesc.errors import FieldPath, Problem, ScenarioError
from doseesc.study import source_of

if TYPE_CHECKING:
    from doseesc.study import Source


@dataclass(frozen=True)
class Edit:
    """A change of one value.

    Attributes
    ----------
    path : tuple
        Keys and indices that lead to it; an index one past a list's end adds an item.
    value : object
        The new value; None removes what is there.
    """

    path: FieldPath
    value: Any


def edited(name: str, text: str, edits: Sequence[Edit]) -> str:
    r"""Return a scenario file's text with changes made, one after the other.

    Parameters
    ----------
    name : str
        What the file is called in messages.
    text : str
    edits : sequence of Edit

    Raises
    ------
    ScenarioError
        If the text is no YAML, or a change would touch anything else, as where a value is an alias.

    Examples
    --------
    >>> edited("mine", "doses: [2, 4]  # mg\ntarget: 0.25\n", [Edit(("doses", 1), 8), Edit(("max_n",), 18)])
    'doses: [2, 8]  # mg\ntarget: 0.25\nmax_n: 18\n'
    """
    for edit in edits:
        source = read_text(name, text)
        if edit.value is None and not _holds(source.data, edit.path):
            continue
        changed = _removed(text, edit.path) if edit.value is None else _with(text, edit.path, flow(edit.value))
        _check(name, source.data, edit, changed)
        text = changed
    return text


@lru_cache(maxsize=8)
def read_text(name: str, text: str) -> Source:
    """Read a scenario file's text, of which a page asks several times; what is returned must not be changed."""
    return source_of(name, text.encode())


def flow(value: Any) -> str:
    """Return a value as YAML on one line.

    Examples
    --------
    >>> flow({"name": "3+3", "rules": [], "note": "a: b", "quoted": "25"})
    '{name: 3+3, rules: [], note: "a: b", quoted: "25"}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str):
        plain = value[:1].isalnum() and all(char.isalnum() or char in " _-+./()%" for char in value)
        return value if plain and _reads_as(value) else json.dumps(value, ensure_ascii=False)
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.12g}" if float(f"{value:.12g}") == value else repr(value)
    return str(value)


def _reads_as(word: str) -> bool:
    """Tell whether an unquoted word is read as that text."""
    try:
        return bool(source_of("", f"[{word}]".encode()).data == [word])
    except ScenarioError:
        return False


def _holds(data: Any, path: FieldPath) -> bool:
    for step in path:
        inside = isinstance(data, dict) and step in data
        if not inside and not (isinstance(data, list) and isinstance(step, int) and 0 <= step < len(data)):
            return False
        data = data[step]
    return True


def _check(name: str, data: Any, edit: Edit, text: str) -> None:
    """Refuse a text that does not hold the same as before but for the change."""
    try:
        found = read_text(name, text).data
    except ScenarioError:
        found = None
    if found != _expected(_apart(data), edit):
        problem = Problem(edit.path, "cannot be changed here without touching the rest", "change the text of the file")
        raise ScenarioError(name, [problem], data)


def _apart(data: Any) -> Any:
    """Return a copy in which no two places share a value, as aliases do."""
    if isinstance(data, dict):
        return {key: _apart(each) for key, each in data.items()}
    return [_apart(each) for each in data] if isinstance(data, list) else data


def _expected(data: Any, edit: Edit) -> Any:
    value = None if edit.value is None else source_of("", f"- {flow(edit.value)}".encode()).data[0]
    at = data
    for place, step in enumerate(edit.path[:-1]):
        if isinstance(at, dict) and at.get(step) is None:
            at[step] = [] if isinstance(edit.path[place + 1], int) else {}
        at = at[step]
    last = edit.path[-1]
    if edit.value is None:
        del at[last]
    elif isinstance(at, list) and last == len(at):
        at.append(value)
    else:
        at[last] = value
    return data


def _compose(text: str) -> Node:
    return YAML(typ="safe", pure=True).compose(text)


def _end(node: Node, text: str) -> int:
    """Return where a value ends in the text, without the blanks and comments that follow it."""
    if not isinstance(node, CollectionNode) or node.flow_style:
        start: int = node.start_mark.index
        return start + len(text[start : node.end_mark.index].rstrip())
    last = node.value[-1]
    return _end(last[1] if isinstance(node, MappingNode) else last, text)


def _line_end(text: str, at: int) -> int:
    """Return where the line ends, without its line break."""
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _find(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    """Return key and value of a step into a node."""
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        return None, node.value[step]
    return None


def _with(text: str, path: FieldPath, written: str) -> str:
    """Write a value where it stands, or where it is to stand."""
    node, key = _compose(text), None
    for depth, step in enumerate(path):
        found = _find(node, step)
        if found is None:
            for outer in reversed(path[depth + 1 :]):
                written = f"[{written}]" if isinstance(outer, int) else f"{{{flow(outer)}: {written}}}"
            return _added(text, node, key, step, written)
        key, node = found
    return _replaced(text, node, key, written)


def _replaced(text: str, node: Node, key: Node | None, written: str) -> str:
    start, end = node.start_mark.index, _end(node, text)
    block = isinstance(node, CollectionNode) and not node.flow_style
    if key is not None and (start == end or block):
        start = text.index(":", key.end_mark.index) + 1  # an empty value, or lines below the key
        return f"{text[:start]} {written}{text[max(end, start) :]}"
    return text[:start] + written + text[end:]


def _added(text: str, node: Any, key: Node | None, step: str | int, written: str) -> str:
    """Put a new key into a mapping, or a new item at the end of a list."""
    item = written if isinstance(step, int) else f"{flow(step)}: {written}"
    if isinstance(node, ScalarNode):  # an empty section
        return _replaced(text, node, key, f"[{written}]" if isinstance(step, int) else f"{{{item}}}")
    if node.flow_style:
        if not node.value:
            end = node.end_mark.index - 1
            return text[:end] + item + text[end:]
        last = node.value[-1]
        end = _end(last[1] if isinstance(node, MappingNode) else last, text)
        return f"{text[:end]}, {item}{text[end:]}"
    end = _line_end(text, _end(node, text))
    dash = "- " if isinstance(node, SequenceNode) else ""
    return f"{text[:end]}\n{'':{node.start_mark.column}}{dash}{item}{text[end:] or chr(10)}"


def _removed(text: str, path: FieldPath) -> str:
    """Cut out a key with its value, or an item of a list."""
    node: Any = _compose(text)
    key: Node | None = None
    for step in path[:-1]:
        found = _find(node, step)
        assert found is not None  # the caller has looked
        key, node = found
    pairs = node.value if isinstance(node, MappingNode) else [(each, each) for each in node.value]
    last = path[-1]
    at = next(
        place
        for place, (each, _) in enumerate(pairs)
        if (each.value == last if isinstance(last, str) else place == last)
    )
    if len(pairs) == 1:
        return _replaced(text, node, key, "[]" if isinstance(node, SequenceNode) else "{}")
    start, end = pairs[at][0].start_mark.index, _end(pairs[at][1], text)
    if node.flow_style:
        if at:
            return text[: _end(pairs[at - 1][1], text)] + text[end:]
        return text[:start] + text[pairs[1][0].start_mark.index :]
    begin = text.rfind("\n", 0, start) + 1
    if isinstance(node, MappingNode) and text[begin:start].strip():  # the first key after a dash
        return text[:start] + text[pairs[1][0].start_mark.index :]
    return text[:begin] + text[_line_end(text, end) + 1 :]
