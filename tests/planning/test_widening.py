"""A grid whose best candidate lies at an edge goes on beyond it, and what its winner costs is said."""

import numpy as np
import pytest

from designs import BOIN, CRM
from doseesc.planning import calibrate, make_objective
from doseesc.planning.widening import widened
from doseesc.report.terminal import calibration_lines

TRUTHS = np.array([[0.25, 0.4, 0.55], [0.1, 0.25, 0.45], [0.03, 0.1, 0.25]])
BOIN3 = BOIN(target=0.25, n_doses=3, max_n=12)
CRM3 = CRM(target=0.25, skeleton=(0.15, 0.25, 0.35), max_n=12)


@pytest.mark.parametrize(
    ("values", "best", "after"),
    [
        ((0.1, 0.2, 0.3), 0.2, (0.1, 0.2, 0.3)),
        ((0.1, 0.2, 0.3), 0.3, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ((0.3, 0.2, 0.1), 0.3, (0.1, 0.2, 0.3, 0.4, 0.5)),
        ((0.3, 0.4), 0.3, (0.1, 0.2, 0.3, 0.4)),
        ((0.1, 0.2), 0.1, (0.025, 0.05, 0.1, 0.2)),  # never at 0 or below
        ((0.7, 0.9), 0.9, (0.7, 0.9)),  # nothing possible beyond
        ((0.5, 0.7), 0.7, (0.5, 0.7, 0.9)),
        ((0.3,), 0.3, (0.3,)),  # one value is a choice, not a search
    ],
)
def test_values_beyond_an_edge(values, best, after):
    assert widened({"p": values}, {"p": best}, lambda each: each["p"] < 1)["p"] == pytest.approx(after)


def test_values_that_some_candidate_cannot_take_are_left_out():
    axes = {"a": (1.0, 2.0), "b": (1.0, 2.0)}
    assert widened(axes, {"a": 2.0, "b": 1.5}, lambda each: each["a"] * each["b"] <= 6) == {
        "a": (1.0, 2.0, 3.0),
        "b": (1.0, 2.0),
    }


def test_the_widened_grid_is_searched_as_if_it_had_been_given():
    grid = {"p_safe": (0.05, 0.1), "p_toxic": (0.3, 0.35)}
    narrow, wide = (calibrate(BOIN3, TRUTHS, grid, widen=times) for times in (0, 3))
    assert narrow.added == {}
    assert narrow.at_edge
    assert wide.added
    again = calibrate(BOIN3, TRUTHS, wide.grid)
    np.testing.assert_array_equal(wide.values, again.values)
    np.testing.assert_array_equal(wide.figures, again.figures)
    assert (wide.best, wide.given) == (again.best, grid)
    assert wide.score[wide.best] >= narrow.score[narrow.best]
    assert all(each < 0.25 for each in wide.grid["p_safe"])  # BOIN refuses others


def test_a_best_inside_the_grid_is_left_alone():
    found = calibrate(CRM3, TRUTHS, {"halfwidth": (0.05,), "prior_sd": (1.0,)}, widen=3)
    assert len(found.score) == 1


def words(found):
    return " ".join(" ".join(line.plain for line in calibration_lines(found, "B")).split())


def test_the_price_and_the_edge_are_said():
    grid = {"p_safe": (0.05, 0.1), "p_toxic": (0.3, 0.35)}
    found = calibrate(BOIN3, TRUTHS, grid, widen=1)
    weights = found.objective.weights
    correct, overdose, above, _ = (found.figures[found.best] - found.design_figures) @ weights
    text = words(found)
    price = f"correct {100 * correct:+.1f} points, overdose {100 * overdose:+.1f} points, {above:+.2f} patients above"
    assert price in text
    assert "--criterion penalised --penalty 1" in text
    assert "widened and searched again" in text
    for name, values in found.added.items():
        assert f"{name} {', '.join(f'{value:.4g}' for value in values)}" in text
    assert "at the edge of the grid still for" in words(calibrate(BOIN3, TRUTHS, grid))
    penalised = make_objective(BOIN3, TRUTHS, criterion="penalised", penalty=2)
    assert "overdosing counts 2 times; another weight by --penalty" in words(calibrate(BOIN3, penalised, grid))
