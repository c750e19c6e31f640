"""A scenario file for the user to change, with the schema beside it by which editors complete its keys."""

from __future__ import annotations

import json
from pathlib import Path

from doseesc.files import write_file

SCHEMA_FILE = "doseesc.schema.json"


def write_with_schema(path: Path, text: str, *, force: bool = False) -> None:
    """Write a scenario file, and the schema where there is none beside it.

    Raises
    ------
    OutputError
        If the scenario file exists and ``force`` is not given, or writing fails.
    """
    write_file(path, text, force=force)
    beside = path.with_name(SCHEMA_FILE)
    if not beside.exists():
        write_file(beside, schema_text())


def schema_text() -> str:
    """Return the JSON Schema of scenario files as it is shipped beside them."""
    from doseesc.study import json_schema

    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
