"""What was wrong in a command line, in words: what was typed, why it cannot be, and what to type instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from doseesc.errors import percentage, show, suggestion
from doseesc.values_meant import number_meant, with_whole_numbers
from doseesc.wording import nearest, shorten

_KINDS = {
    "valid integer": "a whole number",
    "valid number": "a number",
    "valid boolean": "true or false",
}
_SHARE = re.compile(r"between 0 and 1|at most 1\b|room around the target|less than the separation")
_LIMITS = {
    r"greater than or equal to ([-\d.]+)": "at least {0}",
    r"less than or equal to ([-\d.]+)": "at most {0}",
    r"greater than ([-\d.]+)": "greater than {0}",
    r"less than ([-\d.]+)": "less than {0}",
}


def command_line_mistake(error: Any, arguments: Sequence[str]) -> str:
    """Return what to say about a mistake in the command line.

    Parameters
    ----------
    error : UsageError
        What the parser of the command line has found.
    arguments : sequence of str
        The words typed.
    """
    context: Any = getattr(error, "ctx", None)
    first = next(iter(arguments), "-")
    command = getattr(context, "command_path", None) or ("doseesc" if first.startswith("-") else f"doseesc {first}")
    name = type(error).__name__
    if name == "NoSuchOption":
        return _unknown_option(command, context, str(error.option_name))
    if name in ("MissingParameter", "BadOptionUsage", "BadArgumentUsage"):
        return _missing(command, context, error)
    unknown = re.match(r"No such command ['\"](.*?)['\"]", error.format_message())
    if unknown:
        known = [*getattr(getattr(context, "command", None), "commands", {}), "--help", "--version"]
        return _said(command, f"has no command  {unknown[1]}", suggestion(unknown[1], known, "the commands are"))
    if name == "BadParameter":
        return _wrong_value(command, error, arguments)
    extra = re.search(r"unexpected extra arguments?(?:\(s\))? \((.*)\)", error.format_message())
    if extra:
        remedy = f"{command} --help  shows what it takes; put names with blanks in quotes"
        return _said(command, f"takes no further word:  {extra[1]}", remedy)
    return _said(command, error.format_message(), f"{command} --help  shows what it takes")


def _unknown_option(command: str, context: Any, option: str) -> str:
    known = sorted(_options(context))
    # Without their dashes, which look alike in all of them, and not too freely: --floor is not --force.
    near = nearest(option.strip("-"), [each.strip("-") for each in known], least=0.7)
    answer = f"did you mean  --{near}?" if near else f"its options are  {', '.join(known)}"
    spelt = [each for each in known if each.strip("-").startswith(option.strip("-")[:4]) and len(option) > 3]
    return _said(command, f"has no option  {option}", f"did you mean  {spelt[0]}?" if len(spelt) == 1 else answer)


def _missing(command: str, context: Any, error: Any) -> str:
    parameter = getattr(error, "param", None)
    if parameter is None:  # an option without its value
        return _said(
            f"{command} {error.option_name}".strip(), "has no value after it", f"{command} --help  shows which"
        )
    names = [each for each in getattr(parameter, "opts", ()) if each.startswith("--")]
    if names:
        shown = f"{names[0]} {parameter.metavar or ''}".rstrip()
        return _said(command, f"needs the option  {names[0]}", f"write  {shown}:  {_sentence(parameter)}")
    metavar = str(parameter.metavar or parameter.name).strip("{}")
    return _said(command, f"needs  {metavar}", f"{_sentence(parameter)}  {command} --help  has an example")


def _wrong_value(command: str, error: Any, arguments: Sequence[str]) -> str:
    parameter = getattr(error, "param", None)
    hint = getattr(error, "param_hint", None)
    name = str(hint) if hint else next((each for each in getattr(parameter, "opts", ()) if each.startswith("--")), "")
    value = _typed(name, arguments)
    message = str(error.message)
    where = f"{command} {name}".rstrip()
    choices = re.findall(r"'([^']*)'", message.partition(" is not one of ")[2])
    if value is not None and choices:
        message = f"is {_shown(value)}, not one of {', '.join(choices)}"
        return _said(where, message, suggestion(value, choices, "write one of"))
    kind = next((words for words_of, words in _KINDS.items() if words_of in message), None)
    if value is not None and kind:
        return _said(where, f"is {_shown(value)}, not {kind}", _number_remedy(name, value, kind))
    for pattern, words in _LIMITS.items():
        limit = re.search(pattern, message)
        if value is not None and limit:
            meant = percentage(_as_number(value))
            share = words.startswith(("at most", "less")) and float(limit[1]) <= 1 and meant is not None
            remedy = f"write  {name} {meant:g}" if share else f"{command} --help  says what it means"
            return _said(where, f"is {_shown(value)}; it must be {words.format(limit[1])}", remedy)
    for begin in ("Value error, ", "Assertion failed, "):
        message = message.removeprefix(begin)
    head, mark, tail = message.rpartition("; ")
    if not mark:
        head, tail = message, _share_remedy(name, value, message) or f"{command} --help  says what it means"
    return _said(where, head, tail)


def _share_remedy(name: str, value: str | None, message: str) -> str:
    """Return what to write for a percentage where the library refuses it because a share is meant; "" elsewhere."""
    meant = None if value is None or not _SHARE.search(message) else percentage(_as_number(value))
    return "" if meant is None else f"for {100 * meant:g} % write  {name} {meant:g}"


def _number_remedy(name: str, value: str, kind: str) -> str:
    meant = number_meant(value)
    number = None if meant is None else with_whole_numbers(meant[0])
    if number is None or (kind == "a whole number" and not isinstance(number, int)):
        return f"write a number, for example  {name} 100" if "whole" in kind else f"write a number after  {name}"
    return f"write  {name} {show(number)}"


def _typed(name: str, arguments: Sequence[str]) -> str | None:
    """Return the value that was typed for an option; the last one, where it is given twice."""
    found = None
    for place, word in enumerate(arguments):
        if word == name and place + 1 < len(arguments):
            found = arguments[place + 1]
        elif name and word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def _shown(value: str) -> str:
    """Return what was typed, in quotes where it has blanks or nothing in it."""
    return shorten(value) if value and not re.search(r"\s", value) else show(value)


def _as_number(value: str) -> Any:
    try:
        return float(value)
    except ValueError:
        return value


def _options(context: Any) -> Iterable[str]:
    for parameter in context.command.get_params(context) if context else ():
        yield from (each for each in parameter.opts if each.startswith("--"))


def _sentence(parameter: Any) -> str:
    return str(getattr(parameter, "help", "") or "").strip()


def _said(where: str, message: str, remedy: str) -> str:
    return "\n".join([where, f"  {message}", *([f"  {remedy}"] if remedy else [])])
