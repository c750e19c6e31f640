"""Values as text: the same value is read, to the last bit; what others could not read is refused."""

import json
import math
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import doseesc
from designs import BOIN, Reason
from doseesc.pieces import NoText, block_sizes, text_of, value_of
from doseesc.runs.simulation import _Task
from doseesc.study import shipped_scenarios

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=8)
VALUES = st.recursive(
    PLAIN,
    lambda each: (
        st.lists(each, max_size=3)
        | st.lists(each, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.tuples(st.integers(), st.text(max_size=2)), each, max_size=3)
        | st.frozensets(st.integers(), max_size=3)
    ),
    max_leaves=8,
)


def same(a, b):
    """Equal, of the same types throughout, where nan equals nan."""
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return math.isnan(b) if math.isnan(a) else (a, math.copysign(1, a)) == (b, math.copysign(1, b))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    return a == b


@settings(max_examples=20)
@given(VALUES)
def test_plain_values(value):
    assert same(value_of(text_of(value)), value)


@given(
    arrays.arrays(
        st.sampled_from([np.float64, np.float32, np.int8, np.int64, np.bool_]), arrays.array_shapes(min_side=0)
    )
)
def test_arrays_to_the_last_bit(value):
    found = value_of(text_of([value, value.T, value[:1]]))
    for given_, read in zip([value, value.T, value[:1]], found, strict=True):
        assert (read.dtype, read.shape) == (given_.dtype, given_.shape)
        assert read.tobytes() == given_.tobytes()
        assert read.flags.writeable


@pytest.mark.parametrize("name", ["design_comparison", "nct04602104_attribution", "tite_backfill"])
def test_studies_and_what_their_tasks_hold(name):
    study = doseesc.load(shipped_scenarios()[name])
    read = value_of(text_of(study))
    assert read.model_dump() == study.model_dump()
    assert read.designs == study.designs
    assert value_of(text_of(study.designs)) == study.designs
    truths = dict(study.truths.items())
    for model in (None, *study.observations.values()):
        for scenario, truth in truths.items():
            task = _Task("policy", scenario, truth, study.right_levels(truth), model)
            found = value_of(text_of(task))
            np.testing.assert_array_equal(found.truth, truth)
            if model is not None:
                np.testing.assert_array_equal(found.model.law(truth).observed_dlt, model.law(truth).observed_dlt)


def test_functions_classes_and_members_go_by_their_names():
    ask = partial(block_sizes, block=3)
    assert value_of(text_of(ask))(7) == ask(7) == [3, 3, 1]
    assert value_of(text_of([BOIN, Reason.WAIT, Path("a"), np.float64(0.1)])) == [BOIN, Reason.WAIT, Path("a"), 0.1]


class Own:
    """Of no kind that has a text."""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (Own(), "Own has no text"),
        (lambda: 1, "<lambda> of"),
        (np.array([None]), "object has no text"),
        (np.zeros(2, dtype=[("n", np.int64)]), "has no text"),
        (open, "no text"),
    ],
)
def test_what_has_no_text(value, words):
    with pytest.raises(NoText, match=words):
        text_of([{"deep": (value,)}])


def test_what_is_written_in_main_is_refused_there(tmp_path):
    """Where another process would not find it."""
    script = "from doseesc.pieces import text_of\ndef own(): pass\ntext_of(own)"
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "NoText: own of __main__ cannot be imported by others" in found.stderr


def test_a_class_that_is_missing_is_named():
    text = json.loads(text_of(BOIN(target=0.25, n_doses=3, max_n=9)))
    text["class"] = "their_designs:Own"
    with pytest.raises(ModuleNotFoundError, match="their_designs"):
        value_of(json.dumps(text))
