"""A text as a list of blocks, written as Markdown and as a Word document."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from doseesc.report.page_tables import PageTable


@dataclass(frozen=True)
class Block:
    """A piece of the protocol.

    Attributes
    ----------
    kind : {"title", "heading", "subheading", "paragraph", "bullet", "table"}
    text : str
        For a table its caption.
    table : PageTable or None
    """

    kind: str
    text: str
    table: PageTable | None = None


def markdown(blocks: Sequence[Block]) -> str:
    """Return the blocks as Markdown."""
    lines: list[str] = []
    before = ""
    for block in blocks:
        if block.kind != "bullet" or before != "bullet":
            lines.append("")
        if block.table is not None:
            lines += [f"*{_plain(block.text)}*", "", *_markdown_table(block.table)]
        else:
            mark = {"title": "# ", "heading": "## ", "subheading": "### ", "bullet": "- "}.get(block.kind, "")
            lines.append(mark + _plain(block.text))
        before = block.kind
    return "\n".join(lines).strip() + "\n"


def _markdown_table(table: PageTable) -> list[str]:
    rows = [[_plain(each) for each in table.columns], ["---"] * len(table.columns)]
    rows += [[_plain(str(cell)) for cell in row] for row in table.rows]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _plain(text: str) -> str:
    """Keep characters that Markdown would read as its own."""
    return re.sub(r"([\\|*_<>`\[\]#])", r"\\\1", text)


def word_document(blocks: Sequence[Block]) -> bytes:
    """Return the blocks as a Word document, the same bytes each time."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document = Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = Cm(21.0), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.0)
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(10.5)
    styles = {"title": "Title", "heading": "Heading 1", "subheading": "Heading 2", "bullet": "List Bullet"}
    for block in blocks:
        if block.table is None:
            document.add_paragraph(block.text, style=styles.get(block.kind, "Normal"))
            continue
        caption = document.add_paragraph(block.text, style="Caption")
        caption.paragraph_format.keep_with_next = True
        _docx_table(document, block.table)
        document.add_paragraph()
    buffer = io.BytesIO()
    document.core_properties.title = blocks[0].text
    document.save(buffer)
    return _undated(buffer.getvalue())


def _docx_table(document: Any, table: PageTable) -> None:
    from docx.shared import Pt

    small = Pt(7.5 if len(table.columns) > 7 else 9)
    made = document.add_table(rows=1, cols=len(table.columns), style="Light Grid Accent 1")
    made.autofit = True
    for row, texts in enumerate([table.columns, *([str(cell) for cell in each] for each in table.rows)]):
        cells = made.rows[0].cells if row == 0 else made.add_row().cells
        for cell, text in zip(cells, texts, strict=True):
            run = cell.paragraphs[0].add_run(text)
            run.font.size = small
            run.font.bold = row == 0


def _undated(document: bytes) -> bytes:
    """Write the archive again with fixed times, so that the same results give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
