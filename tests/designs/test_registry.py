"""Designs and rules by name, also those of other packages."""

import subprocess
import sys
from pathlib import Path

import pytest

import designs
from designs import (
    BOIN,
    CRM,
    Design,
    NoSkipping,
    ThreePlusThree,
    UnknownName,
    design_class,
    design_names,
    rule_class,
    rule_names,
)

MODULE = '''
from dataclasses import dataclass

import numpy as np

from designs import Design


@dataclass(frozen=True, kw_only=True)
class Cautious(Design):
    """One level up after a cohort without DLTs, else stay."""

    memory = ("last_dlt",)
    patience: int = 1

    def propose(self, tally):
        up = (tally.recall("last_dlt") == 0) & (tally.level < self.n_doses)
        return self.move_to(tally, tally.level + up)

    def pick(self, tally):
        return np.where(tally.total_dlt == 0, tally.level, tally.level - 1)


NOT_A_DESIGN = 3
'''


@pytest.fixture
def third_party(tmp_path, monkeypatch):
    """Install a package with two entry points, one of which is wrong."""
    (tmp_path / "cautious_designs.py").write_text(MODULE, encoding="utf-8")
    info = tmp_path / "cautious_designs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cautious-designs\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[doseesc.designs]\nCautious = cautious_designs:Cautious\nBroken = cautious_designs:NOT_A_DESIGN\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("cautious_designs", None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("3+3", ThreePlusThree), ("CRM", CRM), ("BOIN", BOIN), ("boin", BOIN), ("Crm", CRM)],
)
def test_built_in_designs_in_any_case(name, expected):
    assert design_class(name) is expected


def test_names_of_designs_and_rules():
    assert design_names()[:3] == ["3+3", "CRM", "BOIN"]
    expected = {
        "NoSkipping",
        "CoherentEscalation",
        "StopTooToxic",
        "StopAtRecommended",
        "StopAtDose",
        "StopWhenStaying",
    }
    assert expected <= set(rule_names())
    assert all(rule_class(name).__name__ == name for name in rule_names())
    assert rule_class("noskipping") is NoSkipping


@pytest.mark.parametrize(
    ("look_up", "name", "nearest"),
    [
        (design_class, "BOINN", "BOIN"),
        (design_class, "crmm", "CRM"),
        (design_class, "3 + 3", "3+3"),
        (design_class, "zzzz", None),
        (rule_class, "NoSkip", "NoSkipping"),
        (rule_class, "StopAtRecomended", "StopAtRecommended"),
        (rule_class, "", None),
    ],
)
def test_unknown_name_suggests_the_nearest(look_up, name, nearest):
    with pytest.raises(UnknownName) as caught:
        look_up(name)
    assert caught.value.nearest == nearest
    assert isinstance(caught.value, ValueError)
    assert repr(name) in str(caught.value)
    assert (f"did you mean {nearest}?" in str(caught.value)) == (nearest is not None)
    assert all(known in str(caught.value) for known in (design_names if look_up is design_class else rule_names)())


@pytest.mark.usefixtures("third_party")
def test_designs_of_other_packages():
    assert "Cautious" in design_names()
    kind = design_class("cautious")
    assert issubclass(kind, Design)
    design = kind(n_doses=3, max_n=9, patience=2)
    decision = design.decide(designs.Tally.parse(["1NNN", "1NNN 2NNT"], n_doses=3))
    assert decision.level.tolist() == [2, 2]
    with pytest.raises(UnknownName, match="did you mean Cautious"):
        design_class("Cautius")


@pytest.mark.usefixtures("third_party")
def test_an_entry_point_that_is_no_design():
    with pytest.raises((TypeError, ValueError), match=r"Broken.*doseesc\.designs.*subclass of designs\.Design"):
        design_class("Broken")


@pytest.mark.usefixtures("third_party")
def test_a_broken_entry_point_does_not_hide_the_others():
    assert design_class("BOIN") is BOIN
    assert {"3+3", "CRM", "BOIN", "Cautious"} <= set(design_names())


def test_without_the_package_its_design_is_unknown():
    assert "Cautious" not in design_names()
    with pytest.raises(UnknownName):
        design_class("Cautious")


def test_public_names():
    assert all(hasattr(designs, name) for name in designs.__all__)
    expected = {
        "Tally",
        "Design",
        "Decision",
        "Reason",
        "ThreePlusThree",
        "CRM",
        "BOIN",
        "skeleton",
        "NoSkipping",
        "CoherentEscalation",
        "StopTooToxic",
        "StopAtRecommended",
        "StopAtDose",
        "StopWhenStaying",
        "design_class",
        "design_names",
        "rule_class",
        "rule_names",
    }
    assert expected <= set(designs.__all__)
    assert callable(designs.skeleton)


def test_designs_never_imports_doseesc():
    """The package stands alone: importing it brings in neither the engines nor heavy libraries."""
    code = "import sys, designs; print([m for m in ('doseesc', 'pandas', 'pymc', 'pydantic') if m in sys.modules])"
    root = Path(designs.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
