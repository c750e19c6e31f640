"""What python-docx leaves to its users: fields for numbers of pages and captions, and a file without a date inside."""

from __future__ import annotations

import io
import zipfile
from typing import Any


def number_pages(section: Any) -> None:
    """Put the number of the page into a section's foot."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph._p.append(_field("PAGE", "1"))


def number_words(paragraph: Any, text: str, number: int) -> None:
    """Add a caption such as ``Table 3. Doses``, the number in it a field; as it is where it has none."""
    head, there, rest = text.partition(f" {number}. ")
    if not number or not there:
        paragraph.add_run(text)
        return
    paragraph.add_run(f"{head} ")
    paragraph._p.append(_field(f"SEQ {head} \\* ARABIC", str(number)))
    paragraph.add_run(f". {rest}")


def undated(document: bytes) -> bytes:
    """Write the archive again with fixed times, so that the same results give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _field(instruction: str, shown: str) -> Any:
    """Return a field, with what is shown until it is next worked out."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field, run, text = (OxmlElement(name) for name in ("w:fldSimple", "w:r", "w:t"))
    field.set(qn("w:instr"), instruction)
    text.text = shown
    run.append(text)
    field.append(run)
    return field
