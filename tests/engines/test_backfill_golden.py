"""Trials with backfill, patient by patient, and their decisions, against another program and published examples."""

import pytest
from support import name_of, passes

from doseesc.validation.cases import backfill, backfill_units


@pytest.mark.parametrize(
    "case", [backfill.trials, backfill.published_examples, backfill_units.unit_decisions], ids=name_of
)
def test_golden_and_published_trials(case):
    passes(case)
