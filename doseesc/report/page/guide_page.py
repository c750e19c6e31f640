"""The guide as pages for a browser: a folder of its own, or served by the app."""

from __future__ import annotations

from doseesc.guide import GuidePage, guide_pages
from doseesc.report.page.template import template


def guide_files() -> dict[str, str | bytes]:
    """Return the whole guide as files by name: ``index.html``, and a page for each topic.

    They need no network and no other file.
    """
    pages = guide_pages()
    files: dict[str, str | bytes] = {f"{page.name}.html": guide_html(page) for page in pages}
    return {"index.html": guide_html(None), **files}


def guide_html(page: GuidePage | None, *, served: bool = False) -> str:
    """Return a page of the guide, or with None the list of all pages.

    Parameters
    ----------
    page : GuidePage or None
    served : bool
        Whether the app serves it: addresses have no ending then, and the app's own style sheet is used.
    """
    from markupsafe import Markup

    found = template("guide.html.j2").render(
        page=page,
        body=None if page is None else Markup(_body(page.text)),
        pages=guide_pages(),
        served=served,
        ending="" if served else ".html",
    )
    return found.rstrip() + "\n"


def _body(text: str) -> str:
    """Return Markdown as HTML; HTML within it is shown as text, and what is wide can be scrolled by keys."""
    from markdown_it import MarkdownIt

    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    html = html.replace("<pre>", '<pre tabindex="0">').replace("</table>", "</table></div>")
    return html.replace("<table>", '<div class="wide-text" tabindex="0" role="group" aria-label="Table"><table>')
