"""Reading a scenario file: what is wrong with it as a file or as YAML is said before what checks studies is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from doseesc.study.yaml_file import read_source

if TYPE_CHECKING:
    from doseesc.study.study import Study


def load(path: str | Path) -> Study:
    """Read a scenario file.

    Raises
    ------
    ScenarioError
        If anything is wrong; its text says for each problem the file, line, field, value and what to write.
    """
    source = read_source(path)
    from doseesc.study.parsing import parse

    return parse(source)
