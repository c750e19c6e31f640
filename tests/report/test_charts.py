"""Charts as functions of plain data: what stands where, that labels keep apart, and that no text becomes markup."""

import math
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import THREE_DESIGNS, THREE_DOSES

from doseesc.conduct.asking import recommend
from doseesc.report.charts import (
    Bar,
    Branch,
    CalendarPatient,
    Curve,
    DotRow,
    Frame,
    Measure,
    Point,
    Range,
    RangeRow,
    Segment,
    Series,
    StripCohort,
    calendar_strip,
    curve_plot,
    decision_tree,
    dot_plot,
    range_plot,
    stacked_bars,
    trial_strip,
)
from doseesc.report.charts.svg import spread, ticks, width_of
from doseesc.report.page.design_charts import design_page
from doseesc.report.page.look import look_of
from doseesc.report.page.next_dose import next_doses
from doseesc.report.page.phase2_charts import _reached, dose_rows
from doseesc.results.fit import Observed, SavedFit
from doseesc.runs.run_study import run
from doseesc.study import load

HOSTILE = '<script>alert(1)</script> & "it\'s"'
DESIGNS = (Series("A", 0, 0), Series("B", 1, 1, front=True), Series("C", 2, None))


def parsed(svg):
    return ElementTree.fromstring(svg)


def texts(svg):
    return [each.text for each in parsed(svg).iter("text")]


def marks(svg, kind):
    """Return where the markers of a kind lie, in the order in which they are drawn."""
    found = [each for each in parsed(svg).iter("path") if each.get("class", "") == kind]
    return [tuple(float(x) for x in re.findall(r"[-.\d]+", each.get("transform"))) for each in found]


@given(st.lists(st.tuples(st.floats(0, 300), st.floats(5, 40)), min_size=1, max_size=7))
def test_labels_keep_apart_and_within_limits_and_in_order(pairs):
    places, widths = [place for place, _ in pairs], [width for _, width in pairs]
    found = spread(places, widths, -20, 330)
    order = sorted(range(len(pairs)), key=lambda k: (found[k], places[k]))
    for one, other in pairwise(order):
        assert found[other] - found[one] >= (widths[one] + widths[other]) / 2 - 1e-6
        assert places[one] <= places[other] + 1e-9
    for k, width in enumerate(widths):
        assert found[k] - width / 2 >= -20 - 1e-6
        assert found[k] + width / 2 <= 330 + 1e-6
    if len(pairs) == 1:
        assert found[0] == pytest.approx(min(max(places[0], widths[0] / 2 - 20), 330 - widths[0] / 2))


@given(st.floats(0.01, 5000), st.integers(2, 5))
def test_marks_of_an_axis_are_few_round_and_within_and_more_than_the_zero(top, most):
    found = ticks(top, most)
    assert 2 <= len(found) <= most
    assert found[0] == 0
    assert max(found) <= top * (1 + 1e-6)


def test_on_a_phone_every_column_has_a_scale_and_headings_stand_whole():
    rows = [DotRow("S3", "medium is the MTD", ((28.0, 42.0, 46.0), (4.0, 11.0, 7.0)), "medium is right")]
    measures = (Measure("right dose, %", share=1.5), Measure("too high, %", 40.0))
    drawn = texts(dot_plot(rows, measures, DESIGNS, width=358, alt="A finds"))
    assert "medium is right" in drawn
    numbers = [each for each in drawn if each.isdigit()]
    assert numbers[:3] == ["0", "50", "100"]
    assert len(numbers[3:]) > 1
    assert numbers[3] == "0"


