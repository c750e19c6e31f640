"""The version of the installed package, and how to cite it."""

from importlib.metadata import version

__version__ = version("doseesc")

YEAR = 2026


def citation() -> str:
    """Return how to cite this version: a line for a list of references, and an entry for BibTeX."""
    title = "doseesc: design and simulation of Phase 1 dose-escalation trials"
    return (
        f"The doseesc developers ({YEAR}). {title}. Version {__version__}.\n"
        "\n"
        f"@software{{doseesc,\n"
        f"  author  = {{{{The doseesc developers}}}},\n"
        f"  title   = {{{title}}},\n"
        f"  year    = {{{YEAR}}},\n"
        f"  version = {{{__version__}}},\n"
        "}\n"
    )
