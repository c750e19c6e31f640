"""``doseesc guide``: topics, a page, a wrong topic, and the folder for a browser."""

import io
import re
from pathlib import Path

import html5lib
import pytest
from rich.console import Console

from designs import design_names, rule_names
from doseesc.commands.guide import show_page
from doseesc.guide import GUIDE_TOPICS, guide_page
from doseesc.report.page import guide_html


def test_topics_are_listed(cli):
    code, out, _ = cli("guide")
    assert code == 0
    assert tuple(line.split()[0] for line in out.splitlines()[: len(GUIDE_TOPICS)]) == GUIDE_TOPICS


def test_a_page_in_a_pipe_is_its_markdown(cli):
    assert cli("guide", "Conduct") == (0, guide_page("conduct").text, "")


@pytest.mark.parametrize("topic", GUIDE_TOPICS)
def test_a_page_in_a_terminal_keeps_its_lines(topic):
    page = guide_page(topic)
    shown = io.StringIO()
    show_page(page, Console(file=shown, width=100, force_terminal=True, color_system=None))
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", shown.getvalue()).splitlines()]
    assert page.title in " ".join(lines)
    for block in re.findall(r"^```text\n(.*?)^```", page.text, re.MULTILINE | re.DOTALL):
        assert [line for line in map(str.strip, block.splitlines()) if line not in lines] == []


def test_a_wrong_topic_is_told_which_is_meant(cli):
    code, _, err = cli("guide", "conducting")
    assert code == 2
    assert "did you mean conduct?" in err
    assert "r-users" in err


def test_the_page_of_designs_names_all_of_them():
    named = set(re.findall(r"`([^`]+)`", guide_page("designs").text))
    assert set(design_names()) - named <= {"policy"}  # which  doseesc optimal  writes
    assert set(rule_names()) - named <= {"AllOf", "AnyOf"}  # all: and any: in a file


def test_what_r_gave_stands_in_what_is_printed_here():
    """The numbers quoted from R, to the digits quoted, are among those of the output below them, which is compared."""
    text, quoted = guide_page("r-users").text, 0
    blocks = re.findall(r"^```(\w+)[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for place, (language, code) in enumerate(blocks):
        numbers = [each for line in re.findall(r"#(.*)", code) for each in re.findall(r"\d+\.\d{3,}", line)]
        if language != "r" or not numbers:
            continue
        printed = next(block for kind, block in blocks[place:] if kind == "text")
        ours = [float(each) for each in re.findall(r"\d+\.\d+", printed)]
        for each in numbers:
            assert any(abs(float(each) - one) < 0.51 * 10.0 ** -len(each.partition(".")[2]) for one in ours), each
        quoted += len(numbers)
    assert quoted == 12


def test_the_folder_for_a_browser(cli):
    code, out, _ = cli("guide", "--html", "pages")
    assert (code, out) == (0, "written to pages/index.html\n")
    written = {path.name: path.read_text(encoding="utf-8") for path in Path("pages").iterdir()}
    assert set(written) == {"index.html", *(f"{name}.html" for name in GUIDE_TOPICS)}
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    for name, text in written.items():
        tree = parser.parse(text)
        links = {each.get("href") for each in tree.iter("a")} - {"#text"}
        assert links <= set(written), name
        assert not re.search(r"<(?:script|img|link rel=\"style)", text)
    assert 'role="group" aria-label="Table"><table>' in written["choosing.html"]
    assert "<td>a table that fits on a page</td>" in written["choosing.html"]
    assert cli("guide", "--html", "pages")[0] == 2  # what is there is not replaced without being asked
    assert cli("guide", "--html", "pages", "--force")[0] == 0
    assert cli("guide", "time", "--html", "more")[0] == 2


def test_what_a_page_holds_is_text():
    page = guide_page("time")
    unsafe = type(page)(page.name, "<b>T", page.summary, "# <script>x</script>\n\n<i>y</i>\n")
    html = guide_html(unsafe)
    assert "<script>" not in html
    assert "<i>" not in html
    assert '<pre tabindex="0">' in guide_html(page)  # which a narrow screen scrolls
    assert "<title>&lt;b&gt;T" in html
