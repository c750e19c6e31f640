"""What a design, rule, section or key means, for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from rich.text import Text

from doseesc.report.terminal.lines import WIDTH, wrapped
from doseesc.study import Topic

_GROUPS = {
    "designs (type:)": ("design",),
    "rules (rules:)": ("rule",),
    "what is done about pending patients (pending:)": ("policy",),
    "sections and keys": ("section", "key"),
}


def topic_lines(topics: Iterable[Topic], width: int = WIDTH) -> Iterator[Text]:
    """Yield what is to be said about each topic."""
    for place, topic in enumerate(topics):
        if place:
            yield Text()
        yield from _topic(topic, width)


def _topic(topic: Topic, width: int) -> Iterator[Text]:
    yield Text(topic.name, "bold").append(f"  {topic.group}", "dim")
    yield from wrapped(topic.summary, width=width)
    for paragraph in topic.text:
        yield Text()
        if "\n" in paragraph:
            for line in paragraph.splitlines():
                indent = " " * (len(line) - len(line.lstrip()))
                for part in textwrap.wrap(line, width, subsequent_indent=indent, drop_whitespace=True) or [""]:
                    yield Text(part)
        else:
            yield from wrapped(paragraph, width=width)
    if topic.parameters and not (topic.group == "key" and topic.parameters[0].meaning == topic.summary):
        yield Text()
    for parameter in topic.parameters:
        said = {"": "; must be given", "left out": "; may be left out"}.get(
            parameter.default, f"; by default {parameter.default}"
        )
        own = topic.group == "key" and parameter.meaning == topic.summary
        head = Text("  ").append(parameter.name, "bold")
        kind = f"{parameter.kind}{said}".lstrip("; ")
        if len(parameter.name) + len(kind) + 4 <= width:
            yield head.append(f"  {kind}", "dim")
        else:
            yield head
            yield from (Text(f"      {line}", "dim") for line in textwrap.wrap(kind, width - 6))
        if not own:
            yield from (Text(f"      {line}") for line in textwrap.wrap(parameter.meaning, width - 6))
    if topic.example:
        yield Text()
        yield Text("example", "dim")
        yield from (Text(f"  {line}") for line in topic.example.splitlines())
    if topic.sources:
        yield Text()
        yield from wrapped("; ".join(topic.sources), "dim", 2, width)


def list_lines(topics: Mapping[str, Topic], width: int = WIDTH) -> Iterator[Text]:
    """Yield the names of all that can be explained, each with its sentence where it has a line of its own."""
    listed = [topics[name] for name in topics if "." not in name]  # the others are not put into words
    for head, groups in _GROUPS.items():
        own = [topic for topic in listed if topic.group in groups]
        longest = max(len(topic.name) for topic in own)
        yield Text(head, "bold")
        for topic in own:
            rest = width - longest - 4
            lines = textwrap.wrap(topic.summary, rest)
            yield Text(f"  {topic.name:<{longest}}  {lines[0] if lines else ''}")
            yield from (Text(f"{'':{longest + 4}}{line}") for line in lines[1:])
        yield Text()
    yield from wrapped(
        "doseesc explain NAME  tells each of them with its parameters, and any key in a section:  "
        "doseesc explain observation.deaths",
        width=width,
    )
