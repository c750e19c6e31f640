"""Simulated trials with backfill against another program's, and against the table of the paper on BF-BOIN."""

import pytest
from support import name_of, passes

from doseesc.validation.cases import backfill


@pytest.mark.parametrize("case", [backfill.simulations, backfill.published_table], ids=name_of)
def test_golden_and_published_simulations(case):
    passes(case)
