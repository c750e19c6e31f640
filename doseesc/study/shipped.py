"""The scenario files that come with doseesc, and the starter file of ``doseesc init``."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def shipped_scenarios() -> dict[str, Path]:
    """Return the shipped scenario files by name, from an installed package or from a checkout.

    Examples
    --------
    >>> "nct04602104" in shipped_scenarios()
    True
    """
    return {file.stem: file for file in sorted(_folder().glob("*.yaml"))}


def shipped_replays() -> dict[str, Path]:
    """Return the scenario files of published trials by name; beside each lies its record, a CSV of the same name.

    Examples
    --------
    >>> "replay/levy2006" in shipped_replays()
    True
    """
    return {f"replay/{file.stem}": file for file in sorted(_folder().glob("replay/*.yaml"))}


def starter_file() -> str:
    """Return a small commented scenario file to begin with."""
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")


def _folder() -> Path:
    # A wheel holds them inside the package; a checkout beside it.
    folder = next((each for each in (_PACKAGE / "scenarios", _PACKAGE.parent / "scenarios") if each.is_dir()), None)
    if folder is None:
        raise FileNotFoundError(f"the shipped scenarios are not in {_PACKAGE}; install doseesc again")
    return folder
