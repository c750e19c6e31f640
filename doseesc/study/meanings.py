"""What the keys of a scenario file mean: the text under each field, read from the source where it is asked for.

Pydantic would read it (``use_attribute_docstrings``) whenever the models are loaded, which costs every run a twentieth
of a second.
"""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from textwrap import dedent

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
    (definition,) = ast.parse(dedent(inspect.getsource(model))).body
    assert isinstance(definition, ast.ClassDef), "it is the source of a class"
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }
