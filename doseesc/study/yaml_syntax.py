"""What is wrong with a text that is no YAML, in words of people who write files and not of parsers.

The parser says where it gave up; what the slip was is read from the text itself: the brackets and quotes before that
place, and how the lines around it begin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from doseesc.errors import Problem
from doseesc.wording import shorten

_CLOSING = {"[": "]", "{": "}"}
_OPENING = {closing: opening for opening, closing in _CLOSING.items()}
_NO_BREAK = "\u00a0"


def syntax_problem(text: str, error: YAMLError) -> Problem:
    """Return what is wrong with a text that the parser has refused."""
    mark = (error.problem_mark or error.context_mark) if isinstance(error, MarkedYAMLError) else None
    if mark is None:  # a character that YAML does not know
        position = int(getattr(error, "position", 0))
        line = text.count("\n", 0, position) + 1
        return Problem((), "is not YAML: it holds a control character", "remove it", line)
    lines = text.splitlines()
    at = min(int(mark.line), max(len(lines) - 1, 0))
    said = str(getattr(error, "problem", "") or "")
    context = error.context_mark if isinstance(error, MarkedYAMLError) else None
    begun = at if context is None else min(int(context.line), at)
    problem = (
        _tab(lines, at, said)
        or _unbalanced(text)
        or _unfinished_line(lines, begun, at, said)
        or _reserved(lines, at, said)
        or _text_after_quote(lines, at, said)
        or _colon_in_text(lines, at, said)
        or _out_of_line(lines, at)
    )
    return replace(problem, message=f"is not YAML: this line {problem.message}")


@dataclass(frozen=True)
class _Open:
    char: str
    line: int


def _unbalanced(text: str) -> Problem | None:
    """Find the bracket or quote without its other half, as they are read: not in quotes, comments or plain text."""
    stack: list[_Open] = []
    quote: _Open | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        place = 0
        while place < len(line):
            char = line[place]
            if quote is not None:
                if quote.char == '"' and char == "\\":
                    place += 1
                elif char == quote.char:
                    if char == "'" and line[place + 1 : place + 2] == "'":
                        place += 1
                    else:
                        quote = None
            elif char == "#" and (place == 0 or line[place - 1] in " \t"):
                break
            elif char in "\"'" and _begins_value(line, place):
                quote = _Open(char, number)
            elif char in _CLOSING and (stack or _begins_value(line, place)):
                stack.append(_Open(char, number))
            elif char in _OPENING and stack:
                opened = stack.pop()
                if _CLOSING[opened.char] != char:
                    where = "" if opened.line == number else f" of line {opened.line}"
                    message = f"closes the  {opened.char}{where} with a  {char}: {_shown(line)}"
                    return Problem((), message, f"write  {_CLOSING[opened.char]}  instead", number)
            elif char in _OPENING and re.search(r"[\[{]", line[:place]):
                message = f"has a  {char}  too many: {_shown(line)}"
                return Problem((), message, f"leave one  {char}  out", number)
            place += 1
        if stack and quote is None and _begins_next_key(lines, number, stack[-1]):
            break
    if quote is not None:
        message = f"has a quote that is never closed: {_shown(lines[quote.line - 1])}"
        return Problem((), message, f"write a second  {quote.char}  at the end of the text", quote.line)
    if stack:
        opened = stack[-1]
        message = f"has a  {opened.char}  that is never closed: {_shown(lines[opened.line - 1])}"
        return Problem((), message, f"write  {_CLOSING[opened.char]}  where it ends", opened.line)
    return None


def _begins_value(line: str, place: int) -> bool:
    """Tell whether a character stands where a value begins, so that it is no part of a text."""
    return re.search(r"(^|[:,\[{?-])\s*$", line[:place]) is not None and line[place - 1 : place] != ":"


def _begins_next_key(lines: list[str], number: int, opened: _Open) -> bool:
    """Tell whether the line after one is a key at or left of the line in which a bracket is open: it was forgotten."""
    if number >= len(lines):
        return False
    following, first = lines[number], lines[opened.line - 1]
    key = re.match(r"\s*(- +)?[\w.+-]+:(\s|$)|\s*- ", following)
    return key is not None and _indent(following) <= _indent(first)


def _tab(lines: list[str], at: int, said: str) -> Problem | None:
    """Find a tab before the first word of a line."""
    for number in (at, at - 1):
        if 0 <= number < len(lines) and "\t" in lines[number][: _indent(lines[number])]:
            message = f"begins with a tab: {_shown(lines[number])}"
            return Problem((), message, "indent with blanks; YAML takes no tabs", number + 1)
    if "'\\t'" in said and at < len(lines):
        return Problem((), f"has a tab: {_shown(lines[at])}", "write blanks instead", at + 1)
    return None


def _unfinished_line(lines: list[str], begun: int, at: int, said: str) -> Problem | None:
    """Find a line that would be  key: value  if its colon were there, or had a blank after it."""
    if "could not find expected ':'" not in said:
        return None
    number = next((each for each in range(at, begun - 1, -1) if each < len(lines) and not _has_colon(lines[each])), at)
    line = lines[number]
    for sign, message in ((":", "has no blank after the colon"), ("=", "has  =  instead of a colon")):
        key, found, value = line.partition(sign)
        if found and re.fullmatch(r"\s*(- +)?[\w.+-]+\s*", key):
            written = f"{key.strip().removeprefix('- ').strip()}: {value.replace(_NO_BREAK, ' ').strip()}"
            return Problem((), f"{message}: {_shown(line)}", f"write  {shorten(written)}", number + 1)
    return Problem((), f"has no colon: {_shown(line)}", "write  key: value", number + 1)


def _has_colon(line: str) -> bool:
    return re.search(r":(\s|$)", line.replace(_NO_BREAK, "_")) is not None or not line.strip() or _is_comment(line)


def _reserved(lines: list[str], at: int, said: str) -> Problem | None:
    """Find a character with which no text begins in YAML."""
    found = re.search(r"found character '(.)' that cannot start any token", said)
    if not found or found[1] not in "%@`":
        return None
    message = f"has a text that begins with  {found[1]}: {_shown(lines[at])}"
    quoted = re.search(rf"{re.escape(found[1])}[^,\]}}#]*", lines[at])
    remedy = f'put it in quotes:  "{quoted[0].strip()}"' if quoted else "put it in quotes"
    if quoted and (percent := re.fullmatch(r"%\s*([0-9.]+)\s*", quoted[0])):
        remedy = f"for {percent[1]} % write  {float(percent[1]) / 100:.12g}"
    return Problem((), message, remedy, at + 1)


def _text_after_quote(lines: list[str], at: int, said: str) -> Problem | None:
    """Find a text that goes on after its closing quote, as after an apostrophe in it."""
    if "<scalar>" not in said:
        return None
    line = lines[at]
    if not re.search(r"[:\[{,-]\s+[\"']", line):
        return None
    value = line.partition(":")[2].strip()
    remedy = "put the whole text in the other kind of quotes"
    if value.startswith("'") and '"' not in value:
        remedy = f'write  "{value.strip(chr(39))}"'
    return Problem((), f"goes on after the closing quote: {_shown(line)}", remedy, at + 1)


def _colon_in_text(lines: list[str], at: int, said: str) -> Problem | None:
    """Find a text with a colon in it, which makes it look like a key."""
    if "mapping values are not allowed" not in said:
        return None
    line = lines[at]
    key, _, value = line.partition(": ")
    if ": " not in value and not value.rstrip().endswith(":"):
        return None
    text = value.strip().replace('"', "'")
    return Problem(
        (), f"has a colon within a text: {_shown(line)}", f'put it in quotes:  {key.strip()}: "{text}"', at + 1
    )


def _out_of_line(lines: list[str], at: int) -> Problem:
    """Say that a line stands neither under nor within what is above it."""
    line = lines[at] if at < len(lines) else ""
    dash = re.match(r"\s*-(?=[A-Za-z_])([\w.+-]+):(\s|$)", line)
    if dash:
        fixed = re.sub(r"^(\s*)-", r"\1- ", line).strip()
        return Problem((), f"has no blank after the dash: {_shown(line)}", f"write  {shorten(fixed)}", at + 1)
    above = next((each for each in range(at - 1, -1, -1) if lines[each].strip() and not _is_comment(lines[each])), None)
    if above is None:
        return Problem((), f"is no  key: value  line: {_shown(line)}", "start from  doseesc init", at + 1)
    if line.lstrip().startswith("- ") != lines[above].lstrip().startswith("- ") and _indent(line) == _indent(
        lines[above]
    ):
        message = f"mixes lines with a dash and lines without: {_shown(line)}"
        return Problem((), message, "begin each item of a list with  - ", at + 1)
    message = f"begins in column {_indent(line) + 1}, which fits no line above it: {_shown(line)}"
    remedy = (
        f"begin it in the same column as the keys beside it; line {above + 1} begins in {_indent(lines[above]) + 1}"
    )
    return Problem((), message, remedy, at + 1)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _shown(line: str) -> str:
    return shorten(line.strip(), 60)
