"""What a list says of the scenario files that come with doseesc.

It is read from the files, without what checks studies: tests check those that are shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from doseesc.study.shipped import shipped_scenarios
from doseesc.study.yaml_file import read_source


class Summary(NamedTuple):
    """What a list of scenario files says of one."""

    title: str
    n_doses: int
    max_n: int
    n_scenarios: int
    designs: tuple[str, ...]


def shipped_summaries() -> dict[str, Summary]:
    """Return what a list says of the shipped scenario files, by name.

    Examples
    --------
    >>> shipped_summaries()["nct04602104"].designs
    ('3+3', 'CRM', 'BOIN')
    """
    return {name: _summary(path) for name, path in shipped_scenarios().items()}


def _summary(path: Path) -> Summary:
    data = read_source(path).data
    about = data["study"]
    return Summary(
        title=about.get("short_title") or about["title"],
        n_doses=len(data["doses"]["labels"]),
        max_n=data["max_n"],
        n_scenarios=len(data["scenarios"]),
        designs=tuple(str(entry["name"]) for entry in data["designs"]),
    )
