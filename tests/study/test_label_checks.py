"""Labels of doses that contradict the amounts, and control characters in texts."""

import pytest

LABELS = "labels: [low, medium, high]"


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ("[8, 16, 2]", "which is the amount of level 2"),
        ("[8, 16, 32]", "which is the amount of level 2"),
        ("[nan, 8, 16]", "no number of a dose"),
        ("[.inf, x, y]", "no number of a dose"),
        ("[nan, inf, -1]", "no number of a dose"),
        ("[low, -1, high]", "no amount of a drug"),
        ("[low, 2, high]", "which is the amount of level 1"),
        ("[3, 1, 7]", "not above the number before it"),
        ("[low, Low, LOW]", "differs from an earlier label by its case alone"),
        ("[low, high, low]", "a second time"),
    ],
)
def test_labels_that_mislead_are_refused(complaint_with, labels, says):
    message = complaint_with(LABELS, f"labels: {labels}")
    assert "doses.labels[" in message
    assert says in message


@pytest.mark.parametrize(
    "labels", ["[2, 8, 16]", "[1, 2, 3]", "[-1, 1, 2]", "[0.5, 1, 2]", "[20, 80, 160]", "[a, b, 16]"]
)
def test_labels_that_do_not_are_kept(study_with, labels):
    assert study_with(LABELS, f"labels: {labels}").dose_labels == tuple(labels[1:-1].split(", "))


def test_amounts_with_their_unit_are_amounts(complaint_with):
    labels = 'labels: ["8 mg", "16 mg", "2 mg"], unit: mg'
    assert "which is the amount of level 2" in complaint_with(LABELS, labels)


@pytest.mark.parametrize("char", ["\\e[2J", "\\n", "\\u202e", "\\u2028", "\\x9b"])
def test_control_characters_in_titles_and_units_are_refused(complaint_with, char):
    assert "study.title" in complaint_with("title: T", f'title: "a{char}b"')
    assert "doses.unit" in complaint_with(LABELS, f'{LABELS}, unit: "a{char}b"')


def test_notes_may_have_lines_and_no_control_characters(complaint_with, study_with):
    assert study_with("title: T", 'title: T, notes: ["two\\nlines"]').study.notes == ("two\nlines",)
    assert "study.notes[1]" in complaint_with("title: T", 'title: T, notes: ["a\\e[2Jb"]')
    assert study_with("study: {title: T}", "study:\n  title: >\n    folded\n    title\n").study.title == "folded title"
