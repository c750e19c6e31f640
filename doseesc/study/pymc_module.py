"""Designs of a scenario file whose model is a function in a Python module of the user's.

The module is run when the file is loaded, which is said on standard error.  It must lie in the scenario file's folder
or below it: whoever gives the file on the command line gives the code beside it too, and no file can reach for other
code.  What is kept is the posterior (:mod:`doseesc.inference.any_model.grid_posterior`), numbers alone: results that
are read back run no code.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from doseesc.errors import FieldPath, Problem, show, suggestion
from doseesc.inference.any_model import (
    SAMPLING,
    ModelError,
    ModelSource,
    PosteriorText,
    Sampler,
    load_module,
    posterior_of_model,
    where,
)
from doseesc.study.beside import Filled, file_beside, read_beside, with_entries
from doseesc.study.levels import DoseLabels, amount_labels
from doseesc.study.yaml_source import Source

TYPE = "pymc"
_FACTS = ("doses", "labels", "n_doses", "target", "max_n", "cohort_size", "start_level")


def with_pymc_models(source: Source) -> tuple[Source, list[Problem]]:
    """Run the modules of the designs of type pymc and put the posteriors of their models into the designs.

    See :func:`doseesc.study.beside.with_entries`.
    """

    def fill(entry: dict[str, Any], path: FieldPath) -> Filled:
        if str(entry.get("type")).lower() != TYPE:
            return None
        facts = _facts(source.data, entry)
        found = _posterior(source, entry, facts, path) if facts else []
        return {**entry, "fitted": found} if isinstance(found, PosteriorText) else found

    return with_entries(source, fill)


def _facts(data: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what a model may ask for; None where the study is itself wrong, which is said elsewhere."""
    doses = data.get("doses")
    amounts = doses.get("amounts") if isinstance(doses, dict) else None
    if not isinstance(doses, dict) or not isinstance(amounts, list) or not amounts:
        return None
    unit = doses["unit"] if isinstance(doses.get("unit"), str) else ""
    both = {**data, **entry}
    facts = {name: both.get(name, 1) for name in ("target", "max_n", "cohort_size", "start_level")}
    numbers = (*amounts, *(facts[name] for name in ("target", "max_n", "cohort_size")))
    if any(isinstance(each, bool) or not isinstance(each, int | float) or each <= 0 for each in numbers):
        return None
    labels = doses.get("labels", amount_labels(amounts, unit))
    names = DoseLabels(map(str, labels) if isinstance(labels, list | tuple) else (), amounts, unit)
    if isinstance(facts["start_level"], str):
        level = names.level(facts["start_level"])
        if level is None:
            return None
        facts["start_level"] = level
    return {"doses": tuple(map(float, amounts)), "labels": tuple(names), "n_doses": len(amounts)} | facts


def _posterior(
    source: Source, entry: Mapping[str, Any], facts: dict[str, Any], path: FieldPath
) -> PosteriorText | list[Problem]:
    module = entry.get("module")
    name = entry.get("function", "build")
    variable = entry.get("dlt_probability", "p")
    evidence = entry.get("evidence", [])
    if not isinstance(module, str):
        given = "is missing" if module is None else f"is {show(module)}, not the name of a file"
        return [Problem((*path, "module"), given, "write for example  module: my_models.py")]
    if not isinstance(name, str) or not isinstance(variable, str) or not isinstance(evidence, list):
        return []  # their own checks say what is wrong
    try:
        file = file_beside(source.path, module)
    except ValueError as error:
        remedy = "put the module beside the scenario file and write its name"
        return [Problem((*path, "module"), f"is {show(module)}, which {error}", remedy)]
    if not file.is_file():
        return [Problem((*path, "module"), f"is {show(module)}, but there is no file {file}", "write the file's name")]
    try:
        code = read_beside(file)
    except ValueError as error:
        return [Problem((*path, "module"), f"is {show(module)}, which {error}")]
    print(f"{source.path}: runs {name} of {file}, code that is not part of doseesc", file=sys.stderr)
    try:
        loaded = load_module(file, code)
    except (Exception, SystemExit) as error:  # whatever the user's own code may raise
        return [Problem((*path, "module"), f"is {show(module)}, which cannot be run: {where(error, file)}")]
    function = getattr(loaded, name, None)
    if not callable(function):
        known = [key for key, value in vars(loaded).items() if inspect.isfunction(value) and not key.startswith("_")]
        message = f"is {show(name)}, which {module} does not define"
        return [Problem((*path, "function"), message, suggestion(name, known, "its functions are"))]
    unknown = [each for each in _asked(function) if each not in facts]
    if unknown:
        message = f"is {show(name)}, which asks for {unknown[0]!r}"
        return [Problem((*path, "function"), message, f"a model may ask for  {', '.join(_FACTS)}")]
    asked = {key: facts[key] for key in inspect.signature(function).parameters if key in facts}
    try:
        model = function(**asked)
    except (Exception, SystemExit) as error:
        return [Problem((*path, "function"), f"is {show(name)}, which fails: {where(error, file)}")]
    try:
        posterior = posterior_of_model(
            model,
            variable,
            max_n=int(facts["max_n"]),
            evidence=tuple(map(str, evidence)),
            parameter_means=entry.get("selection") == "plug_in",
            sampler=Sampler(**{to: int(entry[key]) for key, to in SAMPLING.items() if isinstance(entry.get(key), int)}),
            cache=str(entry.get("cache", "")),
            source=ModelSource.of(file, code, name, asked),
        )
    except ModelError as error:
        field = "dlt_probability" if "no variable" in str(error) else "function"
        value = variable if field == "dlt_probability" else name
        return [Problem((*path, field), f"is {show(value)}: the model {error}")]
    except Exception as error:  # from the graph that the user's code has built
        first = str(error).strip().splitlines() or [""]
        message = f"is {show(name)}, whose model cannot be evaluated: {type(error).__name__}: {first[0]}"
        return [Problem((*path, "function"), message)]
    if posterior.n_doses != facts["n_doses"]:
        message = f"is {show(name)}, whose {variable} has {posterior.n_doses} values for {facts['n_doses']} doses"
        return [Problem((*path, "function"), message, "let the function take  doses  and use all of them")]
    return PosteriorText.of(posterior)


def _asked(function: Callable[..., Any]) -> list[str]:
    """Return the names of the arguments that a function cannot do without."""
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = inspect.signature(function).parameters.values()
    return [each.name for each in parameters if each.default is each.empty and each.kind not in kinds]
