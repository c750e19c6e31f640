"""Phase 2's analyses against R's stored answers, and those answers against the script that made them."""

import json
import subprocess
from shutil import which

import numpy as np
import pytest
from support import cases_in, name_of, passes

from doseesc.phase2.analyses import cox_score
from doseesc.validation.cases import phase2_r
from doseesc.validation.golden_numbers import FOLDER, reference

PACKAGES = ("survival", "cmprsk", "mvtnorm")


@pytest.mark.parametrize("case", cases_in(phase2_r), ids=name_of)
def test_against_r(case):
    passes(case)


def test_another_variance_is_told(monkeypatch):
    monkeypatch.setattr(phase2_r, "log_rank", cox_score)
    found = phase2_r.log_rank_tests()
    assert not found.passed
    assert found.where.endswith(("variance", "chi-square"))


def test_every_set_has_what_makes_it_hard():
    """Ties, losses, an arm without improvements, a stratum that an arm lacks, tables of nobody and everybody."""
    sets = reference("phase2_r.json")["time_to_event"]["items"]
    assert any(0 not in np.array(each["kind"])[np.array(each["arm"]) == 0] for each in sets)
    assert any(2 not in np.array(each["stratum"])[np.array(each["arm"]) == 1] for each in sets)
    assert {len(set(each["day"])) <= 6 for each in sets} == {True, False}
    assert sum(each["fine_gray"] is None for each in sets) == 12
    tables = reference("phase2_r.json")["proportions"]["items"]
    assert any(each["x1"] == each["n1"] and each["x0"] == 0 for each in tables)


def _has_r():
    if which("Rscript") is None:
        return False
    asked = "; ".join(f"stopifnot(requireNamespace('{name}', quietly = TRUE))" for name in PACKAGES)
    return subprocess.run(["Rscript", "-e", asked], capture_output=True, check=False).returncode == 0


@pytest.mark.long
def test_the_script_gives_the_stored_answers():
    if not _has_r():
        pytest.skip("needs R with survival, cmprsk and mvtnorm")
    ended = subprocess.run(["Rscript", str(FOLDER / "phase2_r.R")], capture_output=True, text=True, check=True)
    _alike(json.loads(ended.stdout), reference("phase2_r.json"))


def _alike(made, stored):
    """Compare numbers to nine digits; sources name versions, which may be others."""
    if isinstance(stored, dict):
        assert made.keys() == stored.keys()
        for name in stored.keys() - {"source"}:
            _alike(made[name], stored[name])
    elif isinstance(stored, list) and stored and isinstance(stored[0], dict | list):
        for one, other in zip(made, stored, strict=True):
            _alike(one, other)
    elif isinstance(stored, str) or stored is None:
        assert made == stored
    else:
        np.testing.assert_allclose(np.array(made, dtype=float), np.array(stored, dtype=float), rtol=1e-7, atol=1e-9)
