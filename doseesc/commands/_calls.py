"""Calls of the library that can be shown or made: the same object for both, so that what is shown is what is run.

>>> study = variable("study")
>>> call = library("doseesc.engines", "enumerate_paths")(study.designs["BOIN"])
>>> print(script({"study": library("doseesc").load("mine.yaml"), "paths": call}, shown=[variable("paths").n_paths]))
import doseesc
from doseesc.engines import enumerate_paths
<BLANKLINE>
study = doseesc.load('mine.yaml')
paths = enumerate_paths(study.designs['BOIN'])
print(paths.n_paths)
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

Variables = Mapping[str, Any]


class Call:
    """A piece of Python: attributes, items and calls of it are pieces of Python again.

    Parameters
    ----------
    text : str
        As Python writes it.
    evaluate : callable
        Gives its value from those of the variables in it, and from further arguments of the outermost call.
    imports : frozenset of str
        The lines of import that it needs.
    """

    def __init__(self, text: str, evaluate: Callable[[Variables, Variables], Any], imports: frozenset[str]) -> None:
        self._text, self._evaluate, self._imports = text, evaluate, imports

    def __getattr__(self, name: str) -> Call:
        if name.startswith("__"):  # asked for by Python itself, as when it is copied
            raise AttributeError(name)
        return Call(f"{self._text}.{name}", lambda known, _: getattr(made(self, known), name), self._imports)

    def __getitem__(self, key: object) -> Call:
        item = _call(key)
        return Call(
            f"{self._text}[{item._text}]",
            lambda known, _: made(self, known)[made(item, known)],
            self._imports | item._imports,
        )

    def __call__(self, *arguments: object, **options: object) -> Call:
        """Return the call with these arguments; options that are None are left to the library."""
        given = [_call(each) for each in arguments]
        named = {name: _call(each) for name, each in options.items() if each is not None}
        words = ", ".join([*(each._text for each in given), *(f"{name}={each._text}" for name, each in named.items())])
        imports = self._imports.union(*(each._imports for each in (*given, *named.values())))

        def evaluate(known: Variables, further: Variables) -> Any:
            values = {name: made(each, known) for name, each in named.items()}
            return made(self, known)(*(made(each, known) for each in given), **{**values, **further})

        return Call(f"{self._text}({words})", evaluate, imports)


def variable(name: str) -> Call:
    """Return a variable, whose value is given when it is made."""
    return Call(name, lambda known, _: known[name], frozenset())


def library(home: str, name: str | None = None) -> Call:
    """Return a name of the library, or a module, which is imported when it is made."""
    if name is None:
        return Call(home, lambda *_: import_module(home), frozenset({f"import {home}"}))
    return Call(name, lambda *_: getattr(import_module(home), name), frozenset({f"from {home} import {name}"}))


def made(call: Call, known: Variables | None = None, **further: object) -> Any:
    """Make a call.

    Parameters
    ----------
    call : Call
    known : mapping of str to object
        The values of its variables.
    **further
        Further arguments of the outermost call, which are not shown, such as ``progress``; in place of those shown.
    """
    return call._evaluate(known or {}, further)


def script(named: Mapping[str, Call], shown: Iterable[Call] = (), done: Iterable[Call] = ()) -> str:
    """Return calls as a script.

    Parameters
    ----------
    named : mapping of str to Call
        What is computed, in order, and the variable that takes it.
    shown : iterable of Call
        What is then printed.
    done : iterable of Call
        What is then called for what it does.
    """
    shown, done = list(shown), list(done)
    imports = frozenset[str]().union(*(each._imports for each in (*named.values(), *shown, *done)))
    lines = [f"{name} = {each._text}" for name, each in named.items()]
    lines += [f"print({each._text})" for each in shown]
    lines += [each._text for each in done]
    # Plain imports first, then the others, as linters put them.
    head = [*sorted(imports, key=lambda line: (not line.startswith("import"), line)), ""] if imports else []
    return "\n".join([*head, *lines]) + "\n"


def _call(value: object) -> Call:
    """Return a value as Python writes it."""
    if isinstance(value, Call):
        return value
    if isinstance(value, dict) and any(isinstance(each, Call) for each in value.values()):
        items = {key: _call(each) for key, each in value.items()}
        words = ", ".join(f"{key!r}: {each._text}" for key, each in items.items())
        imports = frozenset[str]().union(*(each._imports for each in items.values()))
        return Call(f"{{{words}}}", lambda known, _: {key: made(each, known) for key, each in items.items()}, imports)
    if isinstance(value, StrEnum):
        value = value.value
    imports = frozenset({"from pathlib import Path"}) if isinstance(value, Path) else frozenset[str]()
    return Call(f"Path({str(value)!r})" if isinstance(value, Path) else repr(value), lambda *_: value, imports)
