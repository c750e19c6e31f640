"""Designs that somebody else wrote, from a package with an entry point."""

import sys

import pytest

from designs import CRMMLE, Weighted
from doseesc.study.study import json_schema

THIRD_PARTY = '''
from __future__ import annotations
from dataclasses import dataclass
from typing import Literal
import numpy as np
from designs import Design

@dataclass(frozen=True, kw_only=True)
class Ladder(Design):
    """Goes up.

    Parameters
    ----------
    weights : tuple of float
        Weight of each dose.
    mood : {"bold", "shy"}
        How it feels.
    """
    weights: tuple[float, ...]
    doses: tuple[float, ...]
    mood: Literal["bold", "shy"] = "shy"
    limit: int | None = None
    helper: np.ndarray | None = None

    def __post_init__(self):
        if sum(self.weights) > 1:
            raise ValueError(f"weights must sum to at most 1, not {sum(self.weights)}")
        super().__post_init__()

    def propose(self, tally):
        return self.move_to(tally, np.minimum(tally.level + 1, self.n_doses))

    def pick(self, tally):
        return tally.level
'''


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    package = tmp_path / "site"
    info = package / "ladder-1.0.dist-info"
    info.mkdir(parents=True)
    (package / "ladder_design.py").write_text(THIRD_PARTY)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ladder\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[doseesc.designs]\nLadder = ladder_design:Ladder\nGone = ladder_design:Gone\n"
    )
    monkeypatch.syspath_prepend(package)
    yield
    sys.modules.pop("ladder_design", None)


@pytest.mark.usefixtures("third_party")
def test_third_party_design_from_yaml(study_with, complaint_with):
    design = study_with("type: BOIN", "type: Ladder, weights: [0.5, 0.25], mood: bold, limit: 3").designs["B"]
    assert type(design).__name__ == "Ladder"
    assert (design.weights, design.mood, design.limit, design.n_doses, design.max_n) == ((0.5, 0.25), "bold", 3, 3, 18)
    assert design.doses == (2, 8, 16)  # from the study
    assert "designs.B.weights\n  is missing" in complaint_with("type: BOIN", "type: Ladder")
    assert "designs.B.weights\n  must sum to at most 1" in complaint_with("type: BOIN", "type: Ladder, weights: [1, 1]")
    message = complaint_with("type: BOIN", "type: Ladder, weights: [true, 1], mood: bald, limit: 2.5")
    assert "designs.B.weights[1]\n  is true, not a number" in message
    assert "designs.B.mood\n  is bald, not one of bold, shy\n  did you mean  bold?" in message
    assert "designs.B.limit\n  is 2.5, not a whole number" in message
    assert "which cannot be loaded" in complaint_with("type: BOIN", "type: Gone")


@pytest.mark.usefixtures("third_party")
def test_third_party_design_in_the_schema():
    (entry,) = json_schema(["Ladder"])["$defs"]["DesignEntry"]["oneOf"]
    assert entry["properties"]["type"]["const"] == "Ladder"
    assert entry["properties"]["mood"]["description"] == "How it feels."
    assert entry["properties"]["mood"]["enum"] == ["bold", "shy"]
    assert entry["required"] == ["name", "type", "weights"]


def test_the_two_stage_design_that_weighs_pending_patients_has_a_name(study_with, complaint_with):
    own = "{name: B, type: TITE-CRM-MLE, skeleton: [0.1, 0.2, 0.4], initial_levels: [1, 1, 2, 3]}"
    design = study_with("{name: B, type: BOIN}", own).designs["B"]
    assert isinstance(design, CRMMLE)
    assert isinstance(design.pending, Weighted)
    for name, policy in (("CCD", "weighted"), ("A+B", "settled")):
        message = complaint_with("type: BOIN}", f"type: TITE-{name}}}")
        assert f"write  type: {name}, pending: {policy}" in message
