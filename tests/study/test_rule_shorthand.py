"""``all:`` and ``any:`` in a scenario file stand for AllOf and AnyOf."""

import pytest

from designs import AllOf, AnyOf, MinimumPatients, StopAtDose, StopAtRecommended
from doseesc.errors import ScenarioError
from doseesc.study import load

SCENARIO = """
study: {title: t}
doses: {labels: [low, medium, high], amounts: [2, 8, 16], unit: mg}
target: 0.25
dlt_window_days: 14
cohort_size: 3
max_n: 18
designs:
  - name: BOIN
    type: BOIN
    rules:
      - RULE
scenarios:
  - {name: S, dlt: [0.1, 0.25, 0.45]}
"""


def rules_of(tmp_path, text):
    (tmp_path / "study.yaml").write_text(SCENARIO.replace("RULE", text))
    return load(tmp_path / "study.yaml").designs["BOIN"].rules


def test_all_and_any_with_labels(tmp_path):
    both = "{all: [{type: StopAtRecommended, n: 6}, {type: MinimumPatients, n: 12}], label: enough}"
    assert rules_of(tmp_path, both) == (AllOf((StopAtRecommended(6), MinimumPatients(12)), label="enough"),)
    nested = "{any: [{type: StopAtDose, n: 9, level: low}, {all: [{type: StopAtRecommended, n: 6}]}]}"
    assert rules_of(tmp_path, nested) == (AnyOf((StopAtDose(9, level=1), AllOf((StopAtRecommended(6),)))),)


def test_a_mistake_inside_is_found(tmp_path):
    with pytest.raises(ScenarioError, match="StopAtRecommended"):
        rules_of(tmp_path, "{all: [{type: StopAtRecomended, n: 6}]}")
