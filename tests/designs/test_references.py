"""Sources are data of designs and rules; what is cited to the reader of the code is the same."""

import inspect
import re
import subprocess
import sys

import pytest
from support import ROOT

from designs import Design, design_class, design_names, rule_class, rule_names

WITHOUT = {"table", "policy", "pymc"}  # tables, policies and models of the user's own
# Names and year, journal in italics, volume and pages, as docstrings have them.
CITATION = re.compile(r"(?!After )[A-Z][\w'-]+(?:,? (?:and )?[A-Z][\w'-]+| et al\.)* \(\d{4}\), \*[^*]+\* [\w:]+-\d+")


def folded(text):
    return " ".join((text or "").replace("*", "").split())


@pytest.mark.parametrize("kind", [*map(design_class, design_names()), *map(rule_class, rule_names())], ids=str)
def test_docstrings_cite_what_the_data_cite(kind):
    places = [base for base in kind.__mro__ if base.__module__.startswith("designs")]
    said = [inspect.getdoc(place) or "" for place in places] + [inspect.getmodule(place).__doc__ for place in places]
    for reference in kind.references:
        assert reference in folded(" ".join(said))
    for cited in CITATION.findall(" ".join((inspect.getdoc(kind) or "").split())):
        assert folded(cited) in kind.references


@pytest.mark.parametrize("name", sorted(set(design_names()) - WITHOUT))
def test_every_design_has_a_source(name):
    assert design_class(name).references


def test_a_design_of_ones_own_needs_none():
    assert Design.references == ()


def test_sources_are_there_where_docstrings_are_not():
    code = "import designs; print(designs.boin.__doc__, designs.BOIN.references)"
    run = [sys.executable, "-OO", "-c", code]
    said = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert said.startswith("None ('Liu and Yuan (2015)")
