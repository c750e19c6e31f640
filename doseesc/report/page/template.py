"""The templates and scripts of pages, and what renders them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment, Template

TEMPLATES, SCRIPTS = (Path(__file__).parent / name for name in ("templates", "scripts"))
"""Folders: templates with the style sheet, and the scripts that pages share."""


def template_environment(*folders: Path) -> Environment:
    """Return what renders templates of these folders, every text escaped.

    Parameters
    ----------
    *folders : Path
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template(name: str) -> Template:
    """Return a template of the report's pages."""
    return template_environment(TEMPLATES, SCRIPTS).get_template(name)
