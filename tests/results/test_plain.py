"""Values as JSON: the same as the standard encoder writes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doseesc.results.plain import readable_json

SINGLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SINGLE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@given(VALUES)
def test_what_is_written_is_what_the_encoder_writes_but_for_spaces(value):
    text = readable_json(value)
    assert json.loads(text) == value
    lines = "".join(line.lstrip(" ") for line in text.split("\n"))
    assert lines.replace(",", ", ").replace(",  ", ", ") == json.dumps(value, ensure_ascii=False).replace(
        ",", ", "
    ).replace(",  ", ", ")


@pytest.mark.parametrize("value", [float("nan"), [1.0, float("inf")]])
def test_what_json_has_no_word_for_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        readable_json(value)