def test_dots_lie_where_their_values_are_and_the_best_above_all():
    rows = [
        DotRow("S1", "mild", ((0.0, 50.0, 100.0), (10.0, math.nan, 0.0)), "low is right"),
        DotRow("S2", HOSTILE, ((25.0, 75.0, 40.0), (5.0, 10.0, 0.0)), "high is right", "S2 tells"),
    ]
    svg = dot_plot(rows, (Measure("right, %"), Measure("high, %", 20.0)), DESIGNS, width=600, alt="A finds")
    first, second = marks(svg, "mark c0"), marks(svg, "mark c1")
    assert len(first) == 4
    assert len(second) == 3  # one value is missing
    assert len(marks(svg, "other")) == 4
    (start, top), middle, left = first[0], second[0][0], first[2][0]
    assert middle - start == pytest.approx(2 * (left - start), abs=0.2)  # 50 against 25 %
    assert first[1][1] == top < first[2][1]
    drawn = [
        each.get("class") for each in parsed(svg).iter("path") if (each.get("class") or "").startswith(("mark", "oth"))
    ]
    assert drawn[:3] == ["other", "mark c0", "mark c1"]
    said = texts(svg)
    assert {"low is right", "high is right", "S1", "S2", "mild", "S2 tells"} <= set(said)
    assert said.count("B") == 3  # named at the first dots of each group, by measure
    assert "A, S1: 0.0, right, %" in [each.text for each in parsed(svg).iter("title")]
    assert "<script" not in svg


def test_a_long_note_begins_further_left_and_is_not_cut():
    note = "MTD 3 differs most: CRM 27.0 % too high, TITE-CRM 17.0 %"
    values = ((50.0, 60.0, 70.0), (10.0, 20.0, 5.0))
    rows = [DotRow("MTD 3", "the third dose is the MTD", values, note=note)]
    svg = dot_plot(rows, (Measure("right, %"), Measure("high, %", 20.0)), DESIGNS, width=600, alt="A finds")
    assert note in svg
    narrow = texts(dot_plot(rows, (Measure("right, %"), Measure("high, %", 20.0)), DESIGNS, width=345, alt="A finds"))
    assert note in " ".join(narrow)  # on two lines
    assert not any(each.endswith("…") for each in narrow)


def test_a_note_wider_than_a_phone_is_folded_and_not_cut():
    note = "MTD 3 differs most: CRM 27.0 % too high, TITE-CRM 17.0 % too high in the same trials"
    plain, noted = (
        dot_plot(
            [DotRow("MTD 3", "", ((50.0, 60.0, 70.0),), note=each)], (Measure("right, %"),), DESIGNS, width=345, alt=""
        )
        for each in ("", note)
    )
    lines = [each for each in texts(noted) if each not in texts(plain)]
    assert " ".join(lines) == note
    assert len(lines) == 2
    heights = [float(parsed(each).get("viewBox").split()[3]) for each in (plain, noted)]
    assert heights[1] - heights[0] == pytest.approx(34, abs=1)  # both lines have room


def test_many_designs_are_named_as_far_as_there_is_room_the_best_first():
    series = tuple(Series(f"a long name of a design {k}", k, k, front=k == 5) for k in range(8))
    svg = dot_plot([DotRow("S", "", ((50.0,) * 8,))], (Measure("right, %"),), series, width=345, alt="many")
    named = [each for each in texts(svg) if each.startswith("a long")]
    assert "a long name of a design 5" in named
    assert len(named) < 8


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0, 30), st.booleans()), min_size=1, max_size=20),
    st.sampled_from([345, 590]),
)
def test_every_dot_has_a_name_or_a_number_beside_it_and_none_lies_on_another(designs, width):
    series = tuple(Series(f"design {k}", k, k % 8 if coloured else None) for k, (_, _, coloured) in enumerate(designs))
    rows = [
        DotRow(name, "a meaning", (tuple(a for a, _, _ in designs), tuple(b for _, b, _ in designs)), name)
        for name in ("S", "T")
    ]
    svg = dot_plot(rows, (Measure("right, %", share=1.5), Measure("high, %", 30.0)), series, width=width, alt="many")
    labels = [each for each in parsed(svg).iter("text") if "small halo" in each.get("class", "")]
    for each in series:
        at_dots = sum(label.text == each.name for label in labels)
        by_number = sum(label.text == str(each.place + 1) for label in labels)
        assert at_dots + by_number == 4  # in both groups, by both measures
        assert (f"{each.place + 1} {each.name}" in texts(svg)) == (by_number > 0)  # the key
    boxes = [written(label) for label in labels]
    for k, one in enumerate(boxes):
        assert one[0] >= -8
        assert one[2] <= width
        for other in boxes[:k]:
            assert not covers(one, other)


