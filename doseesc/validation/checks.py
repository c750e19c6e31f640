"""A line of evidence about the installation or the user's study: what is expected, what was found, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["passed", "failed", "not checked"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """A line of evidence.

    Attributes
    ----------
    id : str
        Its number.
    what : str
        What is looked at.
    expected, found : str
    verdict : {"passed", "failed", "not checked"}
    remark : str
        What a reader must know besides, such as what to do where it failed.
    """

    id: str
    what: str
    expected: str
    found: str
    verdict: Verdict
    remark: str = ""


def passed_if(condition: bool) -> Verdict:
    """Return the verdict on a condition."""
    return "passed" if condition else "failed"
