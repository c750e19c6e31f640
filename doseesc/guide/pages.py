"""Pages of the guide, read from the Markdown files beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from doseesc.wording import did_you_mean, meant, shorten

GUIDE_TOPICS = (
    "first-trial",
    "choosing",
    "designs",
    "deaths",
    "time",
    "conduct",
    "borrowing",
    "phase2",
    "optimum",
    "sweeps",
    "extending",
    "validation",
    "r-users",
    "how-it-works",
    "news",
)
"""The pages by name, in the order in which a newcomer would read them."""


class UnknownGuideTopic(ValueError):
    """No page has this name; the text says which is meant, and which there are."""


@dataclass(frozen=True)
class GuidePage:
    """A page of the guide.

    Attributes
    ----------
    name : str
        How it is asked for.
    title : str
        Its heading.
    summary : str
        Its first paragraph, which is the answer in short.
    text : str
        The whole page in Markdown.
    """

    name: str
    title: str
    summary: str
    text: str


def guide_page(name: str) -> GuidePage:
    """Return a page of the guide.

    Parameters
    ----------
    name : str
        One of ``GUIDE_TOPICS``, in any case.

    Raises
    ------
    UnknownGuideTopic
        If there is no such page.

    Examples
    --------
    >>> guide_page("conduct").name
    'conduct'
    """
    found = meant(name, GUIDE_TOPICS)
    if found is None:
        hint = did_you_mean(name, GUIDE_TOPICS)
        raise UnknownGuideTopic(
            f"the guide has no page {shorten(name)!r}; {hint}its pages are {', '.join(GUIDE_TOPICS)}"
        )
    text = Path(__file__).with_name(f"{found}.md").read_text(encoding="utf-8")
    heading, summary, *_ = text.split("\n\n")
    return GuidePage(found, heading.removeprefix("# "), " ".join(summary.split()), text)


def guide_pages() -> list[GuidePage]:
    """Return all pages, in order."""
    return [guide_page(name) for name in GUIDE_TOPICS]
