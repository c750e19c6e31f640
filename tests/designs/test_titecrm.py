"""The TITE-CRM against dfcrm 0.2.2.1, escalation 0.2.3 and published examples."""

import numpy as np
import pytest
from support import cases_in, golden, name_of, passes

from designs import Pending, Tally
from doseesc.validation.cases import titecrm
from doseesc.validation.other_programs import at_arrival, titecrm_of

TRIALS = golden("titecrm.json", "trials")


@pytest.mark.parametrize("case", cases_in(titecrm), ids=name_of)
def test_golden_and_published_numbers(case):
    passes(case)


@pytest.mark.parametrize("name", sorted({item["name"] for item in TRIALS}))
def test_trials_decided_together_are_decided_as_alone(name):
    items = [item for item in TRIALS if item["name"] == name]
    design = titecrm_of(items[0])
    looks = [at_arrival(item, patient) for item in items for patient in range(1, item["n"])]
    places = max(pending.level.shape[1] for _, pending in looks)
    dlts = max(pending.dlt_days.shape[1] for _, pending in looks)

    def padded(values, width, empty):
        return np.pad(values[0], (0, width - values.shape[1]), constant_values=empty)

    together = Pending(
        level=[padded(pending.level, places, 0) for _, pending in looks],
        days=[padded(pending.days, places, 0) for _, pending in looks],
        dlt_days=[padded(pending.dlt_days, dlts, np.nan) for _, pending in looks],
        window_days=items[0]["obswin"],
    )
    decision = design.decide(Tally.concatenate(tally for tally, _ in looks), together)
    assert decision.level.tolist() == [dose for item in items for dose in item["dose"][1:]]
