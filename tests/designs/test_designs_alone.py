"""``designs`` stands on NumPy and SciPy alone, and never reads a file, a clock or a random number."""

import ast
import sys

import pytest
from support import ROOT

FILES = sorted((ROOT / "designs").rglob("*.py"))
ALLOWED = {"designs", "numpy", "scipy"} | set(sys.stdlib_module_names)
FORBIDDEN = {"random", "time", "datetime", "os", "io", "pathlib", "subprocess"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports(file):
    names = set(imported(ast.parse(file.read_text(encoding="utf-8"))))
    assert names <= ALLOWED - FORBIDDEN


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_randomness_and_no_files(file):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "np":
            assert node.attr not in {"random", "load", "save", "loadtxt", "savetxt"}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"open", "print", "input", "exec", "eval"}