def written(text):
    """Return what a text in small letters covers: left, top, right and bottom."""
    x, y, size = float(text.get("x")), float(text.get("y")), width_of(text.text, 11)
    left = x - size / 2 if text.get("text-anchor") == "middle" else x
    return left, y - 8, left + size, y + 2


def covers(one, other):
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across > 0.2 and down > 0.2


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.floats(1, 20), st.floats(0.02, 0.9), st.sampled_from(["dot", "seen", "open"])),
        min_size=1,
        max_size=6,
    )
)
def test_labels_of_points_do_not_lie_on_one_another(found):
    points = [Point(x, y, f"dose {k}", "", kind) for k, (x, y, kind) in enumerate(found)]
    frame = Frame(((1.0, "1"), (20.0, "20")), "dose", True, 0.25, "target 25 %", 8.0, "planned")
    svg = curve_plot("", [], points, replace(frame, up="P(DLT), %"), width=590, height=300, alt="points")
    assert "P(DLT), %" in texts(svg)
    own = ("target 25 %", "planned", *(each.label for each in points))
    boxes = [written(each) for each in parsed(svg).iter("text") if each.text in own]
    assert len(boxes) == len(own)
    assert not any(covers(one, other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_a_rate_observed_at_a_dose_has_its_label_apart_from_that_of_the_dose():
    """As on a page with one DLT in three patients at the medium dose, whose posterior mean is near that."""
    points = [
        Point(8, 0.34, "medium"),
        Point(8, 0.333, "1/3", kind="seen"),
        Point(2, 0.1, "low"),
        Point(16, 0.4, "high"),
    ]
    svg = curve_plot("", [], points, Frame(((2, "2"), (16, "16")), logarithmic=True), width=310, height=170, alt="x")
    boxes = [written(each) for each in parsed(svg).iter("text") if each.text in ("medium", "1/3", "low", "high")]
    assert len(boxes) == 4
    assert not any(covers(one, other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_bars_are_as_long_as_their_shares_and_frame_what_is_right():
    parts = (Segment(0.25, "low", "#fff", "#000"), Segment(0.75, "high", "#123", "#fff", marked=True, hatched=True))
    svg = stacked_bars("S1", [Bar("BOIN", parts, 2)], width=400, alt="high in 75 %")
    rectangles = {each.get("class"): each for each in parsed(svg).iter("rect")}
    widths = [float(each.get("width")) for each in parsed(svg).iter("rect") if each.get("class") == "part"]
    assert widths[1] == pytest.approx(3 * widths[0], abs=0.5)
    assert float(rectangles["right"].get("width")) == pytest.approx(widths[1] - 2, abs=0.2)
    assert {"low 25 %", "high 75 %", "BOIN", "S1"} <= set(texts(svg))
    assert parsed(svg).get("aria-label") == "high in 75 %"


def test_curves_have_their_planned_number_and_keep_names_apart():
    curves = [
        Curve("one", [1, 2, 4], [0.0, 0.5, 1.0]),
        Curve("two", [1, 2, 4], [0.0, 0.5, 0.99], [0, 0.4, 0.9], [0.1, 0.6, 1]),
    ]
    frame = Frame(((1, "1"), (2, "2"), (4, "4")), "dose, mg", True, 0.8, "80 %", 2.0, "planned: 2")
    points = [Point(2, 0.5, "medium", "50 %", "star"), Point(4, 1.0, "1/1", kind="seen", low=0.2, high=1.0)]
    svg = curve_plot(HOSTILE, curves, points, frame, width=400, height=240, alt="power")
    by_name = {each.text: each for each in parsed(svg).iter("text")}
    assert {"dose, mg", "80 %", "planned: 2", "medium", "1/1", "one", "two"} <= set(by_name)
    assert abs(float(by_name["one"].get("y")) - float(by_name["two"].get("y"))) >= 13
    assert float(by_name["2"].get("x")) == pytest.approx(
        (float(by_name["1"].get("x")) + float(by_name["4"].get("x"))) / 2, abs=0.2
    )
    assert "<script" not in svg


def test_ranges_and_strips_hold_every_row_and_patient():
    rows = [
        RangeRow("S1", "BOIN", 0, 0, (Range(3, 18, 12, 11.5, 9, 15),)),
        RangeRow("S1", "CRM", 1, 1, (Range(6, 18, 15, 14),)),
    ]
    svg = range_plot(rows, (("patients", 18.0),), width=345, alt="BOIN treats 3 to 18")
    circles = [float(each.get("cx")) for each in parsed(svg).iter("circle")]
    assert len(circles) == 2
    assert circles[0] < circles[1]
    cohorts = [StripCohort(1, 3, 0, "fine"), StripCohort(2, 3, 2, "two DLTs"), StripCohort(1, 2, 1, HOSTILE)]
    svg = trial_strip("S1", cohorts, ["low", "high"], "MTD: low", width=345, alt="3 DLT in 8 patients")
    patients = list(parsed(svg).iter("circle"))
    assert [each.get("class") for each in patients] == ["fine"] * 3 + ["dlt"] * 2 + ["fine", "dlt", "fine"]
    heights = [float(each.get("cy")) for each in patients]
    assert heights[0] == heights[-1] > heights[3]
    assert "<script" not in svg


def test_a_tree_has_parents_in_the_middle_of_their_children():
    end = {"fill": "", "ink": "", "share": "50 %", "tip": ""}
    box = {"fill": "#abc", "ink": "#000", "share": "", "tip": "say"}
    branches = [
        Branch(0, -1, "", "low", chance=1.0, **box),
        Branch(1, 0, "0", "↑ high", chance=0.5, **{**box, "share": "50 %"}),
        Branch(2, 0, "1", "■ no dose", chance=0.5, **end),
    ]
    svg = decision_tree(branches, ["first", "after cohort 1", "in S1"], width=590, alt="tree")
    nodes = {each.get("data-node"): each for each in parsed(svg).iter("g")}
    heights = {name: float(each.find("text").get("y")) for name, each in nodes.items()}
    assert heights["0"] == pytest.approx((heights["1"] + heights["2"]) / 2)
    assert {"0 DLT", "1 DLT", "in S1", "↑ high"} <= set(texts(svg))
    assert "0" in texts(decision_tree(branches, ["first", "after", "in S1"], width=250, alt="tree"))


def test_why_a_trial_ends_is_folded_in_a_tree_and_below_a_strip_and_said_shorter_rather_than_cut():
    box = {"fill": "#abc", "ink": "#000", "share": "", "tip": "say"}
    end = {"fill": "", "ink": "", "share": "50 %", "tip": ""}
    shorter = ("■ no dose (no safe dose)", "■ no dose")
    branches = [
        Branch(0, -1, "", "low", chance=1.0, **box),
        Branch(1, 0, "0", "↑ high", chance=0.5, **box),
        Branch(2, 0, "1", "■ no dose selected (no safe dose)", chance=0.5, **end, shorter=shorter),
    ]
    wide, narrow = (texts(decision_tree(branches, ["a", "b", "c"], width=width, alt="")) for width in (600, 300))
    assert "■ no dose selected (no safe dose)" in wide
    assert {"■ no dose selected", "(no safe dose)"} <= set(narrow)
    scarcer, scarce = (texts(decision_tree(branches, ["a", "b", "c"], width=width, alt="")) for width in (190, 230))
    assert {"■ no dose (no", "safe dose)"} <= set(scarce)
    assert "■ no dose" in scarcer
    assert not any("(" in each for each in scarcer)
    long = "Highest dose tested: high (16 x 1e8 particles per day); no toxicity bounds it"
    svg = trial_strip("S1", [StripCohort(1, 3, 0, "")], ["low"], long, width=345, alt="")
    assert " ".join(texts(svg)[-2:]) == long


@pytest.fixture(scope="module")
def look(tmp_path_factory):
    path = tmp_path_factory.mktemp("charts") / "study.yaml"
    path.write_text(
        "study: {title: charts}\n" + THREE_DOSES + THREE_DESIGNS + "phase2_arms:\n"
        "  - {name: control, control: true}\n  - {name: quarter, fraction: 0.25}\n  - {name: full, fraction: 1}\n"
        "simulation: {trials: 100, seed: 7, method: exact}\n"
    )
    return look_of(run(load(path)))


def fitted(look, n, dlt):
    amounts = look.results.study.dose_amounts
    data = [{"study": "trial", "amount": a, "n": k, "dlt": y} for a, k, y in zip(amounts, n, dlt, strict=True)]
    dose = {"label": "x", "amount": 1, "kind": "level", "mean": 0.1, "low": 0, "high": 0.5, "p_over_target": 0.1}
    parts = {"model": "m", "verdict": "v", "converged": True, "target": 0.25, "doses": [dose], "data": data}
    return SavedFit.model_validate(parts)


@pytest.mark.parametrize("outcomes", ["1NNN", "1NNN 2NNN 3NNT", "1NNT 1NNN", "1NNN 2NTT 1NNN"])
def test_the_next_dose_follows_from_patients_and_dlts_alone_where_they_are_of_whole_cohorts(look, outcomes):
    study = look.results.study
    asked = recommend(study, outcomes, design=look.best)
    tally = asked.tally
    found = next_doses(look, fitted(look, tally.n[0], tally.dlt[0]))
    words = [each.decision for each in found]
    assert f"Treat the next {asked.cohort_size} patients at {look.doses.words(asked.level)}" in words
    if len(found) > 1:  # where the last cohort may have been at either dose, both are said
        assert len({each.last for each in found}) == len(found)


def test_reasons_on_the_page_fit_the_data_that_they_are_told_beside(look):
    study = look.results.study
    (found,) = next_doses(look, fitted(look, [3, 0, 0], [2, 0, 0]))
    assert found.reason == recommend(study, "1NTT", design=look.best).why
    walk = design_page(look, "BOIN", study.names.index("BOIN"), "middle").walk
    node = next(place for place, dlts in enumerate(walk["dlts"]) if walk["parent"][place] == 0 and dlts == 2)
    assert walk["reasons"][walk["reason"][node]] == recommend(study, "1NTT", design="BOIN").why
    assert "above the target" in walk["reasons"][walk["reason"][node]]


def test_no_next_dose_is_made_up(look):
    assert next_doses(look, fitted(look, [2, 0, 0], [0, 0, 0])) == []  # not of whole cohorts
    assert next_doses(look, fitted(look, [0, 0, 3], [0, 0, 0])) == []  # not where the design begins
    elsewhere = [Observed(study="trial", amount=7.7, n=3, dlt=0)]
    assert next_doses(look, fitted(look, [3, 0, 0], [0, 0, 0]).model_copy(update={"data": elsewhere})) == []


def test_the_doses_of_phase_2_add_up_over_scenarios_as_the_study_weighs_them(look):
    rows = dose_rows(look)
    own, cells = look.results.verdict.standing, look.results.cells
    assert sum(row.share for row in rows) == pytest.approx(1)
    expected = own.weights @ np.array([cells[name, look.best].best.selected[2] for name in own.scenarios])
    assert rows[1].share == pytest.approx(expected)
    assert rows[1].given[0] == ""  # low is always tested
    assert re.fullmatch(r"up to \d\.\d % untested", rows[1].given[1]), "CRM can name what nobody was given"
    assert all(row.given[0] in ("untested", "below lowest") for row in (rows[0], rows[2]))
    assert rows[-1].given == ()
    assert rows[-1].arms == ()


@pytest.mark.parametrize(
    ("powers", "expected"), [([0.2, 0.6, 1.0], 150), ([0.9, 0.95, 1.0], 50), ([0.1, 0.2, 0.3], None)]
)
def test_the_number_for_a_power_lies_between_the_points_of_the_curve(powers, expected):
    assert _reached([50, 100, 200], powers, 0.8) == (None if expected is None else pytest.approx(expected))


def test_marks_on_the_calendar_stand_below_the_title_and_a_narrow_axis_has_several_ticks():
    patients = [CalendarPatient(0, 0, 3, "#abc"), CalendarPatient(35, 35, 38, "#abc")]
    text = calendar_strip("BOIN", patients, [], [(0.5, 1)], 38, width=358, alt="a trial")
    title = float(re.search(r'y="([\d.]+)"[^>]*>BOIN<', text)[1])
    mark = float(re.search(r"translate\([\d.]+ ([\d.]+)\)", text)[1])
    assert mark - 7 > title + 3  # marks are 7 high, and letters reach 3 below their line
    assert len(re.findall(r">\d+</text>", text)) >= 4
