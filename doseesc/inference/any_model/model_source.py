"""A user's own model as the text of a Python module: what is sent where it is to be fitted, and run there.

So a worker needs PyMC, but neither the module's file nor the Python that read it.  What the module imports besides must
be installed with the worker; what is missing is named.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from doseesc.errors import CannotCompute

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True)
class ModelSource:
    """A function of a module that builds a model.

    Attributes
    ----------
    file : str
        Name of the module's file, for messages.
    code : str or bytes
        What stands in it; bytes where they are no UTF-8.
    function : str
    facts : tuple of (str, object)
        The function's arguments, by name.
    """

    file: str
    code: str | bytes
    function: str
    facts: tuple[tuple[str, Any], ...]

    @classmethod
    def of(cls, file: Path, code: bytes, function: str, facts: Mapping[str, Any]) -> ModelSource:
        """Return the source of a model; where its file lies is no part of it."""
        try:
            text: str | bytes = code.decode()
        except UnicodeDecodeError:
            text = code
        return cls(file.name, text, function, tuple(sorted(facts.items())))

    def build(self) -> pm.Model:
        """Run the module, and its function.

        Raises
        ------
        CannotCompute
            If either fails; the text says where.
        """
        code = self.code.encode() if isinstance(self.code, str) else self.code
        try:
            function: Callable[..., pm.Model] = getattr(load_module(Path(self.file), code), self.function)
            return function(**dict(self.facts))
        except (Exception, SystemExit) as error:  # whatever the user's own code may raise
            words = f"{self.function} of {self.file} cannot be run where it is fitted: {where(error, Path(self.file))}"
            raise CannotCompute(words) from error


def load_module(file: Path, code: bytes) -> ModuleType:
    """Run a module's source, and never what was once compiled from it and lies beside it: that might be another.

    Raises
    ------
    ImportError
        If the file's name does not end in .py.
    Exception
        Whatever the module raises.
    """
    if file.suffix != ".py":
        raise ImportError("it is no Python file; its name must end in .py")
    module = ModuleType(f"doseesc_model_{file.stem}")
    module.__file__ = str(file)
    exec(compile(code, str(file), "exec", dont_inherit=True), vars(module))
    return module


def where(error: BaseException, file: Path) -> str:
    """Say what was raised, and at which line of the user's file."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    if isinstance(error, SyntaxError) and error.filename == str(file):
        lines = [error.lineno]
    at = f" ({file}, line {lines[-1]})" if lines else ""
    text = (str(error.msg if isinstance(error, SyntaxError) else error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}{': ' if text else ''}{text}{at}"
