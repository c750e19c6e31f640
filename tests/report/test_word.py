"""The Word document: its tables fit the page, and LibreOffice opens it and reads the same words."""

import io
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime

import docx
import pytest
from matplotlib import get_data_path
from PIL import ImageFont

from doseesc.report.protocol.open_points import open_point, open_points
from doseesc.report.protocol.protocol import protocol_blocks, protocol_files
from doseesc.report.protocol.text_blocks import Block, numbered
from doseesc.report.protocol.wide_tables import in_portrait
from doseesc.report.protocol.word import word_document
from doseesc.report.protocol.word_layout import table_layout
from doseesc.report.tables.table import PageTable, Value
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load
from doseesc.study.shipped import shipped_scenarios

PORTRAIT, LANDSCAPE = 482.0, 729.0  # points between the margins


def table(columns, rows, head="patients", cell="18.0"):
    return PageTable("t", "T", "", (head,) * columns, [(Value(cell, "", 1.0),) * columns] * rows)


@pytest.mark.parametrize(("columns", "landscape"), [(3, False), (8, False), (14, True)])
def test_a_wide_table_is_set_on_a_landscape_page(columns, landscape):
    layout = table_layout(table(columns, 4))
    assert layout.landscape == landscape
    assert sum(layout.widths) <= (LANDSCAPE if landscape else PORTRAIT)
    assert layout.size >= 7.5


def test_a_table_too_wide_for_any_page_still_fits_it():
    layout = table_layout(table(40, 2, head="stochastically"))
    assert sum(layout.widths) == pytest.approx(LANDSCAPE, rel=0.01)


@pytest.mark.parametrize(("columns", "parts"), [(8, 1), (14, 2), (27, 3), (60, 1)])
def test_wide_tables_are_set_in_parts_with_all_their_columns(columns, parts):
    numbered_heads = tuple(f"patients {place}" for place in range(columns))
    rows = [tuple(Value(f"{place}") for place in range(columns))] * 4
    whole = PageTable("t", "T", "Read it so.", numbered_heads, rows)
    found = in_portrait(whole)
    assert len(found) == parts
    assert [each.columns[0] for each in found] == ["patients 0"] * parts
    assert tuple(head for each in found for head in each.columns[1:]) == numbered_heads[1:]
    assert all(
        [str(cell) for cell in row] == [h.split(" ")[1] for h in each.columns] for each in found for row in each.rows
    )
    assert [each.how_to_read for each in found] == [""] * (parts - 1) + ["Read it so."]
    assert parts == 1 or not any(table_layout(each).landscape for each in found)


def test_long_texts_get_the_room_that_numbers_leave():
    rows = [(Value("1"), Value("a text that goes on and on, " * 5), Value("2.0", "", 2.0))] * 2
    widths = table_layout(PageTable("t", "T", "", ("no.", "text", "number of patients"), rows)).widths
    assert widths[1] > 2 * (widths[0] + widths[2])


