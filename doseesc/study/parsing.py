"""From a file as read to a study, or to everything that is wrong with it, each with its line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from doseesc.errors import Problem, ScenarioError, show
from doseesc.study.checks import Parts, problems_across
from doseesc.study.observation_section import as_written, idle_settings
from doseesc.study.one_slip import told_once
from doseesc.study.policy_file import with_policy_files
from doseesc.study.study import Study
from doseesc.study.table_file import with_table_files
from doseesc.study.validation import problems_of
from doseesc.study.yaml_source import Source
from doseesc.values_meant import with_whole_numbers_at


def parse(source: Source) -> Study:
    """Turn a file as read into a study.

    Raises
    ------
    ScenarioError
        As for :func:`load`.
    """
    if not isinstance(source.data, dict):
        problem = Problem((), f"holds {show(source.data)}, not  key: value  lines", "start from  doseesc init", 1)
        raise ScenarioError(source.path, [problem])
    if "axes" in source.data and "doses" not in source.data:
        problem = Problem(("axes",), "make this a sweep of many studies, not a study", f"doseesc sweep {source.path}")
        raise ScenarioError(source.path, [replace(problem, line=source.line(("axes",)))])
    source, unread = with_table_files(source)
    source, unknown = with_policy_files(source)
    source, unusable = _with_models(source)
    problems = [*source.problems, *unread, *unknown, *unusable]
    data, study, refused = validated(source.data)
    source = replace(source, data=data)
    if refused is not None:
        known = {problem.path for problem in problems}
        problems += [each for each in problems_of(refused, source.data, Study) if each.path not in known]
    # What is wrong in itself is said once, not again for what follows from it.
    known = {problem.path for problem in problems}
    parts = study.parts() if study else Parts.of(source.data)
    idle = [each for place, one in parts.observations for each in idle_settings(one, ("observation", place))]
    across = as_written([*problems_across(parts), *idle], source.data)
    problems += [each for each in across if each.path not in known]
    if problems or study is None:
        lines = [(each, source.line(each.path) if each.line is None else each.line) for each in problems]
        located = [replace(each, line=line) for each, line in lines]
        raise ScenarioError(source.path, told_once(located, source.data), source.data)
    return study.read_from(source)


def validated(data: Any) -> tuple[Any, Study | None, ValidationError | None]:
    """Return a file's content with its whole numbers, such as 1e3, as such, and the study or what stands against it."""
    try:
        return data, Study.model_validate(data, context={"from_file": True}), None
    except ValidationError as error:
        written = with_whole_numbers_at(
            data, [each["loc"] for each in error.errors() if each["type"].startswith("int_")]
        )
        return (data, None, error) if written is data else validated(written)


def _with_models(source: Source) -> tuple[Source, list[Problem]]:
    """Read models written in PyMC, which takes seconds to import, where a file has any."""
    entries = source.data.get("designs")
    types = (
        [str(entry.get("type")).lower() for entry in entries if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )
    if "pymc" not in types:
        return source, []
    from doseesc.study.pymc_module import with_pymc_models

    return with_pymc_models(source)
