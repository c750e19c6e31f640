"""The house: other folders are imported by their face, names there are what they say, and functions hide no circle.

That imports run one way, and in no circle, is the contract of import-linter in pyproject.toml.
"""

import ast
import inspect
from importlib import import_module

import pytest
from support import ROOT

FILES = sorted((ROOT / "doseesc").rglob("*.py"))
FACES = {".".join(stub.parent.relative_to(ROOT).parts): stub for stub in ROOT.glob("doseesc/**/__init__.pyi")}
HEAVY = {"arviz", "cloudpickle", "docx", "jinja2", "joblib", "matplotlib", "nutpie", "numba", "pandas", "pymc"} | {
    *("pytensor", "rich", "scipy", "threadpoolctl", "xarray")
}


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def folder_of(module):
    return module if (ROOT / module.replace(".", "/")).is_dir() else module.rpartition(".")[0]


def imports_of(path):
    """Yield (node, inside a function?) of every import of our own names, those for type checking too."""
    tree = ast.parse(path.read_text())
    within = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node, id(node) in within


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_other_folders_are_imported_by_their_face(path):
    own = folder_of(module_of(path))
    for node, _ in imports_of(path):
        home = folder_of(node.module)
        inside = own == home or own.startswith(f"{home}.")
        if node.module.startswith("doseesc.") and home != "doseesc" and not inside:
            assert node.module == home, f"line {node.lineno}: import from {home}, not from {node.module}"


@pytest.mark.parametrize(
    ("face", "name"),
    [
        (face, each.asname)
        for face, stub in FACES.items()
        for node in ast.parse(stub.read_text()).body
        for each in node.names
        if node.module  # `from . import x` means the module itself
    ],
)
def test_names_of_a_face_are_what_their_module_defines(face, name):
    for _ in range(2):  # loading a module of the same name must not hide the function
        found = getattr(import_module(face), name)
        assert not inspect.ismodule(found)
    assert name in dir(import_module(face))
    with pytest.raises(AttributeError):
        getattr(import_module(face), f"{name}_that_is_not_there")


@pytest.mark.parametrize("face", sorted(FACES))
def test_folder_says_its_purpose_in_one_sentence(face):
    first, *rest = (import_module(face).__doc__ or "").strip().split("\n\n")
    assert first.endswith((".", "\n"))
    assert first.count(". ") == 0
    assert face == "doseesc" or not rest


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_within_functions_delay_something_heavy(path):
    """Commands load the library when they run, so that the command line starts at once; nothing else hides imports."""
    if "commands" in path.parts or path.name == "cli.py":
        return
    for node, within in imports_of(path):
        if within and node.module.startswith(("doseesc", "designs")):
            assert loads(node.module, {each.name for each in node.names}) & HEAVY, f"line {node.lineno}: {node.module}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_parameters_say_what_they_hold(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert "found" not in {each.arg for each in (*node.args.args, *node.args.kwonlyargs)}, node.name


def loads(module, names, seen=None):
    """Return the packages of others that a name of ours needs, as far as imports of our own lead."""
    seen = set() if seen is None else seen
    found = set()
    for home in homes_of(module, names):
        if home in seen:
            continue
        seen.add(home)
        tree = ast.parse((ROOT / f"{home.replace('.', '/')}.py").read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {each.name.partition(".")[0] for each in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module.partition(".")[0])
                if node.module.startswith("doseesc"):
                    found |= loads(node.module, {each.name for each in node.names}, seen)
    return found


def homes_of(module, names):
    """Return the modules in which names of a face are defined; a module itself where it is none."""
    if module not in FACES:
        return [module] if (ROOT / f"{module.replace('.', '/')}.py").is_file() else []
    homes = []
    for node in ast.parse(FACES[module].read_text()).body:
        if names & {each.name for each in node.names}:
            homes.append(f"{module}.{node.module}" if node.module else f"{module}.{node.names[0].name}")
    return [inner for home in homes for inner in ([home] if home not in FACES else homes_of(home, names))]


def called_by_name():
    """Yield home and name of what the commands call of the library, where both are written out."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "library" and len(node.args) == 2:
                home, name = node.args
                names = [name.body, name.orelse] if isinstance(name, ast.IfExp) else [name]
                for each in names:
                    if isinstance(home, ast.Constant) and isinstance(each, ast.Constant):
                        yield home.value, each.value


@pytest.mark.parametrize(("home", "name"), sorted(set(called_by_name())))
def test_what_commands_call_and_show_is_there(home, name):
    assert callable(getattr(import_module(home), name))
