"""A text as a Word document: tables as wide as their words need, on a landscape page where a portrait is too narrow."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from doseesc.report.figures import figure_bytes
from doseesc.report.protocol.open_points import PLACEHOLDER
from doseesc.report.protocol.text_blocks import Block
from doseesc.report.protocol.word_file import number_pages, number_words, undated
from doseesc.report.protocol.word_layout import MARGIN, PAPER, Layout, table_layout
from doseesc.report.tables import PageTable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STYLES = MappingProxyType(
    {
        "title": "Title",
        "heading": "Heading 1",
        "subheading": "Heading 2",
        "minor": "Heading 3",
        "bullet": "List Bullet",
    }
)
_FONT = "Arial"  # on every machine, or a font that is at most as wide as the one words are measured in
_NOTHING = ("", "–", "none")  # cells where there is no number
_FOR_CAPTION = 3.5  # cm below a figure
_FOR_EDGES = 0.4  # cm at both sides of it
_TOGETHER = 14  # rows of a table that is kept on one page
_AT_ENDS = 3  # rows of a longer one that are kept together at its head and at its foot
_SPLIT = re.compile(f"({PLACEHOLDER.pattern})")


@dataclass(frozen=True)
class About:
    """What a file's properties say.

    Attributes
    ----------
    title, author, subject : str
    date : datetime
        When it was made, as far as the reader is concerned: that of its figures, in UTC.
    """

    title: str
    author: str
    subject: str
    date: datetime.datetime


def word_document(blocks: Sequence[Block], about: About | None = None) -> bytes:
    """Return the blocks as a Word document, the same bytes each time."""
    from docx import Document

    document = Document()
    _set_fonts(document)
    _set_properties(document.core_properties, about or About(blocks[0].text, "", "", datetime.datetime(1980, 1, 1)))
    _turn(document.sections[0], landscape=False)
    number_pages(document.sections[0])
    landscape = False
    figure = None  # that the last block has put there, with room for how it is read
    for block in blocks:
        if block.kind in ("heading", "subheading", "minor", "figure") and landscape:
            landscape = False
            _turn(document.add_section(), landscape=False)
        if block.draw is not None:
            figure = _add_figure(document, block, block.draw)
            continue
        if block.table is None:
            _add_text(figure if figure is not None and block.kind == "note" else document, block)
            figure = None
            continue
        figure = None
        layout = table_layout(block.table)
        if layout.landscape and not landscape:
            landscape = True
            _turn(document.add_section(), landscape=True)
        _add_caption(document, block)
        _add_table(document, block.table, layout)
    buffer = io.BytesIO()
    document.save(buffer)
    return undated(buffer.getvalue())


def _set_properties(core: Any, about: About) -> None:
    core.title, core.author, core.subject = about.title, about.author, about.subject
    core.created = core.modified = about.date.replace(tzinfo=None)
    core.last_modified_by, core.comments, core.keywords, core.language = about.author, "", "", "en"


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
    document.styles["Normal"].paragraph_format.widow_control = True


def _add_text(place: Any, block: Block) -> None:
    """Add a paragraph to the document or to a figure's cell."""
    from docx.shared import Pt

    added = place.add_paragraph(style=_STYLES.get(block.kind, "Normal"))
    _add_runs(added, block.text)
    if block.kind == "note":
        added.paragraph_format.space_before = Pt(4)
        added.paragraph_format.space_after = Pt(12)
        for run in added.runs:
            run.font.size = Pt(8.5)
            run.font.italic = True


def _add_runs(paragraph: Any, text: str) -> list[Any]:
    """Add a text, what is to be completed in it marked."""
    from docx.enum.text import WD_COLOR_INDEX

    runs = []
    for part in _SPLIT.split(text):
        if part:
            runs.append(paragraph.add_run(part))
            if PLACEHOLDER.fullmatch(part):
                runs[-1].font.highlight_color = WD_COLOR_INDEX.YELLOW
    return runs


def _add_caption(place: Any, block: Block) -> None:
    """Add a caption whose number is a field, so that it follows when tables or figures are added or moved."""
    caption = place.add_paragraph(style="Caption")
    caption.paragraph_format.keep_with_next = True
    number_words(caption, block.text, block.number)


def _add_figure(document: Any, block: Block, draw: Callable[[], Figure | None]) -> Any:
    """Add a figure as wide as it is, or as a portrait page has room, above its caption; return the cell of both.

    A row of a table is what no program breaks over two pages: LibreOffice leaves the caption of a picture behind even
    where it is to be kept with it.  None where there is no figure.
    """
    from docx.shared import Cm, Inches

    figure = draw()
    if figure is None:
        return None
    width, height = figure.get_size_inches()
    room = Cm(PAPER[0] - 2 * MARGIN - _FOR_EDGES), Cm(PAPER[1] - 2 * MARGIN - _FOR_CAPTION)
    scale = min(1.0, room[0] / Inches(width), room[1] / Inches(height))
    frame = document.add_table(rows=1, cols=1)
    _mark_row(frame.rows[0], head=False)
    cell = frame.rows[0].cells[0]
    picture = io.BytesIO(figure_bytes(figure, "png"))
    shape = cell.paragraphs[0].add_run().add_picture(picture, width=Inches(scale * width))
    shape._inline.docPr.set("descr", block.text)
    _add_caption(cell, block)
    return cell


def _add_table(document: Any, table: PageTable, layout: Layout) -> None:
    from docx.shared import Pt

    made = document.add_table(rows=1 + len(table.rows), cols=len(table.columns), style="Light Grid Accent 1")
    made.autofit = False
    for column, width in zip(made.columns, layout.widths, strict=True):
        column.width = Pt(width)
    last = len(table.rows)
    short = last <= _TOGETHER
    texts = [list(table.columns), *([str(cell) for cell in row] for row in table.rows)]
    numbers = [
        all(row[place].key is not None or row[place].text in _NOTHING for row in table.rows)
        for place in range(len(table.columns))
    ]
    for place, row in enumerate(made.rows):
        _mark_row(row, head=place == 0)
        end = last + (1 if table.how_to_read else 0)  # the last row stays with how the table is read
        together = place < end and (short or place < _AT_ENDS or place > last - _AT_ENDS)
        for column, cell in enumerate(row.cells):
            cell.width = Pt(layout.widths[column])
            for run in _add_runs(cell.paragraphs[0], texts[place][column]):
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

    short, long = PAPER
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (Cm(long), Cm(short)) if landscape else (Cm(short), Cm(long))
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(MARGIN)
