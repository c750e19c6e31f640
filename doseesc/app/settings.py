"""What an app is started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doseesc.app.limits import Limits, Trusted


@dataclass(frozen=True)
class Settings:
    """What an app is started with.

    Attributes
    ----------
    name, text : str
        The file that the page begins with.
    trusted : Trusted
        Which other files and code are followed.
    command, python : callable
        Return the command, and the Python, that answer a file of a name.
    question : callable
        Takes a file's name, a question about it, and what the question says besides; returns the command and the
        Python that answer it.
    host : str
        Where it listens.
    token : str
        What the address must carry; "" for none.
    limits : Limits
    """

    name: str
    text: str
    trusted: Trusted
    command: Callable[[str], str]
    python: Callable[[str], str]
    question: Callable[[str, str, Mapping[str, Any]], tuple[str, str]] = lambda *_: ("", "")
    host: str = "127.0.0.1"
    token: str = ""
    limits: Limits = field(default_factory=Limits)
