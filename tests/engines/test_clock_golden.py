"""Trials on the calendar, patient by patient, against other programs: TITE-BOIN, rolling six, 3+3 and TITE-CRM."""

import pytest
from support import cases_in, name_of, passes

from doseesc.validation.cases import calendar


@pytest.mark.parametrize("case", cases_in(calendar), ids=name_of)
def test_golden_trials(case):
    passes(case)
