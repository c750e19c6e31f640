"""What the keys of a scenario file mean: the text under each field, read from the source where it is asked for.

Pydantic would read it (``use_attribute_docstrings``) whenever the models are loaded, which costs every run a twentieth
of a second.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise

from pydantic import BaseModel


def meanings(model: type[BaseModel]) -> dict[str, str]:
    """Return what each field of a model means, by its name; "" where no text is under it.

    Examples
    --------
    >>> from doseesc.study.sections import EmaxCurve
    >>> meanings(EmaxCurve)["d50"]
    'Amount with half the effect.'
    """
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel) and base is not BaseModel:
            found |= _texts(base)
    return {name: found.get(name, "") for name in model.model_fields}


def _texts(model: type[BaseModel]) -> dict[str, str]:
    definition = _classes(model.__module__)[model.__name__]
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


@cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    """Return the classes that a module's source defines; it is read once for all of them."""
    source = inspect.getsource(sys.modules[module])
    return {each.name: each for each in ast.parse(source).body if isinstance(each, ast.ClassDef)}
