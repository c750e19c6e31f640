"""``validation.json``, ``validation.html`` and ``validation.docx`` from the same evidence."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from doseesc.files import json_text
from doseesc.report.evidence.evidence_blocks import evidence_blocks
from doseesc.report.page import TEMPLATES, template_environment
from doseesc.report.protocol import About, Block, word_document

EVIDENCE_FILES = ("validation.html", "validation.docx", "validation.json")


def evidence_files(document: Mapping[str, Any]) -> dict[str, str | bytes]:
    """Return the files of a validation, by name.

    Parameters
    ----------
    document : mapping
        From :func:`doseesc.validation.validate`.
    """
    blocks = list(evidence_blocks(document))
    date = datetime.datetime.fromisoformat(document["date"])
    about = About(blocks[0].text, "", f"SHA-256 {document['sha256']}", date)
    contents = evidence_page(document, blocks), word_document(blocks, about), json_text(dict(document))
    return dict(zip(EVIDENCE_FILES, contents, strict=True))


def evidence_page(document: Mapping[str, Any], blocks: Sequence[Block]) -> str:
    """Return the evidence as a page that needs no network."""
    environment = template_environment(Path(__file__).with_name("templates"), TEMPLATES)
    page = environment.get_template("validation.html.j2").render(document=document, blocks=blocks)
    return page.rstrip() + "\n"
