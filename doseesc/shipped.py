"""The scenario files that come with doseesc, and the starter file of ``doseesc init``."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped_scenarios() -> dict[str, Path]:
    """Return the shipped scenario files by name, from an installed package or from a checkout.

    Examples
    --------
    >>> list(shipped_scenarios())
    ['nct04602104', 'oncology_five_doses']
    """
    # A wheel holds them inside the package; a checkout beside it.
    folder = next((each for each in (_PACKAGE / "scenarios", _PACKAGE.parent / "scenarios") if each.is_dir()), None)
    if folder is None:
        raise FileNotFoundError(f"the shipped scenarios are not in {_PACKAGE}; install doseesc again")
    return {file.stem: file for file in sorted(folder.glob("*.yaml"))}


def starter_file() -> str:
    """Return a small commented scenario file to begin with."""
    return (_PACKAGE / "starter.yaml").read_text(encoding="utf-8")
