"""A text as a Word document: tables as wide as their words need, on a landscape page where a portrait is too narrow."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from doseesc.report.figures import figure_bytes
from doseesc.report.protocol.text_blocks import Block
from doseesc.report.tables import PageTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES = {"title": "Title", "heading": "Heading 1", "subheading": "Heading 2", "bullet": "List Bullet"}
_PAPER = 21.0, 29.7  # A4, cm
_MARGIN = 2.0
_POINTS_PER_CM = 72 / 2.54
_FONT = "Arial"  # on every machine, or a font of the same widths
_WIDE, _NARROW = "mwMW%★↑→↓", "ijlftr.,:;'()/|- "
_BOLD = 1.1  # width of bold letters, as a multiple
_PADDING = 11.5  # of a cell, left and right together, in points
_WIDEST = 30.0  # font sizes: longer texts are broken even where there is room
_SIZES = (9.0, 8.0, 7.5)
_SMALLEST = 6.5
_NOTHING = ("", "–")  # cells where there is no number
_FOR_CAPTION = 3.0  # cm below a figure
_TOGETHER = 14  # rows of a table that is kept on one page


@dataclass(frozen=True)
class Layout:
    """How a table is set: whether on a landscape page, in which font size, and the widths of its columns in points."""

    landscape: bool
    size: float
    widths: tuple[float, ...]


def word_document(blocks: Sequence[Block]) -> bytes:
    """Return the blocks as a Word document, the same bytes each time."""
    from docx import Document

    document = Document()
    _set_fonts(document)
    document.core_properties.title = blocks[0].text
    _turn(document.sections[0], landscape=False)
    _number_pages(document.sections[0])
    landscape = False
    for block in blocks:
        if block.kind in ("heading", "subheading", "figure") and landscape:
            landscape = False
            _turn(document.add_section(), landscape=False)
        if block.draw is not None:
            _add_figure(document, block.text, block.draw)
            continue
        if block.table is None:
            _add_text(document, block)
            continue
        layout = table_layout(block.table)
        if layout.landscape and not landscape:
            landscape = True
            _turn(document.add_section(), landscape=True)
        caption = document.add_paragraph(block.text, style="Caption")
        caption.paragraph_format.keep_with_next = True
        _add_table(document, block.table, layout)
    buffer = io.BytesIO()
    document.save(buffer)
    return _undated(buffer.getvalue())


def table_layout(table: PageTable) -> Layout:
    """Choose the page, the font and the columns of a table, so that no word has to be broken if that can be had."""
    columns = [[head, *(str(row[place]) for row in table.rows)] for place, head in enumerate(table.columns)]
    words = [_widest_word(column, bold=place < table.heads) for place, column in enumerate(columns)]
    texts = [max((_width(text) for text in column[1:]), default=0.0) * _BOLD for column in columns]
    portrait, landscape = ((side - 2 * _MARGIN) * _POINTS_PER_CM for side in _PAPER)
    choices = [(False, size) for size in _SIZES] + [(True, size) for size in _SIZES]
    for turned, size in choices:
        least = [size * word + _PADDING for word in words]
        room = (landscape if turned else portrait) - sum(least)
        if room >= 0:
            wanted = [size * min(text, _WIDEST) + _PADDING for text in texts]
            lacking = [max(want - have, 0.0) for want, have in zip(wanted, least, strict=True)]
            share = min(1.0, room / sum(lacking)) if sum(lacking) else 0.0
            return Layout(turned, size, tuple(have + share * lack for have, lack in zip(least, lacking, strict=True)))
    least = [_SMALLEST * word + _PADDING for word in words]
    return Layout(True, _SMALLEST, tuple(landscape * have / sum(least) for have in least))


def _widest_word(column: Sequence[str], *, bold: bool) -> float:
    """Return the width in font sizes of the longest word of a column, whose first text is the head."""
    widths = [max(_width(word) for word in text.split(" ")) for text in column]
    return max(widths[0] * _BOLD, max(widths[1:], default=0.0) * (_BOLD if bold else 1.0))


def _width(text: str) -> float:
    """Return the width of a text in font sizes, on the safe side."""
    return sum(
        0.95 if each in _WIDE else 0.36 if each in _NARROW else 0.76 if each.isupper() else 0.58 for each in text
    )


def _set_fonts(document: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    for name in ("Normal", "Caption", *_STYLES.values()):
        style = document.styles[name]
        style.font.name = _FONT
        fonts = style.element.rPr.rFonts
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)  # which would have its way
    document.styles["Normal"].font.size = Pt(10)
    document.styles["Title"].font.size = Pt(20)


def _add_text(document: Any, block: Block) -> None:
    from docx.shared import Pt

    added = document.add_paragraph(block.text, style=_STYLES.get(block.kind, "Normal"))
    if block.kind == "note":
        added.paragraph_format.space_before = Pt(4)
        added.paragraph_format.space_after = Pt(12)
        for run in added.runs:
            run.font.size = Pt(8.5)
            run.font.italic = True


def _add_figure(document: Any, caption: str, draw: Callable[[], Figure | None]) -> None:
    """Add a figure as wide as it is, or as a portrait page has room, above its caption; nothing where there is none."""
    from docx.shared import Cm, Inches

    figure = draw()
    if figure is None:
        return
    width, height = figure.get_size_inches()
    room = Cm(_PAPER[0] - 2 * _MARGIN), Cm(_PAPER[1] - 2 * _MARGIN - _FOR_CAPTION)
    scale = min(1.0, room[0] / Inches(width), room[1] / Inches(height))
    picture = document.add_paragraph()
    picture.paragraph_format.keep_with_next = True
    shape = picture.add_run().add_picture(io.BytesIO(figure_bytes(figure, "png")), width=Inches(scale * width))
    shape._inline.docPr.set("descr", caption)
    document.add_paragraph(caption, style="Caption").paragraph_format.keep_with_next = True


def _add_table(document: Any, table: PageTable, layout: Layout) -> None:
    from docx.shared import Pt

    made = document.add_table(rows=1 + len(table.rows), cols=len(table.columns), style="Light Grid Accent 1")
    made.autofit = False
    for column, width in zip(made.columns, layout.widths, strict=True):
        column.width = Pt(width)
    short = len(table.rows) <= _TOGETHER
    texts = [list(table.columns), *([str(cell) for cell in row] for row in table.rows)]
    numbers = [
        all(row[place].key is not None or row[place].text in _NOTHING for row in table.rows)
        for place in range(len(table.columns))
    ]
    for place, row in enumerate(made.rows):
        _mark_row(row, head=place == 0)
        together = short and place < len(table.rows)
        for column, cell in enumerate(row.cells):
            cell.width = Pt(layout.widths[column])
            run = cell.paragraphs[0].add_run(texts[place][column])
            run.font.size = Pt(layout.size)
            run.font.bold = place == 0 or column < table.heads
            _set_paragraph(cell.paragraphs[0], right=numbers[column] and column >= table.heads, together=together)
    if not table.how_to_read:
        document.add_paragraph().paragraph_format.space_after = Pt(2)


def _set_paragraph(paragraph: Any, *, right: bool, together: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.keep_with_next = together
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _mark_row(row: Any, *, head: bool) -> None:
    """Let no row be broken over two pages, and have the head repeated on each."""
    from docx.oxml import OxmlElement

    for name in ("w:cantSplit", "w:tblHeader") if head else ("w:cantSplit",):
        row._tr.get_or_add_trPr().append(OxmlElement(name))


def _turn(section: Any, *, landscape: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm

    short, long = _PAPER
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Cm(long), Cm(short)) if landscape else (Cm(short), Cm(long))
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(_MARGIN)


def _number_pages(section: Any) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def _undated(document: bytes) -> bytes:
    """Write the archive again with fixed times, so that the same results give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(document)) as source, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