def test_sections_turn_to_landscape_and_back():
    wide, narrow = table(14, 3), table(3, 60)
    blocks = [
        Block("title", "A"),
        Block("table", "narrow", narrow),
        Block("table", "wide", wide),
        Block("heading", "B"),
    ]
    document = docx.Document(io.BytesIO(word_document(blocks)))
    assert [each.page_width > each.page_height for each in document.sections] == [False, True, False]
    heads = [each.rows[0]._tr.trPr.xml for each in document.tables]
    assert all("w:tblHeader" in each for each in heads)
    assert all("w:cantSplit" in row._tr.trPr.xml for row in document.tables[0].rows)
    assert document.element.xml.count("w:tblHeader") == 2


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    results = run(load(shipped_scenarios()["nct04602104"]), trials=100, method="auto")
    return read_results(write_results(results, tmp_path_factory.mktemp("word") / "out"))


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """Return a function that has LibreOffice convert a document; each run has a profile of its own."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        reason = "LibreOffice is not installed: no soffice on the path"
        (pytest.fail if os.environ.get("DOSEESC_REQUIRE_OFFICE") else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("office")

    def convert(document, ending):
        (folder / "protocol.docx").write_bytes(document)
        done = subprocess.run(
            [
                *(program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"),
                *("--convert-to", ending, "--outdir", str(folder), str(folder / "protocol.docx")),
            ],
            capture_output=True,
            timeout=120,
            check=True,
            text=True,
        )
        made = folder / f"protocol.{ending.partition(':')[0]}"
        assert made.is_file(), done.stdout + done.stderr
        return made.read_bytes()

    return convert


def plain(text):
    return re.sub(r"\s+", " ", text)


def test_libreoffice_reads_every_word_of_the_protocol(saved, office):
    text = plain(office(protocol_files(saved, "CRM")["protocol.docx"], "txt:Text").decode("utf-8-sig"))
    blocks = list(protocol_blocks(saved, "CRM"))
    assert len(blocks) > 60
    position = 0
    for block in blocks:
        found = text.find(plain(block.text), position)
        assert found >= 0, block.text
        position = found
        if block.table is not None:
            for row in block.table.rows:
                assert all(plain(str(cell)) in text for cell in row)


def test_libreoffice_sets_wide_tables_on_landscape_pages(office):
    blocks = [Block("title", "A"), Block("table", "long", table(3, 80)), Block("table", "wide", table(14, 5))]
    pdf = office(word_document([*blocks, Block("heading", "B")]), "pdf").decode("latin-1")
    pages = re.findall(r"/MediaBox\[0 0 ([\d.]+) ([\d.]+)\]", pdf)
    turned = [float(width) > float(height) for width, height in pages]
    assert turned == [False] * (len(pages) - 2) + [True, False]
    assert len(pages) > 3


def widest(text, bold):
    """Measure the longest word as a machine without Arial sets it, by another program than the layout's."""
    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSans{'-Bold' if bold else ''}.ttf", 1000)
    return max(font.getlength(word) / 1000 for word in text.split(" "))


def test_no_word_of_a_table_is_broken(saved):
    tables = [each.table for each in protocol_blocks(saved, "CRM") if each.table is not None]
    assert len(tables) > 8
    for each in tables:
        layout = table_layout(each)
        for place, (head, width) in enumerate(zip(each.columns, layout.widths, strict=True)):
            room = width - 10.8  # what Word leaves at both sides of a cell
            assert layout.size * widest(head, True) <= room, (each.name, head)
            for row in each.rows:
                assert layout.size * widest(str(row[place]), place < each.heads) <= room, (each.name, str(row[place]))


def test_captions_are_numbered_by_fields():
    blocks = numbered([Block("table", "Doses", table(3, 1)), Block("table", "More", table(3, 1))])
    captions = [
        each
        for each in docx.Document(io.BytesIO(word_document(list(blocks)))).paragraphs
        if each.style.name == "Caption"
    ]
    assert [re.findall(r'w:instr="([^"]*)"', each._p.xml) for each in captions] == [["SEQ Table \\* ARABIC"]] * 2
    shown = [[text.text for text in each._p.iter() if text.tag.endswith("}t")] for each in captions]
    assert shown == [["Table ", "1", ". Doses"], ["Table ", "2", ". More"]]


def test_the_file_is_the_studys(saved):
    core = docx.Document(io.BytesIO(protocol_files(saved, "CRM")["protocol.docx"])).core_properties
    assert core.title == saved.results.study.study.title
    assert (core.author, core.last_modified_by, core.subject) == (*("Sponsor of NCT04602104",) * 2, "NCT04602104")
    assert core.created == core.modified == datetime.fromisoformat(saved.results.finished).astimezone(UTC)
    assert core.comments == ""


def test_what_is_to_be_completed_is_marked_in_the_file():
    open_cell = PageTable("t", "T", "", ("what",), [(Value(open_point("the route")),)])
    blocks = [Block("paragraph", f"It is {open_point('the dose')} now."), Block("table", "T", open_cell)]
    document = docx.Document(io.BytesIO(word_document(blocks)))
    runs = [*document.paragraphs[0].runs, *document.tables[0].rows[1].cells[0].paragraphs[0].runs]
    marked = [run.text for run in runs if run.font.highlight_color is not None]
    assert marked == [open_point("the dose"), open_point("the route")]
    assert [what for block in blocks for what in open_points(block)] == ["the dose", "the route"]
