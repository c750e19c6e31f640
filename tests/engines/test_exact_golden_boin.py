"""Exact characteristics of BOIN against escalation, BOIN and published numbers."""

import pytest
from support import cases_in, name_of, passes

from designs import BOIN, StopAtDose, StopAtRecommended
from doseesc.engines.exact import enumerate_paths
from doseesc.validation.cases import boin_exact


@pytest.mark.parametrize("case", cases_in(boin_exact), ids=name_of)
def test_golden_and_published_numbers(case):
    passes(case)


def test_boin_stop_at_n_is_not_a_stop_at_any_dose():
    """escalation's stop_when_n_at_dose and BOIN's n.earlystop are two rules, and give two designs."""
    truth = [0.10, 0.25, 0.5]
    figures = {
        name: enumerate_paths(BOIN(target=0.25, n_doses=3, max_n=18, **options)).characteristics(truth).total_patients
        for name, options in {
            "stay": {"stop_at_n": 9},
            "recommended": {"rules": (StopAtRecommended(9),)},
            "any": {"rules": (StopAtDose(9),)},
        }.items()
    }
    assert figures["stay"] > figures["recommended"] > figures["any"]
