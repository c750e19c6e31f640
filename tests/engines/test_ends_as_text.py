"""The ends of designs as a browser reads them: its sums are the engine's, for random truths, rules and designs."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

import doseesc.report.page
from designs import BOIN, CRM, Keyboard, ThreePlusThree, skeleton
from doseesc.engines import TooManyStates, ends_document, enumerate_paths
from doseesc.engines.ends_as_text import letters
from doseesc.truth import TIES, ObservationModel, right_levels

SCRIPT = Path(doseesc.report.page.__file__).parent / "scripts/exact_ends.js"
FIVE = skeleton(target=0.25, halfwidth=0.05, prior_mtd=3, n_doses=5)
DESIGNS = {
    "3+3": ThreePlusThree(n_doses=3),
    "BOIN": BOIN(target=0.25, n_doses=3, max_n=18),
    "CRM": CRM(target=0.25, skeleton=(0.16, 0.25, 0.35), max_n=18),
    "pairs": BOIN(target=0.3, n_doses=2, max_n=11, cohort_size=2, start_level=2),
    "titrated": Keyboard(target=0.2, n_doses=4, max_n=13, cohort_size=3),
}
FIGURES = {
    "selected": "selected",
    "patients": "patients",
    "dlts": "dlts",
    "totalPatients": "total_patients",
    "totalDlts": "total_dlts",
    "stoppedEarly": "stopped_early",
    "untried": "untried_selection",
    "correct": "correct_selection",
    "overdose": "overdose_selection",
    "above": "patients_above_mtd",
}
EVALUATE = """([ends, cases]) => {
    const read = exactEnds.read(ends);
    return cases.map(({truth, rule, law}) => exactEnds.figures(read, truth, exactEnds.right(truth, rule), law));
}"""


@pytest.fixture(scope="module")
def script(chromium):
    page = chromium.new_page()
    page.set_content("<p>nothing but the script</p>")
    page.add_script_tag(path=str(SCRIPT))
    yield page
    page.close()


@pytest.mark.parametrize("name", DESIGNS)
def test_a_browser_sums_ends_as_the_engine_does(script, name):
    paths = enumerate_paths(DESIGNS[name])
    tally, generator = paths.tally, np.random.default_rng(18)
    most = tally.n.max(axis=1).astype(float)
    ends = json.loads(json.dumps(ends_document(paths, {"most at one dose": most, "a DLT": tally.total_dlt > 0})))
    cases, expected = [], []
    for truth in truths(generator, paths.design.n_doses):
        rule = {
            "target": float(generator.choice([0.2, 0.25, 0.33])),
            "rule": str(generator.choice(["nearest", "highest_below"])),
            "margin": float(generator.choice([0.0, 0.05, 0.1])),
            "ties": str(generator.choice(TIES)),
        }
        right = right_levels(truth, rule["target"], rule["rule"], rule["margin"], rule["ties"])
        model = observing(generator) if generator.random() < 0.3 else None
        both = None if model is None else model.law([0.0, 1.0])
        law = None if both is None else np.column_stack([both.counted, both.evaluable]).tolist()
        seen = truth if model is None else model.law(truth).observed_dlt
        found = paths.characteristics(seen, target=rule["target"], true_mtd=right[None])
        weight = np.exp(paths.log_coefficient) * (seen**tally.dlt * (1 - seen) ** (tally.n - tally.dlt)).prod(axis=1)
        extra = {"most at one dose": weight @ most, "a DLT": weight @ (tally.total_dlt > 0)}
        cases.append({"truth": truth.tolist(), "rule": rule, "law": law})
        expected.append((found, right, extra))
    for told, (found, right, extra) in zip(script.evaluate(EVALUATE, [ends, cases]), expected, strict=True):
        assert told["right"] == right.tolist()
        for theirs, ours in FIGURES.items():
            assert told[theirs] == pytest.approx(getattr(found, ours), abs=1e-10), theirs
        assert told["reasons"] == pytest.approx(dict(found.reasons), abs=1e-10)
        assert told["columns"] == pytest.approx(extra, abs=1e-10)


def truths(generator, n_doses):
    """A hundred truths: rising, any, flat, on ties, and at the ends of the scale."""
    rising = np.sort(generator.random((60, n_doses)), axis=1)
    any_order = generator.random((20, n_doses))
    round_ones = np.sort(generator.integers(0, 11, (17, n_doses)) / 20, axis=1)
    ends = [np.zeros(n_doses), np.ones(n_doses), np.full(n_doses, 0.25)]
    return [*rising, *any_order, *round_ones, *ends]


def observing(generator):
    return ObservationModel(
        window=14.0,
        background=float(generator.uniform(0, 0.3)),
        death=float(generator.uniform(0, 0.3)),
        deaths=str(generator.choice(["all_count", "replaced", "dlt_free"])),
        loss=float(generator.uniform(0, 0.2)),
    )


def test_equal_ends_are_one_and_none_is_lost():
    paths = enumerate_paths(DESIGNS["CRM"])
    ends = ends_document(paths)
    n, y = (np.array([[decoded(each) for each in column] for column in ends[key]]).T for key in ("n", "y"))
    selected = np.array([decoded(each) for each in ends["selected"]])
    rows = {tuple(row) for row in np.column_stack([n, y, selected]).tolist()}
    known = np.column_stack([paths.tally.n, paths.tally.dlt, paths.selected])
    assert rows == {tuple(row) for row in known.tolist()}
    assert len(ends["orders"]) <= paths.tally.size
    assert sum(ends["orders"]) == pytest.approx(np.exp(paths.log_coefficient).sum(), rel=1e-12)
    assert all(isinstance(each, int) for each in ends["orders"])


def decoded(letter):
    return ord(letter) - 63 if ord(letter) < 127 else ord(letter) - 98


def test_every_number_has_a_letter_that_html_and_json_leave_alone():
    numbers = np.arange(300)
    text = letters(numbers)
    assert [decoded(each) for each in text] == numbers.tolist()
    assert not set(text) & set("<>&'\"")
    assert all(each.isprintable() or ord(each) == 173 for each in text)
    assert [each for each in text[:64] if len(json.dumps(each)) != 3] == ["\\"]


@pytest.mark.parametrize(("doses", "patients", "most"), [(3, 18, 1_000), (5, 30, 28_000)])
def test_the_text_is_small(doses, patients, most):
    sizes = []
    for design in (
        BOIN(target=0.25, n_doses=doses, max_n=patients),
        CRM(target=0.25, skeleton=FIVE[:doses], max_n=patients),
    ):
        text = json.dumps(ends_document(enumerate_paths(design)), separators=(",", ":"))
        sizes.append(len(gzip.compress(text.encode())))
    assert max(sizes) < most


def test_too_many_ends_are_refused():
    paths = enumerate_paths(DESIGNS["CRM"])
    count = len(ends_document(paths)["orders"])
    assert len(ends_document(paths, most_ends=count)["orders"]) == count
    with pytest.raises(TooManyStates, match=f"can end in {count} ways, more than the {count - 1} that are summed"):
        ends_document(paths, most_ends=count - 1)
