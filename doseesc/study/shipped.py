"""The scenario files that come with doseesc, their schema, and the starter file of ``doseesc init``."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

_SWEEP = "sweep_"
SCHEMA_FILE = "doseesc.schema.json"

_PACKAGE = Path(__file__).parents[1]
_DESIGNS = "doseesc.designs"  # designs.registry.GROUP, which takes all designs to import


def shipped_scenarios() -> dict[str, Path]:
    """Return the shipped scenario files by name, from an installed package or from a checkout.

    Examples
    --------
    >>> "nct04602104" in shipped_scenarios()
    True
    """
    return {file.stem: file for file in sorted(_folder().glob("*.yaml")) if not file.name.startswith(_SWEEP)}


def shipped_sweeps() -> dict[str, Path]:
    """Return the shipped files of sweeps by name; they stand beside the scenario files.

    Examples
    --------
    >>> list(shipped_sweeps())
    ['sweep_boin']
    """
    return {file.stem: file for file in sorted(_folder().glob(f"{_SWEEP}*.yaml"))}


def shipped_replays() -> dict[str, Path]:
    """Return the scenario files of published trials by name; beside each lies its record, a CSV of the same name.

    Examples
    --------
    >>> "replay/levy2006" in shipped_replays()
    True
    """
    return {f"replay/{file.stem}": file for file in sorted(_folder().glob("replay/*.yaml"))}


def shipped_schema() -> str | None:
    """Return the JSON Schema of scenario files as shipped, which knows the designs that come with doseesc.

    None where designs of others are installed, too, and where the file is empty, as a shell leaves it that is about to
    write it anew: then :func:`doseesc.study.json_schema` makes it.
    """
    if any(not entry.value.startswith("doseesc.") for entry in entry_points(group=_DESIGNS)):
        return None
    path = _folder() / SCHEMA_FILE
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return text or None


def starter_file() -> str:
    """Return a small commented scenario file to begin with."""
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")


def _folder() -> Path:
    # A wheel holds them inside the package; a checkout beside it.
    folder = next((each for each in (_PACKAGE / "scenarios", _PACKAGE.parent / "scenarios") if each.is_dir()), None)
    if folder is None:
        raise FileNotFoundError(f"the shipped scenarios are not in {_PACKAGE}; install doseesc again")
    return folder
