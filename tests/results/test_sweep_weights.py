"""What scenarios count in the cells of a sweep: as in the base study, or by a cell's own true MTDs."""

import pandas as pd
import pytest

from doseesc.results.sweep_table import Facts

WEIGHTS = {"low": 0.5, "high": 0.5}


def facts(*own):
    axes = {"target": ("target",), "safe": ("safe",), "max_n": ("max_n",)}
    return Facts("0", "t", axes, {name: name for name in axes}, WEIGHTS, 1.0, False, own_weights=own)


def rows():
    """Every scenario in every cell, and two rows of a method that no axis touches."""
    cells = [(target, safe, n) for target in (0.2, 0.25) for safe in (True, False) for n in (12, 18)]
    frame = pd.DataFrame(
        [(scenario, *cell) for cell in [*cells, (0.2, None, 12)] for scenario in WEIGHTS],
        columns=["scenario", "target", "safe", "max_n"],
    )
    return frame.astype({"safe": "boolean", "max_n": "Int64"}).iloc[::-1]


def meant(frame, own):
    """Say the same row by row."""
    for row in frame.to_dict("records"):
        found = WEIGHTS
        for at, weights in own:
            if all(row[name] is not pd.NA and row[name] == value for name, value in at.items()):
                found = weights
        yield found[row["scenario"]]


@pytest.mark.parametrize(
    "own",
    [
        [],
        [({"target": 0.25}, {"low": 0.25, "high": 0.75})],
        [
            ({"safe": True, "target": 0.2}, {"low": 0.1, "high": 0.9}),
            ({"target": 0.2, "safe": False}, {"low": 0.3, "high": 0.7}),
            ({"target": 0.25, "safe": False}, {"low": 1.0, "high": 0.0}),
        ],
        [({"max_n": 18, "safe": True}, {"low": 0.9, "high": 0.1}), ({"target": 0.3}, {"low": 0.0, "high": 1.0})],
    ],
)
def test_a_cells_own_weights_take_the_place_of_the_base_studys(own):
    frame = rows()
    weights = facts(*own).weights_of(frame)
    assert weights.index.equals(frame.index)
    assert weights.tolist() == list(meant(frame, own))


def test_own_weights_of_no_cells_are_not_sound():
    assert facts(({"target": 0.2}, WEIGHTS)).are_sound()
    assert not facts(({}, WEIGHTS)).are_sound()
