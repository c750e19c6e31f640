"""The protocol's text is what is configured: designs and rules describe themselves, and both files say the same."""

import io
import re

import docx
import pytest
from support import THREE_DOSES

from designs import CRM, NoSkipping, StopTooToxic
from doseesc.conduct import decision_letters
from doseesc.report.protocol.protocol import protocol_blocks, protocol_files
from doseesc.report.protocol.sections import SECTIONS
from doseesc.report.protocol.sources import registry_queries
from doseesc.results.folder import write_results
from doseesc.results.reading import read_results
from doseesc.runs.run_study import run
from doseesc.study import load

NO_BREAK = "\N{NO-BREAK SPACE}"
STUDY = (
    """\
study: {title: T, registry_id: NCT04602104, assumptions: ["target: assumed, 25 %"]}
"""
    + THREE_DOSES
    + """\
designs:
  - {name: 3+3, type: 3+3}
  - name: CRM
    type: CRM
    skeleton: [0.1, 0.25, 0.4]
    rules: [{type: NoSkipping}, {type: StopTooToxic, level: low, confidence: 0.9}]
  - {name: BOIN, type: BOIN}
scenarios:
  - {name: A, dlt: [0.1, 0.25, 0.45]}
  - {name: B, dlt: [0.02, 0.05, 0.25]}
phase2_arms:
  - {name: control, control: true}
  - {name: quarter, fraction: 0.25}
phase2: {effect: {shr: 1.8}}
simulation: {trials: 100, seed: 7, method: both}
"""
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("protocol")
    (folder / "study.yaml").write_text(STUDY)
    return write_results(run(load(folder / "study.yaml")), folder / "out")


@pytest.fixture(scope="module")
def saved(folder):
    return read_results(folder)


@pytest.fixture(scope="module")
def files(saved):
    return protocol_files(saved, "CRM")


@pytest.fixture(scope="module")
def blocks(saved):
    return list(protocol_blocks(saved, "CRM"))


def words_of(document):
    """Return all texts of a Word document in order: paragraphs, and tables row by row."""
    found = []
    for element in docx.Document(io.BytesIO(document)).element.body.iter():
        if element.tag.endswith("}p"):
            found.append("".join(each.text or "" for each in element.iter() if each.tag.endswith("}t")))
    return [each for each in found if each]


def words_of_markdown(text):
    found = []
    for line in text.splitlines():
        bare = line.strip()
        if bare.startswith("| "):
            found += re.split(r" \| ", bare[2:-2]) if not bare.startswith("| ---") else []
        else:
            bare = bare.removesuffix(" (drawn in the Word document)")
            found.append(re.sub(r"^(#+ |- |\*)", "", bare).removesuffix("*"))
    return [re.sub(r"\\(.)", r"\1", each).strip() for each in found if each.strip()]


def test_word_and_markdown_say_the_same(files):
    assert words_of(files["protocol.docx"]) == words_of_markdown(files["protocol.md"].decode())


def test_files_are_the_same_bytes_each_time(folder, files):
    assert protocol_files(read_results(folder), "CRM") == files


def test_protocol_has_its_sections_and_the_design_in_its_own_words(saved, blocks):
    headings = [each.text for each in blocks if each.kind in ("heading", "subheading")]
    assert headings == [f"{number} {name}" for number, name in SECTIONS.items()]
    design = saved.results.study.designs["CRM"]
    assert isinstance(design, CRM)
    texts = [each.text for each in blocks]
    assert design.describe() in texts
    for rule in (NoSkipping(), StopTooToxic(level=1, confidence=0.9)):
        assert rule.describe(design).replace("level 1", "low") in texts
    assert "O'Quigley, Pepe and Fisher (1990), Biometrics 46:33-48." in texts
    assert "target: assumed, 25 %" in texts
    captions = " ".join(each.text for each in blocks if each.kind == "table")
    for name in ("The assumed truths", "The designs over all scenarios", "Which dose is selected", "Phase 1 hands"):
        assert name in captions


def test_figures_that_are_exact_are_printed_once(saved, blocks):
    table = next(each.table for each in blocks if each.table and each.table.name == "selection")
    exact = saved.results.cells["A", "CRM"].exact
    assert [each.text for each in table.rows[0][1:5]] == [
        f"{'★' + NO_BREAK if level == exact.true_mtd else ''}{100 * share:.1f}"
        for level, share in enumerate(exact.selected)
    ]
    assert all(each.small == "" for row in table.rows for each in row)


def test_decision_table_is_the_designs_own(saved):
    blocks = list(protocol_blocks(saved, "BOIN"))
    table = next(each.table for each in blocks if each.table is not None and each.table.name == "decisions")
    cells = decision_letters(saved.results.study.designs["BOIN"])
    assert table.columns == ("DLTs", *(str(n) for n in cells))
    for dlts, row in enumerate(table.rows):
        assert [each.text for each in row[1:]] == [cells[n][dlts] if dlts <= n else "" for n in cells]


def test_errors_of_the_registry_text_are_queries_to_its_sponsor_only(files):
    queries = registry_queries("NCT04602104")
    assert len(queries) == 18
    assert all(set(each) == {"where", "problem", "query", "basis"} and all(each.values()) for each in queries)
    assert "0 to 24" in next(each["query"] for each in queries if each["where"].startswith("SOFA"))
    text = files["protocol.md"].decode()
    for each in queries:
        assert each["problem"] in re.sub(r"\\(.)", r"\1", text)
    assert registry_queries("NCT00000000") == []


def test_command_writes_both_files_and_knows_its_designs(folder, cli):
    code, out, _ = cli("protocol", str(folder), "--design", "3+3")
    assert code == 0
    assert "protocol.docx" in out
    text = (folder / "protocol.md").read_text(encoding="utf-8")
    assert "3+3 design treats groups of 3" in text.replace("\\", "")
    assert docx.Document(str(folder / "protocol.docx")).paragraphs[0].style.name == "Title"
    code, _, errors = cli("protocol", str(folder))
    assert code == 2
    assert "exists already" in errors
    code, _, errors = cli("protocol", str(folder), "--design", "BION", "--force")
    assert code == 2
    assert "did you mean BOIN" in errors
    (folder / "protocol.md").unlink()
    exec(cli("protocol", str(folder), "--design", "BOIN", "--force", "--show-code")[1], {})
    assert "BOIN" in (folder / "protocol.md").read_text(encoding="utf-8")
