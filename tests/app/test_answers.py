"""What was enumerated before is not enumerated again, and no more is kept than may."""

import numpy as np
import pytest
from support import THREE_DESIGNS, THREE_DOSES

from doseesc.app.answers import Answers
from doseesc.app.limits import Deadline, Limits, TooLong, Trusted
from doseesc.engines import enumerate_paths
from doseesc.runs import run

TEXT = f"study: {{title: small}}\n{THREE_DOSES}{THREE_DESIGNS}"


def silent(*_):
    pass


def walked(answers, text):
    """Return the designs that an answer enumerates."""
    told = []
    answers.exact(answers.study("mine.yaml", text), lambda name, *_: told.append(name))
    return set(told)


def test_other_truths_enumerate_nothing_and_another_option_its_design_alone():
    answers = Answers(Trusted(), Limits())
    assert walked(answers, TEXT) == {"3+3", "CRM", "BOIN"}
    assert walked(answers, TEXT) == set()
    assert walked(answers, TEXT.replace("0.45", "0.46")) == set()
    changed = TEXT.replace("{name: BOIN, type: BOIN}", "{name: BOIN, type: BOIN, elimination_cutoff: 0.9}")
    assert walked(answers, changed) == {"BOIN"}


def test_panel_sums_what_the_run_has_enumerated():
    answers = Answers(Trusted(), Limits())
    study = answers.study("mine.yaml", TEXT)
    answers.exact(study, silent)
    for design in study.designs.values():
        found = answers.paths(pytest.fail, design)
        assert np.array_equal(found.tally.n, enumerate_paths(design).tally.n)


def test_run_gives_the_same_from_what_was_enumerated_before():
    study = Answers(Trusted(), Limits()).study("mine.yaml", TEXT)
    walks = {}
    first = run(study, method="exact", walks=walks)
    assert set(walks) == set(study.designs.values())
    again = run(study, method="exact", walks=walks, enumerating=pytest.fail)
    for key, cell in first.cells.items():
        assert np.array_equal(cell.best.selected, again.cells[key].best.selected)


def test_no_more_answers_and_walks_are_kept_than_may():
    answers = Answers(Trusted(), Limits())
    studies = [answers.study("mine.yaml", TEXT.replace("0.25", f"{0.2 + k / 500}", 1)) for k in range(26)]
    for study in studies:
        answers.exact(study, silent)
    assert answers.known(studies[0]) is None
    assert answers.known(studies[-1]) is not None
    assert len(answers._walks) == 48  # of 26 x 2 and 3+3, which has no target


def test_answer_that_takes_too_long_is_given_up():
    answers = Answers(Trusted(), Limits())
    study = answers.study("mine.yaml", TEXT)
    with pytest.raises(TooLong):
        answers.exact(study, Deadline(0))
    assert answers.known(study) is None
