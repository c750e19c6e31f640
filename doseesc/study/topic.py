"""What is told about a design, a rule, a policy, a section or a key."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass

LEFT_OUT = "left out"  # what a parameter is by default that has no value then


@dataclass(frozen=True)
class Parameter:
    """A parameter or key: its name, what it holds, what it is if left out ("" where it must be given), its meaning."""

    name: str
    kind: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Topic:
    """What can be explained.

    Attributes
    ----------
    name : str
        As users write it: the type of a design or rule, the path of a key.
    group : str
        "design", "rule", "policy", "section" or "key".
    summary : str
        One sentence.
    text : tuple of str
        Further paragraphs, formulas among them; lines that begin with blanks are to be shown as they are.
    parameters : tuple of Parameter
    sources : tuple of str
        Publications.
    example : str
        Lines of a scenario file.
    """

    name: str
    group: str
    summary: str
    text: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    sources: tuple[str, ...] = ()
    example: str = ""


def paragraphs(docstring: str) -> list[str]:
    """Return the paragraphs of a docstring before its sections; indented ones keep their lines."""
    text = inspect.cleandoc(docstring)
    text = re.split(r"^\w[^\n]*\n-{3,}$", text, maxsplit=1, flags=re.MULTILINE)[0]
    found = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        if re.search(r"^ ", paragraph, flags=re.MULTILINE):
            found.append(_unmarked(paragraph))
        elif paragraph.strip():
            found.append(_unmarked(" ".join(paragraph.split())))
    return found


def _unmarked(text: str) -> str:
    """Take reStructuredText's marks off, but not the stars of formulas."""
    text = re.sub(r":\w+:`~?([^`]*)`", r"\1", text).replace("`", "")
    return re.sub(r"(?<![\w*])\*([^*\s][^*\n]*)\*(?!\w)", r"\1", text)
